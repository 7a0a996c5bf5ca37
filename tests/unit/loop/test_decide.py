"""What the loop does about what it knows, and what it says when it does nothing."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.unit.loop.worlds import NEW, NOW, OLD, POLICY, SERVE, finding, running, shown, training, world
from trimtab.base.instants import DAY, HOUR, Instant, Span
from trimtab.base.verdict import Verdict
from trimtab.loop.action import AskPerson, DoNothing, MoveRollout, StartTraining
from trimtab.loop.decide import decide
from trimtab.loop.explain import explain
from trimtab.loop.world import TrainingState, World
from trimtab.monitor.assess import FindingKind
from trimtab.rollout.state import Aborted, AwaitingApproval, Completed, Running
from trimtab.spec.project import Promote

DECAYED = (finding(Verdict.FAIL),)


def only(decided: World) -> MoveRollout | AskPerson | StartTraining | DoNothing:
    (action,) = decide(decided)
    return action


def test_without_a_failed_finding_nothing_is_done_and_the_findings_are_the_evidence() -> None:
    action = only(world(findings=(finding(Verdict.PASS), finding(Verdict.UNSURE, FindingKind.DRIFT))))
    assert isinstance(action, DoNothing)
    assert "nothing that this project retrains on has failed" in action.reason
    assert [item.verdict for item in action.evidence] == [Verdict.PASS, Verdict.UNSURE]


def test_decay_starts_a_training_whose_effect_is_its_lag_later() -> None:
    action = only(world(findings=DECAYED))
    assert isinstance(action, StartTraining)
    assert action.because == ("decay",)
    assert action.effect_at == NOW + POLICY.lag
    assert action.key == f"train:main:{NOW}"


def test_in_production_effects_follow_at_once() -> None:
    action = only(world(findings=DECAYED, instant_effects=True))
    assert isinstance(action, StartTraining)
    assert action.effect_at == NOW


def test_a_kind_that_the_project_does_not_retrain_on_starts_nothing() -> None:
    policy = replace(POLICY, on_drift=False)
    assert isinstance(only(world(findings=(finding(Verdict.FAIL, FindingKind.DRIFT),), retrain=policy)), DoNothing)


def test_an_unsure_finding_starts_nothing() -> None:
    assert isinstance(only(world(findings=(finding(Verdict.UNSURE),))), DoNothing)


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"labels": 99}, "99 labelled rows have arrived since the champion was trained, and 100 are needed"),
        ({"trainings": (training(6),)}, "the cool-down of 7d lasts until 2026-03-02T00:00:00Z"),
        (
            {"trainings": (training(80), training(8))},
            "the budget of 2 trainings per 90d is used up until 2026-03-11T00:00:00Z",
        ),
        ({"trainings": (training(1, TrainingState.RUNNING),)}, "the training of 2026-02-28T00:00:00Z is not finished"),
        ({"route_open": True}, "a change of the route is still being carried out"),
    ],
)
def test_what_stands_in_the_way_of_a_wanted_training_is_said(changes: dict[str, object], because: str) -> None:
    action = only(world(findings=DECAYED, **changes))
    assert isinstance(action, DoNothing)
    assert because in action.reason


def test_a_training_from_before_the_budget_s_span_does_not_count() -> None:
    assert isinstance(only(world(findings=DECAYED, trainings=(training(91), training(8)))), StartTraining)


def test_a_schedule_counts_from_the_last_training_or_promotion() -> None:
    policy = replace(POLICY, on_decay=False, on_drift=False, every=Span(30 * DAY))
    assert isinstance(only(world(retrain=policy)), StartTraining)
    assert isinstance(only(world(retrain=policy, champion_since=Instant(NOW - 29 * DAY))), DoNothing)
    assert isinstance(only(world(retrain=policy, trainings=(training(29),))), DoNothing)


def test_a_passed_challenger_begins_its_rollout_once_the_route_can_have_changed() -> None:
    action = only(world(candidate=NEW))
    assert isinstance(action, MoveRollout)
    assert action.effect_at == NOW + POLICY.route_lag == NOW + HOUR
    assert isinstance(action.state, Running)
    assert action.state.step_since == action.effect_at
    assert (action.state.champion, action.state.challenger) == (OLD, NEW)


def test_a_person_is_asked_unless_the_project_says_auto() -> None:
    action = only(world(candidate=NEW, retrain=replace(POLICY, promote=Promote.ASK)))
    assert isinstance(action, AskPerson)
    assert isinstance(action.state, AwaitingApproval)


def test_a_rollout_that_waits_for_approval_does_not_stop_the_loop_from_looking() -> None:
    waiting = AwaitingApproval(rollout_id="r", endpoint="main", champion=OLD, challenger=NEW, since=NOW)
    assert isinstance(only(world(rollout=waiting, findings=DECAYED)), StartTraining)


def test_a_step_that_passed_leads_up_and_lasts_from_its_effect() -> None:
    action = only(world(rollout=running(), step=shown(100)))
    assert isinstance(action, MoveRollout)
    assert isinstance(action.state, Running)
    assert (action.state.step, action.state.step_since) == (1, action.effect_at)


def test_the_last_step_completes_the_rollout() -> None:
    action = only(world(rollout=running(step=1), step=shown(100)))
    assert isinstance(action, MoveRollout)
    assert isinstance(action.state, Completed)


def test_a_step_with_too_few_answers_waits_and_says_how_many_it_needs() -> None:
    action = only(world(rollout=running(step=1), step=shown(12)))
    assert isinstance(action, DoNothing)
    assert "8 more requests" in action.reason
    assert Verdict.UNSURE in {item.verdict for item in action.evidence}


def test_a_failing_challenger_is_taken_out_at_any_moment() -> None:
    action = only(world(rollout=running(step=1, days=0), step=shown(50, failed=40)))
    assert isinstance(action, MoveRollout)
    assert isinstance(action.state, Aborted)


def test_no_training_is_begun_while_a_rollout_runs() -> None:
    assert isinstance(only(world(rollout=running(), step=shown(5), findings=DECAYED)), DoNothing)


def test_a_rollout_that_nobody_has_asked_yet_waits() -> None:
    assert isinstance(only(world(rollout=running(), step=None)), DoNothing)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"findings": DECAYED}, "train a challenger on what arrived before 2026-03-01T00:00:00Z: decay is FAIL"),
        ({"candidate": NEW}, "challenger bbbbbbbbbbbb runs in the shadow from 2026-03-01T01:00:00Z"),
        ({"rollout": running(step=1), "step": shown(100)}, "bbbbbbbbbbbb is champion from 2026-03-01T01:00:00Z"),
        ({}, "nothing done, because nothing that this project retrains on has failed"),
    ],
)
def test_a_decision_is_explained_in_one_sentence(changes: dict[str, object], words: str) -> None:
    decided = world(**changes)
    assert words in explain(only(decided), SERVE)
