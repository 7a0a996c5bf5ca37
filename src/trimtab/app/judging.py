"""What a model is judged with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trimtab.base.digest import Digest
from trimtab.drivers.source_snapshot import Snapshot
from trimtab.spec.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What a model is judged with.

    ``folder`` and ``snapshot`` are the source that was executed; ``champion`` the release to compare with; ``timed``
    says whether latency is judged (not in a replay, which must not depend on the machine's speed).
    """

    project: Project
    folder: Path
    snapshot: Snapshot
    champion: Digest | None
    timed: bool
