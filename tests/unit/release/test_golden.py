"""Golden rows prove that features are row-local, and that a release answers as it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pytest

from trimtab.data.kinds import ColumnType
from trimtab.data.request import CheckedRow, RowChecker
from trimtab.data.schema import Column, Contract
from trimtab.data.table import columns_from_rows
from trimtab.records.prediction import Output, Scalar
from trimtab.records.versioned import decode, encode
from trimtab.release.golden import (
    Golden,
    GoldenMismatchError,
    RowDependenceError,
    UnstableError,
    golden_rows,
    pick_golden,
    prove_row_local,
    replay,
)
from trimtab.release.rows import Columns, Features, matrix, rows_as

ROWS = 40
COLUMNS = {
    "amount": np.round(np.sin(np.arange(ROWS)) * 100, 2),
    "country": np.array([["NL", "DE", None][place % 3] for place in range(ROWS)], dtype=object),
}


@dataclass
class Summing:
    """Features of a function of the rows, and the sum of a row's features as its answer."""

    function: Callable[[pl.DataFrame], Any]
    calls: int = field(default=0)

    def features(self, columns: Columns) -> Features:
        self.calls += 1
        return self.function(rows_as("polars", columns))

    def score(self, columns: Columns) -> list[Output]:
        return [{"value": value} for value in np.nansum(matrix(self.features(columns)), axis=1).tolist()]


def amount(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(doubled=pl.col("amount") * 2, dutch=pl.col("country").eq_missing(pl.lit("NL")))


def test_features_of_the_row_alone_are_proven() -> None:
    scorer = Summing(amount)
    outputs = prove_row_local(scorer, COLUMNS, trained=scorer.features(COLUMNS))
    assert outputs == scorer.score(COLUMNS)


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ((pl.col("amount") - pl.col("amount").mean()) / pl.col("amount").std(), "amount_z"),
        (pl.col("amount").rank(), "amount_rank"),
        (pl.col("amount").shift(1).fill_null(0), "amount_before"),
        (pl.col("amount").rolling_mean(3, min_samples=1), "amount_rolling"),
        (pl.col("amount").cum_sum(), "amount_so_far"),
        (pl.col("amount").mean().over("country"), "amount_of_country"),
        (pl.len() + pl.col("amount") * 0, "how_many"),
        (pl.int_range(pl.len()), "place"),
        (pl.col("country").fill_null(strategy="forward").eq_missing(pl.lit("NL")), "filled"),
        (pl.col("country").rank("dense").fill_null(0), "code"),
    ],
)
def test_a_feature_that_looks_at_other_rows_is_refused_by_its_name(expression: pl.Expr, name: str) -> None:
    scorer = Summing(lambda rows: amount(rows).with_columns(rows.select(expression.alias(name)).to_series()))
    with pytest.raises(
        RowDependenceError, match=f"feature `{name}` depends on the other rows of the table: golden row"
    ):
        prove_row_local(scorer, COLUMNS)


def test_columns_that_come_and_go_with_the_rows_are_refused_by_name() -> None:
    scorer = Summing(lambda rows: rows.select("amount", "country").to_dummies("country").fill_null(0))
    with pytest.raises(RowDependenceError, match="feature `country_DE` depends on.*a column.*no such column alone"):
        prove_row_local(scorer, COLUMNS)


def test_a_feature_that_differs_only_among_all_training_rows_is_refused() -> None:
    def by_size(rows: pl.DataFrame) -> pl.DataFrame:
        # what a guard against small batches looks like: right among thousands of rows, a constant among few
        return rows.select(amount_z=pl.col("amount") - (pl.col("amount").mean() if len(rows) > ROWS else 0))

    scorer = Summing(by_size)
    prove_row_local(scorer, COLUMNS)
    whole = {
        name: np.concatenate([values, values + values[:1]]) for name, values in {"amount": COLUMNS["amount"]}.items()
    }
    trained = by_size(rows_as("polars", whole))[:ROWS]
    with pytest.raises(
        RowDependenceError, match="feature `amount_z`.*among all training rows|feature `amount_z` depends"
    ):
        prove_row_local(Summing(by_size), {"amount": COLUMNS["amount"]}, trained=trained)


def test_a_feature_with_a_memory_is_unstable() -> None:
    scorer = Summing(lambda rows: rows.select("amount"))
    scorer.function = lambda rows: rows.select(counted=pl.col("amount") + scorer.calls)
    with pytest.raises(UnstableError, match="feature `counted` is not a function of its row: golden row 0 gave"):
        prove_row_local(scorer, COLUMNS)


def test_a_model_whose_answer_depends_on_the_batch_is_refused() -> None:
    class Ranking(Summing):
        def score(self, columns: Columns) -> list[Output]:
            return [{"value": value} for value in columns["amount"].argsort().argsort().astype(float).tolist()]

    with pytest.raises(RowDependenceError, match="the model's answer depends on the other rows"):
        prove_row_local(Ranking(amount), COLUMNS)


def test_rounding_between_batches_is_tolerated() -> None:
    scorer = Summing(lambda rows: rows.select(pl.col("amount") * (1 + 1e-13 * len(rows))))
    assert len(prove_row_local(scorer, COLUMNS)) == len(COLUMNS["amount"])


def test_golden_rows_hold_gaps_and_extremes_and_are_the_same_each_time() -> None:
    count = 10_000
    amounts = np.cos(np.arange(count, dtype=float))
    amounts[[4321, 8765]] = 1e6, -1e6
    amounts[777] = np.nan
    countries = np.full(count, "NL", dtype=object)
    countries[5555], countries[3333] = "AQ", None
    columns = {"amount": amounts, "country": countries, "at": np.arange(count).astype("datetime64[us]")}
    places = pick_golden(columns)
    assert {4321, 8765, 777, 5555, 3333, 0, count - 1} <= set(places.tolist())
    assert 20 <= len(places) <= 48
    assert places.tolist() == sorted(set(pick_golden(columns).tolist()))


def test_a_small_table_is_golden_as_a_whole_and_a_wide_one_stays_small() -> None:
    assert pick_golden(COLUMNS).tolist() == list(range(ROWS))
    wide = {f"c{place}": np.roll(np.arange(500.0), place * 7) for place in range(300)}
    assert len(pick_golden(wide)) == 48


CONTRACT = Contract(
    time="at",
    label="fraud",
    columns=(
        Column(name="at", type=ColumnType.TIME),
        Column(name="amount", type=ColumnType.FLOAT, nullable=True),
        Column(name="count", type=ColumnType.INTEGER, nullable=True),
        Column(name="known", type=ColumnType.BOOLEAN, nullable=True),
        Column(name="country", type=ColumnType.TEXT, nullable=True),
        Column(name="fraud", type=ColumnType.BOOLEAN),
    ),
)
TYPED = {
    "at": np.array(["1969-12-31T23:59:59.999999", "2026-03-01T14:30:00"], dtype="datetime64[us]"),
    "amount": np.array([0.1, np.nan]),
    "count": np.array([np.nan, 7.0]),
    "known": np.array([1.0, np.nan]),
    "country": np.array([None, "é"], dtype=object),
}


def test_golden_rows_go_the_way_of_a_request_and_come_back_as_the_same_columns() -> None:
    rows = golden_rows(TYPED, CONTRACT.features)
    assert rows[1] == {"at": "2026-03-01T14:30:00Z", "amount": None, "count": 7, "known": None, "country": "é"}
    kept = decode(Golden, encode(Golden(rows=rows, outputs=({"score": 0.5}, {"score": 1.0}))))
    checked = [RowChecker(CONTRACT).mapping(row) for row in kept.rows]
    values = [row.values for row in checked if isinstance(row, CheckedRow)]
    for name, column in columns_from_rows(CONTRACT.features, values).items():
        np.testing.assert_array_equal(column, TYPED[name])


GOLDEN = Golden(rows=({"x": 1.0}, {"x": 2.0}), outputs=({"score": 0.25}, {"score": 0.75}))
Answer = Callable[[Sequence[Mapping[str, Scalar]]], Sequence[Output]]


def answering(change: float) -> Answer:
    scores = {1.0: 0.25, 2.0: 0.75 + change}
    return lambda rows: [{"score": scores[float(row["x"] or 0)]} for row in rows]


def test_a_replay_says_how_far_the_answers_are() -> None:
    assert replay(GOLDEN, answering(0)) == 0
    assert replay(GOLDEN, answering(5e-7)) == pytest.approx(5e-7)


def test_an_answer_that_moved_stops_the_release_with_the_worst_row() -> None:
    with pytest.raises(GoldenMismatchError, match=r"golden row 1 gets score 0\.85 here and got score 0\.75.*2 of 4"):
        replay(GOLDEN, answering(0.1))


def test_golden_rows_are_replayed_singly_too() -> None:
    def batch_only(rows: Sequence[Mapping[str, Scalar]]) -> Sequence[Output]:
        return answering(0)(rows) if len(rows) > 1 else [{"score": 0.5}]

    with pytest.raises(GoldenMismatchError, match=r"gets score 0\.5 here"):
        replay(GOLDEN, batch_only)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"label": "a", "probabilities": [0.5, 0.5]}, {"label": "b", "probabilities": [0.5, 0.5]}),
        ({"label": "a", "probabilities": [0.9, 0.1]}, {"label": "a", "probabilities": [0.8, 0.2]}),
        ({"label": True, "probabilities": [0.9, 0.1]}, {"label": 1, "probabilities": [0.9, 0.1, 0.0]}),
        ({"value": 1000.0}, {"value": 1000.1}),
        ({"value": 1000.0}, {"score": 1000.0}),
        ({"value": 1000.0}, {"value": float("nan")}),
    ],
)
def test_every_kind_of_changed_answer_is_seen(old: Output, new: Output) -> None:
    golden = Golden(rows=({"x": 1},), outputs=(old,))
    assert replay(golden, lambda rows: [old]) == 0
    with pytest.raises(GoldenMismatchError, match="golden row 0"):
        replay(golden, lambda rows: [new])
