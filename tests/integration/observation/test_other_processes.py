"""What other processes do in the project's folder while a step runs: editors, downloads, a second run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel tells what is opened")

# A process that is nobody's child waits at a pipe, does what it is told while the step runs, and says when it is done.
SCRIPT = """
import json, subprocess, sys, time
from pathlib import Path
from trimtab.drivers.observation import Observer
project, act, body, knows = sys.argv[1:]
go, done = Path(project).parent / "go", Path(project).parent / "done"
other = f"( read _ < {go}; cd {project}; {act}; : > {done} ) > /dev/null 2>&1 &"
subprocess.run(["sh", "-c", other], check=True)
sys.path.insert(0, project)
Path(project, "step_of_it.py").write_text(f"import ctypes\\nlibc = ctypes.CDLL(None)\\ndef step():\\n    {body}\\n")
import step_of_it
observer = Observer(Path(project))
with observer.watch():
    pass
if knows == "no":
    observer._kernel.own.close()
with observer.watch() as watch:
    go.write_text("go\\n")
    while not done.exists():
        time.sleep(0.005)
    step_of_it.step()
seen = watch.observed
name = lambda paths: sorted(str(path.relative_to(project)) for path in paths if path.is_relative_to(project))
print(json.dumps({
    "files": name(seen.files), "listed": name(seen.listed), "blind": seen.blind,
}))
"""

NATIVE = "libc.close(libc.open(b'data/{}.csv', 0))"


def seen(folder: Path, *, act: str, body: str = "pass", knows: bool = True) -> dict[str, list[str]]:
    """What is seen of a step while another process acts; ``knows`` is whether the kernel says whose act it was."""
    project = folder / "project"
    (project / "data").mkdir(parents=True)
    for name in ("a", "b"):
        (project / "data" / f"{name}.csv").write_text("x\n1\n")
    os.mkfifo(folder / "go")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(project), act, body, "yes" if knows else "no"],
        capture_output=True, text=True, cwd=project, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, list[str]] = json.loads(done.stdout)
    return told


@pytest.fixture(scope="module")
def whose_it_was_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips where the kernel does not say whose act it was: before Linux 5.13, and in some containers."""
    import ctypes

    number = ctypes.CDLL(None).fanotify_init(0x1 | 0x2 | 0x400 | 0x800, os.O_RDONLY)
    if number < 0:
        pytest.skip("this kernel does not say whose act it was")
    os.close(number)


@pytest.mark.usefixtures("whose_it_was_is_told")
def test_what_another_process_reads_is_not_the_steps(tmp_path: Path) -> None:
    told = seen(tmp_path, act="cat data/a.csv; ls data", body=NATIVE.format("b"))
    assert told == {"files": ["data/b.csv"], "listed": [], "blind": []}


@pytest.mark.usefixtures("whose_it_was_is_told")
def test_a_file_that_another_process_makes_and_the_step_reads_is_an_input(tmp_path: Path) -> None:
    told = seen(tmp_path, act="cp data/a.csv data/new.csv", body="open('data/new.csv').close()")
    assert told["files"] == ["data/new.csv"]


@pytest.mark.usefixtures("whose_it_was_is_told")
def test_a_file_in_a_folder_that_another_process_makes_is_an_input_too(tmp_path: Path) -> None:
    told = seen(tmp_path, act="mkdir new; cp data/a.csv new/x.csv", body="open('new/x.csv').close()")
    assert told["files"] == ["new/x.csv"]


@pytest.mark.usefixtures("whose_it_was_is_told")
def test_a_step_with_child_processes_answers_for_all_that_was_opened(tmp_path: Path) -> None:
    body = "import subprocess; subprocess.run(['cat', 'data/b.csv'], capture_output=True)"
    assert seen(tmp_path, act="cat data/a.csv", body=body)["files"] == ["data/a.csv", "data/b.csv"]


def test_where_nobody_knows_whose_act_it_was_everything_counts(tmp_path: Path) -> None:
    told = seen(tmp_path, act="cat data/a.csv", body=NATIVE.format("b"), knows=False)
    assert told["files"] == ["data/a.csv", "data/b.csv"]


def test_where_nobody_knows_who_made_a_file_reading_it_counts(tmp_path: Path) -> None:
    told = seen(tmp_path, act="cp data/a.csv data/new.csv", body="open('data/new.csv').close()", knows=False)
    assert "data/new.csv" in told["files"]
