"""Whether a profile that was read from somewhere can be one: its parts have their sizes and agree with each other.

A record's types say little of packed bytes and of numbers that must add up. What is looked at here is what the rest of
the package relies on, so that a damaged profile is refused where it is read, and neither fails nor misleads later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from trimtab.data.column_profile import (
    GROUPS,
    VALUES_MAX,
    CategoryColumn,
    ColumnProfile,
    NumberColumn,
    OpaqueColumn,
    TimeColumn,
)
from trimtab.data.distinct import SMALLEST, Distinct
from trimtab.data.kinds import ColumnType
from trimtab.data.pairs import Pairs
from trimtab.data.profile import Profile
from trimtab.data.sample import GAP, ROWS_MAX, Sample, Sampled
from trimtab.data.seasons import Season, Seasons
from trimtab.data.sketch import BUCKETS_MAX, Sketch, codes_of

_SEASONS: Final = {Season.HOUR: 24, Season.WEEKDAY: 7, Season.HOUR_OF_WEEK: 168}
_NUMBERS: Final = (ColumnType.INTEGER, ColumnType.FLOAT)
_CATEGORIES: Final = (ColumnType.TEXT, ColumnType.BOOLEAN)
_BITS: Final = 63


def fault_of(record: Profile | Seasons) -> str | None:
    """The first thing in a profile that cannot be, for a sentence; None if it is sound."""
    found = _of_profile(record) if isinstance(record, Profile) else _of_seasons(record)
    return next(found, None)


def _of_seasons(seasons: Seasons) -> Iterator[str]:
    names = None
    for number, part in seasons.parts.items():
        if not number.isdecimal() or int(number) >= _SEASONS[seasons.by]:
            yield f"there is no season {number!r}"
        if names is not None and part.columns.keys() != names:
            yield "its seasons have different columns"
        names = part.columns.keys()
        yield from _of_profile(part)
    if seasons.timeless < 0:
        yield "it counts less than no row without a time"


def _of_profile(profile: Profile) -> Iterator[str]:
    for name, column in profile.columns.items():
        for fault in _of_column(column):
            yield f"column {name!r}: {fault}"
        if column.rows != profile.rows:
            yield f"column {name!r} has {column.rows} rows, and the table {profile.rows}"
    if profile.pairs is not None:
        yield from _of_pairs(profile.pairs, profile)
    if profile.sample is not None:
        yield from _of_sample(profile.sample, profile)
    if profile.order is not None and profile.order.column not in profile.columns:
        yield f"rows follow a column {profile.order.column!r} that it does not have"
    if profile.repeats is not None:
        strange = [name for name in profile.repeats.columns if name not in profile.columns]
        if strange or not 0 <= profile.repeats.rows <= profile.rows:
            yield "the rows that repeat a key are not of its rows"


def _of_column(column: ColumnProfile) -> Iterator[str]:
    if column.nulls < 0 or column.count < 0:
        yield "it counts less than no row"
    match column:
        case NumberColumn():
            if column.type not in _NUMBERS or column.nans < 0 or column.infinite < 0:
                yield "it is not a column of numbers"
            yield from _of_line(column)
        case TimeColumn():
            if column.type is not ColumnType.TIME:
                yield "it is not a column of times"
            yield from _of_line(column)
        case CategoryColumn():
            yield from _of_category(column)
        case OpaqueColumn():
            pass


def _of_line(column: NumberColumn | TimeColumn) -> Iterator[str]:
    """A column whose values lie on a line."""
    fault = _of_sketch(column.sketch)
    if fault is not None:
        yield fault
    elif column.sketch.linear is not isinstance(column, TimeColumn) or column.sketch.count != column.count:
        yield "its buckets do not hold its values"
    elif not _are_ends(column):
        yield "its least and greatest value are not in its first and last bucket"
    yield from _of_distinct(column.distinct)


def _are_ends(column: NumberColumn | TimeColumn) -> bool:
    """Whether the ends lie in the first and the last bucket; those of hidden values, there or beyond."""
    keys, _ = column.sketch.unpacked
    if column.minimum is None or column.maximum is None or not len(keys):
        return column.minimum is None and column.maximum is None and not len(keys)
    first, last = (_code(end, column.sketch) for end in (column.minimum, column.maximum))
    if column.hidden:
        return first <= int(keys[0]) and last >= int(keys[-1])
    return (first, last) == (int(keys[0]), int(keys[-1]))


def _code(end: float, sketch: Sketch) -> int:
    code = end if sketch.linear else int(codes_of(np.array([end], dtype=np.float64))[0])
    return int(code) >> sketch.dropped


def _of_sketch(sketch: Sketch) -> str | None:
    if not 0 <= sketch.dropped <= _BITS:
        return f"no bucket leaves out {sketch.dropped} bits"
    try:
        keys, counts = sketch.unpacked
    except ValueError:
        return "its buckets are cut short"
    if len(keys) > BUCKETS_MAX or bool((keys[1:] <= keys[:-1]).any()) or bool((counts <= 0).any()):
        return "its buckets are in no order, or empty"
    limit = 1 << _BITS - sketch.dropped
    if len(keys) and not -limit <= int(keys[0]) <= int(keys[-1]) < limit:
        return "its buckets are of no number"
    return None


def _of_distinct(distinct: Distinct | None) -> Iterator[str]:
    if distinct is None:
        return
    if len(distinct.smallest) % 8 or len(distinct.smallest) > 8 * SMALLEST:
        yield "its hashes are cut short"
    elif not _ascends(distinct.hashes):
        yield "its hashes are in no order"


def _of_category(column: CategoryColumn) -> Iterator[str]:
    if column.type not in _CATEGORIES:
        yield "it is not a column of texts or truth values"
    if len(column.values) != len(column.counts) or len(column.values) > VALUES_MAX:
        yield "its values are not those that are counted"
    if column.groups and (len(column.groups) != GROUPS or column.values):
        yield "its values are counted one by one and in groups"
    if any(count < 0 for count in (*column.counts, *column.groups)):
        yield "it counts less than no row"
    if any(one >= other for one, other in zip(column.values, column.values[1:], strict=False)):
        yield "its values are in no order"
    yield from _of_distinct(column.distinct)


def _of_pairs(pairs: Pairs, profile: Profile) -> Iterator[str]:
    if any(not isinstance(profile.columns.get(name), NumberColumn | OpaqueColumn) for name in pairs.columns):
        yield "its pairs are not of its columns of numbers"
    if len(pairs.packed) != 3 * 8 * len(pairs.columns) ** 2:
        yield "its pairs are cut short"


def _of_sample(sample: Sample, profile: Profile) -> Iterator[str]:
    rows = len(sample.hashes)
    if rows > ROWS_MAX or len(sample.counts) != rows or any(count < 1 for count in sample.counts):
        yield "its sampled rows are not those that are counted"
    elif any(not 0 <= number < 1 << 64 for number in sample.hashes) or not _ascends(np.array(sample.hashes, np.uint64)):
        yield "its sampled rows are in no order"
    elif sum(sample.counts) > profile.rows:
        yield "more rows are sampled than there are"
    for name, column in sample.columns.items():
        if name not in profile.columns or not _is_whole(column, rows):
            yield f"the sampled values of column {name!r} are cut short"


def _is_whole(column: Sampled, rows: int) -> bool:
    if column.is_number:
        return len(column.packed) == 8 * rows
    if len(column.packed) != 2 * rows:
        return False
    places = column.places
    return bool(((places < len(column.values)) | (places == GAP)).all())


def _ascends(numbers: np.ndarray[Any, np.dtype[np.uint64]]) -> bool:
    return bool((numbers[1:] > numbers[:-1]).all())
