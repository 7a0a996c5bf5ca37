"""Tests by betting: evidence that may be looked at after every observation, and acted on, without losing its level.

A *loss* is a number ≥ 0. The claim "each loss is at most ``mean`` on average, given the past" is tested by betting
against it: a capital is multiplied by 1 + bet · (loss / mean − 1) per observation. If the claim is true the capital
is a non-negative supermartingale, whatever the distribution and however the observations depend on each other, so it
hardly ever grows large (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B
86(1), 2024, arXiv 2010.09686). How much to bet is not known beforehand, so the capital is spread evenly over `BETS`.

A claim that was true for long and becomes false leaves the bettor poor when it matters. The detector therefore puts a
new unit of capital on the table before each observation, and watches the sum: the e-detector of Shiryaev–Roberts form
of Shin, Ramdas and Rinaldo ("E-detectors", NEJSDS 2(2), 2024, arXiv 2203.03532), definition 2.6. While the claim holds
the sum after n observations has a mean of at most n, hence

    P(the sum reaches c within N observations) ≤ N / c,

by optional stopping at the first crossing or N. The same argument across restarts bounds the expected number of
false alarms in any N observations by N / c: a test that starts anew with each promotion spends no more than one that
does not.

Rejected: bets fitted to the past (aGRAPA) grow faster in a steady state, and are near zero just when a change comes;
a fixed-n test or a p-value per window alarms in time for any stream.
"""

from __future__ import annotations

from typing import Final

from trimtab.base.errors import InputError

BETS: Final = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
"""Shares of the capital that are bet. The small ones find small changes in noisy streams, the large ones a collapse."""

FLOOR: Final = 1e-12
"""Capitals are kept above this, so that none is lost to underflow; it adds less than 1e-12 per observation."""

Capitals = tuple[float, ...]
"""One capital per bet."""


def start(initial: float) -> Capitals:
    """Capitals before the first observation: 0 for a detector, 1 for a test that starts once."""
    return (initial,) * len(BETS)


def detect(capitals: Capitals, loss: float, mean: float, *, ceiling: float) -> Capitals:
    """The detector's capitals after one more loss, against "losses are at most ``mean`` on average".

    ``ceiling`` cuts each capital off, so that what was won over a long time can be lost in a short one; a capital that
    is cut off keeps its guarantee.

    Raises:
        InputError: the loss is negative or no number, or the mean is not positive.
    """
    return _times([capital + 1.0 for capital in capitals], _surprise(loss, mean), ceiling)


def accumulate(capitals: Capitals, gain: float, mean: float, *, ceiling: float) -> Capitals:
    """A once-started test's capitals after one more ``gain`` ≥ 0, against "gains are at most ``mean`` on average".

    ``ceiling`` and the errors are those of `detect`.
    """
    return _times(list(capitals), _surprise(gain, mean), ceiling)


def evidence(capitals: Capitals) -> float:
    """What the bets are worth together: the mean of the capitals."""
    return sum(capitals) / len(capitals)


def _surprise(value: float, mean: float) -> float:
    if not value >= 0.0 or not mean > 0.0:
        raise InputError(f"a bet on {value} against a mean of {mean} is not possible", fix="Both must be positive.")
    return value / mean - 1.0


def _times(capitals: list[float], surprise: float, ceiling: float) -> Capitals:
    return tuple(
        min(max(capital * (1.0 + bet * surprise), FLOOR), ceiling) for capital, bet in zip(capitals, BETS, strict=True)
    )
