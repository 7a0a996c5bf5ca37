"""The data page's drawings: histograms of now beside the reference, bands beside tolerances, pairs as clouds of points.

Each is an SVG that stretches with its card, has a text for those who cannot see it, and leaves its words to HTML, where
they wrap and scale. Now is a filled area and the reference an outline, so that they can be told apart without colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from trimtab.base.verdict import Verdict
from trimtab.data.describe import Bins
from trimtab.data.differences import Effect, Statistic
from trimtab.data.sample import GAP, Sample
from trimtab.generate import data_figures as written
from trimtab.generate.data_markup import Html, joined, tag

WIDTH: Final = 320
HEIGHT: Final = 80
POINTS: Final = 320
_BAND_WIDTH: Final = 240
_CUT: Final = 4.0
_GOLDEN: Final = 0.618_033_988_75

Floats = np.ndarray[Any, np.dtype[np.float64]]


def histogram_chart(now: Bins | None, then: Bins | None, label: str) -> Html:
    """Now as filled bars, the reference as the outline of its own; both as shares of their rows."""
    tops = [max(bins.shares, default=0.0) for bins in (now, then) if bins is not None and bins.rows]
    if not tops or not max(tops):
        return tag("p", "no values to draw", class_="soft")
    # Where one side is nearly all in one bin, its bar is cut, so that the other side's can be seen.
    top = min(max(tops), _CUT * max(min(tops), 1e-9))
    cut = Html("") if top == max(tops) else _cut(max(tops))
    parts = []
    if now is not None and now.rows:
        parts.append(tag("path", class_="now", d=_bars(now.shares, top)))
    if then is not None and then.rows:
        parts.append(tag("path", class_="then", d=_outline(then.shares, top)))
    parts.append(tag("path", class_="base", d=f"M0 {HEIGHT}H{WIDTH}"))
    drawn = tag(
        "svg", *parts, class_="hist", viewBox=f"0 -2 {WIDTH} {HEIGHT + 3}", preserveAspectRatio="none",
        role="img", aria_label=label,
    )  # fmt: skip
    return joined(cut, drawn)


def axis(texts: Sequence[str]) -> Html:
    """Words below a drawing, spread from its left to its right end; read out with the drawing, not again."""
    return tag("div", *(tag("span", text) for text in texts), class_="axis", aria_hidden="true")


def band_chart(effect: Effect) -> Html:
    """The change and its band beside the tolerance: what lies all outside the shaded zone has drifted."""
    size = effect.size
    if effect.statistic is Statistic.COLUMN or math.isnan(size.estimate):
        return Html("")
    one_sided = effect.statistic is Statistic.SHAPE
    reach = max(abs(size.low), abs(size.high), 1.7 * effect.tolerance) * 1.06
    start = 0.0 if one_sided else -reach

    def x(value: float) -> float:
        return round(2 + (value - start) / (reach - start) * (_BAND_WIDTH - 4), 1)

    left, right = x(max(start, -effect.tolerance)), x(effect.tolerance)
    low, high, middle = x(size.low), x(size.high), x(size.estimate)
    ends = f"M{low} 8H{high}M{low} 4.5v7M{high} 4.5v7"
    return tag(
        "svg",
        tag("rect", class_="zone", x=left, y=1, width=round(right - left, 1), height=14, rx=2),
        tag("path", class_="zero", d=f"M{x(0.0)} 0V16"),
        tag("path", class_=f"reach {_kind(effect)}", d=ends),
        tag("circle", class_=f"dot {_kind(effect)}", cx=middle, cy=8, r=3.4),
        class_="band", viewBox=f"0 0 {_BAND_WIDTH} 16", role="img",
        aria_label=f"{effect.statistic.value}: {written.of_effect(effect)}",
    )  # fmt: skip


def share_bar(share: float) -> Html:
    """A share of the rows as a bar of which some always shows."""
    width = 0.0 if share <= 0.0 else max(1.5, min(100.0, 100.0 * share))
    return tag("span", tag("i", style=f"width:{width:.1f}%"), class_="share", aria_hidden="true")


def paired_bar(now: float, then: float | None, top: float) -> Html:
    """A value's share now as a bar, with a mark where the reference's ends; ``top`` is the longest of the list."""
    parts = [tag("i", style=f"width:{100 * now / top if top else 0:.1f}%")]
    if then is not None:
        parts.append(tag("b", style=f"left:{100 * then / top if top else 0:.1f}%"))
    return tag("span", *parts, class_="pair", aria_hidden="true")


def cloud(sample: Sample, columns: tuple[str, str], *, kind: str, label: str) -> Html | None:
    """The sampled rows by the ranks of two columns, which is what their correlation is of; None without both."""
    if any(name not in sample.columns for name in columns):
        return None
    xs, ys = (_places(sample, name) for name in columns)
    known = np.flatnonzero(~(np.isnan(xs) | np.isnan(ys)))[:POINTS]
    if not len(known):
        return None
    points = (f"M{x:.0f} {y:.0f}h0" for x, y in zip(2 + 116 * xs[known], 118 - 116 * ys[known], strict=True))
    return tag(
        "svg", tag("rect", class_="frame", x=0, y=0, width=120, height=120, rx=3),
        tag("path", class_=f"points {kind}", d="".join(points)),
        class_="cloud", viewBox="0 0 120 120", role="img", aria_label=label,
    )  # fmt: skip


def legend(then: str) -> Html:
    """Which of a drawing's two forms is now, and which the reference."""
    return tag(
        "p",
        tag("span", tag("i", class_="key-now"), "now"),
        tag("span", tag("i", class_="key-then"), joined("the reference", f", {then}" if then else "")),
        class_="legend",
    )


def _cut(share: float) -> Html:
    return tag("p", f"The highest bar is cut: it has {written.share(share)} of the rows.", class_="aside")


def _kind(effect: Effect) -> str:
    return {Verdict.FAIL: "fail", Verdict.UNSURE: "unsure", Verdict.PASS: "pass"}[effect.verdict]


def _height(share: float, top: float) -> str:
    return f"{HEIGHT - min(share / top, 1.0) * (HEIGHT - 4):.1f}"


def _bars(shares: Sequence[float], top: float) -> str:
    step = WIDTH / len(shares)
    gap = 1.0 if step > 5 else 0.0
    return "".join(
        f"M{i * step + gap / 2:.1f} {HEIGHT}V{_height(share, top)}h{step - gap:.1f}V{HEIGHT}z"
        for i, share in enumerate(shares)
        if share
    )


def _outline(shares: Sequence[float], top: float) -> str:
    step = WIDTH / len(shares)
    return f"M0 {HEIGHT}" + "".join(
        f"V{_height(share, top)}H{(i + 1) * step:.1f}" for i, share in enumerate(shares)
    ) + f"V{HEIGHT}"  # fmt: skip


def _places(sample: Sample, name: str) -> Floats:
    """Where each row lies between 0 and 1: by its rank; equal values are spread over theirs in a fixed way."""
    sampled = sample.columns[name]
    values = sampled.numbers if sampled.is_number else sampled.places.astype(np.float64)
    values = np.where(values == GAP, np.nan, values) if not sampled.is_number else values
    known = np.flatnonzero(~np.isnan(values))
    spread = (np.arange(len(values)) * _GOLDEN) % 1.0
    order = np.lexsort((spread[known], values[known]))
    places: Floats = np.full(len(values), np.nan)
    places[known[order]] = (np.arange(len(known)) + 0.5) / max(len(known), 1)
    return places
