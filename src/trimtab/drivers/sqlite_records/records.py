"""Records in one SQLite file: runs, actions, documents and the journal.

SQLite because it is a file, has transactions that survive kill -9, and lets several processes in. The write-ahead log
lets readers go on while somebody writes; ``synchronous=FULL`` brings each commit to the disk, since an effect may
follow it at once. What is stored are the records' own canonical bytes: the database's columns are only what is looked
up or sorted by, and the journal's chain is over the very bytes in its rows. How runs are searched is in `run_tables`
and `run_search`.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Self, TypeVar

import msgspec

from trimtab.base.errors import InputError, NotFoundError
from trimtab.base.instants import SECOND, Span
from trimtab.drivers.sqlite_records.database import Database
from trimtab.drivers.sqlite_records.run_search import SqliteRunSearch
from trimtab.drivers.sqlite_records.run_write import put_run
from trimtab.records.action import Action, ActionState
from trimtab.records.journal import Draft, Entry, follow
from trimtab.records.run import Run
from trimtab.records.run_fields import encode_run
from trimtab.records.versioned import decode, encode

R = TypeVar("R", bound=msgspec.Struct)

PATIENCE: Final = Span(30 * SECOND)
"""How long a writer waits for another: a transaction of ours takes milliseconds, a laptop's sleep may come between."""

_BATCH: Final = 500
_LAST_NAME: Final = "\U0010ffff"


class SqliteRecords(SqliteRunSearch):
    """The port `Records` on a SQLite file; for several threads and several processes at once.

    The file is closed when the object goes, or at the end of a ``with`` block. Open it anew after a fork.

    Args:
        path: the database; it and its folder are made (readable by the user only) if they are not there.
        patience: how long a write waits for another process's.

    Raises:
        InputError: the folder is on a network file system.
        UnknownVersionError: a newer Trimtab, or another program, made the file.
        DriverError: the file cannot be made or opened.
    """

    def __init__(self, path: Path, *, patience: Span = PATIENCE) -> None:
        super().__init__(Database(path, patience))
        self._close = weakref.finalize(self, self._database.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside take place together or not at all; a nested one is part of the outer.

        A nested one whose error is caught inside the outer leaves nothing of itself.
        """
        return self._database.transaction()

    def append(self, draft: Draft) -> Entry:
        with self.transaction():
            rows = self._database.select("SELECT entry FROM journal ORDER BY sequence DESC LIMIT 1")
            last = decode(Entry, rows[0][0], at="the journal") if rows else None
            entry = follow(last, draft)
            self._database.write("INSERT INTO journal (sequence, entry) VALUES (?, ?)", entry.sequence, encode(entry))
        return entry

    def journal(self, *, after: int = 0) -> Iterator[bytes]:
        while True:
            query = "SELECT sequence, entry FROM journal WHERE sequence > ? ORDER BY sequence LIMIT ?"
            rows = self._database.select(query, after, _BATCH)
            yield from (entry for _, entry in rows)
            if len(rows) < _BATCH:
                return
            after = rows[-1][0]

    def put_run(self, run: Run) -> None:
        record = encode_run(run)
        with self.transaction():
            put_run(self._database, run, record)

    def run(self, run_id: str) -> Run | None:
        query = "SELECT run_record.record FROM run JOIN run_record USING (n) WHERE run.run = ?"
        rows = self._database.select(query, run_id)
        return decode(Run, rows[0][0], at=f"run {run_id}") if rows else None

    def runs(self) -> Sequence[Run]:
        query = "SELECT run_record.record, run.run FROM run JOIN run_record USING (n) ORDER BY started DESC, n DESC"
        return tuple(decode(Run, record, at=f"run {run_id}") for record, run_id in self._database.select(query))

    def put_action(self, action: Action) -> bool:
        return self._database.write(
            "INSERT INTO action (key, kind, record) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
            action.key,
            action.kind,
            encode(action),
        )

    def end_action(self, key: str, state: ActionState, outcome: dict[str, str]) -> bool:
        if state is ActionState.INTENDED:
            raise InputError(f"the action {key!r} cannot end as intended", fix="Close it as done or failed.")
        with self.transaction():
            rows = self._database.select("SELECT record FROM action WHERE key = ?", key)
            if not rows:
                raise NotFoundError(f"there is no action {key!r}", fix="Put it first; `trimtab journal` lists them.")
            action = decode(Action, rows[0][0], at=f"action {key}")
            if action.state is not ActionState.INTENDED:
                return False
            closed = msgspec.structs.replace(action, state=state, outcome=outcome)
            return self._database.write("UPDATE action SET record = ? WHERE key = ?", encode(closed), key)

    def actions(self, *, kind: str | None = None) -> Sequence[Action]:
        rows = self._database.select("SELECT record, key FROM action WHERE ?1 IS NULL OR kind = ?1 ORDER BY n", kind)
        return tuple(decode(Action, record, at=f"action {key}") for record, key in rows)

    def put_document(self, name: str, record: msgspec.Struct) -> None:
        self._database.write(
            "INSERT INTO document (name, record) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET record = excluded.record",
            name,
            encode(record),
        )

    def document(self, name: str, kind: type[R]) -> R | None:
        rows = self._database.select("SELECT record FROM document WHERE name = ?", name)
        return decode(kind, rows[0][0], at=f"document {name}") if rows else None

    def documents(self, prefix: str, kind: type[R]) -> Sequence[R]:
        query = "SELECT record, name FROM document WHERE name >= ? AND name < ? ORDER BY name"
        rows = self._database.select(query, prefix, prefix + _LAST_NAME)
        return tuple(decode(kind, record, at=f"document {name}") for record, name in rows)
