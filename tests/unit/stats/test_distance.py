"""The distance of two growing samples, judged at planned sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from trimtab.stats.distance import distance_always, ks_distance, look_at


@pytest.mark.parametrize("levels", [3, 10**6])
def test_the_distance_agrees_with_scipy_with_and_without_ties(levels: int) -> None:
    chance = np.random.default_rng(51)
    one, two = chance.integers(0, levels, 70) / levels, (chance.integers(0, levels, 140) / levels) ** 2
    assert ks_distance(one, two) == pytest.approx(stats.ks_2samp(one, two).statistic)
    assert ks_distance(one, two) == ks_distance(two, one)


def test_a_distance_to_nothing_is_not_a_number() -> None:
    assert math.isnan(ks_distance(np.empty(0), np.ones(3)))


def test_looks_are_planned_and_the_last_one_stands_in_between() -> None:
    assert [look_at(size, 20) for size in (0, 19)] == [None, None]
    assert [look_at(size, 20) for size in (20, 29, 30, 44, 45, 68)] == [
        (1, 20), (1, 20), (2, 30), (2, 30), (3, 45), (4, 68),
    ]  # fmt: skip
    assert look_at(3, 1) == (3, 3)


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_bounds_on_the_distance_hold_at_all_looks_together(shift: float) -> None:
    chance = np.random.default_rng(52)
    truth = 2.0 * stats.norm.cdf(shift / 2.0) - 1.0
    wrong = 0
    for _ in range(200):
        one, two = chance.normal(0, 1, 800), chance.normal(shift, 1, 800)
        looks = {look_at(size, 20) for size in range(20, 801)} - {None}
        for number, size in (look for look in looks if look is not None):
            found = distance_always(ks_distance(one[:size], two[:size]), (size, size), number, 0.9)
            if not found.low <= truth <= found.high:
                wrong += 1
                break
    assert wrong / 200 <= 0.2


def test_one_sample_of_a_constant_is_found_to_be_elsewhere() -> None:
    chance = np.random.default_rng(53)
    found = distance_always(ks_distance(np.full(300, 2.0), chance.random(300)), (300, 300), 5, 0.9)
    assert found.low > 0.5
