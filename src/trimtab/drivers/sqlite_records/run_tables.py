"""The tables in which runs are kept and searched.

``run`` is narrow, one column for each fixed field, so that all of it is read in a few milliseconds; the records
themselves lie apart. What differs in name from run to run (metrics, parameters, outputs) is a ``fact`` each, in the
order of its name: one name's values for all runs lie side by side. An environment or a set of files is the same for
thousands of runs, and is kept once.

Rejected: indexes on expressions of the record's JSON, since names are the user's; reading and decoding the records,
which is seconds for 100,000; a column of JSON beside the record, ten times slower than a table in the order of names.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from trimtab.records.run import Scalar
from trimtab.records.run_fields import ENVIRONMENT, FIXED, Field, Kind, version_key
from trimtab.records.where import contains, is_like

COLUMNS: Final = tuple(key for key in FIXED if not key.startswith(ENVIRONMENT))
"""The fixed fields that a run has by itself, each a column of its name; those of its environment are shared facts."""

_RUN: Final = ", ".join(f'"{key}" NOT NULL UNIQUE' if key == "run" else f'"{key}"' for key in COLUMNS)

RUN_TABLES: Final = (
    # columns without a type keep what they are given: nothing turns a text into a number
    f"CREATE TABLE run (n INTEGER PRIMARY KEY, {_RUN}, environment INTEGER, files INTEGER)",
    'CREATE INDEX run_by_start ON run ("started" DESC, n DESC)',
    'CREATE INDEX run_by_state ON run ("state", "started" DESC, n DESC)',
    'CREATE INDEX run_by_release ON run ("release")',
    'CREATE INDEX run_by_table ON run ("data.table")',
    "CREATE TABLE run_record (n INTEGER PRIMARY KEY, record BLOB NOT NULL)",
    "CREATE TABLE fact_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE fact (name INTEGER, of INTEGER, value NOT NULL, PRIMARY KEY (name, of)) WITHOUT ROWID",
    "CREATE TABLE shared (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE)",
    "CREATE TABLE shared_fact (name INTEGER, of INTEGER, value NOT NULL, rank, PRIMARY KEY (name, of)) WITHOUT ROWID",
)


def add_functions(connection: sqlite3.Connection) -> None:
    """Give SQL the very functions by which a record's value is compared: what the two find is then the same."""
    connection.create_function("is_like", 2, _of_text(is_like), deterministic=True)
    connection.create_function("has_part", 2, _of_text(contains), deterministic=True)


def _of_text(test: Callable[[str, str], bool]) -> Callable[[str, object], bool]:
    return lambda pattern, value: isinstance(value, str) and test(pattern, value)


def stored(value: Scalar) -> object:
    """True and false as bytes: SQL has no truth values, and compares bytes with nothing else."""
    return bytes((value,)) if isinstance(value, bool) else value


def restored(value: object) -> Scalar:
    """What `stored` was given."""
    assert value is None or isinstance(value, bytes | int | float | str), "nothing else is stored"
    return value == b"\1" if isinstance(value, bytes) else value


def rank_of(field: Field, value: Scalar) -> str | None:
    """What a version sorts by; None for all else, which sorts by itself."""
    return version_key(str(value)) if field.kind is Kind.VERSION else None
