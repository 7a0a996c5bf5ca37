"""Which variants a rollout's state asks for."""

from __future__ import annotations

import pytest

from trimtab.base.instants import HOUR, Instant, Span
from trimtab.records.prediction import Role
from trimtab.records.route import WHOLE, RouteTable
from trimtab.rollout.advance import abort
from trimtab.rollout.state import AwaitingApproval, Completed, RolloutState, Running
from trimtab.rollout.strategy import begin, variants_of
from trimtab.spec.project import Serve, Step


def serve(*shares: float) -> Serve:
    return Serve(rollout=tuple(Step(share=share, least=Span(0) if share == 1.0 else HOUR) for share in shares))


def started(setting: Serve) -> RolloutState:
    return begin(rollout_id="r", endpoint="e", champion="old", challenger="new", since=Instant(7), serve=setting)


def test_a_shadow_answers_beside_the_champion_and_is_not_heard() -> None:
    champion, shadow = variants_of(started(serve(0.0, 1.0)), serve(0.0, 1.0))
    assert (champion.role, champion.weight, champion.release) == (Role.CHAMPION, WHOLE, "old")
    assert (shadow.role, shadow.weight, shadow.release) == (Role.SHADOW, 0, "new")


@pytest.mark.parametrize(("share", "weight"), [(0.05, 500), (0.25, 2_500), (0.00001, 1), (0.99999, 9_999)])
def test_a_canary_has_its_share_and_never_none_or_all(share: float, weight: int) -> None:
    champion, challenger = variants_of(started(serve(share, 1.0)), serve(share, 1.0))
    assert (challenger.role, challenger.weight) == (Role.CHALLENGER, weight)
    assert champion.weight == WHOLE - weight


def test_an_ended_or_waiting_rollout_leaves_all_the_traffic_with_one_release() -> None:
    running = started(serve(0.5, 1.0))
    assert isinstance(running, Running)
    waiting = AwaitingApproval(rollout_id="r", endpoint="e", champion="old", challenger="new", since=Instant(7))
    done = Completed(rollout_id="r", endpoint="e", champion="old", challenger="new", at=Instant(9))
    for state, release in ((abort(running, Instant(8), "x"), "old"), (waiting, "old"), (done, "new")):
        (only,) = variants_of(state, serve(0.5, 1.0))
        assert (only.release, only.role, only.weight) == (release, Role.CHAMPION, WHOLE)


def test_a_rollout_of_nothing_but_the_whole_is_over_when_it_begins() -> None:
    assert isinstance(started(serve(1.0)), Completed)
    watched = Serve(rollout=(Step(share=1.0, least=HOUR),))
    assert isinstance(started(watched), Running)
    champion, challenger = variants_of(started(watched), watched)
    assert (champion.weight, challenger.weight) == (0, WHOLE)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.333, 0.5, 0.9999, 1.0])
def test_every_table_is_one_that_a_router_accepts(share: float) -> None:
    setting = Serve(rollout=(Step(share=share, least=HOUR), Step(share=1.0, least=HOUR)))
    table = RouteTable(
        endpoint="e",
        version=1,
        effective_at=Instant(0),
        variants=variants_of(started(setting), setting),
        salt="",
        cause="",
    )
    assert table.champion.release == "old"
