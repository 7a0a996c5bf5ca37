"""The range that numbers keep to: not only what was seen, but what ten times as many rows would hardly leave.

The least and the greatest number of n rows are left by about ten rows of the next 10 n, whatever the distribution is,
so a range of what was seen alarms for nothing. An end is therefore either *hard*, where so many rows stand at it that
it is where the numbers stop (a share capped at 100, codes from 0 to 5, the zeros of an amount), or it is moved out to
where a generalised Pareto tail through the outermost rows has one thousandth of a row left. The tail's shape is
estimated by probability-weighted moments (Hosking and Wallis, Technometrics 29, 1987), drawn towards that of an
exponential tail where there are few rows, and taken one standard error heavier than it looks.

docs/inference.md has the argument, what was rejected, and how often fresh rows leave such a range.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from trimtab.data.kinds import INTEGER_MAX, INTEGER_MIN, ColumnType
from trimtab.data.profile import NumberColumn
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
_DRAWN: Final = 25
"""So many rows' worth of weight has the belief that the tail is exponential."""
_SHAPES: Final = (-0.05, 0.9)
"""A tail that ends abruptly looks as one that thins out; heavier than the greatest has no mean."""
_ERROR: Final = 1.5
"""The standard error of the shape is about this, divided by the square root of the tail's rows."""
_STANDING: Final = 10
"""So many rows would be expected on the next number, if the numbers went on as they did up to the end."""
_PILED: Final = 4
"""A bucket of several numbers that holds so many times its neighbour's rows holds one number that many rows have."""
_NEAR: Final = 20
"""Distances between neighbouring rows of the tail within which a natural bound is as good as reached."""
_ABRUPT: Final = -0.4
"""The shape of a tail that ends abruptly is below; -1 is that of even numbers, 0 that of an exponential tail."""
_BOUNDS: Final = (1.0, 100.0)
"""What shares and percentages do not exceed."""
_FURTHEST: Final = 9
"""An end is at most so many times as far from the middle as the outermost number: ten times that is told, however heavy
the tail seems to be."""
_STEPS: Final = 100
"""An end is rounded outwards to about this part of the whole range, so that a person can read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The ends that were inferred; ``hard`` says of the lower and the upper one whether it is where numbers stop."""

    minimum: int | float
    maximum: int | float
    hard: tuple[bool, bool]


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a column, turned so that it is the upper one: numbers ascending, their rows, the outermost one."""

    values: Floats
    counts: Floats
    outermost: float
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tail:
    """The outermost rows of a side: how many, from where, how far they go on average, and the shape that they show."""

    rows: float
    start: float
    mean: float
    shape: float


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
    hard = _is_hard(lower), _is_hard(upper)
    low = least if hard[0] else -_end(lower, _tail_of(lower))
    high = greatest if hard[1] else _end(upper, _tail_of(upper))
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    middle = float(values[np.searchsorted(np.cumsum(counts), column.count / 2)])
    low = max(low, middle - _FURTHEST * (middle - least))
    high = min(high, middle + _FURTHEST * (greatest - middle))
    low, high = _bounded(low, high, (lower, upper), middle)
    return _rounded(column, (low, high), hard)


def _is_hard(side: _Side) -> bool:
    """Whether numbers stop at the outermost one: so many rows stand there that the next would have been seen."""
    last, before = float(side.counts[-1]), float(side.counts[-2])
    if not side.exact:
        return last >= 2 * _STANDING and last >= _PILED * before
    return last * min(1.0, last / before) >= _STANDING


def _tail_of(side: _Side) -> _Tail:
    """The outermost rows."""
    rows = float(side.counts.sum())
    wanted = min(max(rows / _TAIL_SHARE, min(_TAIL_MIN, rows / 4)), _TAIL_MAX)
    reached = np.cumsum(side.counts[::-1])
    buckets = min(int(np.searchsorted(reached, wanted)) + 1, len(reached) - 1)
    tail, size = float(reached[buckets - 1]), side.counts[-buckets:]
    start = (float(side.values[-buckets - 1]) + float(side.values[-buckets])) / 2
    excess = np.minimum(side.values[-buckets:], side.outermost) - start
    mean = float((excess * size).sum()) / tail
    ranks = np.cumsum(size) - size / 2 + 0.15  # the middle of each bucket's ranks, less 0.35
    weighted = float((excess * size * (1.0 - ranks / tail)).sum()) / tail
    gap = mean - 2.0 * weighted
    return _Tail(rows=tail, start=start, mean=mean, shape=max(2.0 - mean / gap, -1.0) if gap > 0.0 else -1.0)


def _end(side: _Side, tail: _Tail) -> float:
    """Where the tail has a thousandth of a row left."""
    if not tail.mean > 0.0:
        return side.outermost
    drawn = tail.shape * tail.rows / (tail.rows + _DRAWN) + _ERROR / math.sqrt(tail.rows + _DRAWN)
    shape = min(max(drawn, _SHAPES[0]), _SHAPES[1])
    steps = math.log(tail.rows * _BEYOND)
    growth = math.expm1(shape * steps) / shape if abs(shape) > 1e-9 else steps
    return max(side.outermost, tail.start + tail.mean * (1.0 - shape) * growth)


def _bounded(low: float, high: float, sides: tuple[_Side, _Side], middle: float) -> tuple[float, float]:
    """The ends, held back by zero, one and a hundred where the numbers lie as if these were their bounds."""
    least, greatest = -sides[0].outermost, sides[1].outermost
    below, above = middle - least, greatest - middle
    share = greatest in _BOUNDS and _is_hard(sides[1])
    if least >= 0.0 > low and (share or below < above / 2 or _stops_near(sides[0], least)):
        low = 0.0
    if greatest <= 0.0 < high and (above < below / 2 or _stops_near(sides[1], -greatest)):
        high = 0.0
    for bound in _BOUNDS:
        if low >= 0.0 and greatest <= bound < high and _stops_near(sides[1], bound - greatest):
            high = bound
    return low, high


def _stops_near(side: _Side, distance: float) -> bool:
    """Whether numbers end as abruptly as those between two bounds do, a few neighbours' distances before this one."""
    return distance <= _NEAR * _spacing(side) and _tail_of(side).shape < _ABRUPT


def _spacing(side: _Side) -> float:
    """The mean distance between the outermost rows."""
    reached = np.cumsum(side.counts[::-1])
    place = min(int(np.searchsorted(reached, _TAIL_MIN)), len(reached) - 1)
    return (side.outermost - float(side.values[-place - 1])) / float(reached[place])


def _rounded(column: NumberColumn, ends: tuple[float, float], hard: tuple[bool, bool]) -> Limits | None:
    """The ends as a person writes them, never within what was seen."""
    low, high = ends
    step = 10.0 ** math.floor(math.log10(max(high - low, sys.float_info.min) / _STEPS * 2))
    if not hard[0]:
        low = min(low, _tidy(math.floor(low / step), step))
        low = 0.0 if ends[0] >= 0.0 > low else low
    if not hard[1]:
        high = max(high, _tidy(math.ceil(high / step), step))
        high = 0.0 if ends[1] <= 0.0 < high else high
    if column.type is not ColumnType.INTEGER:
        seen = float(column.minimum or 0.0), float(column.maximum or 0.0)
        return Limits(minimum=min(low, seen[0]), maximum=max(high, seen[1]), hard=hard)
    first, last = int(column.minimum or 0), int(column.maximum or 0)
    if not INTEGER_MIN <= first <= last <= INTEGER_MAX:  # such a column is one of floats, and nothing ends there
        ends = first if hard[0] else min(math.floor(low), first), last if hard[1] else max(math.ceil(high), last)
        return Limits(minimum=ends[0], maximum=ends[1], hard=hard)
    return Limits(
        minimum=first if hard[0] else min(max(math.floor(low), INTEGER_MIN), first),
        maximum=last if hard[1] else max(min(math.ceil(high), INTEGER_MAX), last),
        hard=hard,
    )


def _tidy(steps: int, step: float) -> float:
    """So many steps, as the shortest decimal."""
    return float(f"{steps * step:.12g}")
