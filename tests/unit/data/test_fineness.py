"""How many bits buckets leave out, beside a count of what is left of each number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trimtab.data.fineness import least_left_out, steps_to

CHANCE = np.random.default_rng(12)
NORMAL = CHANCE.normal(size=16_384)
FLOATS = {
    "positive": np.exp(NORMAL),
    "negative": -np.exp(NORMAL),
    "around zero": NORMAL,
    "on both sides, far from zero": NORMAL + np.where(NORMAL > 0, 1e6, -1e6),
    "near to each other": 1e6 + NORMAL,
    "equal": np.full(16_384, 0.1),
    "one": np.array([-2.5]),
    "with a zero": np.concatenate([[0.0], np.exp(NORMAL)]),
    "with both zeros": np.concatenate([[0.0, -0.0], NORMAL]),
    "in cents": np.round(np.exp(NORMAL), 2),
    "of all sizes": NORMAL * 10.0 ** CHANCE.integers(-300, 300, 16_384),
}
BITS = {
    **{name: values.view(np.int64) for name, values in FLOATS.items()},
    "integers": CHANCE.integers(-(10**12), 10**12, 16_384),
    "all integers": np.array([-(2**63), -1, 0, 2**63 - 1]),
}


def different(bits: np.ndarray[Any, np.dtype[np.int64]], left_out: int) -> int:
    return len({bit >> left_out for bit in bits.tolist()})


@pytest.mark.parametrize("most", [2, 100, 8_193])
@pytest.mark.parametrize("shape", BITS)
def test_names_are_shortened_by_as_few_bits_as_leave_no_more_than_asked_for(shape: str, most: int) -> None:
    names = np.sort(BITS[shape])
    steps = steps_to(names, most)
    assert different(names, steps) <= most
    assert steps == 0 or different(names, steps - 1) > most


@pytest.mark.parametrize("most", [2, 100, 8_193])
@pytest.mark.parametrize("shape", BITS)
def test_no_more_bits_are_left_out_than_need_be(shape: str, most: int) -> None:
    left_out = least_left_out(BITS[shape], most)
    assert left_out == 0 or different(BITS[shape], left_out - 1) > most


@pytest.mark.parametrize("shape", ["positive", "negative", "around zero", "on both sides, far from zero", "integers"])
def test_a_few_thousand_numbers_tell_how_fine_their_buckets_can_be(shape: str) -> None:
    left_out = least_left_out(BITS[shape], 8_193)
    assert different(BITS[shape], left_out) <= 8_193
