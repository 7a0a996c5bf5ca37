"""One column read beside a table's pieces."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from trimtab.data.scan import ColumnBeside, TableScan

ROWS = 60
ASKED = st.lists(st.tuples(st.booleans(), st.integers(1, 12)), max_size=12)


class InBatches(TableScan):
    """A table in batches of these sizes, which says how many of them were read."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__(pl.DataFrame({"n": range(ROWS), "other": range(ROWS)}))
        self.sizes, self.read = sizes, 0

    def batches(self, columns=None):  # type: ignore[no-untyped-def]
        assert columns == ["n"]
        (whole,) = super().batches(columns)
        first = 0
        for size in [*self.sizes, ROWS]:
            if first < ROWS:
                self.read += 1
                yield whole[first : first + size]
            first += size


@given(sizes=st.lists(st.integers(1, 20), max_size=8), asked=ASKED)
def test_the_rows_that_are_asked_for_come_and_those_to_be_skipped_do_not(
    sizes: list[int], asked: list[tuple[bool, int]]
) -> None:
    scan = InBatches(sizes)
    column, at = ColumnBeside(scan, "n"), 0
    for skipped, rows in asked:
        here = min(rows, ROWS - at)
        if skipped:
            column.skip(here)
        elif here:
            assert column.next(here).to_list() == list(range(at, at + here))
        at += here
    assert scan.read == 0 or not all(skipped for skipped, _ in asked)
