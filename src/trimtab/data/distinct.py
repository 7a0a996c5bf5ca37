"""How many different values there were: exact while they are few, then from the smallest hashes.

The k smallest different hashes of some rows are a set, so they are the same for any order and any parts, and the k
smallest of two such sets are those of all rows. With the k-th of them at the share s of all possible hashes there are
about (k - 1) / s different values (Bar-Yossef, Jayram, Kumar, Sivakumar and Trevisan, "Counting distinct elements in
a data stream", RANDOM 2002); the standard error is 1 / sqrt(k - 2), 3.1 % for the k used here. Rejected: HyperLogLog,
which is smaller by a factor of four, and three times as slow without a compiled loop.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

from trimtab.data.hashes import different

Hashes = np.ndarray[Any, np.dtype[np.uint64]]

SMALLEST: Final = 1_024
ERROR: Final = 1.0 / (SMALLEST - 2) ** 0.5
"""The standard error of an estimated count, as a share of it."""


class Distinct(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest different hashes, ascending, as little-endian integers of 64 bits."""

    smallest: bytes = b""

    @property
    def hashes(self) -> Hashes:
        return np.frombuffer(self.smallest, dtype="<u8")

    @property
    def exact(self) -> bool:
        """Whether `count` is the number itself."""
        return len(self.smallest) < 8 * SMALLEST

    @property
    def count(self) -> int:
        """How many different values there were: exactly if `exact`, else with a standard error of 3.1 %."""
        if self.exact:
            return len(self.smallest) // 8
        return round((SMALLEST - 1) / (float(self.hashes[-1]) / 2.0**64))


class DistinctFold:
    """Keeps the smallest different hashes of what it is given."""

    def __init__(self) -> None:
        self._smallest: Hashes = np.empty(0, dtype=np.uint64)
        self._bound: np.uint64 | None = None

    def add(self, hashes: Hashes) -> None:
        """Take in some rows' hashes."""
        if self._bound is not None:
            hashes = hashes[hashes < self._bound]
        elif len(hashes) > 16 * SMALLEST:  # a first batch: the smallest few are likely to be enough
            few = hashes[hashes < np.uint64(2**64 // len(hashes) * 4 * SMALLEST)]
            if len(different(few)) >= SMALLEST:
                hashes = few
        if len(hashes):
            self._smallest = different(np.concatenate([self._smallest, hashes]))[:SMALLEST]
            if len(self._smallest) == SMALLEST:
                self._bound = self._smallest[-1]

    def distinct(self) -> Distinct:
        """What was kept so far."""
        return Distinct(smallest=self._smallest.astype("<u8").tobytes())


def merge_distinct(left: Distinct, right: Distinct) -> Distinct:
    """That of both rows together."""
    fold = DistinctFold()
    fold.add(left.hashes)
    fold.add(right.hashes)
    return fold.distinct()
