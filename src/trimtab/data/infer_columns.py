"""What a contract says of one column, by its profile: structure refuses, what was merely seen is noted."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from trimtab.base.instants import format_instant
from trimtab.data.column_profile import (
    CategoryColumn,
    ColumnProfile,
    NumberColumn,
    OpaqueColumn,
    TimeColumn,
    different_values,
)
from trimtab.data.infer_chance import most_later
from trimtab.data.infer_names import is_called_a_name, is_sequence, is_time_in_numbers
from trimtab.data.infer_ranges import COUNT_MIN, Limits, limits_of
from trimtab.data.infer_texts import codes_for, known_texts, length_for, pattern_for, texts_said, values_for
from trimtab.data.kinds import INTEGER_MAX, INTEGER_MIN, TEXT_MAX, TIME_MAX, TIME_MIN, ColumnType, Severity
from trimtab.data.profile import Profile, RowOrder
from trimtab.data.scalar import Fault, read_scalar
from trimtab.data.schema import Column, Nulls, Order, Range
from trimtab.data.wording import counted, show

_SHORTER: Final = 10
_SHORTEST: Final = 1_000
"""The share of nulls leaves room for chance in tables down to this part (a tenth) of the rows that were seen, but not
in shorter ones than of so many rows: where a null or two are more than a tenth, no share says anything."""
_BOUND_BECAUSE: Final = {0: "as none was positive", 1: "as shares end there", 100: "as percentages end there"}
"""Why numbers keep to a natural upper bound."""
_DATED: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ORDERED_MIN: Final = 10
"""Fewer rows are in order by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the whole table when one of its columns is looked at.

    ``running`` are columns of numbers that only rise or only fall with time.
    """

    profile: Profile
    zone: str | None
    running: frozenset[str]
    sensitive: frozenset[str]


def why_left_out(column: ColumnProfile) -> str | None:
    """Why no contract can speak of such a column; None where one can."""
    match column:
        case OpaqueColumn(count=0):
            return "it has no value at all, so its type is unknown"
        case OpaqueColumn():
            return f"it is stored as {column.stored or 'lists or other things'}, which no contract has a type for"
        case CategoryColumn() if column.lengths is not None and column.lengths.maximum > TEXT_MAX:
            return f"it holds texts of more than {TEXT_MAX:,} characters"
        case TimeColumn(minimum=int(), maximum=int()) if not _is_within_years(column):
            return "it holds times that are not within the years 1 to 9999"
        case _:
            return None


def is_naive(column: ColumnProfile) -> bool:
    """Whether times are stored without a zone."""
    stored = column.stored
    return isinstance(column, TimeColumn) and (stored == "Date" or "time_zone=None" in stored)


def gaps_of(column: ColumnProfile) -> int:
    """Rows without a value; NaN is none."""
    return column.nulls + (column.nans if isinstance(column, NumberColumn) else 0)


def plain_column(name: str, column: ColumnProfile, known: Known) -> Column:
    """The column with its type, and whether it may be null: all that is said of a label, a key and a time."""
    infinite = column.infinite if isinstance(column, NumberColumn) else 0
    because = f"{counted(infinite, 'row')} of {column.rows:,} hold an infinity, which is no number" if infinite else ""
    return Column(
        name=name,
        type=type_of(column),
        nullable=gaps_of(column) > 0,
        outside=Severity.QUARANTINE if infinite else Severity.REFUSE,
        sensitive=name in known.sensitive,
        because=because,
    )


def time_column(name: str, column: ColumnProfile, known: Known) -> Column:
    """The column of the rows' own time."""
    order = _order_for(name, known.profile.order, column.rows)
    return Column(name=name, type=ColumnType.TIME, order=order, sensitive=name in known.sensitive)


def feature(name: str, column: ColumnProfile, known: Known) -> Column:
    """The column with everything that its values suggest."""
    plain = plain_column(name, column, known)
    gaps, rows = gaps_of(column), column.rows
    if gaps == rows:
        return _with(plain, because=f"null in all {counted(rows, 'row')}")
    nulls = _nulls_for(gaps, rows) if gaps else None
    match column:
        case NumberColumn():
            ruled = _number(plain, column, known)
        case CategoryColumn(type=ColumnType.TEXT):
            ruled = _text(plain, column, known)
        case _:
            ruled = plain
    return _with(ruled, nulls=nulls)


def _number(plain: Column, column: NumberColumn, known: Known) -> Column:
    why = _why_unlimited(plain.name, column, known)
    if why is not None:
        return _with(plain, because="; ".join(filter(None, (plain.because, f"{why}, so no limits were inferred"))))
    codes = codes_for(column) if plain.type is ColumnType.INTEGER and not plain.sensitive else None
    if codes is not None:
        return _with(plain, values=codes)
    limits = limits_of(column)
    if limits is None:
        return plain
    whole = plain.type is ColumnType.INTEGER
    ends = (limits.minimum, limits.maximum) if whole else (float(limits.minimum), float(limits.maximum))
    because = _range_because(column, limits, sensitive=plain.sensitive)
    return _with(plain, range=Range(minimum=ends[0], maximum=ends[1], because=because))


def _why_unlimited(name: str, column: NumberColumn, known: Known) -> str | None:
    """Why numbers say nothing of the numbers to come; None where they do."""
    rows = counted(column.count, "row")
    if column.minimum == column.maximum:
        return f"always {_shown(column.minimum)} in {rows}"
    if column.count < COUNT_MIN:
        return f"seen in {rows} only"
    if is_sequence(column):
        return f"whole numbers of which none is there twice and few are left out in {rows}, as in a counter"
    if name in known.running:
        return "only rising or only falling with time"
    different = different_values(column)
    if column.type is ColumnType.INTEGER and is_called_a_name(name) and different is not None:
        return f"{counted(different[0], 'different number')} in {rows}, called as names are"
    if is_time_in_numbers(name, column):
        return f"times in numbers, {_shown(column.minimum)} to {_shown(column.maximum)}"
    return None


def _text(plain: Column, column: CategoryColumn, known: Known) -> Column:
    rows = counted(column.count, "row")
    length = length_for(column)
    if plain.sensitive:
        return _with(plain, length=length)
    if len(column.values) == 1:
        return _with(plain, because=f"always {show(column.values[0])} in {rows}, so no limits were inferred")
    dated = _dated_because(plain.name, column, known)
    pattern = None
    listed = values_for(column) if not dated else None
    if listed is None:
        pattern = pattern_for(plain.name, column, known.profile)
    # The form says how long it is, unless it may be of any number of digits.
    length = None if listed is not None or pattern is not None else length
    return _with(plain, values=listed, pattern=pattern, length=length, because=dated)


def _dated_because(name: str, column: CategoryColumn, known: Known) -> str:
    """That texts are times, where all that are known read as such; typing them is left to a person."""
    texts, rows = known_texts(name, column, known.profile.sample)
    if not texts or not _DATED.match(texts[0]):
        return ""
    zone = known.zone or "UTC"
    if any(isinstance(read_scalar(ColumnType.TIME, text, zone), Fault) for text in texts):
        return ""
    return f'all {texts_said(texts, rows, column)} read as times: type = "time" would refuse what is none'


def _nulls_for(gaps: int, rows: int) -> Nulls | None:
    if rows < COUNT_MIN:
        return None
    later = max(rows / _SHORTER, _SHORTEST)
    share = most_later(gaps, rows, later)
    if share >= 1.0:
        return None
    seen = f"null in {counted(gaps, 'row')} of {rows:,} ({gaps / rows * 100:.3g}%)"
    tables = "a tenth as many" if later > _SHORTEST else f"{_SHORTEST:,}"
    return Nulls(share=share, because=f"{seen}; chance alone makes no more of {tables} rows")


def _range_because(column: NumberColumn, limits: Limits, *, sensitive: bool) -> str:
    """What was seen, and of each end that lies elsewhere why it does."""
    rows = counted(column.count, "row")
    if sensitive:
        return f"from {rows}, known to a sixteenth of their size only"
    parts = [f"seen {_shown(column.minimum)} to {_shown(column.maximum)} in {rows}"]
    assert column.minimum is not None, "asked where there is a range"
    assert column.maximum is not None, "asked where there is a range"
    moved = limits.minimum < column.minimum, limits.maximum > column.maximum
    if moved[0] and limits.natural[0]:
        parts.append("down to 0 as none was negative")
    if moved[1] and limits.natural[1]:
        parts.append(f"up to {_shown(limits.maximum)} {_BOUND_BECAUSE[int(limits.maximum)]}")
    tails = moved[0] and not limits.natural[0], moved[1] and not limits.natural[1]
    if any(tails):
        parts.append(
            f"and room for {'both tails' if all(tails) else 'its lower tail' if tails[0] else 'its upper tail'}"
        )
    return ", ".join(parts)


def _order_for(name: str, order: RowOrder | None, rows: int) -> Order | None:
    if order is None or order.column != name or order.backwards or rows < _ORDERED_MIN:
        return None
    spanned = f"from {format_instant(order.first)} to {format_instant(order.last)}"
    return Order(because=f"no row of {rows:,} is earlier than the one before, {spanned}")


def type_of(column: ColumnProfile) -> ColumnType:
    """The type that a contract gives a column; integers of which one is beyond 64 bits are floats."""
    assert column.type is not None, "asked of columns that a contract can speak of"
    if isinstance(column, NumberColumn) and column.type is ColumnType.INTEGER:
        ends = column.minimum or 0, column.maximum or 0
        return ColumnType.INTEGER if INTEGER_MIN <= min(ends) <= max(ends) <= INTEGER_MAX else ColumnType.FLOAT
    return column.type


def _is_within_years(column: TimeColumn) -> bool:
    assert column.minimum is not None, "asked where there is a value"
    assert column.maximum is not None, "asked where there is a value"
    return TIME_MIN <= column.minimum <= column.maximum <= TIME_MAX


def _with(column: Column, **changes: object) -> Column:
    return replace(column, **changes)  # type: ignore[arg-type]  # the fields of a column, by their names


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else show(value)
