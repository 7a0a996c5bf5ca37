"""What a profile may keep of a sensitive column's numbers and times: where they lie, and no single one.

A number is known to within a sixteenth of itself or less, a time to within 51 days, and the ends are those of such
buckets. Hashes are left out, since the hash of a number can be turned back into it. Mean and spread are kept as they
are, because drift is judged by them: of a single row they would tell the value, of many they tell none. Texts are
named by their hashes where they are counted (`trimtab.data.texts`). `hidden_profile` does the same to a profile that
was made before anybody said that a column is sensitive.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Collection
from typing import Final

import msgspec
import numpy as np

from trimtab.base.errors import InputError
from trimtab.data.column_profile import CategoryColumn, ColumnProfile, NumberColumn, TimeColumn, category
from trimtab.data.kinds import ColumnType
from trimtab.data.profile import Profile, hidden_in
from trimtab.data.sketch import coarser, codes_of, lower_end, upper_end
from trimtab.data.texts import SHORT_MAX, hidden_text

NUMBER_BITS: Final = 48
"""Low bits that the buckets of sensitive numbers leave out: sixteen buckets from one power of two to the next."""
TIME_BITS: Final = 42
"""The same for sensitive times: buckets of 2⁴² microseconds."""


class NotHiddenError(InputError):
    """A stored profile shows a column that is sensitive now, in a form that cannot be hidden any more."""

    code = "TT1206"


def hidden_profile(profile: Profile, names: Collection[str]) -> Profile:
    """The profile without any value of these columns; of those that were profiled as sensitive, nothing changes.

    The sample goes if it has one of them: each of its rows is named by a hash of all values.

    Raises:
        NotHiddenError: a column's texts are so many or so long that the profile does not hold them any more, and their
            hidden names cannot be made.
    """
    if not names:
        return profile
    columns = {
        name: _hidden(name, column) if name in names and not column.hidden else column
        for name, column in profile.columns.items()
    }
    sampled = profile.sample is not None and any(name in profile.sample.columns for name in names)
    followed = profile.order is not None and profile.order.column in names
    return msgspec.structs.replace(
        profile,
        columns=columns,
        sample=None if sampled else profile.sample,
        order=None if followed else profile.order,
    )


def hidden_alike(one: Profile, other: Profile) -> tuple[Profile, Profile]:
    """Both profiles without a value of the columns that either hides, so that they can be laid beside each other."""
    names = hidden_in(one) | hidden_in(other)
    return hidden_profile(one, names), hidden_profile(other, names)


def _hidden(name: str, column: ColumnProfile) -> ColumnProfile:
    match column:
        case NumberColumn():
            column = hidden_numbers(column)
        case TimeColumn():
            column = hidden_times(column)
        case CategoryColumn(type=ColumnType.TEXT):
            if column.groups or any(len(value) > SHORT_MAX for value in column.values):
                problem = f"the profile holds column {name!r} in the open, with too many or too long texts to hide them"
                raise NotHiddenError(problem, fix=f"Profile its table again with --sensitive {name}.")
            column = _hidden_texts(column)
        case _:
            pass
    return msgspec.structs.replace(column, hidden=True)


def _hidden_texts(column: CategoryColumn) -> CategoryColumn:
    counted = dict(zip(column.values, column.counts, strict=True))
    named = {hidden_text(value): count for value, count in counted.items()}
    return category(named, column.type, nulls=column.nulls, stored=column.stored, lengths=column.lengths)


def hidden_numbers(column: NumberColumn) -> NumberColumn:
    """The column without any single number; the same for any parts of its rows."""
    minimum, maximum = column.minimum, column.maximum
    if minimum is not None and maximum is not None:
        minimum, maximum = _outer_ends((minimum, maximum), whole=column.type is ColumnType.INTEGER)
    sketch = coarser(column.sketch, NUMBER_BITS)
    return msgspec.structs.replace(
        column, minimum=minimum, maximum=maximum, sketch=sketch, counted=False, distinct=None
    )


def hidden_times(column: TimeColumn) -> TimeColumn:
    """The column without any single time; the same for any parts of its rows."""
    minimum, maximum = column.minimum, column.maximum
    if minimum is not None and maximum is not None:
        minimum, maximum = minimum >> TIME_BITS << TIME_BITS, (maximum >> TIME_BITS) + 1 << TIME_BITS
        # What is beyond 64 bits cannot be stored, and no time is.
        minimum, maximum = max(minimum, -(2**63)), min(maximum, 2**63 - 1)
    sketch = coarser(column.sketch, TIME_BITS)
    return msgspec.structs.replace(
        column, minimum=minimum, maximum=maximum, sketch=sketch, counted=False, distinct=None
    )


def _outer_ends(ends: tuple[int | float, int | float], *, whole: bool) -> tuple[int | float, int | float]:
    """The outer ends of the coarse buckets of both, which no number is beyond."""
    first, last = (codes_of(np.array(ends, dtype=np.float64)) >> NUMBER_BITS).tolist()
    low = max(lower_end(first, NUMBER_BITS), -sys.float_info.max)
    high = min(upper_end(last, NUMBER_BITS), sys.float_info.max)
    if not whole:
        return low, high
    # Each end for itself, so that merged parts have the ends of the whole; what is beyond 64 bits stays a float.
    return math.floor(low) if low >= -(2.0**63) else low, math.ceil(high) if high < 2.0**64 else high
