"""However a step or the run itself ends, what it began ends with it: also a child's child that ignores being asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.pipeline_project import TOML, PipelineProject

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are known by their variables, in /proc")

MARK = "MARK_OF_THIS_TEST"
STUBBORN = """
import pathlib
import signal
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path("begun").write_text("")
time.sleep(600)
"""
BEGINS = """
import pathlib
import subprocess
import sys
import time

from trimtab import step


def begin():
    subprocess.Popen([sys.executable, "stubborn.py"])
    while not pathlib.Path("begun").exists():
        time.sleep(.01)
    print("the last words", flush=True)
"""
STEP = f"{BEGINS}\n\n@step(time_limit={{limit!r}})\ndef slow() -> int:\n    begin()\n    {{then}}\n    return 1\n"
COMMAND = "\n[steps.slow]\nrun = 'python slow.py'\nwrites = ['begun']\ntime_limit = '{limit}'\n"
WAIT = "time.sleep(600)"


def step_of(folder: Path, limit: str, then: str) -> PipelineProject:
    return _project(folder, TOML, {"pipeline.py": STEP.format(limit=limit, then=then)})


def command_of(folder: Path, limit: str, then: str) -> PipelineProject:
    toml = TOML + COMMAND.format(limit=limit)
    return _project(folder, toml, {"slow.py": f"{BEGINS}\n\nbegin()\n{then}\n"})


def _project(folder: Path, toml: str, files: dict[str, str]) -> PipelineProject:
    project = folder / "project"
    project.mkdir()
    for name, text in {"trimtab.toml": toml, "stubborn.py": STUBBORN, **files}.items():
        (project / name).write_text(text)
    return PipelineProject(project, folder / "library", environment={MARK: uuid4().hex})


def living(project: PipelineProject) -> list[str]:
    """The processes that have the project's mark; one that has ended and that nobody waits for has none."""
    mark, found = f"{MARK}={project.environment[MARK]}".encode(), []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def assert_none_lives(project: PipelineProject) -> None:
    until = time.monotonic() + 20
    while (left := living(project)) and time.monotonic() < until:
        time.sleep(0.05)
    assert left == []


Make = Callable[[Path, str, str], PipelineProject]
KINDS = pytest.mark.parametrize("make", [step_of, command_of], ids=["step", "command"])


@KINDS
def test_at_its_time_limit_a_step_ends_with_its_children_and_says_what_it_said_last(tmp_path: Path, make: Make) -> None:
    project = make(tmp_path, "2s", WAIT)
    done = project.command("run")
    assert living(project) == []
    assert done.returncode == 5
    assert "took longer than its limit of 2s" in done.stderr
    assert "It said last:\n    the last words" in done.stderr


@KINDS
def test_what_a_step_leaves_behind_when_it_ends_well_is_ended(tmp_path: Path, make: Make) -> None:
    project = make(tmp_path, "1m", "pass")
    done = project.command("run")
    assert done.returncode == 0, done.stderr
    assert living(project) == []


@KINDS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_interrupted_or_killed_leaves_no_process(tmp_path: Path, make: Make, number: int) -> None:
    project = make(tmp_path, "5m", WAIT)
    said = tmp_path / "said"
    with said.open("wb") as output:
        run = subprocess.Popen(
            [sys.executable, "-m", "trimtab", "run"], cwd=project.folder, env={**os.environ, **project.environment},
            stdout=output, stderr=output,
        )  # fmt: skip
    until = time.monotonic() + 60
    while not (project.folder / "begun").exists() and run.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert len(living(project)) > 2, said.read_text()
    run.send_signal(number)
    run.wait(20)
    assert_none_lives(project)


def test_a_step_whose_run_ended_before_it_began_ends_at_once(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "trimtab.app.step_process", str(tmp_path / "job"), str(tmp_path / "answer"), "1"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "the run that began this step has ended\n")


def test_a_guard_whose_run_has_ended_before_it_began_ends_the_group(tmp_path: Path) -> None:
    from trimtab.app import group_guard

    sleeping = subprocess.Popen(["sleep", "600"], start_new_session=True)
    nobody = subprocess.Popen(["true"])
    nobody.wait()
    guard = [sys.executable, "-I", "-S", group_guard.__file__, str(sleeping.pid), str(nobody.pid)]
    subprocess.run(guard, check=True, timeout=60)
    assert sleeping.wait(20) == -signal.SIGTERM
