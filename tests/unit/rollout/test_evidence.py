"""From arrays of answers to what a step has shown."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from trimtab.base.instants import HOUR, MINUTE, Instant, Span
from trimtab.data.array_profile import profile_scores
from trimtab.data.column_profile import NumberColumn
from trimtab.rollout.evidence import Answers, step_evidence
from trimtab.rollout.state import Counts, StepEvidence


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


def judged() -> NumberColumn:
    """The challenger's scores at home: uniform, as `answers` draws them."""
    column = profile_scores(np.random.default_rng(2).random(500)).columns["score"]
    assert isinstance(column, NumberColumn)
    return column


def seen_of(given: Answers, **settings: Any) -> StepEvidence:
    return step_evidence(given, judged=judged(), **settings)


def test_answers_are_counted_by_variant_over_the_step_and_over_the_rollout() -> None:
    seen = seen_of(answers(120, every_fourth="refused"), step_since=Instant(HOUR), min_requests=20)
    assert seen.rollout.challenger == Counts(requests=30, refused=30)
    assert seen.step.challenger == Counts(requests=15, refused=15)
    assert seen.step.champion == Counts(requests=45)
    assert seen.shift is None


def test_slow_answers_are_counted_only_where_latency_is_judged() -> None:
    seen = seen_of(answers(40), step_since=Instant(0), min_requests=20, slow_beyond=Span(5_000))
    assert seen.step.challenger.slow == 10
    assert seen.step.champion.slow == 0
    assert seen_of(answers(40), step_since=Instant(0), min_requests=20).step.champion.slow is None


def test_scores_are_compared_at_planned_sizes_so_that_asking_more_often_changes_nothing() -> None:
    shifts = [seen_of(answers(count), step_since=Instant(0), min_requests=20).shift for count in (79, 80, 118, 120)]
    assert shifts[0] is None
    assert shifts[1] is not None
    assert (shifts[1].live, shifts[1].judged, shifts[1].look) == (20, 500, 1)
    assert shifts[2] == shifts[1]
    assert shifts[3] is not None
    assert (shifts[3].live, shifts[3].look) == (30, 2)


def test_no_answers_show_nothing() -> None:
    nothing = Answers(
        arrived_at=np.empty(0, dtype=np.int64),
        by_challenger=np.empty(0, dtype=np.bool_),
        status=np.empty(0, dtype=object),
        score=np.empty(0),
        latency_us=np.empty(0, dtype=np.int64),
    )
    seen = seen_of(nothing, step_since=Instant(0), min_requests=20)
    assert seen.rollout.challenger == Counts()
    assert seen.shift is None


def test_a_challenger_that_scores_as_at_home_has_no_shift_however_stale_the_champion_is() -> None:
    given = answers(4_000)
    stale = Answers(
        arrived_at=given.arrived_at,
        by_challenger=given.by_challenger,
        status=given.status,
        score=np.where(given.by_challenger, given.score, 0.99),
        latency_us=given.latency_us,
    )
    seen = seen_of(stale, step_since=Instant(0), min_requests=20)
    assert seen.shift is not None
    assert seen.shift.distance < 0.15


def test_a_challenger_that_answers_a_constant_is_far_from_what_it_did_at_home() -> None:
    given = answers(4_000)
    constant = Answers(
        arrived_at=given.arrived_at,
        by_challenger=given.by_challenger,
        status=given.status,
        score=np.where(given.by_challenger, 0.999, given.score),
        latency_us=given.latency_us,
    )
    seen = seen_of(constant, step_since=Instant(0), min_requests=20)
    assert seen.shift is not None
    assert seen.shift.distance > 0.9
