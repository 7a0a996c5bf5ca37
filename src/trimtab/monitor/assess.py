"""What the newest windows say of the champion: one finding for each thing that is watched.

Quality by the fold over all of its windows (`trimtab.monitor.decay`); inputs, scores, refusals and failures on the
rolling memory. The memory is judged anew after every window, so each look spends only its part of what may go wrong
in a year: the level of one look is 1 − (false alarms a year) / (windows a year).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from trimtab.base.verdict import Evidence, Interval, Verdict
from trimtab.data.column_profile import TimeColumn
from trimtab.data.differences import ColumnDifference
from trimtab.data.drift import Judging, compare
from trimtab.data.kinds import DriftLimits
from trimtab.data.profile import Profile, merge_all
from trimtab.monitor.decay import YEAR, Decay, judge
from trimtab.monitor.likeness import effective_shares
from trimtab.monitor.window import ReleaseWindow, WindowSummary
from trimtab.spec.project import Watch
from trimtab.stats.intervals import exact_share


class FindingKind(StrEnum):
    """What a finding is about."""

    DECAY = "decay"
    DRIFT = "drift"
    SCORES = "scores"
    REFUSALS = "refusals"
    FAILURES = "failures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the newest windows say of one thing; ``column`` is empty where it is not about one."""

    kind: FindingKind
    evidence: Evidence
    column: str = ""

    @property
    def verdict(self) -> Verdict:
        """The evidence's."""
        return self.evidence.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What the champion is held to: profiles of the rows that it was made from, and of its answers to them.

    ``scores`` may be the empty profile, and then scores are not judged.
    """

    release: str
    inputs: Profile
    scores: Profile


def assess(
    reference: Reference, decay: Decay | None, memory: Sequence[WindowSummary], watch: Watch, *, max_failures: float
) -> tuple[Finding, ...]:
    """The findings on the champion: decay, drift per column, scores, refusals, failures.

    Args:
        decay: the fold over the champion's windows whose labels have arrived; None where the release names no
            expectation to be held to.
        memory: the summaries of the rolling memory, in order.
        max_failures: the share of refused requests, and of failed ones, that is still acceptable.
    """
    parts = [window.of(reference.release) for window in memory]
    level = 1.0 - watch.false_alarms * watch.window / YEAR
    found = [Finding(kind=FindingKind.DECAY, evidence=_decay(decay))]
    for kind, then, now in (
        (FindingKind.DRIFT, reference.inputs, [part.inputs for part in parts]),
        (FindingKind.SCORES, reference.scores, [part.scores for part in parts]),
    ):
        found.extend(
            Finding(kind=kind, evidence=_evidence(kind, drift, watch.drift), column=drift.column)
            for drift in _drift(then, now, watch.drift, level)
        )
    unread = [window.of("") for window in memory]
    found.extend(_unanswered([*parts, *unread], level, max_failures))
    return tuple(found)


def _decay(decay: Decay | None) -> Evidence:
    if decay is not None:
        return judge(decay)
    return Evidence(
        check="quality in production",
        verdict=Verdict.UNSURE,
        reason="the release names no expected value of the watched metric",
        needs="judged rows on which the metric exists in at least one window",
    )


def _drift(then: Profile, windows: Sequence[Profile], tolerance: float, level: float) -> list[ColumnDifference]:
    """Each column's drift, with a band that holds for all of them together and counts like rows as one."""
    now = merge_all(windows)
    judged = [name for name, column in then.columns.items() if not isinstance(column, TimeColumn)]
    shares = effective_shares(windows, now)
    limits = DriftLimits(location=None, scale=None, shape=tolerance, share=tolerance)
    found: list[ColumnDifference] = []
    for name in judged:
        share = shares.get(name, 1.0)
        each = 1.0 - (1.0 - level) / len(judged)
        judging = Judging(limits=limits, level=each, effective=(share, share), only=(name,))
        found += compare(then, now, judging).columns
    return found


def _evidence(kind: FindingKind, drift: ColumnDifference, tolerance: float) -> Evidence:
    effect = drift.strongest
    known = math.isfinite(effect.size.estimate)
    told = f" ({effect.statistic} {effect.size}, tolerance {tolerance:.4g})" if known else ""
    return Evidence(
        check=f"{kind.value} of {drift.column}" if kind is FindingKind.DRIFT else f"drift of {drift.column}",
        verdict=drift.verdict,
        reason=f"{drift.column}: {effect.words}{told}",
        measured=effect.size if known else None,
        limit=tolerance,
        needs=effect.needs,
    )


def _unanswered(parts: Sequence[ReleaseWindow], level: float, limit: float) -> list[Finding]:
    requests = sum(part.answered + part.refused + part.failed for part in parts)
    counts = {
        FindingKind.REFUSALS: sum(part.refused for part in parts),
        FindingKind.FAILURES: sum(part.failed for part in parts),
    }
    return [
        Finding(kind=kind, evidence=_share(kind, exact_share(count, requests, level), count, limit))
        for kind, count in counts.items()
    ]


def _share(kind: FindingKind, found: Interval, count: int, limit: float) -> Evidence:
    verdict = Verdict.FAIL if found.low > limit else Verdict.PASS if found.high <= limit else Verdict.UNSURE
    word = "refused" if kind is FindingKind.REFUSALS else "failed"
    return Evidence(
        check=kind.value,
        verdict=verdict,
        reason=(
            f"{count:,} of {found.n:,} requests {'were ' if word == 'refused' else ''}{word} ({found.low:.2%} to "
            f"{found.high:.2%}); the limit is {limit:.2%}"
        ),
        measured=found if found.n else None,
        limit=limit,
        needs="" if verdict is not Verdict.UNSURE else "more requests",
    )
