"""One suite, three clocks."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from trimtab.base.clock import Clock
from trimtab.base.errors import InputError
from trimtab.base.instants import Instant, parse_instant
from trimtab.disk.atomic import write_bytes
from trimtab.drivers.clocks import RealClock, ReplayClock
from trimtab.records.clock import ClockFile
from trimtab.records.versioned import encode
from trimtab.testing import FakeClock
from trimtab.testing.conformance import ClockConformance

START = parse_instant("2026-03-01T00:00:00Z")


class TestRealClock(ClockConformance):
    def make(self, folder: Path) -> Clock:
        return RealClock()

    def step(self, clock: Clock, to: Instant) -> None:
        pass


class TestReplayClock(ClockConformance):
    def make(self, folder: Path) -> Clock:
        self.file = folder / "clock.json"
        write_bytes(self.file, encode(ClockFile(now=START)))
        return ReplayClock(self.file)

    def step(self, clock: Clock, to: Instant) -> None:
        write_bytes(self.file, encode(ClockFile(now=to)), sync=False)


class TestFakeClock(ClockConformance):
    def make(self, folder: Path) -> Clock:
        return FakeClock(START)

    def step(self, clock: Clock, to: Instant) -> None:
        assert isinstance(clock, FakeClock)
        with suppress(InputError):
            clock.set(to)
