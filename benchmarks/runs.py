"""What recording and asking for runs costs, beside MLflow: ``python benchmarks/runs.py``.

Logging is timed inside one process that logs 1,000 parameters and 1,000 metrics, a call for each; MLflow does the same
on SQLite, on the same disk and in memory, in the same minutes. Lists are whole processes of ``trimtab runs`` on 100,000
runs, each with 16 parameters, 8 metrics, 60 packages, 5 steps and 7 outputs; MLflow searches as many as it can bear, by
default 2,000. Wall time, the least of some turns, since who waits for the disk uses no processor: on a shared machine
compare ratios. A goal that is missed ends the run with 1.

MLflow's environment is made by ``python benchmarks/peers/install.py mlflow``.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))

from install import VENVS, is_installed, python_of  # noqa: E402

from trimtab.base.digest import digest_bytes  # noqa: E402
from trimtab.base.instants import Instant  # noqa: E402
from trimtab.base.verdict import Verdict  # noqa: E402
from trimtab.drivers.sqlite_records import SqliteRecords  # noqa: E402
from trimtab.records.environment import Environment, Package  # noqa: E402
from trimtab.records.journal import Actor  # noqa: E402
from trimtab.records.run import Code, Data, FileRead, Place, Run, RunState, StepRun, StepState  # noqa: E402

MINUTE: Final = 60_000_000
SHARED_MEMORY: Final = Path("/dev/shm")
CONDITION: Final = "metrics.auc > .8 and params.max_depth = 6"
LOG: Final = """
import os, sys, time
import trimtab
from trimtab.app.tracking import _open
sync = sys.argv[1]
trimtab.log_param("first", 0)
began = time.perf_counter()
for number in range(1_000):
    trimtab.log_param(f"p{number}", number * 0.5)
    if sync == "each": _open.log.sync()
for number in range(1_000):
    trimtab.log_metric(f"m{number % 10}", number * 0.25, step=number)
    if sync == "each": _open.log.sync()
if sync == "end": _open.log.sync()
print(time.perf_counter() - began)
"""
READ: Final = """
import sys, time, resource
from pathlib import Path
from trimtab.drivers.run_log.reading import read_log
from trimtab.records.series import pack_series
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
logged = read_log(Path(sys.argv[1]))
read = time.perf_counter() - began
packed = pack_series(logged.series)
pack = time.perf_counter() - began - read
print(read, pack, len(packed), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table; a goal of 0 is none."""

    what: str
    seconds: float
    goal: float = 0.0
    note: str = ""

    @property
    def missed(self) -> bool:
        return bool(self.goal) and not self.seconds <= self.goal


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=100_000, help="that lists are made of")
    parser.add_argument("--peer-runs", type=int, default=2_000, help="that MLflow searches")
    parser.add_argument("--turns", type=int, default=5, help="of each measurement but MLflow's logging")
    parser.add_argument("--venvs", type=Path, default=VENVS, help="where install.py made MLflow's environment")
    parser.add_argument("--folder", type=Path, help="keep the runs here for the next time")
    parser.add_argument("--markdown", type=Path, help="also write the table to this file")
    options = parser.parse_args()
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        lines = logged(Path(temporary), options.turns, options.venvs)
        lines += listing(options.folder or Path(temporary), options.runs, options.turns)
        lines += peer_lists(Path(temporary), options.peer_runs, options.turns, options.venvs)
    told = "\n".join([*head(), *(row(line) for line in lines)])
    print(told)
    if options.markdown:
        options.markdown.write_text(told + "\n")
    sys.exit(any(line.missed for line in lines))


def head() -> list[str]:
    machine = (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    )
    return [machine, "", "| | seconds | goal | |", "| --- | ---: | ---: | --- |"]


def row(line: Line) -> str:
    goal = f"{line.goal:g}" + (" **missed**" if line.missed else "") if line.goal else ""
    return f"| {line.what} | {line.seconds:.3f} | {goal} | {line.note} |"


# ── logging ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def logged(folder: Path, turns: int, venvs: Path) -> list[Line]:
    """1,000 parameters and 1,000 metrics one by one: ours by how durable each is, and MLflow's."""
    lines = [
        Line(
            what="Trimtab: 1,000 parameters + 1,000 metrics, each there after kill -9",
            seconds=least(turns, lambda: log_ours(folder, "none")), goal=0.1,
        ),
        Line(
            what="Trimtab: the same, and on the disk at the end", seconds=least(turns, lambda: log_ours(folder, "end"))
        ),
        Line(
            what="Trimtab: the same, each call on the disk before the next",
            seconds=least(turns, lambda: log_ours(folder, "each")), note="not how it logs: what it would cost",
        ),
    ]  # fmt: skip
    lines += [log_of_a_million(folder)]
    for name, place in (("on the disk", folder), ("in memory", SHARED_MEMORY)):
        if not is_installed("mlflow", venvs):
            print("mlflow: not installed, so skipped", file=sys.stderr)
        elif place.is_dir():
            lines.append(Line(what=f"MLflow, SQLite {name}: the same", seconds=log_peer(place, venvs)))
    return lines


def log_ours(folder: Path, sync: str) -> float:
    log = folder / "run.log"
    log.unlink(missing_ok=True)
    surroundings = {**os.environ, "TRIMTAB_RUN_LOG": str(log)}
    return float(said([sys.executable, "-c", LOG, sync], surroundings))


def log_of_a_million(folder: Path) -> Line:
    """What comes of a training with a million values: how long it takes to read and to pack."""
    log = folder / "million.log"
    with log.open("w") as file:
        for step in range(1_000_000):
            file.write(
                f'\n{{"metric":"loss","value":{1 / (step + 1) + step % 7 * 1e-3!r},"step":{step},"at":{step}}}\n'
            )
    read, pack, size, memory = map(float, said([sys.executable, "-c", READ, str(log)]).split())
    note = f"packed in {pack:.2f} s to {size / 1e6:.1f} MB, {memory / 1e3:.0f} MB of memory"
    return Line(what="Trimtab: a log of 1,000,000 values is read", seconds=read, note=note)


def log_peer(place: Path, venvs: Path) -> float:
    with tempfile.TemporaryDirectory(dir=place) as folder:
        return float(said([str(python_of("mlflow", venvs)), str(HERE / "peers" / "mlflow_runs.py"), "log", folder]))


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def listing(folder: Path, runs: int, turns: int) -> list[Line]:
    """Whole processes of the command line on a project with so many runs."""
    project = folder / f"project-{runs}"
    lines = []
    if not (project / "filled").exists():
        shutil.rmtree(project, ignore_errors=True)
        said([sys.executable, "-m", "trimtab", "new", project.name, "--into", str(folder)])
        lines.append(fill(project, runs))
        (project / "filled").touch()
    asked = {
        "the newest 20": ["--limit", "20"],
        f"`{CONDITION}`, the best 20 by a metric": ["--where", CONDITION, "--sort", "-metrics.auc", "--limit", "20"],
        "the best 20 of all by a metric": ["--sort", "-metrics.auc", "--limit", "20"],
        "by a package's version, the newest 20": ["--where", "env.packages.numpy >= 2.2", "--limit", "20"],
        "by a pattern on a text, sorted by time taken": [
            "--where",
            "command like '%run'",
            "--sort",
            "seconds",
            "--limit",
            "20",
        ],
        "the same condition, 20 whole records as JSON": ["--where", CONDITION, "--limit", "20", "--json"],
    }
    command = [sys.executable, "-m", "trimtab"]
    nothing = least(turns, lambda: wall([*command, "--version"]))
    lines.append(Line(what="Trimtab: a command that does nothing (`--version`)", seconds=nothing))
    cold(project / ".trimtab" / "state.db")
    first = wall([*command, "runs", "--where", CONDITION, "--limit", "20"], project)
    lines.append(
        Line(what=f"Trimtab, {runs:,} runs: `{CONDITION}`, nothing of the file in memory", seconds=first, goal=1.0)
    )
    for what, words in asked.items():
        seconds = least(turns, partial(wall, [*command, "runs", *words], project))
        lines.append(Line(what=f"Trimtab, {runs:,} runs: {what}", seconds=seconds, goal=1.0))
    seconds = least(turns, lambda: wall([*command, "runs", "--sort", "-metrics.auc"], project))
    lines.append(Line(what=f"Trimtab: all {runs:,} sorted by a metric and printed", seconds=seconds, goal=1.0))
    return lines


def fill(project: Path, runs: int) -> Line:
    """Record the runs; how long one takes is the mean of a hundred transactions of its own."""
    with SqliteRecords(project / ".trimtab" / "state.db") as records:
        chance = random.Random(0)
        for first in range(0, runs - 100, 1_000):
            with records.transaction():
                for number in range(first, min(runs - 100, first + 1_000)):
                    records.put_run(a_run(number, chance))
        last = [a_run(number, chance) for number in range(max(runs - 100, 0), runs)]
        began = time.perf_counter()
        for run in last:
            records.put_run(run)
        seconds = (time.perf_counter() - began) / len(last)
    return Line(what="Trimtab: one run recorded, on the disk", seconds=seconds)


def a_run(number: int, chance: random.Random) -> Run:
    """A run like others: one of 5 environments, one of 50 tables, its own figures."""
    started = Instant(1_700_000_000_000_000 + number * MINUTE)
    own, table = digest_bytes(str(number).encode()), digest_bytes(str(number % 50).encode())
    steps = tuple(
        StepRun(step=f"step{place}", state=StepState.RAN, because="it never ran", key=own, output=own)
        for place in range(5)
    )
    return Run(
        run_id=f"run-{number:07}", project="benchmark", kind="run", state=RunState.FINISHED,
        actor=Actor(kind="person", name="ada", authenticated="operating system user"), started_at=started,
        as_of=started, place=Place(host="tower", user="ada", folder="/home/ada/p", command=("trimtab", "run")),
        code=Code(source=own, commit=own[7:47], branch="main"), environment=ENVIRONMENTS[number % 5],
        data=Data(table=table, rows=5_000, judged_rows=500, origin={"source": 5_000}, left_out=0,
                  first_event=started, last_event=started),
        files={"data/payments.parquet": FileRead(content=table, size=1_000_000, kept=True)},
        parameters={f"p{name}": chance.random() for name in range(15)} | {"max_depth": chance.randrange(3, 12)},
        steps=steps, metrics={f"m{name}": chance.random() for name in range(7)} | {"auc": chance.random()},
        verdict=Verdict.PASS, outputs={"model": own, "release": own} | {step.step: own for step in steps},
        finished_at=Instant(started + 1_000_000), seconds=chance.random(), peak_bytes=200_000_000,
    )  # fmt: skip


PACKAGES: Final = {f"package-{number}": f"1.{number}.0" for number in range(59)}
ENVIRONMENTS: Final = tuple(
    Environment(
        python="3.11.7", implementation="CPython", platform="Linux", machine="x86_64", processor=f"processor {number}",
        threads=2, packages=PACKAGES | {"numpy": f"2.{number}.0"},
        installed={name: Package(version=each, record=digest_bytes(name.encode())) for name, each in PACKAGES.items()},
    )
    for number in range(5)
)  # fmt: skip


def peer_lists(folder: Path, runs: int, turns: int, venvs: Path) -> list[Line]:
    """MLflow's search, as whole processes; also what it takes within one, which is what grows with the runs."""
    if not is_installed("mlflow", venvs):
        return []
    place = folder / "mlflow"
    place.mkdir()
    script = [str(python_of("mlflow", venvs)), str(HERE / "peers" / "mlflow_runs.py")]
    filled = wall([*script, "fill", str(place), str(runs)])
    asked = {
        "the same condition, the best 20 by a metric": [
            "metrics.auc > 0.8 and params.max_depth = '6'", "metrics.auc DESC", "20",
        ],
        "all of them sorted by a metric": ["", "metrics.auc DESC", "1000000"],
    }  # fmt: skip
    lines = [
        Line(what="MLflow: one run recorded, on the disk", seconds=filled / runs, note="imports and tables included")
    ]
    for what, words in asked.items():
        inside: list[float] = []

        def search(words: list[str] = words, inside: list[float] = inside) -> float:
            began = time.perf_counter()
            inside.append(float(said([*script, "search", str(place), *words]).split()[1]))
            return time.perf_counter() - began

        seconds = least(min(turns, 3), search)
        note = f"{min(inside):.2f} s of it within the search"
        lines.append(Line(what=f"MLflow, {runs:,} runs: {what}", seconds=seconds, note=note))
    return lines


# ── processes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def least(turns: int, measure: Callable[[], float]) -> float:
    return min(measure() for _ in range(turns))


def wall(command: list[str], folder: Path | None = None) -> float:
    """Seconds until the command has ended."""
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def said(command: list[str], surroundings: dict[str, str] | None = None) -> str:
    """What the command prints as its last line."""
    done = subprocess.run(
        command, env=surroundings, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def cold(file: Path) -> None:
    """Ask the system to forget what it has of a file in memory, as after a restart; nothing where it cannot."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in (file, file.with_name(f"{file.name}-wal")):
        if path.exists():
            with path.open("rb") as opened:
                os.fsync(opened.fileno())
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


if __name__ == "__main__":
    main()
