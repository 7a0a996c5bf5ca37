"""The controller: turns the loop at the moments at which something is due, in the endpoint's own time.

In a replay it follows the clock that the client steps and grants the way to the next due moment; in production it
follows the real clock. Killed at any point it starts again from the cursor, the open actions and the files: what was
decided stays decided, what was begun is found again by its key.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

from trimtab.app.eyes import Eyes
from trimtab.app.home import Home
from trimtab.app.tick import Loop
from trimtab.base.instants import MILLISECOND, SECOND, Instant, Span
from trimtab.drivers.clocks import RealClock, ReplayClock, grant
from trimtab.drivers.processes import LocalProcesses
from trimtab.serve.lifeline import watch

LOOK = Span(250 * MILLISECOND)
"""How often the real clock and the open actions are looked at in production."""

GRACE = Span(2 * SECOND)
"""In production a window is judged this long after its end, so that answers under way at its end are in the log."""

Say = Callable[[str], None]


def control(home: Home, *, say: Say) -> int:
    """Turn the loop until the supervisor or a signal ends it; returns the exit code.

    Raises:
        BusyError: another controller turns this endpoint's loop.
    """
    stop = threading.Event()
    watch(stop.set)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with home.lease(f"controller-{home.endpoint}", "the controller"):
        replayed = home.champion().replayed
        processes = LocalProcesses(home.state / "processes")
        loop = Loop(home=home, eyes=Eyes(home), processes=processes, say=say, logs=_logs(home), stopped=stop.is_set)
        loop.resume()
        if replayed:
            _follow_replay(home, loop, stop)
        else:
            _follow_real_time(loop, stop)
    return 0


def _follow_replay(home: Home, loop: Loop, stop: threading.Event) -> None:
    """Tick at each due moment that the clock reaches; grant the way to the next."""
    clock = ReplayClock(home.files.clock)
    seen: Instant | None = None
    while not stop.is_set():
        now = clock.wait_until_changed(seen, timeout=Span(200 * MILLISECOND))
        if now is None:
            continue
        seen = now
        while not stop.is_set():
            due = loop.next_due(now)
            if due > now:
                grant(home.files.horizon, due)
                break
            loop.tick(due)


def _follow_real_time(loop: Loop, stop: threading.Event) -> None:
    """Tick at each due moment once its log is whole, and when an action's work has ended."""
    clock = RealClock()
    while not stop.wait(LOOK / SECOND):
        now = Instant(clock.now() - GRACE)
        while not stop.is_set() and (due := loop.next_due(now)) <= now:
            loop.tick(due)
        if loop.work_ended(now):
            loop.tick(now)


def _logs(home: Home) -> Path:
    folder = home.state / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
