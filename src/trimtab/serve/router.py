"""The router process: puts the parts together, listens, looks after them, ends in good order.

It needs the standard library, msgspec, httptools and (if there) uvloop. It holds no model, no table library and no
database, so it starts in a fifth of a second and goes on when everything but the disk is away.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from trimtab.base.errors import DriverError, TrimtabError
from trimtab.base.instants import SECOND, Instant, Span
from trimtab.disk.atomic import clean_partial
from trimtab.disk.lock import Lease
from trimtab.serve import problems
from trimtab.serve.answer_log import AnswerLog
from trimtab.serve.clock import EndpointClock, RealTime, ReplayTime, Turnstile
from trimtab.serve.first_answers import FirstAnswers
from trimtab.serve.follower import RouteFollower
from trimtab.serve.http import Exchange, Limits, Server
from trimtab.serve.ids import TimeOrderedIds
from trimtab.serve.layout import EndpointFiles
from trimtab.serve.lifeline import STDIN, has_lifeline
from trimtab.serve.metrics import Metrics
from trimtab.serve.plane import Plane
from trimtab.serve.routes import Access, Routes
from trimtab.serve.served import Releases

TICK: Final = 0.02
"""Seconds between two looks at the route table and the workers: what a swap waits at most."""

PREDECESSOR: Final = Span(15 * SECOND)
"""How long a predecessor whose supervisor was killed may still be draining."""

DRAIN: Final = 10.0
"""Seconds that requests under way may take when the router is asked to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterOptions:
    """How a router is started. ``listener`` is the descriptor of a socket that listens already, if there is one."""

    state: Path
    endpoint: str
    host: str = "127.0.0.1"
    port: int = 0
    listener: int | None = None
    token_file: Path | None = None
    replay: bool = False
    sync: bool = False


class Router:
    """One endpoint's router; `run` serves until it is told to stop."""

    def __init__(self, options: RouterOptions) -> None:
        self._complaint = ""
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._plane = _plane(options)
        self._listener = _listen(options)
        self._host, self._port = self._listener.getsockname()[:2]
        access = Access(token=_token(options.token_file), open_to_all=is_loopback(self._host))
        self._server = Server(Routes(self._plane, access, self._background), self._answered, Limits())

    async def run(self) -> None:
        """Serve until SIGTERM, SIGINT or the end of the supervisor; then answer what is under way."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop.set)
        if has_lifeline():
            self._loop.add_reader(STDIN, self._lifeline)
        self._tick()
        gc.collect()
        gc.freeze()  # what is loaded stays: do not look through it again and again
        listening = await self._loop.create_server(self._server, sock=self._listener, backlog=1024)
        ticking = self._loop.create_task(self._keep_ticking())
        await self._stop.wait()
        listening.close()
        await self._drain()
        ticking.cancel()
        await self._plane.log.close()

    def _answered(self, route: str, status: int) -> None:
        self._plane.metrics.http.add(route, str(status))

    def _background(self, work: Any, exchange: Exchange) -> None:
        task: asyncio.Task[None] = self._loop.create_task(work)
        self._tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None and exchange.out is None:
                exchange.answer(problems.our_fault(str(error)).answer())

        task.add_done_callback(done)

    async def _keep_ticking(self) -> None:
        swept = time.monotonic()
        while True:
            await asyncio.sleep(TICK)
            try:
                self._tick()
            except Exception as error:  # noqa: BLE001  # the process edge: what fails now may succeed at the next tick
                self._complain(error)
            if time.monotonic() - swept > 1.0:
                swept = time.monotonic()
                self._server.sweep()

    def _tick(self) -> None:
        plane = self._plane
        plane.releases.poll(time.monotonic())
        now = plane.clock.now()
        plane.follower.look()
        plane.follower.apply(now)
        plane.releases.close_unused(plane.follower.needed())
        plane.follower.report(now, (self._host, self._port))

    def _complain(self, error: Exception) -> None:
        """Say what is wrong, once and not at every tick."""
        said = str(error) if isinstance(error, TrimtabError) else traceback.format_exc()
        if said != self._complaint:
            self._complaint = said
            sys.stderr.write(f"router: {said}\n")

    def _lifeline(self) -> None:
        if not os.read(STDIN, 1024):
            self._loop.remove_reader(STDIN)
            self._stop.set()

    async def _drain(self) -> None:
        self._server.draining = True
        for task in tuple(self._tasks):
            task.cancel()
        deadline = time.monotonic() + DRAIN
        # Polled: what is waited for is spread over connections and shadows, once in a process's life.
        while self._busy() and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(TICK)
        for connection in tuple(self._server.connections):
            connection.check(time.monotonic())

    def _busy(self) -> bool:
        return bool(self._server.unanswered) or not self._plane.turnstile.quiet(sys.maxsize)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        DriverError: the port is in use, or the address is not this machine's.
    """
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024
        )
    except OSError as error:
        raise DriverError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            fix="Stop what uses the port, or choose another ([serve] port in trimtab.toml; 0 takes a free one).",
        ) from error


def run(options: RouterOptions) -> int:
    """Run a router to its end; returns the exit code."""
    try:
        lease = EndpointFiles(state=options.state, endpoint=options.endpoint).router_lease
        with Lease(lease, "router", wait=PREDECESSOR):
            _runner()(_serve(options))
    except TrimtabError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _plane(options: RouterOptions) -> Plane:
    """Put the parts together, and take away what a killed predecessor left half-made."""
    files = EndpointFiles(state=options.state, endpoint=options.endpoint)
    files.folder.mkdir(parents=True, exist_ok=True)
    for folder in (files.folder, files.workers):
        clean_partial(folder)
    ids, metrics, turnstile, firsts = TimeOrderedIds(), Metrics(options.endpoint), Turnstile(), FirstAnswers()
    releases = Releases(files, metrics)
    follower = RouteFollower(files, releases, metrics)
    firsts.rebuild(files.log)
    log = AnswerLog(files.log, ids, sync=options.sync)

    def passable(moment: Instant) -> bool:
        releases.poll(time.monotonic())
        return follower.passable(moment)

    clock: EndpointClock = RealTime()
    if options.replay:
        clock = ReplayTime(
            clock=files.clock, horizon=files.horizon, turnstile=turnstile,
            passable=passable, reached=follower.apply, logged=log.flush,
        )  # fmt: skip
    return Plane(
        files=files, ids=ids, log=log, releases=releases, follower=follower, firsts=firsts, turnstile=turnstile,
        metrics=metrics, clock=clock,
    )  # fmt: skip


async def _serve(options: RouterOptions) -> None:
    await Router(options).run()


def _runner() -> Callable[..., Any]:
    with suppress(ImportError):
        import uvloop

        return uvloop.run
    return asyncio.run


def _listen(options: RouterOptions) -> socket.socket:
    if options.listener is not None:
        return socket.socket(fileno=options.listener)
    return bind(options.host, options.port)


def _token(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text().strip() or None
    except FileNotFoundError:
        return None
