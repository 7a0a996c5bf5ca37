"""A child that was started before its work was known is like any other child, and faster."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.integration.processes.test_processes import LONG, is_gone, until, wrapper_and_child
from trimtab.base.errors import DriverError
from trimtab.drivers.processes import LocalProcesses
from trimtab.drivers.processes.handover import Given, Work, give, take
from trimtab.records.process import Command, Preparation, ProcessState

MODULE = """
import json, os, pathlib, sys, time
pathlib.Path("told.json").write_text(json.dumps({
    "argv": sys.argv[1:], "name": __name__, "folder": os.getcwd(), "pid": os.getpid(),
    "main": sys.modules["__main__"].__name__,
    "warm": "warmth" in sys.modules, "said": os.environ.get("SAID"), "path": sys.path[0],
}))
print("to the log"); print("and this", file=sys.stderr, flush=True)
while "wait" in sys.argv and not os.path.exists("go"): time.sleep(0.01)
sys.exit(int(sys.argv[1]))
"""

CONTROLLER = """
import json, sys, time
from pathlib import Path
from trimtab.drivers.processes import LocalProcesses
from trimtab.records.process import Command, Preparation
folder = Path(sys.argv[1])
program, environment = (sys.executable, "-P", "-m", "work"), {"PYTHONPATH": sys.argv[1]}
runner = LocalProcesses(folder / "processes")
runner.prepare(Preparation(program=program, imports=("warmth",), environment=environment))
print("prepared", flush=True)
sys.stdin.readline()
command = Command(argv=(*program, "9", "wait"), folder=folder, log=folder / "log", environment=environment)
print(runner.start("work", command).state.value, flush=True)
time.sleep(600)
"""


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A folder with the module that is run and the one that is imported ahead, which leaves its process's id."""
    (tmp_path / "work.py").write_text(MODULE)
    (tmp_path / "warmth.py").write_text(
        "import os, pathlib\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "(folder / 'new').write_text(str(os.getpid()))\n"
        "os.rename(folder / 'new', folder / 'warm')\n"
    )
    return tmp_path


def preparation(modules: Path, **environment: str) -> Preparation:
    program = (sys.executable, "-P", "-m", "work")
    return Preparation(program=program, imports=("warmth",), environment={"PYTHONPATH": str(modules), **environment})


def command(modules: Path, *arguments: str, **environment: str) -> Command:
    made = preparation(modules, **environment)
    return Command(argv=(*made.program, *arguments), folder=modules, log=modules / "log", environment=made.environment)


def warm_process(modules: Path) -> int:
    until((modules / "warm").exists)
    return int((modules / "warm").read_text())


def told(modules: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((modules / "told.json").read_text())
    return found


def parent_of(pid: int) -> int:
    return int(subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True).stdout)


def is_dead(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return state[:1] in ("", "Z")


def test_the_process_that_waited_runs_the_command_as_a_new_one_would(modules: Path) -> None:
    runner = LocalProcesses(modules / "processes")
    runner.start("cold", command(modules, "3", "a b", SAID="yes"))
    assert runner.wait("cold", timeout=LONG).code == 3
    cold = told(modules)
    runner.prepare(preparation(modules, SAID="yes"))
    warm = warm_process(modules)
    runner.start("warm", command(modules, "3", "a b", SAID="yes"))
    assert runner.wait("warm", timeout=LONG).code == 3
    assert (cold["warm"], told(modules)["warm"], told(modules)["pid"]) == (False, True, warm)
    assert {**told(modules), "pid": 0, "warm": 0} == {**cold, "pid": 0, "warm": 0}
    assert (modules / "log").read_text().splitlines() == ["to the log", "and this"] * 2
    until(lambda: is_gone(warm))


def test_a_command_with_other_variables_is_started_anew(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = LocalProcesses(modules / "processes")
    runner.prepare(preparation(modules, OMP_NUM_THREADS="1"))
    warm_process(modules)
    runner.start("threads", command(modules, "0", OMP_NUM_THREADS="2"))
    assert runner.wait("threads", timeout=LONG).code == 0
    assert not told(modules)["warm"]
    monkeypatch.setenv("SAID", "since then")
    runner.start("since", command(modules, "0", OMP_NUM_THREADS="1"))
    assert runner.wait("since", timeout=LONG).code == 0
    assert (told(modules)["warm"], told(modules)["said"]) == (False, "since then")


def test_work_given_to_a_spare_outlives_a_killed_controller_and_its_end_is_known(modules: Path) -> None:
    argv = [sys.executable, "-c", CONTROLLER, str(modules)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as controller:
        assert controller.stdin is not None
        assert controller.stdout is not None
        assert controller.stdout.readline() == "prepared\n"
        warm = warm_process(modules)
        controller.stdin.write("start\n")
        controller.stdin.flush()
        assert controller.stdout.readline() == "running\n"
        controller.kill()
    runner = LocalProcesses(modules / "processes")
    assert runner.start("work", command(modules, "1")).state is ProcessState.RUNNING
    until((modules / "told.json").exists)
    assert wrapper_and_child(modules / "processes")[1] == warm
    (modules / "go").touch()
    assert runner.wait("work", timeout=LONG).code == 9


def test_a_controller_killed_as_it_hands_work_over_starts_it_once(modules: Path) -> None:
    """Its last breath is the line that says so: the work is on its way in a socket that nobody holds any more."""
    (modules / "work.py").write_text("open('starts', 'a').write('started\\n')\nraise SystemExit(9)")
    argv = [sys.executable, "-c", CONTROLLER, str(modules)]
    for attempt in range(4):
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as controller:
            assert controller.stdin is not None
            assert controller.stdout is not None
            assert controller.stdout.readline() == "prepared\n"
            controller.stdin.write("start\n")
            controller.stdin.flush()
            if attempt % 2:
                controller.stdout.readline()
            controller.kill()
        runner = LocalProcesses(modules / "processes")
        runner.wait("work", timeout=LONG)
        runner.start("work", command(modules, "9"))
        assert runner.wait("work", timeout=LONG).code == 9
        assert (modules / "starts").read_text() == "started\n"
        (modules / "starts").unlink()
        until(lambda runner=runner: _forgotten(runner))  # type: ignore[misc]


def _forgotten(runner: LocalProcesses) -> bool:
    runner.forget("work")
    return True


@pytest.mark.parametrize("size", [1, 1_000_000])
def test_work_that_was_taken_is_never_thought_lost_by_who_gave_it(tmp_path: Path, size: int) -> None:
    work = Work(key="work", exit_file="exit.json", argv=("x" * size,), program=1, folder=str(tmp_path))
    for _ in range(50):
        ours, theirs = socket.socketpair()
        taken: list[Given | None] = []

        def take_and_leave(channel: socket.socket = theirs, taken: list[Given | None] = taken) -> None:
            with channel:
                taken.append(take(channel))

        taker = threading.Thread(target=take_and_leave)
        taker.start()
        with ours, (tmp_path / "lock").open("w") as lock, (tmp_path / "log").open("w") as log:
            give(ours, work, lock=lock.fileno(), log=log.fileno())
            taker.join()
        assert taken[0] is not None
        assert taken[0].work == work
        os.close(taken[0].lock)
        os.close(taken[0].log)


def test_an_idle_spare_ends_with_the_controller_killed_or_not(modules: Path) -> None:
    argv = [sys.executable, "-c", CONTROLLER, str(modules)]
    for number in (signal.SIGKILL, signal.SIGTERM):
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as controller:
            warm = warm_process(modules)
            wrapper = parent_of(warm)
            controller.send_signal(number)
        until(lambda warm=warm, wrapper=wrapper: is_gone(warm) and is_gone(wrapper))  # type: ignore[misc]
        (modules / "warm").unlink()
    assert not (modules / "processes").exists()


def test_an_idle_spare_ends_with_its_runner_or_when_another_is_prepared(modules: Path) -> None:
    runner = LocalProcesses(modules / "processes")
    runner.prepare(preparation(modules))
    first = warm_process(modules)
    (modules / "warm").unlink()
    runner.prepare(preparation(modules, OMP_NUM_THREADS="2"))
    second = warm_process(modules)
    until(lambda: is_gone(first))
    del runner
    gc.collect()
    until(lambda: is_gone(second))


def test_a_killed_spare_is_harmless_and_prepared_again(modules: Path) -> None:
    runner = LocalProcesses(modules / "processes")
    for whose, key in (("child", "a"), ("wrapper", "b")):
        runner.prepare(preparation(modules))
        warm = warm_process(modules)
        wrapper = parent_of(warm)
        victim = warm if whose == "child" else wrapper
        os.kill(victim, signal.SIGKILL)
        until(lambda victim=victim: is_dead(victim))  # type: ignore[misc]
        (modules / "warm").unlink()
        runner.start(key, command(modules, "5"))
        assert runner.wait(key, timeout=LONG).code == 5
        assert not told(modules)["warm"]
        until(lambda warm=warm: is_gone(warm))  # type: ignore[misc]
    runner.prepare(preparation(modules))
    warm_process(modules)
    runner.start("c", command(modules, "6"))
    assert runner.wait("c", timeout=LONG).code == 6
    assert told(modules)["warm"]


def test_work_in_a_spare_is_stopped_and_killed_like_any_other(modules: Path) -> None:
    runner = LocalProcesses(modules / "processes")
    for number, key in ((signal.SIGTERM, "stopped"), (signal.SIGKILL, "killed")):
        runner.prepare(preparation(modules))
        warm = warm_process(modules)
        (modules / "warm").unlink()
        runner.start(key, command(modules, "0", "wait"))
        until((modules / "told.json").exists)
        (modules / "told.json").unlink()
        if key == "stopped":
            assert runner.stop(key, grace=LONG).code == -number
        else:
            os.kill(warm, number)
            assert runner.wait(key, timeout=LONG).code == -number
        until(lambda warm=warm: is_gone(warm))  # type: ignore[misc]


def test_work_whose_waiting_wrapper_was_killed_is_lost_when_it_ends(modules: Path) -> None:
    runner = LocalProcesses(modules / "processes")
    runner.prepare(preparation(modules))
    warm_process(modules)
    runner.start("work", command(modules, "0", "wait"))
    wrapper, _ = wrapper_and_child(modules / "processes")
    until((modules / "told.json").exists)
    os.kill(wrapper, signal.SIGKILL)
    until(lambda: is_gone(wrapper))
    assert runner.status("work").state is ProcessState.RUNNING
    (modules / "go").touch()
    assert runner.wait("work", timeout=LONG).state is ProcessState.LOST


def test_a_folder_that_is_not_there_is_refused_with_a_spare_too(modules: Path) -> None:
    runner = LocalProcesses(modules / "processes")
    runner.prepare(preparation(modules))
    asked = command(modules, "0")
    gone = Command(argv=asked.argv, folder=modules / "gone", log=asked.log, environment=asked.environment)
    with pytest.raises(DriverError, match="cannot start work: the folder is not there"):
        runner.start("work", gone)
    assert runner.status("work").startable
