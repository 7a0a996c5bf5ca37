"""A command that writes a folder, those that read it, and what of a command's output is shown and kept in memory."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.pipeline_project import TOML, PipelineProject

COMMANDS = """
[steps.split]
run = "python split.py"
reads = ["data/in.txt"]
writes = ["out"]

[steps.count]
run = "python count.py"
reads = ["out"]
writes = ["counts"]
"""
FILES = {
    "trimtab.toml": TOML + COMMANDS,
    "split.py": """
from pathlib import Path

parts = Path("out/parts")
parts.mkdir(parents=True, exist_ok=True)
for old in parts.iterdir():
    old.unlink()
for number, word in enumerate(Path("data/in.txt").read_text().split()):
    (parts / f"{number}.txt").write_text(word)
""",
    "count.py": """
from pathlib import Path

Path("counts").mkdir(exist_ok=True)
total = sum(len(path.read_text()) for path in sorted(Path("out").rglob("*.txt")))
Path("counts/total.txt").write_text(str(total))
""",
    "pipeline.py": "def doubled(count, split) -> int:\n    return int(count.read_text()) * 2 + len(split)\n",
    "data/in.txt": "a bb ccc",
}


def project_of(folder: Path, files: dict[str, str]) -> PipelineProject:
    project = folder / "project"
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text.lstrip())
    return PipelineProject(project, folder / "library")


def test_commands_that_hand_folders_on_run_once_for_each_change(tmp_path: Path) -> None:
    project = project_of(tmp_path, FILES)
    assert project.ran() == {"split", "count", "doubled"}
    assert project.ran() == set()
    (project.folder / "data/in.txt").write_text("a bb cccc d")
    assert project.ran() == {"split", "count", "doubled"}
    assert project.ran() == set()


def test_a_folder_that_a_command_writes_is_none_of_its_reads(tmp_path: Path) -> None:
    project = project_of(tmp_path, FILES)
    project.run()
    (project.folder / "data/in.txt").write_text("a bb cccc d")
    record = project.run()  # the folder is there by now, and the script lists it
    (split,) = (step for step in record["steps"] if step["step"] == "split")
    assert set(split["reads"]) == {"data/in.txt"}
    (project.folder / "out/notes.md").write_text("mine")
    assert project.ran() == {"count"}  # which reads the folder


def test_a_command_that_fails_tells_what_it_said_last_and_its_record_does_too(tmp_path: Path) -> None:
    fails = "for line in range(100_000):\n    print('line', line)\nraise SystemExit('the last')\n"
    project = project_of(tmp_path, {**FILES, "count.py": fails})
    failed = project.command("run")
    assert failed.returncode == 5
    assert "line 0\n" in failed.stderr
    told = failed.stderr.partition("[TT1393]")[2]
    assert "\n  It said last:\n    line 999" in told
    assert told.rstrip().endswith("the last")
    assert len(told) < 1000
    run = project.command("runs", "--json").stdout
    assert "the last" in run


def test_a_program_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    toml = TOML + '\n[steps.missing]\nrun = "no-such-program now"\nwrites = ["out"]\nretries = 3\n'
    failed = project_of(tmp_path, {"trimtab.toml": toml}).command("run")
    assert failed.returncode == 2
    assert "the command of the step missing cannot be started" in failed.stderr
    assert "no-such-program" in failed.stderr


def test_what_a_step_in_a_process_of_its_own_says_is_passed_on_as_it_comes(tmp_path: Path) -> None:
    source = """
import sys

from trimtab import step


@step(time_limit="1m")
def loud() -> int:
    print("to standard output")
    print("to standard error", file=sys.stderr)
    return 1
"""
    done = project_of(tmp_path, {"trimtab.toml": TOML, "pipeline.py": source}).command("run", "--json")
    assert done.returncode == 0
    assert "to standard output\nto standard error\n" in done.stderr
    assert "to standard" not in done.stdout
