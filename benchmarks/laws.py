"""Columns whose distribution changes by a known multiple of what is tolerated, for `truth.py`'s curve.

``USUAL`` are the laws by which drift was looked at while it was made; ``OTHER`` were added to look whether what was
learned there holds elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
import tables
from scipy import stats

Array = np.ndarray[Any, np.dtype[Any]]

MULTIPLES: Final = (0.0, 0.5, 1.0, 2.0)

Quantile = Callable[[Array, float], Array]
"""Numbers from uniform ones, with a change of some strength; strength 0 is the reference."""


def base(law: Any) -> Callable[[Array], Array]:
    """A law's quantile function."""
    return lambda u: np.asarray(law.ppf(u))


def counts_of(law: Any) -> Callable[[Array], Array]:
    """The same of counts up to some hundreds, read off a table."""
    reached = law.cdf(np.arange(400))
    return lambda u: np.searchsorted(reached, u).astype(np.float64)


def _two_peaks(u: Array) -> Array:
    low, high = stats.norm(4.0, 1.0), stats.norm(20.0, 2.0)
    grid = np.concatenate([np.linspace(-2.0, 10.0, 4_000), np.linspace(10.0, 32.0, 4_000)])
    return np.asarray(np.interp(u, 0.4 * low.cdf(grid) + 0.6 * high.cdf(grid), grid))


def _mostly_zero(u: Array) -> Array:
    return np.where(u < 0.6, 0.0, stats.gamma(2.0, scale=10.0).ppf(np.clip((u - 0.6) / 0.4, 0.0, 1.0)))


def _closer_peaks(u: Array) -> Array:
    low, high = stats.norm(0.0, 1.0), stats.norm(4.0, 1.0)
    grid = np.linspace(-6.0, 10.0, 8_000)
    return np.asarray(np.interp(u, 0.5 * low.cdf(grid) + 0.5 * high.cdf(grid), grid))


def _zero_inflated(u: Array) -> Array:
    return np.where(u < 0.3, 0.0, stats.lognorm(0.8).ppf(np.clip((u - 0.3) / 0.7, 0.0, 1.0)))


USUAL: Final[dict[str, Callable[[Array], Array]]] = {
    "normal": base(stats.norm(50.0, 10.0)),
    "lognormal": base(stats.lognorm(1.0)),
    "exponential": base(stats.expon()),
    "t3": base(stats.t(3)),
    "two peaks": _two_peaks,
    "Poisson": counts_of(stats.poisson(3.0)),
    "mostly zero": _mostly_zero,
}
OTHER: Final[dict[str, Callable[[Array], Array]]] = {
    "gamma 2": base(stats.gamma(2.0)),
    "t5": base(stats.t(5)),
    "uniform": base(stats.uniform()),
    "beta 2, 8": base(stats.beta(2.0, 8.0)),
    "closer peaks": _closer_peaks,
    "Poisson of 8": counts_of(stats.poisson(8.0)),
    "zero-inflated": _zero_inflated,
}
LAWS: Final = {**USUAL, **OTHER}
RATES: Final = {"Poisson": 3.0, "Poisson of 8": 8.0}
POSITIVE: Final = ("lognormal", "exponential", "mostly zero", "gamma 2", "zero-inflated")
WITH_STEPS: Final = ("Poisson", "mostly zero", "Poisson of 8", "zero-inflated")
USUAL_SHARES: Final[dict[str, Array]] = {
    "of 2": np.array([0.95, 0.05]),
    "of 4": np.array(tables.CHANNEL_SHARES),
    "of 50": tables.zipf(50, 0.8) / tables.zipf(50, 0.8).sum(),
    "of 2,000": tables.zipf(2_000) / tables.zipf(2_000).sum(),
}
OTHER_SHARES: Final[dict[str, Array]] = {
    "of 2, even": np.array([0.5, 0.5]),
    "of 3": np.array([0.45, 0.35, 0.2]),
    "of 7": tables.zipf(7, 1.0) / tables.zipf(7, 1.0).sum(),
    "of 50, steep": tables.zipf(50, 1.2) / tables.zipf(50, 1.2).sum(),
}


def location(name: str) -> Quantile:
    """The whole moves: numbers that are never negative by a factor, counts by their rate, others by so much."""
    law = LAWS[name]
    if name in RATES:
        return lambda u, by: counts_of(stats.poisson(RATES[name] * (1.0 + by)))(u)
    if name in POSITIVE:
        return lambda u, by: law(u) * (1.0 + by)
    return lambda u, by: law(u) + by * 10.0


def scale(name: str) -> Quantile:
    """Numbers lie farther from the median, or counts vary more."""
    law = LAWS[name]
    if name in RATES:
        rate = RATES[name]
        return lambda u, by: counts_of(stats.nbinom(rate / by, 1.0 / (1.0 + by)) if by else stats.poisson(rate))(u)
    if name in POSITIVE:
        return lambda u, by: law(u) ** (1.0 + by)
    middle = float(law(np.array([0.5]))[0])
    return lambda u, by: middle + (law(u) - middle) * (1.0 + by)


def shape(name: str) -> Quantile:
    """Rows move from the middle and both ends to between; of a symmetric law mean and spread hardly change."""
    law = LAWS[name]
    grid = np.linspace(0.0, 1.0, 20_001)
    bump = (np.sin(np.pi * grid) - 3.0 * np.sin(3.0 * np.pi * grid)) / 4.0
    return lambda u, by: law(np.interp(u, grid + by * bump, grid))


CHANGES: Final[dict[str, Callable[[str], Quantile]]] = {"location": location, "scale": scale, "shape": shape}
TAIL: Final = 0.005
FAR: Final = 0.025
GRID: Final = (np.arange(50_000) + 0.5) / 50_000


def multiple(quantile: Quantile, by: float, tolerance: Mapping[str, float]) -> float:
    """The true change as a multiple of what is tolerated: of location, scale and shape the largest.

    Mean and spread are those that Trimtab says it compares: of numbers that count as no farther out than the
    reference's own 0.5 % and 99.5 % quantiles. So is the shape: the distance, or twice what is left of it once each
    number may move by half the tolerance of location (docs/drift.md, "the slack of shape").
    """
    then, now = np.sort(quantile(GRID, 0.0)), np.sort(quantile(GRID, by))
    inner, moved = (np.clip(side, *np.quantile(then, (TAIL, 1.0 - TAIL))) for side in (then, now))
    low, high = np.quantile(then, (FAR, 1.0 - FAR))
    unit = min(float(inner.std()), float(high - low) / (2.0 * stats.norm.ppf(1.0 - FAR))) if high > low else inner.std()
    slack = tolerance["location"] / 2 * float(unit)
    return max(
        abs(float(moved.mean() - inner.mean())) / float(inner.std()) / tolerance["location"],
        abs(float(moved.std() / inner.std()) - 1.0) / tolerance["scale"],
        min(_apart(then, now, 0.0), 2.0 * _apart(then, now, slack)) / tolerance["shape"],
    )


def _apart(then: Array, now: Array, slack: float) -> float:
    """By how much one distribution function lies above the other, each number moved by as much as ``slack``."""
    values = np.union1d(then, now)

    def reached(side: Array, up_to: Array) -> Array:
        return np.searchsorted(side, up_to, side="right") / len(side)

    one = reached(then, values) - reached(now, values + slack)
    other = reached(now, values) - reached(then, values + slack)
    return max(0.0, float(one.max()), float(other.max()))


def strength(quantile: Quantile, wanted: float, tolerance: Mapping[str, float]) -> float:
    """The strength at which a change is so many times what is tolerated; found by halving."""
    low, high = 0.0, 0.01
    while multiple(quantile, high, tolerance) < wanted:
        low, high = high, 1.5 * high
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if multiple(quantile, middle, tolerance) < wanted else (low, middle)
    return high


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One column of a curve's table: how it is drawn then and now."""

    statistic: str
    law: str
    multiple: float
    draw: Callable[[np.random.Generator, int, bool], pl.Series]

    @property
    def column(self) -> str:
        return f"{self.statistic} {self.law} {self.multiple:g}"


def numeric_case(statistic: str, law: str, wanted: float, tolerance: Mapping[str, float]) -> Case:
    """A column of numbers whose distribution changes."""
    quantile = CHANGES[statistic](law)
    by = strength(quantile, wanted, tolerance) if wanted else 0.0

    def draw(chance: np.random.Generator, rows: int, now: bool) -> pl.Series:
        return pl.Series(quantile(chance.random(rows), by if now else 0.0))

    return Case(statistic=statistic, law=law, multiple=wanted, draw=draw)


def share_case(law: str, shares: Array, wanted: float, tolerance: Mapping[str, float]) -> Case:
    """A column of categories, of which the second takes rows from the first."""
    by = wanted * tolerance["share"]
    then = np.cumsum(shares)
    now = np.cumsum(shares + np.pad([-by, by], (0, len(shares) - 2)))
    names = pl.Series([f"v{place}" for place in range(len(shares))])

    def draw(chance: np.random.Generator, rows: int, changed_: bool) -> pl.Series:
        reached = now if changed_ else then
        return names.gather(np.searchsorted(reached / reached[-1], chance.random(rows), side="right"))

    return Case(statistic="share", law=law, multiple=wanted, draw=draw)


def nulls_case(wanted: float, tolerance: Mapping[str, float]) -> Case:
    """A column of numbers of which more are null."""

    def draw(chance: np.random.Generator, rows: int, now: bool) -> pl.Series:
        numbers = pl.Series(chance.normal(size=rows))
        share = 0.05 + (wanted * tolerance.get("nulls", tolerance["share"]) if now else 0.0)
        return numbers.set(pl.Series(chance.random(rows) < share), None)

    return Case(statistic="share", law="null", multiple=wanted, draw=draw)


def cases(tolerance: Mapping[str, float], *, other: bool) -> list[list[Case]]:
    """The columns of the curve's tables, about thirty in each; with ``other`` of the laws that are not usual."""
    own, shares = (OTHER, OTHER_SHARES) if other else (USUAL, USUAL_SHARES)
    found = [
        [numeric_case(s, law, wanted, tolerance) for law in own for wanted in MULTIPLES] for s in ("location", "scale")
    ]
    continuous = [law for law in own if law not in WITH_STEPS]
    found.append([numeric_case("shape", law, wanted, tolerance) for law in continuous for wanted in MULTIPLES])
    of_values = [share_case(law, of, wanted, tolerance) for law, of in shares.items() for wanted in MULTIPLES]
    found.append([*of_values, *(nulls_case(wanted, tolerance) for wanted in MULTIPLES)])
    return found
