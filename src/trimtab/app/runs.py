"""The recorded runs as a person should see them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from trimtab.app.home import Home
from trimtab.disk.lock import holder
from trimtab.records.run import Run, RunState

KILLED = "its process ended before the run did; run it again"


def read_runs(home: Home) -> tuple[Run, ...]:
    """All runs, the newest first; one whose process was killed is told as failed.

    The record of such a run says running for ever, since nobody was left to write another. Its lease is free: the
    kernel gave it back.
    """
    return tuple(_as_it_is(home.state, run) for run in home.records.runs())


def _as_it_is(state: Path, run: Run) -> Run:
    if run.state is not RunState.RUNNING or holder(state / "locks" / f"run-{run.run_id}.lock") is not None:
        return run
    return msgspec.structs.replace(run, state=RunState.FAILED, problem=KILLED)
