"""What a profile keeps of the rows of two columns together, from that of each (`trimtab.data.column_profile`)."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeVar

import msgspec
import numpy as np

from trimtab.base.errors import InputError
from trimtab.data.column_profile import (
    CategoryColumn,
    ColumnProfile,
    Lengths,
    NumberColumn,
    OpaqueColumn,
    TimeColumn,
    beyond_floats,
    category,
)
from trimtab.data.distinct import Distinct, DistinctFold, merge_distinct
from trimtab.data.hashes import hash_floats, hash_integers, hash_names
from trimtab.data.kinds import ColumnType
from trimtab.data.moments import merge_moments
from trimtab.data.sketch import merge_sketches, values_of

C = TypeVar("C", NumberColumn, CategoryColumn, TimeColumn)


class ProfileError(InputError):
    """Two profiles that are not of the same columns."""

    code = "TT1204"


def merge_columns(name: str, left: ColumnProfile, right: ColumnProfile) -> ColumnProfile:
    if left.hidden != right.hidden:
        if not has_no_values(left if right.hidden else right):
            problem = f"column {name!r} is hidden in one of two profiles only, so they cannot be merged"
            raise ProfileError(problem, fix="Profile both with the same sensitive columns.")
        left, right = (msgspec.structs.replace(column, hidden=True) for column in (left, right))
    merged = _merge_kinds(name, left, right)
    return msgspec.structs.replace(merged, hidden=True) if left.hidden else merged


def _merge_kinds(name: str, left: ColumnProfile, right: ColumnProfile) -> ColumnProfile:
    match left, right:
        case OpaqueColumn(), OpaqueColumn():
            return OpaqueColumn(
                stored=_stored(left, right), nulls=left.nulls + right.nulls, count=left.count + right.count
            )
        case OpaqueColumn(count=0), _:
            return msgspec.structs.replace(right, nulls=left.nulls + right.nulls)
        case _, OpaqueColumn(count=0):
            return msgspec.structs.replace(left, nulls=left.nulls + right.nulls)
        case NumberColumn(), NumberColumn():
            return _merge_numbers(left, right)
        case CategoryColumn(), CategoryColumn() if left.type is right.type:
            return _merge_categories(left, right)
        case TimeColumn(), TimeColumn():
            return _merge_times(left, right)
        case _:
            problem = f"column {name!r} is not of one kind in two profiles, so they cannot be merged"
            raise ProfileError(problem, fix="Merge profiles of one contract.")


def _merge_numbers(left: NumberColumn, right: NumberColumn) -> NumberColumn:
    sketch = merge_sketches(left.sketch, right.sketch)
    merged = NumberColumn(
        type=left.type if left.type is right.type else ColumnType.FLOAT,
        stored=_stored(left, right),
        nulls=left.nulls + right.nulls,
        nans=left.nans + right.nans,
        infinite=left.infinite + right.infinite,
        minimum=_either(min, left.minimum, right.minimum, whole=left.type is right.type),
        maximum=_either(max, left.maximum, right.maximum, whole=left.type is right.type),
        moments=merge_moments(left.moments, right.moments),
        sketch=sketch,
        counted=left.counted and right.counted,
    )
    return _with_distinct(merged, left, right)


def _merge_times(left: TimeColumn, right: TimeColumn) -> TimeColumn:
    merged = TimeColumn(
        stored=_stored(left, right),
        nulls=left.nulls + right.nulls,
        count=left.count + right.count,
        minimum=_either(min, left.minimum, right.minimum),
        maximum=_either(max, left.maximum, right.maximum),
        sketch=merge_sketches(left.sketch, right.sketch),
        counted=left.counted and right.counted,
    )
    return _with_distinct(merged, left, right)


def _merge_categories(left: CategoryColumn, right: CategoryColumn) -> CategoryColumn:
    nulls, stored = left.nulls + right.nulls, _stored(left, right)
    if left.type is ColumnType.TEXT and "" != left.stored != right.stored != "":
        stored = "String"  # texts and categories together are texts
    lengths = _merge_lengths(left.lengths, right.lengths)
    if left.groups or right.groups:
        groups = tuple(a + b for a, b in zip(left.grouped, right.grouped, strict=True))
        merged = CategoryColumn(type=left.type, stored=stored, nulls=nulls, groups=groups, lengths=lengths)
        return _with_distinct(merged, left, right)
    counted = Counter(dict(zip(left.values, left.counts, strict=True)))
    counted.update(dict(zip(right.values, right.counts, strict=True)))
    return category(counted, left.type, nulls=nulls, stored=stored, lengths=lengths)


def _merge_lengths(left: Lengths | None, right: Lengths | None) -> Lengths | None:
    if left is None or right is None:
        return left or right
    return Lengths(
        minimum=min(left.minimum, right.minimum),
        maximum=max(left.maximum, right.maximum),
        total=left.total + right.total,
    )


def _with_distinct(merged: C, left: C, right: C) -> C:
    """The merged column, with the smallest hashes where its other parts do not name each value."""
    exact = not isinstance(merged, CategoryColumn) and merged.sketch.exact and not beyond_floats(merged)
    if exact or not (isinstance(merged, CategoryColumn) or merged.counted):
        return merged
    one, two = _distinct_of(left), _distinct_of(right)
    return merged if one is None or two is None else msgspec.structs.replace(merged, distinct=merge_distinct(one, two))


def _distinct_of(column: NumberColumn | CategoryColumn | TimeColumn) -> Distinct | None:
    """The smallest hashes: those that were kept, or those of the values that are all known."""
    if column.distinct is not None:
        return column.distinct
    fold = DistinctFold()
    if isinstance(column, CategoryColumn):
        if column.groups:
            return None
        fold.add(hash_names(list(column.values)))
        return fold.distinct()
    if not column.sketch.exact or beyond_floats(column):
        return None
    fold.add(_hashes_of_keys(column))
    return fold.distinct()


def _hashes_of_keys(column: NumberColumn | TimeColumn) -> np.ndarray[Any, np.dtype[np.uint64]]:
    keys, _ = column.sketch.unpacked
    return hash_integers(keys) if column.sketch.linear else hash_floats(values_of(keys))


def has_no_values(column: ColumnProfile) -> bool:
    return column.nulls == column.rows


def _stored(left: ColumnProfile, right: ColumnProfile) -> str:
    return min((stored for stored in (left.stored, right.stored) if stored), default="")


def _either(choose: Any, left: Any, right: Any, *, whole: bool = True) -> Any:
    """The lesser or the greater of two ends, of which either may be missing; a float unless both are ``whole``."""
    ends = [end if whole else float(end) for end in (left, right) if end is not None]
    return choose(ends) if ends else None
