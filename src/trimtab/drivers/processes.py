"""Long work in child processes of this machine that outlive whoever started them.

A process id says little after a restart (ids are reused), so what says that work is running is a lock which the child
and its wrapper inherit: the kernel frees it when both are gone. Starting takes that lock first, hence two controllers
cannot start one piece of work twice, and a controller killed between locking and starting has started nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from trimtab.base.digest import digest_bytes, short
from trimtab.base.errors import BusyError, DriverError
from trimtab.base.instants import MILLISECOND, SECOND, Span
from trimtab.disk.atomic import clean_partial
from trimtab.disk.faults import explained
from trimtab.disk.lock import Holder, holder, lock_file
from trimtab.records.process import Command, Exit, ProcessState, ProcessStatus
from trimtab.records.versioned import decode

_PAUSE: Final = Span(10 * MILLISECOND)
_LAST_WORD: Final = Span(5 * SECOND)
"""How long the wrapper may take, after the child was killed, to write down that it was."""

_AT_ONCE: Final = Span(0)
_EXIT: Final = "exit.json"
_LOCK: Final = "alive.lock"
_WRAPPER: Final = "trimtab.drivers.process_wrapper"


class LocalProcesses:
    """The port `ProcessRunner` on this machine; for several threads and controllers at once.

    Args:
        folder: keeps a small folder for each key.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, key: str, command: Command) -> ProcessStatus:
        place = self._place(key)
        with explained(f"start {key}", place):
            startable = self.status(key).startable
            lock = lock_file(place / _LOCK, Holder(pid=0, owner=key)) if startable else None
            if lock is None:
                return self.status(key)
            try:
                ended = _ended(place)  # started by another controller, and ended, between the two looks
                if ended is None:
                    clean_partial(place)
                    _spawn(place, key, command, lock)
            finally:
                os.close(lock)  # the wrapper has its own hold of it
        return ended or ProcessStatus(state=ProcessState.RUNNING)

    def status(self, key: str) -> ProcessStatus:
        place = self._place(key)
        with explained(f"look after {key}", place):
            held = holder(place / _LOCK) is not None  # before the exit is read: it is written before the lock is freed
            ended = _ended(place)
            if ended is not None:
                return ended
            if held:
                return ProcessStatus(state=ProcessState.RUNNING)
            return ProcessStatus(state=ProcessState.LOST if _begun(place) else ProcessState.UNKNOWN)

    def wait(self, key: str, *, timeout: Span) -> ProcessStatus:
        deadline = time.monotonic_ns() + timeout * 1_000
        while True:
            status = self.status(key)
            if status.state is not ProcessState.RUNNING or time.monotonic_ns() >= deadline:
                return status
            time.sleep(_PAUSE / SECOND)

    def stop(self, key: str, *, grace: Span) -> ProcessStatus:
        for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, _LAST_WORD)):
            self._signal(key, number)
            status = self.wait(key, timeout=patience)
            if status.state is not ProcessState.RUNNING:
                return status
        raise DriverError(
            f"{key} does not end, not even killed", fix="See what it waits for: `ps -eo pid,stat,wchan,args`."
        )

    def forget(self, key: str) -> None:
        place = self._place(key)
        with explained(f"forget {key}", place):
            if not place.is_dir():
                return
            closing = _LAST_WORD if _ended(place) is not None else _AT_ONCE  # its wrapper has only to exit
            lock = lock_file(place / _LOCK, Holder(pid=0, owner=key), wait=closing)
            if lock is None:
                raise BusyError(f"{key} is running", fix="Stop it first, or wait for it to end.")
            try:
                (place / _EXIT).unlink(missing_ok=True)
                os.ftruncate(lock, 0)
            finally:
                os.close(lock)

    def _place(self, key: str) -> Path:
        return self.folder / short(digest_bytes(key.encode()), length=32)

    def _signal(self, key: str, number: signal.Signals) -> None:
        """Signal the child's group, if it runs. A group's id is not reused while a process of it lives."""
        deadline = time.monotonic_ns() + _LAST_WORD * 1_000
        while self.status(key).state is ProcessState.RUNNING and time.monotonic_ns() < deadline:
            who = holder(self._place(key) / _LOCK)
            if who is not None and who.pid:
                with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
                    os.killpg(who.pid, number)
                return
            time.sleep(_PAUSE / SECOND)  # the wrapper has not started it yet


def _spawn(place: Path, key: str, command: Command, lock: int) -> None:
    """Start the wrapper, which starts the program. ``-P``: a user's ``random.py`` beside it must not become ours."""
    command.log.parent.mkdir(parents=True, exist_ok=True)
    wrapper = (sys.executable, "-P", "-m", _WRAPPER, str(lock), key, str((place / _EXIT).absolute()), *command.argv)
    log = os.open(command.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        child = subprocess.Popen(
            wrapper,
            cwd=command.folder,
            env={**os.environ, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock,),
            start_new_session=True,  # a Ctrl-C in this terminal is not for it
        )
    finally:
        os.close(log)
    threading.Thread(target=child.wait, name=f"reap {key}", daemon=True).start()  # no zombie stays behind


def _ended(place: Path) -> ProcessStatus | None:
    path = place / _EXIT
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return ProcessStatus(state=ProcessState.EXITED, code=decode(Exit, content, at=str(path)).code)


def _begun(place: Path) -> bool:
    """Whether it was started once: the lock is signed, and `forget` has not emptied it since."""
    try:
        return (place / _LOCK).stat().st_size > 0
    except FileNotFoundError:
        return False
