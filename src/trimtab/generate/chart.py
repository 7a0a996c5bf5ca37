"""Two lines over time with marks, as the geometry of an SVG: pure arithmetic, drawn by the page's template."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite

import msgspec

from trimtab.base.instants import to_datetime

WIDTH, HEIGHT = 960, 360
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 28, 32
APART = 24
"""Pixels that a label needs for itself."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """The metric of both ways at ``at`` (UTC microseconds); NaN where it is not defined."""

    at: int
    first_release: float
    loop: float


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A moment worth a vertical line: a release became champion."""

    at: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    place: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A series: its path may have gaps; ``end`` is where its direct label stands."""

    name: str
    path: str
    dots: tuple[Dot, ...]
    end_y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A mark's place; ``number`` is its own in the list of marks, empty where the one before would overlap it."""

    place: float
    number: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    lines: tuple[Line, ...]
    marks: tuple[Stroke, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def line_chart(points: Sequence[Point], marks: Sequence[Mark]) -> Chart | None:
    """The chart's geometry in pixels, or None without a single finite point."""
    values = [v for p in points for v in (p.first_release, p.loop) if isfinite(v)]
    if not values:
        return None
    low, high = floor(min(values) * 10) / 10, ceil(max(values) * 10) / 10
    high = high if high > low else low + 0.1
    start, end = points[0].at, max(points[-1].at, points[0].at + 1)

    def x(at: int) -> float:
        return round(LEFT + (at - start) / (end - start) * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    months = [Tick(place=x(at), text=text) for at, text in _months(start, end)]
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        lines=(
            _line("never retrained", [(p.at, p.first_release) for p in points], x, y),
            _line("the loop", [(p.at, p.loop) for p in points], x, y),
        ),
        marks=tuple(_strokes([(x(mark.at), mark.label) for mark in marks if start <= mark.at <= end])),
        x_ticks=tuple(tick for tick in months if tick.place <= WIDTH - RIGHT - APART),
        y_ticks=tuple(
            Tick(place=y(low + i / 10), text=f"{low + i / 10:.1f}") for i in range(round((high - low) * 10) + 1)
        ),
    )


def _line(
    name: str, series: Sequence[tuple[int, float]], x: Callable[[int], float], y: Callable[[float], float]
) -> Line:
    path, pen_down, dots = [], False, []
    for at, value in series:
        if not isfinite(value):
            pen_down = False
            continue
        path.append(f"{'L' if pen_down else 'M'}{x(at)},{y(value)}")
        pen_down = True
        dots.append(Dot(x=x(at), y=y(value), title=f"{to_datetime(at):%Y-%m-%d}: {name} {value:.3f}"))
    return Line(name=name, path=" ".join(path), dots=tuple(dots), end_y=dots[-1].y if dots else 0.0)


def _strokes(places: Sequence[tuple[float, str]]) -> Iterator[Stroke]:
    last = -float("inf")
    for number, (place, title) in enumerate(places, start=1):
        apart = place - last >= APART
        last = place if apart else last
        yield Stroke(place=place, number=str(number) if apart else "", title=title)


def _months(start: int, end: int) -> list[tuple[int, str]]:
    """The first days of months between two instants, thinned to at most about ten."""
    moment, found = to_datetime(start).replace(day=1, hour=0, minute=0, second=0, microsecond=0), []
    while True:
        moment = moment.replace(year=moment.year + moment.month // 12, month=moment.month % 12 + 1)
        at = int(moment.timestamp()) * 1_000_000
        if at > end:
            break
        found.append((at, f"{moment:%b %Y}"))
    return found[:: max(1, ceil(len(found) / 10))]
