"""kill -9 at any moment, started again, ends in the same state."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.conftest import ASKED, Replay
from tests.e2e.loop_project import FIRST, LoopProject, Up, client, processes, result_of, send, serving

SEED = 20260817

Eventually = Callable[..., None]


def test_killing_controller_worker_and_training_at_random_moments_changes_nothing(
    baseline: Replay, project: LoopProject, tmp_path: Path
) -> None:
    # given a replay under way
    with serving(project, tmp_path / "up.log") as up, client(up) as process:
        # when its processes are killed again and again; a training twice, since four times would be given up
        kill_at_random(up, process, {"controller": 6, "worker": 6, "training": 2}, pause=(0.3, 1.8))
        sent = result_of(process)

    # then no request failed, and everything that was decided and made is the same
    assert {"controller", "worker", "training"} == set(up.killed)
    assert (sent["requests"], sent["failed"], sent["labels"]) == (1056, 0, 1056)
    assert project.end_state() == baseline.end
    assert_whole(project)


def test_killing_the_router_loses_no_request_and_answers_none_twice(project: LoopProject, tmp_path: Path) -> None:
    # given a replay under way
    with serving(project, tmp_path / "up.log") as up, client(up, "--connections", "8") as process:
        # when the router is killed again and again, and the client sends again what got no answer
        kill_at_random(up, process, {"router": 6}, pause=(0.2, 0.8))
        sent = result_of(process)

    # then the replay is complete, and every answer is in the log once. (A shadow's answer may be missing, so that a
    # step may wait a little longer than in an undisturbed replay: the end is not compared.)
    assert (sent["requests"], sent["failed"], sent["labels"]) == (1056, 0, 1056)
    assert sent["resent"] > 0
    assert Counter(Counter(answer.key for answer in project.answers()).values()) == {1: 1056}
    assert_whole(project)


def test_a_replay_whose_supervisor_was_killed_goes_on_where_it_stood(
    baseline: Replay, project: LoopProject, tmp_path: Path, eventually: Eventually
) -> None:
    # given a replay under way
    chance = random.Random(SEED)
    log = tmp_path / "up.log"
    with serving(project, log) as up, client(up) as process:
        port = up.url.rpartition(":")[2]
        for _ in range(2):
            # when the supervisor is killed, which takes everything with it, and is started again at the same port
            time.sleep(chance.uniform(0.5, 1.5))
            assert process.poll() is None
            up.process.kill()
            up.process.wait()
            eventually(lambda: not served_by(project), within=30, what="the children of a killed supervisor end")
            said = log.stat().st_size
            up.process = project.begin("up", "--replay", "--port", port, log=log)
            up.wait_ready(after=said)
        sent = result_of(process)

    # then what had been answered is not answered twice, and the end is the same
    assert (sent["requests"], sent["failed"], sent["labels"]) == (1056, 0, 1056)
    assert Counter(Counter(answer.key for answer in project.answers()).values()) == {1: 1056}
    assert project.end_state() == baseline.end
    assert_whole(project)


def test_a_training_killed_at_any_moment_ends_in_the_same_release_when_it_is_asked_for_again(
    asked: LoopProject, tmp_path: Path
) -> None:
    # given a project whose retraining made a release, and a copy without what it made
    chance = random.Random(SEED)
    project = asked.copy(tmp_path)
    (made,) = project.runs("retrain")
    release = project.state / "releases" / made["outputs"]["release"].removeprefix("sha256:")
    as_of = datetime.fromtimestamp(made["as_of"] / 1_000_000, UTC)  # when the loop found that it was time
    words = ("retrain", "--as-of", f"{as_of:%Y-%m-%dT%H:%M:%SZ}", "--key")
    life = measured(project, *words, "train:electricity:measured")
    shutil.rmtree(release)

    # when the same is asked for under a key of its own, killed at moments all over its life, and at last left to end
    for turn in range(8):
        process = project.begin(*words, "train:electricity:killed", log=tmp_path / "retrain.log")
        time.sleep(life * (turn + chance.random()) / 8)
        process.kill()
        process.wait()
        assert not release.exists() or (release / "manifest.json").is_file()
    done = project.command(*words, "train:electricity:killed", "--json")

    # then it is one finished run with the same data and the same release, and nothing else is left
    assert done.code == 0, done.err
    (killed,) = [found for found in project.runs("retrain") if found["run_id"] == done.document["run"]]
    assert killed["state"] == "finished"
    assert (killed["data"], killed["outputs"]) == (made["data"], made["outputs"])
    assert release.is_dir()
    assert_whole(project)


def test_a_person_s_run_killed_at_any_moment_leaves_nothing_half_made_and_is_told_as_failed(
    prepared: LoopProject, tmp_path: Path
) -> None:
    # given a project whose first run made a release
    chance = random.Random(SEED)
    project = prepared.copy(tmp_path)
    (made,) = project.runs("run")
    release = project.state / "releases" / made["outputs"]["release"].removeprefix("sha256:")
    life = measured(project, "run")
    shutil.rmtree(release)

    # when it is run again and again, killed at moments all over its life, and at last left to end
    for turn in range(6):
        process = project.begin("run", log=tmp_path / "run.log")
        time.sleep(life * (turn + chance.random()) / 6)  # the moment to be killed at, not a wait for something
        process.kill()
        process.wait()
        assert not release.exists() or (release / "manifest.json").is_file()
    again = project.ask("run")

    # then the same rows and source made the same release, no killed run looks as if it were still at work
    assert again["release"] == made["outputs"]["release"]
    assert again["record"]["data"] == made["data"]
    assert release.is_dir()
    assert {run["state"] for run in project.runs("run")} <= {"finished", "failed"}
    assert_whole(project)


def test_a_promotion_killed_at_any_moment_leaves_the_old_champion_or_the_new_one(
    asked: LoopProject, tmp_path: Path
) -> None:
    # given a project with a champion and a candidate
    chance = random.Random(SEED)
    project = asked.copy(tmp_path)
    old = project.ask("status")["champion"]
    new = project.runs("retrain")[-1]["outputs"]["release"]
    life = measured(project, "promote", "--now", new)
    assert project.ask("rollback")["champion"] == old

    # when it is promoted again and again, and the command is killed at moments all over its life
    for turn in range(8):
        process = project.begin("promote", "--now", new, log=tmp_path / "promote.log")
        time.sleep(life * (turn + chance.random()) / 8)
        process.kill()
        process.wait()
        if project.ask("status")["champion"] == new:
            assert project.ask("rollback")["champion"] == old
        assert project.ask("status")["champion"] == old

    # then the loop closes what was left open, each change once, and the champion answers
    project.rows(FIRST + timedelta(days=ASKED + 2), 2).write_parquet(project.stream)
    with serving(project, tmp_path / "up.log") as up:
        assert send(up)["failed"] == 0
        assert [release for _, release, _ in project.ask("status")["served"]] == [old]
    changes = [draft for draft in project.journal() if draft["kind"] in ("promote", "rollback")]
    wanted = Counter(draft["action_key"] for draft in changes if draft["phase"] == "intent")
    closed = Counter(draft["action_key"] for draft in changes if draft["phase"] in ("done", "failed"))
    assert wanted == closed
    assert set(wanted.values()) == {1}
    assert_whole(project)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_months_of_kills_change_nothing(prepared: LoopProject, tmp_path: Path) -> None:
    # given two copies of a project with four months of rows
    undisturbed, disturbed = prepared.copy(tmp_path / "undisturbed"), prepared.copy(tmp_path / "disturbed")
    for project in (undisturbed, disturbed):
        project.rows(days=120).write_parquet(project.stream)

    # when one is replayed in peace, and the other while its processes are killed
    with serving(undisturbed, tmp_path / "undisturbed.log") as up:
        send(up)
    with serving(disturbed, tmp_path / "disturbed.log") as up, client(up) as process:
        kill_at_random(up, process, {"controller": 30, "worker": 30, "training": 3}, pause=(0.3, 4.0))
        sent = result_of(process, within=1200)

    # then both end in the same state
    assert (sent["requests"], sent["failed"]) == (120 * 48, 0)
    assert disturbed.end_state() == undisturbed.end_state()
    assert_whole(disturbed)


# ── what the tests share ─────────────────────────────────────────────────────────────────────────────────────────────


def kill_at_random(
    up: Up, process: subprocess.Popen[str], times: dict[str, int], *, pause: tuple[float, float]
) -> None:
    """kill -9 processes of the roles that are left, one role at a time, from the client's first step until its end."""
    chance = random.Random(SEED)
    left = dict(times)
    while not (up.project.endpoint / "clock.json").is_file():
        assert process.poll() is None
        time.sleep(0.01)
    while process.poll() is None:
        time.sleep(chance.uniform(*pause))
        roles = [role for role in sorted(left) if left[role] and up.children(role)]
        role = "training" if "training" in roles else chance.choice(roles) if roles else ""
        if role and up.kill(role):
            left[role] -= 1


def measured(project: LoopProject, *words: str) -> float:
    """How many seconds a command takes that succeeds."""
    began = time.monotonic()
    done = project.command(*words)
    assert done.code == 0, done.err
    return time.monotonic() - began


def served_by(project: LoopProject) -> list[str]:
    """Routers, workers and controllers that work in the project's folder."""
    roles = ("serve router", "serve worker", "trimtab controller")
    return [said for _, _, said in processes() if str(project.folder) in said and any(role in said for role in roles)]


def assert_whole(project: LoopProject) -> None:
    """The journal is unbroken, each action was closed once, and nothing half-made is left."""
    assert project.ask("journal", "verify")["holds"] is True
    assert set(project.closings().values()) <= {1}
    assert project.half_made() == []
