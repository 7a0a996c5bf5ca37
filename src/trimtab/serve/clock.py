"""The endpoint's time: the real one, or a replay's, which the client steps and the controller lets go on.

A replay is deterministic because nothing happens between two moments of its clock. A step to T first lets every row
that arrived before it be answered and logged, shadows included. Then it goes to T through each moment up to which the
controller has granted the way: there the controller sees a complete log, decides, and grants the next stretch; a route
table takes effect at its own moment and the step waits for its workers. Requests are answered all the while. The first
step of all says where the replay begins; like any other it is answered when the controller has granted that moment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from trimtab.base.errors import TrimtabError
from trimtab.base.instants import Instant, format_instant
from trimtab.disk.atomic import write_bytes
from trimtab.records.clock import ClockFile, Horizon
from trimtab.records.versioned import decode, encode
from trimtab.serve import problems
from trimtab.serve.problems import Problem

POLL: Final = 0.002
"""Seconds between two looks at the horizon while a step waits."""


class EndpointClock(Protocol):
    """Tells when a request arrived."""

    replayed: bool

    def now(self) -> Instant: ...


class RealTime:
    """UTC, by the system's clock."""

    replayed = False

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1000)


class Turnstile:
    """Counts the rows that are under way, by the clock step during which they came.

    A step waits for the rows that came before it, and not for those that come while it waits: otherwise a client that
    never pauses would stop the clock.
    """

    def __init__(self) -> None:
        self._turn = 0
        self._inside: dict[int, int] = {}

    def enter(self) -> int:
        """A row comes; keep the number for `leave`."""
        self._inside[self._turn] = self._inside.get(self._turn, 0) + 1
        return self._turn

    def enter_again(self, turn: int) -> None:
        """A row's shadow belongs to the row's own turn."""
        self._inside[turn] = self._inside.get(turn, 0) + 1

    def leave(self, turn: int) -> None:
        """The row is answered and logged."""
        left = self._inside[turn] - 1
        if left:
            self._inside[turn] = left
        else:
            del self._inside[turn]

    def turn(self) -> int:
        """A step begins; rows that came before are in this turn or an earlier one."""
        self._turn += 1
        return self._turn - 1

    def quiet(self, turn: int) -> bool:
        """Whether nobody of this turn or an earlier one is under way."""
        return all(inside > turn for inside in self._inside)


class ReplayTime:
    """A clock of event time that the client steps.

    Args:
        clock, horizon: the files; see the module.
        turnstile: tells which rows are under way.
        passable: whether the route tables allow the clock to reach a moment.
        reached: called when the clock has reached a moment.
        logged: returns once the log is written.
    """

    replayed = True

    def __init__(
        self,
        *,
        clock: Path,
        horizon: Path,
        turnstile: Turnstile,
        passable: Callable[[Instant], bool],
        reached: Callable[[Instant], None],
        logged: Callable[[], Awaitable[None]],
    ) -> None:
        self._file = clock
        self._horizon = horizon
        self._turnstile = turnstile
        self._passable = passable
        self._reached = reached
        self._logged = logged
        self._one_step = asyncio.Lock()
        self._granted = Instant(0)
        self._now = _read_clock(clock)
        self.waits_for = ""

    def now(self) -> Instant:
        """The watermark of event time; 0 before the first step."""
        return Instant(0) if self._now is None else self._now

    async def step(self, to: Instant) -> Problem | None:
        """Go to ``to`` when the controller allows it; returns why not, if the clock is past it already."""
        async with self._one_step:
            if self._now is not None and to < self._now:
                return problems.clock_backwards(format_instant(to), format_instant(self._now))
            while self._now is None or self._now < to:
                await self._go_on(to)
            await self._until(partial(self._granted_beyond, to), "the controller, which has not granted that time yet")
        return None

    async def _go_on(self, to: Instant) -> None:
        """Reach ``to``, or the last moment on the way that the controller has granted."""
        quiet = partial(self._turnstile.quiet, self._turnstile.turn())
        await self._until(quiet, "the rows under way")
        if self._now is None:
            reach = to  # where a replay begins is the client's choice
        else:
            on_the_way = partial(self._granted_beyond, Instant(self._now + 1))
            await self._until(on_the_way, "the controller, which has not granted a later time yet")
            reach = min(to, self._granted)
        await self._until(partial(self._passable, reach), "the workers of a route table that is due")
        await self._logged()
        write_bytes(self._file, encode(ClockFile(now=reach)), sync=False)
        self._now = reach
        self._reached(reach)

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        while not holds():
            self.waits_for = what
            await asyncio.sleep(POLL)
        self.waits_for = ""

    def _granted_beyond(self, moment: Instant) -> bool:
        """Whether the controller has granted ``moment``."""
        if self._granted < moment:
            self._granted = _read_horizon(self._horizon)
        return self._granted >= moment


def _read_clock(path: Path) -> Instant | None:
    try:
        return decode(ClockFile, path.read_bytes(), at=str(path)).now
    except FileNotFoundError:
        return None


def _read_horizon(path: Path) -> Instant:
    try:
        return decode(Horizon, path.read_bytes(), at=str(path)).granted_until
    except (FileNotFoundError, TrimtabError):
        return Instant(0)  # not granted; the status says that the clock waits for the controller
