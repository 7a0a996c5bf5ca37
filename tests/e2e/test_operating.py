"""A person decides: approves, promotes, rolls back, while `trimtab up` runs and requests flow."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ASKED
from tests.e2e.loop_project import FIRST, LoopProject, client, result_of, send, serving
from trimtab.base.instants import SECOND

Eventually = Callable[..., None]


@pytest.fixture
def waiting(asked: LoopProject, tmp_path: Path) -> LoopProject:
    """A copy of that project for one test. Its stream is the days after those in which the last labels arrived."""
    copied = asked.copy(tmp_path)
    copied.rows(FIRST + timedelta(days=ASKED + 2), 6).write_parquet(copied.stream)
    return copied


def test_a_candidate_waits_until_a_person_decides(asked: LoopProject) -> None:
    status = asked.ask("status")
    questions = [draft for draft in asked.journal() if draft["kind"] == "ask"]

    assert "approval" in status["rollout"]
    assert status["previous"] == ""
    assert ["asks a person" in draft["reason"] for draft in questions] == [True]


def test_what_a_person_approves_goes_into_service_by_its_steps(waiting: LoopProject, tmp_path: Path) -> None:
    with serving(waiting, tmp_path / "up.log") as up:
        # when a person approves the candidate and the stream goes on
        changed = waiting.ask("promote", "--reason", "looked at the page")
        assert waiting.ask("status")["champion"] == changed["champion"] != changed["challenger"]
        sent = send(up)

        # then the rollout takes its steps, and ends with the candidate as champion
        assert (sent["failed"], changed["served"]) == (0, True)
        assert waiting.ask("status")["champion"] == changed["challenger"]
    kinds = [d["kind"] for d in waiting.journal() if d["phase"] == "intent"]
    assert kinds[-3:] == ["rollout", "rollout", "promote"]
    assert by_a_person(waiting, "rollout") == [
        "the rollout of " + changed["challenger"][7:19] + " begins: looked at the page"
    ]
    assert waiting.ask("journal", "verify")["holds"] is True


def test_a_rollback_breaks_a_rollout_off_while_requests_flow(
    waiting: LoopProject, tmp_path: Path, eventually: Eventually
) -> None:
    # given a rollout under way, whose second step lasts, and a client at work
    waiting.edit({'"25% 1d"': '"25% 30d"'})
    with serving(waiting, tmp_path / "up.log") as up:
        begun = waiting.ask("promote")
        with client(up) as process:
            eventually(lambda: shares(waiting) == {"champion": 7500, "challenger": 2500}, within=60, what="25 %")

            # when a person breaks it off
            broken = waiting.ask("rollback", "--reason", "a hunch")
            assert shares(waiting) == {"champion": 10000}
            sent = result_of(process)

    # then the champion answers everything, no request failed, and the journal says who and how long it took
    assert sent["failed"] == 0
    assert (broken["champion"], broken["served"]) == (begun["champion"], True)
    assert waiting.ask("status")["rollout"] == "none in progress"
    assert took(waiting, "rollback") < 5 * SECOND
    (said,) = by_a_person(waiting, "rollback")
    assert said.endswith("is broken off: a hunch")


def test_promote_now_and_rollback_change_the_champion_within_seconds_without_a_failed_request(
    waiting: LoopProject, tmp_path: Path
) -> None:
    # given a client at work
    with serving(waiting, tmp_path / "up.log") as up, client(up) as process:
        first = waiting.ask("status")["champion"]

        # when a person promotes the candidate at once, and takes it back
        promoted = waiting.ask("promote", "--now", "--reason", "urgent")
        assert (served(waiting), promoted["served"]) == ([promoted["champion"]], True)
        back = waiting.ask("rollback")
        assert (served(waiting), back["served"]) == ([first], True)
        sent = result_of(process)

    # then both were served within seconds, and all the while every request was answered
    assert promoted["champion"] != first == back["champion"]
    assert sent["failed"] == 0
    assert took(waiting, "rollback") < 5 * SECOND
    assert by_a_person(waiting, "promote")[-1].endswith("is champion at once: urgent")


def test_the_first_champion_cannot_be_rolled_back(waiting: LoopProject) -> None:
    refused = waiting.command("rollback")

    assert refused.code == 2
    assert "is the first champion of 'electricity': there is nothing to go back to" in refused.err
    assert "trimtab promote" in refused.err


def shares(project: LoopProject) -> dict[str, int]:
    """The answers' shares by role, in basis points, as the router serves them now; shadows are left out."""
    return {role: weight for role, _, weight in project.ask("status")["served"] if weight}


def served(project: LoopProject) -> list[str]:
    """The releases that answer now."""
    return [release for _, release, weight in project.ask("status")["served"] if weight]


def by_a_person(project: LoopProject, kind: str) -> list[str]:
    """The reasons that this person gave for changes of a kind."""
    me = {"kind": "person", "name": getpass.getuser(), "authenticated": "operating system user"}
    intents: list[dict[str, Any]] = [d for d in project.journal() if (d["kind"], d["phase"]) == (kind, "intent")]
    return [draft["reason"] for draft in intents if draft["actor"] == me]


def took(project: LoopProject, kind: str) -> int:
    """Microseconds of wall time from the newest change of a kind being wanted to its being served."""
    intent, done = [draft["wall"] for draft in project.journal() if draft["kind"] == kind][-2:]
    return int(done - intent)
