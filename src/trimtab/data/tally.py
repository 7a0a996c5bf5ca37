"""What is kept of the rows that break one rule while a table streams by: their number, the first, the farthest out."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import polars as pl

from trimtab.base.instants import format_instant, from_datetime
from trimtab.data.kinds import Of, Rule, Scalar, Severity
from trimtab.data.violation import EXAMPLES_MAX, Example, Violation
from trimtab.data.wording import counted, show

HIDDEN: Final = "hidden"
WORST_MAX: Final = 5
_LOOKED_AT: Final = 1_000
"""Broken rows of a batch that are looked at for examples; beyond them, the same few values repeat."""
_WEIGHED: Final = 100
"""Values of a batch, on each side, among which five different ones are looked for."""
_TEXT_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A rule as it is asked of a table.

    Attributes:
        column: the column; empty where it is about several.
        said: the end of the sentence "3 values of 10 are …".
        noun: what is counted: values or rows.
        share: which share (0-1) may break it: of all rows, or with ``of`` of those that it can be asked of.
        hidden: the values are shown nowhere.
        limits: the least and the greatest, where values farther out are worse.
        moments: the limited values are times.
        columns: those that a rule over several names.
    """

    column: str
    rule: Rule
    said: str
    outside: Severity
    share: float = 0.0
    of: Of = Of.ROWS
    because: str = ""
    noun: str = "value"
    hidden: bool = False
    limits: tuple[float, float] | None = None
    moments: bool = False
    columns: tuple[str, ...] = ()

    @property
    def aside(self) -> bool:
        """Whether the rows that break it are set aside."""
        return self.outside is Severity.QUARANTINE and not self.share

    @property
    def reason(self) -> str:
        """Why a row is set aside, without any value: those stand in the row itself."""
        return f"{self.column}: {self.said}" if self.column else self.said


class Tally:
    """Counts the rows that break a rule."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.count = 0
        self._examples: dict[object, Example] = {}
        self._worst: list[tuple[float, Any]] = []

    def add(self, mask: pl.Series, values: pl.Series | None, first_row: int, measured: pl.Series | None = None) -> None:
        """Take in a batch's rows that break the rule.

        Args:
            mask: which rows these are.
            values: the values to show; None where rows alone are shown.
            first_row: the batch's first row in the table.
            measured: what the limits are about, if there are limits.
        """
        self.count += int(mask.sum())
        if len(self._examples) < EXAMPLES_MAX:
            self._show(mask, values, first_row)
        if measured is not None and self.asked.limits is not None and not self.asked.hidden:
            self._weigh(measured.filter(mask), *self.asked.limits)

    def example(self, row: int, value: object) -> None:
        """Show one row, unless there are enough, or its value is shown already."""
        if len(self._examples) < EXAMPLES_MAX:
            shown = HIDDEN if self.asked.hidden and value is not None else shown_value(value)
            known = row if shown is None or shown is HIDDEN else (type(shown), shown)
            self._examples.setdefault(known, Example(row=row, value=shown))

    def violation(self, rows: int, askable: int | None = None, said: str = "") -> Violation | None:
        """The violation, if more rows than are tolerated break the rule.

        Args:
            rows: all rows.
            askable: those that it can be asked of; None: all.
            said: the end of the sentence, where the rows say more of it than the rule; empty: the rule's.
        """
        asked = self.asked
        rows = askable if asked.of is Of.VALUES and askable is not None else rows
        share = self.count / rows if rows else 1.0
        if not self.count or share <= asked.share:
            return None
        tolerated = f"; up to {asked.share * 100:.6g}% may be" if asked.share else ""
        severity = Severity.REFUSE if asked.share and asked.outside is Severity.QUARANTINE else asked.outside
        verb = "is" if self.count == 1 else "are"
        return Violation(
            column=asked.column,
            rule=asked.rule,
            severity=severity,
            count=self.count,
            share=share,
            problem=f"{counted(self.count, asked.noun)} of {rows:,} {verb} {said or asked.said}{tolerated}",
            examples=tuple(self._examples.values()),
            worst=tuple(format_instant(value) if asked.moments else value for _, value in self._worst),
            because=asked.because,
            columns=asked.columns,
        )

    def _show(self, mask: pl.Series, values: pl.Series | None, first_row: int) -> None:
        places = mask.arg_true().head(_LOOKED_AT)
        shown = [None] * len(places) if values is None else values.gather(places).to_list()
        for place, value in zip(places.to_list(), shown, strict=True):
            self.example(first_row + place, value)
            if len(self._examples) == EXAMPLES_MAX:
                return

    def _weigh(self, outside: pl.Series, low: float, high: float) -> None:
        below, above = outside.filter(outside < low), outside.filter(outside > high)
        found = [(low - value, value) for value in below.bottom_k(_WEIGHED).unique().to_list()]
        found += [(value - high, value) for value in above.top_k(_WEIGHED).unique().to_list()]
        self._worst = heapq.nlargest(WORST_MAX, {*self._worst, *found})


def shown_value(value: object) -> Scalar | None:
    """A table's value as an example holds it: JSON must be able to, and a time is ISO 8601."""
    if isinstance(value, bool | None):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else show(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else show(value)
    if isinstance(value, str):
        return value if len(value) <= _TEXT_MAX else f"{value[:_TEXT_MAX]}…"
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo is None else format_instant(from_datetime(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return show(value)
