"""Steps and commands that do what nobody expects: they fork, set alarms, write links, return what cannot be written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.conftest import Eventually
from tests.e2e.pipeline_project import TOML, PipelineProject


def project_of(folder: Path, source: str, settings: str = "", **files: str) -> PipelineProject:
    (folder / "project").mkdir()
    contents = {"trimtab.toml": TOML + settings, **({"pipeline.py": source} if source else {}), **files}
    for name, text in contents.items():
        (folder / "project" / name).write_text(text)
    return PipelineProject(folder / "project", folder / "library")


@pytest.mark.parametrize("then", ["return 'child'", "raise ValueError('child')"])
def test_a_child_that_a_step_forked_does_not_go_on_as_the_run(
    tmp_path: Path, eventually: Eventually, then: str
) -> None:
    ended = tmp_path / "ended"
    source = (
        "import atexit, os, pathlib, time\n\n\ndef step():\n    if os.fork() == 0:\n        time.sleep(.5)\n"
        f"        pathlib.Path({str(ended)!r}).write_text('x')\n        {then}\n    return 'parent'\n"
    )
    project = project_of(tmp_path, source)
    first = project.run()
    eventually(ended.exists, what="the child ends")
    shown = json.loads(project.command("runs", "show", "latest", "--json").stdout)["record"]
    assert (shown["state"], shown["outputs"]) == ("finished", first["outputs"])
    assert len(json.loads(project.command("runs", "--json").stdout)["runs"]) == 1


def test_an_alarm_a_handler_and_a_umask_of_a_step_reach_no_other(tmp_path: Path) -> None:
    source = (
        "import os, signal, time\n\n\ndef one():\n    signal.alarm(1)\n    os.umask(0o777)\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    return 1\n\n\n"
        "def two(one):\n    time.sleep(1.5)\n    return [one, signal.getsignal(signal.SIGTERM) is signal.SIG_IGN]\n"
    )
    project = project_of(tmp_path, source)
    project.run()
    values = [path for path in (project.folder / ".trimtab/cache").rglob("*") if path.is_file()]
    assert all(path.stat().st_mode & 0o400 for path in values)
    assert project.ran() == set()


def test_an_exception_of_the_users_own_kind_is_told_as_the_users(tmp_path: Path) -> None:
    project = project_of(tmp_path, "class Stop(BaseException):\n    pass\n\n\ndef step():\n    raise Stop('enough')\n")
    done = project.command("run")
    assert done.returncode == 5
    assert "pipeline.py:6: pipeline.Stop: enough [TT1008]" in done.stderr


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("pl.LazyFrame({'x': [1]}).map_batches(lambda d: 1 / 0)", "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_kept_is_told_and_is_no_fault_of_trimtab(tmp_path: Path, returned: str, told: str) -> None:
    project = project_of(tmp_path, f"import polars as pl\n\n\ndef step():\n    return {returned}\n")
    done = project.command("run")
    assert told in done.stderr
    assert "TT1000" not in done.stderr
    assert done.returncode in (2, 5)


def test_half_a_character_and_a_name_that_is_no_text_do_no_harm(tmp_path: Path) -> None:
    project = project_of(tmp_path, "def step():\n    return {'\\ud800': open('data').read()}\n", data="x")
    (project.folder / os.fsdecode(b"a\xff")).write_text("")
    assert project.ran() == {"step"}
    assert project.ran() == set()
    assert "'a\\udcff' is not kept with the source: its name is not UTF-8" in project.command("run").stderr


@pytest.mark.parametrize("writes", [".", ".git", ".trimtab/blobs", "../x", "/tmp/x"])
def test_a_command_may_not_write_over_the_project_git_or_the_state(tmp_path: Path, writes: str) -> None:
    project = project_of(tmp_path, "", f'\n[steps.bad]\nrun = "true"\nwrites = ["{writes}"]\n')
    done = project.command("run")
    assert done.returncode == 2
    assert "writes" in done.stderr


def test_a_read_that_is_not_there_is_refused(tmp_path: Path) -> None:
    project = project_of(tmp_path, "", '\n[steps.copy]\nrun = "true"\nreads = ["nope.csv"]\nwrites = []\n')
    done = project.command("run")
    assert done.returncode == 2
    assert "the step copy reads nope.csv, and nothing is there [TT1001]" in done.stderr


def test_a_link_that_a_command_makes_is_a_link_when_it_is_put_back(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_text("1")
    settings = f'\n[steps.link]\nrun = "ln -sfn {tmp_path}/outside here"\nwrites = ["here"]\n'
    project = project_of(tmp_path, "", settings)
    project.run()
    assert project.ran() == set()
    (project.folder / "here").unlink()
    assert project.ran() == set()
    assert os.readlink(project.folder / "here") == f"{tmp_path}/outside"  # noqa: PTH115
    (tmp_path / "outside" / "x").write_text("2")
    assert project.ran() == {"link"}


def test_an_empty_variable_for_the_state_says_nothing(tmp_path: Path) -> None:
    project = project_of(tmp_path, "def step():\n    return 1\n")
    assert project.command("run", TRIMTAB_STATE="").returncode == 0
    assert sorted(path.name for path in project.folder.iterdir()) in (
        [".trimtab", "__pycache__", "pipeline.py", "trimtab.toml"], [".trimtab", "pipeline.py", "trimtab.toml"],
    )  # fmt: skip
    assert "make the folder of the project's state" in project.command("run", TRIMTAB_STATE="/proc/x").stderr


def test_a_list_that_nobody_reads_is_no_error(tmp_path: Path) -> None:
    project = project_of(tmp_path, "def step():\n    return 1\n")
    project.run()
    import subprocess
    import sys

    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m trimtab runs >&-"], cwd=project.folder, capture_output=True, text=True
    )
    assert "TT1000" not in done.stderr
