"""How long a new release takes to be ready, and a child process to do its work: ``python benchmarks/starts.py``.

Each as it is when nothing was prepared, and with a spare that waits. The release is scikit-learn's
HistGradientBoosting (100 iterations, 30 features), measured from the writing of the route table to the state file that
says ready. The child is a command of ours that imports what a training imports, and does nothing. Seconds of real
time, the least and the median of the turns; on a shared machine compare ratios.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from serving import PRIVATE, make_release

from trimtab.base.digest import Digest
from trimtab.base.instants import MINUTE, Instant, Span
from trimtab.disk.atomic import write_bytes
from trimtab.drivers.processes import LocalProcesses
from trimtab.records.prediction import Role
from trimtab.records.process import Command, Preparation
from trimtab.records.route import WHOLE, RouteTable, Variant
from trimtab.records.versioned import encode
from trimtab.release.signature import key_id, public_key_of
from trimtab.serve.supervisor import TICK, Serving, Supervisor
from trimtab.serve.worker import THREADS
from trimtab.serve.worker_state import WorkerPhase, read_worker

WARM_UP = 6.0
"""Seconds that a spare is given to import everything."""

CHILD = """
import trimtab.app.run, trimtab.app.doors, trimtab.drivers.model_files, skops.io
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=5, help="of each")
    options = parser.parse_args()
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"{'':36}{'least s':>9}{'median s':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for spare in (False, True):
            report("route table → worker ready", spare, swaps(Path(folder), options.turns, spare=spare))
        for spare in (False, True):
            report("start of a child → its exit", spare, children(Path(folder), options.turns, spare=spare))


def report(name: str, spare: bool, seconds: list[float]) -> None:
    """One line of the table."""
    label = f"{name}, {'spare' if spare else 'cold'}"
    print(f"{label:36}{min(seconds):>9.2f}{statistics.median(seconds):>10.2f}", flush=True)


def swaps(folder: Path, turns: int, *, spare: bool) -> list[float]:
    """Swap to and fro between two releases under a supervisor that this process turns."""
    state = folder / f"state-{spare}"
    releases = [make_release(state, folder / f"contents-{spare}-{name}", "hgb", name) for name in ("one", "other")]
    public = public_key_of(PRIVATE)
    serving = Serving(state=state, endpoint="main", trusted={key_id(public): public}, logs=folder / "logs", spare=spare)
    files, found = serving.files, []
    files.folder.mkdir(parents=True)
    write_bytes(files.route, encode(table(releases[1], 1)))
    with Supervisor(serving) as supervisor:
        supervisor.ready()
        for turn in range(turns):
            until(supervisor, lambda: not spare or supervisor.pid("spare") != 0)
            settle(supervisor)
            release = releases[turn % 2]
            files.worker(release).unlink(missing_ok=True)
            write_bytes(files.route, encode(table(release, turn + 2)))
            began = time.perf_counter()
            until(supervisor, lambda release=release: is_ready(files.worker(release)))  # type: ignore[misc]
            found.append(time.perf_counter() - began)
            until(supervisor, lambda turn=turn: supervisor.pid(releases[1 - turn % 2]) == 0)  # type: ignore[misc]
    return found


def children(folder: Path, turns: int, *, spare: bool) -> list[float]:
    """Run the child again and again."""
    work = folder / f"work-{spare}"
    work.mkdir()
    (work / "child.py").write_text(CHILD)
    program, environment = (
        (sys.executable, "-P", "-m", "child"),
        {"PYTHONPATH": str(work), **dict.fromkeys(THREADS, "1")},
    )
    imports = ("trimtab.app.run", "trimtab.app.doors", "trimtab.drivers.model_files", "skops.io")
    preparation = Preparation(program=program, imports=imports, environment=environment)
    runner, found = LocalProcesses(work / "processes"), []
    for turn in range(turns):
        if spare:
            runner.prepare(preparation)
            time.sleep(WARM_UP)
        began = time.perf_counter()
        runner.start(f"{turn}", Command(argv=program, folder=work, log=work / "log", environment=environment))
        status = runner.wait(f"{turn}", timeout=Span(MINUTE))
        found.append(time.perf_counter() - began)
        if status.code != 0:
            sys.exit((work / "log").read_text())
    return found


def table(release: Digest, version: int) -> RouteTable:
    """Everything to one release."""
    return RouteTable(
        endpoint="main", version=version, effective_at=Instant(0), salt="", cause="benchmark",
        variants=(Variant(name="champion", release=release, role=Role.CHAMPION, weight=WHOLE),),
    )  # fmt: skip


def until(supervisor: Supervisor, holds: Callable[[], bool]) -> None:
    """Turn the supervisor until the condition holds."""
    while not holds():
        supervisor.tick()
        time.sleep(TICK)


def settle(supervisor: Supervisor) -> None:
    """Give a spare the time to import; the cold turns get the same pause."""
    end = time.perf_counter() + WARM_UP
    until(supervisor, lambda: time.perf_counter() > end)


def is_ready(state: Path) -> bool:
    """Whether a worker says so."""
    found = read_worker(state)
    return found is not None and found.phase is WorkerPhase.READY


if __name__ == "__main__":
    main()
