"""What holds of every decision, whatever the world."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.loop.worlds import NEW, POLICY, SERVE, finding, running, shown, training, world
from trimtab.base.instants import DAY, Instant, Span
from trimtab.base.verdict import Verdict
from trimtab.loop.action import MoveRollout, StartTraining
from trimtab.loop.decide import decide
from trimtab.loop.due import next_due
from trimtab.loop.explain import explain
from trimtab.loop.world import TrainingState, World
from trimtab.monitor.assess import FindingKind
from trimtab.records.prediction import Role
from trimtab.rollout.state import Running
from trimtab.rollout.strategy import variants_of
from trimtab.spec.project import Budget, Promote

findings = st.lists(st.builds(finding, st.sampled_from(Verdict), st.sampled_from(FindingKind)), max_size=4).map(tuple)
trainings = (
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(TrainingState)), max_size=8)
    .map(lambda past: sorted(past, reverse=True))
    .map(
        lambda past: tuple(training(days, state, NEW if state is TrainingState.PASSED else "") for days, state in past)
    )
)
steps = st.none() | st.builds(
    lambda requests, failed, distance: shown(requests, failed=min(failed, requests), distance=distance),
    st.integers(0, 400), st.integers(0, 400), st.floats(0, 1),
)  # fmt: skip
policies = st.builds(
    lambda labels, cooldown, trainings, per, promote: replace(
        POLICY, min_labels=labels, cooldown=Span(cooldown * DAY), promote=promote,
        budget=Budget(trainings=trainings, per=Span(per * DAY)),
    ),
    st.integers(0, 2_000), st.integers(1, 60), st.integers(1, 10), st.integers(1, 365), st.sampled_from(Promote),
)  # fmt: skip
worlds = st.builds(
    lambda found, past, step, policy, labels, candidate, rollout, route_open: world(
        findings=found, trainings=past, step=step, retrain=policy, labels=labels, candidate=candidate, rollout=rollout,
        route_open=route_open,
    ),
    findings, trainings, steps, policies, st.integers(0, 2_000), st.sampled_from([None, NEW]),
    st.none() | st.builds(running, st.integers(0, 1), st.integers(0, 10)), st.booleans(),
)  # fmt: skip


def share_of_challenger(found: World | Running) -> int:
    state = found.rollout if isinstance(found, World) else found
    if not isinstance(state, Running):
        return 0
    return sum(variant.weight for variant in variants_of(state, SERVE) if variant.role is Role.CHALLENGER)


@given(worlds)
def test_a_decision_is_never_empty_and_depends_on_nothing_but_the_world(found: World) -> None:
    assert decide(found)
    assert decide(found) == decide(found)
    assert all(explain(action, SERVE) for action in decide(found))


@given(worlds)
def test_a_training_is_begun_only_within_its_policy(found: World) -> None:
    for action in decide(found):
        if isinstance(action, StartTraining):
            policy, past = found.retrain, found.trainings
            assert found.labels >= policy.min_labels
            assert all(found.now - each.decided_at >= policy.cooldown for each in past)
            recent = [each for each in past if found.now - each.decided_at < policy.budget.per]
            assert len(recent) < policy.budget.trainings
            assert all(each.state is not TrainingState.RUNNING for each in past)
            assert any(each.evidence.verdict is Verdict.FAIL for each in found.findings)
            assert found.rollout is None


@given(worlds)
def test_traffic_never_rises_on_anything_but_a_pass(found: World) -> None:
    for action in decide(found):
        if isinstance(action, MoveRollout) and isinstance(found.rollout, Running):
            after = share_of_challenger(action.state) if isinstance(action.state, Running) else None
            rose = after is None or after > share_of_challenger(found)
            if rose and action.state.challenger in {v.release for v in variants_of(action.state, SERVE)}:
                assert action.evidence
                assert all(item.verdict is Verdict.PASS for item in action.evidence)


@given(worlds)
def test_the_loop_alone_promotes_only_where_the_project_says_so(found: World) -> None:
    if found.retrain.promote is Promote.ASK and found.rollout is None:
        assert not any(isinstance(action, MoveRollout) for action in decide(found))


@given(st.integers(0, 2**50), st.integers(1, 400), st.lists(st.integers(0, 2**50), max_size=5))
def test_what_is_due_is_later_and_never_beyond_the_window_s_end(after: int, hours: int, moments: list[int]) -> None:
    window = Span(hours * 3_600_000_000)
    due = next_due(Instant(after), window, [Instant(moment) for moment in moments])
    assert after < due <= after + window
    assert all(not after < moment < due for moment in moments)


@given(st.integers(0, 2**50), st.integers(1, 50), st.integers(1, 2**40))
def test_the_turns_are_the_same_however_the_clock_is_stepped(start: int, hours: int, ahead: int) -> None:
    window, until = Span(hours * 3_600_000_000), start + ahead % (20 * hours * 3_600_000_000)
    at_once, by_turns, cursor = [], [], Instant(start)
    while (cursor := next_due(cursor, window, [])) <= until:
        at_once.append(cursor)
    cursor = Instant(start)
    for stop in range(start, until + 1, max(1, (until - start) // 7)):
        while (due := next_due(cursor, window, [])) <= stop:
            by_turns.append(due)
            cursor = due
    while (due := next_due(cursor, window, [])) <= until:
        by_turns.append(due)
        cursor = due
    assert by_turns == at_once
