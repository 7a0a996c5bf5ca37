"""Tables that are in memory already: of Polars, pandas, Arrow, or whatever speaks Arrow's C stream interface.

No library is imported to recognise its objects: a pandas table is known by its class's module.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from trimtab.data.columns import by_name
from trimtab.data.scan import whole
from trimtab.data.wording import show
from trimtab.drivers.sources.arrow_schema import in_moments, let_zones_be
from trimtab.drivers.sources.batching import MOST_ROWS, batch_rows, cut
from trimtab.drivers.sources.pandas_table import from_pandas, index_note, refuse_repeated
from trimtab.drivers.sources.problems import SourceError, refuse_patterns

_READABLE: Final = "a path, a polars or pandas DataFrame, a polars LazyFrame, or an Arrow table or stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryScan:
    """A table in memory behind `trimtab.data.scan.Scan`."""

    name: str
    table: pl.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def schema(self) -> pl.Schema:
        return self.table.schema

    @property
    def rows(self) -> int:
        return self.table.height

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        table = self.table if columns is None else self.table.select(by_name(columns))
        yield from cut(table, batch_rows(table.width))

    def pieces(self) -> Iterator[Iterator[pl.DataFrame]]:
        return map(whole, cut(self.table, MOST_ROWS))


@dataclass(frozen=True, slots=True, kw_only=True)
class LazyScan:
    """A query of Polars, run anew each time that it is read."""

    name: str
    query: pl.LazyFrame
    schema: pl.Schema
    rows: None = None
    notes: tuple[str, ...] = ()

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        chosen = self.schema.names() if columns is None else list(columns)
        rows = batch_rows(len(chosen))
        with _query_errors():
            for batch in self.query.select(by_name(chosen)).collect_batches(chunk_size=rows, maintain_order=True):
                yield from cut(batch, rows)


def open_memory(what: Any) -> MemoryScan | LazyScan:
    """The object as a `Scan`; a stream that can be read once only is taken into memory whole.

    Raises:
        SourceError: it is no table, or a column of it holds values of several types.
    """
    if isinstance(what, pl.DataFrame):
        return _held("a polars DataFrame", what)
    if isinstance(what, pl.LazyFrame):
        with _query_errors():
            schema = what.collect_schema()
            refuse_patterns(schema, "a polars LazyFrame")
            return LazyScan(name="a polars LazyFrame", query=what, schema=schema)
    if isinstance(what, pl.Series):
        return _held("a polars Series", what.to_frame())
    kind = type(what)
    library = kind.__module__.partition(".")[0]
    if library == "pandas" and kind.__name__ == "DataFrame":
        return _held("a pandas DataFrame", from_pandas(what), index_note(what))
    if library == "pandas" and kind.__name__ == "Series":
        return open_memory(what.to_frame())
    if hasattr(what, "__arrow_c_stream__") or hasattr(what, "__arrow_c_array__"):
        name = f"an object of {library}'s {kind.__name__}"
        return _held(name, _from_arrow(what, name))
    raise SourceError(f"an object of {library}'s {kind.__name__} is no table", fix=f"Hand over {_READABLE}.")


def _held(name: str, table: pl.DataFrame, notes: tuple[str, ...] = ()) -> MemoryScan:
    refuse_patterns(table.columns, name)
    objects = [column for column, kind in table.schema.items() if kind == pl.Object]
    if objects:
        column = table[objects[0]]
        kind = next((type(value).__name__ for value in column if value is not None), "object")
        raise SourceError(
            f"the column {show(objects[0])} holds objects of Python ({kind}), which no table has",
            fix="Leave it out, or make numbers, text or times of it.",
        )
    return MemoryScan(name=name, table=table, notes=notes)


def _from_arrow(what: Any, name: str) -> pl.DataFrame:
    names = getattr(getattr(what, "schema", None), "names", None)
    if names is not None:
        refuse_repeated(map(str, names), name)
    try:
        return _framed(what)
    except (pl.exceptions.PolarsError, TypeError, ValueError, ImportError) as error:
        problem = f"{name} cannot be read: {_first_line(error)}"
        raise SourceError(problem, fix="Hand over a table: a stream of record batches.") from error


def _framed(what: Any) -> pl.DataFrame:
    """As Polars makes it; times in a zone of no name (``+05:30``) are moments in UTC."""
    try:
        table = pl.DataFrame(what)
    except pl.exceptions.ComputeError as error:
        if "parse time zone" not in str(error) or not hasattr(what, "schema"):  # a stream is read once only
            raise
        let_zones_be()
        table = pl.DataFrame(what)
    return in_moments(table)


@contextmanager
def _query_errors() -> Iterator[None]:
    """Polars' errors as sentences."""
    try:
        yield
    except pl.exceptions.DuplicateError as error:
        raise SourceError("two columns have one name", fix=f"Rename one: {_first_line(error)}") from error
    except pl.exceptions.PolarsError as error:
        problem = f"the table cannot be read: {_first_line(error)}"
        raise SourceError(problem, fix="Try it with polars alone: .collect() fails alike.") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
