"""Records in one SQLite file."""

from trimtab.drivers.sqlite_records.database import APPLICATION_ID, SCHEMA_VERSION
from trimtab.drivers.sqlite_records.records import SqliteRecords

__all__ = ["APPLICATION_ID", "SCHEMA_VERSION", "SqliteRecords"]
