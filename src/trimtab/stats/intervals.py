"""Bounds for shares and distributions: one for a look taken once, one for looking as often as one likes.

`exact_share` is for a figure that is read once. `share_always` is for a count that grows while it is watched: it may
be read after every request, and stopped on, without its level being spent. It is the wider of the two, by about a
third, and that is the price of not having to name the sample size beforehand.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from trimtab.base.verdict import Interval
from trimtab.stats.special import beta_quantile, bisect, log_beta

_FINE: Final = 1e-3
"""How closely a bound without a formula is worked out, as a share of it; it is rounded to the careful side."""


def exact_share(hits: int, n: int, level: float) -> Interval:
    """A share with its Clopper–Pearson interval of two-sided coverage ``level``; 0–1 where ``n`` is 0.

    Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 26(4), 1934: never below its level, for any n and any share.
    """
    tail = (1.0 - level) / 2.0
    low = beta_quantile(tail, hits, n - hits + 1) if hits else 0.0
    high = beta_quantile(1.0 - tail, hits + 1, n - hits) if hits < n else 1.0
    return Interval(estimate=hits / n if n else math.nan, low=low, high=high, level=level, n=n)


def share_always(hits: int, n: int, level: float, *, limit: float) -> Interval:
    """A share with bounds that hold for all n at once, each with confidence ``level`` (0–1 where ``n`` is 0).

    Each bound is the set of shares p that a bettor against them has not refuted: with L the likelihood of the counts,
    {p : ∫ L(q) dBeta(q) / L(p) < 1 / (1 − level)}. Any distribution of the bets gives the level. Against shares that
    are too high they lie around ``limit`` (strictly within 0–1), which the share is judged against: with no hit, the
    upper bound is below 0.05 after 81 at level 0.95 (a bound for one look needs 59). Against shares that are too low
    they are Jeffreys's Beta(½, ½), since a thing that breaks may break for every request.

    Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical Statistics
    41(5), 1970; the conjugate mixture of Howard et al., Annals of Statistics 49(2), 2021 (arXiv 1810.08240).
    """
    if n == 0:
        return Interval(estimate=math.nan, low=0.0, high=1.0, level=2.0 * level - 1.0, n=0)
    seen = hits / n
    high = bisect(lambda p: _wealth(hits, n, p, 0.5 / limit - 0.5) + math.log(1.0 - level), seen, 1.0)
    low = bisect(lambda p: -_wealth(hits, n, p, 0.5) - math.log(1.0 - level), 0.0, seen)
    return Interval(
        estimate=seen,
        low=low if hits else 0.0,
        high=high if hits < n else 1.0,
        level=2.0 * level - 1.0,
        n=n,
    )


def _wealth(hits: int, n: int, p: float, b: float) -> float:
    """The logarithm of what bets spread as Beta(½, b) have won against the share ``p``, 0 < p < 1."""
    won = log_beta(0.5 + hits, b + n - hits) - log_beta(0.5, b)
    return won - hits * math.log(p) - (n - hits) * math.log1p(-p)


def largest_gap(n: int, level: float) -> float:
    """How far an empirical distribution function of ``n`` rows may lie from the true one, at confidence ``level``.

    The inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant (Annals of Probability 18(3), 1990):
    √(ln(2 / (1 − level)) / 2n), for any distribution. At most 1.
    """
    return min(1.0, math.sqrt(math.log(2.0 / (1.0 - level)) / (2.0 * n))) if n else 1.0


@lru_cache(maxsize=1_024)  # columns of a table mostly have as many rows
def largest_gap_of_two(first: int, second: int, level: float) -> float:
    """How far the difference of two empirical distribution functions may lie above or below that of the true ones,
    anywhere, at confidence ``level``; also where the one is read beside the other. At most 1.

    For any two distributions and any numbers of rows: each side's largest gap in one direction is above x with a
    chance of at most exp(-2 n x²) (Massart, Annals of Probability 18(3), 1990, from ln 2 / 2n on). The gaps are
    independent, so their sum is above x at most as often as that of two variables with just these chances, which is an
    integral in closed form; and there are two directions. Adding up two bands, each at half of the error, is a third
    wider. Wei and Dudley (Statistics & Probability Letters 82(3), 2012) prove √(ln(2/α) (1/n + 1/m) / 2), which is a
    tenth narrower still, where both distributions are the same: not the case that is to be judged here.
    """
    if not first or not second:
        return 1.0
    low, high = _least_gap(first) + _least_gap(second), largest_gap(first, 0.5 + level / 2.0)
    high += largest_gap(second, 0.5 + level / 2.0)
    if high <= low or _gaps_beyond(high, first, second) > 1.0 - level:
        return min(1.0, high)
    while high - low > _FINE * high:
        middle = (low + high) / 2.0
        low, high = (middle, high) if _gaps_beyond(middle, first, second) > 1.0 - level else (low, middle)
    return min(1.0, high)


def _least_gap(n: int) -> float:
    return math.sqrt(math.log(2.0) / (2.0 * n))


def _gaps_beyond(x: float, n: int, m: int) -> float:
    """The chance that the sum of both largest gaps is above ``x``, in either direction, never too small."""
    start, end = _least_gap(n), x - _least_gap(m)
    if end <= start:
        return 2.0
    both, mode = 2.0 * (n + m), m * x / (n + m)
    root = math.sqrt(both)
    within = math.erf(root * (end - mode)) - math.erf(root * (start - mode))
    area = mode * math.sqrt(math.pi / both) / 2.0 * within
    area += (math.exp(-both * (start - mode) ** 2) - math.exp(-both * (end - mode) ** 2)) / (2.0 * both)
    summed = 4.0 * n * math.exp(-2.0 * n * m / (n + m) * x * x) * max(area, 0.0)
    return 2.0 * (summed + 0.5 * math.exp(-2.0 * m * (x - start) ** 2) + math.exp(-2.0 * n * end * end))
