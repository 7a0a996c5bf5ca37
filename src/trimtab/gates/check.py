"""A figure with its interval against a limit: the three verdicts, and what would decide.

Each bound has the gate's one-sided confidence. PASS asks that even the worse bound is within the limit, FAIL that
even the better one is beyond it; anything else is UNSURE and says about how many rows would tell. Several gates need
no correction for their number: a candidate passes only if all do, so the chance of a wrong pass is that of one.
"""

from __future__ import annotations

import math

from trimtab.base.instants import Span, format_span
from trimtab.base.verdict import Evidence, Interval, Verdict
from trimtab.spec.project import MetricGate, Task
from trimtab.stats.metric_names import Metric

DEFAULT_TOLERANCE = 0.02

_DEFAULTS = {
    Task.BINARY: MetricGate(metric="roc_auc", floor=0.5, tolerance=DEFAULT_TOLERANCE),
    Task.CLASSES: MetricGate(metric="accuracy", tolerance=DEFAULT_TOLERANCE),
    Task.REGRESSION: MetricGate(metric="r2", floor=0.0, tolerance=DEFAULT_TOLERANCE),
}


def default_gate(task: Task) -> MetricGate:
    """The gate of a project that declares none: better than knowing nothing, and hardly worse than the champion."""
    return _DEFAULTS[task]


def against_floor(metric: Metric, floor: float, measured: Interval) -> Evidence:
    """Whether the metric is within its limit: at least ``floor`` for a score, at most ``floor`` for an error."""
    low = metric.gain(measured.low if metric.higher_is_better else measured.high, floor)
    high = metric.gain(measured.high if metric.higher_is_better else measured.low, floor)
    side = "at least" if metric.higher_is_better else "at most"
    reason = f"{metric.name} is {measured} on {measured.n:,} rows; it must be {side} {floor:.4g}"
    return _judged(f"{metric.name} against its limit", reason, measured, floor, (low, high))


def against_champion(metric: Metric, tolerance: float, gain: Interval) -> Evidence:
    """Whether the challenger is worse than the champion by no more than ``tolerance``, on the same rows.

    ``gain`` is by how much it is better, in the metric's unit. A negative tolerance asks it to be better by that much.
    """
    how = "better" if gain.estimate >= 0 else "worse"
    asked = f"may be worse by {tolerance:.4g}" if tolerance >= 0 else f"must be better by {-tolerance:.4g}"
    reason = (
        f"{metric.name} is {how} than the champion's by {abs(gain.estimate):.4g} on the same {gain.n:,} rows "
        f"(gain {gain}); it {asked}"
    )
    bounds = (gain.low + tolerance, gain.high + tolerance)
    return _judged(f"{metric.name} against champion", reason, gain, -tolerance, bounds)


def against_latency(p99: Span, limit: Span) -> Evidence:
    """Whether the slowest hundredth of single rows is scored within the limit."""
    verdict = Verdict.PASS if p99 <= limit else Verdict.FAIL
    reason = f"99 of 100 rows are scored within {format_span(p99)}; the limit is {format_span(limit)}"
    return Evidence(check="latency_p99", verdict=verdict, reason=reason, limit=float(limit))


def _judged(check: str, reason: str, measured: Interval, limit: float, bounds: tuple[float, float]) -> Evidence:
    """``bounds`` are how far the worse and the better bound are on the good side of the limit."""
    low, high = bounds
    if low >= 0.0:
        return Evidence(check=check, verdict=Verdict.PASS, reason=reason, measured=measured, limit=limit)
    verdict = Verdict.FAIL if high < 0.0 else Verdict.UNSURE
    needs = rows_that_decide(bounds, measured) if verdict is Verdict.UNSURE else ""
    return Evidence(check=check, verdict=verdict, reason=reason, measured=measured, limit=limit, needs=needs)


def rows_that_decide(bounds: tuple[float, float], measured: Interval) -> str:
    """About how many more judged rows would bring the nearer bound to the limit, if the estimate stays.

    An interval shrinks with the root of the rows. ``bounds`` are relative to the limit, the worse one first.
    """
    low, high = bounds
    middle = (low + high) / 2.0
    half = (high - low) / 2.0
    times = (half / middle) ** 2 if middle else math.inf
    if times > 100.0:
        return "more than 100 times the rows: it lies almost on the limit"
    return f"about {max(1, math.ceil(measured.n * (times - 1.0))):,} more judged rows"
