"""Which of the acts that the kernel tells of were this process's own (Linux 5.13 and later, fanotify).

inotify tells what was opened and in which order, and not by whom; fanotify tells, even to ordinary users, whether it
was the listener itself, and merges events so that their order is lost. So the first is listened to, and the second is
asked when it matters: whether another process may have done it. It answers by the names of files, without their
folders: what another process does to a file with the name of one of ours is taken for ours, which costs a run at most.
Where it is not to be had (older kernels, containers that forbid it), nobody knows, and everything counts.
"""

from __future__ import annotations

import os
import struct
import sys
from typing import Any, Final

_CLOEXEC, _NONBLOCK, _REPORT_FOLDER, _REPORT_NAME = 0x1, 0x2, 0x400, 0x800
_ADD, _ONLY_FOLDER = 0x1, 0x8
_OPEN, _MOVED_TO, _CREATE, _OVERFLOW = 0x20, 0x80, 0x100, 0x4000
_ON_CHILD, _ON_FOLDER = 0x08000000, 0x40000000
_MASK: Final = _OPEN | _CREATE | _MOVED_TO | _ON_CHILD | _ON_FOLDER
_HERE: Final = -100  # AT_FDCWD
_HEAD: Final = struct.Struct("IBBHQii")
_INFO: Final = struct.Struct("BBH")
_HANDLE: Final = struct.Struct("Ii")
_FSID: Final = 8
_BLOCK: Final = 1 << 16


class OwnActs:
    """The names that this process itself opened or made since `reset`, in the folders that were added."""

    def __init__(self, libc: Any) -> None:
        self._mark = libc.fanotify_mark
        self._opened: set[bytes] = set()
        self._made: set[bytes] = set()
        self._lost = False
        self._fd = -1
        if sys.platform == "linux" and hasattr(libc, "fanotify_init"):
            self._fd = libc.fanotify_init(_CLOEXEC | _NONBLOCK | _REPORT_FOLDER | _REPORT_NAME, os.O_RDONLY)

    def add(self, folder: str) -> None:
        """Listens to a folder; if that fails, nothing is known any more, or what is missing would be another's."""
        if self._fd < 0:
            return
        import ctypes

        mask, here = ctypes.c_uint64(_MASK), ctypes.c_int(_HERE)
        if self._mark(self._fd, ctypes.c_uint(_ADD | _ONLY_FOLDER), mask, here, os.fsencode(folder)) < 0:
            self.close()

    def reset(self) -> None:
        """What was until now is forgotten."""
        for _ in self._blocks():
            pass
        self._opened.clear()
        self._made.clear()
        self._lost = False

    def opened(self, path: str) -> bool | None:
        """Whether this process opened a file or folder of that name; None if nobody knows."""
        return self._has(self._opened, path)

    def made(self, path: str) -> bool | None:
        """Whether this process made a file or folder of that name; None if nobody knows."""
        return self._has(self._made, path)

    def close(self) -> None:
        """Nobody knows any more."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _has(self, names: set[bytes], path: str) -> bool | None:
        if self._fd < 0:
            return None
        me = os.getpid()
        for block in self._blocks():
            self._take(block, me)
        return None if self._lost else os.fsencode(path.rpartition("/")[2]) in names

    def _blocks(self) -> list[bytes]:
        blocks: list[bytes] = []
        while self._fd >= 0:
            try:
                blocks.append(os.read(self._fd, _BLOCK))
            except BlockingIOError:
                break
        return blocks

    def _take(self, block: bytes, me: int) -> None:
        place = 0
        while place < len(block):
            length, _, _, head, mask, _, process = _HEAD.unpack_from(block, place)
            if mask & _OVERFLOW:
                self._lost = True
            elif process == me:
                name = _name(block, place + head)
                if mask & _OPEN:
                    self._opened.add(name)
                if mask & (_CREATE | _MOVED_TO):
                    self._made.add(name)
            place += length


def _name(block: bytes, place: int) -> bytes:
    """The name in an event's record: behind the file system's number and the folder's handle."""
    length = _INFO.unpack_from(block, place)[2]
    handle = place + _INFO.size + _FSID
    start = handle + _HANDLE.size + _HANDLE.unpack_from(block, handle)[0]
    return block[start : place + length].split(b"\0")[0]


def has_children() -> bool:
    """Whether this process has a child, running or ended, that may have done what it did not do itself."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
