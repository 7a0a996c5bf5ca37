"""A table's column, read as a contract's type: `trimtab.data.scalar` for whole columns at once.

Where a column is stored in a way of its type, it is cast; everything else is either wrong as a whole (text where a
number is due) or read value by value (ISO 8601 text where a time is due, as a CSV file has it). NaN in a table is a
gap, as many libraries write one; an infinity is a fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import msgspec
import polars as pl
import polars.selectors

from trimtab.base.instants import from_datetime
from trimtab.data.kinds import EXACT_FLOAT, TEXT_MAX, TIME_AMBIGUOUS, TIME_MAX, TIME_MIN, ColumnType, Rule
from trimtab.data.scalar import Fault, read_scalar

if TYPE_CHECKING:
    from polars.datatypes import DataType

_USUAL: Final = (
    r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{3}|\.[0-9]{6})?"
)
_ZONED_YEARS: Final = (1910, 2090)
"""The years in which Polars' time zones are Python's."""
_OFFSET: Final = "(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
_FORMAT: Final = "%Y-%m-%d %H:%M:%S%.f"
"""ISO 8601 as programs write it: what Python and Polars both read, to the same microsecond."""
INSTANTS = pl.Datetime("us", "UTC")


class ReadColumn(msgspec.Struct, frozen=True):
    """A column as its type: Int64, Float64, Boolean, String or UTC microseconds; null for gaps and for faults.

    ``gaps`` marks what was null (or NaN), ``faults`` what could not be read, by rule, each value in one at most.
    """

    values: pl.Series
    gaps: pl.Series
    faults: Mapping[Rule, pl.Series]


def natural_type(dtype: DataType) -> ColumnType | None:
    """The type of what Polars stores so; None for what no row of a model holds: lists, structs, binary, durations."""
    if dtype == pl.Boolean:
        return ColumnType.BOOLEAN
    if dtype.is_integer():
        return ColumnType.INTEGER
    if dtype.is_float() or dtype.is_decimal():
        return ColumnType.FLOAT
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return ColumnType.TEXT
    if dtype in (pl.Datetime, pl.Date):
        return ColumnType.TIME
    return None


def by_name(names: Sequence[str]) -> polars.selectors.Selector:
    """The columns of these very names, in this order: Polars takes a text such as ``*`` for all of them, and ``^a.*$``
    for a pattern."""
    return polars.selectors.by_name(*names)


def read_column(series: pl.Series, kind: ColumnType, zone: str | None = None) -> ReadColumn:
    """The column's values as the type has them, with what could not be read."""
    if series.dtype.is_float():
        series = series.fill_nan(None)
    match kind, natural_type(series.dtype):
        case ColumnType.INTEGER, ColumnType.INTEGER:
            integers = series.cast(pl.Int64, strict=False)
            return _read(series, integers, {Rule.IMPOSSIBLE: integers.is_null()})
        case ColumnType.INTEGER, ColumnType.FLOAT:
            return _whole(series)
        case ColumnType.FLOAT, ColumnType.INTEGER | ColumnType.FLOAT:
            numbers = series.cast(pl.Float64)
            return _read(series, numbers, {Rule.IMPOSSIBLE: numbers.is_infinite()})
        case ColumnType.BOOLEAN, ColumnType.BOOLEAN:
            return _read(series, series, {})
        case ColumnType.TEXT, ColumnType.TEXT:
            texts = series.cast(pl.String)
            return _read(series, texts, {Rule.IMPOSSIBLE: texts.str.len_chars() > TEXT_MAX})
        case ColumnType.TIME, ColumnType.TIME:
            return _times(series, zone)
        case ColumnType.TIME, ColumnType.INTEGER:
            return _microseconds(series)
        case ColumnType.TIME, ColumnType.TEXT:
            return _parsed(series.cast(pl.String), zone)
        case _:
            nothing = pl.Series(series.name, [None] * len(series), dtype=storage_type(kind))
            return _read(series, nothing, {Rule.TYPE: series.is_not_null()})


def storage_type(kind: ColumnType) -> DataType:
    """How `read_column` stores a type."""
    match kind:
        case ColumnType.INTEGER:
            return pl.Int64()
        case ColumnType.FLOAT:
            return pl.Float64()
        case ColumnType.BOOLEAN:
            return pl.Boolean()
        case ColumnType.TEXT:
            return pl.String()
        case ColumnType.TIME:
            return INSTANTS


def _read(series: pl.Series, values: pl.Series, faults: Mapping[Rule, pl.Series]) -> ReadColumn:
    gaps = series.is_null()
    marked = {rule: mask.fill_null(value=False) & ~gaps for rule, mask in faults.items()}
    found = {rule: mask for rule, mask in marked.items() if mask.any()}
    for mask in found.values():
        values = values.set(mask, None)
    return ReadColumn(values=values.alias(series.name), gaps=gaps, faults=found)


def _whole(series: pl.Series) -> ReadColumn:
    numbers = series.cast(pl.Float64)
    broken = numbers.is_finite() & (numbers != numbers.floor())
    large = ~broken & (numbers.is_infinite() | (numbers.abs() > EXACT_FLOAT))
    return _read(series, numbers.cast(pl.Int64, strict=False), {Rule.TYPE: broken, Rule.IMPOSSIBLE: large})


def _times(series: pl.Series, zone: str | None) -> ReadColumn:
    if series.dtype == pl.Date:
        series = series.cast(pl.Datetime("us"))
    moments = series.dt.cast_time_unit("us")
    if series.dtype.time_zone is None:  # type: ignore[attr-defined]  # a Datetime has one
        if zone is None:
            return _read(series, series.cast(INSTANTS), {Rule.IMPOSSIBLE: series.is_not_null()})
        moments = _localised(moments, zone)
    moments = moments.dt.convert_time_zone("UTC")
    counts = moments.to_physical()
    return _read(series, moments, {Rule.IMPOSSIBLE: counts.is_null() | (counts < TIME_MIN) | (counts > TIME_MAX)})


def _localised(naive: pl.Series, zone: str) -> pl.Series:
    """Naive times as instants, as `datetime` reads them: the first of two that a clock set back shows, and a time
    that a clock set forward skipped as if it had not been set yet. Polars' zones end with this century, and banks
    write 9999 for never."""
    moments = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    far = ~naive.dt.year().is_between(*_ZONED_YEARS)
    odd = ((moments.is_null() | far) & naive.is_not_null()).fill_null(value=False)
    if not odd.any():
        return moments
    shown: list[datetime] = naive.filter(odd).unique().to_list()
    read = [_moment(moment, zone) for moment in shown]
    found = naive.filter(odd).replace_strict(shown, read, return_dtype=pl.Int64)
    return moments.to_physical().scatter(odd.arg_true(), found).cast(INSTANTS)


def _moment(naive: datetime, zone: str) -> int | None:
    try:
        return from_datetime(naive.replace(tzinfo=ZoneInfo(zone)))
    except OverflowError:
        return None


def _microseconds(series: pl.Series) -> ReadColumn:
    counts = series.cast(pl.Int64, strict=False)
    near = (counts < TIME_AMBIGUOUS) & (counts > -TIME_AMBIGUOUS)
    far = counts.is_null() | (counts < TIME_MIN) | (counts > TIME_MAX)
    return _read(series, counts.cast(INSTANTS), {Rule.IMPOSSIBLE: near | far})


def _parsed(series: pl.Series, zone: str | None) -> ReadColumn:
    values = _usual(series, zone)
    left = series.filter(values.is_null() & series.is_not_null()).unique()
    if not len(left):
        return _read(series, values, {})
    read = {text: read_scalar(ColumnType.TIME, text, zone) for text in left}
    moments = {text: moment for text, moment in read.items() if not isinstance(moment, Fault)}
    if moments:
        late = series.replace_strict(list(moments), list(moments.values()), default=None, return_dtype=pl.Int64)
        values = values.fill_null(late.cast(INSTANTS))
    faults = {}
    for rule in (Rule.TYPE, Rule.IMPOSSIBLE):
        wrong = [text for text, moment in read.items() if isinstance(moment, Fault) and moment.rule is rule]
        faults[rule] = series.is_in(pl.Series(wrong, dtype=pl.String).implode())
    return _read(series, values, faults)


def _usual(texts: pl.Series, zone: str | None) -> pl.Series:
    """The moments of texts in the form that nearly all have, in bulk; null for every other, right or wrong."""
    usual = _with_space(texts, f"{_USUAL}{_OFFSET}$")
    moments = usual.str.to_datetime(f"{_FORMAT}%#z", time_unit="us", time_zone="UTC", strict=False)
    if zone is not None:
        naive = _with_space(texts, f"{_USUAL}$").str.to_datetime(_FORMAT, time_unit="us", strict=False)
        moments = moments.fill_null(_localised(naive, zone))
    return moments.set(~moments.to_physical().is_between(TIME_MIN, TIME_MAX), None).alias(texts.name)


def _with_space(texts: pl.Series, form: str) -> pl.Series:
    """The texts of a form, with a space before the time of day; null for the others."""
    fits = texts.str.contains(form)
    return texts.set(~fits, None).str.replace("T", " ", literal=True)
