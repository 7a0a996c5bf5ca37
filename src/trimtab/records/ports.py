"""The ports through which records and blobs are kept.

Each has the embedded driver (SQLite, local files) and a public fake, and one conformance suite that both pass.
They are small on purpose: what a driver must promise is listed at each method, idempotence first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

import msgspec

from trimtab.base.digest import Digest
from trimtab.records.action import Action, ActionState
from trimtab.records.journal import Draft, Entry
from trimtab.records.run import Run

R = TypeVar("R", bound=msgspec.Struct)


class Records(Protocol):
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
        """Insert or replace the run of that ``run_id``."""
        ...

    def run(self, run_id: str) -> Run | None: ...

    def runs(self) -> Sequence[Run]:
        """All runs, the newest start first."""
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
