"""Metrics under weights, where they are not defined, and what is refused; their values are compared with scikit-learn
in the integration tests."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trimtab.stats.arrays import Array
from trimtab.stats.metric_names import METRICS, MetricError, metric_for, metrics_for
from trimtab.stats.metrics import class_indices, compute, prepare


def binary_rows(seed: int, *, rows: int, levels: int) -> tuple[Array, Array]:
    """Rows of both classes with scores on a grid of ``levels``, so that few levels mean many ties."""
    chance = np.random.default_rng(seed)
    truth = np.append(chance.integers(0, 2, rows - 2), [0, 1])
    return truth, chance.integers(0, levels, rows) / levels


def test_the_area_counts_a_tie_as_half_and_average_precision_takes_a_tie_as_one_step() -> None:
    truth, scores = np.array([0, 1, 1, 0]), np.array([0.2, 0.2, 0.9, 0.1])
    assert compute("roc_auc", "binary", truth, scores) == 3.5 / 4
    assert compute("average_precision", "binary", truth, scores) == 0.5 * 1.0 + 0.5 * (2 / 3)


def test_truth_may_be_booleans() -> None:
    truth, chances = binary_rows(3, rows=60, levels=9)
    for name in metrics_for("binary"):
        assert compute(name, "binary", truth.astype(bool), chances) == compute(name, "binary", truth, chances)


def test_a_class_that_the_model_does_not_know_counts_as_answered_wrongly() -> None:
    truth = class_indices(["a", "b", "new"], ["a", "b"])
    assert truth.tolist() == [0, 1, -1]
    chances = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    assert compute("accuracy", "classes", truth, chances) == pytest.approx(2 / 3)
    assert compute("log_loss", "classes", truth, chances) > 10.0


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
@pytest.mark.parametrize("truth", [[], [1], [0, 0, 0], [1, 1]])
def test_a_metric_of_order_on_one_class_is_not_a_number(name: str, truth: list[int]) -> None:
    assert math.isnan(compute(name, "binary", np.array(truth, dtype=np.int64), np.linspace(0, 1, len(truth))))


@pytest.mark.parametrize("task", ["binary", "classes", "regression"])
def test_no_rows_give_no_figure(task: str) -> None:
    outputs = np.empty((0, 3)) if task == "classes" else np.empty(0)
    for name in metrics_for(task):
        assert math.isnan(compute(name, task, np.empty(0, dtype=np.int64), outputs))


def test_the_explained_variance_of_a_constant_truth_is_not_a_number() -> None:
    assert math.isnan(compute("r2", "regression", np.full(20, 0.1), np.linspace(0, 1, 20)))


@pytest.mark.parametrize("name", METRICS)
def test_weights_on_blocks_do_what_repeating_their_rows_does(name: str) -> None:
    chance = np.random.default_rng(6)
    task = METRICS[name].tasks[0]
    truth = chance.integers(0, 2, 90) if task == "binary" else chance.normal(0, 1, 90)
    outputs = chance.integers(0, 8, 90) / 8
    blocks = np.sort(chance.integers(0, 7, 90))
    times_drawn = chance.integers(0, 4, (25, 7))
    values = prepare(name, task, truth, outputs).under(blocks, times_drawn.astype(np.float64))
    for drawn, value in zip(times_drawn, values, strict=True):
        rows = np.repeat(np.arange(90), drawn[blocks])
        assert value == pytest.approx(compute(name, task, truth[rows], outputs[rows]), abs=1e-12, nan_ok=True)


def test_pairs_are_counted_right_when_they_are_counted_in_several_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, chances = binary_rows(8, rows=400, levels=50)
    blocks = np.arange(400) // 20
    weights = np.random.default_rng(8).multinomial(20, [0.05] * 20, size=30).astype(np.float64)
    at_once = {name: prepare(name, "binary", truth, chances).under(blocks, weights) for name in metrics_for("binary")}
    monkeypatch.setattr("trimtab.stats.ranked._MOST_CELLS", 130)
    monkeypatch.setattr("trimtab.stats.ranked._CELLS", 130)
    for name, values in at_once.items():
        np.testing.assert_allclose(prepare(name, "binary", truth, chances).under(blocks, weights), values, rtol=1e-12)


def test_the_better_side_and_the_distance_from_perfect_follow_the_direction() -> None:
    assert METRICS["roc_auc"].gain(0.8, over=0.7) == pytest.approx(0.1)
    assert METRICS["rmse"].gain(0.8, over=0.7) == pytest.approx(-0.1)
    assert METRICS["roc_auc"].loss(0.8) == pytest.approx(0.2)
    assert METRICS["rmse"].loss(0.8) == 0.8
    assert METRICS["r2"].loss(-0.5) == 1.5


def test_an_unknown_metric_is_refused_with_those_that_exist() -> None:
    with pytest.raises(MetricError, match=r"'aucc' is not a metric(.|\n)*roc_auc, average_precision"):
        metric_for("aucc", "binary")
    with pytest.raises(MetricError, match=r"'roc_auc' is not defined for a regression task(.|\n)*mae, rmse, r2"):
        metric_for("roc_auc", "regression")


@pytest.mark.parametrize(
    ("truth", "outputs", "problem"),
    [
        ([0, 1], [0.1, 0.2, 0.3], "do not fit a binary task"),
        ([0, 1], [[0.1, 0.9], [0.5, 0.5]], "do not fit a binary task"),
        ([0, 1], [0.1, math.nan], "1 of 2 values of the outputs are missing or infinite"),
        ([0, 2], [0.1, 0.2], "values other than 0 and 1"),
        ([0, 1], [0.1, 1.2], "brier is about probabilities"),
    ],
)
def test_values_that_no_figure_can_be_made_of_are_refused(truth: object, outputs: object, problem: str) -> None:
    with pytest.raises(MetricError, match=problem):
        compute("brier", "binary", np.array(truth), np.array(outputs))
