"""The electricity example as a project of a test's own, driven from outside: commands, HTTP, signals.

The stream is cut short around the day on which the market widens (1997-05-05), so that drift, training, gates, rollout
and promotion all happen within a couple of thousand requests. Everything is asked of the processes as a user would
ask: `--json` documents, exit codes, and the list of processes of the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from trimtab.disk.frames import read_frames
from trimtab.disk.lock import holder
from trimtab.records.label import Label
from trimtab.records.prediction import Prediction, Role

EXAMPLE = Path(__file__).parents[2] / "examples" / "electricity"
PATIENT = f"import sys; sys.path.insert(0, {str(EXAMPLE)!r}); import client; client.RETRIES = 400; client.main()"
"""The example's client, which waits longer for a server that is started again on a busy machine."""

TRIMTAB = (sys.executable, "-m", "trimtab")
COLUMNS = (
    "--endpoint",
    "electricity",
    "--time",
    "timestamp",
    "--label",
    "price_up",
    "--key",
    "timestamp",
    "--step-hours",
    "1",
)

FIRST = datetime(1997, 5, 1)  # noqa: DTZ001 (the table's own times carry no zone)
HISTORY = 100
"""Days before the stream that the project's own table covers; the market is narrow in all of them."""

DAYS = 22
"""From shortly before the market widens until the release that healed it answers everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopProject:
    """A project's folder, and the folder of the keys and the token of the person who works in it."""

    folder: Path
    home: Path

    @property
    def state(self) -> Path:
        return self.folder / ".trimtab"

    @property
    def endpoint(self) -> Path:
        return self.state / "endpoints" / "electricity"

    @property
    def stream(self) -> Path:
        return self.folder / "data" / "stream.parquet"

    def environment(self, **more: str) -> dict[str, str]:
        threads = {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
        return {**os.environ, **threads, "TRIMTAB_HOME": str(self.home), **more}

    def command(self, *words: str, stdin: str = "", **more: str) -> Done:
        """A `trimtab` command, waited for."""
        done = subprocess.run(
            [*TRIMTAB, *words], cwd=self.folder, env=self.environment(**more), input=stdin, capture_output=True,
            text=True, timeout=120,
        )  # fmt: skip
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def ask(self, *words: str) -> Any:
        """The document of a command that succeeds."""
        done = self.command(*words, "--json")
        assert done.code == 0, f"trimtab {' '.join(words)} ended with {done.code}: {done.out}{done.err}"
        return done.document

    def begin(self, *words: str, log: Path, **more: str) -> subprocess.Popen[bytes]:
        """A `trimtab` command that goes on; what it says is in ``log``."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [*TRIMTAB, *words], cwd=self.folder, env=self.environment(**more), stdin=subprocess.DEVNULL,
                stdout=output, stderr=output,
            )  # fmt: skip

    def edit(self, changes: Mapping[str, str], file: str = "trimtab.toml") -> None:
        """Replace text in one of the project's files; each text must be there."""
        path = self.folder / file
        text = path.read_text()
        for old, new in changes.items():
            assert old in text, f"{file} does not say {old!r}"
            text = text.replace(old, new)
        path.write_text(text)

    def copy(self, folder: Path) -> LoopProject:
        """The same project, with all its state and its keys, elsewhere."""
        shutil.copytree(self.folder, folder / self.folder.name)
        shutil.copytree(self.home, folder / "home")
        return LoopProject(folder=folder / self.folder.name, home=folder / "home")

    def journal(self) -> list[dict[str, Any]]:
        """What each entry of the journal says, the oldest first, "nothing" included."""
        entries: list[dict[str, Any]] = self.ask("journal", "show", "--all")["entries"]
        return [{**entry["draft"], "sequence": entry["sequence"]} for entry in entries]

    def runs(self, kind: str = "") -> list[dict[str, Any]]:
        """The runs' records, the oldest first."""
        found: list[dict[str, Any]] = self.ask("runs")["runs"][::-1]
        return [run for run in found if not kind or run["kind"] == kind]

    def rows(self, first: datetime = FIRST, days: float = DAYS) -> pl.DataFrame:
        """The example's rows of some days."""
        table = pl.read_parquet(EXAMPLE / "data" / "stream.parquet")
        return table.filter(pl.col("timestamp").is_between(first, first + timedelta(days=days), closed="left"))

    def answers(self) -> list[Prediction]:
        """The answers that the clients got, as the router's log holds them; a shadow's are left out."""
        found: list[Prediction] = []
        for segment in sorted((self.endpoint / "log").glob("*.seg")):
            for frame in read_frames(segment):
                record = msgspec.msgpack.decode(frame.payload, type=Prediction | Label)
                found += [record] if isinstance(record, Prediction) and record.role is not Role.SHADOW else []
        return found

    def end_state(self) -> dict[str, Any]:
        """What two replays of the same rows must agree on."""
        report, status = self.ask("report"), self.ask("status")
        return {
            "digest": report["digest"],
            "figures": report["figures"],
            "champion": status["champion"],
            "previous": status["previous"],
            "rollout": status["rollout"],
            "data": {run["run_id"]: run["data"]["table"] for run in self.runs("retrain")},
            "releases": sorted(path.name for path in (self.state / "releases").iterdir()),
        }

    def closings(self) -> Counter[str]:
        """How often each action of the loop was closed in the journal."""
        kinds = ("train", "rollout", "promote", "abort")
        return Counter(
            draft["action_key"]
            for draft in self.journal()
            if draft["kind"] in kinds and draft["phase"] in ("done", "failed")
        )

    def half_made(self) -> list[Path]:
        """Temporary and partial files and folders anywhere below the state."""
        return [path for path in self.state.rglob("*") if ".partial" in path.name or path.name.endswith(".tmp")]

    def trainings(self) -> list[int]:
        """Processes that train for this project, whoever started them: their locks say so."""
        locks = (self.state / "processes").glob("*/alive.lock")
        return [who.pid for lock in locks if (who := holder(lock)) is not None and who.pid]


def example(folder: Path, *, days: float = DAYS) -> LoopProject:
    """The example in a folder of its own, with the short stream."""
    project = LoopProject(folder=folder / "electricity", home=folder / "home")
    left_out = shutil.ignore_patterns("__pycache__", "demo.py", "steady.py", ".trimtab", "contract.toml")
    shutil.copytree(EXAMPLE, project.folder, ignore=left_out)
    project.home.mkdir()
    project.rows(FIRST - timedelta(days=HISTORY), HISTORY).write_parquet(project.folder / "data" / "history.parquet")
    project.rows(days=days).write_parquet(project.stream)
    return project


@dataclass(slots=True)
class Up:
    """A running `trimtab up` or `trimtab serve`."""

    project: LoopProject
    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""
    killed: list[str] = field(default_factory=list)

    def wait_ready(self, *, after: int = 0) -> None:
        """Wait for the line `ready: URL endpoint NAME`, in what was said after the first ``after`` bytes."""
        end = time.monotonic() + 90
        while time.monotonic() < end:
            said = self.log.read_bytes()[after:].decode()
            found = [line for line in said.splitlines() if line.startswith("ready: ")]
            if found:
                self.url = found[-1].split()[1]
                return
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{said}"
            time.sleep(0.02)
        raise AssertionError(f"not ready within 90 s:\n{self.log.read_text()}")

    def children(self, role: str) -> list[int]:
        """The processes of a role: ``router``, ``worker``, ``controller`` or ``training``."""
        if role == "training":
            return self.project.trainings()
        mark = {"router": "serve router", "worker": "serve worker", "controller": "trimtab controller"}[role]
        return [pid for pid, parent, said in processes() if parent == self.process.pid and mark in said]

    def kill(self, role: str) -> bool:
        """kill -9 of the role's processes; False if there is none now."""
        pids = self.children(role)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.killed += [role] * bool(pids)
        return bool(pids)

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


@contextmanager
def serving(project: LoopProject, log: Path, *words: str) -> Iterator[Up]:
    """A `trimtab up` (or what ``words`` say) that is ready, stopped at the end."""
    started = project.begin(*(words or ("up", "--replay", "--port", "0")), log=log)
    up = Up(project=project, process=started, log=log)
    try:
        up.wait_ready()
        yield up
    finally:
        up.stop()
        end_trainings(project)


def end_trainings(project: LoopProject) -> None:
    """End trainings that outlived their loop, which is what trainings do."""
    for pid in project.trainings():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextmanager
def client(up: Up, *options: str, table: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """The example's client at work on the project's stream; killed if the block ends before it does."""
    token = up.project.command("token").out.strip()
    words = [sys.executable, "-c", PATIENT, str(table or up.project.stream), "--url", up.url, *COLUMNS, *options]
    process = subprocess.Popen(
        words,
        env=up.project.environment(TRIMTAB_TOKEN=token),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def send(up: Up, *options: str, table: Path | None = None) -> dict[str, Any]:
    """What the client counted, once it has sent everything."""
    with client(up, *options, table=table) as process:
        return result_of(process)


def result_of(process: subprocess.Popen[str], within: float = 240) -> dict[str, Any]:
    """What a client counted, once it has sent everything."""
    out, err = process.communicate(timeout=within)
    assert out, f"the client ended with {process.returncode}: {err}"
    counted: dict[str, Any] = json.loads(out)
    return counted


def processes() -> list[tuple[int, int, str]]:
    """Id, parent and command line of every process of this machine that is not a zombie."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 3) for line in listed.splitlines()]
    return [(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) == 4 and not row[2].startswith("Z")]
