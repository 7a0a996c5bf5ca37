"""Child processes under kill -9, on whichever side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from trimtab.base.errors import DriverError
from trimtab.base.instants import SECOND, Span
from trimtab.disk.lock import holder
from trimtab.drivers.processes import LocalProcesses
from trimtab.records.process import Command, ProcessState

LONG = Span(60 * SECOND)
SHORT = Span(SECOND // 5)

CONTROLLER = """
import sys, time
from pathlib import Path
from trimtab.drivers.processes import LocalProcesses
from trimtab.records.process import Command
folder = Path(sys.argv[1])
command = Command(argv=tuple(sys.argv[2:]), folder=folder, log=folder / "log")
print(LocalProcesses(folder / "processes").start("work", command).state.value, flush=True)
time.sleep(600)
"""


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "the condition did not come true within a minute"
        time.sleep(0.005)


def python(folder: Path, program: str, *arguments: str, **environment: str) -> Command:
    argv = (sys.executable, "-c", program, *arguments)
    return Command(argv=argv, folder=folder, log=folder / "log", environment=environment)


def wrapper_and_child(folder: Path) -> tuple[int, int]:
    """The two processes that hold the work's lock: the second's id is in the file, the first is its parent."""
    (lock,) = folder.glob("*/alive.lock")
    until(lambda: (who := holder(lock)) is not None and who.pid)
    who = holder(lock)
    assert who is not None
    parent = subprocess.run(["ps", "-o", "ppid=", "-p", str(who.pid)], capture_output=True, text=True, check=True)
    return int(parent.stdout), who.pid


def is_gone(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return state == ""


def test_a_childs_words_its_folder_and_its_environment_are_as_asked(tmp_path: Path) -> None:
    runner = LocalProcesses(tmp_path / "processes")
    program = "import os, sys; print(os.getcwd()); print(os.environ['SAID'], file=sys.stderr); print(sys.argv[1:])"
    runner.start("work", python(tmp_path, program, "a b", "$HOME;", SAID="in confidence"))
    assert runner.wait("work", timeout=LONG).code == 0
    said = (tmp_path / "log").read_text()
    assert {str(tmp_path), "in confidence", "['a b', '$HOME;']"} <= set(said.splitlines())
    stored = b"".join(path.read_bytes() for path in (tmp_path / "processes").rglob("*") if path.is_file())
    assert b"in confidence" not in stored


def test_a_program_that_is_not_there_ends_with_127_and_says_so_in_the_log(tmp_path: Path) -> None:
    runner = LocalProcesses(tmp_path / "processes")
    runner.start("work", Command(argv=("no-such-program",), folder=tmp_path, log=tmp_path / "log"))
    assert runner.wait("work", timeout=LONG).code == 127
    assert "no-such-program could not be started: No such file or directory" in (tmp_path / "log").read_text()


def test_a_folder_that_is_not_there_is_refused_and_the_key_stays_free(tmp_path: Path) -> None:
    runner = LocalProcesses(tmp_path / "processes")
    with pytest.raises(DriverError, match="cannot start work: the folder is not there"):
        runner.start("work", Command(argv=("true",), folder=tmp_path / "gone", log=tmp_path / "log"))
    assert runner.status("work").startable


def test_the_child_outlives_a_killed_controller_and_its_end_is_known_to_the_next(tmp_path: Path) -> None:
    program = "import sys, pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.01)\nsys.exit(9)"
    argv = [sys.executable, "-c", CONTROLLER, str(tmp_path), sys.executable, "-c", program]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as controller:
        assert controller.stdout is not None
        assert controller.stdout.readline() == "running\n"
        controller.kill()
    runner = LocalProcesses(tmp_path / "processes")
    assert runner.status("work").state is ProcessState.RUNNING
    assert runner.start("work", python(tmp_path, "raise SystemExit(1)")).state is ProcessState.RUNNING
    (tmp_path / "go").touch()
    assert runner.wait("work", timeout=LONG).code == 9


def test_a_controller_killed_at_any_moment_of_starting_starts_the_work_once(tmp_path: Path) -> None:
    program = "open('starts', 'a').write('started\\n')"
    for attempt in range(12):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        argv = [sys.executable, "-c", CONTROLLER, str(folder), sys.executable, "-c", program]
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as controller:
            until(lambda place=folder: (place / "processes").exists())  # type: ignore[misc]
            threading.Event().wait(attempt * 0.002)  # the moments to be killed at, not a wait for something
            controller.kill()
        runner = LocalProcesses(folder / "processes")
        runner.wait("work", timeout=LONG)
        runner.start("work", python(folder, program))
        assert runner.wait("work", timeout=LONG).code == 0
        assert (folder / "starts").read_text() == "started\n"


def test_work_whose_wrapper_was_killed_runs_on_and_is_lost_when_it_ends(tmp_path: Path) -> None:
    runner = LocalProcesses(tmp_path / "processes")
    runner.start("work", python(tmp_path, "import time; time.sleep(600)"))
    wrapper, child = wrapper_and_child(tmp_path / "processes")
    os.kill(wrapper, signal.SIGKILL)
    until(lambda: is_gone(wrapper))
    assert runner.status("work").state is ProcessState.RUNNING
    assert runner.start("work", python(tmp_path, "")).state is ProcessState.RUNNING
    os.kill(child, signal.SIGKILL)
    assert runner.wait("work", timeout=LONG).state is ProcessState.LOST
    runner.start("work", python(tmp_path, ""))
    assert runner.wait("work", timeout=LONG).code == 0


def test_work_whose_wrapper_was_killed_can_still_be_stopped(tmp_path: Path) -> None:
    runner = LocalProcesses(tmp_path / "processes")
    runner.start("work", python(tmp_path, "import time; time.sleep(600)"))
    wrapper, child = wrapper_and_child(tmp_path / "processes")
    os.kill(wrapper, signal.SIGKILL)
    assert runner.stop("work", grace=LONG).state is ProcessState.LOST
    until(lambda: is_gone(child))


def test_a_child_killed_from_outside_has_ended_by_that_signal_and_leaves_no_zombie(tmp_path: Path) -> None:
    runner = LocalProcesses(tmp_path / "processes")
    runner.start("work", python(tmp_path, "import time; time.sleep(600)"))
    wrapper, child = wrapper_and_child(tmp_path / "processes")
    os.kill(child, signal.SIGKILL)
    assert runner.wait("work", timeout=LONG).code == -signal.SIGKILL
    until(lambda: is_gone(wrapper) and is_gone(child))


def test_a_child_that_will_not_end_is_killed_after_the_grace_with_its_own_children(tmp_path: Path) -> None:
    runner = LocalProcesses(tmp_path / "processes")
    program = (
        "import os, signal, time, pathlib\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "pid = os.fork()\n"
        "if pid: pathlib.Path('pids.new').write_text(f'[{os.getpid()}, {pid}]'); os.rename('pids.new', 'pids')\n"
        "time.sleep(600)"
    )
    runner.start("work", python(tmp_path, program))
    until((tmp_path / "pids").exists)
    assert runner.stop("work", grace=SHORT).code == -signal.SIGKILL
    for pid in json.loads((tmp_path / "pids").read_text()):
        until(lambda pid=pid: is_gone(pid))  # type: ignore[misc]


def test_what_the_work_leaves_running_ends_with_it(tmp_path: Path) -> None:
    runner = LocalProcesses(tmp_path / "processes")
    program = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)"
    )
    runner.start("work", python(tmp_path, program))
    assert runner.wait("work", timeout=LONG).code == 0
    left = int((tmp_path / "log").read_text().split()[0])
    until(lambda: is_gone(left))


def test_two_controllers_at_once_start_the_work_once(tmp_path: Path) -> None:
    program = "open('starts', 'a').write('started\\n')"
    runners = [LocalProcesses(tmp_path / "processes") for _ in range(4)]
    threads = [threading.Thread(target=runner.start, args=("work", python(tmp_path, program))) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [runner.wait("work", timeout=LONG).code for runner in runners] == [0] * 4
    assert (tmp_path / "starts").read_text() == "started\n"
