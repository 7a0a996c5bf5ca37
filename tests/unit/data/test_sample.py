"""Some whole rows of a table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from trimtab.data.column_profile import NumberColumn
from trimtab.data.hashes import bits_of_floats, odd_number, words_of
from trimtab.data.kinds import ColumnType
from trimtab.data.profiler import Depth, Profiler, profile_frame
from trimtab.data.sample import ROWS_MAX, Sample, merge_samples, sampled_numbers, sampled_values


def sample_of(table: pl.DataFrame, **depth: Any) -> Sample:
    found = profile_frame(table, Depth(**depth)).sample
    assert found is not None
    return found


def rows_of(sample: Sample) -> set[tuple[object, ...]]:
    return set(zip(*(column.plain() for column in sample.columns.values()), strict=True))


def test_a_table_of_few_rows_is_its_own_sample() -> None:
    table = pl.DataFrame({"x": [1.5, None, 2.0, 1.5], "c": ["a", "b", None, "a"], "y": [True, False, None, True]})
    sample = sample_of(table)
    assert rows_of(sample) == {(1.5, "a", "true"), (None, "b", "false"), (2.0, None, None)}
    assert sorted(sample.counts) == [1, 1, 2]
    assert list(sample.hashes) == sorted(sample.hashes)


def test_a_gap_is_another_row_than_a_zero_a_false_or_an_empty_text() -> None:
    for values in ([0.0, None], [0, None], [False, None], ["", None]):
        sample = sample_of(pl.DataFrame({"x": values, "y": [1, 1]}))
        assert sample.counts == (1, 1)
        assert len(rows_of(sample)) == 2


def test_what_is_not_finite_is_a_gap() -> None:
    sample = sample_of(pl.DataFrame({"x": [math.nan, math.inf, None, -0.0, 0.0]}))
    assert sorted(sample.counts) == [2, 3]
    assert rows_of(sample) == {(None,), (0.0,)}


def test_at_most_so_many_rows_are_kept_and_counted_exactly() -> None:
    chance = np.random.default_rng(1)
    table = pl.DataFrame({"x": chance.integers(0, 20_000, 100_000)})
    sample = sample_of(table)
    assert len(sample.hashes) == ROWS_MAX
    counts = dict(zip(sample.columns["x"].plain(), sample.counts, strict=True))
    expected = dict(table["x"].value_counts().iter_rows())
    assert all(expected[int(float(str(value)))] == count for value, count in counts.items())


def test_batches_in_any_order_keep_the_same_rows() -> None:
    chance = np.random.default_rng(2)
    rows = 60_000
    long = ["x" * 100 + str(number % 7_000) for number in range(rows)]  # too many values to be counted one by one
    table = pl.DataFrame({"x": chance.normal(size=rows).round(3), "long": long})
    whole = sample_of(table)
    shuffled = table.sample(fraction=1.0, shuffle=True, seed=3)
    profiler = Profiler(table.schema)
    for start, stop in ((0, 100), (100, 5_000), (5_000, rows)):
        profiler.add(shuffled[start:stop])
    assert profiler.profile().sample == whole
    parts = [sample_of(shuffled[:7]), sample_of(shuffled[7:20_000]), sample_of(shuffled[20_000:])]
    first = merge_samples(parts[2], parts[0])
    assert first is not None
    assert merge_samples(first, parts[1]) == whole


def test_a_sensitive_column_is_not_in_the_sample_and_tells_no_rows_apart() -> None:
    table = pl.DataFrame({"x": [1, 1, 2], "name": ["Ada", "Bob", "Cyd"], "born": [1815, 1900, 1950]})
    sample = sample_of(table, sensitive=frozenset({"name", "born"}))
    assert sample == sample_of(table.select("x"))
    assert profile_frame(table, Depth(sensitive=frozenset(table.columns))).sample is None


def test_columns_without_readable_values_have_no_sample() -> None:
    table = pl.DataFrame({"x": [[1], [2]], "n": [None, None]})
    assert profile_frame(table).sample is None
    assert list(sample_of(table.with_columns(y=1)).columns) == ["y"]


def test_samples_of_other_columns_do_not_merge_unless_a_column_holds_nothing() -> None:
    one, two = sample_of(pl.DataFrame({"x": [1.0], "y": ["a"]})), sample_of(pl.DataFrame({"x": [2.0]}))
    assert merge_samples(one, two) is None
    assert merge_samples(one, Sample()) == one == merge_samples(Sample(), one)
    found = merge_samples(one, two, gaps=((), {"y"}))
    assert found is not None
    assert rows_of(found) == {(1.0, "a"), (2.0, None)}
    assert merge_samples(one, two, gaps=({"y"}, ())) is None


def test_values_are_packed_and_unpacked() -> None:
    numbers = sampled_numbers(ColumnType.FLOAT, np.array([1.5, math.nan, -math.inf, -0.0]))
    assert numbers.plain() == (1.5, None, None, 0.0)
    texts = sampled_values(ColumnType.TEXT, ["b", None, "a", "b"])
    assert (texts.values, texts.plain()) == (("a", "b"), ("b", None, "a", "b"))
    assert texts.numbers.tolist()[:1] == [1.0]
    assert math.isnan(texts.numbers[1])


def test_rows_of_few_and_even_numbers_are_as_likely_in_the_sample_as_any() -> None:
    """Words of whole numbers end in zeros: neither may rows of them share a hash, nor some be preferred."""
    rows = 100_000
    places = np.arange(rows)
    table = pl.DataFrame(
        {
            "tens": places % 10,
            "hundreds": (places // 10) % 10 * 1.0,
            "quarters": (places // 100) % 40 / 4,
            "powers": 2.0 ** ((places // 4_000) % 25),
            "yes": places % 3 == 0,
        }
    )
    sample = profile_frame(table).sample
    assert sample is not None
    assert len(sample.hashes) == ROWS_MAX
    assert set(sample.counts) == {1}
    for name in ("tens", "hundreds", "quarters"):
        numbers = table[name].to_numpy().astype(float)
        apart = sample.columns[name].numbers.mean() - numbers.mean()
        assert abs(apart) < 4.0 * numbers.std() / ROWS_MAX**0.5
        counts = np.unique(sample.columns[name].numbers, return_counts=True)[1]
        expected = ROWS_MAX / len(np.unique(numbers))
        assert (np.abs(counts - expected) < 5.0 * expected**0.5).all()


@pytest.mark.parametrize("values", [(1, -1), (2, 0), (1, 0), (0.5, 1.0)])
def test_rows_of_two_even_numbers_have_hashes_of_their_own(values: tuple[float, float]) -> None:
    """The words of 1 and -1 differ in one bit before they are multiplied; a million rows must not meet in a sum."""
    rows = np.unique(np.random.default_rng(0).integers(0, 2**40, 300_000))
    table = pl.DataFrame({f"c{bit}": np.where(rows >> bit & 1, *values).astype(np.float32) for bit in range(40)})
    forth, back = sample_of(table), sample_of(table.reverse())
    assert set(forth.counts) == {1}
    assert forth == back
    hashes = np.zeros(len(rows), dtype=np.uint64)
    for name in table.columns:
        hashes += words_of(bits_of_floats(table[name].cast(pl.Float64).to_numpy()), odd_number(name))
    assert len(np.unique(hashes)) == len(rows)


def test_a_rows_hash_does_not_change_unnoticed() -> None:
    """Profiles of January and of June are merged: another hash asks for another version of `Profile`."""
    table = pl.DataFrame(
        {
            "n": [1, 2, None],
            "x": [0.5, None, -1.0],
            "text": ["a", "b", ""],
            "yes": [True, False, None],
            "when": pl.Series([0, 1, None], dtype=pl.Datetime("us")),
            "wide": pl.Series(["12345678901234567890.5", "1.0", None]).cast(pl.Decimal(38, 1)),
        }
    )
    assert sample_of(table).hashes == ROWS
    wide = pl.Series("wide", [2**100 + place for place in range(3)], dtype=pl.Int128).to_frame()
    column = profile_frame(wide).columns["wide"]
    assert isinstance(column, NumberColumn)
    assert column.distinct is not None
    assert column.distinct.hashes.tolist() == WIDE


ROWS = (2510974850057092224, 8145509756001761930, 12874442622417046859)
WIDE = [6347766518187593349, 6912412339054783691, 7785051312261062949]
