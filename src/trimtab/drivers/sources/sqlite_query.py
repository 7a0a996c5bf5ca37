"""A query's rows from a SQLite file, by the standard library, opened for reading only.

A SQLite column has no type: each value has. So the types are counted over all rows first, in one pass that the
database makes by itself; whole and other numbers go together, and any other mixture is refused with its column.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import polars as pl

from trimtab.base.errors import DriverError, ProblemsError
from trimtab.data.wording import show
from trimtab.drivers.sources.problems import SourceError, refuse_patterns
from trimtab.drivers.sources.query_rows import QueryScan, Row, refuse_repeated

_KINDS: Final[dict[str, pl.DataType]] = {
    "integer": pl.Int64(), "real": pl.Float64(), "text": pl.String(), "blob": pl.Binary(),
}  # fmt: skip
_AT_ONCE: Final = 300
"""Columns whose types one statement counts: SQLite takes 2,000 results, and there are four for each."""


def open_sqlite(query: str, path: Path, name: str) -> QueryScan:
    """The query's rows; ``name`` is what people call the file.

    Raises:
        SourceError: there is no such file, it is no database, the query fails, or a column has values of several types.
        ProblemsError: several columns have.
        DriverError: the database is locked, or its disk did not answer.
    """
    if not path.is_file():
        raise SourceError(f"no file {name}", fix=_near(path))
    query = query.strip().rstrip(";").rstrip()
    what = f"a query of {name}"
    with _connected(path, name) as connection:
        description = connection.execute(query).description
        if description is None:
            raise SourceError(f"the query of {name} gives no rows", fix="Write a SELECT; the file is only read.")
        names = [str(column[0]) for column in description]
        refuse_repeated(names, what)
        refuse_patterns(names, what)
        schema, rows = _types(connection, query, names, name)

    def fetch(most: int) -> Iterator[list[Row]]:
        with _connected(path, name) as connection:
            cursor = connection.execute(query)
            while found := cursor.fetchmany(most):
                yield found

    return QueryScan(name=what, schema=schema, fetch=fetch, rows=rows, files=(path,), keeps_times_as_texts=True)


def _near(path: Path) -> str:
    beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, beside, n=1)
    return f"Did you mean {near[0]}?" if near else "A path is relative to the current folder; correct it."


@contextmanager
def _connected(path: Path, name: str) -> Iterator[sqlite3.Connection]:
    """A connection that only reads; SQLite's errors as sentences about the file or the query."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA schema_version")  # reads the file's first page, which a query need not do
            yield connection
    except sqlite3.Error as error:
        said = str(error).strip()
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR")):
            problem = f"{name} cannot be read now: {said}"
            raise DriverError(problem, fix="Another process writes to it; try again.") from error
        if "not a database" in said or "malformed" in said:
            problem = f"{name} is not a SQLite database, or a damaged one ({said})"
            raise SourceError(problem, fix="Name the database's file.") from error
        raise SourceError(f"the query of {name} cannot be run: {said}", fix=_fix(said)) from error
    except sqlite3.Warning as error:  # what Python 3.11 and older say of two statements
        raise SourceError(f"the query of {name} cannot be run: {error}", fix=_fix(str(error))) from error


def _fix(said: str) -> str:
    if "decode" in said:
        return "A text is not UTF-8: CAST that column AS BLOB in the query, or correct it."
    if "readonly" in said:
        return "The file is only read; write a SELECT."
    return "Correct the query; `sqlite3 FILE .schema` lists the tables and their columns."


def _types(connection: sqlite3.Connection, query: str, names: list[str], name: str) -> tuple[pl.Schema, int]:
    """The type of each column over all rows, and the number of rows."""
    numbered = ", ".join(f"c{place}" for place in range(len(names)))
    source = f"WITH q({numbered}) AS (\n{query}\n)"
    schema: dict[str, pl.DataType] = {}
    problems: list[SourceError] = []
    total = 0
    for start in range(0, len(names), _AT_ONCE):
        some = range(start, min(start + _AT_ONCE, len(names)))
        sums = ", ".join(f"total(typeof(c{place}) = '{kind}')" for place in some for kind in _KINDS)
        total, *counted = map(int, connection.execute(f"{source} SELECT count(*), {sums} FROM q").fetchone())
        for place in some:
            first = (place - start) * len(_KINDS)
            counts = {kind: count for kind, count in zip(_KINDS, counted[first:], strict=False) if count}
            if len(counts) > 1 and set(counts) != {"integer", "real"}:
                rare = min(counts, key=lambda kind: counts[kind])
                asked = f"{source} SELECT c{place} FROM q WHERE typeof(c{place}) = '{rare}' LIMIT 1"
                problems.append(_mixed(names[place], counts, rare, connection.execute(asked).fetchone()[0], name))
            schema[names[place]] = _one_type(counts)
    if problems:
        raise problems[0] if len(problems) == 1 else ProblemsError(tuple(problems))
    return pl.Schema(schema), total


def _one_type(counts: Mapping[str, int]) -> pl.DataType:
    if not counts:
        return pl.Null()
    return _KINDS["real" if "real" in counts else next(iter(counts))]


def _mixed(column: str, counts: Mapping[str, int], rare: str, example: Any, name: str) -> SourceError:
    told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items(), key=lambda one: -one[1]))
    return SourceError(
        f"the column {show(column)} of a query of {name} has values of several types: {told} "
        f"(for example the {rare} {show(example) if rare != 'blob' else repr(example[:20])})",
        fix="Give it one type in the query: CAST(column AS REAL) or CAST(column AS TEXT), or a WHERE.",
    )
