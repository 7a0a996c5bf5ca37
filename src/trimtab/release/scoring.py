"""From rows to answers: the one code path that training-time evaluation, golden rows and the worker share.

The estimator gets the very object that the feature function returned, of the type that it was fitted on: a
scikit-learn pipeline that picks columns by name finds them here as it did there. LightGBM's booster gets the float64
matrix, and one thread: its default thread count costs a single row up to a thousand times the call itself on a busy
machine.

A score that is not finite, or a probability outside 0–1, is an error and never an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trimtab.base.errors import TrimtabError
from trimtab.records.prediction import Output
from trimtab.release.manifest import Manifest, Model, ServingStep
from trimtab.release.rows import Columns, Features, count_of, matrix, rows_as, run_steps
from trimtab.spec.project import Task

LIGHTGBM = "lightgbm"
SKOPS = "skops"

_SLACK = 1e-9  # sums of float64 probabilities may leave 0–1 by rounding


class ScoreError(TrimtabError):
    """The model answered with something that is not an answer: not finite, not a probability, not one per row."""

    code = "TT1602"


class RowScorer(Protocol):
    """Whatever turns rows into features and answers: a release's `Scorer`, or a test's."""

    def features(self, columns: Columns) -> Features: ...

    def score(self, columns: Columns) -> list[Output]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """The functions and the opened model of one release.

    ``functions`` are the project's own, by name; ``estimator`` is what `trimtab.serve.worker_models` opened.
    """

    functions: Mapping[str, Callable[..., Any]]
    steps: tuple[ServingStep, ...]
    rows_as: str
    model: Model
    estimator: Any

    def features(self, columns: Columns) -> Features:
        """What the estimator is given for these rows."""
        return run_steps(self.functions, self.steps, rows_as(self.rows_as, columns))

    def scores(self, columns: Columns) -> NDArray[np.float64]:
        """The raw scores of the rows, for metrics; see `raw_scores`."""
        if count_of(columns) == 0:
            return raw_shape(self.model, 0)
        return raw_scores(self.model, self.estimator, self.features(columns))

    def score(self, columns: Columns) -> list[Output]:
        """The answers to the rows, in their order."""
        return answers(self.model, self.scores(columns))


def scorer_of(manifest: Manifest, functions: Mapping[str, Callable[..., Any]], estimator: Any) -> Scorer:
    """The scorer of a release, from its manifest, its functions and its opened model."""
    return Scorer(
        functions=functions, steps=manifest.steps, rows_as=manifest.rows_as, model=manifest.model, estimator=estimator
    )


def raw_scores(model: Model, estimator: Any, features: Features) -> NDArray[np.float64]:
    """The model's scores for rows of features, as metrics take them.

    Returns:
        binary: (n,) probability of the positive class, ``model.classes[-1]``; classes: (n, k) probabilities in the
        order of ``model.classes``; regression: (n,) values.

    Raises:
        ScoreError: a score is not finite, is no probability, or there is not one for each row.
        FeaturesError: LightGBM is given a column that is not numeric.
    """
    if model.format == LIGHTGBM:
        given = features if getattr(estimator, "pandas_categorical", None) else matrix(features)
        raw = estimator.predict(given, num_threads=1)
    else:
        # a model that was fitted on a plain array is given one: names that it never saw would be a warning each time
        given = features if hasattr(estimator, "feature_names_in_") else matrix(features)
        raw = estimator.predict(given) if model.task is Task.REGRESSION else estimator.predict_proba(given)
    scores = np.asarray(raw, dtype=np.float64)
    if model.task is Task.BINARY and scores.ndim == 2 and scores.shape[1] == 2:
        scores = scores[:, 1]
    elif model.task is Task.CLASSES and scores.ndim == 1 and len(model.classes) == 2:
        scores = np.column_stack([1 - scores, scores])  # LightGBM answers two classes with the second one's probability
    elif model.task is Task.REGRESSION and scores.ndim == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    _check_scores(model, scores, len(features))
    return scores


def raw_shape(model: Model, count: int) -> NDArray[np.float64]:
    """Zeros of the shape that `raw_scores` gives for ``count`` rows."""
    return np.zeros((count, len(model.classes)) if model.task is Task.CLASSES else count)


def answers(model: Model, scores: NDArray[np.float64]) -> list[Output]:
    """Raw scores as answers: ``score``; ``label`` and ``probabilities``; or ``value``."""
    if model.task is Task.BINARY:
        return [{"score": score} for score in scores.tolist()]
    if model.task is Task.REGRESSION:
        return [{"value": value} for value in scores.tolist()]
    best = scores.argmax(axis=1).tolist()
    return [
        {"label": model.classes[place], "probabilities": row} for place, row in zip(best, scores.tolist(), strict=True)
    ]


def _check_scores(model: Model, scores: NDArray[np.float64], count: int) -> None:
    wanted = raw_shape(model, count).shape
    if scores.shape != wanted:
        raise ScoreError(
            f"the model answered with shape {scores.shape} where {wanted} was due",
            fix="The task or the classes in the release do not fit this model; train and pack it again.",
        )
    bad = ~np.isfinite(scores)
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        raise ScoreError(
            f"the model's score for row {row} is not a finite number ({int(bad.sum())} of {scores.size} are not)",
            fix="Look for extreme or missing feature values in that row.",
        )
    if model.task is not Task.REGRESSION and count and (scores.min() < -_SLACK or scores.max() > 1 + _SLACK):
        raise ScoreError(
            f"the model's scores reach from {scores.min():.4g} to {scores.max():.4g}, so they are not probabilities",
            fix="Train with an objective that gives probabilities (binary or multiclass log loss).",
        )
