"""What a profile keeps of a model's columns, and how profiles merge."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import polars as pl
import pytest

from trimtab.base.errors import UnknownVersionError
from trimtab.data.array_profile import profile_columns, profile_scores, profile_table
from trimtab.data.column_merging import ProfileError
from trimtab.data.column_profile import (
    GROUPS,
    VALUES_MAX,
    CategoryColumn,
    NumberColumn,
    OpaqueColumn,
    TimeColumn,
    different_values,
    group_counts,
)
from trimtab.data.kinds import ColumnType
from trimtab.data.moments import Moments
from trimtab.data.profile import Profile, RowOrder, hidden_in, merge, merge_all
from trimtab.data.profiler import Depth, profile_frame
from trimtab.data.schema import Column, Contract
from trimtab.data.sketch import BUCKETS_MAX, quantile
from trimtab.data.table import Array, array_of
from trimtab.records.versioned import decode, encode

AT = 1_772_375_400_000_000


def profile_of(kind: ColumnType, values: list[object], *, sensitive: bool = False) -> Profile:
    contract = Contract(
        time="ts",
        label="y",
        columns=(
            Column(name="ts", type=ColumnType.TIME),
            Column(name="x", type=kind, nullable=True, sensitive=sensitive),
            Column(name="y", type=ColumnType.FLOAT),
        ),
    )
    columns: dict[str, Array] = {
        "ts": array_of(ColumnType.TIME, nullable=False, values=[AT] * len(values)),
        "x": array_of(kind, nullable=True, values=values),  # type: ignore[arg-type]
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


def of_frame(**columns: object) -> Profile:
    return profile_frame(pl.DataFrame(columns))


def test_numbers_are_counted_summed_and_bucketed() -> None:
    column = numbers([3.0, None, -1.0, 0.5, 0.5])
    assert (column.nulls, column.not_finite, column.minimum, column.maximum) == (1, 0, -1.0, 3.0)
    assert (column.mean, column.count, column.rows) == (0.75, 4, 5)
    assert column.deviation == pytest.approx(np.std([3.0, -1.0, 0.5, 0.5]), rel=1e-15)
    assert column.sketch.unpacked[1].tolist() == [1, 2, 1]
    assert numbers([3, None, 7], ColumnType.INTEGER).mean == 5.0


def test_no_numbers_have_no_mean() -> None:
    column = numbers([None, None])
    assert (column.nulls, column.minimum, column.maximum, column.sketch.count) == (2, None, None, 0)
    assert math.isnan(column.mean)
    assert math.isnan(column.deviation)
    assert math.isnan(quantile(column.sketch, 0.5))


def test_null_and_what_is_not_finite_are_two_things() -> None:
    column = profile_scores(np.array([0.5, math.nan, math.inf, -math.inf])).columns["score"]
    assert isinstance(column, NumberColumn)
    assert (column.nulls, column.nans, column.infinite, column.not_finite, column.sketch.count) == (0, 1, 2, 3, 1)


def test_scores_of_several_classes_are_columns_of_their_own() -> None:
    profile = profile_scores(np.array([[0.2, 0.8], [0.4, 0.6]]))
    assert profile.rows == 2
    assert list(profile.columns) == ["score_0", "score_1"]


def test_both_zeros_are_one_number() -> None:
    assert numbers([0.0, -0.0]) == numbers([-0.0, 0.0])
    assert numbers([0.0, -0.0]).sketch.unpacked[0].tolist() == [0]


def test_categories_are_counted_by_value() -> None:
    column = texts(["b", "a", None, "b"])
    assert (column.nulls, column.values, column.counts) == (1, ("a", "b"), (1, 2))
    truths = texts([True, None, False, True], ColumnType.BOOLEAN)
    assert (truths.nulls, truths.values, truths.counts) == (1, ("false", "true"), (1, 2))


def test_too_many_values_are_counted_by_group() -> None:
    many = [f"v{i}" for i in range(VALUES_MAX + 1)]
    column = texts([*many, "v7"])
    assert (column.values, column.counts, column.count) == ((), (), VALUES_MAX + 2)
    assert column.groups == tuple(group_counts([*many, "v7"], [1] * (VALUES_MAX + 2)))
    assert texts([*many[:-1]]).groups == ()
    assert texts([*many[:-1]]).grouped == tuple(group_counts(many[:-1], [1] * VALUES_MAX))


def test_a_long_text_is_kept_short_and_apart() -> None:
    column = texts(["x" * 10_000, "x" * 10_001])
    assert column.counts == (1, 1)
    assert max(map(len, column.values)) < 100


def test_times_keep_their_ends_and_where_they_lie() -> None:
    column = profile_of(ColumnType.TIME, [AT, None, AT - 5]).columns["x"]
    assert isinstance(column, TimeColumn)
    assert (column.nulls, column.count, column.rows, column.minimum, column.maximum) == (1, 2, 3, AT - 5, AT)
    assert column.sketch.unpacked[0].tolist() == [AT - 5, AT]
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


def test_a_models_sensitive_columns_are_not_readable_in_its_profile() -> None:
    for kind, value, shown in (
        (ColumnType.TEXT, "Marseille", b"Marseille"),
        (ColumnType.INTEGER, 123_456_789, b"123456789"),
        (ColumnType.FLOAT, 1234.5678, b"1234.5678"),
        (ColumnType.TIME, AT - 86_400_000_123, str(AT - 86_400_000_123).encode()),
    ):
        other = {ColumnType.TEXT: "Lyon", ColumnType.FLOAT: 99.5}.get(kind, 100_000_000)
        assert shown in encode(profile_of(kind, [value, other]))
        assert shown not in encode(profile_of(kind, [value, other], sensitive=True))


def test_profiles_of_other_columns_do_not_merge() -> None:
    with pytest.raises(ProfileError, match="different columns cannot be merged: score, ts, x is in one of them only"):
        merge(profile_of(ColumnType.FLOAT, [1.0]), profile_scores(np.array([1.0])))
    with pytest.raises(ProfileError, match="'x' is not of one kind"):
        merge(profile_of(ColumnType.FLOAT, [1.0]), profile_of(ColumnType.TEXT, ["a"]))
    with pytest.raises(ProfileError, match="'x' is not of one kind"):
        merge(of_frame(x=["true"]), of_frame(x=[True]))


def test_no_rows_change_nothing() -> None:
    profile = of_frame(x=[1.0, 2.0], y=["a", None])
    nothing = profile_frame(pl.DataFrame(schema={"x": pl.Float64, "y": pl.String}))
    assert merge(Profile(), profile) == profile == merge(profile, Profile())
    assert merge(nothing, profile) == profile == merge(profile, nothing) == profile + nothing
    assert merge(nothing, nothing) == nothing
    assert merge_all([]) == Profile()


def test_a_part_whose_column_holds_nothing_merges_with_one_that_does() -> None:
    table = pl.DataFrame({"x": [1.0, 2.0, 4.0], "y": [3, 1, 2], "z": ["a", "b", "a"]})
    for name in table.columns:
        empty = table.with_columns(pl.lit(None).alias(name))
        typed = table.with_columns(pl.lit(None, dtype=table.schema[name]).alias(name))
        assert empty.schema[name] == pl.Null
        for parts in ((empty, table), (table, empty)):
            found = merge(*map(profile_frame, parts))
            whole = profile_frame(pl.concat([typed if part is empty else part for part in parts]))
            assert found.columns[name] == whole.columns[name]
            assert found.sample == whole.sample
            assert found.pairs is not None or name in ("x", "y")


def test_columns_that_are_null_in_different_parts_keep_what_they_do_together() -> None:
    table = pl.DataFrame({"x": [1.0, 2.0, 4.0], "y": [3.0, 1.0, 2.0], "z": [1.0, 5.0, 1.0], "u": [2.0, 2.0, 1.0]})
    one, two = table.with_columns(x=pl.lit(None)), table.with_columns(z=pl.lit(None))
    found = merge(profile_frame(one), profile_frame(two))
    kind = pl.Float64
    whole = profile_frame(pl.concat([one.cast({"x": kind}), two.cast({"z": kind})]))
    assert found.pairs is not None
    assert whole.pairs is not None
    assert found.pairs.columns == whole.pairs.columns
    for ours, theirs in zip(found.pairs.matrices, whole.pairs.matrices, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12)


def test_a_column_that_is_missing_for_another_reason_is_not_filled_in() -> None:
    table = pl.DataFrame({"x": [1.0, 2.0], "y": [3.0, 1.0], "z": ["a", "b"]})
    whole = profile_frame(table)
    assert whole.sample is not None
    sampled = {name: column for name, column in whole.sample.columns.items() if name != "z"}
    part = msgspec.structs.replace(whole, sample=msgspec.structs.replace(whole.sample, columns=sampled))
    found = merge(whole, part)
    assert found.sample is None
    assert found.pairs is not None


def test_a_column_that_only_one_profile_hides_is_not_merged_with_open_values() -> None:
    table = pl.DataFrame({"x": [1.0, 2.0], "z": ["a", "b"]})
    hidden = profile_frame(table, Depth(sensitive=frozenset({"z"})))
    assert hidden_in(merge(hidden, hidden)) == {"z"}
    for pair in ((profile_frame(table), hidden), (hidden, profile_frame(table))):
        with pytest.raises(ProfileError, match="'z' is hidden in one of two profiles"):
            merge(*pair)
    empty = profile_frame(table.with_columns(pl.lit(None).alias("z")))
    assert merge(hidden, empty).columns["z"].hidden
    assert merge(empty, hidden).columns["z"].hidden


def test_hidden_ends_beyond_64_bits_are_the_same_for_parts_and_for_the_whole() -> None:
    def part(*values: int) -> Profile:
        return profile_frame(pl.DataFrame({"x": pl.Series(values, dtype=pl.Int64)}), Depth(sensitive=frozenset("x")))

    merged, whole = merge(part(-(2**63)), part(3)), part(-(2**63), 3)
    assert encode(Profile(columns={"x": msgspec.structs.replace(merged.columns["x"], moments=Moments())})) == encode(
        Profile(columns={"x": msgspec.structs.replace(whole.columns["x"], moments=Moments())})
    )


def test_whole_numbers_and_fractions_merge_into_numbers_in_either_order() -> None:
    whole, broken = of_frame(x=[3, 1]), of_frame(x=[3.0, 0.5])
    assert encode(merge(whole, broken)) == encode(merge(broken, whole))
    column = merge(whole, broken).columns["x"]
    assert isinstance(column, NumberColumn)
    assert (column.type, column.minimum, column.maximum) == (ColumnType.FLOAT, 0.5, 3.0)
    assert column.sketch.unpacked[1].tolist() == [1, 1, 2]


def test_the_order_of_rows_follows_as_if_the_parts_were_one_after_the_other() -> None:
    def part(*moments: int | None) -> Profile:
        times = pl.Series("t", moments, dtype=pl.Int64).cast(pl.Datetime("us"))
        return profile_frame(pl.DataFrame({"t": times}), Depth(time="t"))

    found = merge(part(1, 5, 3), merge(part(None, None), part(2, None, 9)))
    assert found.order == part(1, 5, 3, None, None, 2, None, 9).order
    assert found.order == RowOrder(column="t", backwards=2, first=1, last=9)
    assert merge(part(None), part(None)).order is None
    unasked = profile_frame(pl.DataFrame({"t": pl.Series([7], dtype=pl.Int64).cast(pl.Datetime("us"))}))
    assert merge(part(1), unasked).order is None


def test_different_values_are_counted_exactly_while_the_profile_names_them() -> None:
    column = of_frame(x=[1, 1, 2, None], y=["a", "b", "b", None], z=[[1], [2], [3], None], n=[None] * 4).columns
    assert different_values(column["x"]) == (2, True)
    assert different_values(column["y"]) == (2, True)
    assert different_values(column["z"]) is None
    assert different_values(column["n"]) == (0, True)
    large = of_frame(x=[2**53, 2**53 + 1, 2**53 + 2, -(2**63)]).columns["x"]
    assert different_values(large) == (4, True)


def test_merged_columns_count_different_values_as_if_they_had_been_one() -> None:
    def rows(start: int, stop: int) -> pl.DataFrame:
        count = np.arange(start, stop)
        times = pl.Series(count * 1_000_003).cast(pl.Datetime("us"))
        return pl.DataFrame({"f": count + 0.5, "i": count * 4_099, "t": times, "c": [f"v{n}" for n in count.tolist()]})

    for depth in (Depth(joint=False), Depth(joint=False, distinct=False)):
        parts = [profile_frame(rows(start, start + 5_000), depth) for start in (0, 3_000, 6_000)]
        whole = profile_frame(pl.concat([rows(start, start + 5_000) for start in (0, 3_000, 6_000)]), depth)
        assert BUCKETS_MAX < 11_000
        for name in "fitc":
            together = merge_all(parts).columns[name]
            assert different_values(together) == different_values(whole.columns[name])
            found = different_values(together)
            if depth.distinct or name == "c":
                assert found is not None
                assert found[0] == pytest.approx(11_000, rel=0.12)
            else:
                assert found is None


def test_lists_and_lists_are_counted() -> None:
    found = merge(of_frame(x=[[1], None]), of_frame(x=[[1, 2]]))
    assert found.columns["x"] == OpaqueColumn(stored="List(Int64)", nulls=1, count=2)
    with pytest.raises(ProfileError, match="'x' is not of one kind"):
        merge(found, of_frame(x=[1]))


def test_a_profile_is_a_versioned_record() -> None:
    profile = profile_of(ColumnType.TEXT, ["a", None])
    assert decode(Profile, encode(profile)) == profile
    with pytest.raises(UnknownVersionError, match="trimtab.profile/3"):
        decode(Profile, encode(profile).replace(b"profile/4", b"profile/3"))


def test_the_stored_form_does_not_change_unnoticed() -> None:
    assert encode(profile_of(ColumnType.FLOAT, [1.5, -2.0, 0.5, None])).decode() == STORED


STORED = (
    '{"columns":{"ts":{"count":4,"counted":true,"distinct":null,"hidden":false,"kind":"time","maximum":177237540'
    '0000000,"minimum":1772375400000000,"nulls":0,"sketch":{"dropped":0,"linear":true,"packed":"AQAAAAEAAAD/BAAA'
    'KiBO90sGAA=="},"stored":"","type":"time"},"x":{"counted":true,"distinct":null,"hidden":false,"infinite":0,"'
    'kind":"number","maximum":1.5,"minimum":-2.0,"moments":{"count":3,"m2":6.5,"m3":-4.5,"m4":21.125,"mean":0.0,'
    '"rest":0.0},"nans":0,"nulls":1,"sketch":{"dropped":0,"linear":false,"packed":"AwAAAAMAAAD///8BAAEAAQD/////'
    '////vwEAAAAAAOB/AAAAAAAAGAA="},"stored":"","type":"float"}},"order":null,"pairs":null,"repeats":null,"rows":'
    '4,"sample":null,"schema":"trimtab.profile/4"}'
)


def test_names_of_groups_do_not_change_unnoticed() -> None:
    counts = group_counts(["", "a", "DE", "ä" * 100], [1, 2, 3, 4])
    assert {place: count for place, count in enumerate(counts) if count} == GROUPED
    assert len(counts) == GROUPS


GROUPED = {0: 1, 353: 4, 820: 2, 995: 3}
