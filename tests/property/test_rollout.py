"""A rollout may only rise on a PASS, and ends with one release: whatever the evidence, in whatever order."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from trimtab.base.instants import HOUR, Instant, Span
from trimtab.base.verdict import Evidence, Verdict, combine
from trimtab.records.route import WHOLE
from trimtab.rollout.advance import advance
from trimtab.rollout.state import Aborted, Compared, Completed, Counts, RolloutState, Running, ScoreShift, StepEvidence
from trimtab.rollout.strategy import begin, variants_of
from trimtab.spec.project import Serve, Step


@st.composite
def counts(draw: Any) -> Counts:
    requests = draw(st.one_of(st.integers(0, 5), st.integers(0, 2_000)))
    failed = draw(st.integers(0, requests))
    refused = draw(st.sampled_from([0, (requests - failed) // 2]))
    return Counts(requests=requests, failed=draw(st.sampled_from([0, failed])), refused=refused,
                  slow=draw(st.sampled_from([None, 0, requests])))  # fmt: skip


compared = st.builds(Compared, challenger=counts(), champion=counts())
shifts = st.builds(
    ScoreShift,
    distance=st.floats(0, 1),
    live=st.integers(1, 3_000),
    judged=st.integers(1, 3_000),
    look=st.integers(1, 12),
)
labels = st.builds(
    Evidence, check=st.just("quality"), verdict=st.sampled_from(list(Verdict)), reason=st.just("labels"),
)  # fmt: skip
evidences = st.builds(
    StepEvidence, step=compared, rollout=compared, shift=st.none() | shifts, quality=st.none() | labels
)
shares = st.lists(st.floats(0.0, 0.99), min_size=0, max_size=3).map(sorted)
serves = st.builds(
    lambda rising, last, least, asked: Serve(
        rollout=(*(Step(share=share, least=least) for share in rising), Step(share=1.0, least=last)), min_requests=asked
    ),
    shares,
    st.sampled_from([Span(0), HOUR]),
    st.sampled_from([Span(0), HOUR]),
    st.integers(1, 100),
)


def start(serve: Serve) -> RolloutState:
    return begin(rollout_id="r", endpoint="e", champion="old", challenger="new", since=Instant(0), serve=serve)


def weight_of_challenger(state: RolloutState, serve: Serve) -> int:
    return sum(variant.weight for variant in variants_of(state, serve) if variant.release == "new")


@given(serve=serves, seen=st.lists(st.tuples(evidences, st.sampled_from([0, HOUR // 2, HOUR])), max_size=12))
def test_traffic_never_rises_on_anything_but_a_pass(serve: Serve, seen: list[tuple[StepEvidence, int]]) -> None:
    state, now = start(serve), 0
    for shown, later in seen:
        now += later
        following, evidence, reason = advance(state, shown, serve, Instant(now))
        verdict = combine(item.verdict for item in evidence)
        if weight_of_challenger(following, serve) > weight_of_challenger(state, serve):
            assert verdict is Verdict.PASS
        if isinstance(state, Running) and verdict is Verdict.FAIL:
            assert isinstance(following, Aborted)
            assert weight_of_challenger(following, serve) == 0
        if isinstance(state, Running) and verdict is Verdict.UNSURE:
            assert following is state
            assert all(item.needs for item in evidence if item.verdict is Verdict.UNSURE)
        assert reason
        assert sum(variant.weight for variant in variants_of(following, serve)) == WHOLE
        state = following


@given(serve=serves, seen=st.lists(evidences, max_size=12))
def test_an_ended_rollout_has_all_the_traffic_with_one_release_and_never_moves_again(
    serve: Serve, seen: list[StepEvidence]
) -> None:
    state, now = start(serve), 0
    for shown in seen:
        now += HOUR
        following, _, _ = advance(state, shown, serve, Instant(now))
        if isinstance(state, Completed | Aborted):
            assert following is state
            (only,) = variants_of(state, serve)
            assert only.weight == WHOLE
            assert only.release == ("new" if isinstance(state, Completed) else "old")
        state = following


@given(serve=serves)
def test_good_answers_bring_every_rollout_to_its_end(serve: Serve) -> None:
    good = Counts(requests=5_000)
    shown = StepEvidence(
        step=Compared(challenger=good, champion=good),
        rollout=Compared(challenger=good, champion=good),
        shift=ScoreShift(distance=0.02, live=4_000, judged=4_000, look=8),
    )
    state, now = start(serve), 0
    for _ in serve.rollout:
        now += HOUR
        state, _, _ = advance(state, shown, serve, Instant(now))
    assert isinstance(state, Completed)


@given(serve=serves, shown=evidences, now=st.integers(0, 3 * HOUR))
def test_the_same_evidence_always_leads_to_the_same_state(serve: Serve, shown: StepEvidence, now: int) -> None:
    state = start(serve)
    assert advance(state, shown, serve, Instant(now)) == advance(state, shown, serve, Instant(now))


@given(serve=serves, now=st.integers(0, 1_000 * HOUR))
def test_missing_data_is_unsure_however_long_it_is_missing(serve: Serve, now: int) -> None:
    state = start(serve)
    following, evidence, _ = advance(state, StepEvidence(step=Compared(), rollout=Compared()), serve, Instant(now))
    assert following is state
    if isinstance(state, Running):
        assert combine(item.verdict for item in evidence) is Verdict.UNSURE
