"""The port through which rows come in: a table that can be read from its start, in batches, as often as needed.

The core folds over batches and never opens anything; `trimtab.drivers.sources` opens files, globs, databases and
objects in memory. Reading again costs a pass and no memory, which is what keeps exact counts over more rows than fit
(`trimtab.data.repeats`) within bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import polars as pl


class Scan(Protocol):
    """A table to read.

    Attributes:
        name: what it is called in front of people: a path, a glob, a table of a database without its password.
        schema: the columns in their order, with their Polars types. No name is there twice.
        rows: how many rows there are, where that is known without reading them; for progress only.
    """

    @property
    def name(self) -> str: ...

    @property
    def schema(self) -> pl.Schema: ...

    @property
    def rows(self) -> int | None: ...

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """All rows in their order, in batches of bounded size, each with the schema's types; only ``columns`` if given.

        May be called again, and then reads from the start. Yields nothing for a table without rows.

        Raises:
            InputError: what is there cannot be read, with the line or the file.
            DriverError: a disk or a server did not answer.
        """
        ...


@runtime_checkable
class WideScan(Scan, Protocol):
    """A table whose rows can also be read a few columns at a time.

    A batch of whole rows of a thousand columns is short, or large; who looks at one column after the other needs
    neither.
    """

    def pieces(self) -> Iterator[Iterator[pl.DataFrame]]:
        """All rows in their order, in batches as long as those of a narrow table, each as frames of some of the
        columns, in the schema's order. One batch's frames are asked for before the next batch is.

        Raises:
            InputError: what is there cannot be read, with the file.
            DriverError: a disk did not answer.
        """
        ...


def pieces_of(scan: Scan) -> Iterator[Iterator[pl.DataFrame]]:
    """The rows of any table as `WideScan.pieces` gives them: a batch of a table that cannot do so is a single frame."""
    return scan.pieces() if isinstance(scan, WideScan) else map(whole, scan.batches())


def whole(batch: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """A batch as its only piece, which nothing keeps once it was looked at."""
    return iter((batch,))


class ColumnBeside:
    """One column of a table, read beside its `pieces`: rows are asked for as the pieces come, and not read before."""

    def __init__(self, scan: Scan, column: str) -> None:
        self._scan, self._column = scan, column
        self._batches: Iterator[pl.DataFrame] | None = None
        self._held: pl.Series | None = None
        self._skipped = 0

    def skip(self, rows: int) -> None:
        """Leave out the next rows."""
        self._skipped += rows

    def next(self, rows: int) -> pl.Series:
        """The values of the next rows, at least one."""
        if self._batches is None:
            self._batches = self._scan.batches([self._column])
        wanted = self._skipped + rows
        held = self._held
        while held is None or len(held) < wanted:
            more = next(self._batches)[self._column]
            if held is not None and len(held) <= self._skipped:
                self._skipped, wanted, held = self._skipped - len(held), wanted - len(held), None
            held = more if held is None else held.append(more)
        self._held, found = held[wanted:], held[self._skipped : wanted]
        self._skipped = 0
        return found


class TableScan:
    """A table in memory as a `Scan`: whole, in one batch."""

    def __init__(self, table: pl.DataFrame, name: str = "the table") -> None:
        self._table = table
        self._name = name

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    @property
    def schema(self) -> pl.Schema:
        """Its columns."""
        return self._table.schema

    @property
    def rows(self) -> int | None:
        """How many rows it has."""
        return self._table.height

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The table, if it has rows."""
        if self._table.height:
            yield self._table if columns is None else self._table.select([self._table[name] for name in columns])
