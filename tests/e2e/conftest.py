"""One prepared project and one undisturbed replay, made once and shared by every test and every worker of xdist."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.loop_project import LoopProject, example, send, serving

ASKED = 17
"""Days after which the challenger has passed its gates and the project asks a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A finished replay: its project, what the client counted, and what two replays must agree on."""

    project: LoopProject
    sent: dict[str, Any]
    end: dict[str, Any]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of one session share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def prepared(shared: Path) -> LoopProject:
    """The example with its first release, never served. Copy it, do not change it."""
    folder = shared / "prepared"
    with once(shared / "prepared.json") as make:
        if make is not None:
            project = example(folder)
            done = project.command("run")
            assert done.code == 0, done.out + done.err
            make({})
    return LoopProject(folder=folder / "electricity", home=folder / "home")


@pytest.fixture
def project(prepared: LoopProject, tmp_path: Path) -> LoopProject:
    """A copy of the prepared project for one test."""
    return prepared.copy(tmp_path)


@pytest.fixture(scope="session")
def baseline(prepared: LoopProject, shared: Path) -> Replay:
    """The prepared project after an undisturbed replay. Read it, do not change it."""
    folder = shared / "baseline"
    with once(shared / "baseline.json") as make:
        if make is not None:
            copied = prepared.copy(folder)
            with serving(copied, folder / "up.log") as up:
                sent = send(up)
            make({"sent": sent, "end": copied.end_state()})
    told = json.loads((shared / "baseline.json").read_text())
    return Replay(project=LoopProject(folder=folder / "electricity", home=folder / "home"), **told)


@pytest.fixture(scope="session")
def asked(prepared: LoopProject, shared: Path) -> LoopProject:
    """A project that asks before it promotes, replayed until it does. Copy it, do not change it."""
    folder = shared / "asked"
    copied = LoopProject(folder=folder / "electricity", home=folder / "home")
    with once(shared / "asked.json") as make:
        if make is not None:
            prepared.copy(folder).edit({'promote = "auto"': 'promote = "ask" '})
            table = folder / "asked.parquet"
            copied.rows(days=ASKED).write_parquet(table)
            with serving(copied, folder / "up.log") as up:
                assert send(up, table=table)["failed"] == 0
            make({})
    return copied


@contextmanager
def once(marker: Path) -> Iterator[Callable[[dict[str, Any]], object] | None]:
    """Yields a function that writes the marker to the first who comes, and None to the others, who wait for it."""
    with marker.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if marker.is_file():
            yield None
        else:
            yield lambda value: marker.write_text(json.dumps(value))
