"""Long work in child processes of this machine that outlive whoever started them.

A process id says little after a restart (ids are reused), so what says that work is running is a lock which the child
and its wrapper inherit: the kernel frees it when both are gone. Starting takes that lock first, hence two controllers
cannot start one piece of work twice, and a controller killed between locking and starting has started nothing.

A command whose kind was prepared for takes a wrapper and a child that wait; everything said above holds for them too,
since all that they lack is the work, the lock and the log, and they get these together.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from trimtab.base.digest import digest_bytes, short
from trimtab.base.errors import BusyError, DriverError
from trimtab.base.instants import MILLISECOND, SECOND, Span
from trimtab.disk.atomic import clean_partial
from trimtab.disk.faults import explained
from trimtab.disk.lock import Holder, holder, lock_file
from trimtab.drivers.processes.handover import SPARE, Work, give
from trimtab.records.process import Command, Exit, Preparation, ProcessState, ProcessStatus
from trimtab.records.versioned import decode

_PAUSE: Final = Span(10 * MILLISECOND)
_LAST_WORD: Final = Span(5 * SECOND)
"""How long the wrapper may take, after the child was killed, to write down that it was."""

_AT_ONCE: Final = Span(0)
_EXIT: Final = "exit.json"
_LOCK: Final = "alive.lock"
_WRAPPER: Final = "trimtab.drivers.processes.wrapper"


class LocalProcesses:
    """The port `ProcessRunner` on this machine; for several threads and controllers at once.

    Args:
        folder: keeps a small folder for each key.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard = threading.Lock()
        self._spare: _Spare | None = None

    def prepare(self, preparation: Preparation) -> None:
        if preparation.program[0] != sys.executable or preparation.program[-2:-1] != ("-m",):
            return
        with self._guard, suppress(OSError):  # what cannot be prepared is started when it is asked for
            if self._spare is None or not self._spare.is_for(preparation):
                self._spare = None
                self._spare = _Spare(preparation)

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
                    spare = self._take_spare(command)
                    if spare is None or not spare.begin(place, key, command, lock):
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

    def _take_spare(self, command: Command) -> _Spare | None:
        with self._guard:
            spare = self._spare
            if spare is None or not command.folder.is_dir() or not spare.preparation.fits(command):
                return None
            self._spare = None
            return spare if spare.is_for(spare.preparation) else None

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


class _Spare:
    """A wrapper and its child that wait for work. They end when this does, unless they got some."""

    def __init__(self, preparation: Preparation) -> None:
        self.preparation = preparation
        self._environment = {**os.environ, **preparation.environment}
        self._channel, theirs = socket.socketpair()
        weakref.finalize(self, self._channel.close)
        words = (str(len(preparation.program)), *preparation.program, *preparation.imports)
        with theirs:
            self._wrapper = _wrapper(
                (SPARE, str(theirs.fileno()), *words), self._environment, pass_fds=(theirs.fileno(),)
            )

    def is_for(self, preparation: Preparation) -> bool:
        """Whether it lives, and was begun as it would be now."""
        same = preparation == self.preparation and self._environment == {**os.environ, **preparation.environment}
        return same and self._wrapper.poll() is None

    def begin(self, place: Path, key: str, command: Command, lock: int) -> bool:
        """Give it the work; False if nobody is there to take it."""
        work = Work(
            key=key,
            exit_file=str((place / _EXIT).absolute()),
            argv=command.argv,
            program=len(self.preparation.program),
            folder=str(command.folder.absolute()),
        )
        with _log_of(command) as log, suppress(OSError):
            give(self._channel, work, lock=lock, log=log)
            return True
        return False


def _spawn(place: Path, key: str, command: Command, lock: int) -> None:
    """Start the wrapper, which starts the program."""
    arguments = (str(lock), key, str((place / _EXIT).absolute()), *command.argv)
    with _log_of(command) as log:
        _wrapper(arguments, {**os.environ, **command.environment}, pass_fds=(lock,), folder=command.folder, log=log)


def _wrapper(
    arguments: tuple[str, ...],
    environment: dict[str, str],
    *,
    pass_fds: tuple[int, ...],
    folder: Path | None = None,
    log: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """A running wrapper. ``-P``: a user's ``random.py`` beside it must not become ours."""
    wrapper = subprocess.Popen(
        (sys.executable, "-P", "-m", _WRAPPER, *arguments),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=pass_fds,
        start_new_session=True,  # a Ctrl-C in this terminal is not for it
    )
    threading.Thread(target=wrapper.wait, name="reap", daemon=True).start()  # no zombie stays behind
    return wrapper


@contextmanager
def _log_of(command: Command) -> Iterator[int]:
    command.log.parent.mkdir(parents=True, exist_ok=True)
    log = os.open(command.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        yield log
    finally:
        os.close(log)


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
