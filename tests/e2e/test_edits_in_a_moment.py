"""Edits that file times do not tell, and edits while a run goes on: the result is that of the code that is recorded."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.pipeline_project import TOML, PipelineProject

BY_ITS_PATH = """
from importlib.util import module_from_spec, spec_from_file_location


def value():
    spec = spec_from_file_location('helper', 'tools/helper.py')
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.word()
"""
IN_A_PROCESS = """
import subprocess
import sys


def value():
    code = 'import helper; print(helper.word())'
    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout.strip()
"""
IMPORTS = {
    "the module itself": ("pipeline.py", "def value():\n    return 'old'\n", {}),
    "a helper": (
        "helper.py",
        "import helper\n\n\ndef value():\n    return helper.word()\n",
        {"helper.py": "def word():\n    return 'old'\n"},
    ),
    "a helper that a function imports": (
        "lib/helper.py",
        "def value():\n    from lib.helper import word\n    return word()\n",
        {"lib/__init__.py": "", "lib/helper.py": "def word():\n    return 'old'\n"},
    ),
    "a file that is loaded by its path": (
        "tools/helper.py",
        BY_ITS_PATH,
        {"tools/helper.py": "def word():\n    return 'old'\n"},
    ),
    "code beside the project": (
        "../library/shared.py",
        "import shared\n\n\ndef value():\n    return shared.word()\n",
        {"../library/shared.py": "def word():\n    return 'old'\n"},
    ),
    "what a process of its own imports": (
        "helper.py",
        IN_A_PROCESS,
        {"helper.py": "def word():\n    return 'old'\n"},
    ),
}


def project_of(folder: Path, source: str, settings: str = "", files: dict[str, str] | None = None) -> PipelineProject:
    project = folder / "project"
    for name, text in {"trimtab.toml": TOML + settings, "pipeline.py": source, **(files or {})}.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    return PipelineProject(project, folder / "library")


def edit_unseen(path: Path, old: str, new: str) -> None:
    """An edit that leaves the size and the time of change as they were, as Python's own check of byte code has them."""
    found, text = path.stat(), path.read_text()
    assert len(old) == len(new)
    assert old in text
    path.write_text(text.replace(old, new))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def _wait(folder: Path) -> str:
    """Code of a step that waits, for what no step can be seen to look at: whether there is a file in such a folder."""
    (folder / "site-packages").mkdir(exist_ok=True)
    return WAIT.replace("FLAGS", str(folder / "site-packages"))


@contextmanager
def waiting(project: PipelineProject, *words: str) -> Iterator[list[str]]:
    """A run whose step waits; after the block it goes on, and the list has its exit code and what it said."""
    came: list[str] = []
    flags = project.folder.parent / "site-packages"
    begun = subprocess.Popen(
        [sys.executable, "-m", "trimtab", "run", *words],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(project.library)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        until = time.monotonic() + 60
        while not (flags / "waits").exists():
            assert time.monotonic() < until
            assert begun.poll() is None, begun.communicate()[0]
            time.sleep(0.01)
        yield came
        (flags / "go").touch()
        said, _ = begun.communicate(timeout=60)
        came += [str(begun.returncode), said]
    finally:
        begun.kill()
        begun.wait()


WAIT = """
def _wait():
    import os, time
    open('FLAGS' + '/waits', 'w').close()
    while not os.path.exists('FLAGS' + '/go'):
        time.sleep(0.01)
"""


@pytest.mark.parametrize(("edited", "source", "files"), IMPORTS.values(), ids=list(IMPORTS))
def test_an_edit_of_the_same_size_and_second_is_seen(
    tmp_path: Path, edited: str, source: str, files: dict[str, str]
) -> None:
    project = project_of(tmp_path, source, files=files)
    before = project.run()["outputs"]
    edit_unseen(project.folder / edited, "'old'", "'new'")
    after = project.run()["outputs"]
    assert after != before
    assert project.run("--fresh")["outputs"] == after


def test_a_command_runs_the_code_that_is_there(tmp_path: Path) -> None:
    files = {
        "work.py": "from pathlib import Path\nfrom helper import word\n\nPath('out.txt').write_text(word())\n",
        "helper.py": "def word():\n    return 'old'\n",
    }
    settings = '\n[steps.work]\nrun = "python work.py"\nwrites = ["out.txt"]\n'
    project = project_of(tmp_path, "", settings, files)
    (project.folder / "pipeline.py").unlink()
    project.run()
    edit_unseen(project.folder / "helper.py", "'old'", "'new'")
    project.run()
    assert (project.folder / "out.txt").read_text() == "new"


@pytest.mark.parametrize("mark", ["", "@step(time_limit='60s')\n"], ids=["in the run", "apart"])
def test_an_edit_during_a_run_is_for_the_next_one(tmp_path: Path, mark: str) -> None:
    value = "def value():\n    _wait()\n    import helper\n    return helper.word()\n"
    source = f"from trimtab import step\n{_wait(tmp_path)}\n\n{mark}{value}"
    project = project_of(tmp_path, source, files={"helper.py": "def word():\n    return 'old'\n"})
    with waiting(project) as came:
        project.edit("helper.py", "'old'", "'different'")
    assert came[0] == "0", came[1]
    assert "helper.py was changed while the run went on, which used it as it was in the beginning" in came[1]
    project.edit("helper.py", "'different'", "'old'")
    assert project.ran() == set()  # what is kept is the recorded code's, and that is what is there again
    project.edit("helper.py", "'old'", "'different'")
    assert project.ran() == {"value"}


@pytest.mark.parametrize("way", ["open('data' + '.txt').read()", "open('data.txt').read()"], ids=["seen", "named"])
def test_what_a_step_read_of_a_file_that_changed_meanwhile_is_not_kept(tmp_path: Path, way: str) -> None:
    source = f"{_wait(tmp_path)}\n\ndef value():\n    text = {way}\n    _wait()\n    return text\n"
    project = project_of(tmp_path, source, files={"data.txt": "old"})
    with waiting(project) as came:
        (project.folder / "data.txt").write_text("new")
    assert came[0] == "0", came[1]
    assert re.search("value: .*data.txt.*; its result is not kept for the next run", came[1])
    after = project.run()["outputs"]
    assert project.run("--fresh")["outputs"] == after


def test_a_command_whose_code_changed_while_it_ran_is_refused_and_leaves_what_it_wrote(tmp_path: Path) -> None:
    files = {
        "work.py": f"{_wait(tmp_path)}\n\n_wait()\nfrom helper import word\n\nopen('out.txt', 'w').write(word())\n",
        "helper.py": "def word():\n    return 'old'\n",
    }
    settings = '\n[steps.work]\nrun = "python work.py"\nwrites = ["out.txt"]\n'
    project = project_of(tmp_path, "", settings, files)
    (project.folder / "pipeline.py").unlink()
    with waiting(project) as came:
        project.edit("helper.py", "'old'", "'new'")
    assert came[0] == "2"
    assert "helper.py was changed while the run was going on" in came[1]
    assert "Traceback" not in came[1]
    assert (project.folder / "out.txt").read_text() == "new"
    assert project.ran() == {"work"}


def test_a_folder_that_others_add_to_while_it_is_listed_is_listed_again(tmp_path: Path) -> None:
    value = "def value():\n    names = sorted(os.listdir('parts'))\n    _wait()\n    return names\n"
    source = f"import os\n{_wait(tmp_path)}\n\n{value}"
    project = project_of(tmp_path, source, files={"parts/a.txt": "a"})
    with waiting(project) as came:
        (project.folder / "parts/b.txt").write_text("b")
    assert came[0] == "0", came[1]
    after = project.run()["outputs"]
    assert project.run("--fresh")["outputs"] == after


def test_a_command_runs_the_module_that_another_one_made(tmp_path: Path) -> None:
    settings = (
        '\n[steps.made]\nrun = "cp -p src.txt made_here.py"\nreads = ["src.txt"]\nwrites = ["made_here.py"]\n'
        '\n[steps.used]\nrun = "python use.py"\nreads = ["made_here.py"]\nwrites = ["out.txt"]\n'
    )
    use = "import made_here\n\nwith open('out.txt', 'w') as file:\n    file.write(made_here.WORD)\n"
    project = project_of(tmp_path, "", settings, {"use.py": use, "src.txt": "WORD = 'old'\n"})
    (project.folder / "pipeline.py").unlink()
    project.run()
    edit_unseen(project.folder / "src.txt", "'old'", "'new'")
    project.run()
    assert (project.folder / "out.txt").read_text() == "new"


def test_a_step_that_writes_into_the_projects_source_is_refused(tmp_path: Path) -> None:
    source = (
        "from pathlib import Path\n\nX = 1\n\n\ndef make() -> int:\n    Path('made_here.py').write_text(f'X = {X}')\n"
    )
    source += "    return X\n\n\ndef use(make) -> int:\n    import made_here\n    return made_here.X\n"
    project = project_of(tmp_path, source, files={"made_here.py": "X = 1"})
    project.run()  # it writes what is there
    project.edit("pipeline.py", "X = 1", "X = 2")
    done = project.command("run")
    assert done.returncode == 2
    assert "the step make writes made_here.py, which is part of the project's source" in done.stderr


def test_a_product_that_is_changed_before_its_reader_runs_is_refused(tmp_path: Path) -> None:
    settings = '\n[steps.made]\nrun = "cp in.txt out.txt"\nreads = ["in.txt"]\nwrites = ["out.txt"]\n'
    source = f"{_wait(tmp_path)}\n\ndef between(made):\n    _wait()\n    return 0\n\n\n"
    source += "def read(made, between):\n    return made.read_text()\n"
    project = project_of(tmp_path, source, settings, {"in.txt": "1\n"})
    with waiting(project) as came:
        (project.folder / "out.txt").write_text("7")
    assert came[0] == "2", came[1]
    assert "out.txt is not what the command made wrote in this run any more" in came[1]
    after = project.run()["outputs"]
    assert project.run("--fresh")["outputs"] == after


BEYOND = {
    "a package's second folder": (
        "from pk import zz\n\n\ndef value():\n    return zz.word()\n",
        {
            "pk/__init__.py": "import os\n\n__path__.append(os.path.join(os.path.dirname(__file__), '..', 'other'))\n",
            "other/zz.py": "def word():\n    return 'old'\n",
        },
        "other/zz.py",
    ),
    "what executed code imports": (
        "def value():\n    names = {}\n    exec(open('s.txt').read(), names)\n    return names['X']\n",
        {"s.txt": "import helper\n\nX = helper.word()\n", "helper.py": "def word():\n    return 'old'\n"},
        "helper.py",
    ),
}


@pytest.mark.parametrize(("source", "files", "edited"), BEYOND.values(), ids=list(BEYOND))
def test_what_is_loaded_and_could_not_be_followed_counts_as_a_file(
    tmp_path: Path, source: str, files: dict[str, str], edited: str
) -> None:
    project = project_of(tmp_path, source, files=files)
    project.run()
    assert project.ran() == set()
    project.edit(edited, "'old'", "'newer'")
    assert project.ran() == {"value"}


def test_a_command_that_makes_several_folders_is_kept(tmp_path: Path) -> None:
    settings = '\n[steps.make]\nrun = "sh make.sh"\nwrites = ["out/sub", "plots/x"]\n'
    script = "mkdir -p out/sub plots/x && echo 1 > out/sub/a && echo 2 > plots/x/b\n"
    project = project_of(tmp_path, "", settings, {"make.sh": script})
    (project.folder / "pipeline.py").unlink()
    assert project.ran() == {"make"}
    assert project.ran() == set()
