"""A project's own serialisers take the classes that its steps make objects of, whatever was loaded before them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.pipeline_project import TOML, PipelineProject

EDGES = """
import json


class Edges:
    def __init__(self, pairs):
        self.pairs = pairs


class EdgeFiles:
    name = "edges"
    type = Edges

    def save(self, value, folder):
        (folder / "pairs.json").write_text(json.dumps(value.pairs))

    def load(self, folder):
        return Edges(json.loads((folder / "pairs.json").read_text()))


FILES = EdgeFiles()
"""
STEPS = """
{import}
from trimtab import step


@step
def edges() -> object:
    {inside}
    return Edges([1, 2])


{mark}
def more(edges) -> object:
    {inside}
    assert isinstance(edges, Edges)
    return Edges([*edges.pairs, 3])


@step
def count(more) -> int:
    return len(more.pairs)
"""
SERIALISERS = 'serialisers = ["edge_files:FILES"]\n'
IMPORT = "from edge_files import Edges"


@pytest.mark.parametrize("inside", [False, True], ids=["imported at the top", "imported in the step"])
@pytest.mark.parametrize("mark", ["@step", "@step(time_limit='1m')"], ids=["here", "apart"])
def test_a_class_with_a_serialiser_is_handed_from_step_to_step(tmp_path: Path, inside: bool, mark: str) -> None:
    source = STEPS.replace("{import}", "" if inside else IMPORT).replace("{inside}", IMPORT if inside else "pass")
    (tmp_path / "trimtab.toml").write_text(TOML + SERIALISERS)
    (tmp_path / "edge_files.py").write_text(EDGES)
    (tmp_path / "pipeline.py").write_text(source.replace("{mark}", mark))
    project = PipelineProject(tmp_path, tmp_path / "library", environment={"PYTHONSAFEPATH": "1"})
    assert project.ran() == {"edges", "more", "count"}
    assert project.ran() == set()
    project.edit("pipeline.py", "len(more.pairs)", "len(more.pairs) + 1")
    assert project.ran() == {"count"}


def test_a_serialiser_takes_its_class_when_the_champions_own_modules_were_loaded_before(tmp_path: Path) -> None:
    new = [sys.executable, "-m", "trimtab", "new", "shop"]
    subprocess.run(new, cwd=tmp_path, check=True, capture_output=True)
    home = {"TRIMTAB_HOME": str(tmp_path / "home")}
    project = PipelineProject(tmp_path / "shop", tmp_path / "library", environment=home)
    (project.folder / "edge_files.py").write_text(EDGES)
    step = "def edges(payments, label, *, first: int = 1) -> Edges:\n    return Edges([first])\n\n\ndef features("
    project.edit("pipeline.py", "CHANNELS = [", f"{IMPORT}\n\nCHANNELS = [")
    project.edit("pipeline.py", "def features(", step)
    project.edit("pipeline.py", "label: np.ndarray, *", "label: np.ndarray, edges, *")
    project.edit("pipeline.py", "max_iter=trees", "max_iter=trees + edges.pairs[0]")
    project.edit("trimtab.toml", 'module = "pipeline" ', f'{SERIALISERS}module = "pipeline" ')
    project.run()
    up = subprocess.Popen(
        [sys.executable, "-m", "trimtab", "up", "--port", "0"], cwd=project.folder, env={**os.environ, **home},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert up.stdout is not None
    assert any(line.startswith("ready:") for line in up.stdout)
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=60)
    assert project.ran("--set", "first=2") == {"edges", "train"}
