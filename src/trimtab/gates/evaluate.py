"""What the gates say of a candidate: every figure with its interval, every limit with its verdict.

Challenger and champion are judged on the same newest rows, which neither has seen, by drawing blocks of time (see
`trimtab.stats.bootstrap`). A small sample never passes: below `MIN_BLOCKS` blocks of time, `MIN_ROWS` rows, or
`MIN_OF_CLASS` rows of a class the verdict is UNSURE and says what is missing. That floor is needed beside the
intervals because a sample without a single mistake has no spread to draw from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from trimtab.base.digest import Digest, short
from trimtab.base.errors import InputError
from trimtab.base.instants import Span, format_span
from trimtab.base.verdict import Evidence, Verdict, combine
from trimtab.gates.check import against_champion, against_floor, against_latency, default_gate
from trimtab.spec.project import Gates, MetricGate, Task
from trimtab.stats.arrays import Array, Floats
from trimtab.stats.bootstrap import Blocks, Estimate, draw, estimate, paired_gain, time_blocks
from trimtab.stats.metric_names import metric_for, metrics_for
from trimtab.stats.metrics import Prepared, compute, prepare
from trimtab.stats.windows import by_window, shown_by_windows

MIN_BLOCKS: Final = 5
MIN_ROWS: Final = 50
MIN_OF_CLASS: Final = 10
_MOST_UNDEFINED: Final = 0.05


class SelfComparisonError(InputError):
    """A model was to be compared with itself, which every model passes."""

    code = "TT1402"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRows:
    """The rows that a candidate is judged on, and what the models answered to them.

    Attributes:
        task: what is predicted; it says how truth and outputs are read (`trimtab.stats.metrics`).
        truth: shape (rows,): 0 or 1, the index of the class, or the number.
        event_times: shape (rows,), UTC microseconds.
        challenger: the candidate's outputs, shape (rows,) or (rows, classes).
        champion: the champion's outputs on the same rows; None where there is no champion.
        challenger_model, champion_model: the digests of the two models (both of model files, or both of releases).
    """

    task: Task
    truth: Array
    event_times: npt.NDArray[np.int64]
    challenger: Array
    challenger_model: Digest
    champion: Array | None = None
    champion_model: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """The verdict with its evidence.

    Attributes:
        metrics: every metric of the task on the judged rows; those that are not defined on them are left out.
        notes: what was not judged, and why.
    """

    verdict: Verdict
    evidence: tuple[Evidence, ...]
    metrics: dict[str, float]
    notes: tuple[str, ...] = ()


def evaluate(gates: Gates, rows: JudgedRows, *, latency_p99: Span | None, seed: int) -> GateReport:
    """What the gates say of the candidate; the same arguments always give the same report.

    Args:
        latency_p99: per row, in the worker, scored singly; None in a replay, whose clock is not the wall's.
        seed: chooses the blocks that the bootstrap draws.

    Raises:
        SelfComparisonError: the challenger is the champion, byte for byte.
        MetricError: a gate's metric is not defined for the task, or outputs are not usable.
    """
    if rows.champion is not None and rows.challenger_model == rows.champion_model:
        raise SelfComparisonError(
            f"the challenger is the champion itself ({short(rows.challenger_model)})",
            fix="Nothing that the training saw has changed; there is nothing to judge or to promote.",
        )
    notes = []
    declared = gates.metrics or (default_gate(rows.task),)
    if not gates.metrics:
        notes.append(f"no gate is declared, so {declared[0].metric} is judged by the default gate")
    evidence = _judge_metrics(gates, declared, rows, seed)
    if rows.champion is None and any(gate.tolerance is not None for gate in declared):
        notes.append("there is no champion yet to compare with")
    if latency_p99 is None:
        notes.append("latency is not judged in a replay: its clock is not the wall's")
    else:
        evidence = (*evidence, against_latency(latency_p99, gates.latency_p99))
    return GateReport(
        verdict=combine(item.verdict for item in evidence),
        evidence=evidence,
        metrics=_figures(rows),
        notes=tuple(notes),
    )


def per_window(metric: str) -> str:
    """The name in a manifest's expectations of what windows have shown of a metric, which production is held to."""
    return f"{metric} per window"


def expectations(rows: JudgedRows, window: Span, level: float) -> dict[str, float]:
    """What production may expect of the challenger: each metric on the judged rows, and what their windows show."""
    figures = _figures(rows)
    for name in tuple(figures):
        windows = by_window(name, rows.task, rows.truth, rows.challenger, (rows.event_times, window))
        shown = shown_by_windows(windows, level, higher_is_better=metric_for(name, rows.task).higher_is_better)
        if np.isfinite(shown):
            figures[per_window(name)] = shown
    return figures


def _judge_metrics(gates: Gates, declared: tuple[MetricGate, ...], rows: JudgedRows, seed: int) -> tuple[Evidence, ...]:
    blocks = time_blocks(rows.event_times, gates.block)
    missing = _missing(gates, rows, blocks)
    if missing:
        return tuple(
            Evidence(
                check=f"{gate.metric} on the judged rows", verdict=Verdict.UNSURE, reason=missing[0], needs=missing[1]
            )
            for gate in declared
        )
    weights = draw(blocks.count, seed)
    return tuple(item for gate in declared for item in _judge_metric(gate, gates.level, rows, (blocks, weights)))


def _judge_metric(
    gate: MetricGate, level: float, rows: JudgedRows, resampling: tuple[Blocks, Floats]
) -> list[Evidence]:
    challenger = prepare(gate.metric, rows.task, rows.truth, rows.challenger)
    evidence = []
    if gate.floor is not None:
        found = estimate(challenger, *resampling, level)
        evidence.append(_undefined(gate, found) or against_floor(challenger.metric, gate.floor, found.interval))
    if gate.tolerance is not None and rows.champion is not None:
        champion: Prepared = prepare(gate.metric, rows.task, rows.truth, rows.champion)
        gain = paired_gain(challenger, champion, *resampling, level)
        evidence.append(_undefined(gate, gain) or against_champion(challenger.metric, gate.tolerance, gain.interval))
    return evidence


def _undefined(gate: MetricGate, found: Estimate) -> Evidence | None:
    if found.undefined <= _MOST_UNDEFINED:
        return None
    return Evidence(
        check=f"{gate.metric} on the judged rows",
        verdict=Verdict.UNSURE,
        reason=f"{gate.metric} does not exist on {found.undefined:.0%} of the draws of time blocks: too rare a class",
        needs="rows of the rarer class in more blocks of time",
    )


def _missing(gates: Gates, rows: JudgedRows, blocks: Blocks) -> tuple[str, str] | None:
    """Why there is too little to judge, and what is needed; None where there is enough."""
    count = len(rows.truth)
    if count < MIN_ROWS:
        return f"{count} judged rows have labels, and {MIN_ROWS} is the least", f"{MIN_ROWS - count} more labelled rows"
    if blocks.count < MIN_BLOCKS:
        reason = (
            f"the judged rows lie in {blocks.count} blocks of {format_span(gates.block)}, and {MIN_BLOCKS} is the "
            "least: neighbouring rows are alike, so that fewer say little"
        )
        return reason, f"{MIN_BLOCKS - blocks.count} more blocks: judge a longer time, or set a shorter [gates] block"
    if rows.task is Task.BINARY:
        counts = np.bincount(rows.truth.astype(np.intp), minlength=2)
        if counts.min() < MIN_OF_CLASS:
            rare = int(counts.argmin())
            reason = f"the judged rows hold {counts[rare]} of class {rare}, and {MIN_OF_CLASS} is the least"
            return reason, f"{MIN_OF_CLASS - counts[rare]} more labelled rows of class {rare}"
    return None


def _figures(rows: JudgedRows) -> dict[str, float]:
    figures = {}
    for name in metrics_for(rows.task):
        if metric_for(name, rows.task).needs_chances and not _are_chances(rows.challenger):
            continue
        value = compute(name, rows.task, rows.truth, rows.challenger)
        if np.isfinite(value):
            figures[name] = value
    return figures


def _are_chances(outputs: Array) -> bool:
    values = outputs.astype(np.float64)
    return not len(values) or bool(values.min() >= 0.0 and values.max() <= 1.0)
