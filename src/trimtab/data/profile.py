"""What a table is, in one pass and bounded memory: the same profile for any order and any partition of its rows.

Two profiles merge into the profile of all their rows, bit for bit, so that each row is looked at once, where it
passes, and everything after works on profiles: a day's merge into a fortnight's, and a release keeps one of the rows
it was trained on. Nothing in it is random, approximate sums included: sums are exact (`trimtab.data.exact`), numbers
are counted in buckets of their own bits (`trimtab.data.sketch`), categories exactly until there are too many and then
in groups by hash, which merge as well.

The arrays are those that a model is given (`trimtab.data.table`), at training and at serving.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
import numpy as np

from trimtab.base.errors import InputError
from trimtab.data.exact import Dyadic, exact_sums
from trimtab.data.schema import Column, ColumnType, Contract
from trimtab.data.sketch import Sketch, merge_sketches, sketch_sorted

if TYPE_CHECKING:
    import polars as pl

Array = np.ndarray[Any, np.dtype[Any]]

VALUES_MAX: Final = 1_024
"""Different values of a category that are counted one by one; beyond, so many groups are."""
_LONG: Final = 80


class NumberColumn(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="number"):
    """A column of integers or floats.

    Attributes:
        nulls: gaps.
        not_finite: NaN and infinities that are no gaps; a checked table has none, a model's scores may.
        minimum: the least finite number, None without one; ``maximum`` the greatest.
        total: the exact sum, a hexadecimal whole number and a power of two: ``3p-1`` is 1.5; ``squares`` that of the
            squares.
        sketch: the finite numbers by bucket.
    """

    nulls: int = 0
    not_finite: int = 0
    minimum: float | None = None
    maximum: float | None = None
    total: str = "0p0"
    squares: str = "0p0"
    sketch: Sketch = Sketch()

    @property
    def mean(self) -> float:
        """The mean of the finite numbers, correctly rounded; NaN without one."""
        count = self.sketch.count
        return float(Dyadic.parse(self.total).fraction / count) if count else math.nan

    @property
    def deviation(self) -> float:
        """The standard deviation of the finite numbers (divided by their number); NaN without one."""
        count = self.sketch.count
        if not count:
            return math.nan
        mean = Dyadic.parse(self.total).fraction / count
        variance = Dyadic.parse(self.squares).fraction / count - mean**2
        try:
            return math.sqrt(variance)
        except OverflowError:  # beyond a float, though its root is one
            return math.sqrt(variance / Fraction(2) ** 1_200) * 2.0**600


class CategoryColumn(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="category"):
    """A column of texts or truth values.

    ``values`` are sorted and ``counts`` are theirs. Once there are more than `VALUES_MAX` different ones both are
    empty, and ``groups`` counts the rows by the value's hash.
    """

    nulls: int = 0
    values: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Rows that are not null."""
        return sum(self.counts) + sum(self.groups)

    @property
    def grouped(self) -> tuple[int, ...]:
        """The rows by the value's hash, whatever form they are counted in."""
        return self.groups or tuple(_grouped(self.values, self.counts))


class TimeColumn(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="time"):
    """A column of times; it moves on by nature, so only its ends are kept, as UTC microseconds."""

    nulls: int = 0
    count: int = 0
    minimum: int | None = None
    maximum: int | None = None


ColumnProfile = NumberColumn | CategoryColumn | TimeColumn


class Profile(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.profile/1"):
    """The rows of a table, by column. A project's key is left out unless it is a time: names tell nothing."""

    rows: int = 0
    columns: dict[str, ColumnProfile] = {}

    def __add__(self, other: Self) -> Profile:
        return merge(self, other)


class ProfileError(InputError):
    """Two profiles that are not of the same columns."""

    code = "TT1204"


def profile_columns(columns: Mapping[str, Array], contract: Contract) -> Profile:
    """The profile of some rows' feature arrays, as `to_columns` or `columns_from_rows` makes them."""
    profiles: dict[str, ColumnProfile] = {}
    rows = 0
    for column in contract.features:
        rows = len(columns[column.name])
        if column.name != contract.key or column.type is ColumnType.TIME:
            profiles[column.name] = _profile(columns[column.name], column)
    return Profile(rows=rows, columns=profiles)


def profile_table(table: pl.DataFrame, contract: Contract) -> Profile:
    """The profile of a checked table's features."""
    from trimtab.data.table import to_columns

    return profile_columns(to_columns(table, contract), contract)


def profile_scores(scores: Array) -> Profile:
    """The profile of a model's answers: a column ``score``, or ``score_0``, ``score_1`` … for an array (n, k)."""
    if scores.ndim == 1:
        return Profile(rows=len(scores), columns={"score": _numbers(scores, nullable=False)})
    columns = {f"score_{place}": _numbers(column, nullable=False) for place, column in enumerate(scores.T)}
    return Profile(rows=len(scores), columns={**columns})


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
    return Profile(rows=left.rows + right.rows, columns=columns)


def merge_all(profiles: Iterable[Profile]) -> Profile:
    """The profile of all tables' rows together; of none, the empty profile. Merged in pairs, small ones first."""
    waiting = list(profiles)
    while len(waiting) > 1:
        pairs = zip(waiting[::2], waiting[1::2], strict=False)
        waiting = [merge(*pair) for pair in pairs] + waiting[len(waiting) // 2 * 2 :]
    return waiting[0] if waiting else Profile()


def group_of(value: str) -> int:
    """The group in which a value is counted once there are too many, 0 to `VALUES_MAX` − 1."""
    return zlib.crc32(value.encode()) % VALUES_MAX


def _profile(array: Array, column: Column) -> ColumnProfile:
    match column.type:
        case ColumnType.INTEGER | ColumnType.FLOAT:
            return _numbers(array, nullable=column.nullable)
        case ColumnType.BOOLEAN:
            return _truths(array)
        case ColumnType.TEXT:
            return _texts(array)
        case ColumnType.TIME:
            return _times(array)


def _numbers(array: Array, *, nullable: bool) -> NumberColumn:
    numbers = array.astype(np.float64, copy=False)
    finite = np.sort(numbers[np.isfinite(numbers)])
    nulls = int(np.isnan(numbers).sum()) if nullable else 0
    total, squares = exact_sums(finite)
    return NumberColumn(
        nulls=nulls,
        not_finite=len(numbers) - len(finite) - nulls,
        minimum=_unsigned(finite[0]) if len(finite) else None,
        maximum=_unsigned(finite[-1]) if len(finite) else None,
        total=str(total),
        squares=str(squares),
        sketch=sketch_sorted(finite),
    )


def _unsigned(number: np.float64) -> float:
    """The number, and 0.0 for -0.0: which of the two comes first in a sort is chance."""
    return float(number) + 0.0


def _truths(array: Array) -> CategoryColumn:
    numbers = array.astype(np.float64)
    yes, no = int((numbers == 1.0).sum()), int((numbers == 0.0).sum())
    return _category(len(numbers) - yes - no, {"false": no, "true": yes})


def _texts(array: Array) -> CategoryColumn:
    counted = Counter(array.tolist())
    nulls = counted.pop(None, 0)
    shortened: Counter[str] = Counter()
    for text, count in counted.items():
        shortened[_short(text)] += count
    return _category(nulls, shortened)


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]}… {zlib.crc32(text.encode()):08x}"


def _category(nulls: int, counted: Mapping[str, int]) -> CategoryColumn:
    values = tuple(sorted(value for value, count in counted.items() if count))
    counts = tuple(counted[value] for value in values)
    if len(values) <= VALUES_MAX:
        return CategoryColumn(nulls=nulls, values=values, counts=counts)
    return CategoryColumn(nulls=nulls, groups=tuple(_grouped(values, counts)))


def _grouped(values: Iterable[str], counts: Iterable[int]) -> list[int]:
    groups = [0] * VALUES_MAX
    for value, count in zip(values, counts, strict=True):
        groups[group_of(value)] += count
    return groups


def _times(array: Array) -> TimeColumn:
    counts = array[~np.isnat(array)].astype(np.int64)
    nulls = len(array) - len(counts)
    if not len(counts):
        return TimeColumn(nulls=nulls)
    return TimeColumn(nulls=nulls, count=len(counts), minimum=int(counts.min()), maximum=int(counts.max()))


def _merge(name: str, left: ColumnProfile, right: ColumnProfile) -> ColumnProfile:
    match left, right:
        case NumberColumn(), NumberColumn():
            return NumberColumn(
                nulls=left.nulls + right.nulls,
                not_finite=left.not_finite + right.not_finite,
                minimum=_either(min, left.minimum, right.minimum),
                maximum=_either(max, left.maximum, right.maximum),
                total=str(Dyadic.parse(left.total) + Dyadic.parse(right.total)),
                squares=str(Dyadic.parse(left.squares) + Dyadic.parse(right.squares)),
                sketch=merge_sketches(left.sketch, right.sketch),
            )
        case CategoryColumn(), CategoryColumn():
            return _merge_categories(left, right)
        case TimeColumn(), TimeColumn():
            return TimeColumn(
                nulls=left.nulls + right.nulls,
                count=left.count + right.count,
                minimum=_either(min, left.minimum, right.minimum),
                maximum=_either(max, left.maximum, right.maximum),
            )
        case _:
            problem = f"column {name!r} is not of one kind in two profiles, so they cannot be merged"
            raise ProfileError(problem, fix="Merge profiles of one contract.")


def _merge_categories(left: CategoryColumn, right: CategoryColumn) -> CategoryColumn:
    nulls = left.nulls + right.nulls
    if left.groups or right.groups:
        groups = tuple(a + b for a, b in zip(left.grouped, right.grouped, strict=True))
        return CategoryColumn(nulls=nulls, groups=groups)
    counted = Counter(dict(zip(left.values, left.counts, strict=True)))
    counted.update(dict(zip(right.values, right.counts, strict=True)))
    return _category(nulls, counted)


def _either(choose: Any, left: Any, right: Any) -> Any:
    """The lesser or the greater of two ends, of which either may be missing."""
    ends = [end for end in (left, right) if end is not None]
    return choose(ends) if ends else None
