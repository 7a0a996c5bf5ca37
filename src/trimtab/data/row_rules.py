"""What one row's values may be, compiled from a contract: the rules of requests, without Polars.

Nearly every row keeps every rule, so each kind of rule is a tuple to run through and nothing is worded before a row
breaks it. The same rules are asked of tables by `trimtab.data.column_check` and `trimtab.data.condition_check`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from trimtab.base.instants import format_instant
from trimtab.data.condition import columns_of
from trimtab.data.condition_reader import parse_condition
from trimtab.data.condition_row import Asked, row_test
from trimtab.data.kinds import ColumnType, Rule, Scalar, Severity
from trimtab.data.pattern import searcher
from trimtab.data.schema import Column, Condition, Contract, Range
from trimtab.data.wording import condition_said, counted, ends_said, show


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a row; ``column`` is empty where it is the row as a whole."""

    column: str
    rule: Rule
    problem: str

    def __str__(self) -> str:
        return f"{self.column}: {self.problem}" if self.column else self.problem

    @property
    def note(self) -> str:
        """What is noted of a row that is answered; up to the first colon it is a word of the contract's own."""
        if self.rule is Rule.UNEXPECTED:
            return f"{self.rule}: {self.problem}: {self.column}"
        return str(self) if self.column else f"{self.rule}: {self.problem}"


Found = tuple[Severity, Problem]


class RowRules:
    """The rules over the values of a row; ``columns`` are those of a request, in the order of its values."""

    def __init__(self, contract: Contract, columns: Sequence[Column]) -> None:
        self._columns = columns
        placed = tuple(enumerate(columns))
        self._ranges = tuple((place, *_limits(column.range)) for place, column in placed if column.range is not None)
        self._known = tuple(
            (place, frozenset(column.values.allowed)) for place, column in placed if column.values is not None
        )
        self._patterns = tuple(
            (place, searcher(column.pattern.matches)) for place, column in placed if column.pattern is not None
        )
        self._lengths = tuple(
            (place, column.length.minimum or 0, math.inf if column.length.maximum is None else column.length.maximum)
            for place, column in placed
            if column.length is not None
        )
        self._conditions = tuple(_asked(contract, columns))

    def found(self, values: Sequence[Scalar | None]) -> list[Found]:
        """What the values break, with what happens then."""
        found: list[Found] = []
        for place, low, high in self._ranges:
            value = values[place]
            if value is not None and not low <= value <= high:  # type: ignore[operator]  # ranges are on numbers only
                found.append(_beyond(self._columns[place], value))
        for place, known in self._known:
            value = values[place]
            if value is not None and value not in known:
                found.append(_unknown(self._columns[place], value))
        for place, search in self._patterns:
            value = values[place]
            if value is not None and not search(value):  # type: ignore[arg-type]  # patterns are on texts only
                found.append(_unmatched(self._columns[place], value))
        for place, least, greatest in self._lengths:
            value = values[place]
            if value is not None and not least <= len(value) <= greatest:  # type: ignore[arg-type]  # texts too
                found.append(_mismeasured(self._columns[place], value))
        for condition, when, then in self._conditions:
            if (when is None or when(values)) and then(values) is False:
                found.append(_against(condition))
        return found


def row_severity(outside: Severity, share: float) -> Severity:
    """What happens to one row that breaks a rule: where a share is tolerated, one row has none, so it is noted."""
    return Severity.NOTE if share else outside


def _asked(contract: Contract, columns: Sequence[Column]) -> list[tuple[Condition, Asked | None, Asked]]:
    """The conditions that can be asked of a request: those that do not name the label."""
    kinds = {column.name: column.type for column in contract.columns}
    places = {column.name: place for place, column in enumerate(columns)}
    asked = []
    for condition in contract.conditions:
        when = parse_condition(condition.when, kinds, zone=contract.zone) if condition.when else None
        then = parse_condition(condition.then, kinds, zone=contract.zone)
        names = (*(columns_of(when) if when else ()), *columns_of(then))
        if all(name in places for name in names):
            asked.append((condition, None if when is None else row_test(when, places), row_test(then, places)))
    return asked


def _limits(limits: Range) -> tuple[float, float]:
    low = -math.inf if limits.minimum is None else limits.minimum
    return low, math.inf if limits.maximum is None else limits.maximum


def _shown(column: Column, value: Scalar) -> str:
    return "a value that is not shown" if column.sensitive else show(value)


def _why(because: str) -> str:
    return f" ({because})" if because else ""


def _beyond(column: Column, value: Scalar) -> Found:
    limits = column.range
    assert limits is not None, "only columns with a range are asked"
    low, _ = _limits(limits)
    side, end = ("below", limits.minimum) if value < low else ("above", limits.maximum)  # type: ignore[operator]
    if column.type is ColumnType.TIME:
        shown = _shown(column, value) if column.sensitive else format_instant(int(value))
        said = f"{shown} is {side} {format_instant(int(end or 0))}"
    else:
        said = f"{_shown(column, value)} is {side} {end}"
    problem = Problem(column=column.name, rule=Rule.RANGE, problem=said + _why(limits.because))
    return row_severity(limits.outside, limits.share), problem


def _unknown(column: Column, value: Scalar) -> Found:
    known = column.values
    assert known is not None, "only columns with a list of values are asked"
    said = f"{_shown(column, value)} is not among the {counted(len(known.allowed), 'known value')}{_why(known.because)}"
    return row_severity(known.outside, known.share), Problem(column=column.name, rule=Rule.VALUES, problem=said)


def _unmatched(column: Column, value: Scalar) -> Found:
    pattern = column.pattern
    assert pattern is not None, "only columns with a pattern are asked"
    said = f"{_shown(column, value)} is not of the pattern {show(pattern.matches)}{_why(pattern.because)}"
    return row_severity(pattern.outside, pattern.share), Problem(column=column.name, rule=Rule.PATTERN, problem=said)


def _mismeasured(column: Column, value: Scalar) -> Found:
    length = column.length
    assert length is not None, "only columns with a length are asked"
    allowed = f"not {ends_said(length.minimum, length.maximum)}{_why(length.because)}"
    said = f"{_shown(column, value)} has {len(str(value)):,} characters, {allowed}"
    return row_severity(length.outside, length.share), Problem(column=column.name, rule=Rule.LENGTH, problem=said)


def _against(condition: Condition) -> Found:
    said = f"it is against {condition_said(condition.name, condition.when, condition.then)}{_why(condition.because)}"
    severity = row_severity(condition.outside, condition.share)
    return severity, Problem(column="", rule=Rule.CONDITION, problem=said)
