"""The process in which a recorded run is executed again.

Run as ``python -m trimtab.app.repetition ASKED ANSWER``, in the environment that was built for it. A repetition that
fails has a record too: how it failed is part of the comparison.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from trimtab.app.home import Home
from trimtab.app.reproduce import Repetition, answer_of, encode_problem
from trimtab.app.run import execute
from trimtab.app.run_values import Plan
from trimtab.app.settings import with_recorded
from trimtab.base.errors import TrimtabError
from trimtab.disk.atomic import write_bytes
from trimtab.drivers.bundles import Bundles
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.project_file import read_project
from trimtab.drivers.source_snapshot import take_snapshot
from trimtab.drivers.sqlite_records import SqliteRecords
from trimtab.records.run import Run

AGAIN = "again"


def repeat(asked: Repetition) -> Run:
    """The record of the run, executed again; a failed one says how. Raises what kept its first step from running."""
    folder, state, run = Path(asked.folder), Path(asked.state), asked.run
    project = with_recorded(folder, read_project(folder), run, asked.given)
    blobs = LocalBlobs(state / "blobs")
    home = Home(
        root=folder,
        state=state,
        project=project,
        records=SqliteRecords(state / "state.db"),
        blobs=blobs,
        bundles=Bundles(state / "releases"),
    )
    data = project.data.path if project.data is not None else ""
    plan = Plan(
        run_id=AGAIN,
        kind="reproduce",
        actor=run.actor,
        as_of=run.as_of,
        folder=folder,
        project=project,
        snapshot=take_snapshot(folder, blobs, data=data, made=project.makes),
        parent=run,
        fresh=True,
        here=True,
    )
    try:
        return execute(home, plan, _say)
    except TrimtabError:
        failed = home.records.run(AGAIN)
        if failed is None or not failed.steps:  # nothing was executed, so there is nothing to compare
            raise
        return failed


def main(asked: str, answer: str, *rest: str) -> None:
    """Repeat what the file ``asked`` says, and write the record to ``answer``."""
    repetition = msgspec.msgpack.decode(Path(asked).read_bytes(), type=Repetition)
    if "--world" in rest:
        from trimtab.drivers.observation.world import enter_other_world

        enter_other_world()
    try:
        written = answer_of(repeat(repetition))
    except TrimtabError as error:
        written = encode_problem(error)
    write_bytes(Path(answer), written)


def _say(said: str) -> None:
    sys.stderr.write(f"{said}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
