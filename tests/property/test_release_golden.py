"""Row-locality is proven for every function of the row, and disproven for every function of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.records.prediction import Output
from trimtab.release.golden import RowDependenceError, pick_golden, prove_row_local
from trimtab.release.rows import Columns, take_columns

NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_subnormal=False)
ROW_LOCAL = [
    lambda x: x,
    lambda x: np.log1p(np.abs(x)),
    lambda x: np.where(np.isnan(x), -1, x) * 3,
    lambda x: np.clip(x, -5, 5),
    lambda x: (x > 0) * 1.0,
    lambda x: np.full(len(x), 7.0),
]
TABLE_WIDE = [
    lambda x: np.nanmean(x) + 0 * x,
    lambda x: np.nanmax(x) + 0 * x,
    lambda x: np.argsort(np.argsort(x)) * 1.0,
    lambda x: np.cumsum(np.nan_to_num(x)),
    lambda x: np.arange(len(x)) * 1.0,
    lambda x: np.roll(x, 1),
    lambda x: np.full(len(x), len(x)) * 1.0,
]


@dataclass
class Scorer:
    functions: list[Any]

    def features(self, columns: Columns) -> Any:
        return np.column_stack([function(columns["x"]) for function in self.functions])

    def score(self, columns: Columns) -> list[Output]:
        return [{"value": value} for value in np.nansum(self.features(columns), axis=1).tolist()]


def column(values: list[float | None]) -> Columns:
    return {"x": np.array([np.nan if value is None else value for value in values], dtype=float)}


@given(st.lists(NUMBERS | st.none(), min_size=1, max_size=12), st.lists(st.sampled_from(ROW_LOCAL), min_size=1))
def test_functions_of_the_row_always_pass(values: list[float | None], functions: list[Any]) -> None:
    scorer = Scorer(functions)
    columns = column(values)
    assert prove_row_local(scorer, columns, trained=scorer.features(columns)) == scorer.score(columns)


@given(
    st.lists(st.integers(-1000, 1000), min_size=2, max_size=12, unique=True),
    st.lists(st.sampled_from(ROW_LOCAL), max_size=3),
    st.sampled_from(TABLE_WIDE),
)
def test_functions_of_the_table_never_pass_and_are_named(values: list[int], before: list[Any], wide: Any) -> None:
    with pytest.raises(RowDependenceError, match=f"feature `f{len(before)}` depends on the other rows"):
        prove_row_local(Scorer([*before, wide]), column([float(value) for value in values]))


@given(st.lists(NUMBERS | st.none(), min_size=1, max_size=400), st.integers(min_value=1, max_value=60))
def test_golden_rows_are_few_different_and_hold_the_extremes(values: list[float | None], most: int) -> None:
    columns = column(values)
    places = pick_golden(columns, most=most)
    assert len(places) == min(len(values), max(most, 0)) or len(places) >= min(20, most)
    assert len(places) <= most or len(values) <= most
    assert len(set(places.tolist())) == len(places)
    if most > 25:
        picked = take_columns(columns, places)["x"]
        known = columns["x"][~np.isnan(columns["x"])]
        if len(known):
            assert np.nanmin(picked) == known.min()
            assert np.nanmax(picked) == known.max()
        assert np.isnan(picked).any() == np.isnan(columns["x"]).any()
