"""Counting few texts by their hashes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.data import text_counts
from trimtab.data.hashes import hash_texts, odd_number, words_of
from trimtab.data.text_counts import TextCounts
from trimtab.data.texts import SHORT_MAX, hidden_text, short_text

ODD = odd_number("text")
TEXTS = st.lists(st.lists(st.text(max_size=3), min_size=1, max_size=12), min_size=1, max_size=5)


@given(batches=TEXTS, entries=st.sampled_from([2, 1 << 16]))
def test_texts_are_counted_and_placed_as_one_by_one(batches: list[list[str]], entries: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_counts, "_ENTRIES_MAX", entries)
        counts = TextCounts(short_text, plain=SHORT_MAX, most=1_000)
        for batch in batches:
            texts = pl.Series(batch, dtype=pl.String)
            places = counts.add(texts)
            assert places is not None
            assert counts.words(places, ODD).tolist() == words_of(hash_texts(texts), ODD).tolist()
    rows = [text for batch in batches for text in batch]
    assert counts.counted() == Counter(rows)
    lengths = counts.lengths()
    assert lengths is not None
    characters = [len(text) for text in rows]
    assert (lengths.minimum, lengths.maximum, lengths.total) == (min(characters), max(characters), sum(characters))


@pytest.mark.parametrize("rows", [7_000, 60_000])
def test_thousands_of_texts_are_found_although_the_table_has_less_room(rows: int) -> None:
    names = [f"merchant {number:04}" for number in range(4_000)]
    drawn = np.random.default_rng(1).integers(0, 4_000, 60_000).tolist()
    counts = TextCounts(short_text, plain=SHORT_MAX, most=4_096)
    for start in range(0, 60_000, rows):
        part = drawn[start : start + rows]
        places = counts.add(pl.Series([names[place] for place in part]))
        assert places is not None
        assert len(set(zip(part, places.tolist(), strict=True))) == len(set(part)) == len(set(places.tolist()))
    assert counts.counted() == Counter(names[place] for place in drawn)


@pytest.mark.parametrize("name", [short_text, hidden_text])
def test_too_many_texts_are_refused_and_leave_the_counts_as_they_were(name: object) -> None:
    assert callable(name)
    counts = TextCounts(name, plain=SHORT_MAX if name is short_text else 0, most=3)
    assert counts.add(pl.Series(["a", "b", "a"])) is not None
    before = counts.counted()
    assert counts.add(pl.Series(["a", "c", "d"])) is None
    assert counts.counted() == before
    assert counts.add(pl.Series(["c", "a"])) is not None
    assert sorted(counts.counted().values()) == [1, 1, 3]


def test_long_texts_count_by_their_names() -> None:
    long = "x" * 500
    counts = TextCounts(short_text, plain=SHORT_MAX, most=2)
    assert counts.add(pl.Series([long, "a", long])) is not None
    assert counts.counted() == {short_text(long): 2, "a": 1}
    assert counts.add(pl.Series([long + "y"])) is None


def test_nothing_is_counted_before_the_first_text() -> None:
    counts = TextCounts(short_text, plain=SHORT_MAX, most=3)
    assert counts.counted() == {}
    assert counts.lengths() is None
