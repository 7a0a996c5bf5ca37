"""Worker state v1: how the one worker process of a release is doing, in a file of its own.

The supervisor writes ``starting`` and ``stopped``, the worker itself ``ready`` and ``refused``; the router connects to
what is ``ready``. A refusal is kept apart from a crash: a refused release stays refused until something changes, a
crashed one is started again.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec

from trimtab.disk.atomic import write_bytes
from trimtab.records.versioned import decode, encode

REFUSED_EXIT = 3
"""A worker's exit code after a refusal: starting it again would end the same way."""


class WorkerPhase(StrEnum):
    """Where a worker is in its life."""

    STARTING = "starting"
    READY = "ready"
    REFUSED = "refused"
    STOPPED = "stopped"


class WorkerState(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.worker/1"):
    """A worker process.

    Attributes:
        release: digest of the release that it serves.
        problem: for ``refused``, why; for ``starting`` after a crash, how often it crashed and how it ended.
        pid: the process; 0 if there is none.
        socket: path of the local socket that it listens on.
        restarts: how often it has been started again.
    """

    release: str
    phase: WorkerPhase
    problem: str = ""
    pid: int = 0
    socket: str = ""
    restarts: int = 0


def read_worker(path: Path) -> WorkerState | None:
    """The state of a worker; None if it was never started. Raises as `trimtab.records.versioned.decode` does."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return decode(WorkerState, content, at=str(path))


def write_worker(path: Path, state: WorkerState) -> None:
    """Replace the state of a worker. Not synced: no process survives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, encode(state), sync=False)
