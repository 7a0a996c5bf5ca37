"""Fakes of the ports: in memory, deterministic, and true to what the ports promise, transactions included.

Records and blobs are kept as their stored bytes, so that what cannot be stored fails here too and nobody shares a
mutable value with the store by accident.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import BusyError, InputError, IntegrityError, NotFoundError
from trimtab.base.instants import Instant, Span, format_instant
from trimtab.records.action import Action, ActionState
from trimtab.records.journal import Draft, Entry, follow
from trimtab.records.process import Command, Preparation, ProcessState, ProcessStatus
from trimtab.records.run import Run
from trimtab.records.run_fields import FIXED, encode_run, environment_facts, file_facts, own_facts
from trimtab.records.versioned import decode, encode
from trimtab.records.where import RunQuery, RunRow, search

R = TypeVar("R", bound=msgspec.Struct)


@dataclass(slots=True)
class _Shelf:
    """Everything that `FakeRecords` keeps at one moment."""

    journal: list[bytes] = field(default_factory=list)
    runs: dict[str, bytes] = field(default_factory=dict)
    actions: dict[str, bytes] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)

    def __copy__(self) -> _Shelf:
        return _Shelf(list(self.journal), dict(self.runs), dict(self.actions), dict(self.documents))


class FakeRecords:
    """The port `Records` in memory. Writers take turns; readers see the last committed state and never wait."""

    def __init__(self) -> None:
        self._committed = _Shelf()
        self._turn = threading.RLock()
        self._mine = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._turn:
            outer: _Shelf | None = getattr(self._mine, "shelf", None)
            inner = copy(outer if outer is not None else self._committed)
            self._mine.shelf = inner
            try:
                yield
            except BaseException:
                self._mine.shelf = outer
                raise
            self._mine.shelf = outer
            if outer is None:
                self._committed = inner
            else:
                outer.journal, outer.runs, outer.actions, outer.documents = (
                    inner.journal, inner.runs, inner.actions, inner.documents,
                )  # fmt: skip

    def append(self, draft: Draft) -> Entry:
        with self._writing() as shelf:
            last = decode(Entry, shelf.journal[-1]) if shelf.journal else None
            entry = follow(last, draft)
            shelf.journal.append(encode(entry))
        return entry

    def journal(self, *, after: int = 0) -> Iterator[bytes]:
        return iter(self._shelf.journal[after:])

    def put_run(self, run: Run) -> None:
        with self._writing() as shelf:
            shelf.runs[run.run_id] = encode_run(run)

    def run(self, run_id: str) -> Run | None:
        stored = self._shelf.runs.get(run_id)
        return decode(Run, stored) if stored is not None else None

    def runs(self) -> Sequence[Run]:
        newest_put_first = [decode(Run, stored) for stored in reversed(self._shelf.runs.values())]
        return tuple(sorted(newest_put_first, key=lambda run: -run.started_at))

    def find_runs(self, query: RunQuery) -> Sequence[RunRow]:
        return search(query, self.runs())

    def count_runs(self, query: RunQuery) -> int:
        return len(search(RunQuery(where=query.where, dead=query.dead), self.runs()))

    def run_fields(self) -> Sequence[str]:
        runs = self.runs()
        facts = [own_facts(run).keys() | environment_facts(run).keys() | file_facts(run).keys() for run in runs]
        return sorted(key for key in set[str]().union(*facts) if key not in FIXED)

    def put_action(self, action: Action) -> bool:
        with self._writing() as shelf:
            return shelf.actions.setdefault(action.key, stored := encode(action)) is stored

    def end_action(self, key: str, state: ActionState, outcome: dict[str, str]) -> bool:
        if state is ActionState.INTENDED:
            raise InputError(f"the action {key!r} cannot end as intended", fix="Close it as done or failed.")
        with self._writing() as shelf:
            if key not in shelf.actions:
                raise NotFoundError(f"there is no action {key!r}", fix="Put it first; `trimtab journal` lists them.")
            action = decode(Action, shelf.actions[key])
            if action.state is not ActionState.INTENDED:
                return False
            shelf.actions[key] = encode(msgspec.structs.replace(action, state=state, outcome=outcome))
            return True

    def actions(self, *, kind: str | None = None) -> Sequence[Action]:
        everything = (decode(Action, stored) for stored in self._shelf.actions.values())
        return tuple(action for action in everything if kind is None or action.kind == kind)

    def put_document(self, name: str, record: msgspec.Struct) -> None:
        with self._writing() as shelf:
            shelf.documents[name] = encode(record)

    def document(self, name: str, kind: type[R]) -> R | None:
        stored = self._shelf.documents.get(name)
        return decode(kind, stored, at=f"document {name}") if stored is not None else None

    def documents(self, prefix: str, kind: type[R]) -> Sequence[R]:
        found = sorted(item for item in self._shelf.documents.items() if item[0].startswith(prefix))
        return tuple(decode(kind, stored, at=f"document {name}") for name, stored in found)

    @property
    def _shelf(self) -> _Shelf:
        mine: _Shelf | None = getattr(self._mine, "shelf", None)
        return mine if mine is not None else self._committed

    @contextmanager
    def _writing(self) -> Iterator[_Shelf]:
        with self.transaction():
            yield self._shelf


class FakeBlobs:
    """The port `Blobs` in memory; `damage` and `lose` are what a disk does on a bad day."""

    def __init__(self) -> None:
        self._kept: dict[Digest, bytes] = {}

    def put(self, content: bytes) -> Digest:
        digest = digest_bytes(content)
        self._kept[digest] = bytes(content)
        return digest

    def get(self, digest: Digest) -> bytes:
        if digest not in self._kept:
            raise NotFoundError(f"nothing is kept under {digest}")
        if digest_bytes(self._kept[digest]) != digest:
            raise IntegrityError(f"the content kept under {digest} is not what it was")
        return self._kept[digest]

    def has(self, digest: Digest) -> bool:
        return digest in self._kept

    def damage(self, digest: Digest) -> None:
        """From now on the blob has other bytes than it should."""
        self._kept[digest] += b"\0"

    def lose(self, digest: Digest) -> None:
        """From now on nothing is kept under the digest."""
        del self._kept[digest]


class FakeClock:
    """The port `Clock`, set by hand."""

    def __init__(self, now: Instant, *, replayed: bool = True) -> None:
        self._now = now
        self.replayed = replayed

    def now(self) -> Instant:
        return self._now

    def set(self, now: Instant) -> None:
        """Go to a moment; raises `InputError` for an earlier one, since no clock goes back."""
        if now < self._now:
            raise InputError(
                f"the clock stands at {format_instant(self._now)} and does not go back to {format_instant(now)}"
            )
        self._now = now

    def advance(self, span: Span) -> Instant:
        """Go on by a span; returns the new present."""
        self.set(Instant(self._now + span))
        return self._now


class FakeProcesses:
    """The port `ProcessRunner` without processes.

    Args:
        run: given a command, the code with which it ends at once, or None: it runs until `finish`, `lose` or `stop`.
            Without it everything runs until then.

    Attributes:
        started: each start that took place, in order.
        prepared: what it was last told to prepare.
    """

    def __init__(self, run: Callable[[Command], int | None] | None = None) -> None:
        self._run = run
        self._known: dict[str, ProcessStatus] = {}
        self.started: list[tuple[str, Command]] = []
        self.prepared: Preparation | None = None

    def prepare(self, preparation: Preparation) -> None:
        self.prepared = preparation

    def start(self, key: str, command: Command) -> ProcessStatus:
        if self.status(key).startable:
            self.started.append((key, command))
            code = self._run(command) if self._run is not None else None
            state = ProcessState.RUNNING if code is None else ProcessState.EXITED
            self._known[key] = ProcessStatus(state=state, code=code)
        return self._known[key]

    def status(self, key: str) -> ProcessStatus:
        return self._known.get(key, ProcessStatus(state=ProcessState.UNKNOWN))

    def wait(self, key: str, *, timeout: Span) -> ProcessStatus:  # noqa: ARG002 - no time passes here
        return self.status(key)

    def stop(self, key: str, *, grace: Span) -> ProcessStatus:  # noqa: ARG002 - it ends at once
        if self.status(key).state is ProcessState.RUNNING:
            self.finish(key, -15)
        return self.status(key)

    def forget(self, key: str) -> None:
        if self.status(key).state is ProcessState.RUNNING:
            raise BusyError(f"{key} is running", fix="Stop it first, or wait for it to end.")
        self._known.pop(key, None)

    def finish(self, key: str, code: int = 0) -> None:
        """The running process ends with a code."""
        self._known[key] = ProcessStatus(state=ProcessState.EXITED, code=code)

    def lose(self, key: str) -> None:
        """The running process is gone, and nobody knows how it ended."""
        self._known[key] = ProcessStatus(state=ProcessState.LOST)
