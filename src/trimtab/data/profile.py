"""What a table is, in one pass and bounded memory: the same profile for any order and any partition of its rows.

Two profiles merge into the profile of all their rows, so that each row is looked at once, where it passes, and
everything after works on profiles: a day's merge into a fortnight's, the files of a lake into the lake's, and a
release keeps one of the rows it was trained on. Counts, extremes, sketches, categories and samples are the same to
the last bit, whatever the order and the parts; moments agree to about 1e-15 relative (`trimtab.data.moments`).

This module has the records and their merging. `trimtab.data.profiler` makes them of a table's batches, and
`trimtab.data.array_profile` of the arrays that a model is given.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self, TypeVar

import msgspec
import numpy as np

from trimtab.base.errors import InputError
from trimtab.data.distinct import Distinct, DistinctFold, merge_distinct
from trimtab.data.hashes import hash_floats, hash_names
from trimtab.data.kinds import EXACT_FLOAT, ColumnType
from trimtab.data.moments import Moments, merge_moments
from trimtab.data.pairs import Pairs, merge_pairs
from trimtab.data.sample import Sample, merge_samples
from trimtab.data.sketch import Sketch, merge_sketches, values_of

_DECIMAL: Final = re.compile(r"Decimal\(.*scale=(\d+)\)")

VALUES_MAX: Final = 4_096
"""Different values of a category that are counted one by one."""
GROUPS: Final = 1_024
"""Beyond, rows are counted in so many groups, by the value's hash."""


class NumberColumn(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="number"):
    """A column of integers or floats.

    Attributes:
        type: integer or float, whatever width it is stored in.
        stored: how it is stored, in Polars' words; empty where that is not known.
        hidden: whether the column is sensitive, and its values were made unreadable (`trimtab.data.hidden`).
        nulls: gaps.
        nans: values that are not a number; ``infinite`` those that are an infinity.
        minimum: the least finite number, exactly, None without one; ``maximum`` the greatest.
        moments: of the finite numbers.
        sketch: the finite numbers by bucket.
        counted: whether different numbers are counted where the sketch does not name each.
        distinct: the smallest hashes, once there are too many different numbers for the sketch to be exact.
    """

    type: ColumnType = ColumnType.FLOAT
    stored: str = ""
    hidden: bool = False
    nulls: int = 0
    nans: int = 0
    infinite: int = 0
    minimum: int | float | None = None
    maximum: int | float | None = None
    moments: Moments = Moments()
    sketch: Sketch = Sketch()
    counted: bool = True
    distinct: Distinct | None = None

    @property
    def count(self) -> int:
        """Finite numbers."""
        return self.moments.count

    @property
    def not_finite(self) -> int:
        """NaN and infinities."""
        return self.nans + self.infinite

    @property
    def rows(self) -> int:
        """All rows: numbers, gaps, and what is neither."""
        return self.nulls + self.not_finite + self.count

    @property
    def mean(self) -> float:
        """The mean of the finite numbers; NaN without one."""
        return self.moments.mean if self.count and self.moments.mean is not None else float("nan")

    @property
    def deviation(self) -> float:
        """The standard deviation of the finite numbers (divided by their number); NaN without one."""
        return self.moments.deviation


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """Characters of a column's texts: the fewest, the most, and all together."""

    minimum: int
    maximum: int
    total: int


class CategoryColumn(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="category"):
    """A column of texts or truth values.

    ``values`` are sorted and ``counts`` are theirs. Once there are more than `VALUES_MAX` different ones both are
    empty, ``groups`` counts the rows by the value's hash, and ``distinct`` has the smallest hashes. The values of a
    ``hidden`` column of texts are not the texts but names made of their hashes.
    """

    type: ColumnType = ColumnType.TEXT
    stored: str = ""
    hidden: bool = False
    nulls: int = 0
    values: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    lengths: Lengths | None = None
    distinct: Distinct | None = None

    @property
    def count(self) -> int:
        """Rows that are not null."""
        return sum(self.counts) + sum(self.groups)

    @property
    def rows(self) -> int:
        """All rows, gaps too."""
        return self.nulls + self.count

    @property
    def grouped(self) -> tuple[int, ...]:
        """The rows by the value's hash, whatever form they are counted in."""
        return self.groups or tuple(group_counts(self.values, self.counts))


class TimeColumn(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="time"):
    """A column of dates or times, as UTC microseconds; of naive ones as if they were UTC.

    ``sketch`` has where they lie, in buckets of one width, which shows the gaps; ``counted`` and ``distinct`` are as in
    `NumberColumn`.
    """

    type: ColumnType = ColumnType.TIME
    stored: str = ""
    hidden: bool = False
    nulls: int = 0
    count: int = 0
    minimum: int | None = None
    maximum: int | None = None
    sketch: Sketch = Sketch(linear=True)
    counted: bool = True
    distinct: Distinct | None = None

    @property
    def rows(self) -> int:
        """All rows, gaps too."""
        return self.nulls + self.count


class OpaqueColumn(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="opaque"):
    """A column of lists, structs or other things that are only counted, or one without any value."""

    type: None = None
    stored: str = ""
    hidden: bool = False
    nulls: int = 0
    count: int = 0

    @property
    def rows(self) -> int:
        """All rows, gaps too."""
        return self.nulls + self.count


C = TypeVar("C", NumberColumn, CategoryColumn, TimeColumn)
ColumnProfile = NumberColumn | CategoryColumn | TimeColumn | OpaqueColumn


class RowOrder(msgspec.Struct, frozen=True, kw_only=True):
    """How rows follow each other in time: the one part of a profile that depends on their order.

    ``backwards`` counts rows that are earlier than the one before; ``first`` and ``last`` are the times of the first
    and the last row that have one.
    """

    column: str
    backwards: int
    first: int
    last: int


class Repeats(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows repeat the key of an earlier one, counted exactly; rows with a null in the key are left out."""

    columns: tuple[str, ...]
    rows: int


class Profile(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.profile/4"):
    """The rows of a table, by column, and what no column shows alone.

    Attributes:
        rows: how many there are.
        columns: by name, in the table's order.
        pairs: how columns of numbers vary together; None where it was not asked for.
        sample: some whole rows; None where it was not asked for.
        order: how rows follow each other in time; None without a time column.
        repeats: rows that repeat a key; None without a key, and in a merged profile: which keys of one part are in
            another is not in their profiles.
    """

    rows: int = 0
    columns: dict[str, ColumnProfile] = {}
    pairs: Pairs | None = None
    sample: Sample | None = None
    order: RowOrder | None = None
    repeats: Repeats | None = None

    def __add__(self, other: Self) -> Profile:
        return merge(self, other)


class ProfileError(InputError):
    """Two profiles that are not of the same columns."""

    code = "TT1204"


def merge(left: Profile, right: Profile) -> Profile:
    """The profile of both tables' rows together; ``Profile()`` is that of no rows and changes nothing.

    Raises:
        ProfileError: they are not of the same columns.
    """
    if not left.columns or not right.columns:
        return right if not left.columns else left
    if left.columns.keys() != right.columns.keys():
        different = sorted(left.columns.keys() ^ right.columns.keys())
        problem = f"two profiles of different columns cannot be merged: {', '.join(different)} is in one of them only"
        raise ProfileError(problem, fix="Merge profiles of one contract.")
    columns = {name: _merge(name, column, right.columns[name]) for name, column in left.columns.items()}
    gaps = _without_values(left), _without_values(right)
    sample = pairs = None
    if left.sample is not None and right.sample is not None:
        sample = merge_samples(left.sample, right.sample, gaps=gaps)
    if left.pairs is not None and right.pairs is not None:
        pairs = merge_pairs(left.pairs, right.pairs, order=tuple(left.columns), gaps=gaps)
    return Profile(
        rows=left.rows + right.rows, columns=columns, pairs=pairs, sample=sample, order=_merge_order(left, right)
    )


def merge_all(profiles: Iterable[Profile]) -> Profile:
    """The profile of all tables' rows together; of none, the empty profile. Merged in pairs, small ones first."""
    waiting = list(profiles)
    while len(waiting) > 1:
        pairs = zip(waiting[::2], waiting[1::2], strict=False)
        waiting = [merge(*pair) for pair in pairs] + waiting[len(waiting) // 2 * 2 :]
    return waiting[0] if waiting else Profile()


def hidden_in(profile: Profile) -> frozenset[str]:
    """The columns whose values are unreadable in a profile."""
    return frozenset(name for name, column in profile.columns.items() if column.hidden)


def different_values(column: ColumnProfile) -> tuple[int, bool] | None:
    """How many different values a column has, and whether that is exact; None where it was not counted."""
    match column:
        case CategoryColumn():
            if not column.groups:
                return len(column.values), True
        case NumberColumn() | TimeColumn():
            if column.sketch.exact and not beyond_floats(column):
                return len(column.sketch.unpacked[0]), True
        case OpaqueColumn():
            return (0, True) if not column.count else None
    return (column.distinct.count, column.distinct.exact) if column.distinct is not None else None


def group_counts(values: Iterable[str], counts: Iterable[int]) -> list[int]:
    """The rows of some values in `GROUPS` groups by hash."""
    names = list(values)
    if not names:
        return [0] * GROUPS
    groups = np.bincount(groups_of(hash_names(names)), weights=list(counts), minlength=GROUPS)
    return [round(count) for count in groups.tolist()]


def groups_of(hashes: np.ndarray[Any, np.dtype[np.uint64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The group of each hash: its first ten bits."""
    return (hashes >> np.uint64(54)).astype(np.int64)


def category(
    counted: Mapping[str, int], kind: ColumnType, *, nulls: int, stored: str = "", lengths: Lengths | None = None
) -> CategoryColumn:
    """A category from its values' counts, in the form that their number asks for."""
    values = tuple(sorted(value for value, count in counted.items() if count))
    counts = tuple(counted[value] for value in values)
    if len(values) <= VALUES_MAX:
        return CategoryColumn(type=kind, stored=stored, nulls=nulls, values=values, counts=counts, lengths=lengths)
    fold = DistinctFold()
    fold.add(hash_names(list(values)))
    return CategoryColumn(
        type=kind,
        stored=stored,
        nulls=nulls,
        groups=tuple(group_counts(values, counts)),
        lengths=lengths,
        distinct=fold.distinct(),
    )


def _merge(name: str, left: ColumnProfile, right: ColumnProfile) -> ColumnProfile:
    if left.hidden != right.hidden:
        if not _has_no_values(left if right.hidden else right):
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
    from trimtab.data.hashes import hash_integers

    keys, _ = column.sketch.unpacked
    return hash_integers(keys) if column.sketch.linear else hash_floats(values_of(keys))


def beyond_floats(column: NumberColumn | TimeColumn) -> bool:
    """Whether there are integers that no float is equal to, so that the sketch may count two values as one."""
    if isinstance(column, TimeColumn):
        return False
    exact_to = exact_floats(column.stored)
    ends = [end for end in (column.minimum, column.maximum) if end is not None and (exact_to or isinstance(end, int))]
    return any(abs(end) > (exact_to or EXACT_FLOAT) for end in ends)


def exact_floats(stored: str) -> float | None:
    """Up to where each number that is stored so is a float of its own; None for floats, which all are."""
    scale = _DECIMAL.search(stored)
    if scale is not None:
        return float(EXACT_FLOAT) / 10.0 ** int(scale[1])
    return float(EXACT_FLOAT) if "Int" in stored else None


def _merge_order(left: Profile, right: Profile) -> RowOrder | None:
    one, two = left.order, right.order
    if one is None or two is None:
        known, other = (one, right) if two is None else (two, left)
        # Rows without any time are in order with all others; rows whose order was not asked for are not.
        return known if known is not None and _has_no_values(other.columns[known.column]) else None
    if one.column != two.column:
        return None
    return RowOrder(
        column=one.column,
        backwards=one.backwards + two.backwards + (two.first < one.last),
        first=one.first,
        last=two.last,
    )


def _without_values(profile: Profile) -> frozenset[str]:
    return frozenset(name for name, column in profile.columns.items() if _has_no_values(column))


def _has_no_values(column: ColumnProfile) -> bool:
    return column.nulls == column.rows


def _stored(left: ColumnProfile, right: ColumnProfile) -> str:
    return min((stored for stored in (left.stored, right.stored) if stored), default="")


def _either(choose: Any, left: Any, right: Any, *, whole: bool = True) -> Any:
    """The lesser or the greater of two ends, of which either may be missing; a float unless both are ``whole``."""
    ends = [end if whole else float(end) for end in (left, right) if end is not None]
    return choose(ends) if ends else None
