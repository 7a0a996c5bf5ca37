"""A candidate: the model that ``train`` made, opened from its kept bytes, on its way to a verdict and a release."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from trimtab.app.home import Home
from trimtab.app.hooks import open_kept_model
from trimtab.app.judging import Judging
from trimtab.app.pack import Reference, Source, pack_release, python_minor
from trimtab.app.scorers import open_scorer
from trimtab.app.steps import Steps
from trimtab.app.training_rows import TrainingRows
from trimtab.app.truth import truth_of
from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.instants import Span
from trimtab.data.schema import Contract
from trimtab.data.table import event_times, label_of, to_columns
from trimtab.drivers.signing_keys import trusted_keys
from trimtab.drivers.user_code import user_errors
from trimtab.gates.evaluate import JudgedRows, expectations
from trimtab.pipeline.draft import FEATURES, TRAIN
from trimtab.pipeline.graph import Step, serving_steps
from trimtab.records.environment import Environment
from trimtab.release.manifest import Manifest, Model, ServingStep
from trimtab.release.rows import Columns, take_columns
from trimtab.release.scoring import Scorer
from trimtab.spec.parse import PROJECT_FILE
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

    model: Model
    digest: Digest
    scorer: Scorer
    steps: tuple[ServingStep, ...]
    train_columns: Columns
    features: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidacy:
    """A candidate that passed, with the rows that it was judged on and what it was made in."""

    candidate: Candidate
    judged: JudgedRows
    environment: Environment


def champion_on(home: Home, release: Digest, contract: Contract, judged: pl.DataFrame) -> Champion:
    """The champion's answers to the judged rows, by its own code and its own bytes, after its signature was verified.

    It is asked before the candidate's code is loaded: two projects' modules of one name do not live side by side.
    """
    manifest = home.bundles.verify(release, trusted_keys())
    scorer = open_scorer(home.bundles.path(release), manifest)
    with user_errors(home.bundles.path(release), doing="scoring by the champion"):
        scores = scorer.scores(to_columns(judged, contract))
    return Champion(model=manifest.files[manifest.model.file], scores=scores)


def open_candidate(
    steps: Steps, rows: TrainingRows, functions: Mapping[str, Callable[..., Any]], folder: Path
) -> Candidate:
    """The candidate, its model's file written below ``folder``."""
    graph = steps.pipeline.graph
    model, estimator, content = open_kept_model(steps.open(TRAIN))
    (folder / model.file).parent.mkdir(parents=True, exist_ok=True)
    (folder / model.file).write_bytes(content)
    serving = tuple(_serving(step) for step in serving_steps(graph))
    return Candidate(
        model=model,
        digest=digest_bytes(content),
        scorer=Scorer(functions=functions, steps=serving, rows_as=graph.rows_as, model=model, estimator=estimator),
        steps=serving,
        train_columns=to_columns(rows.train(), rows.contract),
        features=steps.open(FEATURES),
    )


def judge(
    candidate: Candidate, champion: Champion | None, rows: TrainingRows, *, folder: Path, timed: bool
) -> tuple[JudgedRows, Span | None]:
    """The newest rows, which neither model has seen, with the answers of both; and the candidate's p99 latency.

    It is measured only if ``timed``: a replay must not depend on the machine's speed.
    """
    table, contract = rows.judge(), rows.contract
    columns = to_columns(table, contract)
    with user_errors(folder.resolve(), doing="scoring the judged rows"):
        scores = candidate.scorer.scores(columns)
        latency = slowest_hundredth(candidate.scorer, columns) if timed else None
    judged = JudgedRows(
        task=candidate.model.task,
        truth=truth_of(label_of(table, contract), candidate.model),
        event_times=event_times(table, contract),
        challenger=scores,
        challenger_model=candidate.digest,
        champion=champion.scores if champion else None,
        champion_model=champion.model if champion else None,
    )
    return judged, latency


def release_of(home: Home, judging: Judging, candidacy: Candidacy, rows: TrainingRows, folder: Path) -> Digest:
    """The digest of the signed release that is made of a candidate."""
    candidate, project, data = candidacy.candidate, judging.project, rows.gathered.data
    draft = Manifest(
        project=project.name,
        source=judging.snapshot.digest,
        data=data.table,
        module=project.pipeline.module,
        rows_as=candidate.scorer.rows_as,
        steps=candidate.steps,
        python=python_minor(),
        packages=candidacy.environment.packages,
        model=candidate.model,
        files={},
        expected=expectations(candidacy.judged, project.watch.window, project.gates.level),
        trained_rows=rows.rows,
    )
    reference = Reference(
        rows=rows.table(), scores=np.asarray(candidacy.judged.challenger, dtype=np.float64), contract=rows.contract
    )
    files = judging.snapshot.files.items()
    contents = {name: home.blobs.get(digest) for name, digest in files if name.endswith(".py") or name == PROJECT_FILE}
    source = Source(folder=judging.folder, contents=contents)
    return pack_release(home.bundles, draft, candidate, reference=reference, source=source, folder=folder)


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


def _serving(step: Step) -> ServingStep:
    return ServingStep(function=step.function, inputs=step.inputs, params=dict(step.params))
