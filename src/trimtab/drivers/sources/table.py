"""The files as one table, with UTC microseconds for its times.

The files' headers are enough to say most of what can be wrong, so `source_problems` looks at them alone and says all
of it together; `read_source` reads the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from trimtab.base.errors import InputError, ProblemsError
from trimtab.data.columns import INSTANTS, by_name, natural_type, read_column
from trimtab.data.kinds import ColumnType
from trimtab.data.schema import Contract
from trimtab.data.spelled import AS_STORED, Spelling
from trimtab.data.wording import counted, show
from trimtab.drivers.sources.arrow_schema import in_moments
from trimtab.drivers.sources.columnar import arrow_part, parquet_part
from trimtab.drivers.sources.delimited import delimited_part, without_nulls
from trimtab.drivers.sources.files import TEXTS, Format, SourceFile, source_files
from trimtab.drivers.sources.problems import SourceColumnError, SourceError
from trimtab.drivers.sources.queries import open_query
from trimtab.drivers.sources.reading import one_schema, read_errors
from trimtab.drivers.sources.text_files import TextsScan, open_texts
from trimtab.spec.problems import did_you_mean
from trimtab.spec.project import Source

_LOOKED_AT = 64 << 10
"""Bytes of a CSV file that stand for its types where only headers are looked at."""


def source_schema(root: Path, source: Source) -> pl.Schema:
    """The table's columns with their Polars types, from the files' headers or the query; raises `SourceError`."""
    if source.sql:
        return pl.Schema(open_query(source.sql, source.path, root=root).schema)
    files = source_files(root, source)
    if all(file.format in TEXTS for file in files):
        return open_texts(files, [delimited_part(file, most=_LOOKED_AT) for file in files], source.path).schema
    return one_schema([(file, _header(file)) for file in files])


def source_problems(root: Path, source: Source) -> tuple[InputError, ...]:
    """What is wrong with the table, as far as its headers tell; empty for one that can be read."""
    try:
        schema = source_schema(root, source)
    except InputError as error:
        return (error,)
    return tuple(_column_problems(source, schema))


def read_source(root: Path, source: Source) -> pl.DataFrame:
    """All rows of the table as they are stored; see `read_typed`."""
    return read_typed(root, source, None)[0]


def read_typed(root: Path, source: Source, contract: Contract | None) -> tuple[pl.DataFrame, Spelling]:
    """All rows of the table in the order of their time, which is a column of UTC microseconds.

    Rows of one time stay in the order of the files (by name) and of the rows in them. Other columns are as stored; of
    files that store no types a contract says which columns are text, and which of the others are read value by value,
    since not all of their values are of its type: those are texts here, and the spelling names them.

    Args:
        root: the project's folder, which relative paths start from.
        contract: what the table is to be; None where there is none yet.

    Raises:
        SourceError: there is no such file, it cannot be read, it has no rows, a row has no usable time, or whole rows
            are there twice although they have a key.
        ProblemsError: several columns are missing or not what they are named for.
        DriverError: a disk or a server did not answer.
    """
    spelling = AS_STORED
    if source.sql:
        scan = open_query(source.sql, source.path, root=root)
        name, schema, parts = "the query", pl.Schema(scan.schema), [*scan.batches()]
    else:
        files = source_files(root, source)
        name = files[0].name
        if all(file.format in TEXTS for file in files):
            texts = _texts(files, source.path, contract)
            schema, parts, spelling = texts.schema, [*texts.batches()], texts.spelling
        else:
            tables = [(file, _rows(file)) for file in files]
            schema, parts = one_schema([(f, t.schema) for f, t in tables]), [t for _, t in tables]
    problems = tuple(_column_problems(source, schema))
    if problems:
        raise problems[0] if len(problems) == 1 else ProblemsError(problems)
    selected = [part.select(by_name(schema.names())) for part in parts] or [pl.DataFrame(schema=schema)]
    table = pl.concat(selected, how="vertical_relaxed", rechunk=False)
    if not table.height:
        raise SourceError("the table has no rows", fix="Point [data] source at rows to learn from.", at=name)
    if source.key is not None:
        _refuse_repeated(table, source.key)
    rows = table.with_columns(_instants(table, source)).sort(source.time, maintain_order=True)
    return rows, replace(spelling, columns=spelling.columns - {source.time})


def _texts(files: Sequence[SourceFile], pattern: str, contract: Contract | None) -> TextsScan:
    found = open_texts(files, [delimited_part(file) for file in files], pattern)
    return found if contract is None else found.typed({column.name: column.type for column in contract.columns})


def _header(file: SourceFile) -> pl.Schema:
    with read_errors(file):
        match file.format:
            case Format.PARQUET:
                return parquet_part(file).schema
            case Format.ARROW:
                return arrow_part(file).schema
            case Format.CSV | Format.TSV:
                return without_nulls(delimited_part(file, most=_LOOKED_AT).schema)


def _rows(file: SourceFile) -> pl.DataFrame:
    with read_errors(file):
        match file.format:
            case Format.PARQUET:
                parquet_part(file)  # says what of it cannot be read
                return in_moments(pl.read_parquet(file.readable, glob=False, hive_partitioning=False))
            case Format.ARROW:
                arrow_part(file)
                with file.open() as content:
                    return in_moments(pl.read_ipc(content))
            case Format.CSV | Format.TSV:
                part = delimited_part(file)
                return pl.concat([pl.DataFrame(schema=without_nulls(part.schema)), *part.batches([*part.schema])])


def _column_problems(source: Source, schema: pl.Schema) -> Iterator[InputError]:
    columns = schema.names()
    for setting, name in (("time", source.time), ("label", source.label), ("key", source.key)):
        if name is not None and name not in columns:
            fix = did_you_mean(name, columns)
            problem = f"the table has no column {name!r}, which [data] {setting} names"
            yield SourceColumnError(problem, setting=setting, fix=fix)
    if source.time in columns:
        yield from _wrong_time(source, schema[source.time])


def _wrong_time(source: Source, dtype: pl.DataType) -> Iterator[InputError]:
    kind = natural_type(dtype)
    if kind in (ColumnType.BOOLEAN, ColumnType.FLOAT, None):
        problem = f"the time column {source.time!r} is stored as {dtype}, which is no time"
        fix = "Store times as timestamps with a zone, or as ISO 8601 text."
        yield SourceColumnError(problem, setting="time", fix=fix)
    elif kind is ColumnType.TIME and getattr(dtype, "time_zone", None) is None and source.zone is None:
        yield _no_zone(source.time)


def _no_zone(column: str, example: str = "") -> SourceColumnError:
    fix = 'Name it: [data] zone = "UTC" or, for instance, "Europe/Zurich"; or store timestamps with a zone.'
    shown = f" (for example {example})" if example else ""
    return SourceColumnError(f"the times in {column!r} have no zone{shown}", setting="time", fix=fix)


def _refuse_repeated(table: pl.DataFrame, key: str) -> None:
    """Rows that are wholly equal, the key too, were read twice; two versions of one key are another matter."""
    twice = table.filter(table.is_duplicated())
    if twice.height:
        count = twice.height - twice.n_unique()
        raise SourceError(
            f"{counted(count, 'row')} {'is' if count == 1 else 'are'} there twice "
            f"(for example {key} {show(twice[key][0])})",
            fix="Remove the repeated rows; does the pattern match a file and its copy?",
        )


def _instants(table: pl.DataFrame, source: Source) -> pl.Series:
    column = table[source.time]
    read = read_column(column, ColumnType.TIME, source.zone)
    wrong = read.gaps
    for mask in read.faults.values():
        wrong = wrong | mask
    count = int(wrong.sum())
    if count:
        first = int(wrong.arg_true()[0])
        value = column[first]
        if isinstance(value, str) and source.zone is None and not _is_wrong(value, "UTC"):
            raise _no_zone(source.time, show(value))
        raise SourceColumnError(
            f"{counted(count, 'row')} without a usable time in {source.time!r}; "
            f"the first is row {first:,}: {show(value)}",
            setting="time",
            fix="Every row needs a time; a text is ISO 8601 with a zone, unless [data] zone names it.",
        )
    return read.values.cast(INSTANTS)


def _is_wrong(text: str, zone: str) -> bool:
    return bool(read_column(pl.Series([text]), ColumnType.TIME, zone).faults)
