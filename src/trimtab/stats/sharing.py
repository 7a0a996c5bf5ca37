"""How a chance of error is shared out among many statements, so that together they err no more often than it says.

Bonferroni's inequality holds for any shares that add up to the whole. Half is shared out as the caller says, evenly for
example. The other half goes where it decides most: a statement whose margin is many standard errors wide is decided
with any share, and one whose margin is a fraction of one is not decided with all of it. The shares that make the mean
power greatest when every change lies one margin beyond its limit are those of Roeder and Wasserman ("Genome-wide
significance levels and weighted hypothesis testing", Statistical Science 24(4), 2009):
w = 1 - Phi(x / 2 + c / x), where x is the margin in standard errors and c makes them add up.

Half and half, because those shares alone leave next to nothing to what is easy at a distance of one margin, and a
change of half a margin would then be told later than need be. The first half keeps each statement within 6 % of the
band that it would have with an even share of the whole (at 100 statements and 5 %).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from trimtab.stats.arrays import Floats

_CLEAREST: Final = 40.0
"""Margins of more standard errors are all the same."""
_ROUNDS: Final = 32


def shared_out(error: float, *, parts: Floats, margins: Floats, copies: Floats) -> Floats:
    """The chance of error of each statement, shape (statements,).

    ``parts`` are those of the first half and add up to at most 1. ``margins`` are in standard errors, at least 0; what
    has no margin or an unknown one (NaN) has no share of the second half. A statement that was picked from ``copies``
    ones alike stands for all of them: its chance and its part are of one, and count so often.
    """
    half = error / 2.0
    known = np.isfinite(margins) & (margins > 0.0)
    if not known.any():
        return error * parts / np.maximum(copies, 1.0)
    wide = np.minimum(margins[known], _CLEAREST)
    often = copies[known]
    # At low the least margin's share alone is more than a half; at high every share is less than any error asked for.
    low, high = -(float(wide.min()) ** 2) / 2.0, _CLEAREST * float(wide.max())
    for _ in range(_ROUNDS):
        middle = (low + high) / 2.0
        if float(_beyond(wide / 2.0 + middle / wide) @ often) > half:
            low = middle
        else:
            high = middle
    shares: Floats = half * parts / np.maximum(copies, 1.0)
    shares[known] += _beyond(wide / 2.0 + high / wide)
    return shares


def _beyond(z: Floats) -> Floats:
    """The chance that a standard normal variable is above each ``z``, never too small: Sampford's bound (Annals of
    Mathematical Statistics 24(1), 1953), within 1 % from 1.5 on."""
    upper = np.maximum(z, 0.0)
    chance = np.exp(-upper * upper / 2.0) / np.sqrt(2.0 * np.pi) * 4.0 / (3.0 * upper + np.sqrt(upper * upper + 8.0))
    return np.where(z > 0.0, chance, 1.0)
