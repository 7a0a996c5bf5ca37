"""What one does with a table of one's own, in a project or without: profile, infer, check, drift.

A table is whatever can be read: a file or a glob, a query, a stored profile where that is enough, an object in memory.
Each use case reads it once, batch by batch, and gives a value; `trimtab.app.data_report` puts values together for
people, and the command line only says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from trimtab.app.data_opening import (
    NotATableError,
    Progress,
    Reading,
    Stored,
    columns_of,
    hidden_together,
    must_have,
    must_hold_times,
    notes_of,
    opened,
    spelling_of,
    to_profile,
    typed_rows,
    watched,
    with_keys,
)
from trimtab.app.data_outputs import ready_to_write
from trimtab.base.errors import InputError
from trimtab.base.instants import Instant
from trimtab.base.verdict import Verdict
from trimtab.data.differences import ColumnDifference, Differences
from trimtab.data.drift import Judging, compare
from trimtab.data.hidden import hidden_profile
from trimtab.data.kinds import DriftLimits, Rule, Severity
from trimtab.data.profile import Profile, Repeats
from trimtab.data.profiler import Depth, Profiler
from trimtab.data.repeats import Repeats as RepeatsFold
from trimtab.data.scan import Scan
from trimtab.data.seasons import Season, SeasonFold, Seasons, compare_seasons, hidden_seasons
from trimtab.data.spelled import typed_batch, typed_schema
from trimtab.data.violation import CheckReport, Violation

if TYPE_CHECKING:
    from trimtab.data.schema import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiled:
    """A table's profile, and what its reader noticed."""

    name: str
    profile: Profile
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two tables and what differs."""

    reference: Profiled
    current: Profiled
    differences: Differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a check is to do beside checking.

    Attributes:
        reference: a profile or a table to compare with; None: the contract's own reference, if it names one.
        now: the moment by which freshness is judged; None leaves it unjudged.
        aside: where rows that are set aside go, with their reasons; None: they are only counted.
        kept: where the rows that go on go; None: nowhere.
        sensitive: columns whose values are shown nowhere, beside those that the contract names; the table has them.
        progress: told how far the reading is.
    """

    reference: Any = None
    now: Instant | None = None
    aside: Path | None = None
    kept: Path | None = None
    sensitive: tuple[str, ...] = ()
    progress: Progress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A table after its check; ``profile``, ``reference`` and ``differences`` are there where there is a reference."""

    name: str
    report: CheckReport
    profile: Profile | None = None
    reference: Profiled | None = None
    differences: Differences | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        """The check's: what drifted counts in it as the contract says."""
        return self.report.verdict


def profile(what: Any, reading: Reading | None = None) -> Profiled:
    """The profile of a table, in one pass; of a stored profile, that, without values of sensitive columns.

    Raises:
        InputError: there is no such table or column, it cannot be read, or a stored profile does not say what is asked.
    """
    reading = reading or Reading()
    found = with_keys(opened(what), reading.key)
    if isinstance(found, Stored):
        return _of_stored(found, reading)
    must_have(found.name, found.schema, (*reading.key, *reading.sensitive))
    if reading.time is not None:
        must_hold_times(found, reading.time)
    for name in reading.key:
        if found.schema[name].is_nested():
            problem = f"column {name!r} is stored as {found.schema[name]}, which names no row"
            raise InputError(problem, fix="Name a key of numbers, texts or times.")
    full = not reading.lean
    depth = Depth(joint=reading.joint, pairs=full, distinct=full, time=reading.time, sensitive=reading.unseen)
    profiler = Profiler(found.schema, depth)
    for batch in watched(found, reading.progress):
        profiler.add(batch)
        del batch
    made = profiler.profile()
    if reading.key:
        made = with_repeats(made, found, reading.key)
    return Profiled(name=found.name, profile=made, notes=notes_of(found))


def _of_stored(stored: Stored, reading: Reading) -> Profiled:
    """A profile that was made before: it knows of a key and of the rows' order what was asked for then."""
    found = stored.content
    if isinstance(found, Seasons):
        raise NotATableError(f"{stored.name} is a profile by season", fix="Use it as a reference of `drift --season`.")
    times = [reading.time] if reading.time is not None else []
    must_have(stored.name, found.columns, (*reading.key, *times, *reading.sensitive))
    if reading.key and (found.repeats is None or found.repeats.columns != reading.key):
        problem = f"{stored.name} is a stored profile, which does not say whether {', '.join(reading.key)} repeats"
        raise NotATableError(problem, fix="Profile the table itself with --key.")
    if times and (found.order is None or found.order.column != reading.time):
        problem = f"{stored.name} is a stored profile, which does not say whether rows follow {reading.time!r}"
        raise NotATableError(problem, fix="Profile the table itself with --time.")
    return Profiled(name=stored.name, profile=hidden_profile(found, reading.unseen))


def profile_by_season(what: Any, season: Season, reading: Reading) -> tuple[str, Seasons]:
    """A table's profiles by season, and its name; of a stored one, that; without values of sensitive columns."""
    found = opened(what)
    must_have(found.name, columns_of(found), reading.sensitive)
    if isinstance(found, Stored):
        if not isinstance(found.content, Seasons):
            fix = "Make one: `profile --season … --output …`."
            raise NotATableError(f"{found.name} is not a profile by season", fix=fix)
        return found.name, hidden_seasons(found.content, reading.unseen)
    if reading.time is None:
        raise InputError("rows have no season without a time", fix="Name the time column: --time COLUMN.")
    fold = SeasonFold(found.schema, reading.time, season, zone=reading.zone, sensitive=reading.unseen)
    for batch in watched(found, reading.progress):
        fold.add(batch)
        del batch
    return found.name, fold.seasons()


def drift(reference: Any, current: Any, judging: Judging | None = None, reading: Reading | None = None) -> Compared:
    """What differs between two tables, or stored profiles of them; what one of them hides is hidden in both."""
    sides = opened(reference), opened(current)
    reading = hidden_together(reading or Reading(lean=True), *sides)
    then, now = (profile(side, reading) for side in sides)
    return Compared(reference=then, current=now, differences=compare(then.profile, now.profile, judging))


def drift_by_season(reference: Any, current: Any, season: Season, judging: Judging, reading: Reading) -> Compared:
    """What differs between two tables when each season is compared with its like."""
    from trimtab.data.profile import merge_all

    sides = opened(reference), opened(current)
    reading = hidden_together(reading, *sides)
    (then_name, then), (now_name, now) = (profile_by_season(side, season, reading) for side in sides)
    return Compared(
        reference=Profiled(name=then_name, profile=merge_all(then.parts.values())),
        current=Profiled(name=now_name, profile=merge_all(now.parts.values())),
        differences=compare_seasons(then, now, judging),
    )


def check(what: Any, contract: Contract, setting: Setting | None = None) -> Checked:
    """A table against its contract, and against the reference where there is one; read once.

    Columns are compared with the reference one by one; `drift` also compares how they hang together.

    Raises:
        InputError: there is no such table, it cannot be read, or rows would be written to a file that is read.
    """
    from trimtab.data.check import TableCheck  # here, since a profile and a comparison need none of it
    from trimtab.drivers.row_files import row_file

    setting = setting or Setting()
    scan = typed_rows(what, contract)
    against = to_profile(opened(setting.reference), contract) if setting.reference is not None else None
    ready_to_write((setting.aside, setting.kept), scan, against)
    must_have(scan.name, scan.schema, setting.sensitive)
    contract = hiding(contract, setting.sensitive)
    sides = (scan,) if against is None else (scan, against)
    hidden = hidden_together(Reading(hidden=sensitive_in(contract)), *sides).hidden
    reference = profile(against, Reading(hidden=hidden)) if against is not None else None
    spelling = spelling_of(scan)
    judge = TableCheck(contract, schema=scan.schema, now=setting.now, spelling=spelling)
    depth = Depth(joint=False, distinct=False, sensitive=hidden)
    then = reference.profile if reference is not None else None
    profiler = Profiler(typed_schema(scan.schema, contract, spelling, then), depth) if then is not None else None
    with ExitStack() as stack:
        aside, kept = (
            stack.enter_context(row_file(path, scan.schema)) if path else None for path in (setting.aside, setting.kept)
        )
        for batch in watched(scan, setting.progress):
            parted = judge.add(batch)
            if aside is not None:
                aside.add(parted.aside)
            if kept is not None:
                kept.add(parted.rows)
            if profiler is not None:
                profiler.add(typed_batch(batch, contract, spelling, then))
            del batch, parted
        report = judge.report(scan)
        if kept is not None and report.verdict is Verdict.FAIL:
            kept.discard()
    if reference is None or profiler is None or not report.rows:
        return Checked(name=scan.name, report=report, reference=reference, notes=notes_of(scan))
    current = profiler.profile()
    differences = compare(reference.profile, current, judging_of(contract, reference.profile, current))
    return Checked(
        name=scan.name,
        report=with_drift(report, differences, contract),
        profile=current,
        reference=reference,
        differences=differences,
        notes=notes_of(scan),
    )


def sensitive_in(contract: Contract) -> frozenset[str]:
    """The columns whose values a contract hides."""
    return frozenset(column.name for column in contract.columns if column.sensitive)


def hiding(contract: Contract, names: Sequence[str]) -> Contract:
    """The contract with these columns called sensitive too."""
    marked = (replace(column, sensitive=True) if column.name in names else column for column in contract.columns)
    return replace(contract, columns=tuple(marked)) if names else contract


def judging_of(contract: Contract, reference: Profile, current: Profile) -> Judging:
    """What a contract says of drift, for the columns that both tables have; one that is missing breaks another rule."""
    return Judging(
        limits=contract.drift,
        columns={column.name: column.drift for column in contract.columns if column.drift is not None},
        only=[name for name in reference.columns if name in current.columns and name != contract.key],
    )


def with_drift(report: CheckReport, differences: Differences, contract: Contract) -> CheckReport:
    """The check's report with a violation for each column that drifted, as severe as the contract says; what cannot be
    told yet leaves the check undecided where it would refuse."""
    limits = {column.name: column.drift or contract.drift for column in contract.columns}
    found = [
        _drifted(column, limits.get(column.column, contract.drift), report.rows)
        for column in differences.columns
        if column.verdict is Verdict.FAIL
    ]
    undecided = [
        column.column
        for column in differences.columns
        if column.verdict is Verdict.UNSURE and limits.get(column.column, contract.drift).outside is Severity.REFUSE
    ]
    return CheckReport(
        rows=report.rows,
        rules=report.rules + len(differences.columns),
        violations=(*report.violations, *found),
        quarantined=report.quarantined,
        undecided=tuple(undecided),
    )


def _drifted(column: ColumnDifference, limits: DriftLimits, rows: int) -> Violation:
    effect = column.strongest
    return Violation(
        column=column.column,
        rule=Rule.DRIFT,
        severity=limits.outside,
        count=rows,
        share=1.0,
        problem=f"{effect.statistic} drifted: {effect.words}",
        because=limits.because,
    )


def with_repeats(found: Profile, scan: Scan, key: tuple[str, ...]) -> Profile:
    """The profile with the number of rows that repeat a key: exact, by a pass over the key's columns alone."""
    keys = RepeatsFold()
    for batch in scan.batches(key):
        keys.add(batch)
    repeated = keys.repeated(lambda: scan.batches(key)).count if found.rows else 0
    return msgspec.structs.replace(found, repeats=Repeats(columns=key, rows=repeated))
