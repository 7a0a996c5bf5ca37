"""Settings that are each right and cannot hold together."""

from __future__ import annotations

from itertools import combinations

from trimtab.base.instants import format_span
from trimtab.spec.locate import KeyPath
from trimtab.spec.problems import ConflictError
from trimtab.spec.project import Project, Task
from trimtab.spec.table import Findings


def check_agreement(project: Project, findings: Findings) -> None:
    """Keeps each pair of settings that contradict each other, at the place of the one that is likelier to be wrong."""
    if project.task is not None:
        for path, problem, fix in metrics_not_for(project, project.task):
            findings.add(ConflictError, path, problem, fix=fix)
    for path, problem in written_twice(project):
        findings.add(ConflictError, path, problem, fix="Let each command write to a place of its own.")
    watch, retrain, judging = project.watch, project.retrain, project.gates.judging
    if watch.memory < watch.window:
        findings.add(
            ConflictError, ("watch", "memory"),
            f"[watch] memory ({format_span(watch.memory)}) is shorter than window ({format_span(watch.window)})",
            fix="Drift is judged on the windows within memory, so at least one must fit in.",
        )  # fmt: skip
    if judging.span is not None and retrain.span is not None and judging.span >= retrain.span:
        findings.add(
            ConflictError, ("gates", "judge_on"),
            f"[gates] judge_on ({format_span(judging.span)}) leaves nothing of [retrain] data "
            f"(last {format_span(retrain.span)}) to train on",
            fix="Judge on a shorter span than a retraining uses.",
        )  # fmt: skip
    if retrain.every is not None and retrain.every < retrain.cooldown:
        findings.add(
            ConflictError, ("retrain", "when"),
            f"[retrain] every {format_span(retrain.every)} can never be kept "
            f"with a cooldown of {format_span(retrain.cooldown)}",
            fix="Shorten cooldown, or train less often.",
        )  # fmt: skip


def written_twice(project: Project) -> list[tuple[KeyPath, str]]:
    """The place and problem of each path that two commands write: what lies there before one of them runs is set aside,
    and the other's would go with it."""
    return [
        (("steps", later.name, "writes"), f"the steps {earlier.name} and {later.name} both write {path}")
        for earlier, later in combinations(project.steps, 2)
        for path in dict.fromkeys(
            [path for path in later.writes if earlier.makes(str(path))]
            + [path for path in earlier.writes if later.makes(str(path))]
        )
    ]


def metrics_not_for(project: Project, task: Task) -> list[tuple[KeyPath, str, str]]:
    """The place, problem and fix of each metric that is gated or watched and not defined for ``task``."""
    from trimtab.stats.metric_names import METRICS, metrics_for

    named: list[tuple[KeyPath, str]] = [(("gates", gate.metric), gate.metric) for gate in project.gates.metrics]
    if project.watch.metric:
        named.append((("watch", "metric"), project.watch.metric))
    fix = f"Metrics of a {task.value} task: {', '.join(metrics_for(task.value))}."
    return [
        (path, f"[{path[0]}] asks for {metric}, which is not defined for a {task.value} task", fix)
        for path, metric in named
        if metric in METRICS and task.value not in METRICS[metric].tasks
    ]
