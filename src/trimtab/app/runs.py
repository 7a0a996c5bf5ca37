"""The recorded runs as a person asks for them: listed, found by name, and side by side.

A run whose process was killed says running for ever in its record, since nobody was left to write another. Its lease is
free, because the kernel gave it back: so it is told, found and sorted as failed. A run writes how it ended before it
gives its lease back, so the record that is believed is one that was read after the lease was seen to be free: one that
was read before may be of a run that has ended well since.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import msgspec

from trimtab.app.home import Home
from trimtab.base.errors import InputError, NotFoundError
from trimtab.base.verdict import Verdict
from trimtab.disk.lock import holder
from trimtab.drivers.clocks import RealClock
from trimtab.records.ports import Records
from trimtab.records.run import Run, RunState
from trimtab.records.run_fields import Field, Kind
from trimtab.records.where import AllOf, Compare, Op, RunQuery, RunRow, Where, comparisons_of
from trimtab.records.where_reader import read_order, read_where

KILLED: Final = "its process ended before the run did; run it again"

COLUMNS: Final = ("kind", "started", "as_of", "state", "verdict", "release")
"""What a list shows beside the run's id, and whatever it was filtered and sorted by."""

_LATEST: Final = re.compile(r"latest(?:~(\d{1,9}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList:
    """What was found.

    Attributes:
        columns: the fields that the rows have, behind the run's id.
        total: how many runs fulfil the condition, whatever the limit.
        notes: what a person should know: a metric that no run has, and the nearest that some have.
    """

    columns: tuple[Field, ...]
    rows: Sequence[RunRow]
    total: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asks of the runs, as text: a condition, an order, columns, and how many."""

    where: str = ""
    sort: str = ""
    columns: str = ""
    limit: int | None = None


def list_runs(home: Home, asked: Asked) -> RunList:
    """The runs that were asked for, the newest first unless they are sorted.

    Raises:
        WhereError: the condition, the order or a column cannot be read; says where.
    """
    where = read_where(asked.where, now=RealClock().now()) if asked.where else None
    order = read_order(asked.sort)
    named = [*(each.field for each in order), *(each.field for each in (comparisons_of(where) if where else ()))]
    if asked.columns:
        columns = tuple(each.field for each in read_order(asked.columns))
        named += columns
    else:
        shown = [Field(name) for name in COLUMNS]
        columns = tuple(dict.fromkeys([*shown, *(field for field in named if field != Field("run"))]))
    query = RunQuery(where=where, order=order, limit=asked.limit, columns=columns, dead=dead_runs(home))
    rows = home.records.find_runs(query)
    total = len(rows) if asked.limit is None or len(rows) < asked.limit else home.records.count_runs(query)
    notes = [*_unknown(home.records, named), *(_other_type(home.records, where) if where and not rows else ())]
    return RunList(columns=columns, rows=rows, total=total, notes=tuple(notes))


def read_rows(home: Home, rows: Iterable[RunRow]) -> Iterator[Run]:
    """The whole records of rows that were found."""
    for row in rows:
        run = home.records.run(row.run_id)
        if run is not None:
            yield as_it_is(home, run)


def find_run(home: Home, name: str) -> Run:
    """The run of that id, of the only id that begins so, or ``latest``, ``latest~1`` …: the newest, the one before.

    Raises:
        NotFoundError: there is none.
        InputError: several ids begin so; says which.
    """
    run = home.records.run(name)
    if run is None:
        run = home.records.run(_id_of(home.records, name))
    assert run is not None, "its id was found a moment ago, and runs are not removed"
    return as_it_is(home, run)


def as_it_is(home: Home, run: Run) -> Run:
    """The run, told as failed if its process was killed; one that has ended since it was read, as it ended."""
    if run.state is not RunState.RUNNING or not _lease_is_free(home, run.run_id):
        return run
    now = home.records.run(run.run_id) or run
    killed = now.state is RunState.RUNNING
    return msgspec.structs.replace(now, state=RunState.FAILED, problem=KILLED) if killed else now


def dead_runs(home: Home) -> frozenset[str]:
    """The runs that say running though their process is gone."""
    running = Compare(field=Field("state"), op=Op.EQUAL, values=(RunState.RUNNING.value,))
    rows = home.records.find_runs(RunQuery(where=running))
    free = [row.run_id for row in rows if _lease_is_free(home, row.run_id)]
    again = [home.records.run(run_id) for run_id in free]
    return frozenset(run.run_id for run in again if run is not None and run.state is RunState.RUNNING)


def run_of_release(records: Records, release: str) -> Run | None:
    """The newest run that made the release; None if none did here."""
    made = Compare(field=Field("release"), op=Op.EQUAL, values=(release,))
    rows = records.find_runs(RunQuery(where=made, limit=1))
    return records.run(rows[0].run_id) if rows else None


def newest_release(records: Records) -> str | None:
    """The release of the newest run that passed its gates; None if none did."""
    passed = Compare(field=Field("verdict"), op=Op.EQUAL, values=(Verdict.PASS.value,))
    made = Compare(field=Field("release"), op=Op.OTHER, values=(None,))
    query = RunQuery(where=AllOf(parts=(passed, made)), limit=1, columns=(Field("release"),))
    rows = records.find_runs(query)
    return str(rows[0].values[0]) if rows else None


def _id_of(records: Records, name: str) -> str:
    latest = _LATEST.fullmatch(name)
    if latest:
        back = int(latest[1] or 0)
        rows = records.find_runs(RunQuery(limit=back + 1))
        if len(rows) <= back:
            raise NotFoundError(
                f"there is no run {name}: {len(rows)} are recorded here", fix="`trimtab runs` lists them."
            )
        return rows[back].run_id
    begins = Compare(field=Field("run"), op=Op.EQUAL, values=(name,))
    rows = records.find_runs(RunQuery(where=begins, limit=6)) if name else []
    if not rows:
        raise NotFoundError(f"no run has an id that begins with {name!r}", fix="`trimtab runs` lists them.")
    if len(rows) > 1:
        shown = ", ".join(row.run_id for row in rows[:5]) + (" and more" if len(rows) > 5 else "")
        raise InputError(f"several runs begin with {name!r}: {shown}", fix="Write more of the id.")
    return rows[0].run_id


def _lease_is_free(home: Home, run_id: str) -> bool:
    return holder(home.state / "locks" / f"run-{run_id}.lock") is None


def _unknown(records: Records, fields: Iterable[Field]) -> Iterator[str]:
    """A note for each name that no run has: nothing is found by it, and a misspelling looks just so."""
    named = [field for field in dict.fromkeys(fields) if field.name]
    known = set(records.run_fields()) if named else set[str]()
    for field in named:
        if field.key not in known:
            near = get_close_matches(field.key, [key for key in known if key.startswith(f"{field.section}.")], n=3)
            yield f"no run has {field.key}" + (f"; near it: {', '.join(near)}" if near else "")


def _other_type(records: Records, where: Where) -> Iterator[str]:
    """A note where a parameter that is a number is compared with a text, or the reverse."""
    for each in comparisons_of(where):
        if each.field.kind is not Kind.ANY or each.op is not Op.EQUAL or isinstance(each.values[0], bool | None):
            continue
        value = each.values[0]
        try:
            other = float(value) if isinstance(value, str) else str(value)
        except ValueError:
            continue
        if records.count_runs(RunQuery(where=Compare(field=each.field, op=Op.EQUAL, values=(other,)))):
            kind = "a number: write it without quotes" if isinstance(value, str) else "a text: write it in quotes"
            yield f"{each.field.key} is {kind}"
