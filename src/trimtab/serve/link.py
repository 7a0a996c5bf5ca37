"""The router's line to one worker: whatever is waiting when the worker is free goes to it as one batch.

It never waits to fill a batch: a quiet server adds no delay, and a busy one pays a model's per-call overhead once for
many rows. One batch is under way at a time, because a second one in the worker's socket would only split what the
first one lets gather.

A worker that dies loses nothing. The rows it had are sent again once, singly, to the worker that follows it, so that
a row which kills its worker is found and its neighbours are answered.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

import msgspec

from trimtab.base.digest import short
from trimtab.base.errors import TrimtabError
from trimtab.records.prediction import Output
from trimtab.serve import wire
from trimtab.serve.metrics import Metrics
from trimtab.serve.worker_state import WorkerPhase, WorkerState, read_worker

MAX_BATCH: Final = 1024
"""Rows in one batch: enough to forget the per-call overhead, few enough that nobody waits long behind it."""

MAX_WAITING: Final = 20_000
"""Rows that may wait for one worker; above it requests are turned away while they can still be sent elsewhere."""

PATIENCE: Final = 10.0
"""Seconds that a row waits for a worker that is being started again."""

HUNG: Final = 30.0
"""Seconds without a result (and a tenth for each row) after which a worker is taken for hung and killed."""


class Job(Protocol):
    """One row that wants to be scored."""

    values: tuple[bool | int | float | str | None, ...]
    tries: int
    deadline: float

    def scored(self, output: Output | None, problem: str) -> None:
        """The worker's answer; without an output, why the row failed."""
        ...

    def abandoned(self, reason: str) -> None:
        """No worker came to score it."""
        ...


class _Batch(msgspec.Struct):
    rows: int
    columns: list[tuple[bool | int | float | str | None, ...]]


class _Result(msgspec.Struct):
    outputs: list[Output | None]
    problems: dict[str, str]
    microseconds: int


class _Hello(msgspec.Struct):
    protocol: int
    release: str
    columns: list[str]
    pid: int


class WorkerLink(asyncio.Protocol):
    """The line to the worker of one release.

    Args:
        path: the worker's state file.
        columns: the columns in the order of a job's values.
    """

    def __init__(self, release: str, path: Path, columns: tuple[str, ...], metrics: Metrics) -> None:
        self.release = release
        self.columns = columns
        self.state: WorkerState | None = None
        self.ready = False
        self.problem = ""
        self._path = path
        self._seen: tuple[int, int] = (0, 0)
        self._metrics = metrics
        self._name = short(release)
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Job] = deque()
        self._again: deque[Job] = deque()
        self._flying: list[Job] = []
        self._number = 0
        self._sent_at = 0.0
        self._down_since = time.monotonic()
        self._pump_scheduled = False
        self._connecting: asyncio.Task[None] | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._frames = wire.Frames()
        self._pid = 0
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(_Result).decode

    @property
    def waiting(self) -> int:
        """Rows that are not answered yet."""
        return len(self._queue) + len(self._again) + len(self._flying)

    @property
    def refused(self) -> bool:
        """Whether the worker refuses to serve this release, so that waiting for it is useless."""
        return self.state is not None and self.state.phase is WorkerPhase.REFUSED

    @property
    def hopeless(self) -> str:
        """Why a row should not wait for this worker at all; empty if it may."""
        if self.ready:
            return ""
        if self.refused:
            return self.problem
        if time.monotonic() - self._down_since > PATIENCE:
            return f"the worker of release {self._name} does not come up" + (
                f": {self.problem}" if self.problem else ""
            )
        return ""

    def send(self, job: Job) -> None:
        """Score a row as soon as the worker is free."""
        self._queue.append(job)
        if not self._pump_scheduled and not self._flying:
            self._pump_scheduled = True
            self._loop.call_soon(self._pump)

    def poll(self, now: float) -> None:
        """Look after the line: connect to a new worker, give up on rows that waited too long, kill a hung worker."""
        if self._flying:
            if now - self._sent_at > HUNG + 0.1 * len(self._flying) and self._pid:
                with suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)
                self._sent_at = now
        elif not self.ready:
            self._look()
            self._abandon(now)

    def close(self) -> None:
        """Hang up; only when nothing waits."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._transport is not None:
            self._transport.close()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's transport is not a subclass
        self._frames = wire.Frames()

    def data_received(self, data: bytes) -> None:
        try:
            for kind, number, payload in self._frames.feed(data):
                self._frame(kind, number, payload)
        except (wire.WireError, msgspec.DecodeError) as error:
            self._hang_up(f"the worker of release {self._name} does not speak this router's protocol: {error}")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self._transport = None
        if self.ready:
            self._down_since = time.monotonic()
        self.ready = False
        self._metrics.ready.set(0, self._name)
        flying, self._flying = self._flying, []
        for job in flying:
            if job.tries < 2:
                self._metrics.retried.add(self._name)
                self._again.append(job)
            else:
                job.scored(None, "the worker process died twice while it scored this row")

    # What we do.

    def _look(self) -> None:
        """Read the worker's state if it has changed, and connect if it is ready."""
        try:
            stat = self._path.stat()
            if (stat.st_mtime_ns, stat.st_ino) != self._seen:
                self._seen = (stat.st_mtime_ns, stat.st_ino)
                self.state = read_worker(self._path)
                self.problem = self.state.problem if self.state else ""
        except FileNotFoundError:
            return
        except TrimtabError as error:
            self.problem = str(error)
            return
        state = self.state
        if self._connecting is not None or self._transport is not None:
            return
        if state is not None and state.phase is WorkerPhase.READY:
            self._connecting = self._loop.create_task(self._connect(state))

    async def _connect(self, state: WorkerState) -> None:
        try:
            await self._loop.create_unix_connection(lambda: self, state.socket)
        except OSError as error:  # the worker died since it wrote its state; its follower will write another
            self.problem = f"the worker of release {self._name} is not there: {error.strerror or error}"
        finally:
            self._connecting = None

    def _frame(self, kind: int, number: int, payload: bytes) -> None:
        if kind == wire.RESULT and number == self._number and self._flying:
            result = self._decode(payload)
            if len(result.outputs) != len(self._flying):
                raise wire.WireError(f"{len(result.outputs)} outputs for {len(self._flying)} rows")
            flying, self._flying = self._flying, []
            for place, (job, output) in enumerate(zip(flying, result.outputs, strict=True)):
                problem = "" if output is not None else result.problems.get(str(place), "no reason was given")
                job.scored(output, problem)
            self._pump()
        elif kind == wire.HELLO and not self.ready:
            self._welcome(msgspec.json.decode(payload, type=_Hello))
        elif kind == wire.REFUSE:
            raise wire.WireError(str(wire.decode(payload)))
        else:
            raise wire.WireError(f"an unexpected frame of kind {kind}")

    def _welcome(self, hello: _Hello) -> None:
        if hello.protocol != wire.PROTOCOL:
            raise wire.WireError(f"it speaks version {hello.protocol}, this router version {wire.PROTOCOL}")
        if hello.release != self.release or tuple(hello.columns) != self.columns:
            raise wire.WireError("it serves another release, or its contract has other columns")
        self.ready, self.problem, self._pid = True, "", hello.pid
        self._metrics.ready.set(1, self._name)
        self._metrics.restarts.set(self.state.restarts if self.state else 0, self._name)
        self._pump()

    def _pump(self) -> None:
        self._pump_scheduled = False
        if self._flying or not self.ready or self._transport is None:
            return
        if self._again:
            batch = [self._again.popleft()]
        elif len(self._queue) <= MAX_BATCH:
            batch = list(self._queue)
            self._queue.clear()
        else:
            batch = [self._queue.popleft() for _ in range(MAX_BATCH)]
        if not batch:
            return
        for job in batch:
            job.tries += 1
        self._flying = batch
        self._number = (self._number + 1) & 0xFFFF_FFFF
        self._sent_at = time.monotonic()
        self._metrics.batch.observe(len(batch), self._name)
        columns = list(zip(*(job.values for job in batch), strict=True))
        self._transport.write(wire.frame(wire.SCORE, self._number, self._encode(_Batch(len(batch), columns))))

    def _abandon(self, now: float) -> None:
        hopeless = self.hopeless
        for jobs in (self._again, self._queue):
            while jobs and (hopeless or jobs[0].deadline < now):
                jobs.popleft().abandoned(hopeless or f"the worker of release {self._name} did not come back in time")

    def _hang_up(self, problem: str) -> None:
        self.problem = problem
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
