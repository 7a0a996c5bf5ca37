"""How many independent rows one row counts for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from trimtab.data.array_profile import profile_columns, profile_scores
from trimtab.data.kinds import ColumnType
from trimtab.data.profile import Profile, merge_all
from trimtab.data.schema import Column, Contract
from trimtab.monitor.likeness import MIN_WINDOWS, effective_shares
from trimtab.stats.arrays import Floats

CONTRACT = Contract(
    time="at",
    key=None,
    label="label",
    columns=(
        Column(name="at", type=ColumnType.TIME),
        Column(name="kind", type=ColumnType.TEXT),
        Column(name="label", type=ColumnType.BOOLEAN),
    ),
)


def numbers(days: Floats) -> list[Profile]:
    return [profile_scores(day) for day in days]


def shares_of(windows: list[Profile]) -> Mapping[str, float]:
    return effective_shares(windows, merge_all(windows))


def kinds(days: list[list[str]]) -> list[Profile]:
    return [
        profile_columns(
            {"kind": np.array(day, dtype=object), "at": np.zeros(len(day), dtype="datetime64[us]")}, CONTRACT
        )
        for day in days
    ]


def test_independent_rows_count_in_full_or_nearly_so() -> None:
    chance = np.random.default_rng(1)
    shares = [shares_of(numbers(chance.normal(0, 1, (14, 48))))["score"] for _ in range(40)]
    assert np.mean(shares) > 0.75
    assert max(shares) == 1.0


def test_rows_that_are_alike_within_a_day_count_for_as_little_as_they_say() -> None:
    chance = np.random.default_rng(2)
    shares = [
        shares_of(numbers(chance.normal(0, 1, (14, 48)) + chance.normal(0, 1, (14, 1))))["score"] for _ in range(40)
    ]
    assert np.median(shares) == pytest.approx(1.0 / (1.0 + 47 * 0.5), rel=0.3)


def test_rows_that_are_all_the_same_within_a_window_count_as_one_together() -> None:
    days = np.repeat(np.random.default_rng(3).normal(0, 1, (14, 1)), 48, axis=1)
    assert shares_of(numbers(days))["score"] == pytest.approx(1 / 48)


def test_categories_that_come_in_waves_are_alike_and_mixed_ones_are_not() -> None:
    chance = np.random.default_rng(4)
    mixed = kinds([chance.choice(["a", "b", "c"], 48).tolist() for _ in range(14)])
    waves = kinds([[str(chance.choice(["a", "b", "c"]))] * 48 for _ in range(14)])
    assert shares_of(mixed)["kind"] > 0.4
    assert shares_of(waves)["kind"] == pytest.approx(1 / 48)


def test_few_windows_count_for_one_row_each_because_likeness_cannot_be_measured() -> None:
    days = np.random.default_rng(5).normal(0, 1, (MIN_WINDOWS - 1, 48))
    assert shares_of(numbers(days))["score"] == pytest.approx(1 / 48)


def test_a_column_that_never_changed_counts_in_full_and_empty_windows_are_left_out() -> None:
    constant = numbers(np.full((6, 10), 0.3))
    assert shares_of([*constant, Profile()])["score"] == 1.0
    assert shares_of([]) == shares_of([Profile()]) == {}
