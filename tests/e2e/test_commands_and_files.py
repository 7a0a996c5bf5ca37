"""What a command reads, what texts in code may mean, and what a plan leaves alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pipeline_project import TOML, PipelineProject


def project_of(folder: Path, files: dict[str, str], settings: str = "") -> PipelineProject:
    root = folder / "project"
    for name, text in {"trimtab.toml": TOML + settings, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return PipelineProject(root, folder / "library")


PREPARE = """
import os
import pathlib

# how much
scale = int(os.environ.get("SCALE", "1"))
rows = pathlib.Path("data/in.txt").read_text().split()
limit = int(pathlib.Path("data/limit.txt").read_text())
pathlib.Path("out.txt").write_text(str(min(limit, scale * len(rows))))
"""
COMMAND = '\n[steps.prepare]\nrun = "python scripts/prepare.py"\nreads = ["data/in.txt"]\nwrites = ["out.txt"]\n'


@pytest.fixture
def commanded(tmp_path: Path) -> PipelineProject:
    files = {"scripts/prepare.py": PREPARE, "data/in.txt": "a b c", "data/limit.txt": "100"}
    project = project_of(tmp_path, files, COMMAND)
    assert project.ran() == {"prepare"}
    assert project.ran() == set()
    return project


def test_a_comment_in_a_commands_script_runs_nothing(commanded: PipelineProject) -> None:
    commanded.edit("scripts/prepare.py", "# how much", "# by how much the count is multiplied")
    assert commanded.ran() == set()
    commanded.edit("scripts/prepare.py", "len(rows)", "len(rows) + 1")
    assert commanded.ran() == {"prepare"}


def test_a_variable_and_a_file_that_a_commands_script_names_count_without_being_declared(
    commanded: PipelineProject,
) -> None:
    assert commanded.ran(SCALE="2") == {"prepare"}
    assert (commanded.folder / "out.txt").read_text() == "6"
    assert commanded.ran(SCALE="2") == set()
    (commanded.folder / "data/limit.txt").write_text("5")
    assert commanded.ran(SCALE="2") == {"prepare"}
    assert "os.environ.get('SCALE', '1') is read without being declared" in commanded.command("run", "--explain").stdout


def test_a_variable_that_a_shell_script_names_counts(tmp_path: Path) -> None:
    settings = '\n[steps.greet]\nrun = "sh greet.sh"\nwrites = ["out.txt"]\n'
    project = project_of(tmp_path, {"greet.sh": 'echo "hello ${WHO}" > out.txt\n'}, settings)
    project.run(WHO="ada")
    assert project.ran(WHO="ada") == set()
    assert project.ran(WHO="bob") == {"greet"}
    assert (project.folder / "out.txt").read_text() == "hello bob\n"


def test_a_plan_puts_nothing_back_and_makes_no_folder(commanded: PipelineProject) -> None:
    (commanded.folder / "out.txt").unlink()
    before = sorted((commanded.folder / ".trimtab/logs").glob("*"))
    assert "kept  prepare" in commanded.command("run", "--explain").stdout
    assert not (commanded.folder / "out.txt").exists()
    assert sorted((commanded.folder / ".trimtab/logs").glob("*")) == before
    assert commanded.ran() == set()
    assert (commanded.folder / "out.txt").read_text() == "3"


TEXTS = ("x**2/y", "a/**b", "ü" * 200, "*/*", "/root/../proc/1/mem", "[/]", b"\\0".decode("unicode_escape"), "~/x")


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_is_no_file_does_no_harm(tmp_path: Path, text: str) -> None:
    project = project_of(tmp_path, {"pipeline.py": f"def step():\n    return len({text!r})\n"})
    assert project.ran() == {"step"}
    assert project.ran() == set()


def kept_contents(project: PipelineProject) -> list[bytes]:
    return [path.read_bytes() for path in (project.folder / ".trimtab").rglob("*") if path.is_file()]


def test_files_of_passwords_and_files_outside_the_project_are_recorded_and_never_copied(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("what lies elsewhere")
    source = (
        "from pathlib import Path\n\n\ndef step():\n"
        f"    return [len(Path(name).read_text()) for name in ('.env', {str(outside)!r}, 'data.txt')]\n"
    )
    files = {"pipeline.py": source, ".env": "PASSWORD=hunter2-and-more", "data.txt": "what may be kept"}
    project = project_of(tmp_path, {**files, ".gitignore": ".env\n*.txt\n"})
    record: dict[str, Any] = project.run()
    assert {name: read["kept"] for name, read in record["files"].items()} == {
        ".env": False, "data.txt": True, str(outside): False,
    }  # fmt: skip
    contents = kept_contents(project)
    assert any(b"what may be kept" in content for content in contents)
    assert not any(b"hunter2" in content or b"what lies elsewhere" in content for content in contents)
