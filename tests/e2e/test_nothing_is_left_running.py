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
from trimtab.app import group_guard
from trimtab.app.process_group import ProcessGroup
from trimtab.base.instants import SECOND, Span

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


def test_a_guard_whose_run_has_ended_before_it_began_begins_nothing(tmp_path: Path) -> None:
    nobody = subprocess.Popen(["true"])
    nobody.wait()
    told, telling = os.pipe()
    guard = [sys.executable, "-I", "-S", group_guard.__file__, str(nobody.pid), str(telling)]
    subprocess.run(
        [*guard, "touch", str(tmp_path / "begun")], check=True, timeout=60, pass_fds=[telling], start_new_session=True
    )
    os.close(telling)
    with os.fdopen(told) as what:
        assert what.read() == ""
    assert not (tmp_path / "begun").exists()


@pytest.mark.parametrize("moment", [0.0, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1])
def test_whenever_a_run_is_killed_what_it_begins_ends(tmp_path: Path, moment: float) -> None:
    mark = uuid4().hex
    begins = (
        "import os, sys, time; from pathlib import Path; from trimtab.app.process_group import ProcessGroup; "
        "print('now', flush=True); "
        "ProcessGroup(['sleep', '600'], folder=Path(), environment=dict(os.environ)); time.sleep(600)"
    )
    project = PipelineProject(tmp_path, tmp_path, environment={MARK: mark})
    run = subprocess.Popen(
        [sys.executable, "-c", begins], env={**os.environ, MARK: mark}, stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "now\n"
    time.sleep(moment)
    run.kill()
    run.wait()
    run.stdout.close()
    assert_none_lives(project)


@pytest.mark.parametrize(
    ("program", "code"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", -9), ("", 0)]
)
def test_how_a_program_ended_is_told(tmp_path: Path, program: str, code: int) -> None:
    group = ProcessGroup([sys.executable, "-c", program], folder=tmp_path, environment=dict(os.environ))
    assert group.finish(None)
    assert (group.code, group.code) == (code, code)


def test_what_outlives_its_guard_is_ended_all_the_same(tmp_path: Path) -> None:
    project = PipelineProject(tmp_path, tmp_path, environment={MARK: uuid4().hex})
    words = ["sh", "-c", "(sleep 601) & kill -9 $PPID; sleep 602"]
    group = ProcessGroup(words, folder=tmp_path, environment={**os.environ, **project.environment})
    assert group.finish(None)
    assert_none_lives(project)


def test_a_program_that_ends_its_own_group_ends(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        words = ["sh", "-c", f"kill -{number} 0; sleep 600"]
        group = ProcessGroup(words, folder=tmp_path, environment=dict(os.environ))
        assert group.finish(Span(30 * SECOND))
        assert group.code == -number
