"""The loop heals a stale model, and does the same again whatever the processor has to do beside it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.conftest import Replay
from tests.e2e.loop_project import LoopProject, send, serving
from trimtab.base.instants import DAY


def test_the_loop_replaces_a_stale_model_without_a_failed_request(baseline: Replay) -> None:
    # given the market's rows from before it widens until after, sent as requests with their outcomes a day later
    # when they have all been sent
    status, figures = baseline.project.ask("status"), baseline.end["figures"]

    # then each was answered, another release is champion, and the one before it is one command away
    assert (baseline.sent["requests"], baseline.sent["failed"], baseline.sent["labels"]) == (1056, 0, 1056)
    assert (figures["requests"], figures["requests not answered"], figures["promotions"]) == (1056, 0, 1)
    assert status["champion"] != status["previous"] != ""
    assert {answer.release for answer in baseline.project.answers()} == {status["champion"], status["previous"]}


def test_every_step_from_the_finding_to_the_promotion_is_in_an_unbroken_journal(baseline: Replay) -> None:
    journal = baseline.project.journal()
    did = [(draft["kind"], draft["phase"]) for draft in journal if draft["actor"]["kind"] == "controller"]

    # then the steps are there in their order, with nothing but "nothing" between them
    assert [step for step in did if step != ("nothing", "decision")] == [
        ("train", "intent"), ("run", "done"), ("train", "done"),
        ("rollout", "intent"), ("rollout", "done"),
        ("rollout", "intent"), ("rollout", "done"),
        ("promote", "intent"), ("promote", "done"),
    ]  # fmt: skip
    assert baseline.project.ask("journal", "verify")["entries"] == len(journal)


def test_the_loop_says_of_every_day_why_it_did_nothing(baseline: Replay) -> None:
    entries = [draft for draft in baseline.project.journal() if draft["actor"]["kind"] == "controller"]
    decided_on = {draft["at"] // DAY for draft in entries}
    nothing = [draft for draft in entries if draft["kind"] == "nothing"]

    assert set(range(min(decided_on), max(decided_on) + 1)) == decided_on
    assert all(draft["reason"] for draft in nothing)


def test_a_step_that_lacks_evidence_is_seen_waiting(baseline: Replay) -> None:
    waits = [draft for draft in baseline.project.journal() if "waits for evidence" in draft["reason"]]

    assert waits
    assert all("UNSURE" in {item["verdict"] for item in draft["evidence"]} for draft in waits)


def test_a_retraining_says_where_its_rows_came_from_and_saw_none_that_arrived_too_late(baseline: Replay) -> None:
    first, *retrainings = baseline.project.runs()
    decided = [d["at"] for d in baseline.project.journal() if (d["kind"], d["phase"]) == ("train", "intent")]

    assert (first["kind"], first["data"]["origin"].keys()) == ("run", {"source"})
    for run in retrainings:
        assert run["kind"] == "retrain"
        assert run["parent"] == first["run_id"]
        assert run["code"]["source"] == first["code"]["source"]
        assert run["data"]["origin"].keys() == {"source", "log"}
        assert run["as_of"] in decided
        assert run["data"]["last_event"] + DAY < run["as_of"]


def test_a_second_replay_on_a_busy_machine_decides_the_same(
    baseline: Replay, project: LoopProject, tmp_path: Path
) -> None:
    # given a process that does nothing but compute
    # when the same rows are sent over more connections. (Not in other steps: a label arrives with the first step after
    # it is due, so smaller steps are another history of arrivals.)
    with busy(), serving(project, tmp_path / "up.log") as up:
        sent = send(up, "--connections", "8")

    # then the decisions, the data and the figures are the same
    assert (sent["requests"], sent["failed"]) == (1056, 0)
    assert project.end_state() == baseline.end


@contextmanager
def busy() -> Iterator[None]:
    """A process that keeps the processors busy for the block."""
    loop = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        loop.kill()
        loop.wait()


@pytest.mark.parametrize("command", ["status", "runs", "report", "journal show", "journal verify", "check"])
def test_every_answer_for_a_machine_is_one_document_that_names_its_schema(baseline: Replay, command: str) -> None:
    done = baseline.project.command(*command.split(), "--json")

    assert (done.code, done.err) == (0, "")
    assert done.document["schema"].startswith("trimtab.")
