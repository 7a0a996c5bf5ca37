"""What is kept of a column of texts or categories while a table's batches pass.

Texts are counted by value until there are too many different ones, and only then hashed one by one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from trimtab.data.column_profile import (
    GROUPS,
    VALUES_MAX,
    CategoryColumn,
    Lengths,
    category,
    group_counts,
    groups_of,
)
from trimtab.data.distinct import DistinctFold
from trimtab.data.fold import Hashes, Seen, without_nulls
from trimtab.data.hashes import hash_names, hash_texts, words_of
from trimtab.data.kinds import ColumnType
from trimtab.data.text_counts import TextCounts
from trimtab.data.texts import SHORT_MAX, hidden_text, short_text, shortened

Integers = np.ndarray[Any, np.dtype[np.int64]]

_NOTHING: Final = np.empty(0, dtype=np.uint64)


class TextFold:
    """Texts and categories."""

    is_number = False
    is_readable = True

    def __init__(self, stored: str, *, hidden: bool) -> None:
        self._stored, self._hidden = stored, hidden
        self._name = hidden_text if hidden else short_text
        self._nulls = 0
        self._counts: TextCounts | None = TextCounts(self._name, plain=0 if hidden else SHORT_MAX, most=VALUES_MAX)
        self._groups = np.zeros(GROUPS, dtype=np.int64)
        self._distinct = DistinctFold()
        self._lengths: Lengths | None = None

    def add(self, series: pl.Series, *, odd: np.uint64 | None) -> Seen:
        series, present, nulls = without_nulls(series)
        self._nulls += nulls
        texts = series.cast(pl.String) if series.dtype != pl.String else series
        if not len(texts):
            return Seen(words=_NOTHING, present=present)
        if self._counts is not None:
            places = self._counts.add(texts)
            if places is not None:
                return Seen(words=self._counts.words(places, odd) if odd is not None else None, present=present)
            self._group(self._counts)
        return Seen(words=self._add_to_groups(texts, odd), present=present)

    def column(self) -> CategoryColumn:
        if self._counts is not None:
            counted, lengths = self._counts.counted(), self._counts.lengths()
            return category(counted, ColumnType.TEXT, nulls=self._nulls, stored=self._stored, lengths=lengths)
        return CategoryColumn(
            type=ColumnType.TEXT,
            stored=self._stored,
            nulls=self._nulls,
            groups=tuple(self._groups.tolist()),
            lengths=self._lengths,
            distinct=self._distinct.distinct(),
        )

    def _group(self, counts: TextCounts) -> None:
        """Put what was counted by value into groups by hash: there are too many values."""
        counted = counts.counted()
        self._groups += np.array(group_counts(counted, counted.values()), dtype=np.int64)
        self._distinct.add(hash_names(list(counted)))
        self._lengths = counts.lengths()
        self._counts = None

    def _add_to_groups(self, texts: pl.Series, odd: np.uint64 | None) -> Hashes | None:
        """Count texts by groups; their words, if there is an odd number to make them by."""
        longest = self._measure(texts)
        named = texts if not self._hidden else pl.Series([self._name(text) for text in texts.to_list()])
        shown = named if longest <= SHORT_MAX or self._hidden else shortened(named)
        hashes = hash_texts(shown)
        self._groups += np.bincount(groups_of(hashes), minlength=GROUPS)
        self._distinct.add(hashes)
        if odd is None:
            return None
        # A row's hash is of the whole text in any case.
        return words_of(hashes if shown is texts else hash_texts(texts), odd)

    def _measure(self, texts: pl.Series) -> int:
        """Take in the characters of texts; the most."""
        lengths: Integers = texts.str.len_chars().to_numpy().astype(np.int64)
        least, most = int(lengths.min()), int(lengths.max())
        known = self._lengths or Lengths(minimum=least, maximum=most, total=0)
        self._lengths = Lengths(
            minimum=min(least, known.minimum),
            maximum=max(most, known.maximum),
            total=int(lengths.sum()) + known.total,
        )
        return most
