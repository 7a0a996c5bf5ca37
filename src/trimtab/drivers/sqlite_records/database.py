"""One SQLite file: its layout, its connections, its transactions, and its errors as sentences.

Each transaction has a connection to itself, from a small pool: on a shared one, another thread's write would join it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from trimtab.base.errors import BusyError, DriverError, IntegrityError, TrimtabError, UnknownVersionError
from trimtab.base.instants import SECOND, Span, format_span
from trimtab.disk.faults import explained
from trimtab.disk.network import refuse_network
from trimtab.drivers.sqlite_records.run_tables import RUN_TABLES, add_functions

APPLICATION_ID: Final = 0x54726D74
"""Marks the file as ours (``Trmt``), for `file` and for whoever opens another program's database by mistake."""

SCHEMA_VERSION: Final = 2

_TABLES: Final = (
    "CREATE TABLE journal (sequence INTEGER PRIMARY KEY, entry BLOB NOT NULL)",
    "CREATE TABLE action (n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, record BLOB NOT NULL)",
    "CREATE TABLE document (name TEXT PRIMARY KEY, record BLOB NOT NULL)",
    *RUN_TABLES,
)


class Database:
    """A file with our tables; for several threads and several processes at once.

    It and its folder are made, for their owner only, if they are not there; see `SqliteRecords` for what is raised.
    """

    def __init__(self, path: Path, patience: Span) -> None:
        self.path = path
        self._patience = patience
        self._closed = threading.Event()
        self._idle: deque[sqlite3.Connection] = deque()
        self._mine = threading.local()
        self._create()
        with self._connection() as connection:
            self._prepare(connection)

    def close(self) -> None:
        """Close the file; what another thread is in the middle of is finished and closed then."""
        self._closed.set()
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside take place together or not at all; a nested one is part of the outer.

        A nested one whose error is caught inside the outer leaves nothing of itself.
        """
        depth: int = getattr(self._mine, "depth", 0)
        if depth:
            connection = self._mine.connection
            self._require_transaction(connection)
            begin, end, undo = f"SAVEPOINT s{depth}", f"RELEASE s{depth}", f"ROLLBACK TO s{depth}"
            with self._steps(connection, begin, end, undo):
                self._mine.depth = depth + 1
                try:
                    yield
                finally:
                    self._mine.depth = depth
            return
        with self._connection() as connection, self._steps(connection, "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"):
            self._mine.connection, self._mine.depth = connection, 1
            try:
                yield
            finally:
                self._mine.connection, self._mine.depth = None, 0

    def select(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows that a query finds, in this thread's transaction if it is in one."""
        with self._connection() as connection, self._translated():
            return connection.execute(query, values).fetchall()

    def write(self, statement: str, *values: object) -> bool:
        """Carries out one statement in a transaction; whether it changed anything."""
        with self._connection() as connection, self._translated():
            return connection.execute(statement, values).rowcount > 0

    def write_all(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Carries out one statement for each row; to be called in a transaction, so that all take place or none."""
        with self._connection() as connection, self._translated():
            connection.executemany(statement, rows)

    def _create(self) -> None:
        """An empty file of mode 0600 (SQLite gives its side files the same); an empty file is an empty database."""
        with explained(f"make {self.path.name}", self.path):
            refuse_network(self.path.parent)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Bring a new file to the schema; refuse a file of another one. Safe when two processes come at once."""
        with self._translated():
            if self._known(connection):
                return
            deadline = time.monotonic() + self._patience / SECOND
            while True:
                try:
                    connection.execute("PRAGMA journal_mode = WAL")
                    break
                except sqlite3.OperationalError as error:  # SQLite does not wait for the lock that this needs
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                        raise
                    time.sleep(0.005)
        with self._steps(connection, "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"):
            if not self._known(connection):
                for statement in _TABLES:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _known(self, connection: sqlite3.Connection) -> bool:
        """Whether the file has our schema; False for an empty one; raises for any other."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if (application, version, tables) == (0, 0, 0):
            return False
        if application != APPLICATION_ID:
            raise UnknownVersionError(
                f"{self.path.name} is a database of another program",
                fix="Move it away, or name another.",
                at=str(self.path),
            )
        if version != SCHEMA_VERSION:
            raise UnknownVersionError(
                f"{self.path.name} has the layout {version}, and this Trimtab knows the layout {SCHEMA_VERSION}",
                fix="Use the Trimtab that made it, or move it away and start anew; before 0.1 nothing is migrated.",
                at=str(self.path),
            )
        return True

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """This thread's transaction's connection, or one of the pool. A connection that failed is not used again."""
        if getattr(self._mine, "depth", 0):
            self._require_transaction(self._mine.connection)
            yield self._mine.connection
            return
        if self._closed.is_set():
            raise DriverError(f"{self.path.name} is closed", fix="Open it again.", at=str(self.path))
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        if self._closed.is_set():
            self.close()

    def _open(self) -> sqlite3.Connection:
        with self._translated():
            connection = sqlite3.connect(
                self.path, timeout=self._patience / SECOND, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA fullfsync = ON")  # macOS only: its plain fsync stops at the drive's cache
            add_functions(connection)
        return connection

    @contextmanager
    def _steps(self, connection: sqlite3.Connection, begin: str, end: str, undo: str) -> Iterator[None]:
        with self._translated():
            connection.execute(begin)
        try:
            yield
            self._require_transaction(connection)
            with self._translated():
                connection.execute(end)
        except BaseException:
            if connection.in_transaction:  # SQLite has rolled back by itself after a full disk or an I/O error
                connection.execute(undo)
            raise

    def _require_transaction(self, connection: sqlite3.Connection) -> None:
        """After a full disk SQLite undoes the whole transaction; what follows must not take place without it."""
        if not connection.in_transaction:
            raise DriverError(
                f"this transaction of {self.path.name} was undone after an error",
                fix="Nothing of it was kept: put right what the error says, and try again.",
            )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _explain(error, self.path, self._patience) from error


def _explain(error: sqlite3.Error, path: Path, patience: Span) -> TrimtabError:
    """The error in the user's words. SQLite's extended codes hold the plain code in their lowest byte."""
    code = getattr(error, "sqlite_errorcode", None)
    plain = code & 0xFF if code is not None else None
    name, at = path.name, str(path)
    if plain in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return BusyError(
            f"another process has kept {name} locked for {format_span(patience)}",
            fix="Let it finish, or stop it, and try again.",
            at=at,
        )
    if plain == sqlite3.SQLITE_FULL:
        return DriverError(f"cannot write {name}: the disk is full", fix="Free some space and try again.", at=at)
    if plain == sqlite3.SQLITE_IOERR:
        return DriverError(
            f"cannot read or write {name}: the system reported an error ({error})",
            fix="Check the disk, its quota and `ulimit -f`; what was committed before is safe.",
            at=at,
        )
    if plain in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return DriverError(
            f"cannot open {name} for writing ({error})", fix="Check the owner and the mode of it and its folder.", at=at
        )
    if plain in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return IntegrityError(f"{name} is damaged ({error})", fix="Restore it from a backup.", at=at)
    return DriverError(f"{name} could not be used ({error})", fix="Try again; if it stays, report it.", at=at)
