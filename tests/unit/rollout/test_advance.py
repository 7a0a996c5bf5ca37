"""A rollout's steps: given what the answers show, when it rises, waits, ends and is broken off."""

from __future__ import annotations

import msgspec
import pytest

from trimtab.base.instants import DAY, HOUR, Instant, Span
from trimtab.base.verdict import Evidence, Verdict
from trimtab.records.versioned import decode, encode
from trimtab.rollout.advance import abort, advance
from trimtab.rollout.state import (
    Aborted,
    AwaitingApproval,
    Compared,
    Completed,
    Counts,
    RolloutState,
    Running,
    ScoreShift,
    StepEvidence,
    StoredRollout,
)
from trimtab.rollout.strategy import begin
from trimtab.spec.project import Serve, Step

START = Instant(1_000 * DAY)
STEPS = (Step(share=0.0, least=DAY), Step(share=0.25, least=DAY), Step(share=1.0, least=Span(0)))
SERVE = Serve(rollout=STEPS, min_requests=20)
ALIKE = ScoreShift(distance=0.05, live=200, judged=200, look=3)


def running(*, step: int = 0) -> Running:
    return Running(
        rollout_id="r", endpoint="e", champion="old", challenger="new", step=step, step_since=START, began=START
    )


def shown(
    requests: int = 300,
    *,
    failed: int = 0,
    refused: int = 0,
    in_step: int | None = None,
    champion: Counts | None = None,
    shift: ScoreShift | None = ALIKE,
    quality: Evidence | None = None,
) -> StepEvidence:
    """Evidence over the whole rollout; of the step alone where ``in_step`` says how many requests were its own."""
    whole = Counts(requests=requests, failed=failed, refused=refused)
    other = champion or Counts(requests=requests)
    return StepEvidence(
        step=Compared(challenger=whole if in_step is None else Counts(requests=in_step), champion=other),
        rollout=Compared(challenger=whole, champion=other),
        shift=shift,
        quality=quality,
    )


def after(span: int) -> Instant:
    return Instant(START + span)


def test_a_step_that_passed_and_lasted_leads_to_the_next() -> None:
    state, evidence, reason = advance(running(), shown(), SERVE, after(DAY))
    assert state == msgspec.structs.replace(running(step=1), step_since=after(DAY))
    assert {item.verdict for item in evidence} == {Verdict.PASS}
    assert reason == "the shadow step passed: the step at 25 % begins"


def test_the_step_before_the_whole_leads_to_a_new_champion() -> None:
    state, _, reason = advance(running(step=1), shown(), SERVE, after(DAY))
    assert isinstance(state, Completed)
    assert (state.champion, state.challenger, state.at) == ("old", "new", after(DAY))
    assert reason == "the step at 25 % passed: the challenger becomes champion"


def test_a_step_that_passes_early_lasts_its_least_time() -> None:
    state, _, reason = advance(running(), shown(), SERVE, after(HOUR))
    assert state == running()
    assert "has passed so far and lasts 1d" in reason


def test_the_whole_is_watched_like_a_step_where_it_has_a_least_time() -> None:
    serve = Serve(rollout=(*STEPS[:2], Step(share=1.0, least=HOUR)), min_requests=20)
    state, _, _ = advance(running(step=1), shown(), serve, after(DAY))
    assert isinstance(state, Running)
    assert state.step == 2
    watched, evidence, _ = advance(state, shown(shift=None), serve, after(2 * DAY))
    assert isinstance(watched, Completed)
    assert "score shift" not in {item.check for item in evidence}


def test_too_few_requests_wait_and_say_how_many_more() -> None:
    state, evidence, reason = advance(running(step=1), shown(in_step=12), SERVE, after(5 * DAY))
    assert state == running(step=1)
    assert evidence[0].needs == "8 more requests"
    assert "requests: 8 more requests" in reason


def test_two_clean_requests_never_pass_however_little_is_asked() -> None:
    serve = Serve(rollout=STEPS, min_requests=1)
    state, evidence, reason = advance(running(), shown(2), serve, after(30 * DAY))
    assert state == running()
    assert evidence[1].verdict is Verdict.UNSURE
    assert "79 more requests, if none of them fails" in reason


def test_a_shadows_clean_answers_count_for_the_canary_so_that_little_traffic_suffices() -> None:
    state, _, _ = advance(running(step=1), shown(96 + 20, in_step=20), SERVE, after(2 * DAY))
    assert isinstance(state, Completed)


def test_nothing_answered_waits() -> None:
    state, evidence, _ = advance(running(), StepEvidence(step=Compared(), rollout=Compared()), SERVE, after(90 * DAY))
    assert state == running()
    assert {item.verdict for item in evidence} == {Verdict.UNSURE}
    assert all(item.needs for item in evidence)


@pytest.mark.parametrize("step", [0, 1])
def test_a_challenger_that_fails_is_taken_out_at_once_whatever_the_step_should_last(step: int) -> None:
    state, _, reason = advance(running(step=step), shown(3, failed=3), SERVE, after(1))
    assert isinstance(state, Aborted)
    assert state.reason in reason
    assert "3 failed and 0 refused of the challenger's 3 requests" in state.reason


def test_a_step_that_goes_wrong_after_a_long_clean_shadow_is_seen_by_itself() -> None:
    seen = StepEvidence(
        step=Compared(challenger=Counts(requests=20, failed=12), champion=Counts(requests=60)),
        rollout=Compared(challenger=Counts(requests=1_020, failed=12), champion=Counts(requests=1_060)),
        shift=ALIKE,
    )
    state, _, _ = advance(running(step=1), seen, SERVE, after(HOUR))
    assert isinstance(state, Aborted)
    assert "in this step" in state.reason


def test_what_the_champion_refuses_too_is_not_held_against_the_challenger() -> None:
    champion = Counts(requests=20_000, refused=4_000)
    alone, _, _ = advance(running(), shown(5_000, refused=1_000), SERVE, after(DAY))
    together, _, _ = advance(running(), shown(5_000, refused=1_000, champion=champion), SERVE, after(DAY))
    assert isinstance(alone, Aborted)
    assert isinstance(together, Running)
    assert together.step == 1


def test_failures_that_a_few_requests_of_the_champion_do_not_show_excuse_nothing() -> None:
    state, _, _ = advance(running(), shown(500, refused=100, champion=Counts(requests=2, refused=1)), SERVE, after(DAY))
    assert isinstance(state, Aborted)


def test_scores_far_from_those_at_home_end_the_rollout_and_unclear_ones_hold_it() -> None:
    far = ScoreShift(distance=0.95, live=400, judged=400, look=4)
    unclear = ScoreShift(distance=0.4, live=40, judged=40, look=2)
    ended, _, _ = advance(running(), shown(shift=far), SERVE, after(HOUR))
    held, evidence, _ = advance(running(), shown(shift=unclear), SERVE, after(9 * DAY))
    assert isinstance(ended, Aborted)
    assert "400 scores in production are 0.95 from those on its judged rows" in ended.reason
    assert held == running()
    assert "more answers" in evidence[2].needs


def test_labels_that_speak_against_the_challenger_end_the_rollout_and_unclear_ones_do_not_hold_it() -> None:
    worse = Evidence(check="roc_auc against champion", verdict=Verdict.FAIL, reason="roc_auc is worse by 0.1")
    unclear = Evidence(check="roc_auc against champion", verdict=Verdict.UNSURE, reason="?", needs="labels")
    ended, _, _ = advance(running(), shown(quality=worse), SERVE, after(HOUR))
    raised, _, _ = advance(running(), shown(quality=unclear), SERVE, after(DAY))
    assert isinstance(ended, Aborted)
    assert isinstance(raised, Running)
    assert raised.step == 1


def test_slow_answers_end_the_rollout_unless_the_champion_is_as_slow() -> None:
    slow = Counts(requests=300, slow=60)
    fast = Counts(requests=300, slow=0)
    for champion, expected in ((fast, Aborted), (slow, Running)):
        seen = StepEvidence(
            step=Compared(challenger=slow, champion=champion),
            rollout=Compared(challenger=slow, champion=champion),
            shift=ALIKE,
        )
        state, _, _ = advance(running(), seen, SERVE, after(DAY))
        assert isinstance(state, expected)


def test_no_share_of_failures_is_small_enough_for_a_limit_of_none_and_the_rollout_says_so() -> None:
    serve = Serve(rollout=STEPS, max_failures=0.0)
    held, evidence, _ = advance(running(), shown(10_000), serve, after(DAY))
    assert held == running()
    assert "set max_failures to 0.01" in evidence[1].needs


def test_states_that_are_not_running_stay_and_say_what_they_wait_for() -> None:
    waiting = AwaitingApproval(rollout_id="r", endpoint="e", champion="old", challenger="new", since=START)
    broken = abort(running(), START, "a person asked for it")
    for state, told in (
        (waiting, "waits for a person's approval"),
        (broken, "a person asked for it"),
        (Completed(rollout_id="r", endpoint="e", champion="old", challenger="new", at=START), "is champion since"),
    ):
        same, evidence, reason = advance(state, shown(), SERVE, after(DAY))
        assert same is state
        assert evidence == ()
        assert told in reason


def test_a_project_whose_rollout_got_shorter_meanwhile_ends_with_its_last_step() -> None:
    serve = Serve(rollout=(Step(share=0.5, least=HOUR), Step(share=1.0, least=HOUR)), min_requests=20)
    state, _, _ = advance(running(step=3), shown(), serve, after(DAY))
    assert isinstance(state, Completed)


def test_every_state_is_stored_and_read_again_as_it_was() -> None:
    states: tuple[RolloutState, ...] = (
        begin(rollout_id="r", endpoint="e", champion="old", challenger="new", since=START, serve=SERVE),
        AwaitingApproval(rollout_id="r", endpoint="e", champion="old", challenger="new", since=START),
        abort(running(), START, "broken"),
        Completed(rollout_id="r", endpoint="e", champion="old", challenger="new", at=START),
    )
    for state in states:
        stored = encode(StoredRollout(state=state))
        assert b'"schema":"trimtab.rollout/1"' in stored
        assert decode(StoredRollout, stored).state == state
