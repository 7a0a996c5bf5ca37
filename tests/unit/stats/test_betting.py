"""Tests by betting: rarely wrong however often they are read, and quick when the claim is false."""

from __future__ import annotations

import numpy as np
import pytest

from trimtab.base.errors import InputError
from trimtab.stats.arrays import Floats
from trimtab.stats.betting import Capitals, accumulate, detect, evidence, start

YEAR = 365
THRESHOLD = YEAR / 0.05


def losses(chance: np.random.Generator, mean: float, *, runs: int, days: int = YEAR) -> Floats:
    """Daily losses in 0–1 with the given mean and a spread of 0.1."""
    rate = mean * (1.0 - mean) / 0.01 - 1.0
    return chance.beta(mean * rate, (1.0 - mean) * rate, (runs, days))


def day_of_alarm(stream: Floats, mean: float) -> int | None:
    capitals = start(0.0)
    for day, loss in enumerate(stream.tolist(), start=1):
        capitals = detect(capitals, loss, mean, ceiling=16.0 * THRESHOLD)
        if evidence(capitals) >= THRESHOLD:
            return day
    return None


def test_a_year_of_daily_looks_at_a_claim_that_just_holds_hardly_ever_alarms() -> None:
    streams = losses(np.random.default_rng(31), 0.2, runs=150)
    alarms = sum(day_of_alarm(stream, 0.2) is not None for stream in streams)
    assert alarms / 150 <= 0.05


def test_a_claim_that_becomes_false_after_a_long_clean_time_is_found_as_fast_as_one_that_always_was() -> None:
    chance = np.random.default_rng(32)
    always = [day_of_alarm(stream, 0.2) or YEAR for stream in losses(chance, 0.3, runs=40)]
    clean = losses(chance, 0.1, runs=40, days=200)
    later = np.concatenate([clean, losses(chance, 0.3, runs=40)], axis=1)
    after = [(day_of_alarm(stream, 0.2) or YEAR) - 200 for stream in later]
    assert np.median(always) < 40
    assert np.median(after) <= np.median(always) + 2
    assert min(after) > 0


def test_days_that_depend_on_each_other_do_not_spoil_the_level() -> None:
    chance = np.random.default_rng(33)
    alarms = 0
    for _ in range(100):
        bad = chance.random(YEAR) < 0.5
        stream = np.where(bad, 0.35, 0.05)
        stream[1:] += 0.05 * np.sign(stream[:-1] - 0.2) * np.where(chance.random(YEAR - 1) < 0.5, 1, -1)
        alarms += day_of_alarm(stream, 0.2) is not None
    assert alarms <= 5


def test_what_was_won_over_a_year_is_lost_in_days_because_capitals_are_cut_off() -> None:
    capitals: Capitals = start(1.0)
    for _ in range(YEAR):
        capitals = accumulate(capitals, 0.3, 0.2, ceiling=40.0)
    assert evidence(capitals) > 30.0
    for _ in range(8):
        capitals = accumulate(capitals, 0.05, 0.2, ceiling=40.0)
    assert evidence(capitals) < 20.0


def test_a_capital_never_vanishes_so_that_it_can_come_back() -> None:
    capitals = start(1.0)
    for _ in range(2_000):
        capitals = accumulate(capitals, 0.0, 0.2, ceiling=40.0)
    assert min(capitals) > 0.0


@pytest.mark.parametrize(("loss", "mean"), [(-0.1, 0.2), (float("nan"), 0.2), (0.1, 0.0), (0.1, -1.0)])
def test_a_bet_that_is_not_possible_is_refused(loss: float, mean: float) -> None:
    with pytest.raises(InputError, match="is not possible"):
        detect(start(0.0), loss, mean, ceiling=1e6)
