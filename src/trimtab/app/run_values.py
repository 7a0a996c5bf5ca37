"""What the parts of a run hand to each other: what is to be done, what is ready, what is known so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from trimtab.app.known_reach import KnownReach
from trimtab.app.project_code import SourceCode
from trimtab.app.steps import Given, Steps
from trimtab.base.instants import Instant
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.source_snapshot import Snapshot
from trimtab.records.environment import Environment
from trimtab.records.journal import Actor
from trimtab.records.run import Run
from trimtab.spec.project import Project

if TYPE_CHECKING:
    from trimtab.app.training_rows import TrainingRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is to do.

    Attributes:
        folder: holds the source that is executed: the working tree, or a past run's snapshot laid out.
        project: what that source's ``trimtab.toml`` says.
        replayed: the endpoint lives in a replay's time, so nothing may depend on the machine's speed.
        fresh: nothing that was kept before is used.
        here: every step runs in this process, where a breakpoint works.
    """

    run_id: str
    kind: str
    actor: Actor
    as_of: Instant
    folder: Path
    project: Project
    snapshot: Snapshot
    parent: Run | None = None
    replayed: bool = False
    fresh: bool = False
    here: bool = False


@dataclass(slots=True)
class Carried:
    """The record as far as it is known: what is there when a step fails is recorded too."""

    run: Run

    def note(self, **known: Any) -> None:
        """Add to the record."""
        self.run = msgspec.structs.replace(self.run, **known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A run's steps, ready to be planned or run."""

    steps: Steps
    given: Mapping[str, Given]
    code: SourceCode
    rows: TrainingRows | None
    environment: Environment
    index: FileIndex
    reach: KnownReach

    def save(self) -> None:
        """Keep for the next run what was learnt of files and code; raises `DriverError`."""
        self.index.save()
        self.reach.save()
