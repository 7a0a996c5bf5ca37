"""Train a candidate and judge it: the middle of a run, from rows to a verdict.

The model is written, opened again and then judged: what the gates see are the bytes that a release would hold, and
nothing is fitted after them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.instants import Span
from trimtab.data.infer import infer_task
from trimtab.data.schema import Contract
from trimtab.data.table import event_times, label_of, to_columns
from trimtab.drivers.model_files import save_model
from trimtab.drivers.user_code import user_errors
from trimtab.gates.evaluate import JudgedRows
from trimtab.pipeline.draft import LABEL
from trimtab.pipeline.graph import Graph, Step, serving_steps, training_steps
from trimtab.release.manifest import Model, ServingStep
from trimtab.release.rows import Columns, feature_names, rows_as, run_steps, take_columns
from trimtab.release.scoring import Scorer
from trimtab.serve.worker_models import open_model
from trimtab.spec.project import Project, Task
from trimtab.stats.arrays import Floats

LATENCY_ROWS = 200
"""Rows scored one by one for the 99th percentile: two of them are beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """The release that a challenger is compared with: its model's digest, and its answers to the judged rows."""

    model: Digest
    scores: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A fitted model on its way to a verdict.

    ``features`` are those of the training rows as they were computed together: packing proves that each row's own
    are the same.
    """

    contract: Contract
    model: Model
    digest: Digest
    scorer: Scorer
    steps: tuple[ServingStep, ...]
    train_columns: Columns
    features: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCode:
    """The project's own functions, where they are, and how they hang together."""

    folder: Path
    functions: Mapping[str, Callable[..., Any]]
    graph: Graph


def fit(project: Project, code: ProjectCode, contract: Contract, table: pl.DataFrame, folder: Path) -> Candidate:
    """The candidate that the project's functions make of the training rows; its file is written below ``folder``.

    Raises:
        UserCodeError: the project's own code raised.
        UnsupportedModelError: what ``train`` returned cannot be packed.
    """
    functions, graph = code.functions, code.graph
    steps = tuple(_serving(step) for step in serving_steps(graph))
    columns = to_columns(table, contract)
    label = label_of(table, contract)
    with user_errors(code.folder.resolve(), doing="training"):
        rows = rows_as(graph.rows_as, columns)
        features = run_steps(functions, steps, rows)
        estimator = _train(functions, graph, rows, features, label)
    task = project.task or contract.task or infer_task(table[contract.label_column])
    classes = sorted(set(label.tolist())) if task is not Task.REGRESSION else []
    model = save_model(estimator, folder, task=task, features=feature_names(features), labels=classes)
    digest = digest_bytes((folder / model.file).read_bytes())
    scorer = Scorer(
        functions=functions,
        steps=steps,
        rows_as=graph.rows_as,
        model=model,
        estimator=open_model(folder, model, digest=digest),
    )
    return Candidate(
        contract=contract,
        model=model,
        digest=digest,
        scorer=scorer,
        steps=steps,
        train_columns=columns,
        features=features,
    )


def judge(
    code: ProjectCode,
    candidate: Candidate,
    champion: Champion | None,
    contract: Contract,
    judged: pl.DataFrame,
    *,
    timed: bool,
) -> tuple[JudgedRows, Span | None]:
    """The newest rows, which neither model has seen, with the answers of both; and the candidate's p99 latency.

    It is measured only if ``timed``: a replay must not depend on the machine's speed.
    """
    columns = to_columns(judged, contract)
    with user_errors(code.folder.resolve(), doing="scoring the judged rows"):
        scores = candidate.scorer.scores(columns)
        latency = slowest_hundredth(candidate.scorer, columns) if timed else None
    rows = JudgedRows(
        task=candidate.model.task,
        truth=truth_of(label_of(judged, contract), candidate.model),
        event_times=event_times(judged, contract),
        challenger=scores,
        challenger_model=candidate.digest,
        champion=champion.scores if champion else None,
        champion_model=champion.model if champion else None,
    )
    return rows, latency


def truth_of(label: npt.NDArray[Any], model: Model) -> npt.NDArray[Any]:
    """The label as metrics take it: 0 or 1, the index of the class (−1: unknown to the model), or the number."""
    if model.task is Task.REGRESSION:
        return label.astype(np.float64)
    if model.task is Task.BINARY:
        return np.asarray(label == model.classes[-1], dtype=np.int64)
    places = {value: place for place, value in enumerate(model.classes)}
    return np.array([places.get(value, -1) for value in label.tolist()], dtype=np.int64)


def slowest_hundredth(scorer: Scorer, columns: Columns) -> Span:
    """The 99th percentile of scoring one row alone, after a warm-up of ten."""
    count = len(next(iter(columns.values())))
    seconds = []
    for turn in range(LATENCY_ROWS + 10):
        one = take_columns(columns, [turn * 7919 % count])
        began = time.perf_counter()
        scorer.scores(one)
        seconds.append(time.perf_counter() - began)
    return Span(round(float(np.quantile(seconds[10:], 0.99)) * 1_000_000))


def _train(functions: Mapping[str, Callable[..., Any]], graph: Graph, rows: Any, features: Any, label: Any) -> Any:
    made: dict[str, Any] = {"rows": rows, "features": features, LABEL: label}
    for step in serving_steps(graph):
        if step.function != "features" and any(step.function in later.inputs for later in training_steps(graph)):
            made[step.function] = functions[step.function](*(made[name] for name in step.inputs), **step.params)
    for step in training_steps(graph):
        made[step.function] = functions[step.function](*(made[name] for name in step.inputs), **step.params)
    return made["train"]


def _serving(step: Step) -> ServingStep:
    return ServingStep(function=step.function, inputs=step.inputs, params=dict(step.params))
