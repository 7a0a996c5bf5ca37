"""Scores become answers, and what is no answer is an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from trimtab.release.manifest import ROWS, Model, ServingStep
from trimtab.release.scoring import LIGHTGBM, SKOPS, ScoreError, Scorer, answers, raw_scores
from trimtab.spec.project import Task


def model(task: Task, classes: tuple[bool | int | str, ...] = (), kind: str = SKOPS) -> Model:
    return Model(format=kind, file="model/x", task=task, classes=classes, features=("f0",))


BINARY = model(Task.BINARY, (False, True))
CLASSES = model(Task.CLASSES, ("a", "b", "c"))
NUMBER = model(Task.REGRESSION)


@dataclass
class Fixed:
    """An estimator that answers what it was told, whatever it is asked."""

    answer: Any

    def predict_proba(self, features: Any) -> Any:
        return np.asarray(self.answer)

    predict = predict_proba


@dataclass
class FixedBooster:
    answer: Any

    def predict(self, features: Any, *, num_threads: int) -> Any:
        assert num_threads == 1
        assert features.dtype == np.float64
        return np.asarray(self.answer)


def test_each_task_has_its_form_of_answer() -> None:
    for of, scores, first in (
        (BINARY, np.array([0.25, 0.5]), {"score": 0.25}),
        (CLASSES, np.array([[0.2, 0.5, 0.3], [1, 0, 0]]), {"label": "b", "probabilities": [0.2, 0.5, 0.3]}),
        (NUMBER, np.array([-3.5, 0]), {"value": -3.5}),
    ):
        assert answers(of, scores)[0] == first


def test_the_binary_score_is_the_probability_of_the_last_class() -> None:
    np.testing.assert_array_equal(raw_scores(BINARY, Fixed([[0.9, 0.1], [0.3, 0.7]]), np.zeros((2, 1))), [0.1, 0.7])


def test_a_regressors_single_column_is_flattened() -> None:
    np.testing.assert_array_equal(raw_scores(NUMBER, Fixed([[1.0], [2.0]]), np.zeros((2, 1))), [1, 2])


def test_a_booster_gets_a_float_matrix_and_one_thread() -> None:
    booster = FixedBooster([0.5, 0.6])
    features = np.array([[1], [2]])
    np.testing.assert_array_equal(raw_scores(model(Task.BINARY, (0, 1), LIGHTGBM), booster, features), [0.5, 0.6])
    two = raw_scores(model(Task.CLASSES, ("a", "b"), LIGHTGBM), booster, features)
    np.testing.assert_allclose(two, [[0.5, 0.5], [0.4, 0.6]])


@pytest.mark.parametrize(
    ("of", "answer", "sentence"),
    [
        (BINARY, [[0.5, np.nan], [0.5, 0.5]], r"row 0 is not a finite number \(1 of 2"),
        (NUMBER, [1.0, np.inf], "row 1 is not a finite number"),
        (BINARY, [[-1.0, 2.0], [0, 1]], "they are not probabilities"),
        (CLASSES, [[0.5, 0.5], [0.5, 0.5]], r"shape \(2, 2\) where \(2, 3\) was due"),
        (NUMBER, [1.0], r"shape \(1,\) where \(2,\) was due"),
    ],
)
def test_what_is_no_score_is_never_answered(of: Model, answer: Any, sentence: str) -> None:
    with pytest.raises(ScoreError, match=sentence):
        raw_scores(of, Fixed(answer), np.zeros((2, 1)))


def test_a_scorer_answers_no_rows_with_no_answers_and_asks_nobody() -> None:
    def never(rows: Any) -> Any:
        raise AssertionError("no row, no call")

    steps = (ServingStep(function="features", inputs=(ROWS,)),)
    scorer = Scorer(functions={"features": never}, steps=steps, rows_as="numpy", model=CLASSES, estimator=Fixed([]))
    assert scorer.score({"x": np.zeros(0)}) == []
    assert scorer.scores({"x": np.zeros(0)}).shape == (0, 3)
