"""A step that is given an object calls its methods without naming its class: their code counts for it all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.pipeline_project import TOML, PipelineProject, install

PIPELINE = """
import tinylib
from trimtab import step

from models import Line, Season


def line() -> Line:
    return Line(slope=2.0)


def season() -> dict:
    return {"now": [Season.SUMMER]}


def rate() -> tinylib.Rate:
    return tinylib.Rate(3)


def answer(line) -> float:
    return line.at(10.0)


def season_name(season) -> str:
    return season["now"][0].label()


@step(time_limit="1m")
def doubled(line) -> object:
    return line.doubled()


def price(rate) -> int:
    return rate.price()


@step
def report(answer, season_name, doubled, price) -> str:
    return f"{answer} {season_name} {doubled.slope} {price}"


def unconcerned() -> int:
    return 1


step(unconcerned)
"""
MODELS = """
from dataclasses import dataclass, replace
from enum import Enum

from base import Curve

FACTOR = 2


@dataclass(frozen=True)
class Line(Curve):
    slope: float

    def at(self, x):
        return self.shifted(self.slope * x)

    def doubled(self):
        return replace(self, slope=self.slope * FACTOR)


class Season(Enum):
    SUMMER = 1

    def label(self):
        return self.name.lower()
"""
BASE = "class Curve:\n    def shifted(self, y):\n        return y + 1\n"
KEEPING = """
import tinylib


class Rates:
    name = "rate"
    type = tinylib.Rate

    def save(self, value, folder):
        (folder / "rate").write_text(str(value.cents))

    def load(self, folder):
        return tinylib.Rate(int((folder / "rate").read_text()))


RATES = Rates()
"""
RATE = """
class Rate:
    def __init__(self, cents):
        self.cents = cents

    def price(self):
        return {}
"""


@pytest.fixture
def project(tmp_path: Path) -> PipelineProject:
    folder, library = tmp_path / "project", tmp_path / "library"
    folder.mkdir()
    for name, text in {
        "trimtab.toml": f'{TOML}serialisers = ["keeping:RATES"]\n', "pipeline.py": PIPELINE, "models.py": MODELS,
        "base.py": BASE, "keeping.py": KEEPING,
    }.items():  # fmt: skip
        (folder / name).write_text(text)
    install(library, "tinylib", "1.0", RATE.format("self.cents"))
    made = PipelineProject(folder, library)
    made.run()
    assert made.ran() == set()
    return made


@pytest.mark.parametrize(
    ("file", "old", "new", "users"),
    [
        pytest.param("models.py", "self.slope * x", "self.slope * x * 3", {"answer"}, id="method"),
        pytest.param("base.py", "y + 1", "y + 2", {"answer"}, id="method of a base class in another module"),
        pytest.param("models.py", "FACTOR = 2", "FACTOR = 3", {"doubled"}, id="constant that a method uses"),
        pytest.param(
            "models.py", "self.name.lower()", "self.name.title()", {"season_name"}, id="method within a container"
        ),
    ],
)
def test_a_changed_method_runs_the_steps_that_are_given_the_object(
    project: PipelineProject, file: str, old: str, new: str, users: set[str]
) -> None:
    project.edit(file, old, new)
    explained = project.command("run", "--explain").stdout
    assert f"{file}:" in explained
    record = project.run()
    ran = {step["step"] for step in record["steps"] if step["state"] == "ran"}
    assert users | {"report"} <= ran
    assert not ran & {"price", "unconcerned"}
    assert record["outputs"] == project.run("--fresh")["outputs"]


def test_a_librarys_new_version_runs_the_steps_that_are_given_its_objects(project: PipelineProject) -> None:
    install(project.library, "tinylib", "2.0", RATE.format("self.cents * 100"))
    record = project.run()
    assert {step["step"] for step in record["steps"] if step["state"] == "ran"} == {"rate", "price", "report"}
    assert record["outputs"] == project.run("--fresh")["outputs"]


def test_a_method_that_reads_the_clock_makes_the_step_that_is_given_the_object_run_every_time(
    project: PipelineProject,
) -> None:
    project.edit("models.py", "self.slope * x", "self.slope * x + 0 * time.time()")
    project.edit("models.py", "from enum", "import time\nfrom enum")
    project.run()
    assert {"answer"} <= project.ran()
    assert "it reads the clock, time.time" in project.command("run", "--explain").stdout
