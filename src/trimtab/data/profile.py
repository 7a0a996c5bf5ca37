"""What a table is, in one pass and bounded memory: the same profile for any order and any partition of its rows.

Two profiles merge into the profile of all their rows, so that each row is looked at once, where it passes, and
everything after works on profiles: a day's merge into a fortnight's, the files of a lake into the lake's, and a
release keeps one of the rows it was trained on. Counts, extremes, sketches, categories and samples are the same to
the last bit, whatever the order and the parts; moments agree to about 1e-15 relative (`trimtab.data.moments`).

This module has the record, and makes one of two. `trimtab.data.column_profile` is what it holds of a column;
`trimtab.data.profiler` makes profiles of a table's batches, and `trimtab.data.array_profile` of the arrays that a model
is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import msgspec

from trimtab.data.column_merging import ProfileError, has_no_values, merge_columns
from trimtab.data.column_profile import ColumnProfile
from trimtab.data.pairs import Pairs, merge_pairs
from trimtab.data.sample import Sample, merge_samples
from trimtab.data.wording import counted


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

    def __repr__(self) -> str:  # of its sketches and its sample, megabytes
        return f"<Profile of {counted(self.rows, 'row')}, {counted(len(self.columns), 'column')}>"


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
    columns = {name: merge_columns(name, column, right.columns[name]) for name, column in left.columns.items()}
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


def _merge_order(left: Profile, right: Profile) -> RowOrder | None:
    one, two = left.order, right.order
    if one is None or two is None:
        known, other = (one, right) if two is None else (two, left)
        # Rows without any time are in order with all others; rows whose order was not asked for are not.
        return known if known is not None and has_no_values(other.columns[known.column]) else None
    if one.column != two.column:
        return None
    return RowOrder(
        column=one.column,
        backwards=one.backwards + two.backwards + (two.first < one.last),
        first=one.first,
        last=two.last,
    )


def _without_values(profile: Profile) -> frozenset[str]:
    return frozenset(name for name, column in profile.columns.items() if has_no_values(column))
