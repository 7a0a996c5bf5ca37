"""The bootstrap over blocks of time: deterministic, paired, and as confident as it says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trimtab.base.instants import DAY, HOUR
from trimtab.stats.arrays import Array, Floats
from trimtab.stats.bootstrap import MOST_BLOCKS, Blocks, draw, estimate, paired_gain, time_blocks
from trimtab.stats.metrics import compute, prepare


def days_of_rows(chance: np.random.Generator, days: int, per_day: int) -> tuple[Array, Floats, Floats, Blocks]:
    """Truth, two models' scores, and blocks; each day shifts both models' scores and makes both better or worse."""
    blocks = np.repeat(np.arange(days), per_day)
    truth = chance.integers(0, 2, days * per_day)
    shared = chance.normal(0, 0.5, days)[blocks] + truth * chance.normal(1, 0.4, days)[blocks]
    first = shared + chance.normal(0, 1, len(truth))
    second = shared + chance.normal(0, 1, len(truth))
    return truth, first, second, Blocks(of_row=blocks, count=days)


def test_bounds_are_as_often_right_as_they_say_on_rows_that_are_alike_within_a_day() -> None:
    chance = np.random.default_rng(21)
    truth, first, _, _ = days_of_rows(chance, 4_000, 48)
    expected = compute("roc_auc", "binary", truth, first)
    runs, right = 200, {"low": 0, "high": 0, "gain low": 0, "gain high": 0}
    for run in range(runs):
        truth, first, second, blocks = days_of_rows(chance, 20, 48)
        one, two = prepare("roc_auc", "binary", truth, first), prepare("roc_auc", "binary", truth, second)
        weights = draw(blocks.count, run, resamples=400)
        figure = estimate(one, blocks, weights, 0.9).interval
        gain = paired_gain(two, one, blocks, weights, 0.9).interval
        right["low"] += figure.low <= expected
        right["high"] += figure.high >= expected
        right["gain low"] += gain.low <= 0.0
        right["gain high"] += gain.high >= 0.0
    assert all(0.84 <= count / runs <= 0.96 for count in right.values()), right


def test_drawing_rows_one_by_one_would_claim_more_than_is_known() -> None:
    truth, first, _, blocks = days_of_rows(np.random.default_rng(22), 30, 200)
    prepared = prepare("roc_auc", "binary", truth, first)
    singly = Blocks(of_row=np.arange(len(truth)) // 15, count=400)
    by_day = estimate(prepared, blocks, draw(30, 1), 0.9).interval
    by_row = estimate(prepared, singly, draw(400, 1), 0.9).interval
    assert by_day.high - by_day.low > 1.5 * (by_row.high - by_row.low)


def test_the_same_seed_gives_the_same_bounds_and_another_seed_others() -> None:
    truth, first, _, blocks = days_of_rows(np.random.default_rng(23), 12, 30)
    prepared = prepare("average_precision", "binary", truth, first)
    assert estimate(prepared, blocks, draw(12, 5), 0.9) == estimate(prepared, blocks, draw(12, 5), 0.9)
    assert estimate(prepared, blocks, draw(12, 5), 0.9) != estimate(prepared, blocks, draw(12, 6), 0.9)


def test_a_gain_has_the_sign_of_better_for_errors_too() -> None:
    chance = np.random.default_rng(24)
    truth = chance.normal(0, 1, 400)
    near, far = truth + chance.normal(0, 0.2, 400), truth + chance.normal(0, 0.6, 400)
    blocks = time_blocks(np.arange(400) * HOUR, DAY)
    gain = paired_gain(prepare("rmse", "regression", truth, near), prepare("rmse", "regression", truth, far), blocks,
                       draw(blocks.count, 0), 0.9).interval  # fmt: skip
    assert 0.3 < gain.low < gain.estimate < gain.high < 0.5


def test_what_is_hard_for_both_models_cancels_out_of_their_difference() -> None:
    truth, first, _, blocks = days_of_rows(np.random.default_rng(25), 30, 48)
    alike = first + np.random.default_rng(26).normal(0, 0.05, len(first))
    one, two = prepare("roc_auc", "binary", truth, first), prepare("roc_auc", "binary", truth, alike)
    weights = draw(30, 0)
    gain = paired_gain(two, one, blocks, weights, 0.9).interval
    figure = estimate(one, blocks, weights, 0.9).interval
    assert gain.high - gain.low < (figure.high - figure.low) / 4


def test_draws_without_one_of_the_classes_are_counted_and_not_guessed() -> None:
    truth = np.zeros(100, dtype=np.int64)
    truth[:5] = 1
    blocks = Blocks(of_row=np.arange(100) // 10, count=10)
    found = estimate(prepare("roc_auc", "binary", truth, np.linspace(1, 0, 100)), blocks, draw(10, 0), 0.9)
    assert found.undefined == pytest.approx(0.9**10, abs=0.05)
    nothing = estimate(prepare("roc_auc", "binary", truth * 0, np.linspace(1, 0, 100)), blocks, draw(10, 0), 0.9)
    assert (nothing.interval.low, nothing.interval.high, nothing.undefined) == (-math.inf, math.inf, 1.0)


def test_blocks_are_aligned_to_the_epoch_whatever_the_order_of_the_rows() -> None:
    times = np.array([DAY + 1, 3, DAY - 1, 5 * DAY, DAY], dtype=np.int64)
    blocks = time_blocks(times, DAY)
    assert blocks.of_row.tolist() == [1, 0, 0, 2, 1]
    assert blocks.count == 3
    assert time_blocks(times[:0], DAY).count == 0


def test_very_many_blocks_are_merged_with_their_neighbours() -> None:
    blocks = time_blocks(np.arange(0, 1_001 * DAY, DAY), DAY)
    assert blocks.count <= MOST_BLOCKS
    assert blocks.count == blocks.of_row.max() + 1
    assert (np.diff(blocks.of_row) >= 0).all()
