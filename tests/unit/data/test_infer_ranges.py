"""A range lies where ten times as many rows of the same kind hardly reach, and where what is far outside does not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from trimtab.data.column_profile import NumberColumn
from trimtab.data.infer_ranges import Limits, limits_of
from trimtab.data.profiler import Depth, profile_frame

Draw = Callable[[np.random.Generator, int], Any]
KINDS: dict[str, Draw] = {
    "normal": lambda draws, rows: draws.normal(50, 5, rows),
    "normal around 0": lambda draws, rows: draws.normal(0, 15, rows),
    "uniform": lambda draws, rows: draws.random(rows),
    "lognormal": lambda draws, rows: draws.lognormal(0, 1, rows),
    "exponential": lambda draws, rows: draws.exponential(3, rows),
    "negative amounts": lambda draws, rows: -draws.exponential(3, rows),
    "capped": lambda draws, rows: np.clip(draws.normal(80, 20, rows), 0, 100),
    "Poisson": lambda draws, rows: draws.poisson(4, rows),
    "zeros": lambda draws, rows: np.where(draws.random(rows) < 0.9, 0.0, draws.exponential(50, rows)),
    "money": lambda draws, rows: draws.lognormal(3, 0.7, rows).round(2),
    "codes": lambda draws, rows: draws.integers(0, 6, rows),
    "clusters": lambda draws, rows: draws.normal(size=rows) + 9 * (draws.random(rows) < 0.02),
}


def limits(values: object) -> Limits | None:
    column = profile_frame(pl.DataFrame({"x": values}), Depth(joint=False)).columns["x"]
    assert isinstance(column, NumberColumn)
    return limits_of(column)


def found(values: object) -> Limits:
    inferred = limits(values)
    assert inferred is not None
    return inferred


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [1_000, 20_000])
def test_ten_times_as_many_fresh_rows_hardly_ever_leave_the_range(kind: str, rows: int) -> None:
    left = 0
    for seed in range(10):
        draws = np.random.default_rng(seed)
        inferred = found(KINDS[kind](draws, rows))
        fresh = KINDS[kind](draws, 10 * rows)
        left += bool(fresh.min() < inferred.minimum or fresh.max() > inferred.maximum)
    assert left <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_ten_times_as_far_as_anything_seen_is_outside(kind: str) -> None:
    for rows in (30, 1_000, 20_000):
        values = KINDS[kind](np.random.default_rng(rows), rows)
        inferred, middle = found(values), np.median(values)
        assert inferred.maximum <= middle + 9.2 * (values.max() - middle)
        assert inferred.minimum >= middle - 9.2 * (middle - values.min())
        assert inferred.minimum <= values.min() <= values.max() <= inferred.maximum


@pytest.mark.parametrize("kind", ["normal", "lognormal", "exponential", "capped", "Poisson", "zeros", "money", "codes"])
def test_what_is_never_negative_has_no_negative_range(kind: str) -> None:
    for seed in range(10):
        inferred = found(KINDS[kind](np.random.default_rng(seed), 1_000))
        assert inferred.minimum >= 0
        assert isinstance(inferred.minimum, int) == (kind in ("Poisson", "codes"))


def test_numbers_between_natural_bounds_keep_to_them() -> None:
    draws = np.random.default_rng(1)
    assert (found(draws.random(5_000)).minimum, found(draws.random(5_000)).maximum) == (0.0, 1.0)
    assert (found(100 * draws.random(50_000)).minimum, found(100 * draws.random(50_000)).maximum) == (0.0, 100.0)
    capped = found(KINDS["capped"](draws, 5_000))
    assert (capped.maximum, capped.hard[1]) == (100.0, True)
    assert found(KINDS["codes"](draws, 5_000)) == Limits(minimum=0, maximum=5, hard=(True, True))
    assert found(-draws.random(5_000)).maximum == 0.0


def test_a_hundred_does_not_hold_back_what_is_no_percentage() -> None:
    assert found(np.random.default_rng(0).geometric(0.1, 10_000)).maximum > 120
    assert found(np.random.default_rng(0).pareto(2, 10_000)).maximum > 120


def test_few_or_odd_numbers_say_nothing() -> None:
    assert limits([1.0, 2.0] * 9) is None
    assert limits([3.0] * 500) is None
    assert limits(pl.Series([None] * 500, dtype=pl.Float64)) is None
    assert limits([-1.7e308, 1.7e308] * 50) is None


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1.0, 1e9, 1e300])
def test_any_scale_is_as_good(scale: float) -> None:
    values = np.random.default_rng(5).normal(size=500) * scale
    inferred = found(values)
    assert inferred.minimum < values.min() < values.max() < inferred.maximum
    assert abs(inferred.maximum) < 20 * values.max()


def test_the_ends_of_64_bits_hold() -> None:
    draws = np.random.default_rng(5)
    inferred = found(pl.Series(draws.integers(-(2**63), 2**63 - 1, 500)))
    assert (inferred.minimum, inferred.maximum) == (-(2**63), 2**63 - 1)


def test_two_values_are_a_range_of_their_own() -> None:
    assert found([0.25, 0.75] * 500) == Limits(minimum=0.25, maximum=0.75, hard=(True, True))
    assert found([*[0.0] * 500, 1.0]).minimum == 0.0


def test_where_nothing_was_negative_zero_is_the_furthest_end_whatever_the_lower_tail() -> None:
    draws = np.random.default_rng(3)
    weeks = np.where(
        draws.random(4_000) < 0.02, draws.integers(5, 40, 4_000), draws.choice([40, 45, 48, 50, 52], 4_000)
    )
    inferred = found(weeks)
    assert (inferred.minimum, inferred.maximum) == (0, 52)
    assert (inferred.hard, inferred.natural) == ((False, True), (True, False))
    mirrored = found(-weeks)
    assert (mirrored.minimum, mirrored.maximum, mirrored.natural) == (-52, 0, (False, True))
    scores = found(draws.normal(50, 15, 300).clip(1))
    assert (scores.minimum, scores.natural[0]) == (0.0, True)
    assert found(np.append(scores.maximum * draws.random(300), -0.01)).minimum < -0.01


def test_numbers_far_from_zero_stay_far_from_it() -> None:
    draws = np.random.default_rng(4)
    postcodes = found(30_000 + draws.lognormal(4, 1.5, 500).clip(0, 2_000).astype(int))
    assert 29_000 < postcodes.minimum <= postcodes.maximum < 36_000
    assert found(draws.normal(1_950, 10, 150).astype(int)).minimum > 1_800


@pytest.mark.parametrize(
    ("seen", "ends"),
    [
        pytest.param([1] * 22 + [2] * 103 + [3] * 210 + [4] * 606 + [5] * 925 + [6] * 912, (0, 6), id="Likert"),
        pytest.param([4] * 14 + [5] * 21 + [6] * 28 + [7] * 77 + [8] * 500 + [9] * 400, (4, 9), id="years of school"),
        pytest.param(
            [0] * 668 + [1] * 803 + [2] * 500 + [3] * 60 + [4] * 8 + [98] * 73 + [99] * 45, (0, 99), id="missing"
        ),
        pytest.param([1, 2] * 12, (1, 2), id="two codes"),
        pytest.param([*[0] * 36, *[1] * 4], (0, 1), id="a flag"),
        pytest.param([*[0] * 500, 1], (0, 1), id="a rare flag"),
        pytest.param([*[20, 35, 50, 65, 80] * 100, *[100] * 30], (20, 100), id="marks"),
    ],
)
def test_an_end_that_many_rows_share_is_a_bound(seen: list[int], ends: tuple[int, int]) -> None:
    inferred = found(seen)
    assert (inferred.minimum, inferred.maximum) == ends


def test_a_hundred_that_is_touched_is_a_bound() -> None:
    counts = {
        0.0: 7_789,
        4.5: 10_596,
        14.5: 20_700,
        24.5: 14_052,
        34.5: 3_664,
        44.5: 1_710,
        64.5: 211,
        84.5: 39,
        100.0: 3,
    }
    shares = found([value for value, count in counts.items() for _ in range(count)])
    assert (shares.maximum, shares.natural[1]) == (100.0, True)
    assert found([value / 100 for value, count in counts.items() for _ in range(count)]).maximum == 1.0


def test_numbers_that_thin_out_get_room_though_several_rows_share_the_last_one() -> None:
    for seen in (
        [*[0] * 1_784, *[1] * 126, *[2] * 19, *[3] * 3, 5, 7, 9, 16],
        [*[0] * 31, *[1] * 55, *[2] * 28],
        [58.0, 60.0, 61.0, 63.0, *[66.0] * 50, *[67.0] * 25, *[68.5] * 5, *[68.7] * 4, *[69.0] * 13],
    ):
        assert found(seen).maximum > max(seen)


def test_rows_that_lie_apart_are_no_tail_of_the_others() -> None:
    draws = np.random.default_rng(6)
    inferred = found(np.append(draws.normal(-90, 12, 3_000), [101.4, 134.5, 138.1, 145.6]))
    assert 145.6 < inferred.maximum < 600


def test_numbers_that_repeat_are_no_sign_of_a_heavy_tail() -> None:
    hours = np.repeat([38, 40, 45, 50, 55, 60, 65, 70, 80, 90], [1_500, 9_000, 1_500, 1_200, 150, 400, 24, 25, 17, 2])
    assert 90 < found(hours).maximum < 200


def test_a_heavy_tail_still_gets_room_in_few_rows() -> None:
    draws = np.random.default_rng(8)
    left = sum(found(draws.lognormal(0, 1, 100)).maximum < draws.lognormal(0, 1, 1_000).max() for _ in range(100))
    assert left <= 12


@pytest.mark.parametrize("unit", [1e200, 1e300, 1e305, 1.1985e307])
def test_numbers_near_the_largest_of_all_have_a_range_too(unit: float) -> None:
    draws = np.random.default_rng(3)
    for values in (draws.random(500), draws.normal(size=500) / 8, np.append(np.zeros(400), 1.0)):
        own = limits(values * unit)
        assert own is None or (math.isfinite(own.minimum) and math.isfinite(own.maximum))
