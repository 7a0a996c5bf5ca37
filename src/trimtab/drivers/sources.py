"""The project's own table: Parquet files by a path or a glob, as one table with instants for times.

The files' headers are enough to say most of what can be wrong, so `source_problems` looks at them alone and says all
of it together; `read_source` reads the rows.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from trimtab.base.errors import InputError, ProblemsError
from trimtab.data.schema import ColumnType
from trimtab.disk.faults import explained
from trimtab.spec.problems import did_you_mean
from trimtab.spec.project import Source
from trimtab.spec.secret import resolve

if TYPE_CHECKING:
    import polars as pl

_HOW_TO_CONVERT = 'Write it as Parquet, for example with polars: pl.read_csv("rows.csv").write_parquet("rows.parquet").'


class SourceError(InputError):
    """The project's table is not there, is not a table, or lacks a column that ``trimtab.toml`` names."""

    code = "TT1331"


class SourceColumnError(SourceError):
    """A column that ``trimtab.toml`` names is not in the table; ``setting`` is the key that names it."""

    code = "TT1332"

    def __init__(self, problem: str, *, setting: str, fix: str = "", at: str = "") -> None:
        super().__init__(problem, fix=fix, at=at)
        self.setting = setting


def source_files(root: Path, source: Source) -> tuple[Path, ...]:
    """The files of the table, by name; raises `SourceError` if there is none."""
    if "://" in source.path:
        raise SourceError(
            f"{source.path.partition('://')[0]}:// is not a place that this Trimtab reads tables from",
            fix="Use a path or a glob of Parquet files.",
        )
    place = resolve(source.path, env=os.environ, files=lambda name: (root / name).read_text(encoding="utf-8"))
    pattern = str(root / place.reveal())
    found = [pattern] if Path(pattern).is_file() else glob.glob(pattern, recursive=True)  # noqa: PTH207 - may be absolute
    files = tuple(sorted(Path(name) for name in found if Path(name).is_file()))
    if not files:
        raise SourceError(
            f"no file matches [data] source {place}",
            fix="The path is relative to trimtab.toml; put the table there, or correct the setting.",
        )
    return files


def source_schema(root: Path, source: Source) -> pl.Schema:
    """The table's columns with their Polars types, from the first file's header; raises `SourceError`."""
    import polars as pl

    first, *others = source_files(root, source)
    schema = _header(root, first)
    for other in others:
        if (found := _header(root, other)) != schema:
            differing = sorted(
                name for name in {**schema, **found} if schema.get(name, pl.Null) != found.get(name, pl.Null)
            )
            what = ", ".join(differing) or "the order of columns"
            raise SourceError(
                f"{_shown(root, other)} and {_shown(root, first)} differ in {what}",
                fix="Files of one table have the same columns of the same types; write them again with one schema.",
            )
    return schema


def source_problems(root: Path, source: Source) -> tuple[InputError, ...]:
    """What is wrong with the table, as far as its headers tell; empty for one that can be read."""
    try:
        schema = source_schema(root, source)
    except InputError as error:
        return (error,)
    missing = tuple(_missing(source, schema))
    time = schema.get(source.time)
    if time is None:
        return missing
    return (*missing, *_wrong_time(source, time))


def read_source(root: Path, source: Source) -> pl.DataFrame:
    """All rows of the table in the order of their files; the time column holds UTC microseconds.

    Raises:
        SourceError: there is no table, no row in it, or a row without a time.
        ProblemsError: several columns are missing.
    """
    import polars as pl

    problems = source_problems(root, source)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ProblemsError(problems)
    files = source_files(root, source)
    with _read_errors(root, files[0]):
        table = pl.concat([_rows(root, file) for file in files], how="vertical", rechunk=False)
    if not table.height:
        raise SourceError(f"the table {source.path} has no rows", fix="Point [data] source at rows to learn from.")
    return table.with_columns(_instants(table, source))


def _rows(root: Path, file: Path) -> pl.DataFrame:
    import polars as pl

    with _read_errors(root, file):
        return pl.read_parquet(file, glob=False)


def _header(root: Path, file: Path) -> pl.Schema:
    import polars as pl

    with _read_errors(root, file):
        return pl.Schema(pl.read_parquet_schema(file))


@contextmanager
def _read_errors(root: Path, file: Path) -> Iterator[None]:
    """Polars' errors as sentences about the file."""
    import polars as pl

    with explained(f"read {_shown(root, file)}", file):
        try:
            yield
        except pl.exceptions.DuplicateError as error:
            raise SourceError(
                f"{_shown(root, file)} has two columns of one name: {error}",
                fix="Rename one, and write the file again.",
            ) from error
        except pl.exceptions.ComputeError as error:
            if file.stat().st_size == 0:
                raise SourceError(f"{_shown(root, file)} is empty", fix="Write the table again.") from error
            raise SourceError(
                f"{_shown(root, file)} is not a Parquet file, or a damaged one", fix=_HOW_TO_CONVERT
            ) from error


def _missing(source: Source, schema: Iterable[str]) -> Iterator[InputError]:
    columns = list(schema)
    for setting, name in (("time", source.time), ("label", source.label), ("key", source.key)):
        if name is not None and name not in columns:
            problem = f"the table has no column {name!r}, which [data] {setting} names"
            yield SourceColumnError(problem, setting=setting, fix=did_you_mean(name, columns))


def _wrong_time(source: Source, dtype: pl.DataType) -> Iterator[InputError]:
    from trimtab.data.columns import natural_type

    kind = natural_type(dtype)
    if kind in (ColumnType.BOOLEAN, ColumnType.FLOAT, None):
        problem = f"the time column {source.time!r} is stored as {dtype}, which is no time"
        yield SourceColumnError(
            problem, setting="time", fix="Store times as timestamps with a zone, or as ISO 8601 text."
        )
    elif kind is ColumnType.TIME and getattr(dtype, "time_zone", None) is None and source.zone is None:
        problem = f"the times in {source.time!r} have no zone"
        fix = 'Name it: [data] zone = "UTC" or, for instance, "Europe/Zurich"; or store timestamps with a zone.'
        yield SourceColumnError(problem, setting="time", fix=fix)


def _instants(table: pl.DataFrame, source: Source) -> pl.Series:
    from trimtab.data.columns import read_column

    read = read_column(table[source.time], ColumnType.TIME, source.zone)
    wrong: Mapping[str, pl.Series] = {"missing": read.gaps, **{rule.value: mask for rule, mask in read.faults.items()}}
    count = sum(int(mask.sum()) for mask in wrong.values())
    if count:
        first = min(int(row) for mask in wrong.values() if (row := mask.arg_max()) is not None and mask[row])
        value = table[source.time][first]
        raise SourceColumnError(
            f"{count:,} rows have no usable time in {source.time!r}; the first is row {first}: {value!r}",
            setting="time",
            fix="Every row needs a time of the years 1 to 9999; text is ISO 8601 with a zone, unless [data] zone names it.",
        )
    return read.values


def _shown(root: Path, file: Path) -> str:
    return str(file.relative_to(root)) if file.is_relative_to(root) else file.name
