"""How good predictions are: exact figures, with ties and weights.

Each metric is written once, for weighted rows. A plain figure is that with all weights one, and the bootstrap is the
same code with the number of times each block was drawn: what is judged and what its interval is about cannot drift
apart. Two shapes cover all metrics: *additive* ones are functions of sums over rows, so a resample costs a matrix
product; *ranked* ones sort once and count, per step of that order, the rows of each block.

Truth and outputs by task:

- ``binary``: truth is 0 or 1 (1 is the positive class), outputs are probabilities or scores of the positive class;
- ``classes``: truth is the index of the class (−1: a class that the model does not know), outputs are probabilities
  of shape (rows, classes);
- ``regression``: both are numbers.

They agree with scikit-learn's functions of the same names (the tests compare them), except that a metric which is not
defined on the rows, such as the area under a curve of one class, is NaN and not a convention's 0 or 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trimtab.stats.additive import additive
from trimtab.stats.arrays import Array, Under
from trimtab.stats.metric_names import Metric, MetricError, metric_for
from trimtab.stats.ranked import ranked


def class_indices(labels: Sequence[object], classes: Sequence[object]) -> npt.NDArray[np.int64]:
    """The index in ``classes`` of each label, −1 where the model does not know it.

    For a binary task the indices are the truth itself, since the last of two classes is the positive one. A boolean
    and the number that it equals are the same label.
    """
    places = {known: place for place, known in enumerate(classes)}
    return np.fromiter((places.get(label, -1) for label in labels), dtype=np.int64, count=len(labels))


def compute(name: str, task: str, truth: Array, outputs: Array) -> float:
    """The metric's value on these rows; NaN where it is not defined on them (no rows, one class only).

    Args:
        truth: shape (rows,), as the module's docstring says for each task.
        outputs: shape (rows,), or (rows, classes) for the task ``classes``.

    Raises:
        MetricError: unknown metric, shapes that do not fit, or values that are not finite.

    Example:
        >>> import numpy as np
        >>> compute("roc_auc", "binary", np.array([0, 1, 1]), np.array([0.2, 0.2, 0.9]))
        0.75
    """
    prepared = prepare(name, task, truth, outputs)
    rows = prepared.rows
    values = prepared.under(np.zeros(rows, dtype=np.intp), np.ones((1, 1)))
    return float(values[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A metric with its rows looked at once, to be evaluated under many weightings of blocks of rows.

    ``under(blocks, weights)`` takes the block number of each row, shape (rows,), and the weight of each block in
    each resample, shape (resamples, blocks); it returns the metric's values, shape (resamples,).
    """

    metric: Metric
    rows: int
    under: Under


def prepare(name: str, task: str, truth: Array, outputs: Array) -> Prepared:
    """The metric on these rows, ready for any weights; raises `MetricError` as `compute` does."""
    metric = metric_for(name, task)
    _check(task, truth, outputs)
    _check_chances(metric, outputs)
    under = ranked(name, truth, outputs) or additive(name, truth, outputs)
    return Prepared(metric=metric, rows=len(truth), under=under)


def _check(task: str, truth: Array, outputs: Array) -> None:
    if truth.ndim != 1 or len(outputs) != len(truth) or outputs.ndim != (2 if task == "classes" else 1):
        raise MetricError(
            f"truth of shape {truth.shape} and outputs of shape {outputs.shape} do not fit a {task} task",
            fix="One true value per row; one output per row, or one probability per class and row.",
        )
    for what, values in (("truth", truth), ("outputs", outputs)):
        wrong = int(np.count_nonzero(~np.isfinite(values.astype(np.float64))))
        if wrong:
            raise MetricError(f"{wrong} of {values.size} values of the {what} are missing or infinite")
    if task == "binary" and not np.isin(truth, (0, 1)).all():
        raise MetricError("the truth of a binary task holds values other than 0 and 1", fix="1 is the positive class.")


def _check_chances(metric: Metric, outputs: Array) -> None:
    if metric.needs_chances and len(outputs) and not (outputs.min() >= 0.0 and outputs.max() <= 1.0):
        raise MetricError(
            f"{metric.name} is about probabilities, and the outputs go from {outputs.min():.4g} to {outputs.max():.4g}",
            fix="Let the model answer probabilities, or choose a metric of order such as roc_auc.",
        )
