"""How far the numbers of two columns' profiles lie apart, where the difference is largest, and what that says in words.

The Kolmogorov–Smirnov distance, the largest difference between the shares of rows under any one number, read
at the ends of buckets: changes within a bucket, a few thousandths of a value, are not looked for. Categories are
compared by `trimtab.data.shares`.

It works on shares, not on counts, so that a reference may be a mixture of seasons (`trimtab.data.seasons`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from trimtab.data.column_profile import NumberColumn
from trimtab.data.counting import joined
from trimtab.data.sketch import aligned, lower_end, middles_of, upper_end
from trimtab.data.wording import percent, share_said

Array = np.ndarray[Any, np.dtype[Any]]


_USUAL: Final = 0.001
"""The share from which on a number is no rare one."""
_ATOM: Final = 0.02
"""The share of a side's numbers from which on a single one is an atom; a bucket of a continuous column has far less."""


class Numbers(msgspec.Struct, frozen=True):
    """The finite numbers of a column as shares: by bucket, ascending, with a number from each bucket.

    ``reached`` has the share of all numbers up to each bucket, its own included.
    """

    keys: Array
    shares: Array
    middles: Array
    dropped: int
    reached: Array


class Distance(msgspec.Struct, frozen=True, kw_only=True):
    """A distance between two samples: its size (0–1) and where it is, with both shares.

    With a slack, ``whole`` is the distance without it, and ``left`` what is left once each number may move by it;
    ``size`` is the lesser of ``whole`` and twice ``left``.
    """

    size: float
    reason: str
    whole: float | None = None
    left: float | None = None


def numbers_of(parts: Sequence[tuple[float, NumberColumn]]) -> Numbers:
    """The finite numbers of some columns, each with its weight; a single column has the weight 1."""
    filled = [(weight, part.sketch) for weight, part in parts if part.count and weight > 0.0]
    dropped = max((sketch.dropped for _, sketch in filled), default=0)
    found = [(weight, *aligned(sketch, dropped)) for weight, sketch in filled]
    if len(found) == 1:
        _, keys, counts = found[0]
        return _numbers(keys, counts / counts.sum(), dropped)
    total = sum(weight for weight, _, _ in found)
    keys = different_keys(*(own for _, own, _ in found))
    shares = np.zeros(len(keys))
    for weight, own, counts in found:
        shares[np.searchsorted(keys, own)] += weight / total * counts / counts.sum()
    return _numbers(keys, shares, dropped)


def _numbers(keys: Array, shares: Array, dropped: int) -> Numbers:
    middles = middles_of(keys, dropped)
    return Numbers(keys=keys, shares=shares, middles=middles, dropped=dropped, reached=np.cumsum(shares))


def number_distance(reference: NumberColumn, current: NumberColumn) -> Distance:
    """The distance between the finite numbers of two columns; 0 where one has none."""
    return distance_between(numbers_of([(1.0, reference)]), numbers_of([(1.0, current)]))


class Slack(msgspec.Struct, frozen=True):
    """By how much each number may move (``each``), and one that many rows hold (``atom``, no less), in the numbers'
    unit."""

    each: float = 0.0
    atom: float = 0.0


def distance_between(reference: Numbers, current: Numbers, *, slack: Slack | None = None, of: str = "rows") -> Distance:
    """The Kolmogorov–Smirnov distance, and the number under which the shares, of what ``of`` says, differ most.

    With a ``slack`` it is at most twice the distance that is left when each number may move by so much: a rounding, or
    a jitter of what was always exactly 0, moves many rows by next to nothing, and is no change of shape. A change that
    moves rows by several times the slack keeps its size.
    """
    nothing = f"no number has another share of {of} under it than in the reference"
    if not len(reference.keys) or not len(current.keys):
        return Distance(size=0.0, reason=nothing)
    dropped = max(reference.dropped, current.dropped)
    one, two = _shortened(reference, dropped), _shortened(current, dropped)
    now, then = _reached_by(one.keys, two), _reached_by(two.keys, one)
    key, shares = _furthest_apart((one.keys, one.reached, now), (two.keys, then, two.reached))
    size = abs(shares[1] - shares[0])
    left = None
    if slack is not None and slack.each > 0.0 and size > 0.0:
        around = _around_atoms(slack.atom, one, two)
        left = max(
            _beyond_slack(one, two, one.reached - now, slack.each, around),
            _beyond_slack(two, one, two.reached - then, slack.each, around),
        )
    if left is not None and slack is not None and 2.0 * left < size:
        words = f"{nothing} once each may move by {slack.each:.2g}"
        if left >= 1e-12:
            words = f"{percent(left)} of {of} are on the other side of a number than those of the reference"
        return Distance(size=2.0 * left if left >= 1e-12 else 0.0, reason=words, whole=size, left=left)
    if size < 1e-12:
        return Distance(size=0.0, reason=nothing)
    if len(reference.keys) == 1:
        words = _was_constant(float(reference.middles[0]), one, two, of)
        return Distance(size=size, reason=words, whole=size, left=left)
    edge = between(upper_end(key, dropped), lower_end(_next(key, one, two), dropped))
    return Distance(size=size, reason=share_said(f"are under {edge}", shares, of), whole=size, left=left)


def _reached_by(keys: Array, numbers: Numbers) -> Array:
    """The share of the numbers up to each of some keys, its own bucket included."""
    return _from_zero(numbers.reached)[_up_to(numbers.keys, keys)]


def _furthest_apart(*sides: tuple[Array, Array, Array]) -> tuple[int, tuple[float, float]]:
    """The first bucket up to which the shares differ most, and both shares; of keys with what is reached at each."""
    found = []
    for keys, then, now in sides:
        place = int(np.argmax(np.abs(now - then)))
        found.append((int(keys[place]), (float(then[place]), float(now[place]))))
    return max(found, key=lambda at: (abs(at[1][1] - at[1][0]), -at[0]))


def _beyond_slack(upper: Numbers, lower: Numbers, above: Array, slack: float, around: tuple[Array, Array]) -> float:
    """By how much one distribution function stays above the other although that one is moved by the slack.

    It is most at a number of the one that stays above, and nowhere more than without the slack, which ``above`` has.
    ``around`` atoms it is asked for only where that ends.
    """
    reached = _from_zero(lower.reached)

    def most(numbers: Array, shares: Array) -> float:
        return float((shares - reached[_up_to(lower.middles, numbers + slack)]).max(initial=0.0))

    best = 0.0
    if len(around[0]):
        begins, ends = (_up_to(upper.middles, bounds) for bounds in around)
        best = most(around[1], _from_zero(upper.reached)[ends])
        above = above.copy()
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
            above[begin:end] = 0.0
    place = int(np.argmax(above))
    if above[place] > best:
        best = max(best, most(upper.middles[place : place + 1], upper.reached[place : place + 1]))
    places = np.flatnonzero(above > best)
    return max(best, most(upper.middles[places], upper.reached[places]))


def _around_atoms(slack: float, *sides: Numbers) -> tuple[Array, Array]:
    """Where the numbers may have moved to that many rows of a side hold, as ends of intervals without a common number:
    as far as the slack, and no further than half the way to the next number that is no rare one, since the numbers of
    a count are no jitter of each other."""
    lows, highs = [], []
    for side in sides:
        usual = side.middles[side.shares >= _USUAL]
        atoms = side.middles[side.shares >= _ATOM]
        places = np.searchsorted(usual, atoms)
        steps = np.diff(usual, prepend=-np.inf, append=np.inf)
        reach = np.minimum(slack, np.minimum(steps[places], steps[places + 1]) / 2.0)
        lows.append(atoms - reach)
        highs.append(atoms + reach)
    low, high = np.sort(np.concatenate(lows)), np.sort(np.concatenate(highs))
    apart = low[1:] >= high[:-1]
    return low[np.append(True, apart)[: len(low)]], high[np.append(apart, True)[: len(high)]]


def _up_to(ascending: Array, bounds: Array) -> Array:
    """How many of some numbers are at most each of some bounds, which ascend, too: a stable sort merges the two in
    a third of the time of looking each bound up."""
    order = np.argsort(np.concatenate([ascending, bounds]), kind="stable")
    return np.flatnonzero(order >= len(ascending)) - np.arange(len(bounds))


def _from_zero(reached: Array) -> Array:
    return np.concatenate([np.zeros(1), reached])


def between(low: float, high: float) -> str:
    """The number between two that is written with the fewest digits; six of them where the two are one bucket's end."""
    middle = low / 2 + high / 2
    for digits in range(1, 6):
        number = float(f"{middle:.{digits}g}")
        if low <= number <= high:
            return f"{number:.6g}"  # 2000, not 2e+03
    return f"{middle:.6g}"


def _next(key: int, *sides: Numbers) -> int:
    """The first bucket after one; if it is the last, the next that there could be."""
    after = [side.keys[np.searchsorted(side.keys, key, side="right") :] for side in sides]
    return min((int(keys[0]) for keys in after if len(keys)), default=key + 1)


def _was_constant(value: float, reference: Numbers, current: Numbers, of: str) -> str:
    same = float(current.shares[current.keys == reference.keys[0]].sum())
    return f"{percent(1.0 - same)} of {of} are not {value:.6g}, which all were in the reference"


def _shortened(numbers: Numbers, dropped: int) -> Numbers:
    """The same in buckets whose names leave out so many bits."""
    if dropped == numbers.dropped:
        return numbers
    keys, shares = joined(numbers.keys >> dropped - numbers.dropped, numbers.shares)
    return _numbers(keys, shares, dropped)


def different_keys(*parts: Array) -> Array:
    """The different keys of all parts, ascending; each part ascends, so that a stable sort merges them."""
    keys = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *parts]), kind="stable")
    return keys[np.concatenate([np.ones(1, dtype=np.bool_), keys[1:] != keys[:-1]])] if len(keys) else keys
