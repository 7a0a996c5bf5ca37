"""Reading goes on once nobody holds the last batch: two windows of a file in memory would be twice the memory."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence

import polars as pl
import pytest

from trimtab.app import data, data_check
from trimtab.app.data_opening import Reading
from trimtab.data.kinds import ColumnType
from trimtab.data.profiler import profile_frame
from trimtab.data.schema import Column, Contract
from trimtab.data.seasons import Season

CONTRACT = Contract(columns=(Column(name="n", type=ColumnType.INTEGER), Column(name="at", type=ColumnType.TIME)))


class Watchful:
    """A table of three batches that sees whether one of them outlives its turn."""

    name = "a table"
    rows = 30

    def __init__(self) -> None:
        times = pl.Series([1_700_000_000_000_000] * 10).cast(pl.Datetime("us", "UTC"))
        self.table = pl.DataFrame({"n": range(10), "at": times})
        self.turns = 0

    @property
    def schema(self) -> pl.Schema:
        return self.table.schema

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        for _ in range(3):
            batch = self.table.select(columns or self.table.columns)
            seen = weakref.ref(batch)
            yield batch
            del batch
            assert seen() is None, "someone holds a batch while the next one is read"
            self.turns += 1


def by_season(table: Watchful) -> object:
    return data.profile_by_season(table, Season.WEEKDAY, Reading(time="at"))


def checked(table: Watchful) -> object:
    return data_check.check(table, CONTRACT, data_check.Setting(reference=profile_frame(table.table)))


@pytest.mark.parametrize("use", [data.profile, by_season, checked])
def test_no_batch_is_held_while_the_next_one_is_read(use: object) -> None:
    table = Watchful()
    assert callable(use)
    use(table)
    assert table.turns == 3
