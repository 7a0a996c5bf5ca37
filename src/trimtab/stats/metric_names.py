"""What metrics there are, and how their values are read. Computing them is `trimtab.stats.metrics`, which needs NumPy;
a project's file is read without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from trimtab.base.errors import InputError

TaskName = Literal["binary", "classes", "regression"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What a metric is called and how its values are read.

    Attributes:
        higher_is_better: False for errors and losses.
        tasks: the tasks on which it is defined.
        best: the value of perfect predictions.
        bounded: whether values lie in 0–1.
        in_label_units: whether it changes with the label's unit (an error in minutes), so that a tolerance which
            is not about one project can only be a share of it.
        needs_chances: whether outputs must be probabilities; else any order of scores, or numbers, will do.
    """

    name: str
    tasks: tuple[TaskName, ...]
    higher_is_better: bool
    best: float
    bounded: bool
    in_label_units: bool = False
    needs_chances: bool = False

    def gain(self, value: float, over: float) -> float:
        """By how much ``value`` is better than ``over``, in the metric's unit; negative if it is worse."""
        return value - over if self.higher_is_better else over - value

    def loss(self, value: float) -> float:
        """How far a value is from perfect: 0 at best, growing as it gets worse."""
        return abs(self.best - value)


_ALL: Final = (
    Metric(name="roc_auc", tasks=("binary",), higher_is_better=True, best=1.0, bounded=True),
    Metric(name="average_precision", tasks=("binary",), higher_is_better=True, best=1.0, bounded=True),
    Metric(name="brier", tasks=("binary",), higher_is_better=False, best=0.0, bounded=True, needs_chances=True),
    Metric(
        name="log_loss",
        tasks=("binary", "classes"),
        higher_is_better=False,
        best=0.0,
        bounded=False,
        needs_chances=True,
    ),
    Metric(name="accuracy", tasks=("binary", "classes"), higher_is_better=True, best=1.0, bounded=True),
    Metric(name="mae", tasks=("regression",), higher_is_better=False, best=0.0, bounded=False, in_label_units=True),
    Metric(name="rmse", tasks=("regression",), higher_is_better=False, best=0.0, bounded=False, in_label_units=True),
    Metric(name="r2", tasks=("regression",), higher_is_better=True, best=1.0, bounded=False),
)
METRICS: Final[Mapping[str, Metric]] = MappingProxyType({metric.name: metric for metric in _ALL})


class MetricError(InputError):
    """A metric was asked for that does not exist, is not defined for the task, or was given unusable values."""

    code = "TT1401"


def metrics_for(task: str) -> tuple[str, ...]:
    """The names of the metrics that are defined for a task, the most telling first."""
    return tuple(metric.name for metric in _ALL if task in metric.tasks)


def metric_for(name: str, task: str) -> Metric:
    """The metric of that name, if it is defined for the task; raises `MetricError` naming those that are."""
    found = METRICS.get(name)
    if found is None or task not in found.tasks:
        what = "is not a metric" if found is None else f"is not defined for a {task} task"
        raise MetricError(f"{name!r} {what}", fix=f"Defined for {task} are: {', '.join(metrics_for(task))}.")
    return found
