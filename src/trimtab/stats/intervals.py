"""Bounds for shares and distributions: one for a look taken once, one for looking as often as one likes.

`exact_share` is for a figure that is read once. `share_always` is for a count that grows while it is watched: it may
be read after every request, and stopped on, without its level being spent. It is the wider of the two, by about a
third, and that is the price of not having to name the sample size beforehand.
"""

from __future__ import annotations

import math

from trimtab.base.verdict import Interval
from trimtab.stats.special import beta_quantile, bisect, log_beta


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
