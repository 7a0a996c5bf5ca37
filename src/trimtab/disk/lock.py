"""Leases: one live process at a time may work on a resource.

The lock is the kernel's (flock), so that it goes when its holder goes, kill -9 included: there is no lock file to
delete by hand and no timeout to guess. The file's text only says who holds it, for the sentence that others get. The
file itself is removed by nobody but its holder (`Lease.end`), and who locks a file makes sure that it still has its
name: otherwise two processes could lock two files of one name.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from trimtab.base.errors import BusyError
from trimtab.base.instants import MILLISECOND, SECOND, Span
from trimtab.disk.atomic import write_all
from trimtab.disk.faults import explained

_PROBE: Final = Span(50 * MILLISECOND)
"""How long a taken lock is tried again: `holder` looks by taking a shared lock for some microseconds."""

_PAUSE: Final = Span(2 * MILLISECOND)
_AT_ONCE: Final = Span(0)


class Holder(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.lease/1"):
    """Who holds a lease: a process id, and what it said of itself (``controller``, ``run a1b2``)."""

    pid: int
    owner: str


class Lease:
    """The right to work on one resource, for as long as this process lives or until it is released.

    Use it as a context manager, or with `try_acquire` and `release`. A lease excludes other leases of the same path,
    also within this process. A child made by fork without exec would share it; a started program does not.

    Args:
        path: the lock file, by convention ``.trimtab/locks/<resource>.lock``.
        owner: what others are told of the holder.
        wait: how long to wait for another holder before `BusyError`; not at all by default.
    """

    __slots__ = ("_descriptor", "owner", "path", "wait")

    def __init__(self, path: Path, owner: str, *, wait: Span = _AT_ONCE) -> None:
        self.path = path
        self.owner = owner
        self.wait = wait
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lease."""
        return self._descriptor is not None

    def try_acquire(self) -> bool:
        """Take the lease; False if another holder keeps it beyond ``wait``.

        Raises:
            DriverError: the lock file cannot be made or opened.
        """
        if self._descriptor is not None:
            return False
        with explained(f"lock {self.path.stem}", self.path):
            self._descriptor = lock_file(self.path, Holder(pid=os.getpid(), owner=self.owner), wait=self.wait)
        return self._descriptor is not None

    def release(self) -> None:
        """Give the lease back; nothing happens if it is not held."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def end(self) -> None:
        """Give the lease back and remove its file: for a resource that nobody is expected to work on again.

        Raises:
            DriverError: the file cannot be removed; the lease is given back.
        """
        if self._descriptor is None:
            return
        try:
            with explained(f"remove the lock {self.path.stem}", self.path):
                self.path.unlink(missing_ok=True)
        finally:
            self.release()

    def __enter__(self) -> Self:
        """Take the lease; raises `BusyError`, which names the holder, if it is taken."""
        if not self.try_acquire():
            raise busy(self.path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def lock_file(path: Path, who: Holder, *, wait: Span = _AT_ONCE) -> int | None:
    """An open file that holds the lease of ``path`` until it is closed; None if it is taken beyond ``wait``.

    For a lease that outlives this process: a child that inherits the descriptor holds the lease too, until each of
    them is gone. Everything else takes a `Lease`. Raises `OSError`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            locked = _lock(descriptor, max(wait, _PROBE))
            if locked and _has_name(descriptor, path):  # else its last holder removed it in the meantime
                sign(descriptor, who)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if not locked:
            return None


def sign(descriptor: int, who: Holder) -> None:
    """Write into a lease that is held who holds it."""
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    write_all(descriptor, msgspec.json.encode(who))


def holder(path: Path) -> Holder | None:
    """Who holds the lease of ``path`` now; None if nobody does. A holder killed in the act of signing is pid 0."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def busy(path: Path) -> BusyError:
    """The error that says who holds the lease of ``path``."""
    who = holder(path)
    if who is None or not who.pid:
        return BusyError(
            f"another process is working on {path.stem}", fix="Wait for it to end, then try again.", at=str(path)
        )
    return BusyError(
        f"{who.owner} (process {who.pid}) is working on {path.stem}",
        fix=f"Wait for it to end, or stop it (`kill {who.pid}`), then try again.",
        at=str(path),
    )


def _lock(descriptor: int, patience: int) -> bool:
    deadline = time.monotonic_ns() + patience * 1_000
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic_ns() >= deadline:
                return False
            time.sleep(_PAUSE / SECOND)
        else:
            return True


def _has_name(descriptor: int, path: Path) -> bool:
    """Whether the open file is the one that others find at ``path``."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _read(descriptor: int) -> Holder:
    try:
        return msgspec.json.decode(os.pread(descriptor, 4096, 0), type=Holder)
    except msgspec.DecodeError:
        return Holder(pid=0, owner="")
