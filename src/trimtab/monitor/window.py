"""Window v1: what a slice of production was, release by release, in bounded memory.

A window is summarised once, when it is over, and again when the labels of its rows have arrived. Everything after
works on summaries: profiles merge, counts add up, and a fortnight costs as much at a hundred rows a second as at one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from trimtab.base.instants import Instant, Span
from trimtab.data.array_profile import profile_scores
from trimtab.data.profile import Profile
from trimtab.records.prediction import Status
from trimtab.spec.project import Task
from trimtab.stats.arrays import Array, Floats
from trimtab.stats.metrics import compute
from trimtab.stats.windows import MIN_LABELS, WindowValue


class ReleaseWindow(msgspec.Struct, frozen=True, kw_only=True):
    """One release's part of a window.

    Attributes:
        release: its digest; empty for requests that were refused before a variant was picked.
        answered, refused, failed: requests by how they ended, a shadow's included.
        inputs: profile of the rows that it was asked about; empty where the caller had none.
        scores: profile of its answers.
        latency_p50, latency_p99: wall time of the answered requests; None where there are none.
        labelled: answered rows whose label has arrived.
        value: the watched metric on those rows; None with fewer than `MIN_LABELS`, or one class only.
    """

    release: str
    answered: int = 0
    refused: int = 0
    failed: int = 0
    inputs: Profile = Profile()
    scores: Profile = Profile()
    latency_p50: Span | None = None
    latency_p99: Span | None = None
    labelled: int = 0
    value: float | None = None


class WindowSummary(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.window/1"):
    """What happened at an endpoint from ``start`` up to, and not including, ``end``, in event time."""

    endpoint: str
    start: Instant
    end: Instant
    metric: str
    releases: tuple[ReleaseWindow, ...]

    def of(self, release: str) -> ReleaseWindow:
        """The release's part; an empty one if it had none."""
        return next((part for part in self.releases if part.release == release), ReleaseWindow(release=release))

    def value_of(self, release: str) -> WindowValue:
        """The release's realised metric in the form that `trimtab.monitor.decay` folds; NaN where there is none."""
        part = self.of(release)
        return WindowValue(start=self.start, value=math.nan if part.value is None else part.value, rows=part.labelled)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRows:
    """The predictions of one window, one element each, with the labels that had arrived.

    Attributes:
        release: digests; empty for a refusal before a variant was picked.
        status: `trimtab.records.prediction.Status` values.
        outputs: shape (rows,) or (rows, classes); anything where a row was not answered.
        truth: as `trimtab.stats.metrics` takes it for the task; NaN where no label has arrived.
        latency_us: microseconds.
    """

    release: Array
    status: Array
    outputs: Floats
    truth: Floats
    latency_us: npt.NDArray[np.int64]


def summarise(
    rows: WindowRows,
    *,
    endpoint: str,
    bounds: tuple[Instant, Instant],
    metric: tuple[str, Task],
    inputs: Mapping[str, Profile],
) -> WindowSummary:
    """The summary of a window's predictions; the same rows in any order give the same one.

    Args:
        bounds: the window's start and end.
        metric: the watched metric and the project's task.
        inputs: per release, the profile of the rows it was asked about.
    """
    releases = sorted({str(release) for release in rows.release.tolist()})
    return WindowSummary(
        endpoint=endpoint,
        start=bounds[0],
        end=bounds[1],
        metric=metric[0],
        releases=tuple(_part(rows, release, metric, inputs.get(release, Profile())) for release in releases),
    )


def _part(rows: WindowRows, release: str, metric: tuple[str, Task], inputs: Profile) -> ReleaseWindow:
    mine = rows.release == release
    answered = mine & (rows.status == Status.OK)
    labelled = answered & np.isfinite(rows.truth)
    latencies = rows.latency_us[answered]
    return ReleaseWindow(
        release=release,
        answered=int(np.count_nonzero(answered)),
        refused=int(np.count_nonzero(mine & (rows.status == Status.REFUSED))),
        failed=int(np.count_nonzero(mine & (rows.status == Status.FAILED))),
        inputs=inputs,
        scores=profile_scores(rows.outputs[answered]),
        latency_p50=_quantile(latencies, 0.5),
        latency_p99=_quantile(latencies, 0.99),
        labelled=int(np.count_nonzero(labelled)),
        value=_realised(metric, rows.truth[labelled], rows.outputs[labelled]),
    )


def _realised(metric: tuple[str, Task], truth: Floats, outputs: Floats) -> float | None:
    if len(truth) < MIN_LABELS:
        return None
    value = compute(metric[0], metric[1], truth, outputs)
    return value if math.isfinite(value) else None


def _quantile(latencies: npt.NDArray[np.int64], share: float) -> Span | None:
    """The smallest latency that ``share`` of the requests do not exceed."""
    return Span(int(np.quantile(latencies, share, method="inverted_cdf"))) if len(latencies) else None
