"""The files that a text may mean, a word of a command, a pattern or a name in the code, with their digests."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trimtab.base.errors import DriverError, NotFoundError
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.source_snapshot.walking import NEVER
from trimtab.pipeline.parts import Part, PartKind


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """What is asked about the files of the project in ``root``, a resolved path."""

    root: Path
    index: FileIndex

    def named_by(self, word: str) -> str:
        """A word of a command as the name of a file of the project; empty if it names none."""
        with suppress(OSError, ValueError):
            path = Path(os.path.normpath(self.root / word))
            if path.is_relative_to(self.root) and path.is_file():
                return path.relative_to(self.root).as_posix()
        return ""

    def matches(self, pattern: str) -> Iterator[str]:
        """The files that a pattern names, those of a folder included."""
        found = sorted(self.root.glob(pattern)) if any(sign in pattern for sign in "*?[") else [self.root / pattern]
        for path in found:
            inside = sorted(_files_below(path)) if path.is_dir() else [path]
            names = (each.relative_to(self.root) for each in inside)
            yield from (name.as_posix() for name in names if NEVER.isdisjoint(name.parts))

    def parts(self, named: Iterable[str]) -> Iterator[Part]:
        """The files that texts mean, as parts of a step's key."""
        for name in sorted(set(named)):
            for path in self._existing(name):
                try:
                    digest: str = self.index.digest(self.root / path)
                except NotFoundError:
                    digest = "absent"
                except DriverError:  # a step that really reads it will say so
                    digest = "unreadable"
                yield Part(kind=PartKind.FILE, name=path, value=digest)

    def _existing(self, name: str) -> list[str]:
        """The files of the project that a text in the code may mean; Python files count as code already."""
        if not name or "\n" in name or "\0" in name or name.endswith(".py"):
            return []
        if is_pattern(name):
            if "/" not in name or name.startswith("/") or ".." in name:
                return []
            with suppress(ValueError, OSError):  # not every text with a star is a pattern
                return [path for path in self.matches(name) if not path.endswith(".py")]
            return []
        path = self.root / name
        try:
            if not path.is_file():
                return []
            resolved = path.resolve()
        except (OSError, ValueError):  # longer than a name may be, or in a folder that is not ours to read
            return []
        return [resolved.relative_to(self.root).as_posix() if resolved.is_relative_to(self.root) else str(resolved)]


def _files_below(folder: Path) -> Iterator[Path]:
    """The files in a folder, without those that belong to no project; an environment has tens of thousands."""
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in NEVER]
        yield from (Path(place, name) for name in files)


def is_pattern(text: str) -> bool:
    """Whether a text with such signs in it may stand for several files."""
    return any(sign in text for sign in "*?[")
