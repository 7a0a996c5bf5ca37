"""The digest of a file's content, read once, in pieces, with the certainty that it was one content.

A reader of data follows links, so this does too; `trimtab.disk.tree` refuses them, where a folder is to be trusted.
What is no file of a disk (a folder, a device, a pipe) is refused before it is opened: it can block its reader for ever.

A file that is written to while it is read has no digest. That is found by comparing what the system says of it before
and after, so a change is missed if it leaves size, times and inode as they were: one within the same tick of the file
system's clock (some milliseconds) as an earlier one, and one through shared memory (`mmap`), whose time the system
sets later. No way of reading a file sees those.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import sys
import threading
import time
from pathlib import Path
from typing import Final, NamedTuple

from trimtab.base.digest import Digest
from trimtab.base.errors import DriverError, InputError, NotFoundError
from trimtab.disk.faults import explain

_CHUNK: Final = 1 << 20
_COARSE_CLOCK: Final = 5
"""Linux's CLOCK_REALTIME_COARSE: the clock that stamps files, which lags behind the other by up to a tick."""

_TICK: Final = 20_000_000
"""Nanoseconds; no system's clock stamps files less often than every 10 ms, where it stamps them by less than 1 ms."""

_COARSE_TICK: Final = 2_500_000_000
"""Nanoseconds; FAT stamps every 2 s, HFS+ every second."""


_CLONE: Final = 0x40049409
"""Linux's FICLONE: a file shares the other's blocks until one of them is written to (XFS, Btrfs, bcachefs)."""

_WORTH_CLONING: Final = 1 << 20
"""Bytes; below that, asking costs as much as copying."""


class FileGoneError(NotFoundError):
    """A file that is to be read is not there."""

    code = "TT1341"


class NotAFileError(InputError):
    """What is to be read as a file is a folder, a device or a pipe, or has a name that cannot be recorded."""

    code = "TT1342"


class FileChangedError(DriverError):
    """A file was written to while it was read, so that what was read is neither the old content nor the new."""

    code = "TT1343"


class Content(NamedTuple):
    """What was read: the digest and the number of bytes, and what the system said of the file at that time."""

    digest: Digest
    size: int
    found: os.stat_result


class _Buffer(threading.local):
    """A thread's own piece of memory, so that reading ten thousand files allocates once."""

    def __init__(self) -> None:
        self.view = memoryview(bytearray(_CHUNK))


_buffer: Final = _Buffer()


def look(path: str) -> os.stat_result:
    """What the system says of the file that ``path`` leads to.

    Raises:
        FileGoneError, NotAFileError: it is not there, or no file.
        DriverError: the system does not say.
    """
    try:
        found = os.stat(path)  # noqa: PTH116  a Path for each of ten thousand files costs more than asking
    except (FileNotFoundError, NotADirectoryError):
        raise gone(path) from None
    except OSError as error:
        raise explain(error, doing=f"read {path}", path=Path(path)) from error
    if not stat.S_ISREG(found.st_mode):
        raise _no_file(path, found.st_mode)
    return found


def read_content(path: str, *, into: int | None = None) -> Content:
    """The digest of what a file holds; the same bytes are written to the open and empty file ``into``, if one is given.

    Where the disk can, a large file shares its blocks with the copy, and the copy's bytes are read for the digest.
    Have a `look` at a path first that anybody may have named: opening a device can already do something.

    Raises:
        FileGoneError, NotAFileError: it is not there, or no file.
        FileChangedError: it changed meanwhile; what was written is of no use.
        DriverError: it cannot be read, or ``into`` cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise gone(path) from None
    except OSError as error:
        raise explain(error, doing=f"read {path}", path=Path(path)) from error
    try:
        return _read_opened(path, descriptor, into)
    except OSError as error:
        doing = f"read {path}" if into is None else f"copy {path}"
        raise explain(error, doing=doing, path=Path(path)) from error
    finally:
        os.close(descriptor)


def pump(descriptor: int, *, into: int | None = None, expected: int = -1) -> tuple[Digest, int]:
    """The digest and the size of the rest of an open file, which is written to ``into``; raises `OSError`.

    One that is looked at again afterwards has no more than the ``expected`` bytes, and is not asked for more.
    """
    state, size = hashlib.sha256(), 0
    view = _buffer.view
    while size != expected and (count := os.readv(descriptor, [view])):
        piece = view[:count]
        state.update(piece)
        size += count
        while into is not None and piece:
            piece = piece[os.write(into, piece) :]
    return Digest("sha256:" + state.hexdigest()), size


def stamp_clock() -> int:
    """The moment in nanoseconds, by the clock that stamps files where it can be asked: later changes are not older."""
    try:
        return time.clock_gettime_ns(_COARSE_CLOCK) if sys.platform == "linux" else time.time_ns()
    except OSError:
        return time.time_ns()


def settled(found: os.stat_result, moment: int) -> bool:
    """Whether a change at or after ``moment`` would show in a file's times: its last one is clearly older.

    Files are stamped by a clock that ticks. A file that changed in the tick in which it was read can change again in
    the same tick, and looks as it did. ``moment`` is `stamp_clock` before the file was opened.
    """
    latest = max(found.st_mtime_ns, found.st_ctime_ns)
    tick = _COARSE_TICK if found.st_ctime_ns % 1_000_000 == 0 else _TICK
    return latest + tick < moment


def same_file(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether nothing that the system says of a file shows a change of its content."""
    return (one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino, one.st_dev) == (
        other.st_size,
        other.st_mtime_ns,
        other.st_ctime_ns,
        other.st_ino,
        other.st_dev,
    )


def gone(path: str) -> FileGoneError:
    """The error that says that a file is not there."""
    return FileGoneError(f"{path} is gone", fix="Bring it back, or correct the path.", at=path)


def _read_opened(path: str, descriptor: int, into: int | None) -> Content:
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        raise _no_file(path, before.st_mode)
    if into is not None and before.st_size >= _WORTH_CLONING and _shares_blocks(descriptor, into):
        digest, size = pump(into)
    else:
        digest, size = pump(descriptor, into=into, expected=before.st_size or -1)  # /proc has files of no size
    if not same_file(before, os.fstat(descriptor)):
        fix = "Wait until what writes it has ended, then try again."
        raise FileChangedError(f"{path} changed while it was read", fix=fix, at=path)
    return Content(digest, size, before)


def _shares_blocks(source: int, target: int) -> bool:
    """Make an empty file a clone of another; false where it must be copied: most disks cannot, none can to another."""
    if sys.platform != "linux":
        return False
    try:
        fcntl.ioctl(target, _CLONE, source)
    except OSError:
        return False
    return True


def _no_file(path: str, mode: int) -> NotAFileError:
    what = "a folder" if stat.S_ISDIR(mode) else "neither a file nor a folder"
    return NotAFileError(f"{path} is {what}", fix="Name a file.", at=path)
