"""How far a share of later rows may lie above the share of the rows that were seen, by chance alone.

Both steps are Chernoff's bound: the share that the seen rows leave possible, and the share that so many later rows
then reach. It is a closed inequality, right for any counts, and it errs on the side of silence; for large counts it is
about four standard deviations. Rejected: exact binomial quantiles, whose continued fraction does not converge for
millions of rows, and the normal approximation, which is wrong for the few gaps that matter most.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

_EVIDENCE: Final = math.log(100)
"""Each step fails once in a hundred times at most; both together do so far more rarely."""
_DIGITS: Final = 2


def most_later(count: int, rows: int, later: float, *, spread: float = 0.0) -> float:
    """The share (0-1) that so many ``later`` rows do not exceed by chance, if ``count`` of ``rows`` had it.

    ``spread`` is added to what the seen rows leave possible. The result is rounded up to two digits.

    Example:
        >>> most_later(20, 1_000, 1_000)
        0.056
    """
    possible = min(1.0, _beyond(count / rows, rows) + spread)
    return rounded_up(_beyond(possible, later, parameter=False))


def rounded_up(share: float) -> float:
    """The least per cent of two digits that is not below, as a share."""
    if not 0.0 < share < 1.0:
        return min(max(share, 0.0), 1.0)
    digits = _DIGITS - 1 - math.floor(math.log10(share * 100))
    percent = math.ceil(share * 100 * 10.0**digits - 1e-9) / 10.0**digits
    return min(1.0, float(Decimal(f"{percent:.10g}").scaleb(-2)))


def _beyond(share: float, rows: float, *, parameter: bool = True) -> float:
    """The greatest share that so many rows do not rule out: as their ``parameter``, or as what they show."""
    low, high = share, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        distance = _divergence(share, middle) if parameter else _divergence(middle, share)
        low, high = (middle, high) if rows * distance <= _EVIDENCE else (low, middle)
    return low


def _divergence(one: float, other: float) -> float:
    """Kullback and Leibler's, of two shares."""
    return _term(one, other) + _term(1.0 - one, 1.0 - other)


def _term(one: float, other: float) -> float:
    if one <= 0.0:
        return 0.0
    return one * math.log(one / other) if other > 0.0 else math.inf
