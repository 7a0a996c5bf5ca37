"""What one does with a table of one's own, in a project or without: profile, infer, check, drift.

A table is whatever can be read: a file or a glob, a query, a stored profile where that is enough, an object in memory.
Each use case reads it once, batch by batch, and gives a value; `trimtab.app.data_report` puts values together for
people, and the command line only says which.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from trimtab.base.errors import InputError
from trimtab.base.instants import Instant
from trimtab.base.verdict import Verdict
from trimtab.data.check import TableCheck
from trimtab.data.differences import ColumnDifference, Differences
from trimtab.data.drift import Judging, compare
from trimtab.data.hidden import hidden_profile
from trimtab.data.profile import Profile, Repeats
from trimtab.data.profiler import Depth, Profiler
from trimtab.data.repeats import Repeats as RepeatsFold
from trimtab.data.scan import Scan
from trimtab.data.schema import Contract, DriftLimits, Rule, Severity
from trimtab.data.seasons import Season, SeasonFold, Seasons, compare_seasons
from trimtab.data.violation import CheckReport, Violation
from trimtab.drivers.profile_files import is_profile, read_profile
from trimtab.drivers.row_files import row_file

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[int, int | None], None]
"""Told the rows that were read so far, and how many there are where that is known."""


class NotATableError(InputError):
    """A stored profile was given where rows are needed, or profiles that do not go together."""

    code = "TT1371"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a table is read.

    Attributes:
        key: columns that name a row; rows that repeat one are counted exactly.
        time: the column of the rows' own time.
        sensitive: columns whose values are shown nowhere; the table has them.
        hidden: the same where the table has them: those that a contract names.
        joint: whether to keep what shows how columns hang together.
        lean: whether to leave out what a comparison does not look at: co-moments, and different values where many.
        zone: the time zone of hours and days.
        progress: told how far the reading is.
    """

    key: tuple[str, ...] = ()
    time: str | None = None
    sensitive: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    joint: bool = True
    lean: bool = False
    zone: str = "UTC"
    progress: Progress | None = None

    @property
    def unseen(self) -> frozenset[str]:
        """All columns whose values are shown nowhere."""
        return self.hidden | frozenset(self.sensitive)


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
        progress: told how far the reading is.
    """

    reference: Any = None
    now: Instant | None = None
    aside: Path | None = None
    kept: Path | None = None
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


def open_rows(what: Any) -> Scan:
    """A table to read: a path, a glob, an object in memory, or one that is open already.

    Raises:
        NotATableError: it is a stored profile.
        InputError: there is no such table, or it is none.
    """
    from trimtab.drivers.sources import open_table

    if isinstance(what, Path | str) and is_profile(Path(what)):
        raise NotATableError(f"{what} is a stored profile, and rows are needed here", fix="Name the table itself.")
    if hasattr(what, "batches") and hasattr(what, "schema") and hasattr(what, "name"):
        return what  # type: ignore[no-any-return]  # a Scan by its members
    return open_table(what)


def is_stored(what: Any) -> bool:
    """Whether this is a profile already, in memory or stored."""
    return isinstance(what, Profile) or (isinstance(what, Path | str) and is_profile(Path(what)))


def profile(what: Any, reading: Reading | None = None) -> Profiled:
    """The profile of a table, in one pass; of a stored profile, that, without values of sensitive columns.

    Raises:
        InputError: there is no such table or column, or it cannot be read.
    """
    reading = reading or Reading()
    if isinstance(what, Profile):
        return Profiled(name="a profile", profile=hidden_profile(what, reading.unseen))
    if isinstance(what, Path | str) and is_profile(Path(what)):
        stored = read_profile(Path(what))
        if isinstance(stored, Seasons):
            raise NotATableError(f"{what} is a profile by season", fix="Use it as a reference of `drift --season`.")
        _must_have(str(what), stored.columns, reading.sensitive)
        return Profiled(name=str(what), profile=hidden_profile(stored, reading.unseen))
    scan = open_rows(what)
    _must_have(scan.name, scan.schema, (*reading.key, *reading.sensitive, *([reading.time] if reading.time else [])))
    for name in reading.key:
        if scan.schema[name].is_nested():
            problem = f"column {name!r} is stored as {scan.schema[name]}, which names no row"
            raise InputError(problem, fix="Name a key of numbers, texts or times.")
    full = not reading.lean
    depth = Depth(joint=reading.joint, pairs=full, distinct=full, time=reading.time, sensitive=reading.unseen)
    profiler = Profiler(scan.schema, depth)
    for batch in watched(scan, reading.progress):
        profiler.add(batch)
    found = profiler.profile()
    if reading.key:
        found = with_repeats(found, scan, reading.key)
    return Profiled(name=scan.name, profile=found, notes=notes_of(scan))


def profile_by_season(what: Any, season: Season, reading: Reading) -> tuple[str, Seasons]:
    """A table's profiles by season, and its name; of a stored one, that; without values of sensitive columns."""
    if isinstance(what, Path | str) and is_profile(Path(what)):
        stored = read_profile(Path(what))
        if not isinstance(stored, Seasons):
            raise NotATableError(f"{what} is not a profile by season", fix="Make one: `profile --season … --output …`.")
        parts = {number: hidden_profile(part, reading.unseen) for number, part in stored.parts.items()}
        return str(what), msgspec.structs.replace(stored, parts=parts)
    if reading.time is None:
        raise InputError("rows have no season without a time", fix="Name the time column: --time COLUMN.")
    scan = open_rows(what)
    _must_have(scan.name, scan.schema, reading.sensitive)
    fold = SeasonFold(scan.schema, reading.time, season, zone=reading.zone, sensitive=reading.unseen)
    for batch in watched(scan, reading.progress):
        fold.add(batch)
    return scan.name, fold.seasons()


def drift(reference: Any, current: Any, judging: Judging | None = None, reading: Reading | None = None) -> Compared:
    """What differs between two tables, or stored profiles of them."""
    reading = reading or Reading(lean=True)
    then, now = profile(reference, reading), profile(current, reading)
    return Compared(reference=then, current=now, differences=compare(then.profile, now.profile, judging))


def drift_by_season(reference: Any, current: Any, season: Season, judging: Judging, reading: Reading) -> Compared:
    """What differs between two tables when each season is compared with its like."""
    from trimtab.data.profile import merge_all

    (then_name, then), (now_name, now) = (profile_by_season(what, season, reading) for what in (reference, current))
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
    setting = setting or Setting()
    scan = open_rows(what)
    _refuse_to_replace(scan, setting)
    hidden = sensitive_in(contract)
    reference = profile(setting.reference, Reading(hidden=hidden)) if setting.reference is not None else None
    judge = TableCheck(contract, schema=scan.schema, now=setting.now)
    depth = Depth(joint=False, distinct=False, sensitive=hidden)
    profiler = Profiler(scan.schema, depth) if reference is not None else None
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
                profiler.add(batch)
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


def watched(scan: Scan, progress: Progress | None) -> Iterator[pl.DataFrame]:
    """A table's batches, with someone told how far the reading is."""
    rows = 0
    for batch in scan.batches():
        yield batch
        rows += batch.height
        if progress is not None:
            progress(rows, scan.rows)


def notes_of(scan: Scan) -> tuple[str, ...]:
    """What a table's reader noticed, such as a column of mixed types."""
    return tuple(getattr(scan, "notes", ()))


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


def _must_have(table: str, columns: Collection[str], names: Sequence[str]) -> None:
    from trimtab.data.wording import closest

    for name in names:
        if name not in columns:
            known = list(columns)
            fix = closest(name, known) or f"It has {', '.join(map(repr, known[:20]))}."
            raise InputError(f"{table} has no column {name!r}", fix=fix)


def _refuse_to_replace(scan: Scan, setting: Setting) -> None:
    """What is written must not be what is read: a file of rows is replaced, and goes where there is no row for it."""
    made = [path for path in (setting.aside, setting.kept) if path is not None]
    if len({path.resolve() for path in made}) < len(made):
        problem = f"rows that are set aside and rows that go on cannot both be written to {made[0]}"
        raise InputError(problem, fix="Name two files.")
    read = [*getattr(scan, "files", ())]
    if isinstance(setting.reference, str | Path):
        read.append(Path(setting.reference))
    for path in made:
        if any(path.exists() and file.exists() and path.samefile(file) for file in read):
            raise InputError(f"{path} is read by this check, and would be replaced", fix="Name another file.")


def with_repeats(found: Profile, scan: Scan, key: tuple[str, ...]) -> Profile:
    """The profile with the number of rows that repeat a key: exact, by a pass over the key's columns alone."""
    keys = RepeatsFold()
    for batch in scan.batches(key):
        keys.add(batch)
    repeated = keys.repeated(lambda: scan.batches(key)).count if found.rows else 0
    return msgspec.structs.replace(found, repeats=Repeats(columns=key, rows=repeated))
