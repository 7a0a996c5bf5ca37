"""Keeps the cache below a limit: the least recently used results go first, and values that no result needs."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trimtab.base.instants import DAY, HOUR, SECOND, Span
from trimtab.disk.atomic import clean_partial
from trimtab.disk.faults import explained
from trimtab.drivers.step_values.results import RESULTS, read_result
from trimtab.drivers.step_values.store import USED, VALUES, path_of

_UNUSED: Final = DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """What was removed, and what is left, in bytes."""

    results: int
    freed: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    path: Path
    size: int
    used: float


def trim(folder: Path, limit_bytes: int, *, spare: Span = HOUR) -> Trimmed:
    """Remove the least recently used results below ``folder`` until the rest is at most ``limit_bytes``.

    Args:
        spare: what was used within this time stays, also beyond the limit: a run may be about to open it.

    Raises:
        DriverError: the folder cannot be read.
    """
    with explained("look through the cache", folder):
        results = sorted(_files(folder / RESULTS), key=lambda file: file.used)
        values = {file.path: file for file in _files(folder / VALUES)}
    recent = time.time() - spare / SECOND
    needs = {file.path: _needed(folder, file.path) for file in results}
    users = Counter(path for paths in needs.values() for path in paths)
    total = sum(file.size for file in results) + sum(file.size for file in values.values())
    before, removed = total, 0
    idle = sorted((value for path, value in values.items() if not users[path]), key=lambda value: value.used)
    for value in idle:
        # no result has them, yet a run whose steps cannot be kept for the next one may still hand them on
        if value.used < recent - _UNUSED / SECOND or (total > limit_bytes and value.used < recent):
            total -= _remove(value)
    for file in results:
        if total <= limit_bytes or file.used >= recent:
            break
        total -= _remove(file)
        removed += 1
        for path in needs[file.path]:
            users[path] -= 1
            if not users[path] and path in values and values[path].used < recent:
                total -= _remove(values[path])
    return Trimmed(results=removed, freed=before - total, left=total)


def _needed(folder: Path, path: Path) -> set[Path]:
    result = read_result(path)
    if result is None:
        return set()
    files = result.kept.files + (result.logged.files if result.logged else ())
    return {path_of(folder / VALUES, file.content) for file in files}


def _files(folder: Path) -> list[_File]:
    found = []
    clean_partial(folder)
    for inner in folder.iterdir() if folder.is_dir() else ():
        if not inner.is_dir() or len(inner.name) != 2:
            continue
        clean_partial(inner)
        for path in inner.iterdir():
            with suppress(FileNotFoundError):
                if not path.name.startswith(".") and path.suffix != USED:
                    found.append(_File(path=path, size=path.stat().st_size, used=_used(path)))
    return found


def _used(path: Path) -> float:
    """When a file was written or, if that is later, kept again."""
    mark = path.with_name(path.name + USED)
    return max(path.stat().st_mtime, mark.stat().st_mtime if mark.exists() else 0.0)


def _remove(file: _File) -> int:
    with explained("trim the cache", file.path):
        if file.path.exists() and _used(file.path) > file.used:  # since the folder was looked through
            return 0
        file.path.unlink(missing_ok=True)
        file.path.with_name(file.path.name + USED).unlink(missing_ok=True)
    return file.size
