"""What a command reads, what texts in code may mean, and what a plan leaves alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Eventually
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


@pytest.mark.parametrize("run", ["sh ./greet.sh", "./greet.sh", "sh -x greet.sh now", "bash -o pipefail greet.sh"])
def test_a_shell_script_counts_by_its_content(tmp_path: Path, run: str) -> None:
    settings = f'\n[steps.greet]\nrun = "{run}"\nwrites = ["out.txt"]\n'
    project = project_of(tmp_path, {"greet.sh": "#!/bin/sh\necho hello > out.txt\n"}, settings)
    (project.folder / "greet.sh").chmod(0o755)
    assert project.ran() == {"greet"}
    assert project.ran() == set()
    project.edit("greet.sh", "hello", "good day")
    assert "file greet.sh" in project.command("run", "--explain").stdout
    assert project.ran() == {"greet"}


@pytest.mark.parametrize("run", ["python ./count.py", "python 'count.py'", "python -B scripts/../count.py"])
def test_a_python_script_counts_by_its_code_however_it_is_named(tmp_path: Path, run: str) -> None:
    settings = f'\n[steps.count]\nrun = "{run}"\nwrites = ["out.txt"]\n'
    script = "LIMIT = 1\nopen('out.txt', 'w').write(str(LIMIT))\n"
    project = project_of(tmp_path, {"count.py": script, "scripts/x.txt": ""}, settings)
    assert project.ran() == {"count"}
    project.edit("count.py", "LIMIT = 1", "LIMIT = 1  # one")
    assert project.ran() == set()
    project.edit("count.py", "LIMIT = 1", "LIMIT = 2")
    assert "constant LIMIT" in project.command("run", "--explain").stdout
    assert project.ran() == {"count"}


def test_a_script_that_lists_the_folder_that_it_lies_in_runs_again_for_a_new_file(tmp_path: Path) -> None:
    settings = '\n[steps.count]\nrun = "python count.py"\nwrites = ["out.txt"]\n'
    script = "import os\n\nnames = [name for name in os.listdir() if name.endswith('.csv')]\n"
    project = project_of(
        tmp_path, {"count.py": f"{script}open('out.txt', 'w').write(str(len(names)))\n", "a.csv": ""}, settings
    )
    assert project.ran() == {"count"}
    assert project.ran() == set()
    (project.folder / "b.csv").write_text("")
    assert project.ran() == {"count"}
    assert (project.folder / "out.txt").read_text() == "2"
    assert project.ran() == set()


TEXTS = ("x**2/y", "a/**b", "ü" * 200, "*/*", "/proc/../proc/1/mem", "[/]", b"\\0".decode("unicode_escape"), "~/x")


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


LEAVING = {
    "write.sh": "mkdir -p out/parts\nfor i in $(seq $(cat n.txt)); do echo $i > out/parts/$i.csv; done\n",
    "sum.sh": "cat out/parts/*.csv > out/sum.txt\n",
    "n.txt": "3",
}
PARTS = """
[steps.write]
run = "sh write.sh"
reads = ["n.txt"]
writes = ["out/parts"]

[steps.total]
run = "sh sum.sh"
reads = ["out/parts"]
writes = ["out/sum.txt"]
"""


def test_what_a_command_left_the_last_time_is_not_taken_for_what_it_writes(tmp_path: Path) -> None:
    project = project_of(tmp_path, LEAVING, PARTS)
    project.run()
    assert project.ran() == set()
    (project.folder / "n.txt").write_text("1")
    record = project.run()
    assert (project.folder / "out/sum.txt").read_text() == "1\n"
    assert project.run("--fresh")["outputs"] == record["outputs"]
    assert project.ran() == set()
    assert "identical" in project.command("reproduce", "latest").stdout
    assert set(record["files"]) == {"n.txt"} or record["files"] == {}


def test_a_command_that_stops_writing_a_file_fails_and_what_was_there_is_put_back(tmp_path: Path) -> None:
    project = project_of(tmp_path, LEAVING, PARTS)
    project.run()
    source = project.run()["code"]["source"]
    (project.folder / "sum.sh").write_text("echo nothing\n")
    for words in (["run"], ["run", "--fresh"]):
        done = project.command(*words)
        assert done.returncode == 5
        assert "did not write out/sum.txt" in done.stderr
        assert (project.folder / "out/sum.txt").read_text() == "1\n2\n3\n"
    (project.folder / "sum.sh").write_text(LEAVING["sum.sh"])
    assert project.run()["code"]["source"] == source  # what commands write is no source


def test_a_file_that_no_run_made_is_not_lost_with_what_a_command_wrote_before(tmp_path: Path) -> None:
    settings = '\n[steps.write]\nrun = "sh write.sh"\nreads = ["n.txt"]\nwrites = ["out"]\n'
    script = "cp n.txt out/copy.txt; cp n.txt out/same.txt\n"
    files = {"write.sh": script, "n.txt": "1", "out/same.txt": "1", "out/by hand.txt": "mine", ".gitignore": "out\n"}
    project = project_of(tmp_path, files, settings)
    project.run()
    assert {path.name for path in (project.folder / "out").iterdir()} == {"copy.txt", "same.txt"}
    (project.folder / "out/notes.md").write_text("mine, too")
    (project.folder / "out/copy.txt").write_text("1, as I would like it")
    (project.folder / "n.txt").write_text("2")
    said = project.command("run").stderr
    assert "write: out/copy.txt and 1 more lay where it writes, and no run had made that: it is in " in said
    kept = {path.read_text() for path in (project.folder / ".trimtab/replaced").rglob("*") if path.is_file()}
    assert kept == {"mine", "mine, too", "1, as I would like it"}
    (project.folder / "n.txt").write_text("3")
    assert "no run had made" not in project.command("run").stderr


@pytest.fixture
def killed(tmp_path: Path, eventually: Eventually) -> PipelineProject:
    """A project whose run was killed while its command was to write ``out/x.txt``, which was there, anew."""
    settings = '\n[steps.write]\nrun = "sh write.sh"\nwrites = ["out/x.txt"]\n'
    project = project_of(tmp_path, {"write.sh": "mkdir -p out; echo 1 > out/x.txt\n"}, settings)
    project.run()
    (project.folder / "write.sh").write_text("touch begun; while true; do sleep .1; done\n")
    run = subprocess.Popen([sys.executable, "-m", "trimtab", "run"], cwd=project.folder, stderr=subprocess.DEVNULL)
    eventually((project.folder / "begun").exists, what="the command begins")
    assert not (project.folder / "out/x.txt").exists()
    run.kill()
    run.wait()
    return project


def test_what_a_killed_command_replaced_goes_back_to_its_place_whatever_it_writes_by_then(
    killed: PipelineProject,
) -> None:
    killed.edit("trimtab.toml", "out/x.txt", "other/y.txt")
    (killed.folder / "write.sh").write_text("mkdir -p other; echo 2 > other/y.txt\n")
    killed.run()
    assert (killed.folder / "out/x.txt").read_text() == "1\n"
    assert (killed.folder / "other/y.txt").read_text() == "2\n"


@pytest.mark.parametrize(("one", "other"), [("out", "out"), ("out", "out/a.txt"), ("out/a.txt", "out")])
def test_two_commands_do_not_write_to_one_place(tmp_path: Path, one: str, other: str) -> None:
    settings = f'\n[steps.a]\nrun = "true"\nwrites = ["{one}"]\n\n[steps.b]\nrun = "true"\nwrites = ["{other}"]\n'
    done = project_of(tmp_path, {}, settings).command("check")
    assert done.returncode == 2
    assert "trimtab.toml:12: the steps a and b both write out" in done.stderr + done.stdout


def test_a_file_in_the_way_of_what_a_command_wrote_is_a_change(tmp_path: Path) -> None:
    settings = '\n[steps.write]\nrun = "sh write.sh"\nwrites = ["out/x.txt"]\n'
    project = project_of(tmp_path, {"write.sh": "mkdir -p out && echo 1 > out/x.txt\n"}, settings)
    project.run()
    shutil.rmtree(project.folder / "out")
    (project.folder / "out").write_text("in the way")
    assert "runs  write" in project.command("run", "--explain").stdout
    done = project.command("run")
    assert done.returncode == 5
    assert "It said last:" in done.stderr
    assert (project.folder / "out").read_text() == "in the way"


def test_a_command_goes_on_with_what_it_reads_and_writes(tmp_path: Path) -> None:
    settings = '\n[steps.grow]\nrun = "sh grow.sh"\nreads = ["model.txt", "n.txt"]\nwrites = ["model.txt"]\n'
    project = project_of(tmp_path, {"grow.sh": "cat n.txt >> model.txt\n", "model.txt": "0", "n.txt": "1"}, settings)
    project.run()
    assert (project.folder / "model.txt").read_text() == "01"


def test_what_a_killed_command_was_to_replace_is_put_back_by_the_next_run(killed: PipelineProject) -> None:
    (killed.folder / "write.sh").write_text("exit 3\n")
    assert killed.command("run").returncode == 5
    assert (killed.folder / "out/x.txt").read_text() == "1\n"
