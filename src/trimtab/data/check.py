"""A table against its contract: every violation of every column in one report, never one at a time.

The rules are those of requests (`trimtab.data.request`), read by the same definitions, so that a table passes exactly
if each of its rows would be answered. A missing column is a violation like any other, not an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from trimtab.data.columns import read_column
from trimtab.data.schema import Column, ColumnType, Contract, Range, Rule, Severity, Values
from trimtab.data.wording import closest, counted, show

_EXAMPLES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule that some rows of a table break.

    Attributes:
        column: the column; empty where it is the table as a whole.
        rule: what is broken.
        severity: whether such rows are refused, or only noted.
        count: how many rows break it.
        share: which share of the rows that is, 0–1.
        examples: up to ten different values with their rows, counted from 0: ``row 17: 'x'``.
        problem: the sentence for a person.
    """

    column: str
    rule: Rule
    severity: Severity
    count: int
    share: float
    examples: tuple[str, ...]
    problem: str

    def __str__(self) -> str:
        shown = f" ({', '.join(self.examples)})" if self.examples else ""
        return (f"{self.column}: " if self.column else "") + self.problem + shown


def check_table(table: pl.DataFrame, contract: Contract) -> tuple[Violation, ...]:
    """All violations of a training table, in the contract's order of columns; empty if it keeps the contract."""
    if not table.height:
        return (_whole_table("", Rule.EMPTY, 0, "the table has no rows"),)
    found: list[Violation] = []
    for column in contract.columns:
        if column.name not in table.columns:
            found.append(_whole_table(column.name, Rule.MISSING, table.height, "the column is missing"))
        else:
            found += _column(table[column.name], column, contract.zone)
    known = [column.name for column in contract.columns]
    for name in table.columns:
        if name not in known:
            hint = closest(name, known)
            problem = "the contract knows no such column" + (f"; {hint}" if hint else "")
            found.append(_whole_table(name, Rule.UNEXPECTED, table.height, problem))
    return tuple(found)


def _whole_table(column: str, rule: Rule, count: int, problem: str) -> Violation:
    return Violation(
        column=column, rule=rule, severity=Severity.REFUSE, count=count, share=1.0, examples=(), problem=problem
    )


def _column(series: pl.Series, column: Column, zone: str | None) -> list[Violation]:
    read = read_column(series, column.type, zone)
    found = []
    if not column.nullable and read.gaps.any():
        found.append(_violation(series, column.name, Rule.NULL, read.gaps, "null, which the contract does not allow"))
    for rule, mask in read.faults.items():
        found.append(_violation(series, column.name, rule, mask, _said(column, series, rule)))
    if column.range is not None:
        found += _limits(read.values, column.name, column.range)
    if column.values is not None:
        found += _unknown(read.values, column.name, column.values)
    return found


def _said(column: Column, series: pl.Series, rule: Rule) -> str:
    if rule is Rule.TYPE:
        return f"not of type {column.type} (the table stores the column as {series.dtype})"
    if column.type is ColumnType.TIME:
        return "times without a zone, or not within the years 1 to 9999"
    return f"impossible for type {column.type}"


def _limits(values: pl.Series, name: str, limits: Range) -> list[Violation]:
    mask = pl.repeat(False, len(values), dtype=pl.Boolean, eager=True)
    if limits.minimum is not None:
        mask |= (values < limits.minimum).fill_null(value=False)
    if limits.maximum is not None:
        mask |= (values > limits.maximum).fill_null(value=False)
    if not mask.any():
        return []
    low = "any" if limits.minimum is None else show(limits.minimum)
    high = "any" if limits.maximum is None else show(limits.maximum)
    said = f"outside the range {low} to {high}" + (f" ({limits.because})" if limits.because else "")
    return [_violation(values, name, Rule.RANGE, mask, said, limits.outside)]


def _unknown(values: pl.Series, name: str, known: Values) -> list[Violation]:
    mask = ~values.is_in(pl.Series(known.allowed, dtype=values.dtype).implode()).fill_null(value=True)
    if not mask.any():
        return []
    said = f"not among the {counted(len(known.allowed), 'known value')}" + (
        f" ({known.because})" if known.because else ""
    )
    return [_violation(values, name, Rule.VALUES, mask, said, known.outside)]


def _violation(
    series: pl.Series, name: str, rule: Rule, mask: pl.Series, said: str, severity: Severity = Severity.REFUSE
) -> Violation:
    count = int(mask.sum())
    be = "is" if count == 1 else "are"
    return Violation(
        column=name,
        rule=rule,
        severity=severity,
        count=count,
        share=count / len(series),
        examples=_examples(series, mask),
        problem=f"{counted(count, 'value')} of {len(series):,} {be} {said}",
    )


def _examples(series: pl.Series, mask: pl.Series) -> tuple[str, ...]:
    """The first rows that break a rule; each value once, and a null as its row only."""
    shown: dict[str, str] = {}
    for row in mask.arg_true().head(1_000):
        value = series[int(row)]
        text = show(value)
        shown.setdefault(f"row {row}" if value is None else text, f"row {row}" + ("" if value is None else f": {text}"))
        if len(shown) == _EXAMPLES:
            break
    return tuple(shown.values())
