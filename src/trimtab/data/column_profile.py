"""What a profile keeps of one column, by its kind: the records, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import numpy as np

from trimtab.data.distinct import Distinct, DistinctFold
from trimtab.data.hashes import hash_names
from trimtab.data.kinds import EXACT_FLOAT, ColumnType
from trimtab.data.moments import Moments
from trimtab.data.sketch import Sketch

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


ColumnProfile = NumberColumn | CategoryColumn | TimeColumn | OpaqueColumn


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
