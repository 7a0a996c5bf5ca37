"""What lay where a command writes is there again after a failure, whenever the process was killed."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from trimtab.app.aside import Aside

PLACES = ("out", "out/parts", "model.bin", "absent", "linked")


class Killed(BaseException):
    """What kill -9 does to the steps behind it."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("out/.gitkeep", "out/a.csv", "out/parts/1.csv", "out/parts/deep/2.csv", "model.bin", "elsewhere/x"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "linked").symlink_to("elsewhere")
    return root


def tree(root: Path) -> dict[str, str]:
    paths = sorted(path for path in root.rglob("*") if path.is_symlink() or path.is_file())
    return {
        str(path.relative_to(root)): str(path.readlink()) if path.is_symlink() else path.read_text() for path in paths
    }


def aside_of(project: Path) -> Aside:
    return Aside(project.parent / "state" / "aside" / "step", project, PLACES)


def write_something_else(project: Path) -> None:
    (project / "out").mkdir(exist_ok=True)
    (project / "out/b.csv").write_text("new")
    (project / "model.bin").mkdir()
    (project / "model.bin/part").write_text("new")
    (project / "absent").write_text("new")


def killed_at(moment: int, monkeypatch: pytest.MonkeyPatch, *, other_disk: bool) -> None:
    """From the call with this number on, nothing that changes the disk is carried out any more."""
    calls = [0]

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **words: Any) -> Any:
            calls[0] += 1
            if calls[0] > moment:
                raise Killed
            return real(*given, **words)

        return call

    rename = Path.rename

    def across(source: Path, target: Path) -> Any:
        if ("state" in source.parts) != ("state" in Path(target).parts):
            raise OSError(errno.EXDEV, "another disk")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", counting(across if other_disk else rename))
    for holder, name in (
        (Path, "mkdir"),
        (Path, "unlink"),
        (shutil, "copytree"),
        (shutil, "copy2"),
        (shutil, "rmtree"),
    ):
        monkeypatch.setattr(holder, name, counting(getattr(holder, name)))


@pytest.mark.parametrize("other_disk", [False, True], ids=["one disk", "two disks"])
def test_a_command_finds_its_places_empty_and_they_are_as_before_when_it_fails(
    project: Path, monkeypatch: pytest.MonkeyPatch, other_disk: bool
) -> None:
    before = tree(project)
    killed_at(10_000, monkeypatch, other_disk=other_disk)
    aside = aside_of(project)
    aside.put_back()
    aside.take()
    assert set(tree(project)) == {"out/.gitkeep", "elsewhere/x", "linked"}
    write_something_else(project)
    aside.put_back()
    assert {name: text for name, text in tree(project).items() if name != "absent"} == before
    assert not aside.folder.exists()


@pytest.mark.parametrize("other_disk", [False, True], ids=["one disk", "two disks"])
def test_whenever_it_is_killed_the_next_one_puts_back_what_was_there(
    project: Path, monkeypatch: pytest.MonkeyPatch, other_disk: bool
) -> None:
    before, moment, ended = tree(project), 0, False
    while not ended:
        for back_at in (0, moment // 2, moment):  # and putting back is killed once, too
            with monkeypatch.context() as patched:
                killed_at(moment, patched, other_disk=other_disk)
                with suppress(Killed):
                    aside_of(project).take()
                    ended = True
            with monkeypatch.context() as patched:
                killed_at(back_at, patched, other_disk=other_disk)
                with suppress(Killed):
                    aside_of(project).put_back()
            with monkeypatch.context() as patched:
                killed_at(10_000, patched, other_disk=other_disk)
                aside_of(project).put_back()
            assert {name: text for name, text in tree(project).items() if ".partial" not in name} == before
        moment += 1
    assert moment > 3
