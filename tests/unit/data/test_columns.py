"""Columns are read as their values are, one by one."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from trimtab.data.columns import natural_type, read_column, storage_type
from trimtab.data.kinds import ColumnType, Rule
from trimtab.data.scalar import Fault, key_text, read_scalar


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
def test_naive_times_are_the_same_instants_in_a_table_and_in_a_request(zone: str) -> None:
    """Also in the hours that a clock shows twice or skips, which a year of quarter hours contains."""
    moments = [datetime(2025, 7, 1) + timedelta(minutes=15 * step) for step in range(4 * 24 * 366)]  # noqa: DTZ001
    read = read_column(pl.Series("ts", moments, dtype=pl.Datetime("us")), ColumnType.TIME, zone)
    assert not read.faults
    assert read.values.to_physical().to_list() == [
        read_scalar(ColumnType.TIME, moment.isoformat(), zone) for moment in moments
    ]


def test_a_time_is_cut_to_microseconds_towards_the_past() -> None:
    nanoseconds = pl.Series("ts", [-1, 1_999, -1_001]).cast(pl.Datetime("ns", "UTC"))
    assert read_column(nanoseconds, ColumnType.TIME).values.to_physical().to_list() == [-1, 1, -2]
    assert read_scalar(ColumnType.TIME, "1969-12-31T23:59:59.999999999Z") == -1


def test_a_fault_is_null_and_not_a_gap() -> None:
    read = read_column(pl.Series("x", [1.5, None, 2.0]), ColumnType.INTEGER)
    assert read.values.to_list() == [None, None, 2]
    assert read.gaps.to_list() == [False, True, False]
    assert {rule: mask.to_list() for rule, mask in read.faults.items()} == {Rule.TYPE: [True, False, False]}


@pytest.mark.parametrize("kind", ColumnType)
def test_what_has_no_type_is_wrong_as_a_whole(kind: ColumnType) -> None:
    for odd in (pl.Series("x", [[1], None]), pl.Series("x", [timedelta(1), None]), pl.Series("x", [b"a", None])):
        read = read_column(odd, kind)
        assert read.values.dtype == storage_type(kind)
        assert read.faults[Rule.TYPE].to_list() == [True, False]
        assert natural_type(odd.dtype) is None


def test_times_beyond_four_digits_of_year_are_impossible() -> None:
    far = pl.Series("ts", [2**62, -(2**62)]).cast(pl.Datetime("us", "UTC"))
    assert read_column(far, ColumnType.TIME).faults[Rule.IMPOSSIBLE].all()
    assert isinstance(read_scalar(ColumnType.TIME, 2**62), Fault)


def test_keys_have_one_text() -> None:
    assert key_text(ColumnType.TEXT, "A-1") == "A-1"
    assert key_text(ColumnType.INTEGER, -7) == "-7"
    assert key_text(ColumnType.TIME, 1_772_375_400_000_000) == "2026-03-01T14:30:00Z"
