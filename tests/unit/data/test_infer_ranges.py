"""A range lies where ten times as many rows of the same kind hardly reach, and where what is far outside does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from trimtab.data.infer_ranges import Limits, limits_of
from trimtab.data.profile import NumberColumn
from trimtab.data.profiler import Depth, profile_frame

Draw = Callable[[np.random.Generator, int], Any]
KINDS: dict[str, Draw] = {
    "normal": lambda draws, rows: draws.normal(50, 15, rows),
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


@pytest.mark.parametrize("kind", ["lognormal", "exponential", "capped", "Poisson", "zeros", "money", "codes"])
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
