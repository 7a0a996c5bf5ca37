"""Texts that are times, as a file that stores no types writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from trimtab.base.errors import InputError
from trimtab.data.columns import INSTANTS
from trimtab.data.iso_times import has_zone, is_time
from trimtab.data.kinds import ColumnType
from trimtab.data.reread import Reread
from trimtab.data.scan import Scan
from trimtab.data.spelled import AS_STORED, Spelling, read_spelled

_FIRST: Final = 100


class NoTimesError(InputError):
    """A column of text that is named as the time holds a value that is none."""

    code = "TT1382"


def timed(scan: Scan, column: str) -> TimedScan:
    """A table of text files with a column that is to be read as times: with a zone where the first of them has one."""
    times = [text for text in _first(scan, column) if is_time(text)]
    dtype = INSTANTS if times and has_zone(times[0]) else pl.Datetime("us")
    return TimedScan(scan=scan, column=column, dtype=dtype, spelling=getattr(scan, "spelling", AS_STORED))


def begins_with_times(scan: Scan, column: str) -> bool:
    """Whether of the first values of a column of text most are dates or times of ISO 8601."""
    first = _first(scan, column)
    return 2 * sum(map(is_time, first)) > len(first)


def _first(scan: Scan, column: str) -> list[str]:
    """Some of the first values of a column of text that are no gaps; none without one."""
    spelling: Spelling = getattr(scan, "spelling", AS_STORED)
    bare = (spelling.bare(batch[column]).drop_nulls() for batch in scan.batches([column]))
    return next((values.head(_FIRST).to_list() for values in bare if len(values)), [])


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedScan(Reread):
    """A table of text files whose column of times, of which no file says that it is one, is read as ``dtype``.

    Raises:
        NoTimesError: while it is read, where a value is no time.
    """

    column: str
    dtype: pl.Datetime
    spelling: Spelling

    @property
    def schema(self) -> pl.Schema:
        return pl.Schema({**self.scan.schema, self.column: self.dtype})

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        first = 0
        for batch in self.scan.batches(columns):
            height = batch.height
            yield self._timed(batch, first) if self.column in batch.columns else batch
            del batch
            first += height

    def _timed(self, batch: pl.DataFrame, first: int) -> pl.DataFrame:
        read = read_spelled(batch[self.column], ColumnType.TIME, "UTC", self.spelling)
        wrong = [int(mask.arg_true()[0]) for mask in read.faults.values()]
        if wrong:
            problem = f"the column {self.column!r} holds a value that is no time (row {first + min(wrong):,})"
            fix = "Times are of ISO 8601, such as 2026-03-01 or 2026-03-01T14:30:00Z."
            raise NoTimesError(problem, at=self.scan.name, fix=fix)
        return batch.with_columns(read.values.dt.replace_time_zone(self.dtype.time_zone))
