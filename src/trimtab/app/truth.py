"""The label as metrics take it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trimtab.release.manifest import Model
from trimtab.spec.project import Task


def truth_of(label: npt.NDArray[Any], model: Model) -> npt.NDArray[Any]:
    """The label as metrics take it: 0 or 1, the index of the class (−1: unknown to the model), or the number."""
    if model.task is Task.REGRESSION:
        return label.astype(np.float64)
    if model.task is Task.BINARY:
        return np.asarray(label == model.classes[-1], dtype=np.int64)
    places = {value: place for place, value in enumerate(model.classes)}
    return np.array([places.get(value, -1) for value in label.tolist()], dtype=np.int64)
