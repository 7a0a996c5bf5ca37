# Paths are texts here: a run looks at a thousand of them, and a Path costs ten times as much.
# ruff: noqa: PTH110, PTH112, PTH116, PTH118, PTH119
"""The content of folders that code is imported from, without an installer's list of their files.

Every file of a package counts, the tables and templates that its code reads included; bytecode and hidden files do
not. A file's digest is believed for as long as its name, size, times and inode stay as they were, unless it was changed
so shortly before it was read that a later change could have left the same times.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from trimtab.base.digest import Digest

SETTLED: Final = 2_000_000_000
"""Nanoseconds: no file system keeps coarser times than two seconds."""

_LEFT_OUT: Final = ("__pycache__", "node_modules")

Stamp = tuple[int, int, int, int]
"""Size, change of content, change of anything (both nanoseconds), and inode."""


class SeenFile(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was when it was read."""

    stamp: Stamp
    content: str


def stamp_of(path: str) -> Stamp | None:
    """What a file's change would change; None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def is_settled(stamp: Stamp, *, now: int) -> bool:
    """Whether a file was at rest for long enough that a later change must show."""
    return max(stamp[1], stamp[2]) + SETTLED < now


class SourceFiles:
    """Digests of source files, remembered by their stamps.

    Args:
        seen: path → what was known of it; added to, and `changed` says so.
    """

    def __init__(self, seen: dict[str, SeenFile]) -> None:
        self.seen = seen
        self.changed = False

    def digest(self, sources: Iterable[str]) -> Digest:
        """The digest of files and folders, each told by its name and the paths below it."""
        state = hashlib.sha256()
        for source in sorted(sources):
            base = len(source) - len(os.path.basename(source))
            for path in sorted(_files(source)):
                told = f"{path[base:]}\0{self._content(path)}\n"
                state.update(told.encode("utf-8", "surrogateescape"))
        return Digest("sha256:" + state.hexdigest())

    def _content(self, path: str) -> str:
        now = time.time_ns()
        stamp = stamp_of(path)
        known = self.seen.get(path)
        if stamp is None:
            return ""
        if known is not None and known.stamp == stamp:
            return known.content
        content = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        if is_settled(stamp, now=now):
            self.seen[path] = SeenFile(stamp, content)
            self.changed = True
        return content


def _files(source: str) -> list[str]:
    if not os.path.isdir(source):
        return [source]
    found = []
    waiting = [source]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            name = entry.name
            if name.startswith(".") or name in _LEFT_OUT or name.endswith((".pyc", ".dist-info", ".egg-info")):
                continue
            if entry.is_dir(follow_symlinks=False):
                if not os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                    waiting.append(entry.path)
            elif entry.is_file():
                found.append(entry.path)
    return found
