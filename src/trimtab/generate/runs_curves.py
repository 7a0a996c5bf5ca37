"""Logged values as curves: thinned so that a peak stays a peak, and laid out as the geometry of an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, isfinite, log10, nan
from typing import Final

from trimtab.records.series import Series

POINTS: Final = 240
"""Columns of a curve in the picture; each shows the least and the largest value in it."""

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 10, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One run's values of a metric as points by step; a value that is no finite number is a gap."""

    steps: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A chart: one path for each run (empty where it has no such metric), and what the axes say.

    ``high`` and ``low`` stand at the top and the bottom of the frame, ``first`` and ``last`` step at its sides.
    ``marks`` are runs with a single value: their place.
    """

    paths: tuple[str, ...]
    marks: tuple[tuple[float, float] | None, ...]
    low: float
    high: float
    first: int
    last: int


def drawn(curves: Sequence[dict[str, Series]]) -> list[str]:
    """The metrics that are worth a picture: those with two values at least in one run, in the order of their names."""
    counts: dict[str, int] = {}
    for each in curves:
        for name, series in each.items():
            counts[name] = max(counts.get(name, 0), len(series))
    return sorted(name for name, count in counts.items() if count > 1)


def curve(series: Series, points: int = POINTS) -> Curve:
    """The series by step, thinned to about twice as many points; the last value of a step counts."""
    last = dict(zip(series.steps, series.values, strict=True))
    steps = sorted(last)
    if len(steps) <= 2 * points:
        return Curve(steps=tuple(steps), values=tuple(last[step] for step in steps))
    kept: list[int] = []
    for number in range(points):
        some = steps[number * len(steps) // points : (number + 1) * len(steps) // points]
        finite = [step for step in some if isfinite(last[step])]
        low = min(finite, key=lambda step: last[step], default=some[0])
        high = max(finite, key=lambda step: last[step], default=some[-1])
        gaps = [step for step in some if not isfinite(last[step])][:1]
        ends = [some[0]] if number == 0 else [some[-1]] if number == points - 1 else []
        kept += sorted({low, high, *gaps, *ends})
    return Curve(steps=tuple(kept), values=tuple(last[step] for step in kept))


def resampled(series: Series, width: int) -> list[float]:
    """The series as so many values along its steps, each the last before its place: for one line of text."""
    shown = curve(series, max(width, 2))
    if len(shown.steps) <= width:
        return list(shown.values)
    places = [round(number * (len(shown.steps) - 1) / (width - 1)) for number in range(width)]
    return [shown.values[place] for place in places]


def bounds(curves: Sequence[Curve | None]) -> tuple[float, float]:
    """The least and the largest finite value of all; NaN twice without one."""
    values = [value for each in curves if each is not None for value in each.values if isfinite(value)]
    return (min(values), max(values)) if values else (nan, nan)


def draw(curves: Sequence[Curve | None]) -> Drawing | None:
    """The chart of a metric for all runs; None if no run has a finite value."""
    low, high = bounds(curves)
    if not isfinite(low):
        return None
    low, high = _rounded(low, high)
    there = [each for each in curves if each is not None and each.steps]
    first = min(each.steps[0] for each in there)
    last = max(each.steps[-1] for each in there)
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(step: int) -> float:
        return round(LEFT + (step - first) / max(last - first, 1) * width, 1)

    def y(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * height, 1)

    paths, marks = [], []
    for each in curves:
        points = [] if each is None else [(x(s), y(v) if isfinite(v) else inf) for s, v in zip_points(each)]
        paths.append(_path(points))
        finite = [point for point in points if isfinite(point[1])]
        marks.append(finite[0] if len(finite) == 1 else None)
    return Drawing(paths=tuple(paths), marks=tuple(marks), low=low, high=high, first=first, last=last)


def zip_points(shown: Curve) -> list[tuple[int, float]]:
    """The curve as pairs of step and value."""
    return list(zip(shown.steps, shown.values, strict=True))


def _path(points: Sequence[tuple[float, float]]) -> str:
    path, pen_down = [], False
    for x, y in points:
        if not isfinite(y):
            pen_down = False
            continue
        path.append(f"{'L' if pen_down else 'M'}{x:g},{y:g}")
        pen_down = True
    return "".join(path)


def _rounded(low: float, high: float) -> tuple[float, float]:
    """The bounds moved outwards to numbers with few digits, so that the axis can be read."""
    span = high - low
    if not isfinite(span):
        return low / 2 - 1, high / 2 + 1
    if span <= abs(high) * 1e-12:
        room = abs(high) * 0.1 or 1.0
        return low - room, high + room
    unit = 10.0 ** floor(log10(span)) / 2
    return floor(low / unit) * unit, ceil(high / unit) * unit
