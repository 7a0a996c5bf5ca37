"""The port through which ``now`` enters.

Production reads the real clock; a replay steps a clock of event time. Nothing in the core asks for the time, so
the same judgement runs live, in a test and over last year.
"""

from __future__ import annotations

from typing import Protocol

from trimtab.base.instants import Instant


class Clock(Protocol):
    """Tells the time that decisions are made in."""

    @property
    def replayed(self) -> bool:
        """Whether this clock is stepped by a client, so that wall-clock latencies must not be judged."""
        ...

    def now(self) -> Instant:
        """The present: real UTC time, or a replay's watermark of event time. Never goes back."""
        ...
