"""A metric by windows of time, as production is watched."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trimtab.base.instants import DAY, HOUR
from trimtab.stats.metrics import compute
from trimtab.stats.windows import MIN_LABELS, by_window, mean_of_windows


def test_each_window_has_the_metric_of_its_own_rows_in_any_order() -> None:
    chance = np.random.default_rng(41)
    times = np.arange(0, 5 * DAY, HOUR)
    truth, scores = chance.integers(0, 2, len(times)), chance.random(len(times))
    shuffled = chance.permutation(len(times))
    windows = by_window("roc_auc", "binary", truth[shuffled], scores[shuffled], (times[shuffled], DAY))
    assert [window.start for window in windows] == [0, DAY, 2 * DAY, 3 * DAY, 4 * DAY]
    for day, window in enumerate(windows):
        rows = slice(24 * day, 24 * day + 24)
        assert window.value == compute("roc_auc", "binary", truth[rows], scores[rows])
    assert mean_of_windows(windows) == pytest.approx(np.mean([window.value for window in windows]))


def test_a_window_with_few_labels_or_one_class_has_no_figure_and_is_left_out_of_the_mean() -> None:
    times = np.array([0] * MIN_LABELS + [DAY] * (MIN_LABELS - 1) + [2 * DAY] * MIN_LABELS, dtype=np.int64)
    truth = np.array([0, 1] * 5 + [0, 1, 0, 1, 0, 1, 0, 1, 0] + [1] * 10)
    windows = by_window("roc_auc", "binary", truth, truth.astype(np.float64), (times, DAY))
    assert [math.isnan(window.value) for window in windows] == [False, True, True]
    assert mean_of_windows(windows) == 1.0
    assert math.isnan(mean_of_windows(windows[1:]))


def test_no_rows_make_no_windows() -> None:
    assert by_window("mae", "regression", np.empty(0), np.empty(0), (np.empty(0, dtype=np.int64), DAY)) == ()
