"""Comparing like with like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from trimtab.base.verdict import Verdict
from trimtab.data.column_profile import ColumnProfile, NumberColumn
from trimtab.data.differences import ColumnDifference
from trimtab.data.moments import Moments
from trimtab.data.scan import ColumnBeside, TableScan
from trimtab.data.seasons import Season, SeasonError, SeasonFold, Seasons, compare_seasons
from trimtab.records.versioned import decode, encode

HOUR = 3_600_000_000
MONDAY = 4 * 24 * HOUR  # 1970-01-05


def seasons(table: pl.DataFrame, by: Season = Season.HOUR, **settings: Any) -> Seasons:
    fold = SeasonFold(table.schema, "t", by, **settings)
    fold.add(table)
    return fold.seasons()


def table(hours: list[int | None], zone: str | None = "UTC", **columns: Any) -> pl.DataFrame:
    moments = [None if hour is None else MONDAY + hour * HOUR for hour in hours]
    times = pl.Series("t", moments, dtype=pl.Int64).cast(pl.Datetime("us", zone))
    return pl.DataFrame([times, *(pl.Series(name, values) for name, values in columns.items())])


class Batches(TableScan):
    """A table in batches of so many rows."""

    def __init__(self, rows: pl.DataFrame, size: int) -> None:
        super().__init__(rows)
        self._size = size

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        for batch in super().batches(columns):
            yield from batch.iter_slices(self._size)


def without_moments(column: ColumnProfile) -> ColumnProfile:
    """Moments are sums of floats, which other batches round otherwise."""
    return msgspec.structs.replace(column, moments=Moments()) if isinstance(column, NumberColumn) else column


def rows_by_season(found: Seasons) -> dict[int, int]:
    return {int(number): part.rows for number, part in found.parts.items()}


def test_rows_are_parted_by_hour_weekday_or_both() -> None:
    rows = table([0, 1, 25, 24 * 6 + 23, None])
    assert rows_by_season(seasons(rows)) == {0: 1, 1: 2, 23: 1}
    assert rows_by_season(seasons(rows, Season.WEEKDAY)) == {0: 2, 1: 1, 6: 1}
    week = seasons(rows, Season.HOUR_OF_WEEK)
    assert list(rows_by_season(week)) == [0, 1, 25, 167]
    assert week.timeless == 1
    assert Season.HOUR_OF_WEEK.name_of(167) == "Sunday 23:00"
    assert (Season.HOUR.name_of(7), Season.WEEKDAY.name_of(5)) == ("07:00", "Saturday")


@pytest.mark.parametrize("order", [["t", "x", "y", "z"], ["x", "y", "t", "z"], ["x", "y", "z", "t"]])
def test_rows_may_come_a_few_columns_at_a_time(order: list[str]) -> None:
    """The column of times is read beside them where it is not in the first piece; its own batches are others."""
    chance = np.random.default_rng(5)
    hours = [None if hour % 7 == 0 else int(hour) for hour in chance.integers(0, 24 * 9, 500)]
    rows = table(hours, x=chance.normal(size=500), y=chance.choice(["a", "b"], 500), z=range(500)).select(order)
    fold = SeasonFold(rows.schema, "t", Season.WEEKDAY, sensitive=frozenset({"x"}))
    times = ColumnBeside(Batches(rows, 70), "t")
    for first in range(0, 500, 110):
        batch = rows[first : first + 110]
        wide = first % 220 == 0  # of some batches all columns come at once
        fold.add_pieces([batch] if wide else [batch.select(order[:2]), batch.select(order[2:])], times)
    whole = seasons(rows, Season.WEEKDAY, sensitive=frozenset({"x"}))
    found = fold.seasons()
    assert fold.rows == 500
    assert rows_by_season(found) == rows_by_season(whole)
    assert found.timeless == whole.timeless > 0
    for number, part in whole.parts.items():
        for name, column in part.columns.items():
            assert without_moments(found.parts[number].columns[name]) == without_moments(column)


def test_a_column_that_does_not_come_is_an_error() -> None:
    rows = table([0, 1], x=[1.0, 2.0])
    with pytest.raises(ValueError, match="1 columns of 2 came"):
        SeasonFold(rows.schema, "t", Season.HOUR).add(rows.select("t"))


@pytest.mark.parametrize("rows", [[], [None, None]])
def test_a_table_without_a_time_in_any_row_is_named(rows: list[int | None]) -> None:
    some, none = (
        seasons(table([0, 1], x=[1.0, 2.0])),
        seasons(table(rows, x=[float(place) for place in range(len(rows))])),
    )
    with pytest.raises(SeasonError, match="no row of the table of today has a time in 't'"):
        compare_seasons(some, none)
    with pytest.raises(SeasonError, match="no row of the reference has a time in 't'"):
        compare_seasons(none, some)


def test_hours_are_those_of_the_zone() -> None:
    assert list(rows_by_season(seasons(table([0, 12]), zone="Asia/Tokyo"))) == [9, 21]
    assert list(rows_by_season(seasons(table([0, 12], "Asia/Tokyo"), zone="Asia/Tokyo"))) == [9, 21]
    assert list(rows_by_season(seasons(table([0, 12], None)))) == [0, 12]


def test_dates_have_weekdays_only() -> None:
    rows = pl.DataFrame({"t": [date(1970, 1, 5), date(1970, 1, 11)]})
    assert list(rows_by_season(seasons(rows, Season.WEEKDAY))) == [0, 6]
    with pytest.raises(SeasonError, match="holds dates, which have no hour"):
        seasons(rows, Season.HOUR)


def test_a_column_that_is_no_time_is_refused() -> None:
    with pytest.raises(SeasonError, match="stored as Int64, which is no time"):
        seasons(pl.DataFrame({"t": [1]}))
    with pytest.raises(SeasonError, match="no column 't'"):
        seasons(pl.DataFrame({"u": [1]}))


def test_parts_merge_into_the_whole_and_can_be_stored() -> None:
    rows = table([0, 1, 25, 30, None], x=[1.0, 2.0, 3.0, 4.0, 5.0])
    whole = seasons(rows)
    assert seasons(rows[:2]) + seasons(rows[2:]) == whole == seasons(rows[2:]) + seasons(rows[:2])
    assert decode(Seasons, encode(whole)) == whole
    with pytest.raises(SeasonError, match="by different seasons cannot be merged"):
        _ = whole + seasons(rows, Season.WEEKDAY)


def test_sensitive_columns_are_hidden_in_every_season() -> None:
    rows = table([0, 1], name=["Ada Lovelace", "Alan Turing"])
    assert b"Lovelace" in encode(seasons(rows))
    assert b"Lovelace" not in encode(seasons(rows, sensitive=frozenset({"name"})))


def test_seasons_that_cannot_be_compared_are_refused() -> None:
    rows = table([0, 1])
    with pytest.raises(SeasonError, match="not by the same season"):
        compare_seasons(seasons(rows), seasons(rows, Season.WEEKDAY))
    with pytest.raises(SeasonError, match="those of UTC, of the other those of Asia/Tokyo"):
        compare_seasons(seasons(rows), seasons(rows, zone="Asia/Tokyo"))
    with pytest.raises(SeasonError, match="no season in common"):
        compare_seasons(seasons(rows), seasons(table([5])))


def days(nights: int, noons: int, seed: int) -> pl.DataFrame:
    """Rows at midnight and at noon; at night ``sun`` is null mostly, and lower where it is not."""
    chance = np.random.default_rng(seed)
    hours: list[int | None] = [*[0] * nights, *[12] * noons]
    night = np.array(hours) == 0
    sun = np.where(night & (chance.random(len(hours)) < 0.8), np.nan, chance.normal(np.where(night, 0.0, 10.0)))
    day_only = np.where(night, np.nan, chance.normal(size=len(hours)))
    return table(hours, sun=sun, day_only=day_only, kind=np.where(night, "n", "d").tolist()).with_columns(
        pl.col("sun", "day_only").fill_nan(None)
    )


def columns(reference: pl.DataFrame, today: pl.DataFrame) -> dict[str, ColumnDifference]:
    return {column.column: column for column in compare_seasons(seasons(reference), seasons(today)).columns}


def test_another_mixture_of_seasons_is_no_drift_even_where_a_column_is_null_at_night() -> None:
    found = columns(days(20_000, 20_000, 1), days(30_000, 10_000, 2))
    assert {name: column.verdict for name, column in found.items()} == dict.fromkeys(found, Verdict.PASS)
    assert set(found) == {"sun", "day_only", "kind"}


def test_a_column_that_is_null_in_one_season_is_still_judged_in_the_others() -> None:
    moved = days(20_000, 20_000, 2).with_columns(pl.col("day_only") + 0.5)
    assert columns(days(20_000, 20_000, 1), moved)["day_only"].verdict is Verdict.FAIL


def test_a_reference_of_few_rows_in_the_seasons_of_today_knows_little() -> None:
    found = columns(days(200_000, 300, 1), days(100, 20_000, 2))
    assert {name: column.verdict for name, column in found.items()}["day_only"] is Verdict.UNSURE
