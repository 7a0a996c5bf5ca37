"""How columns of numbers vary together."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from trimtab.data.pairs import COLUMNS_MAX, Pairs, merge_pairs
from trimtab.data.profiler import Depth, profile_frame


def pairs_of(table: pl.DataFrame) -> Pairs:
    found = profile_frame(table).pairs
    assert found is not None
    return found


def test_correlations_are_those_of_the_rows() -> None:
    chance = np.random.default_rng(1)
    x, y, z = chance.normal(size=(3, 5_000))
    table = pl.DataFrame({"x": 1e6 + x, "t": ["a"] * 5_000, "y": 1e-6 * (0.6 * x + 0.8 * y), "z": z})
    found = pairs_of(table)
    assert found.columns == ("x", "y", "z")
    expected = np.corrcoef([table["x"], table["y"], table["z"]])
    assert found.correlations() == pytest.approx(expected, abs=1e-9)


def test_only_rows_with_both_numbers_count_for_a_pair() -> None:
    table = pl.DataFrame({"x": [1.0, 2.0, None, 4.0, math.nan], "y": [2.0, None, 5.0, 8.0, 1.0]})
    counts, means, products = pairs_of(table).matrices
    assert counts.tolist() == [[3, 2], [2, 4]]
    assert means == pytest.approx(np.array([[7 / 3, 2.5], [5.0, 4.0]]))
    assert products == pytest.approx(np.array([[14 / 3, 9.0], [9.0, 30.0]]))


def test_a_constant_has_no_correlation_however_it_rounds() -> None:
    table = pl.DataFrame({"x": np.full(10_007, 0.1), "y": np.linspace(0, 1, 10_007), "z": np.full(10_007, 1e9 / 3)})
    for found in (
        pairs_of(table),
        merge_pairs(pairs_of(table[:100]), pairs_of(table[100:])),
    ):
        assert found is not None
        correlations = found.correlations()
        assert np.isnan(correlations[0]).all()
        assert np.isnan(correlations[2]).all()
        assert correlations[1, 1] == pytest.approx(1.0)


def test_what_is_beyond_all_numbers_is_not_a_number_and_harms_no_other_pair() -> None:
    found = pairs_of(pl.DataFrame({"x": [1e308, -1e308, 1e308], "y": [1.0, 2.0, 4.0], "z": [1.0, 2.0, 4.0]}))
    assert not math.isfinite(found.correlations()[0, 1])
    assert found.correlations()[1, 2] == pytest.approx(1.0)


def test_the_first_columns_of_numbers_are_taken_and_one_alone_has_no_pair() -> None:
    wide = pl.DataFrame({f"c{place}": [1.0, 2.0] for place in range(COLUMNS_MAX + 3)})
    assert pairs_of(wide).columns == tuple(wide.columns[:COLUMNS_MAX])
    assert profile_frame(pl.DataFrame({"x": [1.0], "t": ["a"]})).pairs is None
    assert profile_frame(wide, Depth(joint=False)).pairs is None


def test_pairs_of_other_columns_do_not_merge_unless_a_column_holds_nothing() -> None:
    table = pl.DataFrame({"x": [1.0, 2.0], "y": [2.0, 1.0], "z": [5.0, 6.0]})
    one, two = pairs_of(table), pairs_of(table.select("x", "z"))
    assert merge_pairs(one, two) is None
    found = merge_pairs(one, two, order=("x", "y", "z"), gaps=((), {"y"}))
    assert found is not None
    assert found.matrices[0].tolist() == [[4, 2, 4], [2, 2, 2], [4, 2, 4]]
    assert merge_pairs(one, two, order=("x", "y", "z"), gaps=({"y"}, ())) is None
