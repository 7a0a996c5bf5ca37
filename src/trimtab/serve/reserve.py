"""The supervisor's side of the spare worker: has one ready while all is calm, and hands it over."""

from __future__ import annotations

from pathlib import Path

import msgspec

from trimtab.serve.child import Child, ChildPlan
from trimtab.serve.programs import PROGRAM_WORDS, Serving, spare_command
from trimtab.serve.spare import Assignment
from trimtab.serve.threads import THREADS


class Reserve:
    """One spare worker, or none. One that died is replaced, with the pauses of any child that crashes."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._child = Child(ChildPlan(name="spare", argv=(), threads=THREADS))

    @property
    def pid(self) -> int:
        """The spare's process; 0 if there is none."""
        return self._child.pid

    @property
    def missing(self) -> bool:
        """Whether there is none and one may be begun."""
        return self._child.due()

    def begin(self, modules: tuple[str, ...]) -> None:
        """Begin a spare that imports these, unless there is one."""
        self._child.plan = ChildPlan(name="spare", argv=spare_command(modules), threads=THREADS)
        self._child.tick(self._serving.logs)

    def become(self, worker: Child, release: Path) -> bool:
        """Turn the spare into the worker that ``worker`` plans; False if there is no spare that lives."""
        logs = self._serving.logs
        assignment = Assignment(
            argv=worker.plan.argv,
            program=PROGRAM_WORDS,
            release=str(release),
            log=str(logs / f"{worker.plan.name}.log") if logs is not None else "",
        )
        return worker.take(self._child, msgspec.json.encode(assignment) + b"\n")

    def end(self, patience: float) -> None:
        """End the spare."""
        self._child.end()
        self._child.wait(patience)
