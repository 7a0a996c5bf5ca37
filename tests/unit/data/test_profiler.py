"""One pass over a table of any types."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from trimtab.data.column_profile import CategoryColumn, NumberColumn, OpaqueColumn, TimeColumn, different_values
from trimtab.data.kinds import ColumnType
from trimtab.data.profile import Profile
from trimtab.data.profiler import Depth, Profiler, profile_frame
from trimtab.data.sketch import values_of
from trimtab.records.versioned import decode, encode


def column_of(values: list[Any], dtype: Any = None, **depth: Any) -> Any:
    table = pl.DataFrame({"x": pl.Series(values, dtype=dtype)})
    profile = profile_frame(table, Depth(**depth))
    assert decode(Profile, encode(profile)) == profile
    return profile.columns["x"]


@pytest.mark.parametrize(
    ("dtype", "ends"),
    [
        (pl.Int8, (-(2**7), 2**7 - 1)),
        (pl.Int16, (-(2**15), 2**15 - 1)),
        (pl.Int32, (-(2**31), 2**31 - 1)),
        (pl.Int64, (-(2**63), 2**63 - 1)),
        (pl.UInt8, (0, 2**8 - 1)),
        (pl.UInt16, (0, 2**16 - 1)),
        (pl.UInt32, (0, 2**32 - 1)),
        (pl.UInt64, (0, 2**64 - 1)),
    ],
)
def test_integers_of_any_width_are_counted_to_their_ends(dtype: Any, ends: tuple[int, int]) -> None:
    column = column_of([*ends, ends[1] - 1, None, 1, 1], dtype)
    assert isinstance(column, NumberColumn)
    assert (column.type, column.minimum, column.maximum, column.nulls) == (ColumnType.INTEGER, *ends, 1)
    assert different_values(column) == (4 if ends[0] != 1 else 3, True)


def test_integers_that_no_float_tells_apart_are_counted_one_by_one() -> None:
    for dtype, start in ((pl.Int64, 2**53), (pl.Int64, -(2**62)), (pl.UInt64, 2**63 + 5)):
        assert different_values(column_of(list(range(start, start + 500)), dtype)) == (500, True)
        mixed = column_of([1, 2, 3, *range(start, start + 500)], dtype)
        assert different_values(mixed) == (503, True)


def test_integers_beyond_64_bits_are_counted_as_floats() -> None:
    column = column_of([2**100, -5, None, 7], pl.Int128)
    assert (column.minimum, column.maximum, column.nulls, column.count) == (-5.0, 2.0**100, 1, 3)


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64, pl.Decimal(12, 3)])
def test_fractions_of_any_kind_are_numbers(dtype: Any) -> None:
    column = column_of([0.5, None, -1.25, 0.5], dtype)
    assert isinstance(column, NumberColumn)
    assert (column.type, column.minimum, column.maximum, column.mean) == (ColumnType.FLOAT, -1.25, 0.5, -0.25 / 3)
    assert values_of(column.sketch.unpacked[0]).tolist() == [-1.25, 0.5]


def test_nan_infinities_and_nulls_are_told_apart() -> None:
    column = column_of([math.nan, None, math.inf, -math.inf, -0.0, 5e-324])
    assert (column.nulls, column.nans, column.infinite, column.count, column.rows) == (1, 1, 2, 2, 6)
    assert (column.minimum, math.copysign(1.0, column.minimum), column.maximum) == (0.0, 1.0, 5e-324)


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Enum(["", "a", "b"])])
def test_texts_of_any_kind_are_categories(dtype: Any) -> None:
    column = column_of(["a", "", None, "a"], dtype)
    assert isinstance(column, CategoryColumn)
    assert (column.values, column.counts, column.nulls, column.type) == (("", "a"), (1, 2), 1, ColumnType.TEXT)
    assert column.lengths is not None
    assert (column.lengths.minimum, column.lengths.maximum, column.lengths.total) == (0, 1, 2)


@pytest.mark.parametrize("dtype", [pl.Datetime("ms"), pl.Datetime("us", "Asia/Tokyo"), pl.Datetime("ns", "UTC")])
def test_times_of_any_unit_are_microseconds(dtype: Any) -> None:
    scale = {"ms": 1_000, "us": 1, "ns": 0.001}[dtype.time_unit]
    moments = pl.Series([int(5_000_000 / scale), None, int(-7_000_000 / scale)], dtype=pl.Int64).cast(dtype)
    column = profile_frame(pl.DataFrame({"x": moments})).columns["x"]
    assert isinstance(column, TimeColumn)
    assert (column.minimum, column.maximum, column.nulls, column.count) == (-7_000_000, 5_000_000, 1, 2)
    assert different_values(column) == (2, True)


def test_dates_are_midnights() -> None:
    column = column_of([date(1970, 1, 2), date(1969, 12, 31)])
    assert (column.minimum, column.maximum) == (-86_400_000_000, 86_400_000_000)


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([[1], None, []]),
        pl.Series([{"a": 1}, None, {"a": 2}]),
        pl.Series([b"1", None, b""]),
        pl.Series([1, None, 2]).cast(pl.Duration("us")),
        pl.Series([1, None, 2]).cast(pl.Time),
    ],
)
def test_what_no_model_is_given_is_only_counted(series: pl.Series) -> None:
    column = profile_frame(pl.DataFrame({"x": series})).columns["x"]
    assert column == OpaqueColumn(stored=str(series.dtype), nulls=1, count=2)


def test_a_table_without_rows_has_columns_without_values() -> None:
    kinds: dict[str, Any] = {"x": pl.Float64, "y": pl.String, "z": pl.Datetime("us"), "n": pl.Null, "b": pl.Boolean}
    schema = pl.Schema(kinds)
    found = Profiler(schema, Depth(time="z")).profile()
    assert (found.rows, found.order, list(found.columns)) == (0, None, list(schema))
    assert all(column.rows == 0 for column in found.columns.values())
    assert decode(Profile, encode(found)) == found
    assert profile_frame(pl.DataFrame(schema=schema), Depth(time="z")) == found


def test_a_profile_can_be_asked_for_between_batches() -> None:
    table = pl.DataFrame({"x": [1, 2, 3], "y": ["a", "b", None]})
    profiler = Profiler(table.schema)
    profiler.add(table[:2])
    assert profiler.profile() == profile_frame(table[:2])
    profiler.add(table[2:])
    assert profiler.profile().columns == profile_frame(table).columns


def test_the_order_of_times_is_followed_over_batches_and_gaps() -> None:
    times = pl.Series("t", [3, None, 5, 4, 4, 9, 1]).cast(pl.Datetime("ms", "UTC"))
    profiler = Profiler(pl.Schema({"t": times.dtype}), Depth(time="t"))
    for part in (times[:2], times[2:5], times[5:]):
        profiler.add(part.to_frame())
    order = profiler.profile().order
    assert order is not None
    assert (order.backwards, order.first, order.last) == (2, 3_000, 1_000)
    assert profile_frame(times.to_frame(), Depth(time="t", sensitive=frozenset({"t"}))).order is None


def test_sensitive_numbers_and_times_are_known_to_within_coarse_buckets() -> None:
    number = column_of([123_457, 650_001], sensitive=frozenset({"x"}))
    assert (number.minimum, number.maximum) == (122_880, 655_360)
    assert number.sketch.width == 1 / 16
    assert (number.distinct, number.counted, different_values(number)) == (None, False, None)
    time = column_of([10**15 + 1, 10**15 + 2], pl.Datetime("us"), sensitive=frozenset({"x"}))
    assert time.minimum <= 10**15 < 10**15 + 2 < time.maximum
    assert time.maximum - time.minimum == 2**42
    text = column_of(["Ada", "Ada", "Bob"], sensitive=frozenset({"x"}))
    assert sorted(text.counts) == [1, 2]
    assert all(value.startswith("hidden ") for value in text.values)


def test_columns_may_be_called_as_polars_calls_its_own() -> None:
    table = pl.DataFrame({name: ["a", "b", "a", None] for name in ("count", "text", "rows", "", "literal", "index")})
    found = profile_frame(table)
    for name in table.columns:
        column = found.columns[name]
        assert isinstance(column, CategoryColumn)
        assert (column.values, column.counts, column.nulls) == (("a", "b"), (2, 1), 1)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([2**63 + place for place in range(3_000)], pl.Int128()),
        ([2**63 + place for place in range(3_000)], pl.UInt64()),
        ([-(2**62) - place for place in range(3_000)], pl.Int128()),
        ([Decimal(10**18) + place for place in range(3_000)], pl.Decimal(38, 2)),
        ([Decimal(10**15) + Decimal(place) / 100 for place in range(3_000)], pl.Decimal(38, 2)),
    ],
)
def test_numbers_that_no_float_is_equal_to_are_counted_apart(values: list[Any], dtype: pl.DataType) -> None:
    table = pl.DataFrame({"x": pl.Series(values, dtype=dtype)})
    halves = profile_frame(table[:1_500]) + profile_frame(table[1_000:])
    for found in (profile_frame(table), halves):
        count, exact = different_values(found.columns["x"]) or (0, True)
        assert not exact
        assert count == pytest.approx(3_000, rel=0.15)


def test_few_numbers_beyond_floats_are_counted_exactly() -> None:
    column = profile_frame(pl.DataFrame({"x": pl.Series([2**63 + place % 7 for place in range(90)], dtype=pl.Int128)}))
    assert different_values(column.columns["x"]) == (7, True)


def test_rows_of_which_a_column_is_missing_are_refused() -> None:
    table = pl.DataFrame({"x": [1.0], "y": [2.0]})
    with pytest.raises(ValueError, match="1 columns of 2 came"):
        Profiler(table.schema).add_pieces([table.select("x")])
