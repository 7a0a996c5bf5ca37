"""Figures that are read off a profile agree with the rows, and say when they are about right."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from trimtab.data.column_profile import NumberColumn, TimeColumn
from trimtab.data.describe import (
    edges_for,
    frequent,
    histogram,
    longest_gap,
    quantiles,
    strongest_correlations,
)
from trimtab.data.profile import Profile
from trimtab.data.profiler import Depth, profile_frame

RANDOM = np.random.default_rng(7)


def numbers(values: object) -> NumberColumn:
    column = profile_frame(pl.DataFrame({"x": values})).columns["x"]
    assert isinstance(column, NumberColumn)
    return column


def times(values: object) -> TimeColumn:
    column = profile_frame(pl.DataFrame({"x": values})).columns["x"]
    assert isinstance(column, TimeColumn)
    return column


@pytest.mark.parametrize("rows", [1_000, 60_000])
@pytest.mark.parametrize("shape", ["normal", "lognormal", "negative"])
def test_a_histogram_has_every_row_once_and_agrees_with_the_rows(rows: int, shape: str) -> None:
    made = RANDOM.normal(5.0, 2.0, rows)
    values = {"normal": made, "lognormal": np.exp(made), "negative": -np.exp(made)}[shape]
    bins = histogram(column := numbers(values), edges_for([column]))
    assert bins.rows == rows
    expected, _ = np.histogram(values, bins.edges)
    assert np.abs(np.array(bins.counts) - expected).max() <= max(2, 0.004 * rows)
    assert bins.under + bins.over <= 0.011 * rows


def test_two_histograms_have_the_same_edges_and_cover_both() -> None:
    columns = [numbers(RANDOM.normal(0, 1, 2_000)), numbers(RANDOM.normal(100, 1, 3_000))]
    then, now = (histogram(column, edges_for(columns)) for column in columns)
    assert then.edges == now.edges
    assert then.edges[0] < -2 < 102 < then.edges[-1]
    assert (then.rows, now.rows) == (2_000, 3_000)


def test_bins_of_whole_numbers_hold_equally_many_of_them() -> None:
    bins = histogram(column := numbers(np.arange(1_000) % 7), edges_for([column]))
    assert bins.edges == (-0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5)
    assert set(bins.counts) == {142, 143}


@pytest.mark.parametrize("values", [[3.0] * 50, [0.0] * 50, [-1e308, 1e308], [1e16, 1e16 + 2], [5]])
def test_odd_columns_have_a_histogram_too(values: list[float]) -> None:
    bins = histogram(column := numbers(values), edges_for([column]))
    assert bins.rows == len(values)
    assert all(np.isfinite(bins.edges))
    assert np.all(np.diff(bins.edges) > 0)


def test_a_column_of_which_nearly_all_is_one_value_shows_the_rest() -> None:
    bins = histogram(column := numbers([0.0] * 9_990 + [10.0] * 10), edges_for([column]))
    assert (bins.counts[0], bins.counts[-1]) == (9_990, 10)


def test_without_rows_there_is_nothing_to_draw() -> None:
    empty = NumberColumn()
    assert edges_for([empty]) == ()
    assert histogram(empty, ()).counts == ()
    assert all(np.isnan(quantiles(empty, (0.5,))))


def test_quantiles_lie_within_the_ends_and_the_ends_are_exact() -> None:
    values = RANDOM.normal(size=50_000)
    found = quantiles(numbers(values), (0.0, 0.05, 0.5, 1.0))
    assert found[0] == values.min()
    assert found[-1] == values.max()
    assert found[1:3] == pytest.approx(np.quantile(values, (0.05, 0.5)), abs=0.02)


def test_frequent_values_are_exact_while_each_is_counted() -> None:
    profile = profile_frame(pl.DataFrame({"c": ["a"] * 3 + ["b"] * 5 + [None], "n": [1] * 8 + [2]}))
    assert [(one.value, one.count, one.exact) for one in frequent(profile, "c", 5)] == [("b", 5, True), ("a", 3, True)]
    assert [(one.value, one.count, one.exact) for one in frequent(profile, "n", 1)] == [(1, 8, True)]


def test_frequent_values_of_very_many_are_about_right_and_say_so() -> None:
    rows = 40_000
    texts = np.where(RANDOM.random(rows) < 0.2, "often", np.array([f"v{i}" for i in range(rows)]))
    reals = np.where(RANDOM.random(rows) < 0.3, 0.0, RANDOM.normal(size=rows))
    profile = profile_frame(pl.DataFrame({"t": texts, "n": reals}))
    for name, value, share in (("t", "often", 0.2), ("n", 0.0, 0.3)):
        (only,) = frequent(profile, name, 5)
        assert (only.value, only.exact) == (value, False)
        assert only.count / rows == pytest.approx(share, abs=0.03)


def test_a_value_of_one_row_is_not_frequent() -> None:
    profile = profile_frame(pl.DataFrame({"x": RANDOM.normal(size=500)}))
    assert frequent(profile, "x", 6) == ()


def test_a_profile_without_a_sample_names_no_value_it_did_not_count() -> None:
    frame = pl.DataFrame({"t": [f"v{i}" for i in range(9_000)]})
    assert frequent(profile_frame(frame, Depth(joint=False)), "t", 5) == ()


def test_the_longest_gap_is_found_and_its_usual_step_too() -> None:
    minutes = [*range(100), *range(1_540, 1_640)]
    gap = longest_gap(times(np.datetime64("2026-01-01", "us") + np.array(minutes) * np.timedelta64(1, "m")))
    assert gap is not None
    assert gap.exact
    assert gap.length == 1_441 * 60_000_000
    assert gap.usual == 60_000_000


def test_the_longest_gap_of_very_many_times_is_at_least_as_long_as_it_says() -> None:
    second = np.arange(100_000)
    second[50_000:] += 3 * 86_400
    gap = longest_gap(times(np.datetime64("2026-01-01", "us") + second * np.timedelta64(1, "s")))
    assert gap is not None
    assert not gap.exact
    assert 0.99 * 3 * 86_400 < gap.length / 1e6 <= 3 * 86_400 + 1


def test_one_time_has_no_gap() -> None:
    assert longest_gap(times(np.array([np.datetime64("2026-01-01", "us")] * 5))) is None


def test_the_strongest_correlation_comes_first_whatever_its_sign() -> None:
    x = RANDOM.normal(size=1_000)
    frame = pl.DataFrame({"x": x, "up": x + RANDOM.normal(size=1_000), "down": -x, "still": [1.0] * 1_000})
    found = strongest_correlations(profile_frame(frame), 2)
    assert found[0].columns == ("x", "down")
    assert found[0].value == pytest.approx(-1.0)
    assert len(found) == 2
    assert strongest_correlations(Profile(), 3) == ()
