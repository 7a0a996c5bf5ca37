"""One suite, two stores."""

from __future__ import annotations

from pathlib import Path

from trimtab.drivers.sqlite_records import SqliteRecords
from trimtab.records.ports import Records
from trimtab.testing import FakeRecords
from trimtab.testing.conformance import RecordsConformance


class TestSqliteRecords(RecordsConformance):
    def make(self, folder: Path) -> Records:
        return SqliteRecords(folder / "state.db")


class TestFakeRecords(RecordsConformance):
    def make(self, folder: Path) -> Records:
        return FakeRecords()
