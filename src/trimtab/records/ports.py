"""The ports through which records and blobs are kept and processes are run.

Each has the embedded driver (SQLite, local files) and a public fake, and one conformance suite that both pass.
They are small on purpose: what a driver must promise is listed at each method, idempotence first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

import msgspec

from trimtab.base.digest import Digest
from trimtab.base.instants import Span
from trimtab.records.action import Action, ActionState
from trimtab.records.journal import Draft, Entry
from trimtab.records.process import Command, Preparation, ProcessStatus
from trimtab.records.run import Run
from trimtab.records.where import RunQuery, RunRow

R = TypeVar("R", bound=msgspec.Struct)


class RunSearch(Protocol):
    """Looking for runs by what they have, without reading their records."""

    def find_runs(self, query: RunQuery) -> Sequence[RunRow]:
        """The runs that fulfil the query, in its order, with its columns: as `trimtab.records.where.search` finds them.

        A hundred thousand runs are searched in well under a second.
        """
        ...

    def count_runs(self, query: RunQuery) -> int:
        """How many runs fulfil the query's condition; its limit does not count."""
        ...

    def run_fields(self) -> Sequence[str]:
        """The keys (``metrics.auc``) in the open sections that some run has, sorted; one that no run has any more may
        be among them."""
        ...


class Records(RunSearch, Protocol):
    """Runs, actions, documents and the journal, in one transactional store."""

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside take place together or not at all; nested transactions join the outer one."""
        ...

    def append(self, draft: Draft) -> Entry:
        """Put a draft behind the journal's head; the driver serialises writers."""
        ...

    def journal(self, *, after: int = 0) -> Iterator[bytes]:
        """Stored entries (canonical JSON) with a sequence above ``after``, in order."""
        ...

    def put_run(self, run: Run) -> None:
        """Insert or replace the run of that ``run_id``; what `find_runs` finds changes with it.

        Raises:
            UnrecordableRunError: a metric or a parameter is NaN or infinite, which no record can hold.
        """
        ...

    def run(self, run_id: str) -> Run | None: ...

    def runs(self) -> Sequence[Run]:
        """All runs, the newest start first. Each is read whole: to look for some, ask `find_runs`."""
        ...

    def put_action(self, action: Action) -> bool:
        """Insert an action; False, and nothing is changed, if its key is known (doing it twice is doing it once)."""
        ...

    def end_action(self, key: str, state: ActionState, outcome: dict[str, str]) -> bool:
        """Close an intended action; False, and nothing is changed, if it is closed already."""
        ...

    def actions(self, *, kind: str | None = None) -> Sequence[Action]:
        """Actions in the order in which they were decided."""
        ...

    def put_document(self, name: str, record: msgspec.Struct) -> None:
        """Replace the one record of that name (desired state of an endpoint, the tick's cursor, a window)."""
        ...

    def document(self, name: str, kind: type[R]) -> R | None: ...

    def documents(self, prefix: str, kind: type[R]) -> Sequence[R]:
        """The records whose names start with ``prefix``, ordered by name."""
        ...


class Blobs(Protocol):
    """Immutable content by digest."""

    def put(self, content: bytes) -> Digest:
        """Keep some bytes under their digest; keeping them twice is keeping them once."""
        ...

    def get(self, digest: Digest) -> bytes:
        """The bytes, checked against their digest.

        Raises:
            NotFoundError: nothing is kept under it.
            IntegrityError: what is kept is damaged.
        """
        ...

    def has(self, digest: Digest) -> bool: ...


class ProcessRunner(Protocol):
    """Long work in processes of its own, which outlive the one that started them.

    A key names one piece of work, as an action's key does; whoever asks for it again, also after a restart, finds
    what was started before.
    """

    def prepare(self, preparation: Preparation) -> None:
        """Get ready for one command of that kind, so that starting it takes less time; nothing else changes by it.

        A hint, that a runner may not be able to take. Done twice it is done once; another preparation replaces it. What
        was prepared ends with the process that prepared it.
        """
        ...

    def start(self, key: str, command: Command) -> ProcessStatus:
        """Start it, unless it runs or has exited: then nothing happens. A lost one is started again."""
        ...

    def status(self, key: str) -> ProcessStatus:
        """What became of it, as of now."""
        ...

    def wait(self, key: str, *, timeout: Span) -> ProcessStatus:
        """Its status once it no longer runs, or after ``timeout``."""
        ...

    def stop(self, key: str, *, grace: Span) -> ProcessStatus:
        """Ask it and its own children to end, and end them after ``grace``; nothing happens if it does not run."""
        ...

    def forget(self, key: str) -> None:
        """Forget how it ended, so that the key can be started anew.

        Raises:
            BusyError: it is running.
        """
        ...
