"""The process in which a recorded run is executed again.

Run as ``python -m trimtab.app.repetition ASKED ANSWER``, in the environment that was built for it. A repetition that
fails has a record too: how it failed is part of the comparison.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from trimtab.app.home import Home
from trimtab.app.project_code import read_code
from trimtab.app.reproduce import Repetition, answer_of
from trimtab.app.run import Plan, execute
from trimtab.base.errors import TrimtabError
from trimtab.disk.atomic import write_bytes
from trimtab.drivers.bundles import Bundles
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.project_file import read_project
from trimtab.drivers.source_snapshot import take_snapshot
from trimtab.drivers.sqlite_records import SqliteRecords
from trimtab.pipeline.graph import parameters
from trimtab.records.run import Run
from trimtab.spec.project import Project

AGAIN = "again"


def repeat(asked: Repetition) -> Run:
    """The record of the run, executed again; a failed one says how."""
    folder, state, run = Path(asked.folder), Path(asked.state), asked.run
    project = _with_parameters(folder, read_project(folder), run)
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
        snapshot=take_snapshot(folder, blobs, data=data),
        parent=run,
        fresh=True,
        here=True,
    )
    with suppress(TrimtabError):
        return execute(home, plan, _say)
    failed = home.records.run(AGAIN)
    assert failed is not None
    return failed


def main(asked: str, answer: str, *rest: str) -> None:
    """Repeat what the file ``asked`` says, and write the record to ``answer``."""
    repetition = msgspec.msgpack.decode(Path(asked).read_bytes(), type=Repetition)
    if "--world" in rest:
        from trimtab.drivers.observation.world import enter_other_world

        enter_other_world()
    write_bytes(Path(answer), answer_of(repeat(repetition)))


def _say(said: str) -> None:
    sys.stderr.write(f"{said}\n")


def _with_parameters(folder: Path, project: Project, run: Run) -> Project:
    """The project with the hyper-parameters of the record: some may have been given on the command line."""
    kept = frozenset(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    known = parameters(read_code(folder, project, kept).graph)
    values = {
        name: value
        for name, value in run.parameters.items()
        if name in known and name != "seed" and value is not None and not str(value).startswith("sha256:")
    }
    return replace(project, pipeline=replace(project.pipeline, params={**project.pipeline.params, **values}))


if __name__ == "__main__":
    main(*sys.argv[1:])
