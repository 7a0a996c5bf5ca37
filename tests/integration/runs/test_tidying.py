"""What past runs left goes after a while, and nothing that goes wrong with it reaches the run."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from trimtab.app.tidying import EVERY, LOCKS_STAY, LOGS_STAY, tidy
from trimtab.base.digest import digest_bytes
from trimtab.base.instants import SECOND, Instant
from trimtab.disk.lock import Lease
from trimtab.drivers.step_values import Results, StepValues
from trimtab.records.kept import Result

LIMIT = 1_000_000


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder of a project with a cache."""
    (tmp_path / ".trimtab/cache").mkdir(parents=True)
    return tmp_path / ".trimtab"


def age(path: Path, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def past_run(state: Path, run_id: str, *, ago: float) -> tuple[Path, Path]:
    """The logs and the lock of a run that ended so many seconds ago."""
    logs, lock = state / "logs" / run_id, state / "locks" / f"run-{run_id}.lock"
    logs.mkdir(parents=True)
    (logs / "train.log").write_text("{}")
    with Lease(lock, run_id):
        pass
    age(logs, ago)
    age(lock, ago)
    return logs, lock


def told(state: Path, limit: int = LIMIT) -> list[str]:
    said: list[str] = []
    tidy(state, limit, said.append)
    return said


def test_logs_and_locks_of_past_runs_go_after_a_while_and_newer_ones_stay(state: Path) -> None:
    old = past_run(state, "old", ago=LOGS_STAY / SECOND + 60)
    middle = past_run(state, "middle", ago=LOCKS_STAY / SECOND + 60)
    new = past_run(state, "new", ago=60)
    assert told(state) == []
    assert [[path.exists() for path in each] for each in (old, middle, new)] == [
        [False, False],
        [True, False],
        [True, True],
    ]


def test_a_run_that_goes_on_keeps_its_logs_and_its_lock(state: Path) -> None:
    logs, lock = past_run(state, "long", ago=0)
    with Lease(lock, "long"):
        age(logs, 10 * LOGS_STAY / SECOND)
        age(lock, 10 * LOGS_STAY / SECOND)
        assert told(state) == []
        assert logs.is_dir()
        assert lock.is_file()


def test_other_locks_and_logs_stay(state: Path) -> None:
    paths = [state / "locks/controller-main.lock", state / "logs/retrain-1.log"]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        age(path, 10 * LOGS_STAY / SECOND)
    assert told(state) == []
    assert all(path.exists() for path in paths)


def test_it_is_done_once_an_hour(state: Path) -> None:
    assert told(state) == []
    logs, _ = past_run(state, "old", ago=LOGS_STAY / SECOND + 60)
    assert told(state) == []
    assert logs.exists()
    age(state / "cache/trimmed", EVERY / SECOND + 1)
    assert told(state) == []
    assert not logs.exists()


def test_what_cannot_be_removed_is_told_and_nothing_is_raised(state: Path) -> None:
    logs, lock = past_run(state, "odd", ago=LOGS_STAY / SECOND + 60)
    lock.unlink()
    lock.mkdir()
    (state / "cache/results").write_text("")
    said = told(state)
    assert said[0] == "the cache cannot be trimmed: cache/results: Not a directory"
    assert "what is left of the run odd cannot be removed: cannot lock run-odd" in said[1]
    assert logs.exists()


@pytest.mark.parametrize("there", [False, True], ids=["no state folder", "a file where the cache should be"])
def test_without_a_cache_nothing_is_raised(tmp_path: Path, there: bool) -> None:
    state = tmp_path / ".trimtab"
    if there:
        state.mkdir()
        (state / "cache").write_text("")
    said = ["the cache cannot be trimmed: cache/results: Not a directory (and 4 more)"]
    assert told(state) == (said if there else [])


def test_results_beyond_the_limit_are_said_to_be_removed(state: Path) -> None:
    values, results = StepValues(state / "cache"), Results(state / "cache")
    kept = values.keep("x" * 5_000, step="s")
    key = digest_bytes(b"key")
    results.put(Result(key=key, step="s", kept=kept, made_by="run-1", made_at=Instant(1), seconds=0.1))
    for path in (state / "cache").rglob("*"):
        age(path, 100_000)
    (said,) = told(state, limit=0)
    assert said == (
        "the cache passed its limit of 0.0 GiB: 1 result was removed, of those that were not used for longest (0.0 GiB)"
    )
