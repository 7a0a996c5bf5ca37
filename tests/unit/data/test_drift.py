"""What is drift, what is not, and what cannot be told yet."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from trimtab.base.errors import InputError
from trimtab.base.verdict import Verdict
from trimtab.data.column_profile import CategoryColumn
from trimtab.data.differences import ColumnDifference, Effect, Statistic
from trimtab.data.drift import Judging, compare
from trimtab.data.kinds import DriftLimits
from trimtab.data.profile import Profile
from trimtab.data.profiler import Depth, profile_frame
from trimtab.data.shares import share_changes
from trimtab.records.versioned import encode
from trimtab.stats.special import normal_quantile

GRID = (np.arange(20_000) + 0.5) / 20_000
NORMAL = np.array([normal_quantile(share) for share in GRID.tolist()])
LEAN = Depth(joint=False)


def profile(values: Any, dtype: Any = None) -> Profile:
    return profile_frame(pl.DataFrame({"x": pl.Series(values, dtype=dtype)}), LEAN)


def judging(**settings: Any) -> Judging:
    names = ("location", "scale", "shape", "share")
    limits = DriftLimits(**{name: settings.pop(name) for name in names if name in settings})
    return Judging(limits=limits, **settings)


def drift(then: Any, now: Any, dtype: Any = None, **settings: Any) -> ColumnDifference:
    found = compare(profile(then, dtype), profile(now, dtype), judging(**settings))
    (column,) = found.columns
    return column


def effect(found: ColumnDifference, statistic: Statistic) -> Effect:
    (one,) = (effect for effect in found.effects if effect.statistic is statistic)
    return one


def test_the_same_rows_pass() -> None:
    found = drift(GRID, GRID)
    assert found.verdict is Verdict.PASS
    assert {one.statistic for one in found.effects} == {
        Statistic.LOCATION,
        Statistic.SCALE,
        Statistic.SHAPE,
        Statistic.NULLS,
    }
    assert all(one.size.estimate == 0.0 and one.needs == "" for one in found.effects)


def test_a_shift_fails_in_standard_deviations() -> None:
    found = drift(NORMAL + 1.0, NORMAL + 1.25)
    assert found.verdict is Verdict.FAIL
    assert found.strongest.statistic is Statistic.LOCATION
    assert found.strongest.size.estimate == pytest.approx(0.25, abs=0.01)
    assert found.strongest.size.n == 20_000
    assert found.strongest.words.startswith("the mean is 1.2")
    assert found.strongest.words.endswith(", 1 in the reference (+0.25 standard deviations)")
    assert effect(found, Statistic.SCALE).verdict is Verdict.PASS


def test_a_wider_spread_fails_and_says_by_how_much() -> None:
    found = drift(NORMAL, 1.3 * NORMAL)
    assert effect(found, Statistic.LOCATION).verdict is Verdict.PASS
    spread = effect(found, Statistic.SCALE)
    assert spread.verdict is Verdict.FAIL
    assert 0.25 < spread.size.estimate <= 0.3
    assert spread.words.endswith(f"in the reference ({spread.size.estimate:+.0%})")


def test_another_shape_fails_though_mean_and_spread_are_the_same() -> None:
    two = np.where(np.arange(20_000) % 2, 1.0, -1.0) * 0.9 + NORMAL * math.sqrt(1 - 0.81)
    found = drift(NORMAL, two)
    verdicts = {one.statistic: one.verdict for one in found.effects}
    assert verdicts[Statistic.LOCATION] is verdicts[Statistic.SCALE] is Verdict.PASS
    assert verdicts[Statistic.SHAPE] is Verdict.FAIL


def test_the_words_name_a_number_that_separates() -> None:
    found = drift([0.02] * 120 + [0.5] * 879 + [0.9], [0.02] * 310 + [0.5] * 689 + [0.9])
    assert effect(found, Statistic.SHAPE).words == "31 % of rows are under 0.3, 12 % in the reference"


def test_too_few_rows_are_unsure_and_say_how_many_more() -> None:
    found = drift(GRID, GRID[::400], location=None, scale=None, shape=0.1)
    assert found.verdict is Verdict.UNSURE
    needs = effect(found, Statistic.SHAPE).needs
    wanted = int(needs.removeprefix("about ").removesuffix(" more rows").replace(",", ""))
    enough = np.repeat(GRID[::400], 1 + math.ceil(wanted / 50))
    assert effect(drift(GRID, enough, location=None, scale=None, shape=0.1), Statistic.SHAPE).verdict is Verdict.PASS


def test_a_change_on_the_tolerance_asks_for_a_larger_reference() -> None:
    found = drift(GRID[::20], GRID + 0.05, location=None, scale=None, shape=0.05)
    assert "a larger reference" in effect(found, Statistic.SHAPE).needs


def test_rows_that_resemble_their_neighbours_count_for_less() -> None:
    then, now = profile(NORMAL), profile(NORMAL[::2])
    whole, part = (
        compare(then, now, Judging(effective=(1.0, share))).columns[0].effects[-1] for share in (1.0, 1 / 48)
    )
    assert whole.size.n == 10_000
    assert part.size.n == 208
    assert part.size.high - part.size.low > whole.size.high - whole.size.low


def test_a_constant_column_that_starts_to_move_is_found() -> None:
    found = drift([0.003467] * 9_000, [0.003467] * 60 + [0.0035] * 140)
    assert found.verdict is Verdict.FAIL
    assert found.strongest.words == "70 % of rows are not 0.003467, which all were in the reference"


def test_a_constant_that_stays_is_no_drift_however_it_rounds() -> None:
    for value in (0.1, 1 / 3, 1e-300, 123456789.123):
        found = drift([value] * 30_000, [value] * 20_011)
        assert found.verdict is Verdict.PASS
        assert {one.statistic for one in found.effects} == {Statistic.SHAPE, Statistic.NULLS}


def test_gaps_are_a_change() -> None:
    found = drift([*GRID[:19_600], *[None] * 400], [*GRID[3_600:19_600], *[None] * 4_000])
    gaps = effect(found, Statistic.NULLS)
    assert (gaps.verdict, gaps.words) == (Verdict.FAIL, "20 % of rows are null, 2 % in the reference")


def test_what_is_no_number_is_a_gap() -> None:
    whole = effect(drift(GRID, [math.nan] * 20_000), Statistic.NULLS)
    assert whole.verdict is Verdict.FAIL
    assert whole.words == "100 % of rows are null or not finite, 0 % in the reference"
    assert effect(drift(GRID, [*GRID[:10_000], *[math.inf] * 10_000]), Statistic.NULLS).verdict is Verdict.FAIL
    assert drift([math.nan] * 20_000, [math.nan] * 20_000).verdict is Verdict.PASS


def test_a_column_that_empties_or_fills_is_found_by_its_gaps() -> None:
    for dtype in (None, pl.Float64):
        empty = profile([None] * 20_000, dtype)
        for then, now in ((profile(GRID), empty), (empty, profile(GRID))):
            found = compare(then, now)
            assert found.verdict is Verdict.FAIL
            assert found.columns[0].strongest.statistic is Statistic.NULLS
        assert compare(empty, empty).verdict is Verdict.PASS


def test_a_category_that_grows_is_named() -> None:
    found = drift(["DE"] * 8_800 + ["FR"] * 1_200, ["DE"] * 6_900 + ["FR"] * 3_100)
    assert found.verdict is Verdict.FAIL
    assert abs(found.strongest.size.estimate) == pytest.approx(0.19)
    assert found.strongest.words in (
        "69 % of rows are 'DE', 88 % in the reference",
        "31 % of rows are 'FR', 12 % in the reference",
    )
    truths = drift([True] * 500 + [False] * 9_500, [True] * 3_000 + [False] * 7_000)
    assert truths.verdict is Verdict.FAIL


def test_an_exchange_of_values_is_told_by_both_sides() -> None:
    rest = ["A", "B"] * 4_200
    both = drift(rest + ["G"] * 1_100 + ["J"] * 500, rest + ["J"] * 1_600)
    assert both.strongest.words == "'J' rose from 5 % to 16 % of rows, 'G' fell from 11 % to 0 %"
    assert abs(both.strongest.size.estimate) == pytest.approx(0.11)
    spread = drift(rest + ["G"] * 1_600, rest + [f"new {place}" for place in range(1_600)])
    assert spread.strongest.words == "0 % of rows are 'G', 16 % in the reference"  # none of the others rose by much
    group = drift(rest + ["G"] * 800 + ["H"] * 800, rest + ["J"] * 1_000 + ["K"] * 600)
    assert group.strongest.words == (
        "16 % of rows hold a value that was rare or is new (most of all 'J'); 0 % were to be expected; "
        "'G' fell from 8 % to 0 %"
    )


def test_new_values_are_found_even_if_each_is_rare() -> None:
    now = ["DE"] * 6_000 + [f"new {i}" for i in range(4_000)]
    found = drift(["DE"] * 5_000 + ["FR"] * 5_000, [*now, *["FR"] * 5_000])
    assert found.verdict is Verdict.FAIL
    named = drift(["DE"] * 5_000 + ["FR"] * 5_000, ["DE"] * 5_000 + ["FR"] * 5_000 + ["IT"] * 4_000)
    assert named.strongest.words.startswith("29 % of rows hold a value that was rare or is new (most of all 'IT'); 0 %")
    assert named.strongest.words.endswith(" were to be expected; 'DE' fell from 50 % to 36 %")


def test_long_values_that_begin_alike_are_two() -> None:
    left, right = "x" * 90 + "a", "x" * 90 + "b"
    assert drift([left, right] * 5_000, [left] * 10_000).verdict is Verdict.FAIL


def test_names_that_are_all_different_do_not_drift() -> None:
    then, now = [f"a{i}" for i in range(20_000)], [f"b{i}" for i in range(20_000)]
    assert drift(then, now).verdict is Verdict.PASS
    few = drift(then, ["one"] * 20_000)
    assert few.verdict is Verdict.FAIL
    assert "hash group" in few.strongest.words


def test_a_rare_value_that_swallows_the_others_is_found() -> None:
    values = [f"v{i % 1_000}" for i in range(20_000)]
    found = drift(values, ["v7"] * 4_000 + values[4_000:])
    assert found.verdict is Verdict.FAIL
    assert found.strongest.words == "20 % of rows are 'v7', 0.1 % in the reference"


@pytest.mark.parametrize(("many", "renamed"), [(1_000, 1_000), (1_000, 100), (2_000, 1_000), (4_000, 400)])
def test_values_that_are_all_replaced_by_others_alike_are_found(many: int, renamed: int) -> None:
    rng = np.random.default_rng(3)
    then = [f"u{number}" for number in rng.integers(0, many, 50_000)]
    now = [f"n{number}" if number < renamed else f"u{number}" for number in rng.integers(0, many, 50_000)]
    found = effect(drift(then, now), Statistic.SHARE)
    assert found.verdict is Verdict.FAIL
    assert "hold a value that the reference does not have" in found.words


@pytest.mark.parametrize("rows", [3, 30, 1_000, 4_096, 4_100, 5_000, 20_000])
def test_the_same_names_again_are_no_drift(rows: int) -> None:
    names = [f"shop {number}" for number in range(rows)]
    assert drift(names, names).verdict is not Verdict.FAIL
    assert drift(names, names[: rows * 9 // 10] or names).verdict is not Verdict.FAIL


def test_the_same_customers_in_another_order_and_number_are_no_drift() -> None:
    rng = np.random.default_rng(5)
    pool = [f"customer {number}" for number in range(3_300)]
    sides = [rng.choice(pool, 3_000, replace=False).tolist() for _ in range(2)]
    found = drift(*sides)
    assert found.verdict is not Verdict.FAIL
    assert "were to be expected" in found.strongest.words or "of rows are" in found.strongest.words


def test_shares_of_a_column_with_gaps_are_of_its_values() -> None:
    then, now = ["A"] * 800 + ["B"] * 3_200 + [None] * 16_000, ["A"] * 1_600 + ["B"] * 2_400 + [None] * 16_000
    assert drift(then, now).strongest.words == "60 % of values are 'B', 80 % in the reference"
    numbers = [None if text is None else float(text == "A") + 0.5 * (place % 3) for place, text in enumerate(now)]
    before = [None if text is None else float(text == "A") + 0.5 * (place % 3) for place, text in enumerate(then)]
    assert " of values are under " in effect(drift(before, numbers), Statistic.SHAPE).words


def test_years_are_written_as_years_and_a_constant_has_no_spread() -> None:
    then = [1990 + place % 10 for place in range(20_000)]
    words = effect(drift(then, [year + 10 for year in then]), Statistic.SHAPE).words
    assert words == "0 % of rows are under 2000, 100 % in the reference"
    moved = effect(drift([1.0, 2.0, 3.0] * 5_000, [1e9 + 0.1] * 15_000), Statistic.SCALE)
    assert " is 0, " in moved.words


def test_a_change_of_nothing_is_not_said_to_be_near_its_tolerance() -> None:
    few = np.random.default_rng(6).normal(size=300)
    needs = effect(drift(few, few), Statistic.LOCATION).needs
    assert needs == "a larger reference"
    assert "too near" in effect(drift(few, few + 0.09), Statistic.LOCATION).needs


@pytest.mark.parametrize("tail", [0.5, 1.1, 2.0])
def test_new_values_of_a_long_tail_are_no_change(tail: float) -> None:
    rng = np.random.default_rng(4)
    for rows in (2_000, 20_000):
        shares = 1.0 / np.arange(1, 3_001) ** tail
        sides = [[f"v{x}" for x in rng.choice(3_000, rows, p=shares / shares.sum())] for _ in range(2)]
        assert drift(*sides).verdict is not Verdict.FAIL


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Float64])
@pytest.mark.parametrize(("then", "now"), [(0.005, 0.006), (0.02, 0.024), (0.02, 0.06), (0.5, 0.5), (0.5, 0.6)])
def test_a_flag_is_judged_alike_in_whatever_type_it_is(dtype: Any, then: float, now: float) -> None:
    truths = [(np.arange(50_000) < share * 50_000).tolist() for share in (then, now)]
    numbers = drift(*(pl.Series(side).cast(dtype) for side in truths))
    assert numbers.verdict is drift(*truths).verdict
    assert numbers.verdict is (Verdict.FAIL if now - then > 0.03 else Verdict.PASS)
    assert effect(numbers, Statistic.SHARE).size.estimate == pytest.approx(now - then, abs=1e-4)


def test_a_mean_of_numbers_that_were_cut_off_says_so() -> None:
    then, now = np.arange(10_000.0), np.arange(10_000.0) + 30_000.0
    words = effect(drift(then, now), Statistic.LOCATION).words
    assert words.startswith("the mean, each number counted as 49.01 to 9950, is 9950, 5000")


@pytest.mark.parametrize("distinct", [True, False])
@pytest.mark.parametrize(("then", "now"), [(20_000, 20_000), (20_000, 30), (60, 3), (200, 60_000)])
def test_numbers_that_count_rows_do_not_drift(then: int, now: int, distinct: bool) -> None:
    parts = [pl.DataFrame({"id": range(first, first + rows)}) for first, rows in ((1, then), (1 + then, now))]
    one, two = (profile_frame(part, Depth(joint=False, distinct=distinct)) for part in parts)
    found = compare(one, two)
    (column,) = found.columns
    assert [one.statistic for one in column.effects] == [Statistic.NULLS]
    assert column.verdict is not Verdict.FAIL


def test_whole_numbers_that_repeat_count_no_rows() -> None:
    ages = np.random.default_rng(5).integers(0, 90, 20_000)
    found = drift(ages, ages // 2)
    assert found.verdict is Verdict.FAIL
    prices = np.repeat(np.arange(10_000), 3)
    assert drift(prices, prices // 2).verdict is Verdict.FAIL


def test_nothing_to_compare_is_unsure_and_a_column_that_is_gone_is_a_fail() -> None:
    for then, now in (([], [1.0]), ([1.0], [])):
        found = drift(then, now, pl.Float64)
        assert found.verdict is Verdict.UNSURE
        assert math.isnan(found.strongest.size.estimate)
    for then_, now_ in ((profile(GRID), Profile()), (Profile(), profile(GRID))):
        nothing = compare(then_, now_)
        assert [column.column for column in nothing.columns] == ["x"]
        assert nothing.verdict is Verdict.UNSURE
        assert nothing.columns[0].strongest.needs
    assert compare(Profile(), Profile()).verdict is Verdict.UNSURE
    renamed = compare(profile(GRID), profile_frame(pl.DataFrame({"z": GRID}), LEAN))
    assert {column.column: column.strongest.words for column in renamed.columns} == {
        "x": "the column is missing today",
        "z": "the column is not in the reference",
    }
    (other,) = compare(profile(GRID), profile(["a"])).columns
    assert (other.verdict, other.strongest.words) == (Verdict.FAIL, "the column is text today, float before")


def test_times_and_columns_that_were_not_asked_for_are_left_out() -> None:
    table = pl.DataFrame({"x": GRID, "t": pl.Series(range(20_000)).cast(pl.Datetime("us")), "y": GRID})
    whole = profile_frame(table, LEAN)
    assert {column.column for column in compare(whole, whole).columns} == {"x", "y"}
    assert compare(whole, whole, Judging(only=["t"])).columns == ()
    assert [column.column for column in compare(whole, whole, Judging(without=["x"])).columns] == ["y"]


def test_a_time_that_became_a_text_is_found() -> None:
    then = pl.DataFrame({"t": pl.Series(range(100)).cast(pl.Datetime("us"))})
    found = compare(profile_frame(then), profile_frame(then.cast(pl.String)))
    assert found.columns[0].strongest.words == "the column is text today, time before"


@pytest.mark.parametrize("days", [20, 9_000])
def test_dates_that_are_texts_on_both_sides_are_left_out(days: int) -> None:
    def dates(first: int, form: str) -> Profile:
        times = pl.Series("t", [(first + place % days) * 86_400_000 for place in range(10_000)]).cast(pl.Datetime("ms"))
        return profile_frame(pl.DataFrame({"t": times.dt.strftime(form), "n": range(10_000)}))

    for form in ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S"):
        found = compare(dates(0, form), dates(days, form))
        assert [column.column for column in found.columns] == ["n"]
    found = compare(dates(0, "%d.%m.%Y"), dates(days, "%d.%m.%Y"))
    assert {column.column for column in found.columns} == {"n", "t"}


def test_lists_are_compared_by_their_gaps_alone() -> None:
    then, now = [[1]] * 20_000, [[2]] * 10_000 + [None] * 10_000
    assert drift(then, then).verdict is Verdict.PASS
    assert drift(then, now).strongest.words == "50 % of rows are null, 0 % in the reference"


def test_the_error_is_shared_out_over_the_columns() -> None:
    alone, among = pl.DataFrame({"a": GRID}), pl.DataFrame({f"c{place}": GRID for place in range(20)})
    one, two = (
        compare(profile_frame(table, LEAN), profile_frame(table, LEAN)).columns[0].effects for table in (alone, among)
    )
    assert all(more.size.high > less.size.high for less, more in zip(one, two, strict=True))


def test_of_two_values_one_is_judged_since_the_other_says_the_same() -> None:
    def changes(then: list[str], now: list[str]) -> list[str]:
        reference, current = (profile(side).columns["x"] for side in (then, now))
        assert isinstance(reference, CategoryColumn)
        assert isinstance(current, CategoryColumn)
        return [change.name for change in share_changes([(1.0, reference)], current)]

    rare = "hold a value that was rare or is new"
    assert changes(["a", "b"] * 50, ["a", "b"] * 50) == ["are 'b'", rare]
    assert changes(["a", "b"] * 50, ["a", "b", "c"])[:2] == ["are 'a'", "are 'b'"]
    assert changes(["a", "b", "c"] * 50, ["a", "b"])[:3] == ["are 'a'", "are 'b'", "are 'c'"]
    found = drift(["a", "b"] * 5_000, ["a", "a", "a", "b"] * 2_500)
    assert found.strongest.words == "25 % of rows are 'b', 50 % in the reference"


def test_a_column_can_have_limits_of_its_own() -> None:
    then, now = profile(NORMAL), profile(NORMAL + 0.25)
    assert compare(then, now).verdict is Verdict.FAIL
    wide = {"x": DriftLimits(location=0.5, scale=0.5, shape=0.5)}
    assert compare(then, now, Judging(columns=wide)).verdict is Verdict.PASS
    nothing = {"x": DriftLimits(location=None, scale=None, shape=None, share=None)}
    assert compare(then, now, Judging(columns=nothing)).verdict is Verdict.UNSURE


def test_numbers_beyond_what_can_be_squared_are_judged_by_their_shape() -> None:
    found = drift([1e308, -1e308, 1e307] * 10_000, [1e308, -1e308, 1e307] * 10_000)
    assert found.verdict is Verdict.PASS
    assert b":null" not in encode(compare(profile([1e308, -1e308] * 9), profile([1e308, -1e308] * 9)))
    assert drift([1e308, -1e308, 1e307] * 10_000, [1e308, 1e307, 1e307] * 10_000).verdict is Verdict.FAIL


def test_a_wild_value_in_the_reference_does_not_hide_a_shift() -> None:
    then = np.append(NORMAL, [1e9, 1e12])
    assert drift(then, NORMAL).verdict is Verdict.PASS
    found = drift(then, NORMAL + 0.3)
    assert effect(found, Statistic.LOCATION).verdict is Verdict.FAIL
    assert effect(found, Statistic.SHAPE).verdict is Verdict.FAIL


def test_what_changed_most_comes_first() -> None:
    then = pl.DataFrame({"a": NORMAL, "b": NORMAL, "c": NORMAL})
    now = pl.DataFrame({"a": NORMAL, "b": NORMAL + 0.3, "c": NORMAL + 1.0})
    found = compare(profile_frame(then, LEAN), profile_frame(now, LEAN))
    assert [column.column for column in found.columns] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"shape": 0.0}, "tolerance 0.0 of shape"),
        ({"share": 1.0}, "tolerance 1.0 of share"),
        ({"location": -0.1}, "tolerance -0.1 of location"),
        ({"level": 1.0}, "level 1.0"),
        ({"effective": (0.0, 1.0)}, "a row cannot count for 0.0 to 1.0"),
        ({"effective": (1.0, 2.0)}, "a row cannot count for 1.0 to 2.0"),
    ],
)
def test_limits_that_are_none_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        drift(GRID, GRID, **settings)


def test_a_comparison_of_nothing_is_refused() -> None:
    whole = profile_frame(pl.DataFrame({"a": [1.0, 2.0], "b": [1.0, 2.0]}))
    with pytest.raises(InputError, match="nothing is left to judge: 'a' is asked for and left out"):
        compare(whole, whole, Judging(only=["a"], without=["a", "b"]))
    assert [column.column for column in compare(whole, whole, Judging(only=["a", "b"], without=["a"])).columns] == ["b"]
