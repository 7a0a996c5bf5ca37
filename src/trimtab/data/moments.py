"""Count, mean and central moments of numbers, merged without loss of precision.

Two-pass in a batch, then Pébay's update between batches ("Formulas for robust, one-pass parallel computation of
covariances and arbitrary-order statistical moments", SAND2008-6212, 2008). The mean is kept in two floats, so that
numbers far from zero and near to each other lose nothing when parts are merged. Parts in any order and partition agree
to some 1e-14 of the spread, not to the last bit: sums of floats without any rounding cost ten times as much
(docs/decisions/0008), and no verdict rests on the last bit.
"""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec
import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]

_NEAR: Final = 1e-6
"""A spread that is a smaller share of the mean may be that of rounding alone."""


class Moments(msgspec.Struct, frozen=True, kw_only=True):
    """Moments of finite numbers; ``m2`` to ``m4`` are sums of powers of the distance from the mean.

    One that is beyond a float64 (values near 1e308, or fourth powers of values beyond 1e77) is None. ``rest`` is what
    the rounding of ``mean`` left out.
    """

    count: int = 0
    mean: float | None = 0.0
    rest: float = 0.0
    m2: float | None = 0.0
    m3: float | None = 0.0
    m4: float | None = 0.0

    @property
    def deviation(self) -> float:
        """The standard deviation (divided by the count); NaN without a number, or beyond a float64."""
        if not self.count or self.m2 is None:
            return math.nan
        return math.sqrt(max(self.m2, 0.0) / self.count)

    @property
    def skewness(self) -> float:
        """The third standardised moment; NaN where nothing varies."""
        if not self.count or not self.m2 or self.m3 is None:
            return math.nan
        return (self.m3 / self.count) / math.pow(self.m2 / self.count, 1.5)

    @property
    def kurtosis(self) -> float:
        """The fourth standardised moment (3 for a normal distribution); NaN where nothing varies."""
        if not self.count or not self.m2 or self.m4 is None:
            return math.nan
        return (self.m4 / self.count) / (self.m2 / self.count) ** 2


def moments_of(values: Floats, total: float | None = None) -> Moments:
    """The moments of finite numbers, shape (n,); ``total`` is their sum, where it is known."""
    count = len(values)
    if not count:
        return Moments()
    with np.errstate(over="ignore", invalid="ignore"):
        mean = (float(values.sum()) if total is None else total) / count
        if not math.isfinite(mean):
            mean = float((values / count).sum())
        apart = values - mean
        offset = float(apart.sum()) / count
        if not math.isfinite(offset):
            offset = 0.0
        squares = apart * apart
        m2 = float(squares.sum())
        near = _NEAR * mean
        if m2 <= count * near * near:
            if values.min() == values.max():  # a constant has no spread, not even a tiny one
                return _moments(count, (float(values[0]), 0.0), 0.0, 0.0, 0.0)
            apart -= offset
            squares = apart * apart
            own = float(squares.sum()), float(squares @ apart), float(squares @ squares)
        else:
            own = _about(offset, count, m2, float(squares @ apart), float(squares @ squares))
    return _moments(count, (mean, offset), *own)


def _about(offset: float, count: int, m2: float, m3: float, m4: float) -> tuple[float, float, float]:
    """Sums of powers about the mean, from those about a number that lies ``offset`` below it, a rounding away."""
    o2 = offset * offset
    return (
        m2 - count * o2,
        m3 - 3.0 * offset * m2 + 2.0 * count * o2 * offset,
        m4 - 4.0 * offset * m3 + 6.0 * o2 * m2 - 3.0 * count * o2 * o2,
    )


def merge_moments(left: Moments, right: Moments) -> Moments:
    """The moments of both together."""
    if not left.count or not right.count:
        return right if not left.count else left
    a, b = left.count, right.count
    count = a + b
    nan = math.nan
    one = [nan if value is None else value for value in (left.mean, left.m2, left.m3, left.m4)]
    two = [nan if value is None else value for value in (right.mean, right.m2, right.m3, right.m4)]
    share, rest = b / count, a / count
    apart = (two[0] - one[0]) + (right.rest - left.rest)
    d2 = apart * apart
    mean = one[0], left.rest + apart * share
    if not math.isfinite(apart):
        mean = one[0] * rest + two[0] * share, 0.0
    m2 = one[1] + two[1] + d2 * a * share
    m3 = one[2] + two[2] + d2 * apart * a * share * (rest - share) + 3.0 * apart * (rest * two[1] - share * one[1])
    m4 = (
        one[3]
        + two[3]
        + d2 * d2 * a * share * (rest * rest - rest * share + share * share)
        + 6.0 * d2 * (rest * rest * two[1] + share * share * one[1])
        + 4.0 * apart * (rest * two[2] - share * one[2])
    )
    return _moments(count, mean, m2, m3, m4)


def _moments(count: int, mean: tuple[float, float], m2: float, m3: float, m4: float) -> Moments:
    whole = mean[0] + mean[1]
    rest = mean[1] - (whole - mean[0])
    whole_, two, three, four = (value if math.isfinite(value) else None for value in (whole + 0.0, m2, m3, m4))
    return Moments(count=count, mean=whole_, rest=rest if math.isfinite(rest) else 0.0, m2=two, m3=three, m4=four)
