"""A bounded summary of a column of numbers that is the same for any order and any partition of the rows.

Each float is counted in a bucket that is named by the leading bits of the float itself: sign, exponent, and as many
bits of the fraction as keep the number of buckets within `BUCKETS_MAX`. Halving the precision joins neighbours in
pairs, and a part of the rows never has more buckets than the whole, so whichever parts are merged in whichever order
end at the same precision with the same counts. At full precision (20 bits of fraction) two numbers share a bucket
only if they differ by less than one part in a million; a column of few different values is kept as it is.

The idea of joining all buckets in pairs is UDDSketch's (Epicoco, Melle, Cafaro, Pulimeno and Morleo, IEEE Access 8,
2020); buckets from a float's bits instead of its logarithm are HdrHistogram's. Rejected: KLL and t-digest, whose
content depends on the order of the rows; fixed bins, which know the range of the first batch only.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Any, Final

import msgspec
import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]

BUCKETS_MAX: Final = 2_048
FINEST: Final = 32
"""Bits of a float64 that are dropped at full precision: 52 of the fraction, less 20."""
_INFINITY: Final = 0x7FF0_0000_0000_0000


class Sketch(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of numbers by bucket.

    Attributes:
        dropped: how many low bits of a float64 its bucket's name leaves out.
        keys: names of the buckets that are not empty, ascending, as their numbers do: 0 holds zero alone, ``k`` > 0
            the floats whose bits begin with ``k − 1``, and ``−k`` their negatives.
        counts: rows in each of them.
    """

    dropped: int = FINEST
    keys: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """The rows in all buckets."""
        return sum(self.counts)

    @property
    def width(self) -> float:
        """The width of a bucket relative to its lower end, at most."""
        return 2.0 ** (self.dropped - 52)


def sketch_sorted(values: Floats) -> Sketch:
    """The sketch of finite floats in ascending order."""
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.int64)
    magnitude = ((bits & 0x7FFF_FFFF_FFFF_FFFF) >> FINEST) + 1
    keys = np.where(bits < 0, -magnitude, magnitude)
    keys[values == 0.0] = 0
    return _bounded(*_joined(keys, np.ones(len(keys), dtype=np.int64)), FINEST)


def merge_sketches(left: Sketch, right: Sketch) -> Sketch:
    """The sketch of both rows together."""
    dropped = max(left.dropped, right.dropped)
    keys, counts = aligned(left, dropped)
    more, counted = aligned(right, dropped)
    together = np.concatenate([keys, more])
    order = np.argsort(together, kind="stable")
    return _bounded(*_joined(together[order], np.concatenate([counts, counted])[order]), dropped)


def aligned(sketch: Sketch, dropped: int) -> tuple[Integers, Integers]:
    """The keys and counts at a coarser precision (or the same)."""
    keys = np.array(sketch.keys, dtype=np.int64)
    counts = np.array(sketch.counts, dtype=np.int64)
    return _joined(_coarser(keys, dropped - sketch.dropped), counts)


def lower_end(key: int, dropped: int) -> float:
    """The least float of a bucket; of one of negative numbers, what its floats stay above."""
    if key > 0:
        return _float(key - 1 << dropped)
    return 0.0 if not key else -_float(-key << dropped)


def upper_end(key: int, dropped: int) -> float:
    """What the floats of a bucket stay below; of one of negative numbers, its greatest float."""
    if key > 0:
        return _float(key << dropped)
    return 0.0 if not key else -_float(-key - 1 << dropped)


def quantile(sketch: Sketch, share: float) -> float:
    """The least number that ``share`` (0–1) of the rows do not exceed, to within a bucket; NaN for no rows."""
    total = sketch.count
    if not total:
        return math.nan
    reached = np.cumsum(sketch.counts)
    key = sketch.keys[min(int(np.searchsorted(reached, share * total)), len(sketch.keys) - 1)]
    return lower_end(key, sketch.dropped) if key > 0 else upper_end(key, sketch.dropped)


def _bounded(keys: Integers, counts: Integers, dropped: int) -> Sketch:
    steps = 0
    if len(keys) > BUCKETS_MAX:  # coarser never means more buckets, so the first number of steps that does is found
        steps = bisect_left(range(64), -BUCKETS_MAX, key=lambda tried: -_different(_coarser(keys, tried)))
    keys, counts = _joined(_coarser(keys, steps), counts)
    return Sketch(dropped=dropped + steps, keys=tuple(keys.tolist()), counts=tuple(counts.tolist()))


def _coarser(keys: Integers, steps: int) -> Integers:
    """The names of the buckets, ascending as they were, once neighbours are joined in pairs so many times."""
    positive = (keys > 0).astype(np.int64)
    return (keys - positive >> steps) + positive


def _different(keys: Integers) -> int:
    return int(np.count_nonzero(keys[1:] != keys[:-1])) + 1


def _joined(keys: Integers, counts: Integers) -> tuple[Integers, Integers]:
    """Each of some ascending keys once, with the sum of its counts."""
    if not len(keys):
        return keys, counts
    starts = np.concatenate([[0], np.flatnonzero(keys[1:] != keys[:-1]) + 1])
    return keys[starts], np.add.reduceat(counts, starts)


def _float(bits: int) -> float:
    return float(np.int64(min(bits, _INFINITY)).view(np.float64))
