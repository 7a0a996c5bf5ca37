"""What a report found, as one list, ranked once: terminal, JSON, JUnit, Markdown and page show its order.

A finding is a broken rule, or a statistic that drifted or is undecided; what is as it should be is none.
"""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec

from trimtab.base.verdict import Verdict
from trimtab.data.differences import Effect, Statistic
from trimtab.data.kinds import Rule, Severity
from trimtab.data.violation import CheckReport, Violation
from trimtab.data.wording import counted
from trimtab.generate import data_figures as written
from trimtab.generate.data_report import DataReport


class Weight(StrEnum):
    """How bad a finding is, the worst first: a refused table, a drift, rows set aside, too little to tell, a note."""

    REFUSE = "refuse"
    FAIL = "FAIL"
    QUARANTINE = "quarantine"
    UNSURE = "UNSURE"
    NOTE = "note"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule or one change.

    Attributes:
        columns: whom it is about: none for the table as a whole, several for a pair or a rule over several.
        name: the rule or the statistic.
        words: the sentence for a person, without the column's name.
        severity: what it does to the table; None for a change that cannot be told yet.
        violation: the broken rule; or else ``effect``: the change.
    """

    columns: tuple[str, ...]
    name: str
    weight: Weight
    words: str
    severity: Severity | None
    violation: Violation | None = None
    effect: Effect | None = None

    @property
    def about(self) -> str:
        """The columns' names for a sentence; ``the table`` without one."""
        return " and ".join(written.name(column) for column in self.columns) or "the table"


def broken_rules(report: DataReport) -> tuple[Finding, ...]:
    """The violations of the check, in its order: those that refuse first."""
    if report.check is None:
        return ()
    hidden = report.hidden
    return tuple(
        Finding(
            columns=(found.column,) if found.column else found.columns,
            name=found.rule.value,
            weight=Weight(found.severity.value),
            words=found.problem,
            severity=found.severity,
            violation=_without_values(found) if found.column in hidden else found,
        )
        for found in report.check.violations
    )


def changes(report: DataReport) -> tuple[Finding, ...]:
    """Every effect of a column that is not a PASS, a column's together: those that changed most come first."""
    if report.differences is None:
        return ()
    refusing = refused_for_drift(report)
    columns = []
    for column in report.differences.columns:
        severity = Severity.REFUSE if column.column in refusing else Severity.NOTE
        found = (effect for effect in column.effects if effect.verdict is not Verdict.PASS)
        own = sorted((_of_effect((column.column,), effect, severity) for effect in found), key=_rank)
        columns.append(own)
    return tuple(
        found for own in sorted((own for own in columns if own), key=lambda own: _rank(own[0])) for found in own
    )


def pair_changes(report: DataReport) -> tuple[Finding, ...]:
    """The same of pairs of columns, of which no contract speaks."""
    if report.differences is None:
        return ()
    severity = Severity.REFUSE if report.check is None else Severity.NOTE
    found = (pair for pair in report.differences.pairs if pair.effect.verdict is not Verdict.PASS)
    return tuple(sorted((_of_effect(pair.columns, pair.effect, severity) for pair in found), key=_rank))


def refused_for_drift(report: DataReport) -> frozenset[str]:
    """The columns whose drift refuses the table: any, unless there is a contract, which then says so."""
    if report.check is None:
        return frozenset(column.column for column in report.differences.columns) if report.differences else frozenset()
    violations = report.check.violations
    return frozenset(v.column for v in violations if v.rule is Rule.DRIFT and v.severity is Severity.REFUSE)


def findings(report: DataReport) -> tuple[Finding, ...]:
    """Everything that was found: broken rules, then changes of columns, then of pairs."""
    return (*broken_rules(report), *changes(report), *pair_changes(report))


def columns_found(report: DataReport) -> tuple[str, ...]:
    """The columns that some finding is about, the worst first, each once."""
    ranked = sorted(findings(report), key=lambda found: list(Weight).index(found.weight))
    return tuple(dict.fromkeys(column for found in ranked for column in found.columns))


def sentence(report: DataReport) -> str:
    """What the report comes to in one sentence."""
    parts = []
    if report.check is not None:
        parts.append(_of_check(report.check))
    if report.differences is not None:
        parts.append(_of_differences(report))
    if not parts:
        return "Nothing was judged: there was neither a contract nor a reference."
    text = "; ".join(parts)
    return text[0].upper() + text[1:] + "."


def drift_counts(report: DataReport) -> tuple[int, int, int]:
    """How many columns drifted, how many cannot be told yet, and how many are as they were."""
    verdicts = [column.verdict for column in report.differences.columns] if report.differences is not None else []
    return verdicts.count(Verdict.FAIL), verdicts.count(Verdict.UNSURE), verdicts.count(Verdict.PASS)


def _without_values(found: Violation) -> Violation:
    """A violation of a sensitive column: which rows, but not what they hold."""
    examples = tuple(
        example if example.value is None else msgspec.structs.replace(example, value="hidden")
        for example in found.examples
    )
    return msgspec.structs.replace(found, examples=examples, worst=())


def _of_check(check: CheckReport) -> str:
    if not check.violations:
        return f"all {counted(check.rules, 'rule')} of the contract hold" if check.rules > 1 else "the contract holds"
    refused = sum(found.severity is Severity.REFUSE for found in check.violations)
    broken = len(check.violations)
    said = f"{broken} of {counted(check.rules, 'rule')} {'is' if broken == 1 else 'are'} broken"
    if refused:
        said += ", which refuses the table" if broken == 1 else f", {refused} of them {_refuse(refused)} the table"
    if check.quarantined:
        said += f", and {counted(check.quarantined, 'row')} {'is' if check.quarantined == 1 else 'are'} set aside"
    return said


def _refuse(count: int) -> str:
    return "refuses" if count == 1 else "refuse"


def _of_differences(report: DataReport) -> str:
    failed, unsure, passed = drift_counts(report)
    pairs = report.differences.pairs if report.differences is not None else ()
    together = sum(pair.effect.verdict is Verdict.FAIL for pair in pairs)
    total = failed + unsure + passed
    if not total:
        return "no column could be compared"
    columns = counted(total, "column")
    said = f"{failed:,} of {columns} drifted" if failed else f"none of {columns} drifted"
    if unsure:
        said += f", {unsure:,} cannot be told yet"
    if together:
        said += f", {counted(together, 'pair')} of columns hang{'s' if together == 1 else ''} together differently"
    return said


def _of_effect(columns: tuple[str, ...], effect: Effect, severity: Severity) -> Finding:
    drifted = effect.verdict is Verdict.FAIL
    return Finding(
        columns=columns,
        name=effect.statistic.value,
        weight=Weight.FAIL if drifted else Weight.UNSURE,
        words=effect.words,
        severity=severity if drifted else None,
        effect=effect,
    )


def _rank(found: Finding) -> tuple[bool, float]:
    strength = found.effect.strength if found.effect is not None else 0.0
    # A column that came, went or changed its type, and one that could not be compared, have no size to be ranked by.
    sized = found.name != Statistic.COLUMN and not math.isnan(strength)
    return found.weight is not Weight.FAIL, -strength if sized else -math.inf
