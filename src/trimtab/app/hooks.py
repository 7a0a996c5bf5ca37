"""What a project with a model adds to its steps: what is kept of ``train`` is the model as a release holds it.

The estimator is written in its release's format when ``train`` returns, so that a model which could not be released
is refused there, and what is judged, cached, handed to other steps and released are the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from trimtab.app.step_job import Hooks
from trimtab.base.digest import digest_bytes
from trimtab.disk.temporary import temporary_folder
from trimtab.pipeline.draft import FEATURES, LABEL, TRAIN
from trimtab.pipeline.graph import Graph, serving_steps
from trimtab.spec.project import Project, Task

if TYPE_CHECKING:
    from trimtab.release.manifest import Model

_MARK: Final = "trimtab.model/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainHooks:
    """A pipeline alone: what a step returns is what is kept and handed on."""

    def to_keep(self, step: str, value: Any, inputs: Mapping[str, Any]) -> Any:  # noqa: ARG002 - the port's form
        return value

    def to_hand(self, step: str, kept: Any) -> Any:  # noqa: ARG002 - the port's form
        return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHooks:
    """A project with a model: ``train``'s estimator is kept as a release would hold it, features are checked.

    ``serving`` are the steps from rows to features; ``rows`` is how many rows they are given.
    """

    task: Task
    rows: int
    serving: frozenset[str]

    def to_keep(self, step: str, value: Any, inputs: Mapping[str, Any]) -> Any:
        if step == TRAIN:
            return _model_to_keep(value, inputs, self.task)
        if step in self.serving:
            from trimtab.release.rows import check_count, check_features

            check_count(step, value, self.rows)
            if step == FEATURES:
                check_features(step, value)
        return value

    def to_hand(self, step: str, kept: Any) -> Any:
        return open_kept_model(kept)[1] if step == TRAIN else kept


def hooks_for(project: Project, graph: Graph, *, task: str, rows: int) -> Hooks:
    """The hooks of a project; ``task`` and ``rows`` are those of the table that it trains on."""
    if project.data is None:
        return PlainHooks()
    serving = frozenset(step.function for step in serving_steps(graph))
    return ModelHooks(task=Task(task), rows=rows, serving=serving)


def open_kept_model(kept: Mapping[str, Any]) -> tuple[Model, Any, bytes]:
    """The model's description, the estimator as a release opens it, and the file's bytes."""
    from trimtab.release.manifest import Model
    from trimtab.serve.worker_models import open_model

    model = msgspec.json.decode(kept["about"], type=Model)
    with temporary_folder("model") as folder:
        path = folder / model.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(kept["content"])
        return model, open_model(folder, model, digest=digest_bytes(kept["content"])), kept["content"]


def _model_to_keep(estimator: Any, inputs: Mapping[str, Any], task: Task) -> dict[str, Any]:
    from trimtab.drivers.model_files import save_model
    from trimtab.release.rows import feature_names

    label = inputs.get(LABEL)
    labels = sorted(set(label.tolist())) if label is not None and task is not Task.REGRESSION else []
    with temporary_folder("model") as folder:
        model = save_model(estimator, folder, task=task, features=feature_names(inputs[FEATURES]), labels=labels)
        content = (folder / model.file).read_bytes()
    return {"schema": _MARK, "about": msgspec.json.encode(model, order="sorted"), "content": content}
