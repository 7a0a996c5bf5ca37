"""How many different values there were."""

from __future__ import annotations

import numpy as np
import pytest

from trimtab.data.distinct import ERROR, SMALLEST, Distinct, DistinctFold, merge_distinct
from trimtab.data.hashes import hash_floats, hash_integers, hash_names


def of(*batches: np.ndarray) -> Distinct:
    fold = DistinctFold()
    for batch in batches:
        fold.add(batch)
    return fold.distinct()


def test_a_few_values_are_counted_exactly_however_often_they_are_there() -> None:
    hashes = hash_floats(np.arange(SMALLEST - 1, dtype=np.float64))
    found = of(np.repeat(hashes, 50), hashes)
    assert (found.count, found.exact) == (SMALLEST - 1, True)
    assert (of().count, of().exact) == (0, True)


@pytest.mark.parametrize("count", [1_024, 1_100, 5_000, 100_000, 1_000_000])
def test_many_values_are_counted_within_four_standard_errors(count: int) -> None:
    numbers = np.arange(count, dtype=np.float64)
    found = [
        of(hash_floats(numbers)),
        of(hash_floats(numbers * 0.37 - 5.0)),
        of(hash_integers(np.arange(count) + 2**60)),
        of(hash_names([f"customer {number}" for number in range(min(count, 100_000))])),
    ]
    for one in found[:3]:
        assert not one.exact
        assert abs(one.count - count) < 4 * ERROR * count
    assert abs(found[3].count - min(count, 100_000)) < 4 * ERROR * count


def test_the_error_is_the_one_that_is_stated() -> None:
    counts = np.array([of(hash_floats(np.arange(20_000.0) + 1e6 * run)).count for run in range(150)])
    assert abs(counts.mean() / 20_000 - 1.0) < 4 * ERROR / np.sqrt(150)
    assert counts.std() / 20_000 == pytest.approx(ERROR, rel=0.25)


def test_any_parts_in_any_order_keep_the_same_hashes() -> None:
    hashes = np.random.default_rng(1).permutation(np.repeat(hash_floats(np.arange(30_000.0)), 2))
    whole, reverse = of(hashes), of(*np.array_split(hashes[::-1].copy(), 17))
    assert whole == reverse
    assert merge_distinct(of(hashes[:100]), of(hashes[100:])) == whole
    assert merge_distinct(of(hashes[100:]), of(hashes[:100])) == whole
    assert merge_distinct(whole, Distinct()) == whole


def test_a_value_that_is_nearly_every_row_hides_no_other() -> None:
    hashes = hash_floats(np.arange(5_000.0))
    smallest = np.repeat(np.sort(hashes)[:1], 200_000)
    assert of(np.concatenate([smallest, hashes])) == of(hashes)
