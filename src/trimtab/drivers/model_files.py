"""Writes a fitted estimator into a release, in a format that cannot run code when it is opened.

scikit-learn goes through skops, LightGBM through its own text. Pickle is not written at all: opening one runs
whatever it says. The same model gives the same bytes in every process, so that packing twice gives one release.
`trimtab.serve.worker_models` opens what is written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trimtab.base.errors import TrimtabError
from trimtab.release.manifest import MODEL_FOLDER, Model
from trimtab.release.scoring import LIGHTGBM, SKOPS
from trimtab.release.skops_file import UnopenableError, write_skops
from trimtab.spec.project import Task

_CLASS_OBJECTIVES = frozenset({"binary", "multiclass", "multiclassova"})
_OBJECTIVES = {Task.BINARY: frozenset({"binary", "cross_entropy"}), Task.CLASSES: _CLASS_OBJECTIVES}
"""LightGBM's objectives whose predictions are probabilities; a regression takes any but those of classes."""

Classes = tuple[bool | int | str, ...]


class UnsupportedModelError(TrimtabError):
    """What ``train`` returned cannot be packed; the text says what can."""

    code = "TT1603"
    exit_code = 2


def save_model(
    estimator: Any, folder: Path, *, task: Task, features: tuple[str, ...], labels: Sequence[Any] = ()
) -> Model:
    """Write ``estimator`` below ``folder`` and say how to open it.

    Args:
        estimator: what ``train`` returned: a fitted scikit-learn estimator or pipeline, an ``LGBMClassifier``, an
            ``LGBMRegressor`` or a LightGBM ``Booster``.
        folder: the release under construction; the file goes into its ``model/``.
        features: names of the features that it was fitted on, in order.
        labels: the distinct label values, sorted. Only a ``Booster`` needs them: it knows classes as numbers.

    Raises:
        UnsupportedModelError: another kind of estimator, one that is not fitted or does not fit the task, or one
            that names a type which could run code.
    """
    if isinstance(estimator, type):
        raise UnsupportedModelError(f"train() returned the class {estimator.__name__}", fix="Return a fitted instance.")
    width: int | None
    homes = {base.__module__.partition(".")[0] for base in type(estimator).__mro__}
    if "lightgbm" in homes:
        content, classes = _lightgbm_text(estimator, task, tuple(labels))
        kind, name, width = LIGHTGBM, "lightgbm.txt", _lightgbm_width(estimator)
    elif "sklearn" in homes:
        content, classes = _skops_bytes(estimator, task)
        kind, name, width = SKOPS, "estimator.skops", getattr(estimator, "n_features_in_", None)
    else:
        raise UnsupportedModelError(
            f"train() returned {_name(estimator)}, which cannot be packed",
            fix="Return a scikit-learn estimator or pipeline, or LightGBM's classifier, regressor or Booster.",
        )
    _check_width(width, features)
    file = f"{MODEL_FOLDER}/{name}"
    (folder / MODEL_FOLDER).mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(content)
    return Model(format=kind, file=file, task=task, classes=classes, features=features)


def _name(estimator: Any) -> str:
    kind = type(estimator)
    return "nothing" if estimator is None else f"{kind.__module__}.{kind.__qualname__}"


def _check_width(width: int | None, features: tuple[str, ...]) -> None:
    if width is not None and width != len(features):
        raise UnsupportedModelError(
            f"train() fitted its model on {width} columns, but features() returns {len(features)}",
            fix="Choose the columns in features(): in production the model is given exactly what it returns.",
        )


def _skops_bytes(estimator: Any, task: Task) -> tuple[bytes, Classes]:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(estimator)
    except (NotFittedError, TypeError) as unfitted:
        raise UnsupportedModelError(
            f"train() returned {_name(estimator)}, which is not fitted",
            fix="Call .fit(features, label) before returning it.",
        ) from unfitted
    classes = _sklearn_classes(estimator, task)
    try:
        return write_skops(estimator), classes
    except UnopenableError as refused:
        raise UnsupportedModelError(f"{_name(estimator)} {refused.problem}", fix=refused.fix) from refused


def _sklearn_classes(estimator: Any, task: Task) -> Classes:
    from sklearn.base import is_classifier

    if task is Task.REGRESSION:
        if is_classifier(estimator) or not hasattr(estimator, "predict"):
            raise UnsupportedModelError(
                f"the task is a regression, but {_name(estimator)} does not predict a number",
                fix="Return a regressor, or set task in trimtab.toml.",
            )
        return ()
    if not hasattr(estimator, "predict_proba"):
        raise UnsupportedModelError(
            f"{_name(estimator)} gives no probabilities",
            fix="Use a classifier with predict_proba, or wrap it: CalibratedClassifierCV(estimator).",
        )
    return _checked_classes(list(estimator.classes_), task)


def _checked_classes(found: list[Any], task: Task) -> Classes:
    classes = tuple(_plain_class(value) for value in found)
    if task is Task.BINARY and len(classes) != 2:
        held = ", ".join(map(repr, classes))
        raise UnsupportedModelError(
            f"a binary task needs two classes, and the training rows hold {len(classes)}: {held}",
            fix="Train on rows that hold both outcomes, or set task in trimtab.toml.",
        )
    return classes


def _plain_class(value: Any) -> bool | int | str:
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    if not isinstance(plain, bool | int | str):
        raise UnsupportedModelError(
            f"the class {value!r} is a {type(plain).__name__}", fix="Use truth values, whole numbers or text as labels."
        )
    return plain


def _booster(estimator: Any) -> Any:
    import lightgbm
    from sklearn.exceptions import NotFittedError

    if isinstance(estimator, lightgbm.Booster):
        return estimator
    if not isinstance(estimator, lightgbm.LGBMClassifier | lightgbm.LGBMRegressor):
        raise UnsupportedModelError(
            f"train() returned {_name(estimator)}, which cannot be packed",
            fix="Of LightGBM, an LGBMClassifier, an LGBMRegressor or a Booster can.",
        )
    try:
        return estimator.booster_
    except NotFittedError as unfitted:
        raise UnsupportedModelError(
            f"train() returned {_name(estimator)}, which is not fitted",
            fix="Call .fit(features, label) before returning it.",
        ) from unfitted


def _lightgbm_width(estimator: Any) -> int:
    return int(_booster(estimator).num_feature())


def _lightgbm_text(estimator: Any, task: Task, labels: tuple[Any, ...]) -> tuple[bytes, Classes]:
    booster = _booster(estimator)
    # without a number of iterations LightGBM writes the trees up to the best one, which are those it predicts with
    text: str = booster.model_to_string()
    objective = next(
        (line.split("=", 1)[1].split()[0] for line in text.splitlines() if line.startswith("objective=")), ""
    )
    fits = objective not in _CLASS_OBJECTIVES if task is Task.REGRESSION else objective in _OBJECTIVES[task]
    if not fits:
        raise UnsupportedModelError(
            f"the task is {task.value}, and the LightGBM model's objective is {objective or 'not one of its own'}",
            fix="Use LightGBM's classifier or regressor with a built-in objective, or set task in trimtab.toml.",
        )
    if task is Task.REGRESSION:
        return text.encode(), ()
    if hasattr(estimator, "classes_"):
        return text.encode(), _checked_classes(list(estimator.classes_), task)
    return text.encode(), _booster_classes(booster, task, labels)


def _booster_classes(booster: Any, task: Task, labels: tuple[Any, ...]) -> Classes:
    """The classes of a bare booster, which was fitted on 0, 1, … k-1."""
    count = max(2, booster.num_model_per_iteration())
    classes = _checked_classes(list(labels) or list(range(count)), task)
    if list(classes) != list(range(count)):
        held = ", ".join(map(repr, classes))
        raise UnsupportedModelError(
            f"a LightGBM Booster knows its classes as 0 to {count - 1}, and the labels are {held}",
            fix="Return an LGBMClassifier: it keeps the labels.",
        )
    return classes
