"""Code that is imported from outside of the project and is no package counts by its file, however it was found."""

from __future__ import annotations

import compileall
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.observation.conftest import Project
from trimtab.drivers.observation import Observed


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder beside the project's with the modules ``tt_shared``, which imports ``tt_deeper``, and ``tt_plug``."""
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "tt_shared.py").write_text("import os\nfrom tt_deeper import g\ndef f(): return os.getenv('RATE'), g()\n")
    (folder / "tt_deeper.py").write_text("def g(): return 1\n")
    (folder / "tt_plug.py").write_text("x = 1\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield folder
    for name in [name for name in sys.modules if name.startswith("tt_")]:
        del sys.modules[name]
    for entry in [entry for entry in sys.path_importer_cache if entry.startswith(str(tmp_path))]:
        del sys.path_importer_cache[entry]


def names(project: Project, seen: Observed) -> set[str]:
    """The files that were read, with paths from the folder around the project."""
    return {os.path.relpath(path, project.folder.parent) for path in seen.files}


BOTH = {"shared/tt_shared.py", "shared/tt_deeper.py"}
HEADS = {
    "a path that the code adds": "import sys\nsys.path.append({0!r})\nimport tt_shared",
    "one name of it": "import sys\nsys.path.insert(0, {0!r})\nfrom tt_shared import f",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_what_a_module_of_the_project_imports_from_elsewhere_counts(
    project: Project, elsewhere: Path, head: str
) -> None:
    assert names(project, project.seen("pass", head.format(str(elsewhere)))) == BOTH


def test_it_counts_again_with_byte_code_of_before_and_for_every_later_step(project: Project, elsewhere: Path) -> None:
    sys.path.append(str(elsewhere))
    assert compileall.compile_dir(elsewhere, quiet=2)
    for _ in range(2):
        assert names(project, project.seen("import tt_shared")) == BOTH
        assert names(project, project.seen("pass")) == BOTH
        for name in ("tt_shared", "tt_deeper"):
            del sys.modules[name]


BY_PATH = """
import importlib.util
def load(path):
    spec = importlib.util.spec_from_file_location("tt_plugin", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
"""


@pytest.mark.parametrize("head", ["", "PLUG = load({0!r})", "X = load({0!r}).x"])
def test_a_module_that_is_loaded_from_its_file_counts(project: Project, elsewhere: Path, head: str) -> None:
    path = str(elsewhere / "tt_plug.py")
    assert compileall.compile_dir(elsewhere, quiet=2)
    for _ in range(2):
        seen = project.seen("pass" if head else f"load({path!r})", BY_PATH + head.format(path))
        assert names(project, seen) == {"shared/tt_plug.py"}


def test_a_package_behind_a_link_counts_by_its_path_in_the_project(
    project: Project, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.folder / "tt_common").symlink_to(elsewhere)
    (project.folder / "tt_deeper.py").symlink_to(elsewhere / "tt_deeper.py")
    monkeypatch.syspath_prepend(str(project.folder))
    seen = project.seen("pass", "from tt_common import tt_plug\nimport tt_deeper")
    assert names(project, seen) == {"project/tt_common/tt_plug.py", "project/tt_deeper.py"}


def test_an_archive_on_the_path_counts_as_a_file(project: Project, elsewhere: Path) -> None:
    import zipfile

    with zipfile.ZipFile(elsewhere / "lib.zip", "w") as archive:
        archive.writestr("tt_zipped.py", "x = 1\n")
    sys.path.append(str(elsewhere / "lib.zip"))
    assert names(project, project.seen("pass", "import tt_zipped")) == {"shared/lib.zip"}


def test_code_from_elsewhere_asks_for_variables_as_the_projects_own_does(
    project: Project, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATE", "0.5")
    sys.path.append(str(elsewhere))
    seen = project.seen("import tt_shared; assert tt_shared.f() == ('0.5', 1)")
    assert dict(seen.variables) == {"RATE": "0.5"}


def test_packages_and_what_was_loaded_before_the_project_do_not_count(
    project: Project, elsewhere: Path, tmp_path: Path
) -> None:
    packages = tmp_path / "env" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "tt_package.py").write_text("x = 1\n")
    sys.path += [str(packages), str(elsewhere)]
    importlib.import_module("tt_plug")
    assert project.seen("import tt_package", "import json, polars").files == frozenset()
