"""Values about a table put together for a report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import structs

from trimtab.app.data import Compared, Profiled, profile
from trimtab.app.data_opening import (
    Reading,
    beside_each_other,
    columns_of,
    hidden_together,
    must_have,
    opened,
    sensitive_in,
    to_profile,
)
from trimtab.base.verdict import Verdict
from trimtab.data.drift import compare
from trimtab.generate.data_report import DataReport

if TYPE_CHECKING:
    from trimtab.app.data_check import Checked
    from trimtab.base.instants import Instant
    from trimtab.data.schema import Contract


def of_profile(found: Profiled, sensitive: tuple[str, ...] = ()) -> DataReport:
    """The report on a profile alone."""
    return DataReport(source=found.name, profile=found.profile, notes=found.notes, sensitive=sensitive)


def of_drift(found: Compared, sensitive: tuple[str, ...] = ()) -> DataReport:
    """The report on a comparison."""
    return DataReport(
        source=found.current.name,
        reference=found.reference.name,
        profile=found.current.profile,
        reference_profile=found.reference.profile,
        differences=found.differences,
        notes=(*found.reference.notes, *found.current.notes),
        sensitive=sensitive,
    )


def of_check(found: Checked, contract: Contract) -> DataReport:
    """The report on a check."""
    return DataReport(
        source=found.name,
        reference=found.reference.name if found.reference is not None else "",
        profile=found.profile,
        reference_profile=found.reference.profile if found.reference is not None else None,
        check=found.report,
        differences=found.differences,
        contract=contract,
        notes=found.notes,
    )


def full_report(
    what: Any, contract: Contract | None, reference: Any, reading: Reading, *, now: Instant | None = None
) -> DataReport:
    """Everything about a table: its profile, its check if there is a contract, and its drift if there is a reference.

    The table is read once for the profile and once for the check. ``now`` is the moment by which freshness is judged;
    None leaves it unjudged.
    """
    from trimtab.app.data_check import Setting, check, hiding, judging_of, with_drift  # a comparison needs none of it

    scan, against = opened(what), opened(reference) if reference is not None else None
    if contract is None and against is not None:
        scan, against = beside_each_other(scan, against)
    must_have(scan.name, columns_of(scan), reading.sensitive)
    if contract is not None:
        contract = hiding(contract, reading.sensitive)
        reading = replace(reading, hidden=reading.hidden | sensitive_in(contract))
    table = to_profile(scan, contract)
    against = to_profile(against, contract) if against is not None else None
    reading = hidden_together(reading, *((table,) if against is None else (table, against)))
    current = profile(table, reading)
    then = profile(against, replace(reading, key=(), time=None)) if against is not None else None
    differences, notes = None, current.notes
    if then is not None:
        differences = compare(then.profile, current.profile)
        if contract is not None:  # which asks for columns alone: they are judged as `check` does, pairs beside them
            judging = judging_of(contract, then.profile, current.profile)
            differences = structs.replace(
                compare(then.profile, current.profile, replace(judging, joint=None)),
                pairs=differences.pairs,
                pairs_compared=differences.pairs_compared,
            )
            drifted = sum(pair.effect.verdict is Verdict.FAIL for pair in differences.pairs)
            if drifted:
                pairs = "1 pair of columns" if drifted == 1 else f"{drifted} pairs of columns"
                notes = (*notes, f"{pairs} drifted, for which a contract has no rule: `drift` ends by them, too")
    checked = check(scan, contract, Setting(progress=reading.progress, now=now)) if contract is not None else None
    report = checked.report if checked is not None else None
    if report is not None and differences is not None and contract is not None:
        report = with_drift(report, differences, contract)
    return DataReport(
        source=current.name,
        reference=then.name if then is not None else "",
        profile=current.profile,
        reference_profile=then.profile if then is not None else None,
        check=report,
        differences=differences,
        contract=contract,
        notes=notes,
        sensitive=tuple(sorted(reading.unseen)),
    )
