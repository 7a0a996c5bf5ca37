"""What a check found: every violation of every rule in one value, which all reports show.

A check is judged once and rendered many times (terminal, JSON, JUnit, Markdown, a page), so this is a value without a
word of layout.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trimtab.base.verdict import Verdict, combine
from trimtab.data.kinds import Rule, Scalar, Severity
from trimtab.data.wording import show

EXAMPLES_MAX = 10


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A row that breaks a rule: its place in the table, counted from 0, and the value; a time is ISO 8601 text.

    ``value`` is None for null, and the text ``hidden`` where the column is sensitive. Where a rule is over several
    columns it is a text such as ``kind = 'refund', amount = 5.0``.
    """

    row: int
    value: Scalar | None

    def __str__(self) -> str:
        return f"row {self.row}" if self.value is None else f"row {self.row}: {show(self.value)}"


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that some rows of a table, or the table as a whole, break.

    Attributes:
        column: the column; empty where it is the table as a whole or a rule over several columns.
        rule: what is broken.
        severity: what happens to such rows.
        count: how many rows break it.
        share: which share of the rows that is, 0-1.
        examples: the first rows, up to ten, each value once.
        worst: for limits, up to five of the values farthest outside, the farthest first; else empty.
        problem: the sentence for a person, without the column's name.
        because: the contract's own reason for the rule.
        columns: the columns that a rule over several names; of rows set aside, those whose rules set them aside.
    """

    column: str
    rule: Rule
    severity: Severity
    count: int
    share: float
    problem: str
    examples: tuple[Example, ...] = ()
    worst: tuple[Scalar, ...] = ()
    because: str = ""
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        several = not self.column  # then an example's value is a text that names each column's, each shown already
        told = [f"row {each.row}: {each.value}" if several and each.value else str(each) for each in self.examples]
        shown = f" ({', '.join(told)})" if told else ""
        because = f"; {self.because}" if self.because else ""
        return (f"{self.column}: " if self.column else "") + self.problem + shown + because


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a table's check came to.

    Attributes:
        rows: the rows that were read.
        rules: how many rules were asked.
        violations: what is broken: first what refuses, then what sets rows aside, then notes; each by how many rows it
            is about.
        quarantined: rows that are set aside; the rest may go on unless the verdict is FAIL.
        undecided: columns of which there are too few rows to tell whether they drifted, where drift would refuse.
    """

    rows: int
    rules: int
    violations: tuple[Violation, ...]
    quarantined: int = 0
    undecided: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """FAIL if a rule that refuses is broken, UNSURE if one may be; a table with notes or rows set aside passes."""
        return combine([verdict_of(self.violations), *(Verdict.UNSURE for _ in self.undecided)])

    def strict(self) -> CheckReport:
        """The report if what is only noted refused, too."""
        notes = [found for found in self.violations if found.severity is Severity.NOTE]
        refused = [found for found in self.violations if found.severity is Severity.REFUSE]
        refused += [msgspec.structs.replace(found, severity=Severity.REFUSE) for found in notes]
        aside = [found for found in self.violations if found.severity is Severity.QUARANTINE]
        return msgspec.structs.replace(self, violations=(*refused, *aside))


def of_whole(column: str, rule: Rule, severity: Severity, problem: str, *, rows: int, because: str = "") -> Violation:
    """What is wrong with a table as a whole, and so with all its rows."""
    return Violation(
        column=column, rule=rule, severity=severity, count=rows, share=1.0, problem=problem, because=because
    )


def verdict_of(violations: Iterable[Violation]) -> Verdict:
    """FAIL where something is refused, else PASS."""
    return combine([Verdict.PASS, *(Verdict.FAIL for found in violations if found.severity is Severity.REFUSE)])
