"""Steps that are commands: run, and what they wrote kept and put back.

A command's value is the list of its files by digest; the files themselves lie beside the other kept results. They stay
in the project where the command wrote them, because that is where its author looks for them.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from trimtab.app.aside import Aside
from trimtab.app.process_group import ProcessGroup
from trimtab.app.project_code import ChangedMeanwhileError
from trimtab.app.run_settings import child_environment
from trimtab.app.step_outcome import ended, said_last
from trimtab.base.digest import Digest, digest_bytes, short
from trimtab.base.errors import InputError, TrimtabError, UserCodeError
from trimtab.base.instants import HOUR, Span, format_span
from trimtab.disk.lock import Lease
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.step_values import StepValues
from trimtab.pipeline.commands import covers
from trimtab.records.kept import Kept
from trimtab.spec.project import CommandStep

_PYTHON: Final = ("python", "python3")
_MARK: Final = "trimtab.files/2"


_TURN: Final = Span(HOUR)
"""How long a run waits for another one that is running the same command."""


class CommandFailedError(UserCodeError):
    """A command ended with an error, took too long, or did not write what it says it writes."""

    code = "TT1393"


@dataclass(slots=True)
class Replaced:
    """Files that lay where a command writes and that no run had made; they are ``now_in`` a folder of the state."""

    files: list[str] = field(default_factory=list)
    now_in: Path = Path()


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
            InputError: it cannot be started, or what it says that it reads is not there.
        """
        self._check_reads(command)
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
                f"the command of the step {command.name} {ended(group.code)}: {command.run}",
                fix=f"Run it by hand in the project's folder.{said_last(group.said)}",
            )

    @contextmanager
    def cleared(self, command: CommandStep | None) -> Iterator[Replaced]:
        """Inside the block the project is without what the command writes, as in a clean copy: what lies there in the
        end is of this time. What was there is put back if the block raises, and after a kill by the next run. What the
        command reads as well stays where it is. Two runs that want to run one command take turns.

        What was there and is kept nowhere, since a person or an earlier program put it there, is not removed but moved
        to the state's folder, and what is given tells where.

        Raises:
            BusyError: another run has been running the command for an hour.
        """
        replaced = Replaced()
        if command is None:
            yield replaced
            return
        places = [str(each) for each in command.writes if not _is_read(each, command)]
        own = short(digest_bytes(os.fsencode(self._folder)), length=8)
        aside = Aside(self._values.folder / "aside" / f"{command.name}-{own}", self._folder, places)
        with Lease(aside.folder.with_suffix(".lock"), f"the command {command.name}", wait=_TURN):
            aside.put_back()
            before = dict(self._lying(places))
            try:
                aside.take()
                yield replaced
            except BaseException:
                aside.put_back()
                raise
            replaced.files = [name for name, found in before.items() if not self._is_kept(name, found)]
            if replaced.files:
                stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
                replaced.now_in = self._values.folder.parent / "replaced" / f"{command.name}-{stamp}"
                aside.hand_over(replaced.files, replaced.now_in)
            aside.forget()

    def _lying(self, places: Sequence[str]) -> Iterator[tuple[str, str]]:
        """The files and links that lie in the places, each with its digest or with what it leads to; the latter is
        empty for a file that cannot be read."""
        for place in places:
            if (self._folder / place).is_symlink():  # which stays, and so does what it leads to
                continue
            for path in _files_in(self._folder / place):
                found = ""
                with suppress(TrimtabError):
                    found = _leads_to(path) if path.is_symlink() else self._index.digest(path)
                yield path.relative_to(self._folder).as_posix(), found

    def _is_kept(self, name: str, found: str) -> bool:
        """Whether what lay in the project under ``name`` is kept, or lies there again."""
        path = self._folder / name
        if path.is_symlink() or not found.startswith("sha256:"):
            return path.is_symlink() and _leads_to(path) == found
        return self._files.has(Digest(found)) or (path.is_file() and self._index.digest(path) == found)

    def keep(self, command: CommandStep) -> dict[str, Any]:
        """Keep what it wrote, and return it: path → digest and mode; a link by what it leads to.

        Raises:
            CommandFailedError: a file or folder that it is to write is not there.
        """
        written = list(self._written(command))
        links = {name: _leads_to(self._folder / name) for name in written if (self._folder / name).is_symlink()}
        files = {name: self._keep(name) for name in written if (self._folder / name).is_file()}
        return {"schema": _MARK, "files": files, "links": links}

    def restore(self, command: CommandStep, kept: Kept, *, look: bool) -> bool:
        """Whether each file is as the command wrote it; one that is gone is put back from what was kept, or with
        ``look`` could be."""
        value = self._values.open(kept)
        for name, target in value["links"].items():
            path = self._folder / name
            if path.is_symlink() or path.exists():
                if not path.is_symlink() or _leads_to(path) != target:
                    return False
            elif not _has_room(path):
                return False
            elif not look:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to(target)
        for name, (digest, executable) in value["files"].items():
            path = self._folder / name
            if path.is_file():
                if self._index.digest(path) != digest:
                    return False
            elif os.path.lexists(path) or not _has_room(path):
                return False
            elif look and self._files.has(digest):
                continue
            elif self._files.has(digest):
                path.parent.mkdir(parents=True, exist_ok=True)
                self._files.copy_to(digest, path)
                path.chmod(0o755 if executable else 0o644)
            else:
                return False
        return look or all(os.path.lexists(self._folder / path) for path in command.writes)

    def refuse_changed(self, inputs: Mapping[str, Any]) -> None:
        """What a command wrote lies where anybody may write: a step that reads it must find it as it was.

        Args:
            inputs: step → its value, of commands and of others.

        Raises:
            ChangedMeanwhileError: it does not.
        """
        for step, value in inputs.items():
            files = value["files"] if isinstance(value, dict) and value.get("schema") == _MARK else {}
            if changed := [name for name, (digest, _) in files.items() if not self._is_there(name, digest)]:
                raise ChangedMeanwhileError(
                    f"{', '.join(changed)} is not what the command {step} wrote in this run any more",
                    fix="Run it again, and let nothing else write there: neither another run nor a step.",
                )

    def _is_there(self, name: str, digest: str) -> bool:
        with suppress(TrimtabError):
            return self._index.digest(self._folder / name) == digest
        return False

    def paths(self, value: Any) -> Any:
        """What a function is given of a command: the path that it wrote, or the paths by name if there are several."""
        if not isinstance(value, dict) or value.get("schema") != _MARK:
            return value
        paths = {name: self._folder / name for name in {**value["files"], **value["links"]}}
        return next(iter(paths.values())) if len(paths) == 1 else paths

    def _check_reads(self, command: CommandStep) -> None:
        missing = [each for each in command.reads if not any(self._folder.glob(each))]
        if missing:
            raise InputError(
                f"the step {command.name} reads {', '.join(missing)}, and nothing is there",
                fix="Correct reads in trimtab.toml, or let a step before it write what it reads.",
            )

    def _written(self, command: CommandStep) -> Iterator[str]:
        for written in command.writes:
            path = self._folder / written
            if not os.path.lexists(path):
                raise CommandFailedError(
                    f"the step {command.name} ended well and did not write {written}",
                    fix="Correct writes in trimtab.toml, or the command.",
                )
            yield from (each.relative_to(self._folder).as_posix() for each in _files_in(path))

    def _keep(self, name: str) -> list[Any]:
        path = self._folder / name
        return [self._files.put_file(path), os.access(path, os.X_OK)]


def _is_read(path: PurePosixPath, command: CommandStep) -> bool:
    """Whether a command reads what it writes, as one that goes on with its own model does."""
    return any(covers(pattern, path) for pattern in command.reads)


def _files_in(path: Path) -> list[Path]:
    """The files and links at a path and below it, also where the path is a link that leads to a folder."""
    own = [path] if os.path.lexists(path) and (path.is_symlink() or not path.is_dir()) else []
    below = path.rglob("*") if path.is_dir() else ()
    return [*own, *sorted(each for each in below if each.is_symlink() or each.is_file())]


def _has_room(path: Path) -> bool:
    """Whether a file can be put there: nothing that is no folder is in its way."""
    above = next(folder for folder in path.parents if os.path.lexists(folder))
    return above.is_dir()


def _leads_to(link: Path) -> str:
    return str(link.readlink())
