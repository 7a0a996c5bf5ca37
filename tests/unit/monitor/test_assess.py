"""The findings of a fortnight: what is found, what is not, and what is missing."""

from __future__ import annotations

import math

import numpy as np

from trimtab.base.instants import DAY, Instant
from trimtab.base.verdict import Verdict
from trimtab.data.array_profile import profile_scores
from trimtab.data.profile import Profile
from trimtab.monitor.assess import Finding, FindingKind, Reference, assess
from trimtab.monitor.decay import begin, fold
from trimtab.monitor.window import ReleaseWindow, WindowSummary
from trimtab.records.journal import Actor, Draft, Entry, Phase, follow
from trimtab.records.versioned import decode, encode
from trimtab.spec.project import Watch
from trimtab.stats.arrays import Floats
from trimtab.stats.windows import WindowValue

WATCH = Watch(drift=0.15, decay=0.05)


def rows(values: Floats) -> Profile:
    """Rows with one column, named as a profile of scores names it."""
    return profile_scores(values)


REFERENCE = Reference(
    release="new",
    inputs=rows(np.random.default_rng(1).normal(0, 1, 20_000)),
    scores=rows(np.random.default_rng(2).random(20_000)),
)


def memory(
    *, days: int = 14, per_day: int = 1_000, shift: float = 0.0, refused: int = 0, unread: int = 0, seed: int = 3
) -> list[WindowSummary]:
    chance = np.random.default_rng(seed)
    return [
        WindowSummary(
            endpoint="e",
            start=Instant(day * DAY),
            end=Instant((day + 1) * DAY),
            metric="roc_auc",
            releases=(
                ReleaseWindow(release="", refused=unread),
                ReleaseWindow(
                    release="new",
                    answered=per_day,
                    refused=refused,
                    inputs=rows(chance.normal(shift, 1, per_day)),
                    scores=rows(chance.random(per_day)),
                ),
                ReleaseWindow(release="old", answered=per_day, failed=per_day),
            ),
        )
        for day in range(days)
    ]


def of(found: tuple[Finding, ...], kind: FindingKind) -> Finding:
    (finding,) = (finding for finding in found if finding.kind is kind)
    return finding


def verdicts(found: tuple[Finding, ...]) -> dict[str, Verdict]:
    return {finding.kind.value: finding.verdict for finding in found}


def test_a_calm_fortnight_passes_everything_but_a_quality_that_nobody_knows_yet() -> None:
    found = assess(REFERENCE, begin("new", "roc_auc", 0.85, WATCH), memory(), WATCH, max_failures=0.05)
    assert verdicts(found) == {
        "decay": Verdict.UNSURE,
        "drift": Verdict.PASS,
        "scores": Verdict.PASS,
        "refusals": Verdict.PASS,
        "failures": Verdict.PASS,
    }


def test_inputs_that_have_moved_are_found_by_column_with_the_numbers() -> None:
    found = of(assess(REFERENCE, None, memory(shift=1.0), WATCH, max_failures=0.05), FindingKind.DRIFT)
    assert found.column == "score"
    assert found.verdict is Verdict.FAIL
    assert found.evidence.limit == 0.15
    assert found.evidence.measured is not None
    assert found.evidence.measured.low > 0.15
    assert "tolerance 0.15" in found.evidence.reason


def test_a_few_rows_are_unsure_and_never_a_pass() -> None:
    for shift in (0.0, 3.0):
        found = assess(REFERENCE, None, memory(days=2, per_day=5, shift=shift), WATCH, max_failures=0.05)
        assert of(found, FindingKind.DRIFT).verdict is Verdict.UNSURE
        assert of(found, FindingKind.REFUSALS).verdict is Verdict.UNSURE


def test_days_that_differ_among_each_other_are_not_yet_drift() -> None:
    chance = np.random.default_rng(7)
    levels = chance.normal(0, 0.5, 14)
    windows = [memory(days=1, shift=float(level), seed=day)[0] for day, level in enumerate(levels)]
    found = of(assess(REFERENCE, None, windows, WATCH, max_failures=0.05), FindingKind.DRIFT)
    assert found.verdict is Verdict.UNSURE


def test_refusals_count_also_where_no_release_was_picked_and_another_releases_failures_do_not() -> None:
    found = assess(REFERENCE, None, memory(unread=150), WATCH, max_failures=0.05)
    assert of(found, FindingKind.REFUSALS).verdict is Verdict.FAIL
    assert "2,100 of 16,100 requests were refused" in of(found, FindingKind.REFUSALS).evidence.reason
    assert of(found, FindingKind.FAILURES).verdict is Verdict.PASS


def test_decay_is_told_from_the_fold_over_the_windows() -> None:
    state = begin("new", "roc_auc", 0.85, WATCH)
    bad = fold(state, [WindowValue(start=Instant(day * DAY), value=0.5, rows=48) for day in range(40)])
    assert of(assess(REFERENCE, bad, memory(), WATCH, max_failures=0.05), FindingKind.DECAY).verdict is Verdict.FAIL


def test_a_release_without_an_expectation_is_unsure_and_says_so() -> None:
    found = of(assess(REFERENCE, None, memory(), WATCH, max_failures=0.05), FindingKind.DECAY)
    assert found.verdict is Verdict.UNSURE
    assert "names no expected value" in found.evidence.reason


def test_without_any_window_everything_is_unsure_and_says_what_it_needs() -> None:
    found = assess(REFERENCE, begin("new", "roc_auc", 0.85, WATCH), [], WATCH, max_failures=0.05)
    assert len(found) == 5
    assert {finding.verdict for finding in found} == {Verdict.UNSURE}
    assert all(finding.evidence.needs for finding in found)


def test_findings_can_be_written_into_the_journal_and_read_again() -> None:
    for windows in ([], memory(days=3, per_day=4), memory()):
        found = assess(REFERENCE, None, windows, WATCH, max_failures=0.05)
        draft = Draft(
            at=Instant(0),
            action_key="",
            kind="nothing",
            phase=Phase.DECISION,
            actor=Actor(kind="controller", name="trimtab", authenticated="test"),
            reason="nothing",
            evidence=tuple(finding.evidence for finding in found),
        )
        entry = follow(None, draft)
        assert decode(Entry, encode(entry)) == entry
        assert not any(
            math.isnan(finding.evidence.measured.estimate) for finding in found if finding.evidence.measured is not None
        )


def test_scores_are_not_judged_where_the_release_has_no_profile_of_them() -> None:
    without = Reference(release="new", inputs=REFERENCE.inputs, scores=Profile())
    found = assess(without, None, memory(), WATCH, max_failures=0.05)
    assert FindingKind.SCORES not in {finding.kind for finding in found}
