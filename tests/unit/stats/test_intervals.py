"""Intervals for shares: exact where they are read once, valid at every moment where they are watched."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from trimtab.stats.intervals import exact_share, largest_gap, largest_gap_of_two, share_always


@pytest.mark.parametrize(("hits", "n"), [(0, 12), (3, 50), (12, 12), (700, 1000)])
def test_the_exact_interval_of_a_share_agrees_with_scipy(hits: int, n: int) -> None:
    found = exact_share(hits, n, 0.9)
    expected = stats.binomtest(hits, n).proportion_ci(confidence_level=0.9, method="exact")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_a_share_of_nothing_may_be_anything() -> None:
    for found in (exact_share(0, 0, 0.9), share_always(0, 0, 0.95, limit=0.05)):
        assert math.isnan(found.estimate)
        assert (found.low, found.high) == (0.0, 1.0)


def test_the_number_of_clean_requests_that_show_a_share_below_one_in_twenty_is_as_documented() -> None:
    needed = next(n for n in range(1, 500) if share_always(0, n, 0.95, limit=0.05).high < 0.05)
    assert needed == 81


def test_a_thing_that_breaks_for_every_request_is_found_out_at_once() -> None:
    assert share_always(3, 3, 0.95, limit=0.05).low > 0.05


@pytest.mark.parametrize("share", [0.02, 0.05, 0.3])
def test_watched_bounds_hold_at_every_moment_at_once(share: float) -> None:
    chance = np.random.default_rng(11)
    looks = np.unique(np.geomspace(1, 2_000, 40).astype(int))
    runs = 300
    wrong_low = wrong_high = 0
    for _ in range(runs):
        counts = np.cumsum(chance.random(2_000) < share)
        bounds = [share_always(int(counts[n - 1]), int(n), 0.95, limit=0.05) for n in looks]
        wrong_low += any(found.low > share for found in bounds)
        wrong_high += any(found.high < share for found in bounds)
    assert wrong_low / runs <= 0.05
    assert wrong_high / runs <= 0.05


def test_the_estimate_lies_within_bounds_that_tighten_with_more_rows() -> None:
    widths = []
    for n in (20, 200, 2_000, 200_000):
        found = share_always(n // 20, n, 0.95, limit=0.05)
        assert found.low < found.estimate < found.high
        widths.append(found.high - found.low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.005


def test_the_largest_gap_is_massarts_and_never_above_one() -> None:
    assert largest_gap(1_000, 0.95) == pytest.approx(1.3581 / math.sqrt(1_000), rel=1e-3)
    assert largest_gap(0, 0.95) == largest_gap(1, 0.999) == 1.0


@pytest.mark.parametrize(("first", "second"), [(300, 300), (20_000, 20_000), (1_000, 50_000), (50_000, 1_000)])
@pytest.mark.parametrize("error", [1e-5, 3e-3, 0.05])
def test_two_gaps_together_are_less_than_two_bands(first: int, second: int, error: float) -> None:
    found = largest_gap_of_two(first, second, 1.0 - error)
    bands = largest_gap(first, 1.0 - error / 2) + largest_gap(second, 1.0 - error / 2)
    where_alike = math.sqrt(math.log(2.0 / error) * (1.0 / first + 1.0 / second) / 2.0)  # Wei and Dudley
    assert where_alike < found < bands
    assert found == pytest.approx(largest_gap_of_two(second, first, 1.0 - error), rel=1e-3)


def test_two_gaps_are_one_where_a_side_is_known_or_empty() -> None:
    assert largest_gap_of_two(1_000, 10**9, 0.99) == pytest.approx(largest_gap(1_000, 0.99), rel=2e-3)
    assert largest_gap_of_two(0, 10, 0.9) == largest_gap_of_two(10, 0, 0.9) == largest_gap_of_two(1, 1, 0.999) == 1.0


def test_two_gaps_are_as_rare_as_the_level_says_also_between_different_distributions() -> None:
    chance, turns, beyond = np.random.default_rng(7), 4_000, 0
    reach = largest_gap_of_two(60, 40, 0.9)
    places = np.linspace(0.0, 1.0, 201)
    for _ in range(turns):
        one, two = np.sort(chance.random(60)), np.sort(chance.random(40) ** 1.2)
        gaps = np.searchsorted(one, places) / 60 - np.searchsorted(two, places) / 40
        beyond += float(np.abs(gaps - (places - places ** (1 / 1.2))).max()) > reach
    assert 0.01 < beyond / turns < 0.1
