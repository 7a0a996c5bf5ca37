"""Means and spreads that one wild value cannot decide.

They are of numbers kept within the reference's own 0.5 % and 99.5 % quantiles: what lies beyond counts as if it were at
the quantile (Tukey, "The future of data analysis", Annals of Mathematical Statistics 33(1), 1962, who named it after
Charles Winsor).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from trimtab.data.distance import Numbers, Slack
from trimtab.stats.special import normal_quantile

Array = np.ndarray[Any, np.dtype[Any]]

TAIL: Final = 0.005
"""The share of the reference's rows at each end whose numbers count as if they were at the quantile."""
_FAR: Final = 0.025
_FURTHEST: Final = 0.001


class Winsorised(msgspec.Struct, frozen=True, kw_only=True):
    """Mean and variance of both sides' numbers, kept within the reference's quantiles ``low`` and ``high``.

    Not finite where the squares of such numbers are beyond a float64. ``sides`` has the numbers of both.
    """

    low: float
    high: float
    then: tuple[float, float]
    now: tuple[float, float]
    sides: tuple[Numbers, Numbers]

    @property
    def spread(self) -> float:
        """The reference's standard deviation: what a location is measured in."""
        return math.sqrt(self.then[1])

    @property
    def furthest(self) -> float:
        """How far from the reference's mean a number may be."""
        return max(self.then[0] - self.low, self.high - self.then[0])

    @property
    def beyond(self) -> float:
        """The share of today's numbers that lie beyond the limits."""
        current = self.sides[1]
        return float(current.shares[(current.middles < self.low) | (current.middles > self.high)].sum())

    def fourths(self) -> Iterator[float]:
        """The fourth standardised moment of each side; 1 where its numbers do not vary."""
        for numbers, (mean, spread) in zip(self.sides, (self.then, self.now), strict=True):
            if not spread > 0.0:
                yield 1.0
                continue
            apart = _clipped(numbers.middles, self.low, self.high) - mean
            apart /= math.sqrt(spread)  # whose fourth power is within a float64 wherever its square is
            apart *= apart
            yield float((apart * apart) @ numbers.shares)


def winsorised(reference: Numbers, current: Numbers) -> Winsorised | None:
    """The numbers of both sides; None where a side has none."""
    if not len(reference.keys) or not len(current.keys):
        return None
    low, high = ends(reference)
    sides = reference, current
    then, now = (_moments(numbers, low, high) for numbers in sides)
    return Winsorised(low=low, high=high, then=then, now=now, sides=sides)


def slack_of(reference: Numbers, spread: float, share: float) -> Slack:
    """The slack that is such a share of a deviation: of that of most numbers for each (`slack_unit`), and for a number
    that many rows hold of the deviation of all but the furthest 0.1 %, since such a number has no width of its own."""
    each = share * slack_unit(reference, spread)
    wide = _moments(reference, *ends(reference, _FURTHEST))[1] if each > 0.0 else 0.0
    return Slack(each, max(each, share * math.sqrt(wide) if math.isfinite(wide) else 0.0))


def slack_unit(reference: Numbers, spread: float) -> float:
    """The standard deviation that a slack is a share of, from the winsorised one: that of a normal distribution with
    the same 2.5 % and 97.5 % quantiles where that is less, since a few far numbers must not excuse a change of all
    others."""
    if not spread > 0.0 or not math.isfinite(spread):
        return 0.0
    low, high = ends(reference, _FAR)
    return min(spread, (high - low) / (2.0 * normal_quantile(1.0 - _FAR))) if high > low else spread


def ends(reference: Numbers, tail: float = TAIL) -> tuple[float, float]:
    """The quantiles beyond which a share ``tail`` of the numbers lies at each end."""
    last = len(reference.reached) - 1
    low = min(int(np.searchsorted(reference.reached, tail)), last)
    high = min(int(np.searchsorted(reference.reached, 1.0 - tail)), last)
    return float(reference.middles[low]), float(reference.middles[high])


def _moments(numbers: Numbers, low: float, high: float) -> tuple[float, float]:
    values = _clipped(numbers.middles, low, high)
    if values[0] == values[-1]:  # they ascend; a rounded mean would leave a spread where there is none
        return float(values[0]), 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values @ numbers.shares)
        values -= mean
        values *= values
        return mean, float(values @ numbers.shares)


def _clipped(middles: Array, low: float, high: float) -> Array:
    kept = np.maximum(middles, low)
    return np.minimum(kept, high, out=kept)
