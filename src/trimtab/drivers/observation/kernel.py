"""What the kernel tells of the project's folders (Linux, inotify): every opening, by whatever code or process.

It sees what Python cannot: files opened by native code and by child processes. It cannot say who opened, so what
another process opens at the same time is told too; a watch keeps such paths apart. The folders are found once, by the
first watch of a process, and new ones are added as the kernel tells of them.
Rejected: ``IN_ACCESS``, which would tell a listing from an opening, but sends an event for every block that is read in
turn from two files, and the queue is short; fanotify alone, which merges events so that their order is lost;
``LD_PRELOAD``, which needs a compiled library and a process that was started with it.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from typing import Final, NamedTuple

from trimtab.drivers.observation.attribution import OwnActs
from trimtab.drivers.observation.path_rules import PathRules, Rule, look, mode_of

FOLDERS: Final = 2_000
"""At most so many folders are watched: 1 KiB of the kernel's memory each, and the walk stays under 50 ms."""

NAMES: Final = 20_000
"""After so many names of one folder no further subfolders are looked for in it."""

_SKIPPED: Final = frozenset(
    {
        ".git", ".hg", ".svn", ".jj", ".trimtab", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints", ".idea", ".vscode",
    }
)  # fmt: skip

_OPEN, _CLOSE_WRITE, _CREATE, _MOVED_TO = 0x20, 0x08, 0x100, 0x80
_IS_FOLDER, _OVERFLOW, _GONE, _ONLY_FOLDER = 0x40000000, 0x4000, 0x8000, 0x01000000
_MASK: Final = _OPEN | _CLOSE_WRITE | _CREATE | _MOVED_TO
_HEAD: Final = struct.Struct("iIII")
_BLOCK: Final = 1 << 16


class Act(Enum):
    """What was done to a path."""

    OPENED = "opened"
    LISTED = "listed"
    WRITTEN = "written"
    MADE = "made"
    MADE_FOLDER = "made folder"
    LOST = "lost"


class Event(NamedTuple):
    """One event; for `Act.LOST` the path is empty: the queue was full, and events are missing."""

    path: str
    act: Act


class Kernel:
    """The kernel's events on a project's folders; one per process and project.

    Attributes:
        blind: sentences on what is not watched.
        own: what was this process's own of it; None where nothing is told at all.
    """

    def __init__(self, rules: PathRules) -> None:
        self.blind: list[str] = []
        self._rules = rules
        self._lock = threading.RLock()
        self._paths: dict[int, str] = {}
        self._fd = -1
        self.own: OwnActs | None = None
        if sys.platform != "linux":
            self.blind.append("files that native code and child processes open are not seen on this system")
            return
        self._start()

    def drain(self) -> list[Event]:
        """The events since the last time, in order."""
        events: list[Event] = []
        if self._fd < 0:  # asked before the lock: a forked child has nobody who would give it back
            return events
        with self._lock:
            while self._fd >= 0:
                try:
                    block = os.read(self._fd, _BLOCK)
                except BlockingIOError:
                    break
                events += self._events(block)
        return events

    def files(self) -> Iterator[str]:
        """All files in the watched folders: what may have been opened when events were lost."""
        for folder in list(self._paths.values()):
            with suppress(OSError), os.scandir(folder) as entries:
                yield from (entry.path for entry in entries if entry.is_file())

    def close(self) -> None:
        """Gives the watches back to the kernel; nothing more is told."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self.own is not None:
            self.own.close()

    def _start(self) -> None:
        import ctypes  # 3 ms, and only where a step runs

        libc = ctypes.CDLL(None, use_errno=True)
        self._errno: Callable[[], int] = ctypes.get_errno
        self._add: Callable[[int, bytes, int], int] = libc.inotify_add_watch
        self._fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            self._fail(ctypes.get_errno())
            return
        self.own = OwnActs(libc)
        _LIVE.add(self)
        self._cover(self._rules.project)
        self.drain()

    def _cover(self, start: str) -> None:
        """Watches a folder and those below it, the nearest first, links to folders included."""
        waiting, covered = [start], set(self._paths.values())
        for folder in waiting:
            if len(self._paths) >= FOLDERS:
                self._tell_once(f"only {FOLDERS} folders of the project are watched for what native code opens")
                return
            below = list(self._below(folder))
            number = self._add(self._fd, os.fsencode(folder), _MASK | _ONLY_FOLDER)
            if number < 0:
                self._refused(self._errno())
            elif number not in self._paths or look(self._paths[number]) is None:  # else a second way to the same folder
                self._paths[number] = folder
                if self.own is not None:
                    self.own.add(folder)
                waiting += [each for each in below if each not in covered]

    def _below(self, folder: str) -> Iterator[str]:
        """The subfolders; a link to a file elsewhere is watched at once, for its folder is not ours."""
        try:
            with os.scandir(folder) as entries:
                for count, entry in enumerate(entries):
                    if count >= NAMES:
                        self._tell_once(f"subfolders of {folder} behind its {NAMES:,} first names are not watched")
                        return
                    if entry.is_symlink() and not entry.is_dir():
                        self._watch_link(entry.path)
                    elif entry.is_dir() and self._is_of_interest(entry):
                        yield entry.path
        except OSError:
            return  # not ours to read, or gone

    def _is_of_interest(self, entry: os.DirEntry[str]) -> bool:
        if entry.name in _SKIPPED or self._rules.rule(entry.path, is_link=entry.is_symlink()) is not Rule.COUNTS:
            return False
        return mode_of(f"{entry.path}/pyvenv.cfg") is None

    def _watch_link(self, path: str) -> None:
        if self._rules.rule(path, is_link=True) is Rule.COUNTS:
            number = self._add(self._fd, os.fsencode(path), _OPEN | _CLOSE_WRITE)
            if number >= 0:
                self._paths.setdefault(number, path)

    def _events(self, block: bytes) -> Iterator[Event]:
        place, size, paths = 0, _HEAD.size, self._paths
        while place < len(block):
            number, mask, _, length = _HEAD.unpack_from(block, place)
            place += size + length
            folder = paths.get(number)
            if mask & _OVERFLOW:
                yield Event("", Act.LOST)
            elif mask & _GONE:
                paths.pop(number, None)
            elif folder is not None:
                name = os.fsdecode(block[place - length : place].rstrip(b"\0"))
                path = f"{folder}/{name}" if name else folder
                if self._rules.rule(path) is Rule.COUNTS:
                    yield from self._on_folder(mask, path, name) if mask & _IS_FOLDER else _on_file(mask, path)

    def _on_folder(self, mask: int, path: str, name: str) -> Iterator[Event]:
        if mask & (_CREATE | _MOVED_TO):
            yield Event(path, Act.MADE_FOLDER)
            self._cover(path)
        elif mask & _OPEN and not name:  # its parent tells of it too, by its name
            yield Event(path, Act.LISTED)

    def _refused(self, number: int) -> None:
        if number == errno.ENOSPC:
            self._tell_once("the kernel's limit of watched folders is reached (sysctl fs.inotify.max_user_watches)")
        elif number not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
            self._tell_once(f"a folder could not be watched: {os.strerror(number)}")

    def _fail(self, number: int) -> None:
        why = "the limit of inotify instances is reached" if number == errno.EMFILE else os.strerror(number)
        self._tell_once(f"files that native code and child processes open are not seen: {why}")

    def _tell_once(self, sentence: str) -> None:
        if sentence not in self.blind:
            self.blind.append(sentence)

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            self.close()


def _on_file(mask: int, path: str) -> tuple[Event, ...]:
    act = Act.OPENED if mask & _OPEN else Act.WRITTEN if mask & _CLOSE_WRITE else Act.MADE
    return (Event(path, act),)


_LIVE: Final[weakref.WeakSet[Kernel]] = weakref.WeakSet()


def _close_all() -> None:
    """A forked child shares the queue, and would take events out of it that its parent waits for."""
    for kernel in _LIVE:
        kernel.close()


os.register_at_fork(after_in_child=_close_all)
