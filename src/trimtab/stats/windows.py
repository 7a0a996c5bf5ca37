"""A metric by slices of time, the same for the judged rows of a run and for production.

The area under the curve of a month is not the mean of its days' areas: days differ in level, and a day holds easier or
harder pairs. Production is watched by the window, so what a model is held to there is the mean over windows of the
rows that it was judged on, by this very function.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from trimtab.base.instants import Instant, floor_to
from trimtab.stats.arrays import Array
from trimtab.stats.metrics import compute
from trimtab.stats.special import t_quantile

MIN_LABELS: Final = 10
"""Labelled rows below which a window's figure says nothing worth betting on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowValue:
    """A metric on one window's rows; NaN where it has fewer than `MIN_LABELS` labels or one class only."""

    start: Instant
    value: float
    rows: int


def by_window(
    name: str, task: str, truth: Array, outputs: Array, times: tuple[npt.NDArray[np.int64], int]
) -> tuple[WindowValue, ...]:
    """The metric's value in each window that holds rows, in order of time.

    ``times`` are the rows' event times and the windows' length, in microseconds; windows are aligned to the epoch.
    ``truth`` and ``outputs`` are those of `trimtab.stats.metrics.compute`, which says what is raised.
    """
    return tuple(_windows(name, task, truth, outputs, times))


def _windows(
    name: str, task: str, truth: Array, outputs: Array, times: tuple[npt.NDArray[np.int64], int]
) -> Iterator[WindowValue]:
    event_times, length = times
    order = np.argsort(event_times, kind="stable")
    numbers = event_times[order] // length
    edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(order)]
    for low, high in pairwise(edges):
        if low == high:
            continue
        rows = order[low:high]
        value = compute(name, task, truth[rows], outputs[rows]) if len(rows) >= MIN_LABELS else math.nan
        yield WindowValue(start=floor_to(int(event_times[rows[0]]), length), value=value, rows=len(rows))


def shown_by_windows(values: tuple[WindowValue, ...], level: float, *, higher_is_better: bool) -> float:
    """What the mean over windows is at worst, at one-sided confidence ``level``: Student's bound over the windows.

    The lower bound of a score, the upper bound of an error. NaN with fewer than two windows on which the metric is
    defined: a single one shows nothing of how they vary.
    """
    defined = [window.value for window in values if math.isfinite(window.value)]
    count = len(defined)
    if count < 2:
        return math.nan
    mean = math.fsum(defined) / count
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in defined) / (count - 1))
    room = t_quantile(level, count - 1) * spread / math.sqrt(count)
    return mean - room if higher_is_better else mean + room
