"""What is kept of one column while a table's batches pass, seen from outside."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
import numpy as np
import polars as pl

from trimtab.data.column_profile import ColumnProfile

Array = np.ndarray[Any, np.dtype[Any]]
Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch's column was, for what is kept of whole rows.

    ``words`` (`trimtab.data.hashes.words_of`) and ``numbers`` are of the values that are there; ``present`` marks
    these, None where all are. The words are memory of their own, which whoever asked for them may change.
    """

    words: Hashes | None = None
    numbers: Array | None = None
    present: Mask | None = None


class ColumnFold(Protocol):
    """Keeps one column's profile; ``is_number`` and ``is_readable`` say what can be kept of whole rows."""

    is_number: bool
    is_readable: bool

    def add(self, series: pl.Series, *, odd: np.uint64 | None) -> Seen:
        """Take in a batch; give its words by an odd number of the column's own, if there is one."""
        ...

    def column(self) -> ColumnProfile:
        """What was kept so far."""
        ...


def without_nulls(series: pl.Series) -> tuple[pl.Series, Mask | None, int]:
    """The values that are there, where they are (None: everywhere), and how many are not."""
    nulls = series.null_count()
    if not nulls:
        return series, None, 0
    return series.drop_nulls(), series.is_not_null().to_numpy(), nulls
