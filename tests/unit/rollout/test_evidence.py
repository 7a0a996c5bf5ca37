"""From arrays of answers to what a step has shown."""

from __future__ import annotations

import math

import numpy as np

from trimtab.base.instants import HOUR, MINUTE, Instant, Span
from trimtab.rollout.evidence import Answers, step_evidence
from trimtab.rollout.state import Counts


def answers(count: int, *, every_fourth: str = "ok") -> Answers:
    """A request a minute; each fourth is the challenger's, whose answers all end as said."""
    mine = np.arange(count) % 4 == 3
    status = np.where(mine, every_fourth, "ok").astype(object)
    return Answers(
        arrived_at=np.arange(count, dtype=np.int64) * MINUTE,
        by_challenger=mine,
        status=status,
        score=np.where(status == "ok", np.random.default_rng(1).random(count), math.nan),
        latency_us=np.where(mine, 9_000, 1_000).astype(np.int64),
    )


def test_answers_are_counted_by_variant_over_the_step_and_over_the_rollout() -> None:
    seen = step_evidence(answers(120, every_fourth="refused"), step_since=Instant(HOUR), min_requests=20)
    assert seen.rollout.challenger == Counts(requests=30, refused=30)
    assert seen.step.challenger == Counts(requests=15, refused=15)
    assert seen.step.champion == Counts(requests=45)
    assert seen.shift is None


def test_slow_answers_are_counted_only_where_latency_is_judged() -> None:
    seen = step_evidence(answers(40), step_since=Instant(0), min_requests=20, slow_beyond=Span(5_000))
    assert seen.step.challenger.slow == 10
    assert seen.step.champion.slow == 0
    assert step_evidence(answers(40), step_since=Instant(0), min_requests=20).step.champion.slow is None


def test_scores_are_compared_at_planned_sizes_so_that_asking_more_often_changes_nothing() -> None:
    shifts = [
        step_evidence(answers(count), step_since=Instant(0), min_requests=20).shift for count in (79, 80, 118, 120)
    ]
    assert shifts[0] is None
    assert shifts[1] is not None
    assert (shifts[1].challenger, shifts[1].champion, shifts[1].look) == (20, 60, 1)
    assert shifts[2] == shifts[1]
    assert shifts[3] is not None
    assert (shifts[3].challenger, shifts[3].look) == (30, 2)


def test_no_answers_show_nothing() -> None:
    nothing = Answers(
        arrived_at=np.empty(0, dtype=np.int64),
        by_challenger=np.empty(0, dtype=np.bool_),
        status=np.empty(0, dtype=object),
        score=np.empty(0),
        latency_us=np.empty(0, dtype=np.int64),
    )
    seen = step_evidence(nothing, step_since=Instant(0), min_requests=20)
    assert seen.rollout.challenger == Counts()
    assert seen.shift is None
