"""Comparing like with like: Saturdays with Saturdays, nights with nights, so that a weekend is not drift.

A table is profiled once for each season (hour of the day, day of the week, or both). The reference is then not all of
its rows but a mixture of its seasons, weighted as today's rows are spread over them: what is left of the difference is
not due to when the rows were made. A season that the reference has no rows of cannot be compared, and its rows of today
are left out and named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final, Self

import msgspec
import polars as pl

from trimtab.base.errors import InputError
from trimtab.base.instants import is_zone
from trimtab.data.column_folds import fold_for
from trimtab.data.column_profile import ColumnProfile
from trimtab.data.differences import Differences
from trimtab.data.drift import Judging, Mixed, compare_mixed, counters
from trimtab.data.fold import ColumnFold
from trimtab.data.hidden import hidden_profile
from trimtab.data.profile import Profile, hidden_in, merge_all
from trimtab.data.scan import ColumnBeside

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Season(StrEnum):
    """What rows are told apart by."""

    HOUR = "hour"
    WEEKDAY = "weekday"
    HOUR_OF_WEEK = "hour-of-week"

    def name_of(self, number: int) -> str:
        """A season for a sentence: ``Saturday``, ``07:00``, ``Saturday 07:00``."""
        match self:
            case Season.HOUR:
                return f"{number:02}:00"
            case Season.WEEKDAY:
                return _DAYS[number]
            case Season.HOUR_OF_WEEK:
                return f"{_DAYS[number // 24]} {number % 24:02}:00"


class SeasonError(InputError):
    """Two tables that cannot be compared by season."""

    code = "TT1205"


class Seasons(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.seasons/2"):
    """A table's profiles by season; ``parts`` are by the season's number (as text: a record's keys are texts), of those
    that have rows.

    ``zone`` is the one in which hours and days were read. Rows without a time are in none of them; ``timeless`` counts
    them.
    """

    by: Season
    time: str
    zone: str
    parts: dict[str, Profile]
    timeless: int = 0

    def __add__(self, other: Self) -> Seasons:
        if (self.by, self.time, self.zone) != (other.by, other.time, other.zone):
            raise SeasonError("profiles by different seasons cannot be merged", fix="Profile both by the same season.")
        numbers = sorted({*self.parts, *other.parts}, key=int)
        parts = {n: merge_all([part for part in (self.parts.get(n), other.parts.get(n)) if part]) for n in numbers}
        return Seasons(by=self.by, time=self.time, zone=self.zone, parts=parts, timeless=self.timeless + other.timeless)


class SeasonFold:
    """The fold: `add` each batch, then ask for the `seasons`. ``sensitive`` columns are as in `Depth`.

    Raises:
        SeasonError: there is no such column or no such zone, or the column holds no times.
    """

    def __init__(
        self, schema: pl.Schema, time: str, by: Season, *, zone: str = "UTC", sensitive: frozenset[str] = frozenset()
    ) -> None:
        if time not in schema:
            raise SeasonError(f"the table has no column {time!r}", fix="Name the column of the rows' own time.")
        if schema[time] not in (pl.Datetime, pl.Date):
            problem = f"the column {time!r} is stored as {schema[time]}, which is no time"
            raise SeasonError(problem, fix="Store it as timestamps, or name another column.")
        if schema[time] == pl.Date and by is not Season.WEEKDAY:
            raise SeasonError(f"the column {time!r} holds dates, which have no hour", fix="Compare by weekday.")
        if not is_zone(zone):
            raise SeasonError(f"{zone!r} is not a time zone", fix="Write a name such as Europe/Berlin or UTC.")
        self._schema, self._time, self._by, self._zone = schema, time, by, zone
        self._sensitive = sensitive
        self._folds: dict[int, dict[str, ColumnFold]] = {}
        self._rows: Counter[int] = Counter()
        self._timeless = 0

    @property
    def rows(self) -> int:
        """The rows so far."""
        return self._rows.total() + self._timeless

    def add(self, batch: pl.DataFrame) -> None:
        """Take in the next rows."""
        self.add_pieces((batch,), None)

    def add_pieces(self, pieces: Iterable[pl.DataFrame], times: ColumnBeside | None) -> None:
        """Take in the next rows as frames of some columns each; ``times`` are those of the rows, for the case that they
        are not in the first of these frames."""
        order: pl.Series | None = None
        spans: list[tuple[int, int, int]] = []
        columns = 0
        for piece in pieces:
            columns += piece.width
            if order is None:
                order, spans = self._told_apart(self._times(piece, times))
            for series in piece:
                ordered = series.gather(order)
                for number, first, rows in spans:
                    self._folds[number][series.name].add(ordered.slice(first, rows), odd=None)
            del piece
        if spans and columns != len(self._schema):
            raise ValueError(f"{columns} columns of {len(self._schema)} came")  # and nothing is known of the others

    def _times(self, first: pl.DataFrame, beside: ColumnBeside | None) -> pl.Series:
        """The times of a batch's rows, by its first frame, or read beside it."""
        if beside is None or self._time in first.columns:
            if beside is not None:
                beside.skip(first.height)
            return first[self._time]
        return beside.next(first.height) if first.height else pl.Series(dtype=self._schema[self._time])

    def seasons(self) -> Seasons:
        """The profiles so far."""
        parts = {str(number): self._profile(number) for number in sorted(self._folds)}
        return Seasons(by=self._by, time=self._time, zone=self._zone, parts=parts, timeless=self._timeless)

    def _profile(self, number: int) -> Profile:
        columns = {name: fold.column() for name, fold in self._folds[number].items()}
        for name in self._sensitive & columns.keys():
            columns[name] = msgspec.structs.replace(columns[name], hidden=True)
        return Profile(rows=self._rows[number], columns=columns)

    def _told_apart(self, times: pl.Series) -> tuple[pl.Series, list[tuple[int, int, int]]]:
        """The rows in the order of their seasons, and of each season its number, its first place there and its rows."""
        numbers = self._numbers(times)
        self._timeless += numbers.null_count()
        spans, first = [], 0
        for number, rows in sorted(Counter(numbers.drop_nulls().to_list()).items()):
            if number not in self._folds:
                self._folds[number] = {
                    name: fold_for(dtype, hidden=name in self._sensitive, distinct=False)
                    for name, dtype in self._schema.items()
                }
            self._rows[number] += rows
            spans.append((number, first, rows))
            first += rows
        return numbers.arg_sort(nulls_last=True), spans

    def _numbers(self, times: pl.Series) -> pl.Series:
        """The season's number of each row."""
        if times.dtype == pl.Datetime:
            aware = times if getattr(times.dtype, "time_zone", None) else times.dt.replace_time_zone("UTC")
            times = aware.dt.convert_time_zone(self._zone)
        days = times.dt.weekday().cast(pl.Int64) - 1
        if self._by is Season.WEEKDAY:
            return days
        hours = times.dt.hour().cast(pl.Int64)
        return hours if self._by is Season.HOUR else days * 24 + hours


def compare_seasons(
    reference: Seasons,
    current: Seasons,
    judging: Judging | None = None,
    *,
    together: tuple[Profile, Profile] | None = None,
) -> Differences:
    """What differs between two tables once each season is compared with its like.

    Args:
        together: all rows of the one and of the other, where somebody has merged their parts.

    Raises:
        SeasonError: they are not by the same season, or have none in common.
    """
    if reference.by is not current.by:
        raise SeasonError("the two tables are not by the same season", fix="Profile both by the same one.")
    if reference.zone != current.zone:
        problem = f"the seasons of one table are those of {reference.zone}, of the other those of {current.zone}"
        raise SeasonError(problem, fix=f"Name the same zone for both: --zone {reference.zone}.")
    names = hidden_in_seasons(reference) | hidden_in_seasons(current)
    reference, current = hidden_seasons(reference, names), hidden_seasons(current, names)
    for seasons, whose in ((reference, "the reference"), (current, "the table of today")):
        if not seasons.parts:
            raise SeasonError(
                f"no row of {whose} has a time in {seasons.time!r}, so it has no season",
                fix="Name the column of the rows' own time, or compare without seasons.",
            )
    common = sorted(reference.parts.keys() & current.parts.keys(), key=int)
    if not common:
        raise SeasonError("the two tables have no season in common", fix="Take a longer reference.")
    # Counters are told by all rows: those of one weekday have gaps.
    before, now = (
        hidden_profile(whole, names)
        for whole in together or (merge_all(reference.parts.values()), merge_all(current.parts.values()))
    )
    then, today = _of(reference, common, before), _of(current, common, now)
    weights = {number: current.parts[number].rows / today.rows for number in common}
    parts = {
        name: [(weights[number], reference.parts[number].columns[name]) for number in common] for name in then.columns
    }
    counting = counters(before, now)
    time = current.time
    if time in parts and time in today.columns:
        # Rows without a time are in no season; that there are more of them today is a change like any other.
        parts[time] = [(1.0, _with_nulls(before.columns[time], reference.timeless))]
        columns = {**today.columns, time: _with_nulls(now.columns[time], current.timeless)}
        today = msgspec.structs.replace(today, columns=columns)
    found = compare_mixed(Mixed(parts=parts, whole=then, counters=counting), today, judging or Judging())
    return msgspec.structs.replace(found, seasons=_told(reference, current, common))


def hidden_seasons(seasons: Seasons, names: Collection[str]) -> Seasons:
    """The profiles without any value of these columns; raises as `hidden_profile` does."""
    parts = {number: hidden_profile(part, names) for number, part in seasons.parts.items()}
    return msgspec.structs.replace(seasons, parts=parts)


def hidden_in_seasons(seasons: Seasons) -> frozenset[str]:
    """The columns whose values are unreadable in any of the profiles."""
    return frozenset[str]().union(*(hidden_in(part) for part in seasons.parts.values()))


def _with_nulls(column: ColumnProfile, nulls: int) -> ColumnProfile:
    return msgspec.structs.replace(column, nulls=nulls)


def _of(seasons: Seasons, numbers: Collection[str], together: Profile) -> Profile:
    """The rows of some seasons, those of all of which are given."""
    return together if len(numbers) == len(seasons.parts) else merge_all([seasons.parts[n] for n in numbers])


def _told(reference: Seasons, current: Seasons, common: list[str]) -> str:
    by = reference.by
    left = [by.name_of(int(number)) for number in sorted(current.parts.keys() - reference.parts.keys(), key=int)]
    told = f"compared by {by.value.replace('-', ' ')}, {len(common)} of {len(current.parts)}"
    return told + (f"; not in the reference, so left out: {', '.join(left[:10])}" if left else "")
