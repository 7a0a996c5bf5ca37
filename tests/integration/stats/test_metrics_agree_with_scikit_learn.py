"""Metrics against scikit-learn on random rows, with and without ties.

Here and not among the unit tests because scikit-learn opens files at each call (it looks for plug-ins).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as sk

from trimtab.stats.arrays import Array
from trimtab.stats.metric_names import metrics_for
from trimtab.stats.metrics import compute

Reference = Callable[[Array, Array], float]

BINARY: dict[str, Reference] = {
    "roc_auc": sk.roc_auc_score,
    "average_precision": sk.average_precision_score,
    "brier": sk.brier_score_loss,
    "log_loss": sk.log_loss,
    "accuracy": lambda truth, chances: sk.accuracy_score(truth, chances.astype(float) > 0.5),
}
REGRESSION: dict[str, Reference] = {
    "mae": sk.mean_absolute_error,
    "rmse": sk.root_mean_squared_error,
    "r2": sk.r2_score,
}


def binary_rows(seed: int, *, rows: int, levels: int) -> tuple[Array, Array]:
    """Rows of both classes with scores on a grid of ``levels``, so that few levels mean many ties."""
    chance = np.random.default_rng(seed)
    truth = np.append(chance.integers(0, 2, rows - 2), [0, 1])
    return truth, chance.integers(0, levels, rows) / levels


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("levels", [2, 7, 10**6])
@pytest.mark.parametrize("rows", [2, 5, 48, 500])
def test_binary_metrics_agree_with_scikit_learn_with_and_without_ties(name: str, levels: int, rows: int) -> None:
    truth, chances = binary_rows(rows * levels, rows=rows, levels=levels)
    assert compute(name, "binary", truth, chances) == pytest.approx(BINARY[name](truth, chances), abs=1e-12)


def test_every_metric_is_compared() -> None:
    assert set(BINARY) == set(metrics_for("binary"))
    assert set(REGRESSION) == set(metrics_for("regression"))


@pytest.mark.parametrize("name", REGRESSION)
@pytest.mark.parametrize("offset", [0.0, 1e7])
def test_regression_metrics_agree_with_scikit_learn_far_from_zero_too(name: str, offset: float) -> None:
    chance = np.random.default_rng(4)
    truth = chance.normal(offset, 3.0, 200)
    values = truth + chance.normal(0.5, 2.0, 200)
    assert compute(name, "regression", truth, values) == pytest.approx(REGRESSION[name](truth, values), rel=1e-9)


def test_metrics_of_many_classes_agree_with_scikit_learn() -> None:
    chance = np.random.default_rng(5)
    truth = chance.integers(0, 4, 300)
    chances = chance.dirichlet(np.ones(4), 300)
    assert metrics_for("classes") == ("log_loss", "accuracy")
    assert compute("log_loss", "classes", truth, chances) == pytest.approx(sk.log_loss(truth, chances))
    assert compute("accuracy", "classes", truth, chances) == sk.accuracy_score(truth, chances.argmax(axis=1))
