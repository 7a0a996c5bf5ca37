"""Repeated keys: exact, however few of them fit into memory."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from trimtab.data.repeats import Repeated, Repeats


def batches(table: pl.DataFrame, size: int) -> Iterator[pl.DataFrame]:
    return iter([table[start : start + size] for start in range(0, table.height, size)])


def repeated(table: pl.DataFrame, *, held_max: int, size: int = 100, again: bool = True) -> Repeated:
    repeats = Repeats(held_max)
    for batch in batches(table, size):
        repeats.add(batch)
    return repeats.repeated((lambda: batches(table, size)) if again else None)


@pytest.mark.parametrize("held_max", [10, 100, 333, 5_000, 1_000_000])
def test_repetitions_are_counted_exactly_in_any_memory(held_max: int) -> None:
    table = pl.DataFrame({"key": [*range(2_000), 5, 7, 5, *range(1_000, 1_500)], "other": [0] * 2_503})
    found = repeated(table, held_max=held_max)
    assert found.count == 503
    assert len(found.examples) == 10
    assert all(table.row(row) == key for row, key in found.examples)


def test_the_first_repetitions_are_shown_with_their_rows() -> None:
    table = pl.DataFrame({"key": ["a", "b", "a", None, None, "c", "b", "a"]})
    assert repeated(table, held_max=100, size=3) == Repeated(3, ((2, ("a",)), (6, ("b",)), (7, ("a",))))
    assert repeated(table, held_max=100, again=False) == Repeated(3)


def test_rows_with_a_gap_in_the_key_repeat_nothing() -> None:
    table = pl.DataFrame({"one": [1, 1, None, None, 1], "two": ["x", "y", "x", "x", "x"]})
    assert repeated(table, held_max=100) == Repeated(1, ((4, (1, "x")),))


def test_one_key_in_every_row_needs_no_more_memory_than_another() -> None:
    repeats = Repeats(50)
    for _ in range(100):
        repeats.add(pl.DataFrame({"key": ["same"] * 100}))
    assert not repeats.needs_again
    assert repeats.repeated(None).count == 9_999


def test_columns_do_not_run_into_each_other() -> None:
    table = pl.DataFrame({"one": ["a", "b", "ab", ""], "two": ["b", "a", "", "ab"]})
    assert repeated(table, held_max=100).count == 0


def test_a_collision_of_hashes_is_no_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "trimtab.data.repeats._hashes", lambda keys: (keys["key"].to_numpy() * 0, keys["key"].arg_sort().to_numpy())
    )
    found = repeated(pl.DataFrame({"key": pl.Series([1, 2, 3, 3], dtype=pl.UInt64)}), held_max=100)
    assert found == Repeated(1, ((3, (3,)),))


def test_there_may_be_no_rows() -> None:
    assert repeated(pl.DataFrame({"key": []}, schema={"key": pl.Int64}), held_max=10) == Repeated(0)
