"""The writing end: one line, one write."""

from __future__ import annotations

import os
import threading
import time
from json import dumps
from math import isfinite, isnan
from typing import Final

from trimtab.base.errors import DriverError

RUN_LOG: Final = "TRIMTAB_RUN_LOG"
"""The environment variable that names the log's file while a step runs."""

RUN_SECRETS: Final = "TRIMTAB_RUN_SECRETS"
"""Another, with the names that the project declares to be secrets', with commas between them."""

SYNC_EVERY: Final = 1.0
"""Seconds between two times that a log in use is brought to the disk; one takes a few milliseconds."""

_NAMES_KEPT: Final = 10_000
_sync: Final = getattr(os, "fdatasync", os.fsync)


class RunLogError(DriverError):
    """The log of the run cannot be written, so a metric or a parameter would be lost."""

    code = "TT1379"


class RunLog:
    """The writing end; for several threads, and for as many processes as open the same file.

    Args:
        path: made, readable by its owner alone, if it is not there; its folder must be.

    Raises:
        RunLogError: it cannot be opened, or later not be written.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = -1
        self._names: dict[str, str] = {}
        self._turn = threading.Lock()
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritten(path, error) from error
        self._synced = time.monotonic()

    def metric(self, name: str, value: float, step: int | None) -> None:
        """Write one value of a metric, NaN and infinite ones included."""
        shown = repr(value) if isfinite(value) else _not_finite(value)
        at = time.time_ns() // 1000
        if step is None:
            self._write(f'\n{{"metric":{self._name(name)},"value":{shown},"at":{at}}}\n')
        else:
            self._write(f'\n{{"metric":{self._name(name)},"value":{shown},"step":{step},"at":{at}}}\n')

    def parameter(self, name: str, value: str | float | bool | None) -> None:
        """Write a parameter; a float must be finite."""
        at = time.time_ns() // 1000
        self._write(f'\n{{"parameter":{self._name(name)},"value":{dumps(value)},"at":{at}}}\n')

    def sync(self) -> None:
        """Bring what was written to the disk now."""
        with self._turn:
            self._bring()

    def __del__(self) -> None:
        """The file is closed when nobody writes to it any more: another thread may be about to."""
        if self._file >= 0:
            os.close(self._file)

    def after_fork(self) -> None:
        """In a child: the lock may have been held by a thread that is not here."""
        self._turn = threading.Lock()

    def _name(self, name: str) -> str:
        shown = self._names.get(name)
        if shown is None:
            if len(self._names) >= _NAMES_KEPT:
                self._names.clear()
            shown = self._names[name] = dumps(name)
        return shown

    def _write(self, line: str) -> None:
        content = line.encode()
        try:
            with self._turn:
                if os.write(self._file, content) != len(content):
                    raise OSError("the disk is full")
                if time.monotonic() - self._synced >= SYNC_EVERY:
                    self._bring()
        except OSError as error:
            raise _unwritten(self.path, error) from error

    def _bring(self) -> None:
        _sync(self._file)
        self._synced = time.monotonic()


def _not_finite(value: float) -> str:
    """JSON has no such number: a text stands for it."""
    return '"NaN"' if isnan(value) else '"Infinity"' if value > 0 else '"-Infinity"'


def _unwritten(path: str, error: OSError) -> RunLogError:
    return RunLogError(
        f"the run's log cannot be written: {error.strerror or error}",
        fix=f"Free the disk if it is full. If the run that set {RUN_LOG} is over, unset it: nothing is recorded then.",
        at=path,
    )
