"""Counts of a column's texts while they are few: each row is told by a hash, looked up among those that are known.

Polars hashes a text in a nanosecond; grouping or encoding them costs ten. So a batch's hashes are looked up in a small
table by their first bits, the few that share an entry in sorted order, and only texts that were never seen are looked
at themselves. The seed of the hashes is that of Python's own dictionaries: where Python draws it anew for each process,
nobody can write two texts that are taken for one; by chance that happens to two texts once in 2⁶⁴. What comes out does
not depend on the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import polars as pl

from trimtab.data.column_profile import Lengths
from trimtab.data.hashes import hash_texts, words_of

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
Places = np.ndarray[Any, np.dtype[np.uint16]]

_ROOM: Final = 16
"""Entries of the table for each text, while there are few."""
_ENTRIES_MAX: Final = 1 << 16
_BLOCK: Final = 1 << 15
"""Hashes that are looked up at once: what a look-up makes of them stays in a processor's cache."""
_NOWHERE: Final = np.zeros(0, dtype=np.int64)
_SOME: Final = 4_096
"""Rows with texts that are not known, from all over a batch, among which different ones are sought first."""


class TextCounts:
    """Different texts by name, and how many rows have each.

    Args:
        name: what a text is called in a profile.
        plain: up to how many characters a text is called by itself.
        most: how many different names there may be; fewer than 2¹⁶.
    """

    def __init__(self, name: Callable[[str], str], *, plain: int, most: int) -> None:
        self._name, self._plain, self._most = name, plain, most
        self._seed = hash("texts") % 2**64
        self._names: list[str] = []
        self._counts: Integers = np.zeros(0, dtype=np.int64)
        self._hashes: Hashes = np.zeros(0, dtype=np.uint64)
        self._lengths: Integers = np.zeros(0, dtype=np.int64)
        self._known: Hashes = np.zeros(0, dtype=np.uint64)
        self._index()

    def add(self, texts: pl.Series) -> Places | None:
        """Count texts without a null among them, one at least: the place of each among those that are known.

        None, and nothing is counted, where there would be too many different names.
        """
        hashes = self._keys(texts)
        most = _SOME
        if not len(self._known) and not self._learn(texts.gather_every(-(-len(texts) // most)).unique()):
            return None
        places, unknown = self._find(hashes)
        while len(unknown):
            some = unknown[:: -(-len(unknown) // most)]
            if not self._learn(texts.gather(some.tolist()).unique()):
                return None
            places[unknown], still = self._find(hashes[unknown])
            unknown = unknown[still]
            most *= _SOME
        self._counts += np.bincount(places, minlength=len(self._counts))
        return places

    def words(self, places: Places, odd: np.uint64) -> Hashes:
        """The words of the texts at some places, for a column with this odd number."""
        return np.take(words_of(self._hashes, odd), places)

    def counted(self) -> dict[str, int]:
        """The rows of each name."""
        counted = dict.fromkeys(self._names, 0)
        for name, count in zip(self._names, self._counts.tolist(), strict=True):
            counted[name] += count
        return counted

    def lengths(self) -> Lengths | None:
        """The characters of the texts; None without a row."""
        if not len(self._counts):
            return None
        ends = int(self._lengths.min()), int(self._lengths.max())
        return Lengths(minimum=ends[0], maximum=ends[1], total=int(self._lengths @ self._counts))

    def _find(self, hashes: Hashes) -> tuple[Places, Integers]:
        """The place of each hash among those that are known, and which rows' are not."""
        places = np.zeros(len(hashes), dtype=np.uint16)
        if not len(self._known):
            return places, np.arange(len(hashes))
        unknown = []
        for first in range(0, len(hashes), _BLOCK):
            block = slice(first, first + _BLOCK)
            places[block], other = self._find_few(hashes[block])
            if len(other):
                unknown.append(other + first)
        return places, np.concatenate([_NOWHERE, *unknown])

    def _find_few(self, hashes: Hashes) -> tuple[Places, Integers]:
        entries = (hashes >> self._shift).view(np.int64)
        places = np.take(self._table, entries)
        other = np.flatnonzero(np.take(self._known, places) != hashes)
        shared = other[self._shared[entries[other]]] if len(other) else other
        if not len(shared):
            return places, other
        near = np.minimum(np.searchsorted(self._known, hashes[shared], sorter=self._order), len(self._order) - 1)
        places[shared] = self._order[near]
        return places, other[self._known[places[other]] != hashes[other]]

    def _learn(self, texts: pl.Series) -> bool:
        """Take in different texts, of which some are not known; whether there is room for the names of all."""
        hashes = self._keys(texts)
        unknown = self._find(hashes)[1]
        new = texts.gather(unknown.tolist()) if len(unknown) < len(texts) else texts
        lengths = new.str.len_chars().to_numpy().astype(np.int64)
        full = len(self._names) + len(new) > self._most  # unless several texts have one name
        if full and len(set(self._names)) + len(new) > self._most and int(lengths.max()) <= self._plain:
            return False
        names = [self._name(text) for text in new.to_list()]
        if full and len({*self._names, *names}) > self._most:
            return False
        self._names += names
        self._known = np.concatenate([self._known, hashes[unknown]])
        self._hashes = np.concatenate([self._hashes, hash_texts(new)])
        self._lengths = np.concatenate([self._lengths, lengths])
        self._counts = np.concatenate([self._counts, np.zeros(len(new), dtype=np.int64)])
        self._index()
        return True

    def _keys(self, texts: pl.Series) -> Hashes:
        hashes: Hashes = texts.hash(self._seed).to_numpy()
        return hashes

    def _index(self) -> None:
        entries = 2
        while entries < min(_ENTRIES_MAX, _ROOM * len(self._known)):
            entries *= 2
        self._shift = np.uint64(65 - entries.bit_length())
        self._order = np.argsort(self._known).astype(np.uint16)
        self._table = np.zeros(entries, dtype=np.uint16)
        own = self._known >> self._shift
        self._table[own] = np.arange(len(self._known))
        self._shared = np.bincount(own.view(np.int64), minlength=entries) > 1
