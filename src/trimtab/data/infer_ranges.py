"""The range that numbers keep to: not only what was seen, but what ten times as many rows would hardly leave.

The least and the greatest number of n rows are left by about ten rows of the next 10 n, whatever the distribution is,
so a range of what was seen alarms for nothing. An end is therefore one of three: *hard*, where so many rows stand at it
that it is where the numbers stop (a share capped at 100, codes from 0 to 5, the zeros of an amount); *natural*, 0 where
nothing was negative, 1 and 100 where numbers keep to them; or moved out to where a generalised Pareto tail through the
outermost rows has one thousandth of a row left. The tail's shape is estimated by probability-weighted moments (Hosking
and Wallis, Technometrics 29, 1987), drawn towards that of an exponential tail where there are few rows or the same
number over and over, and taken one standard error heavier than it looks. How far such a tail may lead is held to what
the numbers' own distances can bear.

docs/inference.md has the argument, what was rejected, and how often fresh rows leave such a range.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from trimtab.data.column_profile import NumberColumn
from trimtab.data.kinds import INTEGER_MAX, INTEGER_MIN, ColumnType
from trimtab.data.sketch import middles

Floats = np.ndarray[Any, np.dtype[np.float64]]

COUNT_MIN: Final = 20
"""Fewer numbers have no tail to speak of."""
_BEYOND: Final = 1_000
"""The end is where this many times the rows would have one beyond: ten times the rows leave it once in a hundred."""
_TAIL_SHARE: Final = 20
_TAIL_MIN: Final = 25
_TAIL_MAX: Final = 500
"""The tail is the outermost twentieth of the rows, but not fewer and not more than these."""
_DRAWN: Final = 35
"""So many rows' worth of weight has the belief that the tail is exponential."""
_SHAPES: Final = (-0.05, 0.9)
"""A tail that ends abruptly looks as one that thins out; heavier than the greatest has no mean."""
_ERROR: Final = 1.5
"""The standard error of the shape is about this, divided by the square root of the tail's rows."""
_APART: Final = math.log(100)
"""One tail in a hundred of the heaviest has a gap as wide as the one that sets rows apart."""
_SETTLED: Final = 1.0
"""The outermost of k rows of an exponential tail lies ln k scales out on average, and seldom so many more."""
_STANDING: Final = 8
"""So many rows would be expected on the next number, if the numbers went on as they did up to the end."""
_STEEPEST: Final = 1.5
"""A rise before the last numbers that is steeper than this is no part of their decline."""
_PILED: Final = 4
"""A number that so many times its neighbours' rows have, `_PILE` rows or more, is where others were cut off."""
_PILE: Final = 10
_FLAG: Final = 10
"""Two whole numbers that so many rows have each are all that there are; 0 and 1 are, however few have them."""
_NEAR: Final = 20
"""Distances between neighbouring rows of the tail within which a natural bound is as good as reached."""
_ABRUPT: Final = -0.4
"""The shape of a tail that ends abruptly is below; -1 is that of even numbers, 0 that of an exponential tail."""
_BOUNDS: Final = (1.0, 100.0)
"""What shares and percentages do not exceed."""
_FURTHEST: Final = 9
"""An end is at most so many times as far from the middle as the outermost number: ten times that is told, however heavy
the tail seems to be."""
_LOG_MAX: Final = math.log(sys.float_info.max) / 2
_STEPS: Final = 100
_HUGE: Final = 2.0**900
"""An end is rounded outwards to about this part of the whole range, so that a person can read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The ends that were inferred, the lower one first.

    ``hard`` says of each whether it is where numbers stop; ``natural`` whether it is 0, 1 or 100 and numbers keep to
    that. Any other end is moved out, to have room for a tail.
    """

    minimum: int | float
    maximum: int | float
    hard: tuple[bool, bool]
    natural: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a column, turned so that it is the upper one: numbers ascending, their rows, the outermost one."""

    values: Floats
    counts: Floats
    outermost: float
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tail:
    """The outermost rows of a side: how many, on how many numbers (as many as they would be if all had the same rows),
    from where, how far they go on average, the shape that they show, and whether some lie apart from the others."""

    rows: float
    different: float
    start: float
    mean: float
    shape: float
    apart: bool


def limits_of(column: NumberColumn) -> Limits | None:
    """The range that fresh rows of the same kind hardly leave; None where the numbers do not say."""
    if column.minimum is None or column.maximum is None or column.count < COUNT_MIN:
        return None
    values, counts = middles(column.sketch), column.sketch.unpacked[1].astype(np.float64)
    least, greatest = float(column.minimum), float(column.maximum)
    if len(values) < 2 or least == greatest or not math.isfinite(greatest - least):
        return None
    exact = column.sketch.exact
    upper = _Side(values, counts, greatest, exact)
    lower = _Side(-values[::-1], counts[::-1], -least, exact)
    flag = _is_flag(column, upper)
    hard = flag or _is_hard(lower), flag or _is_hard(upper)
    middle = float(values[np.searchsorted(np.cumsum(counts), column.count / 2)])
    low = least if hard[0] else -_end(lower, -middle)
    high = greatest if hard[1] else _end(upper, middle)
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    whole = column.type is ColumnType.INTEGER
    bound = _bound(upper, high, whole)
    natural = not hard[0] and least >= 0.0 >= low, not hard[1] and bound is not None
    ends = 0.0 if natural[0] else low, bound if natural[1] and bound is not None else high
    return _rounded(column, ends, Limits(minimum=least, maximum=greatest, hard=hard, natural=natural))


def _is_flag(column: NumberColumn, side: _Side) -> bool:
    """Whether two whole numbers are all that there are."""
    whole = column.type is ColumnType.INTEGER and side.exact and len(side.values) == 2
    return whole and ((column.minimum, column.maximum) == (0, 1) or float(side.counts.min()) >= _FLAG)


def _is_hard(side: _Side) -> bool:
    """Whether numbers stop at the outermost one: so many rows stand there that the next would have been seen."""
    last, before = float(side.counts[-1]), float(side.counts[-2])
    if not side.exact:
        return last >= 2 * _PILE and last >= _PILED * before
    further = float(side.counts[-3]) if len(side.counts) > 2 else before
    if last >= _PILE and last >= _PILED * max(before, further):
        return True
    # What thins out does so faster and faster (Poisson's counts), which round numbers hide.
    ratio, earlier = last / before, min(before / further, _STEEPEST)
    decline = min(1.0, ratio, math.sqrt(last / further), ratio**2 / earlier)
    return min(last, (last + before + further) / 3) * decline >= _STANDING


def _tail_of(side: _Side) -> _Tail:
    """The outermost rows."""
    rows = float(side.counts.sum())
    wanted = min(max(rows / _TAIL_SHARE, min(_TAIL_MIN, rows / 4)), _TAIL_MAX)
    reached = np.cumsum(side.counts[::-1])
    buckets = min(int(np.searchsorted(reached, wanted)) + 1, len(reached) - 1)
    tail, size = float(reached[buckets - 1]), side.counts[-buckets:]
    start = (float(side.values[-buckets - 1]) + float(side.values[-buckets])) / 2
    excess = np.minimum(side.values[-buckets:], side.outermost) - start
    unit = 1.0 if float(excess.max()) < _HUGE else _HUGE  # that a sum of them stays a number
    excess = excess / unit
    mean = float((excess * size).sum()) / tail
    ranks = np.cumsum(size) - size / 2 + 0.15  # the middle of each bucket's ranks, less 0.35
    weighted = float((excess * size * (1.0 - ranks / tail)).sum()) / tail
    gap = mean - 2.0 * weighted
    return _Tail(
        rows=tail,
        different=tail**2 / float((size**2).sum()) if side.exact else tail,
        start=start,
        mean=mean * unit,
        shape=max(2.0 - mean / gap, -1.0) if gap > 0.0 else -1.0,
        apart=_is_apart(excess),
    )


def _is_apart(excess: Floats) -> bool:
    """Whether a few numbers lie further from the others than those of any one tail do.

    In a tail of Pareto's, the logarithms of neighbouring numbers, the i-th and the next from without, are apart by an
    exponential's draw whose mean is the shape over i (Rényi, 1953); in lighter tails by less.
    """
    ranks = np.arange(1, max(len(excess) // 4, 1) + 1)
    if len(excess) < 2:
        return False
    outer = np.log(excess[::-1][: len(ranks) + 1])
    return bool(((outer[:-1] - outer[1:]) * ranks > _SHAPES[1] * (_APART + math.log(len(ranks)))).any())


def _end(side: _Side, middle: float) -> float:
    """Where the tail has a thousandth of a row left, no further than is sane for what was seen."""
    tail = _tail_of(side)
    steps = math.log(tail.rows * _BEYOND)
    # What an exponential tail with this outermost row would need: a fit that stays within is refuted by that row.
    end = tail.start + (side.outermost - tail.start) * steps / (math.log(tail.rows + 1.0) + _SETTLED)
    if not tail.apart:
        end = max(end, tail.start + tail.mean * _growth(tail, steps))
    return max(side.outermost, min(end, _furthest(side, middle)))


def _growth(tail: _Tail, steps: float) -> float:
    """How many times its mean the tail goes so many exponential scales out."""
    known = tail.different if tail.shape > 0.0 else tail.rows  # numbers that repeat look as if some were far out
    drawn = tail.shape * known / (known + _DRAWN) + _ERROR / math.sqrt(tail.rows + _DRAWN)
    shape = min(max(drawn, _SHAPES[0]), _SHAPES[1])
    return (1.0 - shape) * (math.expm1(shape * steps) / shape if abs(shape) > 1e-9 else steps)


def _furthest(side: _Side, middle: float) -> float:
    """The end that is sane however heavy the tail seems to be.

    Between the middle and the outermost of n rows lie ln(n/2) scales of an exponential tail, and ln(1,000 n) to where a
    thousandth of a row is left. Numbers of one sign thin out no slower than that towards 0, and away from it their
    logarithms do not (Pareto's tail is just so): what is at most a tenth above the middle is never twice as great.
    """
    far = middle + _FURTHEST * (side.outermost - middle)
    rows = float(side.counts.sum())
    power = math.log(rows * _BEYOND) / math.log(rows / 2)
    if min(side.values[0], middle) > 0.0:
        ratio = math.log(side.outermost / middle) * power
        return min(far, middle * math.exp(ratio)) if ratio < _LOG_MAX else far
    return min(far, middle + power * (side.outermost - middle)) if side.outermost <= 0.0 else far


def _bound(side: _Side, end: float, whole: bool) -> float | None:
    """The natural bound that lies before the end, if the numbers do; None where there is none."""
    if side.outermost <= 0.0 <= end:
        return 0.0
    return next((bound for bound in _BOUNDS if side.outermost <= bound <= end and _keeps_to(side, bound, whole)), None)


def _keeps_to(side: _Side, bound: float, whole: bool) -> bool:
    """Whether numbers from 0 on touch the bound, or end as abruptly before it as those between two bounds do."""
    if side.values[0] < 0.0:
        return False
    touched = side.outermost == bound and (side.counts[-1] > 1 or not whole)
    return touched or _stops_near(side, bound - side.outermost)


def _stops_near(side: _Side, distance: float) -> bool:
    """Whether numbers end as abruptly as those between two bounds do, a few neighbours' distances before this one."""
    return distance <= _NEAR * _spacing(side) and _tail_of(side).shape < _ABRUPT


def _spacing(side: _Side) -> float:
    """The mean distance between the outermost rows."""
    reached = np.cumsum(side.counts[::-1])
    place = min(int(np.searchsorted(reached, _TAIL_MIN)), len(reached) - 1)
    return (side.outermost - float(side.values[-place - 1])) / float(reached[place])


def _rounded(column: NumberColumn, ends: tuple[float, float], seen: Limits) -> Limits:
    """The ends as a person writes them, never within what was seen."""
    (low, high), hard = ends, seen.hard
    step = 10.0 ** math.floor(math.log10(max(high - low, sys.float_info.min) / _STEPS * 2))
    if not hard[0]:
        low = min(low, _tidy(math.floor(low / step), step))
        low = 0.0 if ends[0] >= 0.0 > low else low
    if not hard[1]:
        high = max(high, _tidy(math.ceil(high / step), step))
        high = 0.0 if ends[1] <= 0.0 < high else high
    if column.type is not ColumnType.INTEGER:
        return replace(seen, minimum=min(low, float(seen.minimum)), maximum=max(high, float(seen.maximum)))
    first, last = int(column.minimum or 0), int(column.maximum or 0)
    if not INTEGER_MIN <= first <= last <= INTEGER_MAX:  # such a column is one of floats, and nothing ends there
        ends = first if hard[0] else min(math.floor(low), first), last if hard[1] else max(math.ceil(high), last)
        return replace(seen, minimum=ends[0], maximum=ends[1])
    return replace(
        seen,
        minimum=first if hard[0] else min(max(math.floor(low), INTEGER_MIN), first),
        maximum=last if hard[1] else max(min(math.ceil(high), INTEGER_MAX), last),
    )


def _tidy(steps: int, step: float) -> float:
    """So many steps, as the shortest decimal."""
    return float(f"{steps * step:.12g}")
