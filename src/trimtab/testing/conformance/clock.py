"""What every clock must do."""

from __future__ import annotations

from pathlib import Path

from trimtab.base.clock import Clock
from trimtab.base.instants import HOUR, Instant


class ClockConformance:
    """Subclass it, and say how to make a clock and how to let time pass on it."""

    def make(self, folder: Path) -> Clock:
        """A clock that has begun; ``folder`` is the test's own."""
        raise NotImplementedError

    def step(self, clock: Clock, to: Instant) -> None:
        """Let time come to ``to``, or try to let it go back there; a clock that nobody steps does nothing."""
        raise NotImplementedError

    def test_the_present_is_utc_in_microseconds(self, tmp_path: Path) -> None:
        now = self.make(tmp_path).now()
        assert type(now) is int
        assert Instant(946_684_800_000_000) < now < Instant(4_102_444_800_000_000)  # the years 2000 to 2100

    def test_time_does_not_go_back(self, tmp_path: Path) -> None:
        clock = self.make(tmp_path)
        start = last = clock.now()
        for ahead in (0, 1, HOUR, 30, 2 * HOUR, -HOUR):
            self.step(clock, Instant(start + ahead))
            now = clock.now()
            assert now >= last
            last = now

    def test_a_step_is_seen_if_the_clock_is_stepped(self, tmp_path: Path) -> None:
        clock = self.make(tmp_path)
        to = Instant(clock.now() + HOUR)
        self.step(clock, to)
        assert clock.replayed == (clock.now() >= to)
