"""One path from columns to features, for every kind of table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from trimtab.release.manifest import ROWS, ServingStep
from trimtab.release.rows import (
    KINDS,
    FeaturesError,
    feature_columns,
    feature_names,
    matrix,
    rows_as,
    run_steps,
    take,
    take_columns,
)

COLUMNS = {
    "amount": np.array([1.5, np.nan, -2.0]),
    "count": np.array([3, 4, 5]),
    "country": np.array(["NL", None, "DE"], dtype=object),
    "at": np.array([0, 1_000_000, 2_000_000]).astype("datetime64[us]"),
    "known": np.array([True, False, True]),
}
ONE = (ServingStep(function="features", inputs=(ROWS,)),)


def run(function: Any, kind: str = "polars") -> Any:
    return run_steps({"features": function}, ONE, rows_as(kind, COLUMNS))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_table_gives_its_columns_by_name(kind: str) -> None:
    rows = rows_as(kind, COLUMNS)
    assert len(rows) == 3
    assert list(rows["count"]) == [3, 4, 5]
    assert list(rows["known"]) == [True, False, True]
    assert rows["country"][0] == "NL"


@pytest.mark.parametrize("kind", KINDS)
def test_one_row_has_the_types_of_many(kind: str) -> None:
    def types(rows: Any) -> list[str]:
        return [str(rows[name].dtype) for name in COLUMNS]

    everything = types(rows_as(kind, COLUMNS))
    for place in range(3):
        assert types(rows_as(kind, take_columns(COLUMNS, [place]))) == everything


def test_a_missing_value_is_null_in_polars_and_stays_missing_elsewhere() -> None:
    frame = rows_as("polars", COLUMNS)
    assert frame["amount"].to_list() == [1.5, None, -2.0]
    assert frame["country"].to_list() == ["NL", None, "DE"]
    assert rows_as("pandas", COLUMNS)["amount"].isna().tolist() == [False, True, False]
    assert rows_as("pandas", COLUMNS)["country"].tolist() == ["NL", None, "DE"]
    assert rows_as("numpy", COLUMNS)["country"].tolist() == ["NL", None, "DE"]


def test_times_are_in_utc() -> None:
    assert rows_as("polars", COLUMNS)["at"].dtype == pl.Datetime("us", "UTC")
    assert str(rows_as("pandas", COLUMNS)["at"].dtype) == "datetime64[us, UTC]"
    assert rows_as("polars", COLUMNS)["at"].dt.epoch("us").to_list() == [0, 1_000_000, 2_000_000]


def test_an_unknown_kind_and_ragged_columns_are_refused() -> None:
    with pytest.raises(FeaturesError, match="cannot be handed over as 'arrow'"):
        rows_as("arrow", COLUMNS)
    with pytest.raises(FeaturesError, match="columns of one length"):
        rows_as("numpy", {"a": np.zeros(2), "b": np.zeros(3)})


def test_steps_receive_the_results_they_name_and_their_parameters() -> None:
    def scaled(rows: pl.DataFrame, *, by: float) -> pl.Series:
        return rows["count"] * by

    def features(rows: pl.DataFrame, scaled: pl.Series) -> pl.DataFrame:
        return rows.select("known").with_columns(scaled=scaled)

    steps = (
        ServingStep(function="scaled", inputs=(ROWS,), params={"by": 10.0}),
        ServingStep(function="features", inputs=(ROWS, "scaled")),
    )
    made = run_steps({"scaled": scaled, "features": features}, steps, rows_as("polars", COLUMNS))
    assert made["scaled"].to_list() == [30.0, 40.0, 50.0]
    assert feature_names(made) == ("known", "scaled")


@pytest.mark.parametrize(
    ("function", "kind", "sentence"),
    [
        (lambda rows: rows.filter(pl.col("count") > 3), "polars", r"features\(\) returned 2 rows for the 3"),
        (lambda rows: pl.concat([rows, rows]), "polars", r"features\(\) returned 6 rows for the 3"),
        (lambda rows: rows.dropna(), "pandas", r"features\(\) returned 2 rows for the 3"),
        (lambda rows: np.float64(1), "numpy", r"features\(\) returned 0 rows for the 3"),
        (lambda rows: rows.lazy(), "polars", r"features\(\) returned a Polars LazyFrame.*\n.*collect"),
        (lambda rows: rows["count"], "polars", r"features\(\) returned a polars Series.*\n.*to_frame"),
        (lambda rows: rows["count"], "pandas", r"features\(\) returned a pandas Series"),
        (lambda rows: None, "polars", r"features\(\) returned nothing"),
        (lambda rows: [[1], [2], [3]], "polars", r"features\(\) returned a list"),
        (lambda rows: np.zeros(3), "numpy", r"features\(\) returned an array of shape \(3,\)"),
        (lambda rows: np.array([["a"], ["b"], ["c"]]), "numpy", "which is not numeric"),
        (lambda rows: np.array([[None], [1], [2]]), "numpy", "an array of object, which is not numeric"),
    ],
)
def test_what_no_model_takes_is_refused_with_the_functions_name(function: Any, kind: str, sentence: str) -> None:
    with pytest.raises(FeaturesError, match=sentence):
        run(function, kind)


def test_what_the_users_function_raises_passes_through_untouched() -> None:
    def broken(rows: Any) -> Any:
        raise ZeroDivisionError("theirs")

    with pytest.raises(ZeroDivisionError, match="theirs"):
        run(broken)


def test_features_are_named_by_their_columns_or_by_their_places() -> None:
    assert feature_names(pd.DataFrame({"a": [1], "b": [2]})) == ("a", "b")
    assert feature_names(np.zeros((1, 3))) == ("f0", "f1", "f2")
    assert feature_names(np.zeros(1, dtype=[("x", "f8"), ("y", "i8")])) == ("x", "y")
    with pytest.raises(FeaturesError, match="the feature name 0 is not text"):
        feature_names(pd.DataFrame(np.zeros((1, 1))))


@pytest.mark.parametrize(
    "features",
    [
        pl.DataFrame({"a": [1, None, 3], "b": [True, False, None]}),
        pd.DataFrame({"a": [1, None, 3], "b": pd.array([True, False, None], dtype="boolean")}),
        np.array([[1, 1], [np.nan, 0], [3, np.nan]]),
        np.array([(1, 1), (np.nan, 0), (3, np.nan)], dtype=[("a", "f8"), ("b", "f4")]),
    ],
    ids=["polars", "pandas", "array", "structured"],
)
def test_the_matrix_is_float_with_nan_for_missing(features: Any) -> None:
    np.testing.assert_array_equal(matrix(features), [[1, 1], [np.nan, 0], [3, np.nan]])
    assert [values.dtype for values in feature_columns(features).values()] == [np.float64, np.float64]


def test_a_text_feature_has_no_matrix() -> None:
    for features in (pl.DataFrame({"c": ["x"]}), pd.DataFrame({"c": ["x"]}), np.array([("x",)], dtype=[("c", "O")])):
        with pytest.raises(FeaturesError, match="the feature 'c' is not numeric"):
            matrix(features)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_taken_in_the_order_asked_for(kind: str) -> None:
    assert list(take(rows_as(kind, COLUMNS), [2, 0])["count"]) == [5, 3]
    assert take_columns(COLUMNS, [2, 0])["count"].tolist() == [5, 3]
