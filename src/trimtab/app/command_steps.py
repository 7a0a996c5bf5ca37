"""Steps that are commands: run, and what they wrote kept and put back.

A command's value is the list of its files by digest; the files themselves lie beside the other kept results. They stay
in the project where the command wrote them, because that is where its author looks for them.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any, Final

from trimtab.app.process_group import ProcessGroup
from trimtab.app.run_settings import child_environment
from trimtab.app.step_outcome import said_last
from trimtab.base.errors import InputError, UserCodeError
from trimtab.base.instants import format_span
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.step_values import StepValues
from trimtab.records.kept import Kept
from trimtab.spec.project import CommandStep

_PYTHON: Final = ("python", "python3")
_MARK: Final = "trimtab.files/1"


class CommandFailedError(UserCodeError):
    """A command ended with an error, took too long, or did not write what it says it writes."""

    code = "TT1393"


class CommandRunner:
    """Runs a project's commands in its folder, and keeps what they write.

    Args:
        files: where the content of what they write is kept.
    """

    def __init__(self, folder: Path, values: StepValues, index: FileIndex, files: LocalBlobs) -> None:
        self._folder = folder
        self._values = values
        self._index = index
        self._files = files

    def run(self, command: CommandStep) -> None:
        """Run it to its end, and to that of all it began; what it says is passed on to standard error.

        Raises:
            CommandFailedError: its exit code is not 0, or it took too long.
            InputError: it cannot be started.
        """
        words = shlex.split(command.run)
        if words[0] in _PYTHON:  # the interpreter of this environment, whatever the search path says; ``-u`` holds no
            words[:1] = [sys.executable, "-u"]  # output back, which would be lost when it is ended
        try:
            group = ProcessGroup(words, folder=self._folder, environment={**os.environ, **child_environment()})
        except OSError as error:
            raise InputError(
                f"the command of the step {command.name} cannot be started: {error.strerror} ({words[0]})",
                fix="Correct [steps] run in trimtab.toml, or install the program.",
            ) from error
        if not group.finish(command.time_limit):
            raise CommandFailedError(
                f"the step {command.name} took longer than its limit of {format_span(command.time_limit or 0)}",
                fix=f"Raise its time_limit, or give it less to do.{said_last(group.said)}",
            )
        if group.code:
            raise CommandFailedError(
                f"the command of the step {command.name} ended with code {group.code}: {command.run}",
                fix=f"Run it by hand in the project's folder.{said_last(group.said)}",
            )

    @contextmanager
    def cleared(self, command: CommandStep | None) -> Iterator[None]:
        """Inside the block the project is without what the command writes, as in a clean copy: what lies there in the
        end is of this time. If the block raises, what was there is put back. Nothing is lost in any case: the content
        of each file is kept beside what commands wrote. What it reads as well stays where it is.
        """
        writes = [] if command is None else [each for each in command.writes if not _is_read(each, command)]
        found = [path for path in (self._folder / each for each in writes) if path.exists()]
        if not found:
            yield
            return
        for path in found:
            for file in _files_in(path):
                self._files.put_file(file)
        self._values.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="aside-", dir=self._values.folder) as aside:
            for number, path in enumerate(found):
                _set_aside(path, Path(aside) / str(number))
            try:
                yield
            except BaseException:
                for number, path in enumerate(found):
                    _put_back(Path(aside) / str(number), path)
                raise

    def keep(self, command: CommandStep) -> dict[str, Any]:
        """Keep what it wrote, and return it: path → digest and mode.

        Raises:
            CommandFailedError: a file or folder that it is to write is not there.
        """
        return {"schema": _MARK, "files": {name: self._keep(name) for name in self._written(command)}}

    def restore(self, command: CommandStep, kept: Kept, *, look: bool) -> bool:
        """Whether each file is as the command wrote it; one that is gone is put back from what was kept, or with
        ``look`` could be."""
        for name, (digest, executable) in self._values.open(kept)["files"].items():
            path = self._folder / name
            if path.is_file():
                if self._index.digest(path) != digest:
                    return False
            elif look and self._files.has(digest):
                continue
            elif self._files.has(digest):
                path.parent.mkdir(parents=True, exist_ok=True)
                self._files.copy_to(digest, path)
                path.chmod(0o755 if executable else 0o644)
            else:
                return False
        return look or all((self._folder / path).exists() for path in command.writes)

    def paths(self, value: Any) -> Any:
        """What a function is given of a command: the path that it wrote, or the paths by name if there are several."""
        if not isinstance(value, dict) or value.get("schema") != _MARK:
            return value
        paths = {name: self._folder / name for name in value["files"]}
        return next(iter(paths.values())) if len(paths) == 1 else paths

    def _written(self, command: CommandStep) -> Iterator[str]:
        for written in command.writes:
            path = self._folder / written
            if not path.exists():
                raise CommandFailedError(
                    f"the step {command.name} ended well and did not write {written}",
                    fix="Correct writes in trimtab.toml, or the command.",
                )
            yield from (each.relative_to(self._folder).as_posix() for each in _files_in(path))

    def _keep(self, name: str) -> list[Any]:
        path = self._folder / name
        return [self._files.put_file(path), os.access(path, os.X_OK)]


_GITS_OWN: Final = frozenset({".gitkeep", ".gitignore"})
"""Files that stay in a folder of products, since Git keeps the folder by them."""


def _is_read(path: PurePath, command: CommandStep) -> bool:
    """Whether a command reads what it writes, as one that goes on with its own model does."""
    return any(path.match(pattern) or path == PurePath(pattern) for pattern in command.reads)


def _files_in(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _set_aside(path: Path, aside: Path) -> None:
    """Move a file, or what is in a folder: the folder itself stays, since a script may count on it."""
    if not path.is_dir() or path.is_symlink():
        shutil.move(path, aside)
        return
    aside.mkdir()
    for each in list(path.iterdir()):
        if each.name not in _GITS_OWN:
            shutil.move(each, aside / each.name)


def _put_back(aside: Path, path: Path) -> None:
    """Undo `_set_aside`; what was written meanwhile goes."""
    if not aside.is_dir() or aside.is_symlink():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        shutil.move(aside, path)
        return
    path.mkdir(parents=True, exist_ok=True)
    for each in list(path.iterdir()):
        if each.name not in _GITS_OWN:
            shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
    for each in list(aside.iterdir()):
        shutil.move(each, path / each.name)
