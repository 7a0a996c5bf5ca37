"""How columns of numbers vary together: what the columns' own profiles cannot show.

For each pair, over the rows in which both are numbers: how many there are, both means, and the sum of products of
their distances from the means. Merged like the moments of one column (Pébay, SAND2008-6212), to about 1e-15 relative.
The pairs grow with the square of the columns, so the first `COLUMNS_MAX` columns of numbers are taken, in the table's
order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

COLUMNS_MAX: Final = 64
_BLOCK: Final = 1 << 15
"""Rows that are taken together: longer ones cost no less, and room for all columns of them is memory."""


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """Co-moments of columns of numbers.

    Attributes:
        columns: their names, in order.
        packed: three square matrices of float64, row by row: the rows of each pair; the mean of the row's column over
            them; the sum of products of distances from the means. One beyond a float64 is not a number.
    """

    columns: tuple[str, ...]
    packed: bytes

    @property
    def matrices(self) -> tuple[Floats, Floats, Floats]:
        """Counts, means (``[i, j]``: of column i where j is a number too) and co-moments, each (columns, columns)."""
        size = len(self.columns)
        counts, means, products = np.frombuffer(self.packed, dtype="<f8").reshape(3, size, size)
        return counts, means, products

    def correlations(self) -> Floats:
        """Pearson's correlation of each pair; NaN where one of them does not vary."""
        _, _, products = self.matrices
        # The diagonal is over all rows of a column; with few nulls it stands for those of each pair.
        spread = np.sqrt(np.diag(products) / np.maximum(np.diag(self.matrices[0]), 1.0))
        counts = self.matrices[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = products / np.maximum(counts, 1.0) / np.outer(spread, spread)
        return np.clip(found, -1.0, 1.0)


class PairsFold:
    """Co-moments, batch by batch."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        size = len(columns)
        self._state = (np.zeros((size, size)), np.zeros((size, size)), np.zeros((size, size)))
        self._room = np.empty((2, size, 0))

    def add(self, batch: Mapping[str, tuple[Floats, Mask | None]]) -> None:
        """Take in a batch: for each column its numbers, one for each row, and where they are numbers (None: all)."""
        rows = len(batch[self._columns[0]][0]) if self._columns else 0
        for start in range(0, rows, _BLOCK):
            block = slice(start, start + _BLOCK)
            self._add(
                {name: (values[block], None if mask is None else mask[block]) for name, (values, mask) in batch.items()}
            )

    def _add(self, batch: Mapping[str, tuple[Floats, Mask | None]]) -> None:
        rows = len(batch[self._columns[0]][0])
        if self._room.shape[2] != rows:  # the same memory for batch after batch: making it costs as much as using it
            self._room = np.empty((2, len(self._columns), rows))
        apart, marks = self._room
        known = marks if any(mask is not None for _, mask in batch.values()) else None
        means = np.zeros(len(self._columns))
        with np.errstate(over="ignore", invalid="ignore"):
            for place, name in enumerate(self._columns):
                values, mask = batch[name]
                if known is not None:
                    known[place] = True if mask is None else mask
                if mask is None:
                    means[place] = _mean(values)
                    np.subtract(values, means[place], out=apart[place])
                    continue
                means[place] = _mean(values[mask]) if mask.any() else 0.0
                apart[place] = np.where(mask, values - means[place], 0.0)
            self._state = _merged(self._state, _of_batch(apart, known, means))

    def pairs(self) -> Pairs:
        """What was taken in so far."""
        return _pairs(self._columns, self._state)


def merge_pairs(
    left: Pairs,
    right: Pairs,
    *,
    order: Sequence[str] = (),
    gaps: tuple[Collection[str], Collection[str]] = ((), ()),
) -> Pairs | None:
    """The co-moments of both rows together; None if they are not of the same columns.

    ``gaps`` are columns without any value in the left rows, and in the right ones: such a column may be missing on that
    side, since a column of nulls may have been stored without a type. ``order`` is then the table's.
    """
    if left.columns == right.columns:
        one, two, columns = left.matrices, right.matrices, left.columns
    else:
        columns = tuple(name for name in order if name in left.columns or name in right.columns)
        lacking = [{*columns} - {*pairs.columns} - {*empty} for pairs, empty in zip((left, right), gaps, strict=True)]
        if any(lacking) or {*left.columns, *right.columns} != {*columns} or len(columns) > COLUMNS_MAX:
            return None
        one, two = _widened(left, columns), _widened(right, columns)
    with np.errstate(over="ignore", invalid="ignore"):
        return _pairs(columns, _merged(one, two))


def _widened(pairs: Pairs, columns: tuple[str, ...]) -> tuple[Floats, Floats, Floats]:
    """The matrices with rows and columns of zeros for columns without any number."""
    places = [columns.index(name) for name in pairs.columns]
    wide = np.zeros((3, len(columns), len(columns)))
    wide[np.ix_(range(3), places, places)] = np.stack(pairs.matrices)
    return wide[0], wide[1], wide[2]


def _mean(values: Floats) -> float:
    """The mean; of a constant the number itself, which a mean's rounding would miss."""
    first = float(values[0])
    return first if first == values[-1] and (values == first).all() else float(values.mean())


def _of_batch(apart: Floats, known: Floats | None, means: Floats) -> tuple[Floats, Floats, Floats]:
    products = apart @ apart.T
    if known is None:
        counts = np.full(products.shape, float(apart.shape[1]))
        sums = np.broadcast_to(apart.sum(axis=1)[:, None], products.shape)
    else:
        counts, sums = known @ known.T, apart @ known.T
    offsets = sums / np.maximum(counts, 1.0)
    return counts, np.where(counts > 0, means[:, None] + offsets, 0.0), products - offsets * offsets.T * counts


def _merged(one: tuple[Floats, Floats, Floats], two: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats, Floats]:
    counts = one[0] + two[0]
    share = two[0] / np.maximum(counts, 1.0)
    apart = two[1] - one[1]
    means = np.where(one[0] > 0, one[1] + apart * share, two[1])
    products = one[2] + two[2] + np.where((one[0] > 0) & (two[0] > 0), apart * apart.T * one[0] * share, 0.0)
    return counts, means, products


def _pairs(columns: tuple[str, ...], state: tuple[Floats, Floats, Floats]) -> Pairs:
    return Pairs(columns=columns, packed=np.stack(state).astype("<f8").tobytes())
