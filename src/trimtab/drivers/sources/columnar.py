"""Parquet and Arrow files, read a window of rows at a time.

Measured with Polars 2.1 on two cores (Polars and numpy alone take 95 MB), as processor seconds and MB at the peak:

| how | 2 M x 30 in 16 row groups | in one | 20 M x 30, a million a group | 300,000 x 1,000 in one |
| --- | --- | --- | --- | --- |
| ``scan_parquet().collect_batches()`` | 0.6 s, 369 MB | 0.7 s, 573 MB | 1,000 MB | 4,600 MB |
| a slice of the scan per batch | 0.9 s, 173 MB | 2.0 s, 419 MB | 8 s, 490 MB | 152 s |
| pyarrow's ``iter_batches`` | 1.1 s, 271 MB | | | |
| here | 0.5 s, 200 MB | 1.9 s, 270 MB | 8 s, 290 MB | 10 s, 210 MB; in pieces 3 s |
| here in one thread, as in commands | 0.4 s, 160 MB | | | |

The first reads ahead and keeps what it read ahead; how far is set by environment variables only, before Polars is
imported, and they do not bound the case of a large group. The second reads all bytes of a row group for each slice of
it. Here windows end where row groups end: small groups are read together, and a large one in as few slices as memory
allows. In a window so many columns are read at a time as their stored bytes and their cells allow; each such read costs
some milliseconds, so that they are not cut smaller than memory asks for. In pieces (`trimtab.data.scan.WideScan`) a
window of many columns is as long as one of few. So memory depends on neither the number of rows nor that of columns, as
long as one row group has less than a hundred million cells; and nothing unstable of Polars is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import msgspec
import polars as pl

from trimtab.data.columns import by_name
from trimtab.data.scan import whole
from trimtab.drivers.sources.arrow_schema import arrow_file_schema, as_moments, refuse_unread, written_schema
from trimtab.drivers.sources.batching import CELLS, MOST_ROWS, NARROW, batch_rows, cut
from trimtab.drivers.sources.files import SourceFile
from trimtab.drivers.sources.footer import RowGroup, read_groups
from trimtab.drivers.sources.reading import read_errors

_WRITTEN: Final = "ARROW:schema"
"""Under which Arrow writes its own schema into a Parquet file."""
_MOST_SLICES: Final = 16
"""Of one row group: each reads the group's bytes again."""
_STORED_BYTES: Final = 32_000_000
_CELLS_AT_ONCE: Final = 3_000_000
"""What one call reads from the disk, and what it makes of it, about."""


class Part(Protocol):
    """One file of a table, as a `Scan` without a name."""

    @property
    def file(self) -> SourceFile: ...

    @property
    def schema(self) -> pl.Schema: ...

    @property
    def rows(self) -> int | None: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]: ...

    def pieces(self, columns: Sequence[str]) -> Iterator[Iterator[pl.DataFrame]]: ...


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that are read at once, and the bytes that they are stored in."""

    first: int
    rows: int
    stored: int


def windows(groups: Sequence[RowGroup], columns: int) -> Iterator[Window]:
    """Windows of about a batch of so many columns, which together are the file; none has parts of two row groups.

    A large group is one window as long as it has no more cells than a batch of a wide table, since each slice of it
    costs as much to decompress as the whole.
    """
    rows = batch_rows(columns)
    first = held = stored = 0
    for group in groups:
        if held and held + group.rows > rows:
            yield Window(first=first, rows=held, stored=stored)
            first, held, stored = first + held, 0, 0
        if group.rows <= rows:
            held, stored = held + group.rows, stored + group.stored
            continue
        slices = min(_MOST_SLICES, -(-group.rows // rows), -(-group.rows * columns // CELLS))
        size = -(-group.rows // slices)
        for start in range(0, group.rows, size):
            yield Window(first=first + start, rows=min(size, group.rows - start), stored=group.stored)
        first += group.rows
    if held:
        yield Window(first=first, rows=held, stored=stored)


class ParquetPart(msgspec.Struct, frozen=True, kw_only=True):
    """A Parquet file; ``zoned`` where times of it have a zone without a name, for which it is read as UTC."""

    file: SourceFile
    schema: pl.Schema
    groups: tuple[RowGroup, ...]
    zoned: bool = False
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(group.rows for group in self.groups)

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        if not columns:
            return
        lazy, rows = self._lazy(), batch_rows(len(columns))
        for window in windows(self.groups, len(columns)):
            yield from cut(_beside(self._read(lazy, window, columns)), rows)

    def pieces(self, columns: Sequence[str]) -> Iterator[Iterator[pl.DataFrame]]:
        if len(columns) <= NARROW:
            yield from map(whole, self.batches(columns))
            return
        lazy = self._lazy()
        for window in windows(self.groups, NARROW):
            yield self._read(lazy, window, columns)

    def _lazy(self) -> pl.LazyFrame:
        with read_errors(self.file):
            lazy = _parquet(self.file)
            return as_moments(lazy, lazy.collect_schema())[0] if self.zoned else lazy

    def _read(self, lazy: pl.LazyFrame, window: Window, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """A window's rows, so many columns at a time as one call is to read."""
        stored = window.stored * len(columns) // len(self.schema)
        calls = max(1, -(-stored // _STORED_BYTES), window.rows * len(columns) // _CELLS_AT_ONCE)
        together = -(-len(columns) // calls)
        with read_errors(self.file):
            for start in range(0, len(columns), together):
                yield lazy.select(by_name(columns[start : start + together])).slice(window.first, window.rows).collect()


class ArrowPart(msgspec.Struct, frozen=True, kw_only=True):
    """An Arrow (IPC, Feather) file; Polars maps it into memory, so that a slice costs its own bytes.

    ``zoned`` is as of `ParquetPart`.
    """

    file: SourceFile
    schema: pl.Schema
    rows: int
    zoned: bool = False
    notes: tuple[str, ...] = ()

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        if columns:
            yield from map(_beside, self._read(columns, batch_rows(len(columns)), len(columns)))

    def pieces(self, columns: Sequence[str]) -> Iterator[Iterator[pl.DataFrame]]:
        if columns:
            yield from self._read(columns, MOST_ROWS, NARROW)

    def _read(self, columns: Sequence[str], rows: int, together: int) -> Iterator[Iterator[pl.DataFrame]]:
        """So many rows at a time, and so many columns of them."""
        with read_errors(self.file):
            lazy = _arrow(self.file)
            lazy = as_moments(lazy, lazy.collect_schema())[0] if self.zoned else lazy
        for first in range(0, self.rows, rows):
            yield self._cells(lazy.slice(first, rows), columns, together)

    def _cells(self, lazy: pl.LazyFrame, columns: Sequence[str], together: int) -> Iterator[pl.DataFrame]:
        with read_errors(self.file):
            for start in range(0, len(columns), together):
                yield lazy.select(by_name(columns[start : start + together])).collect()


def _beside(pieces: Iterator[pl.DataFrame]) -> pl.DataFrame:
    """The frames of the same rows as one."""
    parts = [*pieces]
    return parts[0] if len(parts) == 1 else pl.concat(parts, how="horizontal")


def parquet_part(file: SourceFile) -> ParquetPart:
    """The Parquet file, by its footer; raises `SourceError`."""
    with read_errors(file):
        with file.open() as content:
            groups = read_groups(content)
            size = content.seek(0, 2)
        stored = written_schema(pl.read_parquet_metadata(file.readable).get(_WRITTEN, ""))
        refuse_unread(file.name, stored)
        lazy = _parquet(file)
        schema = lazy.collect_schema()
        refuse_unread(file.name, stored, schema)
        if groups is None:
            groups = (RowGroup(rows=int(lazy.select(pl.len()).collect().item()), stored=size),)
    plain = as_moments(lazy, schema)[1]
    return ParquetPart(file=file, schema=plain, groups=groups, zoned=plain != schema)


def arrow_part(file: SourceFile) -> ArrowPart:
    """The Arrow file, by its footer; raises `SourceError`."""
    with read_errors(file):
        with file.open() as content:
            refuse_unread(file.name, arrow_file_schema(content))
        lazy = _arrow(file)
        schema = lazy.collect_schema()
        rows = int(lazy.select(pl.len()).collect().item())
    plain = as_moments(lazy, schema)[1]
    return ArrowPart(file=file, schema=plain, rows=rows, zoned=plain != schema)


def _parquet(file: SourceFile) -> pl.LazyFrame:
    return pl.scan_parquet(file.readable, glob=False, hive_partitioning=False, low_memory=True, use_statistics=False)


def _arrow(file: SourceFile) -> pl.LazyFrame:
    return pl.scan_ipc(file.readable, glob=False, hive_partitioning=False)
