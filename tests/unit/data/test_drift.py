"""What is drift, what is not, and what cannot be told yet."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trimtab.base.errors import InputError
from trimtab.base.verdict import Verdict
from trimtab.data.drift import ColumnDrift, compare
from trimtab.data.profile import Profile, profile_columns
from trimtab.data.schema import Column, ColumnType, Contract
from trimtab.data.table import Array, array_of

GRID = (np.arange(20_000) + 0.5) / 20_000


def profile(values: object, kind: ColumnType = ColumnType.FLOAT, name: str = "x") -> Profile:
    columns = (
        Column(name="ts", type=ColumnType.TIME),
        Column(name=name, type=kind, nullable=True),
        Column(name="y", type=ColumnType.FLOAT),
    )
    given = list(values)  # type: ignore[call-overload]
    arrays: dict[str, Array] = {
        "ts": array_of(ColumnType.TIME, nullable=False, values=[0] * len(given)),
        name: array_of(kind, nullable=True, values=given),
    }
    return profile_columns(arrays, Contract(time="ts", label="y", columns=columns))


def drift(
    then: object, now: object, kind: ColumnType = ColumnType.FLOAT, *, tolerance: float = 0.1, level: float = 0.95
) -> ColumnDrift:
    (found,) = compare(profile(then, kind), profile(now, kind), tolerance=tolerance, level=level)
    return found


def test_the_same_rows_pass() -> None:
    found = drift(GRID, GRID)
    assert found.verdict is Verdict.PASS
    assert found.distance.estimate == 0.0
    assert found.needs == ""


def test_a_shift_fails_and_says_where() -> None:
    found = drift(GRID, GRID + 0.25)
    assert found.verdict is Verdict.FAIL
    assert found.distance.estimate == pytest.approx(0.25, abs=0.001)
    assert found.distance.n == 20_000
    assert found.reason.startswith("x: ")
    assert found.reason.endswith("in the reference")
    assert "of rows under" in found.reason


def test_the_words_name_a_number_that_separates() -> None:
    found = drift([0.02] * 120 + [0.5] * 880, [0.02] * 310 + [0.5] * 690)
    assert found.reason == "x: 31 % of rows under 0.3, 12 % in the reference"


def test_too_few_rows_are_unsure_and_say_how_many_more() -> None:
    found = drift(GRID, GRID[::200] + 0.01)
    assert found.verdict is Verdict.UNSURE
    wanted = int(found.needs.removeprefix("about ").removesuffix(" more rows").replace(",", ""))
    larger = GRID[:: 20_000 // (100 + wanted + 20)]
    assert drift(GRID, larger + 0.01).verdict is Verdict.PASS


def test_a_distance_on_the_tolerance_asks_for_a_larger_reference() -> None:
    found = drift(GRID[::20], GRID + 0.1)
    assert found.verdict is Verdict.UNSURE
    assert "a larger reference" in found.needs


def test_rows_that_resemble_their_neighbours_count_for_less() -> None:
    then, now = profile(GRID), profile(GRID[::10] + 0.02)
    (whole,) = compare(then, now, tolerance=0.1, level=0.95)
    (part,) = compare(then, now, tolerance=0.1, level=0.95, effective=(1.0, 1 / 48))
    assert (whole.verdict, whole.distance.n) == (Verdict.PASS, 2_000)
    assert (part.verdict, part.distance.n) == (Verdict.UNSURE, 41)
    assert part.distance.estimate == whole.distance.estimate


def test_a_constant_column_that_starts_to_move_is_found() -> None:
    found = drift([0.003467] * 9_000, [0.003467] * 60 + [0.0035] * 140)
    assert found.verdict is Verdict.FAIL
    assert found.distance.estimate == pytest.approx(0.7)
    assert found.reason.endswith("100 % in the reference, where it was always 0.003467")


def test_gaps_are_a_change() -> None:
    found = drift([*GRID[:19_600], *[None] * 400], [*GRID[3_600:19_600], *[None] * 4_000])
    assert found.verdict is Verdict.FAIL
    assert found.reason == "x: 20 % of rows are null, 2 % in the reference"
    moved = drift([*GRID[:-10], *[None] * 10], [*(GRID[10:] + 1.0), *[None] * 10])
    assert moved.reason == "x: 0.05 % of rows null or under 1, 100 % in the reference"


def test_a_category_that_grows_is_named() -> None:
    found = drift(["DE"] * 8_800 + ["FR"] * 1_200, ["DE"] * 6_900 + ["FR"] * 3_100, ColumnType.TEXT)
    assert found.verdict is Verdict.FAIL
    assert found.distance.estimate == pytest.approx(0.19)
    assert found.reason == "x: 69 % of rows are 'DE', 88 % in the reference"
    truths = drift([True] * 500 + [False] * 9_500, [True] * 3_000 + [False] * 7_000, ColumnType.BOOLEAN)
    assert truths.verdict is Verdict.FAIL


def test_new_values_are_found_even_if_each_is_rare() -> None:
    now = ["DE"] * 6_000 + [f"new {i}" for i in range(4_000)]
    found = drift(["DE"] * 5_000 + ["FR"] * 5_000, [*now, *["FR"] * 5_000], ColumnType.TEXT)
    assert found.verdict is Verdict.FAIL
    named = drift(["DE"] * 5_000 + ["FR"] * 5_000, ["DE"] * 5_000 + ["FR"] * 5_000 + ["IT"] * 4_000, ColumnType.TEXT)
    assert named.reason.startswith("x: 29 % of rows hold a value that was rare or is new (most of all 'IT'), 0 %")


def test_long_values_that_begin_alike_are_two() -> None:
    left, right = "x" * 60 + "a", "x" * 60 + "b"
    assert drift([left, right] * 5_000, [left] * 10_000, ColumnType.TEXT).verdict is Verdict.FAIL


def test_names_that_are_all_different_do_not_drift() -> None:
    then, now = [f"a{i}" for i in range(20_000)], [f"b{i}" for i in range(20_000)]
    assert drift(then, now, ColumnType.TEXT).verdict is Verdict.PASS
    few = drift(then, ["one"] * 20_000, ColumnType.TEXT)
    assert few.verdict is Verdict.FAIL
    assert "hash group" in few.reason


def test_nothing_to_compare_is_unsure() -> None:
    for then, now in (([], [1.0]), ([1.0], [])):
        found = drift(then, now)
        assert found.verdict is Verdict.UNSURE
        assert math.isnan(found.distance.estimate)
        assert (found.distance.low, found.distance.high) == (0.0, 1.0)
    (missing,) = compare(profile(GRID), profile(GRID, name="z"), tolerance=0.1, level=0.9)
    assert missing.verdict is Verdict.UNSURE
    (other,) = compare(profile(GRID), profile(["a"], ColumnType.TEXT), tolerance=0.1, level=0.9)
    assert other.verdict is Verdict.UNSURE


def test_times_and_columns_that_were_not_asked_for_are_left_out() -> None:
    assert compare(profile(GRID), profile(GRID), tolerance=0.1, level=0.9, columns=["ts"]) == ()


def test_the_error_is_shared_out_over_the_columns() -> None:
    alone = drift(GRID, GRID)
    both = Profile(rows=20_000, columns={"a": profile(GRID).columns["x"], "b": profile(GRID).columns["x"]})
    for found in compare(both, both, tolerance=0.1, level=0.95):
        assert found.distance.high > alone.distance.high


@pytest.mark.parametrize(
    ("tolerance", "level", "effective", "said"),
    [
        (0.0, 0.9, (1.0, 1.0), "tolerance 0.0"),
        (1.0, 0.9, (1.0, 1.0), "tolerance 1.0"),
        (0.1, 1.0, (1.0, 1.0), "level 1.0"),
        (0.1, 0.9, (0.0, 1.0), "a row cannot count for 0.0 to 1.0"),
        (0.1, 0.9, (1.0, 2.0), "a row cannot count for 1.0 to 2.0"),
    ],
)
def test_limits_that_are_none_are_refused(
    tolerance: float, level: float, effective: tuple[float, float], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        compare(profile(GRID), profile(GRID), tolerance=tolerance, level=level, effective=effective)
