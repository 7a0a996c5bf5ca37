"""Small things that go wrong: a step that prints, a state folder in Git, an import that fails, a killed repetition."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.pipeline_project import TOML, PipelineProject


@pytest.fixture
def project(tmp_path: Path) -> PipelineProject:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "trimtab.toml").write_text(TOML)
    (tmp_path / "project" / "pipeline.py").write_text(
        "import os\n\n\ndef step(*, size: float = 1.0) -> float:\n    print('printed')\n    os.write(1, b'written')\n"
        "    return size\n"
    )
    return PipelineProject(tmp_path / "project", tmp_path / "library")


def test_what_a_step_prints_is_not_part_of_the_document(project: PipelineProject) -> None:
    done = project.command("run", "--json")
    assert json.loads(done.stdout)["record"]["state"] == "finished"
    assert "printed" in done.stderr
    assert "written" in done.stderr
    assert "printed" in project.command("run", "--fresh").stdout


def test_the_state_is_not_taken_into_git(project: PipelineProject) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=project.folder, check=True)
    project.run()
    listed = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=project.folder,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "pipeline.py" in listed.stdout
    assert ".trimtab" not in listed.stdout


@pytest.mark.parametrize("words", [("check",), ("run", "--explain"), ("run",)])
def test_what_a_module_prints_is_no_part_of_the_document(project: PipelineProject, words: tuple[str, ...]) -> None:
    source = (project.folder / "pipeline.py").read_text()
    (project.folder / "pipeline.py").write_text(f"print('loud')\n{source}")
    done = project.command(*words, "--json")
    assert json.loads(done.stdout)["schema"].startswith("trimtab.")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_is_full_or_closed_is_said_and_the_run_is_recorded(project: PipelineProject) -> None:
    here = f"cd {project.folder} && {sys.executable} -m trimtab"
    full = subprocess.run(f"{here} run --json >/dev/full", shell=True, capture_output=True, text=True)
    assert (full.returncode, full.stderr.splitlines()[-1]) == (
        4, "standard output cannot be written: No space left on device",
    )  # fmt: skip
    closed = subprocess.run(f"{here} run --json >&-", shell=True, capture_output=True, text=True)
    assert (closed.returncode, closed.stdout) == (0, "")
    runs = json.loads(project.command("runs", "--json").stdout)["runs"]
    assert [run["state"] for run in runs] == ["finished", "finished"]


def test_a_figure_that_is_no_number_is_refused_before_anything_runs(project: PipelineProject) -> None:
    done = project.command("run", "--set", "size=nan")
    assert done.returncode == 2
    assert "size" in done.stderr
    assert "--set size is to be a finite number [TT1013]" in done.stderr
    assert json.loads(project.command("runs", "--json").stdout)["runs"] == []


def test_an_import_that_fails_shows_the_users_lines_alone_and_what_it_comes_from(project: PipelineProject) -> None:
    (project.folder / "helper.py").write_text(
        "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError('b') from error\n"
    )
    project.edit("pipeline.py", "import os", "import os\nimport helper")
    said = project.command("run").stderr
    assert "helper.py:4: ValueError: b [TT1008]" in said
    assert "because of KeyError: 'a'" in said
    assert "called from pipeline.py:2" in said
    assert "importlib" not in said


def test_a_step_that_ends_the_process_at_once_fails_like_any_other(project: PipelineProject) -> None:
    project.edit("pipeline.py", "    return size", "    os._exit(0)")
    done = project.command("run")
    assert done.returncode == 5
    assert "the project's code called exit(0)" in done.stderr


@pytest.mark.parametrize("line", ["raise ValueError('x')", "assert os.sep == ''", "import nowhere_to_be_found"])
def test_a_module_that_can_no_longer_be_imported_is_no_run_with_nothing_to_do(
    project: PipelineProject, line: str
) -> None:
    (project.folder / "helper.py").write_text("import os\n\nSIZE = 1\n")
    project.edit("pipeline.py", "import os", "import os\n\nfrom helper import SIZE")
    project.run()
    assert project.ran() == set()
    (project.folder / "helper.py").write_text(f"import os\n\nSIZE = 1\n{line}\n")
    done = project.command("run")
    assert done.returncode == 5
    assert "helper.py:4" in done.stderr
