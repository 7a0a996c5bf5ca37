"""What a profile says about a column in figures that a person reads: quantiles, a histogram, frequent values, gaps.

A profile keeps counts by bucket and a sample of rows, not these figures. Everything here is worked out from them when
it is asked for, with the same edges for two tables that are laid beside each other, and says whether it is exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from trimtab.data.column_profile import (
    CategoryColumn,
    NumberColumn,
    OpaqueColumn,
    TimeColumn,
    beyond_floats,
    different_values,
    groups_of,
)
from trimtab.data.hashes import hash_names
from trimtab.data.kinds import EXACT_FLOAT, ColumnType
from trimtab.data.profile import Profile
from trimtab.data.sample import Sampled
from trimtab.data.sketch import Sketch, codes_of, middles_of

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
Measured = NumberColumn | TimeColumn
"""Columns whose values lie on a line."""
_Counted = Iterable[tuple[str | int | float, int]]

BINS: Final = 32
_TAIL: Final = 0.005
"""The share of rows at each end that is counted beside the bins: a wild value must not squeeze all others into one."""
_SAMPLED_MIN: Final = 8
"""Sampled rows that hold a value, from which on it may be called frequent; of 4,096 these are 0.2 %."""
_PAIRED_MIN: Final = 30
_INFINITY: Final = 0x7FF0_0000_0000_0000


class Bins(msgspec.Struct, frozen=True, kw_only=True):
    """A histogram: ``edges`` ascending, one more than ``counts``; ``under`` and ``over`` lie beside all bins."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    under: int = 0
    over: int = 0

    @property
    def rows(self) -> int:
        """All rows that were counted."""
        return sum(self.counts) + self.under + self.over

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of rows in each bin, 0–1."""
        return tuple(count / max(self.rows, 1) for count in self.counts)


class Frequent(msgspec.Struct, frozen=True, kw_only=True):
    """A value that many rows hold; without ``exact``, ``count`` is about how many. A time is UTC microseconds."""

    value: str | int | float
    count: int
    exact: bool


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """The longest time without a row, as UTC microseconds; ``usual`` is the middle of all distances between times."""

    after: int
    before: int
    usual: int
    exact: bool

    @property
    def length(self) -> int:
        """Microseconds without a row."""
        return self.before - self.after


class Correlation(msgspec.Struct, frozen=True, kw_only=True):
    """Pearson's correlation of two columns over the rows in which both are numbers."""

    columns: tuple[str, str]
    value: float
    rows: int


def quantiles(column: Measured, shares: Sequence[float]) -> tuple[float, ...]:
    """For each share (0–1) the least value that so many rows do not exceed, to within a bucket; NaN without rows."""
    keys, counts = column.sketch.unpacked
    if not len(keys) or column.minimum is None or column.maximum is None:
        return tuple(math.nan for _ in shares)
    reached = np.cumsum(counts)
    places = np.minimum(np.searchsorted(reached, np.asarray(shares) * reached[-1]), len(keys) - 1)
    found = middles_of(keys, column.sketch.dropped, linear=column.sketch.linear)[places]
    low, high = float(column.minimum), float(column.maximum)
    ends = {0.0: low, 1.0: high}
    return tuple(
        ends.get(share, min(max(value, low), high)) for share, value in zip(shares, found.tolist(), strict=True)
    )


def edges_for(columns: Iterable[Measured], most: int = BINS) -> tuple[float, ...]:
    """Edges of equal-width bins that show all these columns: from the least 0.5 % to the greatest 99.5 % quantile.

    Bins of whole numbers are as wide as a whole number, so that none of them has more numbers in it than the next.
    Empty without a row.
    """
    filled = [column for column in columns if column.sketch.packed and column.minimum is not None]
    if not filled:
        return ()
    ends = [quantiles(column, (_TAIL, 1.0 - _TAIL)) for column in filled]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    if not low < high:
        low = min(float(column.minimum or 0) for column in filled)
        high = max(float(column.maximum or 0) for column in filled)
    # Rice's rule: fewer bins where there are few rows to fill them.
    bins = min(most, max(8, math.ceil(2.0 * max(column.count for column in filled) ** (1 / 3))))
    if all(column.type is ColumnType.INTEGER for column in filled) and max(-low, high) < EXACT_FLOAT:
        start = math.floor(low)
        width = max(1, math.ceil((math.ceil(high) - start + 1) / bins))
        wanted = math.ceil((math.ceil(high) - start + 1) / width)
        return tuple(start - 0.5 + width * place for place in range(wanted + 1))
    steps = np.linspace(0.0, 1.0, bins + 1)
    edges = np.unique(low * (1.0 - steps) + high * steps)
    if len(edges) > 1:
        return tuple(edges.tolist())
    apart = abs(low) * 0.05 or 0.5
    return (low - apart, low + apart)


def histogram(column: Measured, edges: Sequence[float]) -> Bins:
    """The rows between each two edges; a bucket across an edge is shared out by width."""
    keys, counts = column.sketch.unpacked
    if not len(keys) or len(edges) < 2:
        return Bins(edges=tuple(edges), counts=(0,) * max(len(edges) - 1, 0))
    reached = _reached(column.sketch, keys, counts, np.asarray(edges, dtype=np.float64))
    return Bins(
        edges=tuple(edges),
        counts=tuple(np.diff(reached).tolist()),
        under=int(reached[0]),
        over=int(counts.sum() - reached[-1]),
    )


def frequent(profile: Profile, name: str, most: int) -> tuple[Frequent, ...]:
    """The values of a column that most rows hold, the most frequent first.

    Exact where the profile has each value's count; else about right, of values that the profile's sample holds often.
    """
    column = profile.columns[name]
    match column:
        case CategoryColumn() if not column.groups:
            return _most(zip(column.values, column.counts, strict=True), most, exact=True)
        case NumberColumn() | TimeColumn() if column.sketch.exact and not beyond_floats(column):
            keys, counts = column.sketch.unpacked
            order = np.argsort(-counts, kind="stable")[: most + 1]
            values = middles_of(keys[order], 0, linear=column.sketch.linear).tolist()
            whole = column.type is not ColumnType.FLOAT
            plain = [int(value) if whole else value for value in values]
            return _most(zip(plain, counts[order].tolist(), strict=True), most, exact=True)
        case CategoryColumn() | NumberColumn() | TimeColumn():
            return _sampled(profile, name, column, most)
        case OpaqueColumn():
            return ()


def longest_gap(column: TimeColumn) -> Gap | None:
    """The longest time between two neighbouring times; None where there are fewer than two, or no gap can be seen.

    Where the sketch is not exact the gap's ends are those of buckets, and the gap is at least so long.
    """
    keys, _ = column.sketch.unpacked
    different = different_values(column)
    if len(keys) < 2 or different is None or column.minimum is None or column.maximum is None:
        return None
    steps = np.diff(keys)
    place, dropped = int(np.argmax(steps)), column.sketch.dropped
    if column.sketch.exact:
        usual = int(np.median(steps))
        return Gap(after=int(keys[place]), before=int(keys[place + 1]), usual=usual, exact=True)
    if steps[place] < 2:
        return None
    usual = (column.maximum - column.minimum) // max(different[0] - 1, 1)
    after, before = int(keys[place]) + 1 << dropped, int(keys[place + 1]) << dropped
    return Gap(after=after, before=before, usual=usual, exact=False)


def strongest_correlations(profile: Profile, most: int) -> tuple[Correlation, ...]:
    """The pairs of columns that are correlated most, in either direction, over at least 30 rows."""
    if profile.pairs is None or len(profile.pairs.columns) < 2:
        return ()
    names = profile.pairs.columns
    values, rows = profile.pairs.correlations(), profile.pairs.matrices[0]
    usable = np.triu(np.isfinite(values) & (rows >= _PAIRED_MIN), k=1)
    one, two = np.nonzero(usable)
    order = np.argsort(-np.abs(values[one, two]), kind="stable")[:most]
    return tuple(
        Correlation(columns=(names[i], names[j]), value=float(values[i, j]), rows=int(rows[i, j]))
        for i, j in zip(one[order].tolist(), two[order].tolist(), strict=True)
    )


def _reached(sketch: Sketch, keys: Integers, counts: Integers, edges: Floats) -> Integers:
    """The rows below each edge, and up to the last one."""
    reached: Integers = np.concatenate([[0], np.cumsum(counts)])
    below: Integers
    if sketch.exact:
        points = middles_of(keys, 0, linear=sketch.linear)
        places = np.searchsorted(points, edges, side="left")
        places[-1] = np.searchsorted(points, edges[-1], side="right")
        below = reached[places]
        return below
    lows, highs = _bounds(keys, sketch.dropped, linear=sketch.linear)
    line = np.stack([lows, highs], axis=1).ravel()
    heights = np.stack([reached[:-1], reached[1:]], axis=1).ravel().astype(np.float64)
    below = np.rint(np.interp(edges, line, heights)).astype(np.int64)
    return below


def _bounds(keys: Integers, dropped: int, *, linear: bool) -> tuple[Floats, Floats]:
    """The lower and upper ends of buckets."""
    if linear:
        width = np.float64(2.0**dropped)
        return keys.astype(np.float64) * width, (keys + 1).astype(np.float64) * width
    # A negative bucket mirrors a positive one, so both ends are read off its positive twin.
    twin = np.where(keys >= 0, keys, -keys - 1)
    near: Floats = np.minimum(twin << dropped, _INFINITY - 1).view(np.float64)
    far: Floats = np.minimum(twin + 1 << dropped, _INFINITY - 1).view(np.float64)
    lows: Floats = np.where(keys >= 0, near, -far)
    highs: Floats = np.where(keys >= 0, far, -near)
    return lows, highs


def _sampled(profile: Profile, name: str, column: CategoryColumn | Measured, most: int) -> tuple[Frequent, ...]:
    if profile.sample is None or name not in profile.sample.columns:
        return ()
    sampled = profile.sample.columns[name]
    codes = sampled.numbers
    there = ~np.isnan(codes)
    ordered = np.sort(codes[there])
    if not (ordered[_SAMPLED_MIN - 1 :] == ordered[: 1 - _SAMPLED_MIN]).any():  # as of most columns of numbers
        return ()
    weights = np.array(profile.sample.counts)
    found, first, places, rows = np.unique(codes[there], return_index=True, return_inverse=True, return_counts=True)
    often = np.flatnonzero(rows >= _SAMPLED_MIN)
    often = often[np.argsort(first[often])]
    held = np.bincount(places, weights=weights[there], minlength=len(found)) * (profile.rows / max(weights.sum(), 1))
    values = _values(sampled, column, found[often].tolist())
    return _most(_estimates(dict(zip(values, held[often].tolist(), strict=True)), column), most, exact=False)


def _estimates(sampled: Mapping[str | int | float, float], column: CategoryColumn | Measured) -> _Counted:
    """About how many rows hold each value: those of its bucket or group without the rows that such a one has anyway.

    Where the value is not most of its bucket or group, what the sample makes of it, which many equal rows may mislead.
    """
    together, others = _around(column, list(sampled))
    for value, bound, noise in zip(sampled, together, others, strict=True):
        own = bound - noise
        yield value, round(own) if own > bound / 2 else min(round(sampled[value]), bound)


def _values(sampled: Sampled, column: CategoryColumn | Measured, codes: list[float]) -> list[str | int | float]:
    """The values that a sample's numbers stand for."""
    if not sampled.is_number:
        return [sampled.values[int(code)] for code in codes]
    whole = column.type in (ColumnType.INTEGER, ColumnType.TIME)
    return [int(code) if whole else code for code in codes]


def _around(column: CategoryColumn | Measured, values: Sequence[str | int | float]) -> tuple[list[int], list[float]]:
    """The rows in the bucket or hash group of each value, and how many one without such a value has."""
    if not values:
        return [], []
    if isinstance(column, CategoryColumn):
        groups = np.asarray(column.groups)
        places = groups_of(hash_names([str(value) for value in values]))
        return groups[places].tolist(), [float(np.median(groups))] * len(values)
    keys, counts = column.sketch.unpacked
    numbers = np.array([float(value) for value in values])
    codes = numbers.astype(np.int64) if column.sketch.linear else codes_of(numbers)
    own = codes >> column.sketch.dropped
    places = np.minimum(np.searchsorted(keys, own), len(keys) - 1)
    sides = [np.where(np.isin(own + step, keys), counts[(places + step) % len(keys)], 0) for step in (-1, 1)]
    return counts[places].tolist(), ((sides[0] + sides[1]) / 2).tolist()


def _most(pairs: _Counted, most: int, *, exact: bool) -> tuple[Frequent, ...]:
    ordered = sorted(pairs, key=lambda pair: -pair[1])
    if len(ordered) > most:  # of many values, one that a single row holds is not frequent
        ordered = [pair for pair in ordered[:most] if pair[1] > 1]
    return tuple(Frequent(value=value, count=count, exact=exact) for value, count in ordered)
