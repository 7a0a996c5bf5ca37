"""Reading one file: what is wrong with it, as sentences about the file, and which files go together."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from trimtab.data.columns import natural_type
from trimtab.data.kinds import ColumnType
from trimtab.data.wording import show
from trimtab.disk.faults import explained
from trimtab.drivers.sources.files import Format, SourceFile
from trimtab.drivers.sources.problems import SourceError

_HOW_TO_CONVERT = 'Write it anew, for example with polars: pl.read_csv("rows.csv").write_parquet("rows.parquet").'
_NUMBERS = frozenset({ColumnType.INTEGER, ColumnType.FLOAT})
_BEGINNINGS: Final = {
    b"PAR1": "Parquet", b"PARE": "encrypted Parquet", b"ARROW1": "Arrow", b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip (or Excel)",
    b"SQLite format 3": "SQLite", b"\xff\xff\xff\xff": "an Arrow stream, which has no footer", b"FEA1": "Feather 1",
    b"\x28\xb5\x2f\xfd": "zstd", b"\x89HDF": "HDF5", b"%PDF": "PDF", b"Obj\x01": "Avro", b"ORC": "ORC",
}  # fmt: skip

NO_TABLES: Final = frozenset({"gzip", "zip (or Excel)", "zstd", "PDF"})
"""What `looks_like` tells that may hold anything."""


@contextmanager
def read_errors(file: SourceFile) -> Iterator[None]:
    """Polars' errors as sentences about the file."""
    with explained(f"read {file.name}", Path(file.name)):
        try:
            with file.open() as content:
                if not content.read(1):
                    raise SourceError(f"{file.name} is empty", fix="Write the table again.")
            yield
        except gzip.BadGzipFile as error:
            raise SourceError(f"{file.name} is not compressed by gzip", fix="Name it .csv or .tsv.") from error
        except pl.exceptions.DuplicateError as error:
            raise SourceError(
                f"{file.name} has two columns of one name: {_first_line(error)}",
                fix="Rename one, and write the file again.",
            ) from error
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, EOFError) as error:
            why = _by_its_looks(file) or _first_line(error)
            article = "an" if file.format is Format.ARROW else "a"
            raise SourceError(
                f"{file.name} is not {article} {file.format} file, or a damaged one ({why})", fix=_HOW_TO_CONVERT
            ) from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


def _by_its_looks(file: SourceFile) -> str:
    """What a file that cannot be read begins and ends with; empty where that tells nothing."""
    due = {Format.PARQUET: b"PAR1", Format.ARROW: b"ARROW1"}.get(file.format)
    if due is None:
        return ""
    with file.open() as content:
        begin = content.read(16)
        content.seek(-min(6, content.seek(0, 2)), 2)
        end = content.read()
    if begin.startswith(due):
        return "" if end.endswith(due) else f"it does not end with {due.decode()}: it was cut off"
    other = looks_like(begin)
    if other:
        return f"by its first bytes it is {other}"
    text = begin.decode("utf-8", errors="replace").partition("\n")[0]
    return f"it begins with {show(text)}, as text does" if text.isprintable() else ""


def looks_like(begin: bytes) -> str:
    """The format that a file's first bytes are the mark of; empty for one without such a mark, as text is."""
    return next((what for mark, what in _BEGINNINGS.items() if begin.startswith(mark)), "")


def one_schema(headers: Sequence[tuple[SourceFile, pl.Schema]]) -> pl.Schema:
    """The schema that all files share, as the first has it; whole and other numbers go together, as do texts and
    categories, and any order."""
    (first, schema), *others = headers
    for file, found in others:
        alone = ((first, sorted(schema.keys() - found)), (file, sorted(found.keys() - schema)))
        differing = [f"{', '.join(names[:20])} (only in {who.name})" for who, names in alone if names]
        differing += [
            f"{name} ({found[name]} and {schema[name]})"
            for name in schema
            if name in found and not go_together(schema[name], found[name])
        ]
        if differing:
            raise SourceError(
                f"{file.name} and {first.name} differ in {', '.join(differing[:20])}",
                fix="Files of one table have the same columns of the same types; write them with one schema, "
                "or narrow the pattern.",
            )
    return schema


def widened(headers: Sequence[tuple[SourceFile, pl.Schema]]) -> pl.Schema:
    """The schema that holds the values of all files: `one_schema` with each column's type wide enough for all.

    Categories in some files are texts in others, such as those of pandas: together they are texts.
    """
    names = one_schema(headers).names()
    stored = {name: {schema[name] for _, schema in headers} - {pl.Null()} for name in names}
    texts = {name for name, types in stored.items() if len(types) > 1 and all(map(holds_text, types))}
    alike = [{name: pl.String() if name in texts else schema[name] for name in names} for _, schema in headers]
    distinct = list(dict.fromkeys(tuple(schema.items()) for schema in alike))
    empty = [pl.DataFrame(schema=dict(schema)) for schema in distinct]
    return pl.concat(empty, how="vertical_relaxed").schema if len(empty) > 1 else empty[0].schema


def go_together(one: pl.DataType, other: pl.DataType) -> bool:
    """Whether a column may be stored as one in one file and as the other in another."""
    if isinstance(one, pl.Datetime) and isinstance(other, pl.Datetime):
        return one.time_zone == other.time_zone
    if pl.Null in (one, other):
        return True  # a file without a single value in that column
    types = {natural_type(one), natural_type(other)}
    return one == other or types <= _NUMBERS or all(map(holds_text, (one, other)))


def holds_text(dtype: pl.DataType) -> bool:
    """Whether texts or categories are stored so."""
    return natural_type(dtype) is ColumnType.TEXT
