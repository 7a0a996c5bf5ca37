"""Counts of numbers by bucket."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trimtab.data.sketch import (
    BUCKETS_MAX,
    Sketch,
    SketchFold,
    coarser,
    codes_of,
    merge_sketches,
    middles,
    most_whole_numbers,
    quantile,
    sketch_of,
    values_of,
)


def test_a_few_thousand_buckets_hold_any_column() -> None:
    chance = np.random.default_rng(3)
    sketch = sketch_of(chance.normal(size=20_000) * 10.0 ** chance.integers(-300, 300, 20_000))
    assert len(sketch.unpacked[0]) <= BUCKETS_MAX
    assert sketch.count == 20_000
    fine = sketch_of(1_000.0 + chance.uniform(0, 30, 20_000))
    assert fine.width < 1e-5  # the range is narrow, so the buckets are


def test_few_different_numbers_are_kept_as_they_are() -> None:
    sketch = sketch_of(np.arange(-4_000.0, 4_000.0))
    assert (sketch.exact, sketch.width, len(sketch.unpacked[0])) == (True, 0.0, 8_000)
    assert [quantile(sketch, share) for share in (0.0, 0.5, 0.75, 1.0)] == [-4_000, -1, 1_999, 3_999]
    assert middles(sketch).tolist() == list(range(-4_000, 4_000))


@pytest.mark.parametrize("far", [1.0, 2.0, 4.0, 1e10, 1.7e308, 5e-324])
def test_numbers_on_both_sides_of_zero_are_counted(far: float) -> None:
    sketch = sketch_of(np.array([-far, far, -far, 0.0, -0.0]))
    keys, counts = sketch.unpacked
    assert values_of(keys).tolist() == [-far, 0.0, far]
    assert counts.tolist() == [2, 2, 1]


def test_times_far_before_and_after_1970_are_counted() -> None:
    fold = SketchFold(linear=True)
    ends = [-(2**63), -(2**62) - 1, 0, 2**62 + 1, 2**63 - 1]
    fold.add(np.array(ends))
    assert fold.sketch().unpacked[0].tolist() == ends


def test_codes_are_in_the_order_of_their_numbers() -> None:
    numbers = np.array([-math.inf, -1e308, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1e308, math.inf])
    assert (np.diff(codes_of(numbers)) > 0).all() or (np.diff(codes_of(numbers).astype(object)) > 0).all()
    assert values_of(codes_of(numbers)).tolist() == numbers.tolist()


@pytest.mark.parametrize("shape", ["normal", "tiny", "zeros", "wide"])
def test_batches_give_the_sketch_of_all_rows_on_every_way_of_counting(shape: str) -> None:
    chance = np.random.default_rng(5)
    rows = 60_000
    values = {
        "normal": chance.normal(size=rows),
        "tiny": chance.normal(size=rows) * 5e-320,
        "zeros": np.where(chance.random(rows) < 0.5, -0.0, chance.normal(size=rows)),
        "wide": chance.normal(size=rows) * 10.0 ** chance.integers(-300, 300, rows),
    }[shape]
    whole = SketchFold()
    whole.add_floats(values)
    parts = SketchFold()
    for part in np.array_split(values[::-1].copy(), [10, 5_000, 40_000]):
        parts.add_floats(part)
    one, two = sketch_of(values[:1_000]), sketch_of(values[1_000:])
    assert whole.sketch() == parts.sketch() == sketch_of(values) == merge_sketches(one, two) == merge_sketches(two, one)


def test_a_batch_of_few_numbers_after_one_of_many_is_counted_in_the_same_buckets() -> None:
    many, few = np.random.default_rng(5).lognormal(size=20_000), np.full(20_000, 0.1)
    fold = SketchFold()
    for part in (many, few, many, few):
        fold.add_floats(part)
    assert fold.sketch() == sketch_of(np.concatenate([few, many, few, many]))


def test_a_bucket_is_as_narrow_as_a_few_thousand_allow() -> None:
    for values, width in ((np.random.default_rng(1).normal(size=100_000), 2.0**-7),):
        sketch = sketch_of(values)
        assert BUCKETS_MAX / 3 < len(sketch.unpacked[0]) <= BUCKETS_MAX
        assert sketch.width <= width


def test_no_numbers_have_no_quantile_and_change_nothing() -> None:
    empty, some = Sketch(), sketch_of(np.array([1.0]))
    assert math.isnan(quantile(empty, 0.5))
    assert empty.count == 0
    assert merge_sketches(empty, some) == some == merge_sketches(some, empty)
    assert coarser(empty, 48).unpacked[0].tolist() == []


def test_a_sketch_can_be_made_coarser_and_still_merges() -> None:
    values = np.random.default_rng(7).normal(size=3_000)
    whole = coarser(sketch_of(values), 48)
    assert whole.dropped == 48
    assert merge_sketches(coarser(sketch_of(values[:10]), 48), sketch_of(values[10:])) == whole
    assert coarser(whole, 3) == whole


def test_rows_that_are_not_nearly_all_different_whole_numbers_are_told_from_buckets() -> None:
    count = np.arange(-30_000.0, 70_000.0)
    assert most_whole_numbers(sketch_of(count)) == 100_000
    assert most_whole_numbers(sketch_of(np.repeat(count[:50_000], 2))) < 80_000
    assert most_whole_numbers(sketch_of(np.repeat(count[:1_000], 9))) == 1_000


def test_counts_beyond_two_bytes_and_far_keys_survive_the_packing() -> None:
    fold = SketchFold()
    keys = np.array([-(2**62), -1, 0, 254, 509, 764, 2**62])
    counts = np.array([1, 65_534, 65_535, 65_536, 2**40, 3, 1])
    fold.add_counted(keys, counts)
    found = fold.sketch().unpacked
    assert (found[0].tolist(), found[1].tolist()) == (keys.tolist(), counts.tolist())
