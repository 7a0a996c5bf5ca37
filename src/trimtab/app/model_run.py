"""From a trained model to a verdict and a release: the end of a run in a project that has one.

The model's kept bytes are written, opened and judged: what the gates see are the bytes that a release would hold, and
nothing is fitted after them. A verdict is kept under what it follows from, like a step's result: the same model on the
same rows against the same champion is not judged twice.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from trimtab import __version__
from trimtab.app.home import Home
from trimtab.app.judging import Judging
from trimtab.app.steps import Steps
from trimtab.app.training_rows import TrainingRows
from trimtab.base.digest import Digest, digest_json, short
from trimtab.base.errors import IntegrityError, UnknownVersionError
from trimtab.base.verdict import Evidence, Verdict
from trimtab.disk.checked import read_checked, write_checked
from trimtab.pipeline.plan import StepFacts
from trimtab.records.environment import Environment
from trimtab.records.kept import Kept
from trimtab.records.versioned import decode, encode

if TYPE_CHECKING:
    from trimtab.app.candidate import Champion

_JUDGED: Final = 1
"""Part of the key: another way of judging trusts no verdict of this one."""


class Judged(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.judged/1"):
    """What the gates said of a model, and the release that was made of it; None where it did not pass."""

    metrics: dict[str, float]
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    model: Digest
    release: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RanIn:
    """What a model is judged in: the project's functions, the environment by the model's format, and the champion's
    answers (None where there is none), which were asked for before the project's code was loaded."""

    functions: Mapping[str, Callable[..., Any]]
    environment: Callable[[str], Environment]
    champion: Champion | None


def judged_before(home: Home, key: Digest) -> Judged | None:
    """The verdict under the key, if it is there and its release is too."""
    content = read_checked(_path(home, key))
    if content is None:
        return None
    try:
        found = decode(Judged, content)
    except (UnknownVersionError, IntegrityError):  # of another version of Trimtab
        return None
    if found.release is not None and not home.bundles.path(found.release).is_dir():
        return None
    return found


def keep_judged(home: Home, key: Digest, judged: Judged) -> None:
    """Keep a verdict under its key."""
    write_checked(_path(home, key), encode(judged))


def judging_key(
    judging: Judging, facts: Mapping[str, StepFacts], kept: Mapping[str, Kept], rows: TrainingRows
) -> Digest:
    """What a verdict follows from: the model, the code of its features, the rows, the champion, the gates."""
    code = {name: [[part.kind, part.name, part.value] for part in each.parts] for name, each in facts.items()}
    outputs = {name: each.digest for name, each in kept.items()}
    gathered, project = rows.gathered, judging.project
    return digest_json(
        [
            _JUDGED, __version__, platform.node(), judging.snapshot.digest, code, outputs, gathered.judged,
            gathered.data.table, judging.champion, repr(project.gates), repr(project.watch), project.pipeline.seed,
            judging.timed,
        ]
    )  # fmt: skip


def judge_model(home: Home, judging: Judging, steps: Steps, rows: TrainingRows, ran_in: RanIn, folder: Path) -> Judged:
    """The verdict on the model that ``train`` made, and its release if it passed.

    Args:
        ran_in: the champion's answers, and what the run ran in.
        folder: an empty folder that the release is built in.

    Raises:
        RowDependenceError, UnstableError: the features of a row depend on more than the row.
    """
    from trimtab.app.candidate import Candidacy, judge, open_candidate, release_of

    candidate = open_candidate(steps, rows, ran_in.functions, folder)
    judged_rows, latency = judge(candidate, ran_in.champion, rows, folder=judging.folder, timed=judging.timed)
    from trimtab.gates.evaluate import evaluate

    project = judging.project
    report = evaluate(project.gates, judged_rows, latency_p99=latency, seed=project.pipeline.seed)
    judged = Judged(metrics=report.metrics, verdict=report.verdict, evidence=report.evidence, model=candidate.digest)
    if report.verdict is not Verdict.PASS:
        return judged
    candidacy = Candidacy(
        candidate=candidate, judged=judged_rows, environment=ran_in.environment(candidate.model.format)
    )
    return msgspec.structs.replace(judged, release=release_of(home, judging, candidacy, rows, folder))


def _path(home: Home, key: Digest) -> Path:
    return home.state / "cache" / "judged" / f"{short(key, length=64)}.json"
