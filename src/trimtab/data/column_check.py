"""One column against its rules, batch by batch.

A batch is looked at twice at most. The glance takes a few aggregates (nulls, least, greatest, longest), which say of
nearly every batch that nothing is broken; only where they do not are the rows read as `trimtab.data.columns` reads
them, and each rule gets the mask of the rows that break it. The glance is right or says nothing: what it finds sound,
the slow way would.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import polars as pl

from trimtab.data import time_faults
from trimtab.data.column_rules import asked_of, bounds
from trimtab.data.columns import INSTANTS, ReadColumn, natural_type, read_column, storage_type
from trimtab.data.kinds import INTEGER_MAX, INTEGER_MIN, TEXT_MAX, TIME_MAX, TIME_MIN, ColumnType, Direction, Rule
from trimtab.data.matching import matcher
from trimtab.data.schema import Column, Range, Values
from trimtab.data.spelled import AS_STORED, Spelling, read_spelled
from trimtab.data.tally import Tally
from trimtab.data.violation import Violation

Broken = tuple[pl.Series, str]
"""Rows to set aside, and why."""
_LISTED: Final[dict[type, pl.DataType]] = {bool: pl.Boolean(), int: pl.Int64(), str: pl.String()}
_STRAIGHT: Final = {
    ColumnType.INTEGER: (ColumnType.INTEGER,),
    ColumnType.FLOAT: (ColumnType.INTEGER, ColumnType.FLOAT),
    ColumnType.BOOLEAN: (ColumnType.BOOLEAN,),
}


class ColumnCheck:
    """Checks one column of a table; ``dtype`` is how the table stores it."""

    def __init__(self, column: Column, dtype: pl.DataType, zone: str | None, spelling: Spelling = AS_STORED) -> None:
        self.column = column
        self.rules = 1 + (not column.nullable) + sum(rule is not None for rule in _rules(column))
        self._dtype = dtype
        self._zone = zone
        self._spelling = spelling if column.name in spelling.columns else None
        stored = dtype if self._spelling is None else None
        self._tallies = {asked.rule: Tally(asked) for asked in asked_of(column, stored)}
        self._match = None if column.pattern is None else matcher(column.pattern.matches)
        self._gaps = 0
        self._no_times: frozenset[str] = frozenset()
        self._read: ReadColumn | None = None
        self._last: int | float | str | None = None

    def add(self, series: pl.Series, first_row: int) -> list[Broken]:
        """Take in a batch; the rows that it has to lose."""
        self._read = None
        gaps = self._glance(series) if self._spelling is None else None
        if gaps is not None:
            self._gaps += gaps
            if self.column.nulls is not None and gaps:
                self._tallies[Rule.NULLS].count += gaps
            if self.column.order is not None:
                self._in_order(self.values(series), first_row)
            return []
        self._read = read = self._read_as(series)
        self._gaps += int(read.gaps.sum())
        broken = [self._found(rule, mask, shown, first_row) for rule, mask, shown in self._masks(series, read)]
        if self.column.order is not None:
            self._in_order(read.values, first_row)
        return [found for found in broken if found is not None]

    def values(self, series: pl.Series) -> pl.Series:
        """The batch's values as `read_column` stores them; to be asked after `add` of the same batch."""
        if self._read is not None:
            return self._read.values
        if series.dtype.is_float():
            series = series.fill_nan(None)
        stored = storage_type(self.column.type)
        if self.column.type is ColumnType.TIME:
            return series.cast(INSTANTS)
        return series if series.dtype == stored else series.cast(stored)

    def fresh_values(self, series: pl.Series) -> pl.Series:
        """Any rows' values as `read_column` stores them."""
        return self._read_as(series).values

    def violations(self, rows: int) -> Iterator[Violation]:
        """The rules that are broken, after all batches."""
        for rule, tally in self._tallies.items():
            said = time_faults.said(self._no_times) if rule is Rule.IMPOSSIBLE else ""
            violation = tally.violation(rows, rows - self._gaps, said)
            if violation is not None:
                yield violation

    # ── a glance ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _glance(self, series: pl.Series) -> int | None:
        """How many gaps there are, where nothing else is to be said of the batch; else None."""
        column, natural = self.column, natural_type(self._dtype)
        gaps = series.null_count()
        if gaps == len(series):
            return gaps if column.nullable else None
        if series.dtype.is_float():
            gaps += int(series.is_nan().sum())
        if gaps and not column.nullable:
            return None
        match column.type:
            case ColumnType.TEXT:
                sound = self._dtype == pl.String and self._texts(series)
            case ColumnType.TIME:
                aware = isinstance(self._dtype, pl.Datetime) and self._dtype.time_zone is not None
                sound = aware and self._dtype.time_unit == "us" and self._times(series)  # type: ignore[attr-defined]
            case ColumnType.BOOLEAN:
                sound = natural is ColumnType.BOOLEAN and column.values is None
            case _:
                sound = natural in _STRAIGHT[column.type] and not self._dtype.is_decimal() and self._numbers(series)
        return gaps if sound else None

    def _numbers(self, series: pl.Series) -> bool:
        low, high = series.min(), series.max()
        if low is None or high is None:
            return True  # nothing but gaps
        assert isinstance(low, int | float)
        assert isinstance(high, int | float)
        if self.column.type is ColumnType.FLOAT:
            low, high = float(low), float(high)
            if not (math.isfinite(low) and math.isfinite(high)):
                return False
        elif low < INTEGER_MIN or high > INTEGER_MAX:
            return False
        return _within(self.column.range, low, high) and self._listed(series, low, high)

    def _listed(self, series: pl.Series, low: float, high: float) -> bool:
        known = self.column.values
        if known is None or (low == high and low in known.allowed):
            return True
        whole = {value for value in known.allowed if low <= value <= high}  # type: ignore[operator]  # integers
        return len(whole) == high - low + 1 or not bool(_unknown(series, known).any())

    def _texts(self, series: pl.Series) -> bool:
        column = self.column
        if column.values is not None and bool(_unknown(series, column.values).any()):
            return False
        longest = series.str.len_bytes().max()
        assert isinstance(longest, int)
        if longest > TEXT_MAX:
            return False
        if column.length is not None:
            lengths = series.str.len_chars()
            low, high = lengths.min(), lengths.max()
            assert isinstance(low, int)
            assert isinstance(high, int)
            least, greatest = bounds(column.length.minimum, column.length.maximum)
            if not least <= low <= high <= greatest:
                return False
        return self._match is None or not bool(self._match(series).any())

    def _times(self, series: pl.Series) -> bool:
        counts = series.to_physical()
        low, high = counts.min(), counts.max()
        assert isinstance(low, int)
        assert isinstance(high, int)
        return low >= TIME_MIN and high <= TIME_MAX and _within(self.column.range, low, high)

    def _read_as(self, series: pl.Series) -> ReadColumn:
        if self._spelling is None:
            return read_column(series, self.column.type, self._zone)
        return read_spelled(series, self.column.type, self._zone, self._spelling)

    # ── row by row ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _masks(self, series: pl.Series, read: ReadColumn) -> Iterator[tuple[Rule, pl.Series, pl.Series]]:
        """The rules that rows break, with these rows and what to show of them."""
        column, values = self.column, read.values
        if not column.nullable:
            yield Rule.NULL, read.gaps, series if self._spelling is None else values
        for rule, mask in read.faults.items():
            yield rule, mask, series
        if column.nulls is not None:
            yield Rule.NULLS, read.gaps, series
        if column.range is not None:
            yield Rule.RANGE, _beyond(values.to_physical(), column.range.minimum, column.range.maximum), values
        if column.values is not None:
            yield Rule.VALUES, _unknown(values, column.values), values
        if self._match is not None:
            yield Rule.PATTERN, self._match(values), values
        if column.length is not None:
            lengths = values.str.len_chars()
            yield Rule.LENGTH, _beyond(lengths, column.length.minimum, column.length.maximum), values

    def _found(self, rule: Rule, mask: pl.Series, shown: pl.Series, first_row: int) -> Broken | None:
        if not mask.any():
            return None
        tally = self._tallies[rule]
        if rule is Rule.NULLS:
            tally.count += int(mask.sum())
            return None
        if rule is Rule.IMPOSSIBLE and self.column.type is ColumnType.TIME:
            spelled = self._spelling is not None
            self._no_times |= time_faults.reasons(shown.filter(mask), self._zone, spelled=spelled)
        measured = shown.to_physical() if rule is Rule.RANGE else shown.str.len_chars() if rule is Rule.LENGTH else None
        tally.add(mask, shown, first_row, measured)
        return (mask, tally.asked.reason) if tally.asked.aside else None

    def _in_order(self, values: pl.Series, first_row: int) -> None:
        order = self.column.order
        assert order is not None, "the caller asked"
        present = values.drop_nulls().to_physical() if values.null_count() else values.to_physical()
        if not len(present):
            return
        falling = order.direction is Direction.DECREASING
        before = present.shift(1)
        if self._last is not None:
            before = before.scatter(0, self._last)
        self._last = present[-1]
        if order.strictly:
            wrong = present >= before if falling else present <= before
        else:
            wrong = present > before if falling else present < before
        if not wrong.any():
            return
        rows = values.is_not_null().arg_true().filter(wrong.fill_null(value=False))
        mask = pl.Series([False]).new_from_index(0, len(values)).scatter(rows, True)
        self._tallies[Rule.ORDER].add(mask, values, first_row)


def _rules(column: Column) -> tuple[object | None, ...]:
    return column.nulls, column.range, column.values, column.pattern, column.length, column.order


def _within(limits: Range | None, low: float, high: float) -> bool:
    if limits is None:
        return True
    least, greatest = bounds(limits.minimum, limits.maximum)
    return least <= low and high <= greatest


def _beyond(values: pl.Series, low: float | None, high: float | None) -> pl.Series:
    """Which values are outside; null is not."""
    outside = pl.repeat(value=False, n=len(values), dtype=pl.Boolean, eager=True)
    if low is not None:
        outside |= values < low
    if high is not None:
        outside |= values > high
    return outside.fill_null(value=False)


def _unknown(values: pl.Series, known: Values) -> pl.Series:
    """Which values are not among the known ones; null is."""
    listed = pl.Series(known.allowed, dtype=_LISTED[type(known.allowed[0])])
    return (~values.is_in(listed.implode())).fill_null(value=False)
