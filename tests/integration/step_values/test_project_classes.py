"""Objects of the project's own plain classes pass without a serialiser, and without running their code."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from trimtab.base.errors import InputError
from trimtab.drivers.step_values import StepValues, UnkeepableValueError

SHAPES = """
from __future__ import annotations
import enum
from dataclasses import dataclass, field
from typing import NamedTuple

made = []

@dataclass(frozen=True)
class Box:
    width: float
    inner: object = None
    def __post_init__(self):
        made.append(self)

@dataclass(slots=True)
class Slotted:
    parts: list = field(default_factory=list)

@dataclass
class Cached:
    width: float

class Point(NamedTuple):
    x: int
    y: int = 0

class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"
    CRIMSON = "red"

class Level(enum.IntEnum):
    LOW = 1

class Plain:
    pass

@dataclass
class Table(dict):
    rows: int = 0

def local():
    @dataclass
    class Inside:
        x: int = 1
    return Inside()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project folder on the import path, with a module of plain classes."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "shapes_of_a_test.py").write_text(SHAPES)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    sys.modules.pop("shapes_of_a_test", None)


@pytest.fixture
def shapes(project: Path) -> ModuleType:
    return importlib.import_module("shapes_of_a_test")


def stored(tmp_path: Path, project: Path | None) -> StepValues:
    return StepValues(tmp_path / "cache", project=project)


def test_plain_objects_are_opened_as_what_they_were(tmp_path: Path, project: Path, shapes: Any) -> None:
    values = stored(tmp_path, project)
    given = {
        "box": shapes.Box(1.5, inner=shapes.Box(2.0)),
        "slotted": shapes.Slotted([1, shapes.Point(1)]),
        shapes.Colour.RED: shapes.Level.LOW,
        "alias": shapes.Colour.CRIMSON,
    }
    opened = values.open(values.keep(given, step="s"))
    assert opened == given
    assert type(opened["slotted"].parts[1]) is shapes.Point
    assert opened["alias"] is shapes.Colour.RED
    assert opened[shapes.Colour.RED] is shapes.Level.LOW


def test_opening_one_calls_nothing_of_it(tmp_path: Path, project: Path, shapes: Any) -> None:
    values = stored(tmp_path, project)
    kept = values.keep(shapes.Box(1.0), step="s")
    shapes.made.clear()
    assert values.open(kept).width == 1.0
    assert shapes.made == []


def test_the_digest_names_the_class(tmp_path: Path, project: Path, shapes: Any) -> None:
    values = stored(tmp_path, project)
    objects = [
        shapes.Box(1.0),
        shapes.Cached(1.0),
        shapes.Point(1),
        (1, 0),
        shapes.Level.LOW,
        1,
        shapes.Colour.RED,
        "red",
    ]
    assert len({values.keep(each, step="s").digest for each in objects}) == len(objects)
    assert values.keep(shapes.Box(1.0), step="s").digest == values.keep(shapes.Box(1.0), step="t").digest


def test_a_module_that_is_not_loaded_yet_is_imported_from_the_project_alone(
    tmp_path: Path, project: Path, shapes: Any
) -> None:
    values = stored(tmp_path, project)
    kept = values.keep(shapes.Box(1.0), step="s")
    del sys.modules["shapes_of_a_test"]
    assert values.open(kept).width == 1.0
    del sys.modules["shapes_of_a_test"]
    with pytest.raises(InputError, match="the project has no such class"):
        stored(tmp_path, tmp_path / "another").open(kept)
    assert "shapes_of_a_test" not in sys.modules


@pytest.fixture
def parts_of_a_test(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package without an ``__init__.py``, of which another part lies outside of the project; gives that part."""
    (project / "parts_of_a_test/inner").mkdir(parents=True)
    (project / "parts_of_a_test/inner/shapes.py").write_text(SHAPES)
    other = tmp_path / "elsewhere/parts_of_a_test"
    other.mkdir(parents=True)
    (other / "foreign.py").write_text(SHAPES)
    monkeypatch.syspath_prepend(str(other.parent))
    importlib.invalidate_caches()
    yield other
    forget("parts_of_a_test")


def forget(package: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


def test_a_class_of_a_package_without_an_init_file_is_the_projects(
    tmp_path: Path, project: Path, parts_of_a_test: Path
) -> None:
    values = stored(tmp_path, project)
    shapes = importlib.import_module("parts_of_a_test.inner.shapes")
    kept = values.keep(shapes.Box(1.0), step="s")
    forget("parts_of_a_test")
    opened = values.open(kept)
    assert (type(opened).__module__, opened.width) == ("parts_of_a_test.inner.shapes", 1.0)


def test_what_lies_elsewhere_in_such_a_package_is_not_imported(
    tmp_path: Path, project: Path, parts_of_a_test: Path
) -> None:
    foreign = importlib.import_module("parts_of_a_test.foreign")
    kept = stored(tmp_path, parts_of_a_test.parent).keep(foreign.Box(1.0), step="s")
    forget("parts_of_a_test")
    with pytest.raises(InputError, match="the project has no such class"):
        stored(tmp_path, project).open(kept)
    assert "parts_of_a_test.foreign" not in sys.modules


def test_a_class_that_is_gone_or_has_other_fields_says_so(tmp_path: Path, project: Path, shapes: Any) -> None:
    values = stored(tmp_path, project)
    kept = [values.keep(each, step="s") for each in (shapes.Box(1.0), shapes.Point(1), shapes.Colour.BLUE)]
    text = SHAPES.replace("    inner: object = None\n", "").replace("    y: int = 0\n", "").replace("BLUE", "GREEN")
    (project / "shapes_of_a_test.py").write_text(text + "\n# another size\n")
    del sys.modules["shapes_of_a_test"]
    for each in kept:
        with pytest.raises(InputError, match="or one with other fields"):
            values.open(each)


@pytest.mark.parametrize("name", ["Plain()", "Table()", "local()"])
def test_what_has_more_than_its_fields_is_refused(tmp_path: Path, project: Path, shapes: Any, name: str) -> None:
    with pytest.raises(UnkeepableValueError, match="step `s` returns a"):
        stored(tmp_path, project).keep(eval(name, vars(shapes)), step="s")


def test_an_attribute_beside_the_fields_is_named(tmp_path: Path, project: Path, shapes: Any) -> None:
    box = shapes.Cached(1.0)
    box.area = 2.0
    with pytest.raises(UnkeepableValueError, match="that has area beside its fields"):
        stored(tmp_path, project).keep(box, step="s")


def test_a_field_that_cannot_be_kept_is_named(tmp_path: Path, project: Path, shapes: Any) -> None:
    with pytest.raises(UnkeepableValueError, match=r"a value whose \.inner is an object"):
        stored(tmp_path, project).keep(shapes.Box(1.0, inner=object()), step="s")


def test_classes_of_others_are_not_taken_for_the_projects(tmp_path: Path, project: Path, shapes: Any) -> None:
    from trimtab.base.verdict import Verdict

    for values in (stored(tmp_path, None), stored(tmp_path, tmp_path / "another")):
        with pytest.raises(UnkeepableValueError, match="a Box"):
            values.keep(shapes.Box(1.0), step="s")
    with pytest.raises(UnkeepableValueError, match="a Verdict"):
        stored(tmp_path, project).keep(Verdict.PASS, step="s")
