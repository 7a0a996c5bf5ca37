"""What a step is given is opened with the project's classes as they are, whoever made it, and whenever that was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.pipeline_project import TOML, PipelineProject

SHAPES = "from dataclasses import dataclass\n\n\n@dataclass\nclass Box:\n    size: int\n"
AT_THE_TOP = """
from shapes import Box
from trimtab import step


@step
def make() -> object:
    return Box(3)


{mark}
def use(make) -> int:
    return make.size + 1
"""
IN_THE_STEP = AT_THE_TOP.replace("from shapes import Box\n", "").replace(
    "    return Box", "    from shapes import Box\n\n    return Box"
)


def project_of(folder: Path, source: str, toml: str = TOML, **files: str) -> PipelineProject:
    folder.mkdir()
    (folder / "trimtab.toml").write_text(toml)
    (folder / "pipeline.py").write_text(source)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    # as the installed command does it, which does not have the current folder on its import path
    return PipelineProject(folder, folder / "library", environment={"PYTHONSAFEPATH": "1"})


@pytest.mark.parametrize("source", [AT_THE_TOP, IN_THE_STEP], ids=["imported at the top", "imported in the step"])
@pytest.mark.parametrize("apart", [False, True], ids=["here", "apart"])
@pytest.mark.parametrize("words", [(), ("--debug",)], ids=["run", "debug"])
def test_only_the_consumer_of_a_dataclass_is_edited_and_the_kept_object_opens(
    tmp_path: Path, source: str, apart: bool, words: tuple[str, ...]
) -> None:
    mark = "@step(time_limit='1m')" if apart else "@step"
    project = project_of(tmp_path / "project", source.format(mark=mark), shapes=SHAPES)
    assert project.ran(*words) == {"make", "use"}
    project.edit("pipeline.py", "make.size + 1", "make.size + 2")
    assert project.ran(*words) == {"use"}
    assert project.ran(*words) == set()
