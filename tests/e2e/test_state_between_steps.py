"""No step sees what another one left behind: a run comes to the same whichever of its steps are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pipeline_project import TOML, PipelineProject

SHARED = {
    "a generator of the module": "RNG = np.random.default_rng(0)\ndef _draw():\n    return float(RNG.normal())\n",
    "a counter": "import itertools\nC = itertools.count()\ndef _draw():\n    return next(C)\n",
    "a table": "SEEN = []\ndef _draw():\n    SEEN.append(1)\n    return len(SEEN)\n",
    "a global name": "N = 0\ndef _draw():\n    global N\n    N += 1\n    return N\n",
    "the global generators": "import random\ndef _draw():\n    return [random.random(), float(np.random.rand())]\n",
    "a variable": "from os import environ as e\ndef _draw():\n    e['X'] = e.get('X', '') + 'x'\n    return e['X']\n",
    "the working folder": "import os\ndef _draw():\n    os.chdir('..')\n    return os.path.basename(os.getcwd())\n",
    "what was drawn at import": "import random\nX = random.random() + np.random.rand()\n_draw = lambda: float(X)\n",
}
STEPS = """

def one():
    return _draw()


def two(one):
    return [one, _draw()]


def three(two):
    return _draw()
"""


def project_of(folder: Path, shared: str) -> PipelineProject:
    folder.mkdir()
    (folder / "trimtab.toml").write_text(TOML)
    (folder / "pipeline.py").write_text(f"import numpy as np\n{shared}{STEPS}")
    return PipelineProject(folder, folder / "library")


@pytest.mark.parametrize("shared", SHARED.values(), ids=list(SHARED))
def test_a_run_of_some_steps_comes_to_what_a_run_of_all_does(tmp_path: Path, shared: str) -> None:
    project = project_of(tmp_path / "project", shared)
    first = project.run()["outputs"]
    assert project.ran() == set()
    assert project.run("--fresh")["outputs"] == first
    project.edit("pipeline.py", "return [one, _draw()]", "return [_draw(), one]")
    again = project.run()
    assert {step["step"] for step in again["steps"] if step["state"] == "ran"} == {"two"}
    assert project.run("--fresh")["outputs"] == again["outputs"]


def test_what_a_step_left_behind_is_said(tmp_path: Path) -> None:
    project = project_of(tmp_path / "project", SHARED["a table"])
    said = "one: it changed pipeline.SEEN, which no other step sees: hand on what it is to know as a result"
    assert said in project.command("run").stderr


def test_a_generator_that_numpy_brings_with_a_late_import_is_seeded(tmp_path: Path) -> None:
    project = project_of(tmp_path / "project", "")
    source = "def one():\n    import numpy\n\n    return float(numpy.random.rand())\n"
    (project.folder / "pipeline.py").write_text(source)
    assert project.run()["outputs"] == project.run("--fresh")["outputs"]


def test_what_was_remembered_from_a_file_counts_for_every_step_that_asks_for_it(tmp_path: Path) -> None:
    loader = (
        "import functools, json, pathlib\n@functools.cache\ndef _load():\n"
        "    return json.loads(pathlib.Path('con' + 'fig').read_text())\n"
    )
    project = project_of(tmp_path / "project", "")
    (project.folder / "config").write_text(json.dumps({"k": 1, "z": 2}))
    steps = "def one():\n    return _load()['k']\n\n\ndef two(one):\n    return [one, _load()['z']]\n"
    (project.folder / "pipeline.py").write_text(loader + steps)
    project.run()
    (project.folder / "config").write_text(json.dumps({"k": 1, "z": 3}))
    record: dict[str, Any] = project.run()
    assert {step["step"] for step in record["steps"] if step["state"] == "ran"} == {"one", "two"}
    assert record["outputs"] == project.run("--fresh")["outputs"]


def test_a_step_whose_file_is_gone_makes_it_again(tmp_path: Path) -> None:
    project = project_of(tmp_path / "project", "")
    (project.folder / "pipeline.py").write_text(
        "from pathlib import Path\n\n\ndef write():\n    Path('out').mkdir(exist_ok=True)\n"
        "    Path('out/x.txt').write_text('x')\n    return Path('out/x.txt')\n\n\n"
        "def use(write):\n    return write.read_text()\n"
    )
    project.run()
    assert project.ran() == set()
    (project.folder / "out/x.txt").unlink()
    assert "write" in project.ran()
    assert (project.folder / "out/x.txt").read_text() == "x"
    assert project.ran() == set()
