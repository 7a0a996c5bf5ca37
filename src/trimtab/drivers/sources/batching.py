"""How large a batch is: bounded by cells, since 100,000 rows of 30 columns and of 3,000 are not the same thing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

CELLS: Final = 12_000_000
"""Of one batch: some 100 MB of numbers in a table of a hundred columns or more, so that the cost of each column of each
batch does not show; a table of thirty columns has 47 MB, by `MOST_ROWS`."""
MOST_ROWS: Final = 196_608
"""A column of so many numbers stays in a processor's last cache, and what it costs beside its rows hardly shows."""
LEAST_ROWS: Final = 1_024
NARROW: Final = CELLS // MOST_ROWS
"""Columns of which the longest batch has no more cells than any; of more, pieces (`trimtab.data.scan`) are read."""


def batch_rows(columns: int) -> int:
    """The rows of a usual batch of so many columns; `cut` makes it up to half as large again."""
    return max(LEAST_ROWS, min(MOST_ROWS, CELLS // max(1, columns)))


def cut(table: pl.DataFrame, rows: int) -> Iterator[pl.DataFrame]:
    """The table in batches of about so many rows, without copying; nothing for a table without rows.

    All are of one size, up to half as large again as asked for: a batch costs some milliseconds however short it is, so
    that a remainder of a few rows would cost as much as a whole one.
    """
    size = -(-table.height // max(1, round(table.height / rows)))
    for first in range(0, table.height, max(1, size)):
        yield table.slice(first, size)
