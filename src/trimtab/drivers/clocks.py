"""The two clocks: the real one, and a replay's, which a client steps through the router.

A replay's present is a file because the process that decides is not the one that is stepped, and because it must be
the same present after either of them was killed.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from trimtab.base.errors import NotFoundError
from trimtab.base.instants import MILLISECOND, SECOND, Instant, Span
from trimtab.disk.atomic import write_bytes
from trimtab.disk.faults import explained
from trimtab.records.clock import ClockFile, Horizon
from trimtab.records.versioned import decode, encode

_LOOK: Final = Span(2 * MILLISECOND)
"""Between two looks at a replay's clock. A replay is as fast as its controller notices; a look costs 30 µs."""


class RealClock:
    """UTC, by the system's clock; where that is set back, this one stands still until it has caught up."""

    replayed = False

    def __init__(self) -> None:
        self._last = Instant(0)

    def now(self) -> Instant:
        self._last = max(self._last, Instant(time.time_ns() // 1_000))
        return self._last


class ReplayClock:
    """The present that the router last wrote.

    Args:
        path: ``clock.json`` of the endpoint; it appears with the first step.
    """

    replayed = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._now: Instant | None = None

    def started(self) -> bool:
        """Whether the replay has made its first step."""
        return self._look() is not None

    def now(self) -> Instant:
        """The replay's watermark of event time.

        Raises:
            NotFoundError: the replay has not begun; `started` tells.
        """
        now = self._look()
        if now is None:
            raise NotFoundError(
                "the replay's clock has not been stepped yet",
                fix="Let the client send its first step to /v1/clock.",
                at=str(self._path),
            )
        return now

    def wait_until_changed(self, since: Instant | None, *, timeout: Span) -> Instant | None:
        """The present, once it is another than ``since`` (None: before the first step); None after ``timeout``."""
        deadline = time.monotonic_ns() + timeout * 1_000
        while True:
            now = self._look()
            if now is not None and now != since:
                return now
            if time.monotonic_ns() >= deadline:
                return None
            time.sleep(_LOOK / SECOND)

    def _look(self) -> Instant | None:
        """Reads the file every time: its inode and its times can be those of the step before the last."""
        with explained("read the replay's clock", self._path):
            try:
                read = decode(ClockFile, self._path.read_bytes(), at=str(self._path)).now
            except FileNotFoundError:
                return self._now
        self._now = max(read, self._now or read)
        return self._now


def grant(path: Path, until: Instant) -> None:
    """Let the replay's clock go up to ``until``: writes the endpoint's ``horizon.json``."""
    write_bytes(path, encode(Horizon(granted_until=until)), sync=False)
