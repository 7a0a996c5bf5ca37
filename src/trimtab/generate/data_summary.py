"""A column in the figures that every rendering shows, worked out once; and which columns come first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from trimtab.data.column_profile import (
    CategoryColumn,
    ColumnProfile,
    Lengths,
    NumberColumn,
    OpaqueColumn,
    TimeColumn,
    different_values,
)
from trimtab.data.describe import Frequent, frequent, quantiles
from trimtab.data.kinds import ColumnType
from trimtab.data.profile import Profile
from trimtab.generate import data_figures as written

SHARES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles that are shown."""
FREQUENT: Final = 6


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One column's figures; what it does not have is None or empty, and what is sensitive is left out.

    Attributes:
        type: integer, float, boolean, text or time; else how the column is stored.
        not_finite: NaN and infinities; ``nans`` NaN alone.
        distinct: how many different values, and whether that is exact; None where it was not counted.
        minimum: the least value; a time is UTC microseconds; ``maximum`` the greatest.
        quantiles: at `SHARES`; of times too.
        frequent: the most frequent values.
        hidden: whether values are left out because the column is sensitive.
    """

    name: str
    type: str
    rows: int
    nulls: int
    not_finite: int = 0
    nans: int = 0
    distinct: tuple[int, bool] | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    mean: float | None = None
    deviation: float | None = None
    quantiles: tuple[float, ...] = ()
    frequent: tuple[Frequent, ...] = ()
    lengths: Lengths | None = None
    hidden: bool = False

    @property
    def is_time(self) -> bool:
        return self.type == ColumnType.TIME

    @property
    def null_share(self) -> float:
        """The share of rows without a value, 0–1."""
        return self.nulls / self.rows if self.rows else 0.0

    @property
    def is_constant(self) -> bool:
        """Whether all rows that hold a value hold the same one, or none does."""
        return self.rows > 1 and (self.distinct is not None and self.distinct[0] <= 1)

    def write(self, value: float | None) -> str:
        """A value of this column as a person reads it."""
        if value is None or math.isnan(value):
            return written.NONE
        return written.moment(value) if self.is_time else written.number(value)

    def write_frequent(self, found: Frequent, most: int = 40) -> str:
        """A frequent value of this column as a person reads it."""
        if isinstance(found.value, str):
            return written.name(found.value, most)
        return (
            written.moment(found.value)
            if self.is_time
            else f"{found.value:,}"
            if isinstance(found.value, int)
            else f"{found.value:.6g}"
        )

    @property
    def distinct_words(self) -> str:
        """``47``, ``~ 12,300`` where it is estimated, a dash where it is not known."""
        if self.distinct is None:
            return written.NONE
        count, exact = self.distinct
        return f"{count:,}" if exact else f"~ {count:,}"


def summarise(profile: Profile, name: str, *, hidden: bool = False, most: int = FREQUENT) -> Summary:
    """The figures of one column of a profile; ``hidden`` leaves out every value of a row."""
    column = profile.columns[name]
    kind = column.type.value if column.type is not None else column.stored or "no values"
    distinct = different_values(column)
    if distinct is not None and not distinct[1]:  # an estimate must not be more than there can be
        distinct = (min(distinct[0], column.rows - column.nulls), False)
    summary = Summary(name=name, type=kind, rows=column.rows, nulls=column.nulls, distinct=distinct, hidden=hidden)
    match column:
        case NumberColumn():
            moments = column.moments
            summary = msgspec.structs.replace(
                summary,
                not_finite=column.not_finite,
                nans=column.nans,
                mean=moments.mean if column.count else None,
                deviation=None if math.isnan(moments.deviation) else moments.deviation,
                quantiles=quantiles(column, SHARES) if column.count else (),
            )
        case TimeColumn():
            summary = msgspec.structs.replace(summary, quantiles=quantiles(column, SHARES) if column.count else ())
        case CategoryColumn():
            summary = msgspec.structs.replace(summary, lengths=column.lengths)
        case OpaqueColumn():
            return summary
    return _with_values(summary, profile, column, most)


def summaries(profile: Profile, hidden: Iterable[str], most: int = FREQUENT) -> dict[str, Summary]:
    """The figures of all columns, in the table's order."""
    unseen = frozenset(hidden)
    return {name: summarise(profile, name, hidden=name in unseen, most=most) for name in profile.columns}


def worst_first(columns: Mapping[str, ColumnProfile], found: Iterable[str]) -> list[str]:
    """Names of columns: those with findings in their order, then those with most nulls, not finite or of one value."""
    ranked = {name: place for place, name in enumerate(dict.fromkeys(found))}

    def key(name: str) -> tuple[int, float, bool]:
        column = columns[name]
        odd = column.nulls + (column.not_finite if isinstance(column, NumberColumn) else 0)
        different = different_values(column)
        constant = different is not None and different[0] <= 1
        return ranked.get(name, len(ranked)), -odd / max(column.rows, 1), not constant

    return sorted(columns, key=key)


def _with_values(summary: Summary, profile: Profile, column: ColumnProfile, most: int) -> Summary:
    """With the values of single rows, where they may be seen: the names of a hidden text are none."""
    names = isinstance(column, CategoryColumn) and column.type is ColumnType.TEXT and column.hidden
    if summary.hidden and not names:
        return summary
    summary = msgspec.structs.replace(summary, frequent=frequent(profile, summary.name, most))
    if isinstance(column, NumberColumn | TimeColumn):
        summary = msgspec.structs.replace(summary, minimum=column.minimum, maximum=column.maximum)
    return summary
