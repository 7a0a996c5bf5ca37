"""Some whole rows of a table, the same ones for any order and any parts of it.

The rows with the smallest hashes of their content: every row is as likely to be among them as any other, and the k
smallest of two samples are those of all rows. Equal rows have one hash and are kept once, with their number, which is
exact: a row that is kept in the end was kept from the first time it was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from trimtab.data.schema import Scalar

if TYPE_CHECKING:
    import polars as pl

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]

ROWS_MAX: Final = 4_096
"""Rows that are kept: enough to see a rank correlation change by 0.2 between any two of some dozen columns."""
COLUMNS_MAX: Final = 64
"""Columns of a row that are kept, in the table's order."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a table with the smallest hashes.

    Attributes:
        hashes: of the kept rows, ascending.
        counts: how many rows of the table are equal to each of them.
        columns: the values of the first `COLUMNS_MAX` columns. A number that is null or not finite, and any other
            null, is None; a time is an integer of UTC microseconds; a sensitive column is left out.
    """

    hashes: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    columns: dict[str, tuple[Scalar | None, ...]] = {}


class SampleFold:
    """Keeps the rows with the smallest hashes."""

    def __init__(self) -> None:
        self._hashes: Hashes = np.empty(0, dtype=np.uint64)
        self._counts: Integers = np.empty(0, dtype=np.int64)
        self._rows: pl.DataFrame | None = None

    def add(self, hashes: Hashes, batch: pl.DataFrame) -> None:
        """Take in a batch: a hash for each of its rows."""
        import polars as pl

        near = np.flatnonzero(hashes <= self._hashes[-1]) if len(self._hashes) == ROWS_MAX else _near(hashes)
        if not len(near):
            return
        found, first, counts = np.unique(hashes[near], return_index=True, return_counts=True)
        rows = batch[near[first]]
        together = np.concatenate([self._hashes, found])
        order = np.argsort(together, kind="stable")
        ordered = together[order]
        starts = np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1])
        summed = np.add.reduceat(np.concatenate([self._counts, counts])[order], starts)
        kept = order[starts][:ROWS_MAX]
        stacked = rows if self._rows is None else pl.concat([self._rows, rows], rechunk=True)
        self._hashes, self._counts, self._rows = together[kept], summed[:ROWS_MAX], stacked[kept]

    def sample(self, columns: dict[str, tuple[Scalar | None, ...]]) -> Sample:
        """What was kept, with the values that `rows` were turned into."""
        return Sample(
            hashes=tuple(self._hashes.tolist()),
            counts=tuple(self._counts.tolist()),
            columns=columns,
        )

    @property
    def rows(self) -> pl.DataFrame | None:
        """The kept rows in the order of their hashes; None before the first."""
        return self._rows


def merge_samples(left: Sample, right: Sample) -> Sample | None:
    """The sample of both rows together; None if they are not of the same columns."""
    if left.columns.keys() != right.columns.keys():
        return None
    counts: dict[int, int] = {}
    places: dict[int, tuple[Sample, int]] = {}
    for sample in (left, right):
        for place, (hashed, count) in enumerate(zip(sample.hashes, sample.counts, strict=True)):
            counts[hashed] = counts.get(hashed, 0) + count
            places.setdefault(hashed, (sample, place))
    kept = sorted(counts)[:ROWS_MAX]
    columns = {
        name: tuple(places[hashed][0].columns[name][places[hashed][1]] for hashed in kept) for name in left.columns
    }
    return Sample(hashes=tuple(kept), counts=tuple(counts[hashed] for hashed in kept), columns=columns)


def _near(hashes: Hashes) -> Integers:
    """The places of a batch's smallest hashes, so many that none of those that are to be kept is missing."""
    if len(hashes) <= 4 * ROWS_MAX:
        return np.arange(len(hashes))
    for share in (4, 64):
        bound = np.uint64(min(2**64 - 1, 2**64 // len(hashes) * share * ROWS_MAX))
        near = np.flatnonzero(hashes <= bound)
        if len(np.unique(hashes[near])) >= ROWS_MAX:
            return near
    return np.arange(len(hashes))
