"""Mean and central moments, merged."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trimtab.data.moments import Moments, merge_moments, moments_of


def test_moments_are_those_of_the_numbers() -> None:
    values = np.random.default_rng(1).exponential(size=10_000)
    found = moments_of(values)
    apart = values - values.mean()
    assert found.mean == pytest.approx(values.mean(), rel=1e-14)
    assert found.deviation == pytest.approx(values.std(), rel=1e-13)
    assert found.skewness == pytest.approx((apart**3).mean() / values.std() ** 3, rel=1e-12)
    assert found.kurtosis == pytest.approx((apart**4).mean() / values.std() ** 4, rel=1e-12)


def test_parts_of_one_row_are_as_precise_as_one_part() -> None:
    values = np.random.default_rng(2).normal(1_000.0, 1.0, 5_000)
    whole, found = moments_of(values), Moments()
    for value in values:
        found = merge_moments(found, moments_of(np.array([value])))
    assert found.count == whole.count
    assert found.mean == pytest.approx(whole.mean, rel=1e-13)
    for ours, theirs in ((found.m2, whole.m2), (found.m4, whole.m4)):
        assert ours == pytest.approx(theirs, rel=1e-11)


def test_the_spread_of_large_and_near_numbers_is_known() -> None:
    near = moments_of(np.array([1e15, 1e15 + 1, 1e15 + 2]))
    assert near.deviation == pytest.approx(math.sqrt(2 / 3), rel=1e-15)
    parts = merge_moments(moments_of(np.array([1e15, 1e15 + 1])), moments_of(np.array([1e15 + 2])))
    assert parts.deviation == pytest.approx(math.sqrt(2 / 3), rel=1e-12)
    far = moments_of(np.full(1_000, 1.7e9) + np.linspace(0, 1e-3, 1_000))
    assert far.deviation == pytest.approx(1e-3 / math.sqrt(12), rel=1e-2)


@pytest.mark.parametrize("value", [0.1, -1 / 3, 1e308, 5e-324, 1.1e154, 0.0, 3.9e210])
def test_a_constant_has_a_mean_and_no_spread(value: float) -> None:
    found = merge_moments(moments_of(np.full(1_009, value)), moments_of(np.full(7, value)))
    assert found == Moments(count=1_016, mean=value)
    assert math.isnan(found.skewness)
    assert math.isnan(found.kurtosis)


def test_what_is_beyond_all_numbers_is_none_and_the_rest_is_known() -> None:
    found = moments_of(np.array([1e308, -1e308, 1e308]))
    assert found.mean == pytest.approx(1e308 / 3)
    assert (found.m2, found.m3, found.m4) == (None, None, None)
    assert math.isnan(found.deviation)
    whole = merge_moments(found, moments_of(np.array([-1e308])))
    assert (whole.count, whole.m2) == (4, None)
    assert whole.mean == pytest.approx(0.0, abs=1e294)
    fourth = moments_of(np.array([1e100, -1e100]))
    assert fourth.deviation == pytest.approx(1e100)
    assert fourth.m4 is None


def test_squares_that_are_too_small_for_a_number_are_zero() -> None:
    found = moments_of(np.array([1e-200, 3e-200]))
    assert found.mean == pytest.approx(2e-200)
    assert found.m2 == 0.0
    assert math.isnan(found.kurtosis)


def test_no_numbers_change_nothing() -> None:
    some = moments_of(np.array([1.0, 2.0]))
    assert merge_moments(Moments(), some) == some == merge_moments(some, Moments())
    assert moments_of(np.empty(0)) == Moments()
    assert math.isnan(Moments().deviation)
