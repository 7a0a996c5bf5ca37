"""Counting by bucket, on every way of it, beside a count of each number's name."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from trimtab.data.counting import count_floats, count_integers, count_known
from trimtab.data.sketch import codes_of

CHANCE = np.random.default_rng(11)
NORMAL = CHANCE.normal(size=3_000)
RARE = np.where(CHANCE.random(3_000) < 0.3, NORMAL, 0.0)
FLOATS = {
    "positive": np.abs(NORMAL),
    "negative": -np.abs(NORMAL),
    "around zero": NORMAL,
    "near to each other": 1_000.0 + NORMAL / 1e6,
    "mostly zero": RARE,
    "mostly zero and positive": np.abs(RARE),
    "mostly zero and negative": -np.abs(RARE),
    "both zeros": np.array([0.0, -0.0, -0.0, 1.0, -1.0]),
    "negative zero alone": np.array([-0.0, -0.0]),
    "too small for their exponents": np.array([5e-324, -5e-324, 0.0, -0.0, 3e-320]),
    "of all sizes": NORMAL * 10.0 ** CHANCE.integers(-300, 300, 3_000),
    "the ends": np.array([-1.7e308, 1.7e308, 5e-324, -5e-324]),
    "one": np.array([-2.5]),
}


def counted(found: tuple[Any, Any]) -> dict[int, int]:
    names, counts = found
    assert (np.diff(names) > 0).all()
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


@pytest.mark.parametrize("dropped", [0, 1, 20, 33, 42, 44, 52, 62, 63])
@pytest.mark.parametrize("shape", FLOATS)
def test_floats_are_counted_by_the_leading_bits_of_their_codes(shape: str, dropped: int) -> None:
    values = FLOATS[shape]
    assert counted(count_floats(values, dropped)) == Counter((codes_of(values) >> dropped).tolist())


@pytest.mark.parametrize("dropped", [0, 1, 20, 33, 50, 63])
@pytest.mark.parametrize("ends", [(0, 10), (-5, 5), (-(2**63), 2**63 - 1), (10**15, 10**15 + 10**9), (-(2**62), -3)])
def test_integers_are_counted_by_their_own_leading_bits(ends: tuple[int, int], dropped: int) -> None:
    values = np.concatenate([CHANCE.integers(*ends, 2_000, endpoint=True), np.array([*ends, ends[0]])])
    assert counted(count_integers(values, dropped)) == Counter((values >> dropped).tolist())


def test_values_that_are_known_are_counted_and_the_others_come_back() -> None:
    """Of 40,000 that are known a third share an entry with another, and their values may come back, too."""
    for known in (np.arange(-3, 900), CHANCE.choice(2**60, 40_000, replace=False), np.array([-(2**63)])):
        values = np.concatenate([CHANCE.choice(known, 5_000), CHANCE.integers(-(2**62), 2**62, 50), known[-1:]])
        counts, others = count_known(values, known)
        found = Counter(dict(zip(known.tolist(), counts.tolist(), strict=True)))
        assert found + Counter(others.tolist()) == Counter(values.tolist())
        assert {*values.tolist()} - {*known.tolist()} <= {*others.tolist()}
        assert len(known) > 1_000 or len(others) < 100
