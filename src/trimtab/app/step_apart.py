"""A step in a process of its own: begun, awaited, and ended when it takes too long, its own children with it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from trimtab.app.process_group import ProcessGroup
from trimtab.app.run_settings import child_environment
from trimtab.app.step_outcome import Problem, Ran, StepJob, lost, stopped, timed_out
from trimtab.base.instants import SECOND, Span, format_span
from trimtab.disk.temporary import temporary_folder

_PROGRAM: Final = (sys.executable, "-P", "-m", "trimtab.app.step_process")


class StepProcesses:
    """Runs steps apart, several at once from several threads; after `stop` none of them runs, and none is begun."""

    def __init__(self) -> None:
        self._running: set[ProcessGroup] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def run(self, job: StepJob, *, limit: Span | None) -> Ran:
        """What came of the step, run by a new interpreter; one that outlives ``limit`` is ended."""
        with temporary_folder("step") as folder:
            asked, answer = folder / "job", folder / "answer"
            asked.write_bytes(msgspec.msgpack.encode(job))
            group = self._begin((*_PROGRAM, str(asked), str(answer)), job.folder)
            if group is None:
                return _failed(stopped(job.step), 0.0)
            try:
                in_time = group.finish(limit)
            finally:
                with self._lock:
                    self._running.discard(group)
            if self._stopped.is_set():
                return _failed(stopped(job.step), 0.0)
            if not in_time and limit is not None:
                return _failed(timed_out(job.step, format_span(limit), group.said), limit / SECOND, again=True)
            if not answer.is_file():
                return _failed(lost(job.step, group.code, group.said), 0.0, again=True)
            return msgspec.msgpack.decode(answer.read_bytes(), type=Ran)

    def pause(self, seconds: float) -> bool:
        """Wait before another try; False if there is to be none."""
        return not self._stopped.wait(seconds)

    def stop(self) -> None:
        """End what runs, with its own children, and begin nothing any more."""
        with self._lock:
            self._stopped.set()
            enders = [threading.Thread(target=group.end) for group in self._running]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join()

    def _begin(self, words: Sequence[str], folder: str) -> ProcessGroup | None:
        """The step's process; None after `stop`."""
        with self._lock:
            if self._stopped.is_set():
                return None
            group = ProcessGroup(words, folder=Path(folder), environment={**os.environ, **child_environment()})
            self._running.add(group)
            return group


def _failed(problem: Problem, seconds: float, *, again: bool = False) -> Ran:
    return Ran(kept=None, problem=problem, seconds=seconds, attempts=1, peak_bytes=0, again=again)
