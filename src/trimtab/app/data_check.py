"""A table held against its contract, and against its reference where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trimtab.app.data import Profiled, profile
from trimtab.app.data_opening import (
    Progress,
    Reading,
    hidden_together,
    must_have,
    notes_of,
    opened,
    sensitive_in,
    spelling_of,
    to_profile,
    typed_rows,
)
from trimtab.app.data_outputs import ready_to_write
from trimtab.base.instants import Instant
from trimtab.base.verdict import Verdict
from trimtab.data.differences import ColumnDifference, Differences
from trimtab.data.drift import Judging, compare
from trimtab.data.kinds import DriftLimits, Rule, Severity
from trimtab.data.profile import Profile
from trimtab.data.profiler import Depth, Profiler
from trimtab.data.scan import pieces_of, whole
from trimtab.data.spelled import typed_batch, typed_schema
from trimtab.data.violation import CheckReport, Violation

if TYPE_CHECKING:
    import polars as pl

    from trimtab.data.check import TableCheck
    from trimtab.data.schema import Contract
    from trimtab.drivers.row_files import RowFile


_SHOWN: Final = 20
"""Broken rules that a check shows at a prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a check is to do beside checking.

    Attributes:
        reference: a profile or a table to compare with; None: the contract's own reference, if it names one.
        now: the moment by which freshness is judged; None leaves it unjudged.
        aside: where rows that are set aside go, with their reasons; None: they are only counted.
        kept: where the rows that go on go; None: nowhere.
        sensitive: columns whose values are shown nowhere, beside those that the contract names; the table has them.
        strict: whether what the contract only notes refuses the table, too.
        progress: told how far the reading is.
    """

    reference: Any = None
    now: Instant | None = None
    aside: Path | None = None
    kept: Path | None = None
    sensitive: tuple[str, ...] = ()
    strict: bool = False
    progress: Progress | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Checked:
    """A table after its check; ``profile``, ``reference`` and ``differences`` are there where there is a reference."""

    name: str
    report: CheckReport
    profile: Profile | None = None
    reference: Profiled | None = None
    differences: Differences | None = None
    notes: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        broken = [
            f"{found.severity}: {found.column or 'the table'}: {found.problem}" for found in self.report.violations
        ]
        head = f"{self.name}: {self.verdict}, {len(broken)} of {self.report.rules} rules are broken"
        return "\n  ".join([head, *broken[:_SHOWN], *(["…"] if len(broken) > _SHOWN else [])])

    @property
    def verdict(self) -> Verdict:
        """The check's: what drifted counts in it as the contract says."""
        return self.report.verdict


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
        writing = aside is not None or kept is not None
        for pieces in map(whole, scan.batches()) if writing else pieces_of(scan):
            seen = _parted(judge, pieces, aside, kept) if writing else judge.seen(pieces)
            if profiler is not None:
                profiler.add_pieces(typed_batch(piece, contract, spelling, then) for piece in seen)
            for _ in seen:
                pass
            if setting.progress is not None:
                setting.progress(judge.rows, scan.rows)
        report = judge.report(scan)
        current = profiler.profile() if profiler is not None and report.rows else None
        differences = None
        if reference is not None and current is not None:
            differences = compare(reference.profile, current, judging_of(contract, reference.profile, current))
            report = with_drift(report, differences, contract, strict=setting.strict)
        report = report.strict() if setting.strict else report
        if kept is not None and report.verdict is Verdict.FAIL:
            kept.discard()
    return Checked(
        name=scan.name,
        report=report,
        profile=current,
        reference=reference,
        differences=differences,
        notes=notes_of(scan),
    )


def _parted(
    judge: TableCheck, batches: Iterable[pl.DataFrame], aside: RowFile | None, kept: RowFile | None
) -> Iterator[pl.DataFrame]:
    """Batches, each once it was checked, and its rows were written to the files that are asked for."""
    for batch in batches:
        parted = judge.add(batch)
        if aside is not None:
            aside.add(parted.aside)
        if kept is not None:
            kept.add(parted.rows)
        del parted
        yield batch
        del batch


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


def with_drift(
    report: CheckReport, differences: Differences, contract: Contract, *, strict: bool = False
) -> CheckReport:
    """The check's report with a violation for each column that drifted, as severe as the contract says; what cannot be
    told yet leaves the check undecided where it would refuse: where the contract says so, and if it is ``strict``."""
    limits = {column.name: column.drift or contract.drift for column in contract.columns}
    found = [
        _drifted(column, limits.get(column.column, contract.drift), report.rows)
        for column in differences.columns
        if column.verdict is Verdict.FAIL
    ]
    undecided = [
        column.column
        for column in differences.columns
        if column.verdict is Verdict.UNSURE
        and (strict or limits.get(column.column, contract.drift).outside is Severity.REFUSE)
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
