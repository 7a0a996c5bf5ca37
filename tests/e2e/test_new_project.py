"""A project that `trimtab new` wrote goes round the loop with the commands that its README names."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from trimtab.serve.observed import read_observed

CLIENT = Path(__file__).parents[2] / "examples" / "electricity" / "client.py"
TRIMTAB = [sys.executable, "-m", "trimtab"]

Eventually = Callable[..., None]


def run(project: Path, *command: str, token: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=project, env={**os.environ, "TRIMTAB_TOKEN": token}, capture_output=True, text=True, timeout=240
    )


def trimtab(project: Path, *arguments: str) -> str:
    done = run(project, *TRIMTAB, *arguments)
    assert done.returncode == 0, f"trimtab {' '.join(arguments)} said:\n{done.stdout}{done.stderr}"
    return done.stdout


@contextmanager
def up(project: Path, log: Path, eventually: Eventually, *options: str) -> Iterator[str]:
    """``trimtab up`` for the block; yields the endpoint's URL once it answers."""
    with log.open("wb") as output:
        process = subprocess.Popen([*TRIMTAB, "up", "--port", "0", *options], cwd=project, stdout=output, stderr=output)
    observed = project / ".trimtab" / "endpoints" / "main" / "observed.json"
    try:
        eventually(lambda: ready(observed), within=60.0, what=f"the endpoint answers; {log} has what it said")
        yield url_of(observed)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def url_of(observed: Path) -> str:
    found = read_observed(observed)
    assert found is not None
    return f"http://{found.host}:{found.port}"


def ready(observed: Path) -> bool:
    if not observed.is_file():
        return False
    try:
        with urlopen(f"{url_of(observed)}/v2/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@pytest.fixture
def project(tmp_path: Path) -> Path:
    trimtab(tmp_path, "new", "card-fraud")
    folder = tmp_path / "card-fraud"
    assert trimtab(folder, "check") == "no mistake found\n"
    trimtab(folder, "run")
    return folder


def test_a_new_project_is_run_served_and_replayed_by_the_same_client_as_the_demo(
    project: Path, tmp_path: Path, eventually: Eventually
) -> None:
    # given a new project with a release
    token = trimtab(project, "token").strip()
    columns = ["--time", "ts", "--label", "is_fraud", "--key", "tx_id", "--label-delay-hours", "168"]

    # when the fortnight after its sample is sent to it by the demo's client
    with up(project, tmp_path / "up.log", eventually, "--replay") as url:
        sent = run(project, sys.executable, str(CLIENT), "data/later.parquet", *columns, "--url", url, token=token)

    # then every request was answered, and what the loop thought of it is in an unbroken journal
    assert sent.returncode == 0, sent.stdout + sent.stderr
    result = json.loads(sent.stdout)
    assert (result["requests"], result["failed"], result["labels"]) == (1_222, 0, 1_222)
    trimtab(project, "journal", "verify")


def test_a_new_projects_own_client_gets_answers_and_sends_labels(
    project: Path, tmp_path: Path, eventually: Eventually
) -> None:
    # given a new project with a release, live
    token = trimtab(project, "token").strip()

    # when its own client is used as its README says
    with up(project, tmp_path / "up.log", eventually) as url:
        done = run(project, sys.executable, "client.py", "--rows", "5", "--url", url, token=token)
        refused = run(project, sys.executable, "client.py", "--rows", "1", "--url", url, token="wrong")

    # then five payments have a score, their labels are taken, and a wrong token is refused
    assert done.returncode == 0, done.stdout + done.stderr
    *answers, taken = done.stdout.splitlines()
    assert [0.0 <= json.loads(line.partition(" ")[2])["outputs"]["score"] <= 1.0 for line in answers] == [True] * 5
    assert json.loads(taken)["taken"] == 5
    assert refused.returncode == 1
    assert refused.stderr.startswith("401 from ")
