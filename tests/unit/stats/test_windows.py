"""A metric by windows of time, as production is watched."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trimtab.base.instants import DAY, HOUR, Instant
from trimtab.stats.metrics import compute
from trimtab.stats.windows import MIN_LABELS, WindowValue, by_window, shown_by_windows


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


def test_a_window_with_few_labels_or_one_class_has_no_figure_and_a_single_window_shows_nothing() -> None:
    times = np.array([0] * MIN_LABELS + [DAY] * (MIN_LABELS - 1) + [2 * DAY] * MIN_LABELS, dtype=np.int64)
    truth = np.array([0, 1] * 5 + [0, 1, 0, 1, 0, 1, 0, 1, 0] + [1] * 10)
    windows = by_window("roc_auc", "binary", truth, truth.astype(np.float64), (times, DAY))
    assert [math.isnan(window.value) for window in windows] == [False, True, True]
    assert math.isnan(shown_by_windows(windows, 0.9, higher_is_better=True))


def test_no_rows_make_no_windows() -> None:
    assert by_window("mae", "regression", np.empty(0), np.empty(0), (np.empty(0, dtype=np.int64), DAY)) == ()


def test_what_windows_show_is_students_bound_on_the_worse_side() -> None:
    values = tuple(WindowValue(start=Instant(day), value=value, rows=48) for day, value in enumerate((0.9, 0.8, 1.0)))
    room = 1.8856180831641267 * 0.1 / math.sqrt(3)  # Student's t with 2 degrees of freedom at 90 %
    assert shown_by_windows(values, 0.9, higher_is_better=True) == pytest.approx(0.9 - room)
    assert shown_by_windows(values, 0.9, higher_is_better=False) == pytest.approx(0.9 + room)


def test_what_windows_show_is_rarely_above_their_true_mean() -> None:
    chance = np.random.default_rng(7)
    above = 0
    for _ in range(400):
        drawn = chance.normal(0.8, 0.05, 14)
        values = tuple(WindowValue(start=Instant(day), value=float(value), rows=48) for day, value in enumerate(drawn))
        above += shown_by_windows(values, 0.9, higher_is_better=True) > 0.8
    assert above / 400 < 0.14
