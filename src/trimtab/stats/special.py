"""The few special functions that intervals need, written out because the base install has no SciPy.

SciPy would be the heaviest distribution of the install for four numbers per gate. Each function is checked against
SciPy in the tests, to a relative error of 1e-9.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

_TINY = 1e-300
_ROUNDS = 400
"""Far more than the continued fraction or a bisection over doubles ever takes."""


def normal_cdf(x: float) -> float:
    """The standard normal distribution function at ``x``."""
    return NormalDist().cdf(x)


def normal_quantile(probability: float) -> float:
    """The value that a standard normal variable stays below with ``probability``, strictly within 0–1."""
    return NormalDist().inv_cdf(probability)


def log_beta(a: float, b: float) -> float:
    """The logarithm of the beta function, for ``a, b > 0``."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b): the distribution function of Beta(a, b), ``a, b > 0``.

    Continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions, evaluated by Lentz's method
    on the side of the mean where it converges fast.
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(a * math.log(x) + b * math.log1p(-x) - log_beta(a, b))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(x, a, b) / a
    return 1.0 - front * _beta_fraction(1.0 - x, b, a) / b


def _beta_fraction(x: float, a: float, b: float) -> float:
    upper = 1.0
    lower = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = lower
    for m in range(1, _ROUNDS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            lower = 1.0 / _away_from_zero(1.0 + term * lower)
            upper = _away_from_zero(1.0 + term / upper)
            value *= lower * upper
        if abs(lower * upper - 1.0) < 1e-15:
            break
    return value


def _away_from_zero(x: float) -> float:
    return x if abs(x) > _TINY else _TINY


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The value that a Beta(a, b) variable stays below with ``probability`` (0–1)."""
    return bisect(lambda x: beta_cdf(x, a, b) - probability, 0.0, 1.0)


def t_quantile(probability: float, freedom: float) -> float:
    """The quantile of Student's t with ``freedom`` > 0 degrees of freedom, for a ``probability`` strictly within 0–1.

    If T is Student's t, then freedom / (freedom + T²) is Beta(freedom / 2, 1 / 2).
    """
    if probability == 0.5:
        return 0.0
    tail = min(probability, 1.0 - probability)
    share = beta_quantile(2.0 * tail, freedom / 2.0, 0.5)
    size = math.sqrt(freedom * (1.0 - share) / share)
    return size if probability > 0.5 else -size


def bisect(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a non-decreasing ``function`` changes sign between ``low`` and ``high``, to the last bit."""
    for _ in range(_ROUNDS):
        middle = (low + high) / 2.0
        if not low < middle < high:
            break
        if function(middle) < 0.0:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
