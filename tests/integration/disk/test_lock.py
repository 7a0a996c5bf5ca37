"""Leases are the kernel's: they go when their holder goes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trimtab.base.errors import BusyError, DriverError
from trimtab.base.instants import SECOND, Span
from trimtab.disk.lock import Holder, Lease, busy, holder

HOLD = """
import sys, time
from pathlib import Path
from trimtab.disk.lock import Lease
with Lease(Path(sys.argv[1]), "controller"):
    print("held", flush=True)
    time.sleep(60)
"""

COUNT = """
import sys
from pathlib import Path
from trimtab.base.instants import SECOND, Span
from trimtab.disk.lock import Lease
path, tally = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(50):
    with Lease(path, "counter", wait=Span(60 * SECOND)):
        tally.write_text(str(int(tally.read_text()) + 1))
"""


@contextmanager
def held_elsewhere(path: Path) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child, child.stdout:
        assert child.stdout.readline() == "held\n"
        try:
            yield child
        finally:
            child.kill()


def test_a_second_process_is_told_who_holds_the_lease(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "controller.lock"
    with held_elsewhere(path) as child:
        assert holder(path) == Holder(pid=child.pid, owner="controller")
        sentence = rf"controller \(process {child.pid}\) is working on controller"
        with pytest.raises(BusyError, match=sentence), Lease(path, "me"):
            pass


def test_the_lease_is_free_after_kill_minus_nine(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with held_elsewhere(path) as child:
        child.kill()
        child.wait()
        assert holder(path) is None
        with Lease(path, "me") as lease:
            assert lease.held
            assert holder(path) == Holder(pid=os.getpid(), owner="me")
    assert holder(path) is None


def test_two_leases_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    first, second = Lease(tmp_path / "a.lock", "first"), Lease(tmp_path / "a.lock", "second")
    assert first.try_acquire()
    assert not first.try_acquire()
    assert not second.try_acquire()
    first.release()
    first.release()
    assert second.try_acquire()
    second.release()


def test_leases_of_different_resources_do_not_meet(tmp_path: Path) -> None:
    with Lease(tmp_path / "a.lock", "one") as one, Lease(tmp_path / "b.lock", "two") as two:
        assert one.held
        assert two.held


def test_waiting_for_a_lease_ends_when_it_is_given_back(tmp_path: Path) -> None:
    first = Lease(tmp_path / "a.lock", "first")
    assert first.try_acquire()
    second = Lease(tmp_path / "a.lock", "second", wait=Span(30 * SECOND))
    taken: list[bool] = []
    thread = threading.Thread(target=lambda: taken.append(second.try_acquire()))
    thread.start()
    assert taken == []
    first.release()
    thread.join()
    assert taken == [True]
    second.release()


def test_a_free_or_missing_lease_has_no_holder_and_an_unsigned_one_is_still_busy(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    assert holder(path) is None
    with Lease(path, "me"):
        path.write_bytes(b"{")
        assert holder(path) == Holder(pid=0, owner="")
        assert "another process is working on a" in str(busy(path))


def test_looking_at_a_lease_does_not_take_it(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            holder(path)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        for _ in range(200):
            with Lease(path, "me"):
                pass
    finally:
        stop.set()
        watcher.join()


def test_processes_take_turns(tmp_path: Path) -> None:
    path, tally = tmp_path / "a.lock", tmp_path / "tally"
    tally.write_text("0")
    children = [subprocess.Popen([sys.executable, "-c", COUNT, str(path), str(tally)]) for _ in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert tally.read_text() == "150"


def test_a_started_program_does_not_inherit_the_lease(tmp_path: Path, eventually: Callable[..., None]) -> None:
    path = tmp_path / "a.lock"
    with Lease(path, "me"):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    with child:
        # The system lets us go on a moment before it closes the child's copies.
        eventually(lambda: holder(path) is None, what="the lease is free")
        assert child.stdin is not None
        child.stdin.close()
        child.kill()


def test_a_lock_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DriverError, match="cannot lock a: a file of that name is there already"):
        Lease(tmp_path / "file" / "a.lock", "me").try_acquire()


def test_a_lease_that_is_ended_leaves_no_file_and_can_be_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "run-a.lock"
    lease = Lease(path, "me")
    lease.end()
    assert not path.exists()
    assert lease.try_acquire()
    lease.end()
    assert not path.exists()
    assert not lease.held
    with lease:
        assert holder(path) == Holder(pid=os.getpid(), owner="me")


def test_who_waited_for_a_file_that_was_removed_locks_the_one_of_its_name(tmp_path: Path) -> None:
    path, counted = tmp_path / "run-a.lock", list[int]()

    def work() -> None:
        for _ in range(200):
            lease = Lease(path, "me", wait=Span(60 * SECOND))
            with lease:
                counted.append(len(counted))
                assert counted[-1] == len(counted) - 1  # nobody else is at it
                lease.end()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted == list(range(800))
