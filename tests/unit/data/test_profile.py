"""What a profile keeps of a column."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from trimtab.base.errors import UnknownVersionError
from trimtab.data.profile import (
    VALUES_MAX,
    CategoryColumn,
    NumberColumn,
    Profile,
    ProfileError,
    TimeColumn,
    group_of,
    merge,
    merge_all,
    profile_columns,
    profile_scores,
    profile_table,
)
from trimtab.data.schema import Column, ColumnType, Contract
from trimtab.data.sketch import BUCKETS_MAX, FINEST, quantile, sketch_sorted
from trimtab.data.table import Array, array_of
from trimtab.records.versioned import decode, encode

AT = 1_772_375_400_000_000


def profile_of(kind: ColumnType, values: list[object], *, nullable: bool = True) -> Profile:
    contract = Contract(
        time="ts",
        label="y",
        columns=(
            Column(name="ts", type=ColumnType.TIME),
            Column(name="x", type=kind, nullable=nullable),
            Column(name="y", type=ColumnType.FLOAT),
        ),
    )
    columns: dict[str, Array] = {
        "ts": array_of(ColumnType.TIME, nullable=False, values=[AT] * len(values)),
        "x": array_of(kind, nullable=nullable, values=values),  # type: ignore[arg-type]
    }
    return profile_columns(columns, contract)


def numbers(values: list[object], kind: ColumnType = ColumnType.FLOAT) -> NumberColumn:
    column = profile_of(kind, values).columns["x"]
    assert isinstance(column, NumberColumn)
    return column


def texts(values: list[object], kind: ColumnType = ColumnType.TEXT) -> CategoryColumn:
    column = profile_of(kind, values).columns["x"]
    assert isinstance(column, CategoryColumn)
    return column


def test_numbers_are_counted_summed_and_bucketed() -> None:
    column = numbers([3.0, None, -1.0, 0.5, 0.5])
    assert (column.nulls, column.not_finite, column.minimum, column.maximum) == (1, 0, -1.0, 3.0)
    assert (column.mean, column.total, column.squares) == (0.75, "3p0", "15p-1")
    assert column.deviation == pytest.approx(np.std([3.0, -1.0, 0.5, 0.5]), rel=1e-15)
    assert column.sketch.counts == (1, 2, 1)
    assert numbers([3, None, 7], ColumnType.INTEGER).mean == 5.0


def test_no_numbers_have_no_mean() -> None:
    column = numbers([None, None])
    assert (column.nulls, column.minimum, column.maximum, column.sketch.count) == (2, None, None, 0)
    assert math.isnan(column.mean)
    assert math.isnan(column.deviation)
    assert math.isnan(quantile(column.sketch, 0.5))


def test_the_spread_of_large_and_near_numbers_is_exact() -> None:
    assert numbers([1e15, 1e15 + 1, 1e15 + 2]).deviation == pytest.approx(math.sqrt(2 / 3), rel=1e-15)
    assert numbers([1e308, -1e308]).deviation == pytest.approx(1e308)
    assert numbers([0.1] * 10).mean == 0.1


def test_null_and_what_is_not_finite_are_two_things() -> None:
    column = profile_scores(np.array([0.5, math.nan, math.inf, -math.inf])).columns["score"]
    assert isinstance(column, NumberColumn)
    assert (column.nulls, column.not_finite, column.sketch.count) == (0, 3, 1)


def test_scores_of_several_classes_are_columns_of_their_own() -> None:
    profile = profile_scores(np.array([[0.2, 0.8], [0.4, 0.6]]))
    assert profile.rows == 2
    assert list(profile.columns) == ["score_0", "score_1"]


def test_both_zeros_are_one_number() -> None:
    assert numbers([0.0, -0.0]) == numbers([-0.0, 0.0])
    assert numbers([0.0, -0.0]).sketch.keys == (0,)


def test_a_few_thousand_buckets_hold_any_column() -> None:
    chance = np.random.default_rng(3)
    sketch = sketch_sorted(np.sort(chance.normal(size=20_000) * 10.0 ** chance.integers(-300, 300, 20_000)))
    assert len(sketch.keys) <= BUCKETS_MAX
    assert sketch.count == 20_000
    fine = sketch_sorted(np.sort(1_000.0 + chance.uniform(0, 30, 20_000)))
    assert fine.width < 1e-4  # the range is narrow, so the buckets are


def test_few_different_numbers_are_kept_apart() -> None:
    sketch = sketch_sorted(np.arange(-1_000.0, 1_000.0))
    assert (sketch.dropped, len(sketch.keys)) == (FINEST, 2_000)
    assert [quantile(sketch, share) for share in (0.0, 0.5, 0.75, 1.0)] == pytest.approx(
        [-1000, -1, 499, 999], rel=1e-6
    )


def test_categories_are_counted_by_value() -> None:
    column = texts(["b", "a", None, "b"])
    assert (column.nulls, column.values, column.counts) == (1, ("a", "b"), (1, 2))
    truths = texts([True, None, False, True], ColumnType.BOOLEAN)
    assert (truths.nulls, truths.values, truths.counts) == (1, ("false", "true"), (1, 2))


def test_too_many_values_are_counted_by_group() -> None:
    many = [f"v{i}" for i in range(VALUES_MAX + 1)]
    column = texts([*many, "v7"])
    assert (column.values, column.counts, column.count) == ((), (), VALUES_MAX + 2)
    assert column.groups[group_of("v7")] >= 2
    assert texts([*many[:-1]]).groups == ()


def test_a_long_text_is_kept_short_and_apart() -> None:
    column = texts(["x" * 10_000, "x" * 10_001])
    assert column.counts == (1, 1)
    assert max(map(len, column.values)) < 100


def test_times_keep_their_ends_only() -> None:
    column = profile_of(ColumnType.TIME, [AT, None, AT - 5]).columns["x"]
    assert column == TimeColumn(nulls=1, count=2, minimum=AT - 5, maximum=AT)
    assert profile_of(ColumnType.TIME, [None]).columns["x"] == TimeColumn(nulls=1)


def test_a_key_tells_nothing_unless_it_is_a_time() -> None:
    columns = (
        Column(name="ts", type=ColumnType.TIME),
        Column(name="k", type=ColumnType.TEXT),
        Column(name="y", type=ColumnType.INTEGER),
    )
    table = pl.DataFrame({"ts": pl.Series([AT]).cast(pl.Datetime("us", "UTC")), "k": ["a"], "y": [1]})
    assert list(profile_table(table, Contract(time="ts", key="k", label="y", columns=columns)).columns) == ["ts"]
    assert list(profile_table(table, Contract(time="ts", key="ts", label="y", columns=columns)).columns) == ["ts", "k"]


def test_profiles_of_other_columns_do_not_merge() -> None:
    with pytest.raises(ProfileError, match="different columns cannot be merged: score, x is in one of them only|score"):
        merge(profile_of(ColumnType.FLOAT, [1.0]), profile_scores(np.array([1.0])))
    with pytest.raises(ProfileError, match="'x' is not of one kind"):
        merge(profile_of(ColumnType.FLOAT, [1.0]), profile_of(ColumnType.TEXT, ["a"]))


def test_no_rows_change_nothing() -> None:
    profile = profile_of(ColumnType.FLOAT, [1.0])
    assert merge(Profile(), profile) == profile == merge(profile, Profile())
    assert merge_all([]) == Profile()


def test_a_profile_is_a_versioned_record() -> None:
    profile = profile_of(ColumnType.TEXT, ["a", None])
    assert decode(Profile, encode(profile)) == profile
    with pytest.raises(UnknownVersionError, match="trimtab.profile/2"):
        decode(Profile, encode(profile).replace(b"profile/1", b"profile/2"))


def test_the_stored_form_does_not_change_unnoticed() -> None:
    assert encode(profile_of(ColumnType.FLOAT, [1.5, -2.0, 0.0, None])).decode() == (
        '{"columns":{"ts":{"count":4,"kind":"time","maximum":1772375400000000,"minimum":1772375400000000,"nulls":0},'
        '"x":{"kind":"number","maximum":1.5,"minimum":-2.0,"not_finite":0,"nulls":1,"sketch":{"counts":[1,1,1],'
        '"dropped":32,"keys":[-1073741825,0,1073217537]},"squares":"19p-2","total":"-1p-1"}},"rows":4,'
        '"schema":"trimtab.profile/1"}'
    )
