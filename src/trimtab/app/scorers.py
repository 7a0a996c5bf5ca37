"""Open a verified release's scorer in this process, by its own code and its own bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from trimtab.drivers.user_code import load_functions
from trimtab.release.manifest import SOURCE_FOLDER, Manifest, Model
from trimtab.release.scoring import Scorer, scorer_of
from trimtab.serve.worker_models import open_model
from trimtab.spec.project import Task
from trimtab.stats.arrays import Floats


def open_scorer(folder: Path, manifest: Manifest) -> Scorer:
    """The scorer of a verified release, opened in this process; nothing is written into the release."""
    functions = load_functions(folder / SOURCE_FOLDER, manifest.module)
    model = open_model(folder, manifest.model, digest=manifest.files[manifest.model.file])
    return scorer_of(manifest, functions.callables, model)


def logged_scores(model: Model, predictions: pl.DataFrame) -> Floats:
    """The raw scores that logged answers carry, as metrics take them: shape (rows,) or (rows, classes)."""
    match model.task:
        case Task.BINARY:
            return predictions["score"].to_numpy()
        case Task.REGRESSION:
            return predictions["value"].to_numpy()
        case Task.CLASSES:
            rows = predictions["probabilities"].to_list()
            return np.array(rows, dtype=np.float64).reshape(-1, len(model.classes))
