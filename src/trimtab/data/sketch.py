"""A bounded summary of a column of numbers that is the same for any order and any partition of the rows.

Each number is counted in a bucket that is named by the leading bits of the number itself. For floats these are sign,
exponent and the leading part of the fraction, so that a bucket is as wide as a certain share of its value; for times,
which lie close together and far from zero, the leading bits of the integer, so that all buckets are of one width.
Dropping one more bit joins neighbours in pairs, and a part of the rows never has more buckets than the whole, so
whichever parts are merged in whichever order end at the same precision with the same counts. A column of at most
`BUCKETS_MAX` different numbers is kept as it is.

The idea of joining all buckets in pairs is UDDSketch's (Epicoco, Melle, Cafaro, Pulimeno and Morleo, IEEE Access 8,
2020); buckets from a float's bits instead of its logarithm are HdrHistogram's. Rejected: KLL and t-digest, whose
content depends on the order of the rows; fixed bins, which know the range of the first batch only.

What it is off by: a value is known to within its bucket, ``width`` of itself at most (continuous columns of any usual
shape: 2⁻⁷ to 2⁻⁹), which for a normal column is a rank error of at most .002; counts at the buckets' ends are exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np

from trimtab.data.counting import count_floats, count_integers, count_known, joined
from trimtab.data.fineness import least_left_out, steps_to

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
Counting = Callable[[Any, int], tuple[Integers, Integers]]
"""Counts values by bucket, given the bits that the buckets' names leave out."""

BUCKETS_MAX: Final = 8_192
_INFINITY: Final = 0x7FF0_0000_0000_0000
_MAGNITUDE: Final = np.int64(0x7FFF_FFFF_FFFF_FFFF)
_FRACTION: Final = 52
"""Bits of a float that are its fraction."""
_FIRST: Final = 2 * BUCKETS_MAX
"""Numbers that show how fine buckets can be."""
_FEW: Final = BUCKETS_MAX // 2
"""Numbers of which a column is likely to have not many more."""
_WAITING: Final = BUCKETS_MAX
"""Buckets of batches that wait to be merged, at most."""
_KEY_ESCAPE: Final = 0xFF
_COUNT_ESCAPE: Final = 0xFFFF


class Sketch(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of numbers by bucket.

    Attributes:
        dropped: how many low bits of a number its bucket's name leaves out.
        linear: whether the names are those of integers (times), not of floats.
        packed: names and counts of the buckets that are not empty, as `unpacked` reads them.
    """

    dropped: int = 0
    linear: bool = False
    packed: bytes = b""

    @property
    def unpacked(self) -> tuple[Integers, Integers]:
        """The buckets' names, ascending as their numbers do, and the rows in each."""
        return _unpack(self.packed)

    @property
    def count(self) -> int:
        """The rows in all buckets."""
        return int(self.unpacked[1].sum())

    @property
    def width(self) -> float:
        """The width of a bucket: relative to its lower end for floats, in microseconds for times; 0 where exact."""
        if self.linear:
            return 2.0**self.dropped if self.dropped else 0.0
        return 2.0 ** (self.dropped - 52) if self.dropped else 0.0

    @property
    def exact(self) -> bool:
        """Whether each bucket holds a single number."""
        return not self.dropped


class SketchFold:
    """Counts numbers batch by batch; the same sketch for any batches of the same rows.

    Once buckets are counted, and no longer single numbers, those of a batch wait to be merged with those of others:
    looking thousands of them up in thousands is most of what a short batch costs.
    """

    def __init__(self, *, linear: bool = False) -> None:
        self.dropped = 0
        self._linear = linear
        self._keys = np.empty(0, dtype=np.int64)
        self._counts = np.empty(0, dtype=np.int64)
        self._waiting: list[tuple[Integers, Integers]] = []

    @property
    def keys(self) -> Integers:
        """The names of the buckets so far."""
        self._settle()
        return self._keys

    def add(self, integers: Integers) -> None:
        """Count integers (times) by themselves."""
        self._add(integers, integers, count_integers)

    def add_floats(self, values: Floats) -> None:
        """Count finite floats."""
        self._add(values, values.view(np.int64), count_floats)

    def _add(self, values: Any, bits: Integers, count: Counting) -> None:
        """Count values, in pieces while all of them are kept apart: a few show how fine buckets can be, and the rest is
        counted in fewer of them, which is cheaper."""
        size = _FIRST
        if not self.dropped and not len(self._keys) and len(values) > size:
            self.dropped = least_left_out(bits[:size], BUCKETS_MAX + 1)  # -0.0 has bits of its own and no bucket
            if not self.dropped:
                keys, counts = count(values[:size], 0)
                self.dropped = steps_to(keys, BUCKETS_MAX)
                if not self.dropped:
                    self._keep(keys, counts)
                    values = values[size:]
        if not self.dropped and 0 < len(self._keys) <= _FEW and len(values) >= _FIRST:
            values = self._without_known(values)
        while len(values):
            if self.dropped or 0 < len(self._keys) <= _FEW:
                size = len(values)
            self.add_counted(*count(values[:size], self.dropped), dropped=self.dropped)
            values, size = values[size:], 2 * size

    def _without_known(self, values: Any) -> Any:
        """Count the values that are numbers kept already; the others."""
        known = self._keys if self._linear else values_of(self._keys).view(np.int64)
        counts, others = count_known(values.view(np.int64), known)
        self._counts = self._counts + counts
        return others.view(values.dtype)

    def add_counted(self, keys: Integers, counts: Integers, *, dropped: int = 0) -> None:
        """Count buckets of the given precision (not coarser than this one's): ascending names and their rows."""
        if dropped < self.dropped:
            keys, counts = joined(keys >> self.dropped - dropped, counts)
        self._waiting.append((keys, counts))
        if not self.dropped or sum(len(names) for names, _ in self._waiting) > _WAITING:
            self._settle()

    def _settle(self) -> None:
        """Merge what waits."""
        if self._waiting:
            keys, counts = _merged((self._keys, self._counts), *self._waiting)
            self._waiting.clear()
            self._keep(keys, counts)

    def _keep(self, keys: Integers, counts: Integers) -> None:
        """Keep all that was counted, in as many buckets as there may be."""
        steps = steps_to(keys, BUCKETS_MAX)
        self._keys, self._counts = joined(keys >> steps, counts) if steps else (keys, counts)
        self.dropped += steps

    def sketch(self) -> Sketch:
        """What was counted so far."""
        self._settle()
        return Sketch(dropped=self.dropped, linear=self._linear, packed=_pack(self._keys, self._counts))


def codes_of(values: Floats) -> Integers:
    """Integers in the order of the finite floats they stand for; 0.0 and -0.0 have one."""
    bits: Integers = (values + 0.0).view(np.int64)
    sign = bits >> 63
    sign &= _MAGNITUDE
    bits ^= sign
    return bits


def values_of(codes: Integers) -> Floats:
    """The floats of codes: the inverse of `codes_of`."""
    bits: Integers = codes ^ ((codes >> 63) & _MAGNITUDE)
    return bits.view(np.float64)


def sketch_of(values: Floats) -> Sketch:
    """The sketch of finite floats."""
    fold = SketchFold()
    fold.add_floats(values)
    return fold.sketch()


def merge_sketches(left: Sketch, right: Sketch) -> Sketch:
    """The sketch of both rows together."""
    if not left.packed or not right.packed:
        return right if not left.packed else left
    dropped = max(left.dropped, right.dropped)
    keys, counts = _merged(aligned(left, dropped), aligned(right, dropped))
    steps = steps_to(keys, BUCKETS_MAX)
    if steps:
        keys, counts = joined(keys >> steps, counts)
    return Sketch(dropped=dropped + steps, linear=left.linear, packed=_pack(keys, counts))


def aligned(sketch: Sketch, dropped: int) -> tuple[Integers, Integers]:
    """The keys and counts at a coarser precision (or the same)."""
    keys, counts = sketch.unpacked
    return joined(keys >> dropped - sketch.dropped, counts) if dropped > sketch.dropped else (keys, counts)


def coarser(sketch: Sketch, dropped: int) -> Sketch:
    """The sketch with buckets that leave out so many bits at least."""
    if sketch.dropped >= dropped:
        return sketch
    return Sketch(dropped=dropped, linear=sketch.linear, packed=_pack(*aligned(sketch, dropped)))


def lower_end(key: int, dropped: int, *, linear: bool = False) -> float:
    """The least number of a bucket; of one of negative floats, what its numbers stay above."""
    if linear:
        return float(key << dropped)
    return _float(key << dropped) if key >= 0 else -_float(-key << dropped)


def upper_end(key: int, dropped: int, *, linear: bool = False) -> float:
    """What the numbers of a bucket stay below; of one of negative floats, its greatest number."""
    if linear:
        return float(key + 1 << dropped)
    return _float(key + 1 << dropped) if key >= 0 else -_float(-key - 1 << dropped)


def middles(sketch: Sketch) -> Floats:
    """A number from each bucket: the only one where the sketch is exact, else the middle of its ends."""
    return middles_of(sketch.unpacked[0], sketch.dropped, linear=sketch.linear)


def middles_of(keys: Integers, dropped: int, *, linear: bool = False) -> Floats:
    """The numbers of `middles` by the buckets' names, which ascend."""
    if linear:
        return np.asarray((keys + (0.5 if dropped else 0.0)) * 2.0**dropped, dtype=np.float64)
    if not dropped or not len(keys):
        return values_of(keys)
    if dropped <= _FRACTION and max(int(keys[-1]), -int(keys[0]) - 1) + 1 << dropped < _INFINITY:
        # All of a bucket has one exponent: the middle of its bits is that of its numbers.
        negative = int(np.searchsorted(keys, 0))
        bits = keys << dropped
        np.bitwise_not(bits[:negative], out=bits[:negative])
        bits[:negative] -= (1 << dropped) - 1
        bits += 1 << dropped - 1
        middles = bits.view(np.float64)
        np.negative(middles[:negative], out=middles[:negative])
        return middles
    # A negative bucket mirrors a positive one, so both ends are read off its positive twin.
    twin = np.where(keys >= 0, keys, -keys - 1)
    low = np.minimum(twin << dropped, _INFINITY - 1).view(np.float64)
    high = np.minimum(twin + 1 << dropped, _INFINITY - 1).view(np.float64)
    middle: Floats = np.where(keys >= 0, 1.0, -1.0) * (low / 2 + high / 2)
    return middle


def most_whole_numbers(sketch: Sketch) -> int:
    """How many different whole numbers there are at most: in each bucket its rows, or the whole numbers within it."""
    keys, counts = sketch.unpacked
    twin = np.where(keys >= 0, keys, -keys - 1)
    low = np.minimum(twin << sketch.dropped, _INFINITY - 1).view(np.float64)
    high = np.minimum(twin + 1 << sketch.dropped, _INFINITY - 1).view(np.float64)
    return int(np.minimum(counts, np.ceil(np.maximum(high - low, 1.0))).sum())


def quantile(sketch: Sketch, share: float) -> float:
    """The least number that ``share`` (0-1) of the rows do not exceed, to within a bucket; NaN for no rows."""
    keys, counts = sketch.unpacked
    if not len(keys):
        return math.nan
    reached = np.cumsum(counts)
    place = min(int(np.searchsorted(reached, share * int(reached[-1]))), len(keys) - 1)
    return float(middles(sketch)[place])


def _merged(*parts: tuple[Integers, Integers]) -> tuple[Integers, Integers]:
    """All counts together. A stable sort is fast where each part is in order, as it is here."""
    filled = [part for part in parts if len(part[0])]
    if len(filled) < 2:
        return filled[0] if filled else parts[0]
    keys, counts = (np.concatenate(arrays) for arrays in zip(*filled, strict=True))
    order = np.argsort(keys, kind="stable")
    return joined(keys[order], counts[order])


def _pack(keys: Integers, counts: Integers) -> bytes:
    """Distances between keys in a byte each and counts in two, where they fit; the few others follow in eight."""
    if not len(keys):
        return b""
    steps = np.diff(keys, prepend=0)
    short = (steps >= 0) & (steps < _KEY_ESCAPE)
    small = counts < _COUNT_ESCAPE
    parts = [
        np.array([len(keys), np.count_nonzero(~short)], dtype="<u4"),
        np.where(short, steps, _KEY_ESCAPE).astype("u1"),
        np.where(small, counts, _COUNT_ESCAPE).astype("<u2"),
        steps[~short].astype("<i8"),
        counts[~small].astype("<i8"),
    ]
    return b"".join(part.tobytes() for part in parts)


def _unpack(packed: bytes) -> tuple[Integers, Integers]:
    if not packed:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    length, long = (int(number) for number in np.frombuffer(packed, "<u4", 2))
    steps = np.frombuffer(packed, "u1", length, 8).astype(np.int64)
    counts = np.frombuffer(packed, "<u2", length, 8 + length).astype(np.int64)
    start = 8 + 3 * length
    steps[steps == _KEY_ESCAPE] = np.frombuffer(packed, "<i8", long, start)
    counts[counts == _COUNT_ESCAPE] = np.frombuffer(packed, "<i8", -1, start + 8 * long)
    return np.cumsum(steps), counts


def _float(bits: int) -> float:
    return float(np.int64(min(bits, _INFINITY)).view(np.float64))
