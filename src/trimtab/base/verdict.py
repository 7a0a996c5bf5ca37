"""Three verdicts and the evidence for them.

UNSURE is a verdict of its own because "no data" is not a pass: the field's commonest silent failure is a check that
had nothing to look at and went green.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What a check says: it holds, it does not, or there is too little to tell."""

    PASS = "PASS"
    FAIL = "FAIL"
    UNSURE = "UNSURE"


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate with its confidence interval; ``level`` is its coverage, 0–1, and ``n`` what it rests on."""

    estimate: float
    low: float
    high: float
    level: float
    n: int

    def __str__(self) -> str:
        return f"{self.estimate:.4g} [{self.low:.4g}, {self.high:.4g}]"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One check's verdict with what it rests on.

    Attributes:
        check: the check's name, e.g. ``roc_auc against champion``.
        verdict: PASS, FAIL or UNSURE.
        reason: one sentence with the numbers, for a person.
        measured: the interval that was judged, where there is one.
        limit: the number it was judged against, where there is one.
        needs: for UNSURE, what would decide, e.g. ``about 140 more requests``; else empty.
    """

    check: str
    verdict: Verdict
    reason: str
    measured: Interval | None = None
    limit: float | None = None
    needs: str = ""


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of several together: any FAIL fails, else any UNSURE is unsure; none at all is UNSURE."""
    seen = set(verdicts)
    if Verdict.FAIL in seen:
        return Verdict.FAIL
    if Verdict.UNSURE in seen or not seen:
        return Verdict.UNSURE
    return Verdict.PASS
