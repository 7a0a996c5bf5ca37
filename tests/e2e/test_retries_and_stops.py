"""What is tried again, what is not, and that a step which fails ends those beside it for good."""

from __future__ import annotations

import time
from pathlib import Path

from tests.e2e.pipeline_project import TOML, PipelineProject


def project_of(folder: Path, source: str) -> PipelineProject:
    folder.mkdir()
    (folder / "trimtab.toml").write_text(TOML)
    (folder / "pipeline.py").write_text(source)
    return PipelineProject(folder, folder / "library")


def test_a_step_that_fails_ends_those_beside_it_and_none_of_them_begins_again(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    source = f"""
import pathlib
import time

from trimtab import step

BEGUN = pathlib.Path({str(begun)!r})
FIRST = True


def _until(happened, seconds=60):
    until = time.monotonic() + seconds
    while not happened() and time.monotonic() < until:
        time.sleep(.01)


def fails() -> int:
    if not FIRST:
        _until(BEGUN.exists)
        raise ValueError("not today")
    return _until(lambda: False, 2.1)


@step(retries=3)
def waits() -> int:
    if not FIRST:
        with BEGUN.open("a") as file:
            file.write("begun ")
    return _until(lambda: False, 2.1 if FIRST else 60)


step(fails)
"""
    project = project_of(tmp_path / "project", source)
    project.run()  # both are slow, so that they run side by side from now on
    project.edit("pipeline.py", "FIRST = True", "FIRST = False")
    began = time.monotonic()
    done = project.command("run")
    assert done.returncode == 5
    assert "ValueError: not today" in done.stderr
    assert begun.read_text() == "begun "
    assert time.monotonic() - began < 30


def test_what_trimtab_itself_refuses_is_not_tried_again(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    source = (
        "import pathlib\nfrom trimtab import step\n\n\n@step(retries=4)\ndef handle():\n"
        f"    with pathlib.Path({str(tries)!r}).open('a') as file:\n        file.write('x')\n"
        "    return open(__file__)\n"
    )
    done = project_of(tmp_path / "project", source).command("run")
    assert done.returncode == 2
    assert "[TT1353]" in done.stderr
    assert tries.read_text() == "x"


def test_code_that_cannot_be_imported_is_not_tried_again(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    source = (
        f"import pathlib\nfrom trimtab import step\n\nwith pathlib.Path({str(tries)!r}).open('a') as file:\n"
        "    file.write('x')\nraise OSError('not here')\n\n\n@step(retries=4)\ndef one() -> int:\n    return 1\n"
    )
    done = project_of(tmp_path / "project", source).command("run")
    assert done.returncode == 5
    assert tries.read_text() == "x"


def test_a_step_whose_process_is_lost_or_late_is_tried_again(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    source = f"""
import os
import pathlib
import signal
import time

from trimtab import step


@step(time_limit="3s", retries=2)
def flaky() -> int:
    place = pathlib.Path({str(tries)!r})
    with place.open("a") as file:
        file.write("x")
    if place.read_text() == "x":
        os.kill(os.getpid(), signal.SIGKILL)
    while place.read_text() == "xx":
        time.sleep(.05)
    return 1
"""
    (step,) = project_of(tmp_path / "project", source).run()["steps"]
    assert step["attempts"] == 3
    assert tries.read_text() == "xxx"
