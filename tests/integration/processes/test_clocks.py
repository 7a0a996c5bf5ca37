"""The replay's clock as the router and the controller share it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from trimtab.base.errors import IntegrityError, NotFoundError
from trimtab.base.instants import SECOND, Instant, Span, parse_instant
from trimtab.disk.atomic import write_bytes
from trimtab.drivers.clocks import ReplayClock, grant
from trimtab.records.clock import ClockFile, Horizon
from trimtab.records.versioned import decode, encode

START = parse_instant("2026-03-01T00:00:00Z")
LONG = Span(60 * SECOND)


def step(path: Path, to: int) -> None:
    write_bytes(path, encode(ClockFile(now=Instant(to))), sync=False)


def test_before_the_first_step_there_is_no_present(tmp_path: Path) -> None:
    clock = ReplayClock(tmp_path / "clock.json")
    assert not clock.started()
    with pytest.raises(NotFoundError, match="has not been stepped yet"):
        clock.now()
    step(tmp_path / "clock.json", START)
    assert clock.started()
    assert clock.now() == START


def test_a_change_is_noticed_and_its_absence_too(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    clock = ReplayClock(path)
    assert clock.wait_until_changed(None, timeout=Span(1)) is None
    stepper = threading.Thread(target=step, args=(path, START))
    stepper.start()
    assert clock.wait_until_changed(None, timeout=LONG) == START
    stepper.join()
    assert clock.wait_until_changed(START, timeout=Span(1)) is None


def test_every_step_of_a_quick_router_leads_to_the_last(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    clock = ReplayClock(path)

    def run() -> None:
        for ahead in range(1, 201):
            step(path, START + ahead)

    stepper = threading.Thread(target=run)
    stepper.start()
    now = None
    while now != START + 200:
        seen = clock.wait_until_changed(now, timeout=LONG)
        assert seen is not None
        assert now is None or seen > now
        now = seen
    stepper.join()


def test_a_clock_of_a_removed_replay_keeps_its_present(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    step(path, START)
    clock = ReplayClock(path)
    assert clock.now() == START
    path.unlink()
    assert clock.now() == START


def test_a_damaged_clock_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    path.write_text('{"schema": "trimtab.clock/1"}')
    with pytest.raises(IntegrityError, match=r"not a trimtab\.clock/1 record"):
        ReplayClock(path).now()


def test_the_way_that_was_granted_is_what_the_router_reads(tmp_path: Path) -> None:
    grant(tmp_path / "horizon.json", START)
    assert decode(Horizon, (tmp_path / "horizon.json").read_bytes()) == Horizon(granted_until=START)
