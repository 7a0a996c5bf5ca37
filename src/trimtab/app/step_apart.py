"""A step in a process of its own: begun, awaited, and ended when it takes too long, its own children with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from trimtab.app.run_settings import child_environment
from trimtab.app.step_outcome import Problem, Ran, StepJob, lost, timed_out
from trimtab.base.instants import SECOND, Span, format_span

_PROGRAM: Final = (sys.executable, "-P", "-m", "trimtab.app.step_process")
_SAID: Final = 400


class StepProcesses:
    """Runs steps apart, several at once from several threads; `stop` ends those that still run."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, job: StepJob, *, limit: Span | None) -> Ran:
        """What came of the step, run by a new interpreter; one that outlives ``limit`` is killed."""
        with tempfile.TemporaryDirectory(prefix="trimtab-step-") as temporary:
            asked, answer, said = (Path(temporary) / name for name in ("job", "answer", "said"))
            asked.write_bytes(msgspec.msgpack.encode(job))
            with said.open("wb") as errors:
                process = subprocess.Popen(
                    [*_PROGRAM, str(asked), str(answer)],
                    cwd=job.folder,
                    env={**os.environ, **child_environment()},
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                    start_new_session=True,
                )
                late = self._wait(process, limit)
            words = said.read_text(encoding="utf-8", errors="replace")
            if late and limit is not None:
                return _failed(timed_out(job.step, format_span(limit)), limit / SECOND)
            if not answer.is_file():
                return _failed(lost(job.step, process.returncode, words.strip()[-_SAID:]), 0.0)
            sys.stderr.write(words)
            return msgspec.msgpack.decode(answer.read_bytes(), type=Ran)

    def stop(self) -> None:
        """End what runs, with its own children."""
        for process in tuple(self._running):
            _end(process)

    def _wait(self, process: subprocess.Popen[bytes], limit: Span | None) -> bool:
        """Whether it had to be ended at its limit."""
        self._running.add(process)
        try:
            process.wait(timeout=None if limit is None else limit / SECOND)
        except subprocess.TimeoutExpired:
            return True
        finally:
            _end(process)
            self._running.discard(process)
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _failed(problem: Problem, seconds: float) -> Ran:
    return Ran(kept=None, problem=problem, seconds=seconds, attempts=1, peak_bytes=0)
