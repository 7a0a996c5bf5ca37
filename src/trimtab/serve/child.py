"""A child process that is kept running: started, watched, started again with growing pauses, ended in good order."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

FIRST_PAUSE: Final = 0.2
"""Seconds before the second start again; the first is at once. Each pause is twice the one before."""

LONGEST_PAUSE: Final = 10.0

STEADY: Final = 10.0
"""Seconds after which a running child is no longer taken for one that crashes in a loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildPlan:
    """A program. ``threads`` names the environment variables that are set to 1."""

    name: str
    argv: tuple[str, ...]
    threads: tuple[str, ...] = ()


class Child:
    """One program that should run. ``descriptor`` is handed on to it."""

    def __init__(self, plan: ChildPlan, descriptor: int | None = None) -> None:
        self.plan = plan
        self.starts = 0
        self.code: int | None = None
        self.trouble = ""
        self._descriptor = descriptor
        self._process: subprocess.Popen[bytes] | None = None
        self._crashes = 0
        self._next_start = 0.0
        self._started_at = 0.0
        self._ended_at = 0.0

    @property
    def pid(self) -> int:
        """The process; 0 if it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else 0

    def due(self) -> bool:
        """Whether the program should be started now."""
        self._look()
        return self._process is None and time.monotonic() >= self._next_start

    def tick(self, logs: Path | None) -> None:
        """Start the program if it does not run and is due."""
        if self.due():
            self._start(logs)

    def take(self, other: Child, line: bytes) -> bool:
        """Make the other's process this one's, which counts as a start, and write a line to its standard input.

        False, and nothing has happened, if the other does not run.
        """
        process = other._process
        if process is None or process.poll() is not None or process.stdin is None:
            return False
        try:
            os.write(process.stdin.fileno(), line)
        except OSError:
            return False
        self._process, other._process = process, None
        self.starts += 1
        self._started_at = time.monotonic()
        return True

    def end(self) -> None:
        """Ask the program to stop; it may finish what it is at."""
        self._ended_at = time.monotonic()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def gone(self, patience: float) -> bool:
        """Whether the program has ended; one that was asked to and takes longer than ``patience`` seconds is killed."""
        if self._process is None or self._process.poll() is not None:
            self._close()
            return True
        if self._ended_at and time.monotonic() - self._ended_at > patience:
            self._process.kill()
        return False

    def wait(self, patience: float) -> None:
        """Returns once the program has ended, by force after ``patience`` seconds."""
        if self._process is None:
            return
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close()

    def _start(self, logs: Path | None) -> None:
        environment = {**os.environ, **dict.fromkeys(self.plan.threads, "1")}
        log: IO[bytes] | None = None
        if logs is not None:
            logs.mkdir(parents=True, exist_ok=True)
            log = (logs / f"{self.plan.name}.log").open("ab")
        try:
            self._process = subprocess.Popen(
                self.plan.argv, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment,
                pass_fds=() if self._descriptor is None else (self._descriptor,),
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends the others in order
            )  # fmt: skip
        finally:
            if log is not None:
                log.close()
        self.starts += 1
        self._started_at = time.monotonic()

    def _look(self) -> None:
        """Notice the end of the process, and decide when it is started again."""
        now = time.monotonic()
        if self._process is None:
            return
        if self._process.poll() is None:
            if self.trouble and now - self._started_at > STEADY:
                self._crashes, self.trouble = 0, ""
            return
        self.code = self._process.returncode
        self._close()
        self._crashes = 1 if now - self._started_at > STEADY else self._crashes + 1
        pause = 0.0 if self._crashes == 1 else min(FIRST_PAUSE * 2 ** (self._crashes - 2), LONGEST_PAUSE)
        self._next_start = now + pause
        how = f"signal {-self.code}" if self.code < 0 else f"exit code {self.code}"
        again = f"; it is started again in {pause:g} s" if pause else ""
        self.trouble = f"ended with {how} ({self._crashes} times in a row){again}"

    def _close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None
