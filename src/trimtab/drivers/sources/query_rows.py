"""A database's rows as batches of a table.

Rows come as Python tuples, which take some ten times the memory of the columns that they become. So few are fetched at
a time, turned into columns at once, and put together to a batch then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from trimtab.base.errors import DriverError
from trimtab.data.wording import closest, show
from trimtab.drivers.sources.batching import batch_rows
from trimtab.drivers.sources.problems import SourceError

Row = tuple[Any, ...]
Fetch = Callable[[int], Iterator[list[Row]]]
"""Runs the query from its start and gives at most so many rows at a time."""

_CELLS: Final = 200_000
"""Of the rows that are fetched at once: some 10 MB of Python objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryScan:
    """A query behind `trimtab.data.scan.Scan`: run anew for each pass, in a transaction of its own.

    Rows that somebody changes between two passes are seen as they are in each. ``files`` are those on this machine's
    disk. ``keeps_times_as_texts``: the database has no type for them.
    """

    name: str
    schema: pl.Schema
    fetch: Fetch
    rows: int | None = None
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    keeps_times_as_texts: bool = False

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        chosen = self.schema.names() if columns is None else list(columns)
        places = {name: place for place, name in enumerate(self.schema)}
        for name in chosen:
            if name not in places:
                raise SourceError(f"{self.name} has no column {show(name)}", fix=closest(name, places))
        if not chosen:
            return
        most = batch_rows(len(chosen))
        held: list[pl.DataFrame] = []
        for rows in self.fetch(max(1, min(most, _CELLS // len(self.schema)))):
            held.append(pl.DataFrame([self._column(name, rows, places[name]) for name in chosen]))
            if sum(part.height for part in held) >= most:
                whole = pl.concat(held)
                yield whole.head(most)
                held = [whole.tail(-most)] if whole.height > most else []
        if held:
            yield pl.concat(held)

    def _column(self, name: str, rows: list[Row], place: int) -> pl.Series:
        dtype = self.schema[name]
        values = [row[place] for row in rows]
        if dtype.is_float():
            values = [None if value is None else float(value) for value in values]
        elif dtype.is_decimal():
            values = [value if isinstance(value, Decimal) and value.is_finite() else None for value in values]
        try:
            return pl.Series(name, values, dtype=dtype)
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
            raise DriverError(
                f"the column {show(name)} of {self.name} has values that are no longer {dtype}",
                fix="The rows were changed while they were read; read them again.",
            ) from error


def refuse_repeated(names: Sequence[str], what: str) -> None:
    """Raises `SourceError` for the first name that a query gives to two of its columns, with both positions."""
    first: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        if name in first:
            raise SourceError(
                f"columns {first[name]:,} and {place:,} of {what} are both called {show(name)}",
                fix="Give one another name in the query: column AS name.",
            )
        first[name] = place
