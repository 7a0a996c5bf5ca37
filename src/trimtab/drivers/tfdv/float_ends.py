"""The ends of a range as a schema holds them: as 32-bit floats, of which most decimals are none.

Both ways round outward. An end that moved inward would refuse rows that the contract lets in: the nearest 32-bit float
to 0.1 is greater than 0.1. What is lost is a ten-millionth of an end, and that is named where a contract is exported.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

_BELOW: Final = np.float32(-math.inf)
_ABOVE: Final = np.float32(math.inf)


def outward(end: float, *, least: bool) -> float | None:
    """The nearest 32-bit float that is not above a minimum (``least``), or not below a maximum; None where there is
    none, so that the side stays open.

    Example:
        >>> outward(0.5, least=True), outward(0.1, least=True)
        (0.5, 0.09999999403953552)
    """
    with np.errstate(over="ignore", under="ignore"):
        stored = np.float32(end)
        if (float(stored) > end) if least else (float(stored) < end):
            stored = np.nextafter(stored, _BELOW if least else _ABOVE)
    return float(stored) if math.isfinite(stored) else None


def shown(stored: float, *, least: bool) -> float | None:
    """The end that a contract has for a stored one: the shortest decimal that is the same 32-bit float, if it lets in
    no less; else the stored number itself. None where the side is open.

    Example:
        >>> shown(0.10000000149011612, least=True), shown(0.10000000149011612, least=False)
        (0.1, 0.10000000149011612)
    """
    if not math.isfinite(stored):
        return None
    short = shortest(stored)
    return short if (short <= stored if least else short >= stored) else stored


def shortest(stored: float) -> float:
    """The shortest decimal that is this 32-bit float, on whichever side of it."""
    return float(str(np.float32(stored)))
