"""How far apart two samples are, with bounds that hold at every look.

The distance is Kolmogorov's and Smirnov's: the largest difference between the two distribution functions, 0–1, the same
whatever unit or scale the values have.

- From above: the empirical distance is on average not smaller than the true one (it is a supremum, which is convex),
  and one value moves it by at most 1/n, so McDiarmid's inequality bounds the true one by
  D + √((1/n + 1/m) ln(1/α) / 2). McDiarmid, "On the method of bounded differences", Surveys in Combinatorics, 1989.
- From below: both empirical distribution functions together are nowhere farther from the true ones than
  `largest_gap_of_two` says (Dvoretzky, Kiefer, Wolfowitz and Massart, for each).

The samples grow while they are watched. They are therefore judged at planned sizes only, each half as large again as
the last, and the i-th of these looks spends α / (i (i + 1)): together α, however long it goes on. Between two sizes
the last look stands, so that the verdict is a function of the answers and not of how often somebody asked.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from trimtab.base.verdict import Interval
from trimtab.stats.arrays import Floats
from trimtab.stats.intervals import largest_gap_of_two

GROWTH: Final = 1.5
"""From one look to the next: closer looks would spend the level faster than the sample grows."""


def ks_distance(first: Floats, second: Floats) -> float:
    """The Kolmogorov–Smirnov distance of two samples of finite values, 0–1; NaN if one is empty."""
    if not len(first) or not len(second):
        return math.nan
    one, two = np.sort(first), np.sort(second)
    places = np.concatenate([one, two])
    gaps = np.searchsorted(one, places, side="right") / len(one) - np.searchsorted(two, places, side="right") / len(two)
    return float(np.abs(gaps).max())


def look_at(size: int, first: int) -> tuple[int, int] | None:
    """The number (from 1) and the size of the last planned look at a sample of ``size``; None before the first look."""
    if size < first or first < 1:
        return None
    number, planned = 1, first
    while (following := max(planned + 1, math.ceil(planned * GROWTH))) <= size:
        number, planned = number + 1, following
    return number, planned


def distance_always(distance: float, sizes: tuple[int, int], look: int, level: float) -> Interval:
    """A distance with bounds that hold at all planned looks together, each with confidence ``level``.

    ``look`` counts the planned looks from 1; ``sizes`` are those of the two samples.
    """
    spent = (1.0 - level) / (look * (look + 1))
    above = math.sqrt((1.0 / sizes[0] + 1.0 / sizes[1]) * math.log(1.0 / spent) / 2.0)
    below = largest_gap_of_two(*sizes, 1.0 - spent)
    return Interval(
        estimate=distance,
        low=max(0.0, distance - below),
        high=min(1.0, distance + above),
        level=2.0 * level - 1.0,
        n=min(sizes),
    )
