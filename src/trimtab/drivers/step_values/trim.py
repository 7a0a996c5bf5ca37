"""Keeps the cache below a limit: the least recently used results go first, and values that no result needs.

Counted are results, their values, and the files that commands wrote. What a run gathered and judged before is small and
goes by its age alone.

Nothing is raised: several runs may trim at once while others remove what they like, and a cache that cannot be trimmed
costs room, which is told, and no run.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trimtab.base.digest import Digest
from trimtab.base.errors import DriverError
from trimtab.base.instants import DAY, HOUR, SECOND, Span
from trimtab.disk.atomic import clean_partial
from trimtab.disk.content import place_of
from trimtab.drivers.step_values.parts import TREE
from trimtab.drivers.step_values.results import RESULTS, read_result
from trimtab.drivers.step_values.store import USED, VALUES, path_of
from trimtab.records.kept import Result

FILES: Final = "files"
"""The folder of what commands wrote, by content."""

NOTES: Final = ("gathered", "judged")
"""Folders of small files, one for each state of what they follow from."""

FORGOTTEN: Final = Span(90 * DAY)
"""After which time without a reader a note goes."""

_UNUSED: Final = DAY
_OF_A_COMMAND: Final = b"trimtab.files/2"
"""Stands in the value of a step that is a command, with the digests of its files."""

_DIGEST: Final = re.compile(rb"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """How many results were removed to stay below the limit, how many bytes that freed, and what could not be done."""

    results: int
    freed: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    path: Path
    size: int
    used: float


def trim(folder: Path, limit_bytes: int, *, spare: Span = HOUR) -> Trimmed:
    """Remove the least recently used results below ``folder`` until the rest is at most ``limit_bytes``.

    Args:
        spare: what was used within this time stays, also beyond the limit: a run may be about to open it.
    """
    cache = _Cache(folder)
    results = sorted(cache.files(folder / RESULTS), key=lambda file: file.used)
    values = {file.path: file for inner in (VALUES, f"{FILES}/sha256") for file in cache.files(folder / inner)}
    now = time.time()
    recent = now - spare / SECOND
    needs = {file.path: _needed(folder, file.path) for file in results}
    users = Counter(path for paths in needs.values() for path in paths)
    total = sum(file.size for file in results) + sum(file.size for file in values.values())
    for value in sorted((value for path, value in values.items() if not users[path]), key=lambda value: value.used):
        # no result has them, yet a run whose steps cannot be kept for the next one may still hand them on
        if value.used < now - _UNUSED / SECOND or (total > limit_bytes and value.used < recent):
            total -= cache.remove(value)
    before, removed = total, 0
    for file in results:
        if total <= limit_bytes or file.used >= recent:
            break
        freed = cache.remove(file)
        if not freed:  # its values stay with it
            continue
        total -= freed
        removed += 1
        for path in needs[file.path]:
            users[path] -= 1
            if not users[path] and path in values and values[path].used < recent:
                total -= cache.remove(values[path])
    for note in (note for name in NOTES for note in cache.notes(folder / name)):
        if note.used < now - FORGOTTEN / SECOND:
            cache.remove(note)
    return Trimmed(results=removed, freed=before - total, problems=cache.told())


def _needed(folder: Path, path: Path) -> set[Path]:
    """The files that a result is of: its values, what its step logged, and what its command wrote."""
    result = read_result(path)
    if result is None:
        return set()
    files = result.kept.files + (result.logged.files if result.logged else ())
    needed = {path_of(folder / VALUES, file.content) for file in files}
    return needed | {Path(place_of(str(folder / FILES), digest)) for digest in _written(folder, result)}


def _written(folder: Path, result: Result) -> set[Digest]:
    """What the command of a result wrote; nothing for a step that is a function."""
    if result.kept.format != "dict":
        return set()
    trees = [path_of(folder / VALUES, file.content) for file in result.kept.files if file.name == TREE]
    found = set()
    for tree in trees:
        with suppress(OSError):
            content = tree.read_bytes()
            if _OF_A_COMMAND in content:
                found |= {Digest(digest.decode()) for digest in _DIGEST.findall(content)}
    return found


class _Cache:
    """The cache's files, and what went wrong with them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._problems: list[str] = []

    def files(self, folder: Path) -> list[_File]:
        """What is kept below a folder, under the first two digits of its name."""
        found: list[_File] = []
        for inner in self._inside(folder):
            if len(inner.name) != 2 or not inner.is_dir():
                continue
            for path in self._inside(inner):
                with self._at(path):
                    if path.suffix == USED:
                        _remove_alone(path)
                    elif not path.name.startswith("."):
                        found.append(_File(path=path, size=path.stat().st_size, used=_used(path)))
        return found

    def notes(self, folder: Path) -> list[_File]:
        """The files of a folder; used is when they were last read, as far as the file system notes that."""
        found: list[_File] = []
        for path in self._inside(folder):
            with self._at(path):
                about = path.stat()
                if not path.name.startswith("."):
                    used = max(about.st_atime, about.st_mtime)
                    found.append(_File(path=path, size=about.st_size, used=used))
        return found

    def remove(self, file: _File) -> int:
        """Remove a file that nobody has used since it was looked at; the bytes that are free now."""
        freed = 0
        with self._at(file.path):
            if not file.path.exists() or _used(file.path) <= file.used:
                file.path.unlink(missing_ok=True)
                file.path.with_name(file.path.name + USED).unlink(missing_ok=True)
                freed = file.size
        return freed

    def told(self) -> tuple[str, ...]:
        """What went wrong, as one sentence; empty if nothing did."""
        if not self._problems:
            return ()
        more = len(self._problems) - 1
        return (f"the cache cannot be trimmed: {self._problems[0]}" + (f" (and {more} more)" if more else ""),)

    def _inside(self, folder: Path) -> list[Path]:
        with self._at(folder):
            clean_partial(folder)
        found: list[Path] = []
        with self._at(folder):
            found += folder.iterdir()
        return found

    @contextmanager
    def _at(self, path: Path) -> Iterator[None]:
        """Notes what goes wrong; what is not there any more was removed by somebody else."""
        try:
            yield
        except (OSError, DriverError) as error:
            cause = error.__cause__ if isinstance(error, DriverError) else error
            if not isinstance(cause, FileNotFoundError):
                why = error.problem if isinstance(error, DriverError) else error.strerror or str(error)
                self._problems.append(f"{path.relative_to(self._folder.parent)}: {why}")


def _remove_alone(mark: Path) -> None:
    """Remove the mark of use beside a file that is gone."""
    if not mark.with_name(mark.name.removesuffix(USED)).exists():
        mark.unlink(missing_ok=True)


def _used(path: Path) -> float:
    """When a file was written or, if that is later, kept again."""
    mark = path.with_name(path.name + USED)
    return max(path.stat().st_mtime, mark.stat().st_mtime if mark.exists() else 0.0)
