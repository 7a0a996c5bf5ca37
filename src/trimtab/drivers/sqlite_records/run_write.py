"""Writing a run: its record, and beside it what it is searched by, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from trimtab.base.digest import digest_json
from trimtab.drivers.sqlite_records.database import Database
from trimtab.drivers.sqlite_records.run_tables import COLUMNS, rank_of, stored
from trimtab.records.run import Run, Scalar
from trimtab.records.run_fields import FIXED, OPEN, Field, environment_facts, file_facts, files_of, own_facts, value_of
from trimtab.records.versioned import decode

_AT_ONCE: Final = 500
_SET: Final = (*COLUMNS, "environment", "files")
_PUT: Final = "INSERT INTO run ({}) VALUES ({}) ON CONFLICT (run) DO UPDATE SET {} RETURNING n".format(
    ", ".join(f'"{key}"' for key in _SET),
    ", ".join("?" for _ in _SET),
    ", ".join(f'"{key}" = excluded."{key}"' for key in _SET if key != "run"),
)


def put_run(database: Database, run: Run, record: bytes) -> None:
    """Insert or replace the run and what is found by it; only facts that have changed are written."""
    query = "SELECT run_record.record FROM run JOIN run_record USING (n) WHERE run.run = ?"
    old = database.select(query, run.run_id)
    before = own_facts(decode(Run, old[0][0], at=f"run {run.run_id}")) if old else {}
    environment = _share(database, environment_facts(run)) if run.environment is not None else None
    files = _share(database, file_facts(run)) if files_of(run) else None
    row = [stored(value_of(run, Field(key))) for key in COLUMNS]
    ((number,),) = database.select(_PUT, *row, environment, files)
    database.write(
        "INSERT INTO run_record (n, record) VALUES (?, ?) ON CONFLICT (n) DO UPDATE SET record = excluded.record",
        number,
        record,
    )
    after = own_facts(run)
    ids = _names(database, before.keys() | after.keys())
    gone = [(ids[key], number) for key in before.keys() - after.keys()]
    database.write_all("DELETE FROM fact WHERE name = ? AND of = ?", gone)
    fresh = [
        (ids[key], number, stored(value))
        for key, value in after.items()
        if key not in before or not _same(before[key], value)
    ]
    database.write_all("INSERT OR REPLACE INTO fact (name, of, value) VALUES (?, ?, ?)", fresh)


def field_of(key: str) -> Field:
    """The field that has this key."""
    if key in FIXED:
        return Field(key)
    section = next(section for section in OPEN if key.startswith(f"{section}."))
    return Field(section, key.removeprefix(f"{section}."))


def _share(database: Database, facts: dict[str, Scalar]) -> int:
    """The number under which these facts are kept, once for all runs that have the same."""
    digest = digest_json(facts)
    known = database.select("SELECT id FROM shared WHERE digest = ?", digest)
    if known:
        return int(known[0][0])
    ((number,),) = database.select("INSERT INTO shared (digest) VALUES (?) RETURNING id", digest)
    ids = _names(database, facts)
    rows = [(ids[key], number, stored(value), rank_of(field_of(key), value)) for key, value in facts.items()]
    database.write_all("INSERT INTO shared_fact (name, of, value, rank) VALUES (?, ?, ?, ?)", rows)
    return int(number)


def _names(database: Database, keys: Collection[str]) -> dict[str, int]:
    """The number of each key; new ones get one."""
    found = _known(database, keys)
    missing = [key for key in keys if key not in found]
    if missing:
        database.write_all("INSERT INTO fact_name (name) VALUES (?)", ((key,) for key in missing))
        found |= _known(database, missing)
    return found


def _known(database: Database, keys: Iterable[str]) -> dict[str, int]:
    wanted, found = list(keys), dict[str, int]()
    for begin in range(0, len(wanted), _AT_ONCE):
        some = wanted[begin : begin + _AT_ONCE]
        signs = ", ".join("?" for _ in some)
        found |= dict(database.select(f"SELECT name, id FROM fact_name WHERE name IN ({signs})", *some))
    return found


def _same(one: Scalar, other: Scalar) -> bool:
    return type(one) is type(other) and one == other
