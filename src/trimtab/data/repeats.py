"""How many rows repeat the values of an earlier row: exact, over tables of any length, in bounded memory.

Of each row a 64-bit hash of its key columns is kept, sorted and without repetitions: at most `HELD_MAX` of them and as
many that wait to be sorted in, some 200 MB while they are. A table with more different keys is read again, its key
columns alone: each further pass takes one slice of the hash's range, as many slices as rows / `HELD_MAX`, so memory
stays the same and time grows with the number of passes.

A hash can only find too many repetitions, never too few: among n rows the chance that two different keys share one is
n²/2⁶⁵, 1 in 600,000 for 8 million rows. Where few repetitions are found, which is where one too many would matter, the
rows in question are read again and compared by their values.

The hash is Polars' own: it is the same within a process, and nothing of it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

HELD_MAX: Final = 8_000_000
"""Hashes that are held; a bound of memory."""
_FEW: Final = 1_000
_SHOWN: Final = 10
_MIXED: Final = np.uint64(0x9E3779B97F4A7C15)

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Again = Callable[[], Iterator[pl.DataFrame]]
"""Reads the key columns from the start, batch by batch."""


Example = tuple[int, tuple[Any, ...]]
"""A row and its key."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """How many rows repeat an earlier one, and the first of them with their keys."""

    count: int
    examples: tuple[Example, ...] = ()


class Repeats:
    """Takes in the key columns of a table's batches; rows with a null among them are left out."""

    def __init__(self, held_max: int = HELD_MAX) -> None:
        self._held_max = held_max
        self._rows = 0
        self._held: _Held | None = _Held(held_max)

    def add(self, keys: pl.DataFrame) -> None:
        """Take in a batch of the key columns."""
        self._rows += keys.height
        if self._held is not None:
            hashes, _ = _hashes(keys)
            if not self._held.add(hashes):
                self._held = None

    @property
    def needs_again(self) -> bool:
        """Whether the table has more different keys than are held, so that it must be read again."""
        return self._held is None

    def repeated(self, again: Again | None) -> Repeated:
        """What was found; ``again`` is needed where `needs_again` says so, and else for examples only."""
        if self._held is not None:
            self._held.settle()
            return _shown(self._held, again)
        assert again is not None, "the caller asked needs_again"
        slices = -(-self._rows // self._held_max)
        width = -(-(2**64) // slices)
        count, examples = 0, list[Example]()
        for place in range(slices):
            held = _Held(2 * self._held_max)
            for keys in again():
                hashes, _ = _hashes(keys)
                low, high = np.uint64(place * width), np.uint64(min((place + 1) * width, 2**64) - 1)
                held.add(hashes[(hashes >= low) & (hashes <= high)])
            held.settle()
            found = _shown(held, again if len(examples) < _SHOWN else None)
            count += found.count
            examples += found.examples
        return Repeated(count=count, examples=tuple(sorted(examples, key=lambda example: example[0])[:_SHOWN]))


class _Held:
    """The different hashes so far, sorted, and those that were there more than once."""

    def __init__(self, held_max: int) -> None:
        self._max = held_max
        self._seen: Hashes = np.empty(0, dtype=np.uint64)
        self._waiting: list[Hashes] = []
        self._waits = 0
        self.count = 0
        self.repeated: Hashes = np.empty(0, dtype=np.uint64)

    def add(self, hashes: Hashes) -> bool:
        """Take in hashes; False when there are more different ones than may be held."""
        self._waiting.append(hashes)
        self._waits += len(hashes)
        if self._waits > self._max:
            self.settle()
        return len(self._seen) <= self._max

    def settle(self) -> None:
        """Sort in what waits."""
        merged = np.concatenate([self._seen, *self._waiting])
        self._waiting, self._waits = [], 0
        merged.sort()
        new = np.empty(len(merged), dtype=np.bool_)
        new[:1] = True
        np.not_equal(merged[1:], merged[:-1], out=new[1:])
        if new.all():
            self._seen = merged
            return
        self._seen = merged[new]
        self.count += len(merged) - len(self._seen)
        again = np.unique(merged[~new])
        self.repeated = np.union1d(self.repeated, again)[: self._max]


def _shown(held: _Held, again: Again | None) -> Repeated:
    """The count and the first rows; both by the values themselves where they are few."""
    if not held.count or again is None:
        return Repeated(count=held.count)
    exact = held.count <= _FEW
    seen: set[tuple[Any, ...]] = set()
    count, first_row = 0, 0
    examples: list[Example] = []
    for keys in again():
        hashes, places = _hashes(keys)
        suspects = places[np.isin(hashes, held.repeated)]
        for place, key in zip(suspects.tolist(), keys[suspects].rows(), strict=True):
            if key not in seen:
                seen.add(key)
                continue
            count += 1
            if len(examples) < _SHOWN:
                examples.append((first_row + place, key))
        first_row += keys.height
        if not exact and len(examples) == _SHOWN:
            break
    return Repeated(count=count if exact else held.count, examples=tuple(examples))


def _hashes(keys: pl.DataFrame) -> tuple[Hashes, np.ndarray[Any, np.dtype[np.int64]]]:
    """The hash of each row without a null, and the places of these rows."""
    whole = keys.select(pl.all_horizontal(pl.all().is_not_null()).alias("whole"))["whole"]
    places = whole.arg_true().to_numpy().astype(np.int64)
    rows = keys if len(places) == keys.height else keys.filter(whole)
    hashes = np.zeros(rows.height, dtype=np.uint64)
    for series in rows:
        hashes = (hashes ^ (hashes >> np.uint64(29))) * _MIXED + series.hash(seed=1).to_numpy()
    return hashes, places
