"""One pass over a table's batches, and its profile.

Each batch is looked at column by column, through NumPy's views of Polars' memory, so that a column costs a few
sequential passes over some hundred kilobytes that fit a processor's cache. Nothing grows with the rows: sketches,
counted categories, smallest hashes, the sample and the co-moments are all bounded.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import polars as pl

from trimtab.data.column_folds import fold_for
from trimtab.data.column_profile import ColumnProfile
from trimtab.data.columns import natural_type
from trimtab.data.fold import ColumnFold, Seen
from trimtab.data.hashes import mixed, odd_number
from trimtab.data.kinds import ColumnType
from trimtab.data.pairs import COLUMNS_MAX, PairsFold
from trimtab.data.profile import Profile, RowOrder
from trimtab.data.sample import COLUMNS_MAX as SAMPLED_MAX
from trimtab.data.sample import Sample, Sampled, SampleFold, sampled_numbers, sampled_texts
from trimtab.data.texts import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable


Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]

_MICROSECONDS: Final = pl.Datetime("us")
_PRESENT: Final = np.uint64(0x9E37_79B9_7F4A_7C15)
"""Times the column's odd number, added to each value's word: 0, false and the empty text have the word 0, and a gap
adds nothing."""


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    """What a profile holds beside its columns.

    Attributes:
        joint: whether to keep co-moments and a sample of whole rows, which show what columns do together; about a
            third of the time.
        pairs: whether co-moments are among that.
        distinct: whether to count different values where they are many.
        time: the column that says in which order rows should be; None where there is none. A sensitive one is not
            followed.
        sensitive: columns whose values are not to be readable in the profile: texts are named by their hashes, numbers
            and times are known to within a coarse bucket, and none is in the sample.
    """

    joint: bool = True
    pairs: bool = True
    distinct: bool = True
    time: str | None = None
    sensitive: frozenset[str] = frozenset()


def profile_frame(table: pl.DataFrame, depth: Depth | None = None) -> Profile:
    """The profile of a table in memory."""
    profiler = Profiler(table.schema, depth)
    for start in range(0, table.height, _BATCH):
        profiler.add(table[start : start + _BATCH])
    return profiler.profile()


class Profiler:
    """The fold: `add` each batch, in order, then ask for the `profile`."""

    def __init__(self, schema: pl.Schema, depth: Depth | None = None) -> None:
        self._depth = depth or Depth()
        self._folds: dict[str, ColumnFold] = {
            name: fold_for(dtype, hidden=name in self._depth.sensitive, distinct=self._depth.distinct)
            for name, dtype in schema.items()
        }
        self._names = tuple(schema)
        numbers = [name for name in self._names if self._folds[name].is_number]
        self._pairs = PairsFold(tuple(numbers[:COLUMNS_MAX])) if self._asks_pairs(numbers) else None
        self._paired = frozenset(numbers[:COLUMNS_MAX]) if self._pairs is not None else frozenset()
        # A sensitive column has no part in a row's hash: from the hash and the other values it could be computed.
        self._odd = {
            name: odd_number(name)
            for name in self._names
            if self._folds[name].is_readable and name not in self._depth.sensitive
        }
        self._sampled = dict.fromkeys([*self._odd][:SAMPLED_MAX])
        self._sample = SampleFold() if self._depth.joint and self._sampled else None
        self._order: RowOrder | None = None
        self._rows = 0

    def _asks_pairs(self, numbers: list[str]) -> bool:
        return self._depth.joint and self._depth.pairs and len(numbers) > 1

    @property
    def rows(self) -> int:
        """The rows so far."""
        return self._rows

    def add(self, batch: pl.DataFrame) -> None:
        """Take in the next rows, which have the schema's columns and types."""
        self.add_pieces((batch,))

    def add_pieces(self, pieces: Iterable[pl.DataFrame]) -> None:
        """Take in the next rows as frames of some columns each, in the schema's order; no frame is kept while the next
        one is asked for, but those of its columns that are looked at together."""
        rows = everywhere = columns = 0
        hashes: Hashes | None = None
        sampled: dict[str, pl.Series] = {}
        numbers: dict[str, tuple[Any, Any]] = {}
        for piece in pieces:
            if not rows:
                rows = piece.height
                hashes = np.zeros(rows, dtype=np.uint64) if self._sample is not None else None
            columns += piece.width
            for series in piece if rows else ():
                name = series.name
                odd = self._odd.get(name) if hashes is not None else None
                seen = self._folds[name].add(series, odd=odd)
                if hashes is not None and odd is not None and seen.words is not None:
                    everywhere += _add_words(hashes, seen, odd)
                if name in self._paired:
                    numbers[name] = _spread(seen, rows)
                if name in self._sampled:
                    sampled[name] = series
                if name == self._depth.time and name not in self._depth.sensitive:
                    self._follow(series)
            del piece
        if not rows:
            return
        if columns != len(self._names):
            raise ValueError(f"{columns} columns of {len(self._names)} came")  # and nothing is known of the others
        self._rows += rows
        if self._sample is not None and hashes is not None:
            hashes += np.uint64(everywhere % 2**64)
            self._sample.add(mixed(hashes), pl.DataFrame(sampled))
        if self._pairs is not None:
            self._pairs.add(numbers)

    def profile(self) -> Profile:
        """The profile of the rows so far; may be asked more than once."""
        return Profile(
            rows=self._rows,
            columns={name: self._column(name) for name in self._names},
            pairs=self._pairs.pairs() if self._pairs is not None else None,
            sample=self._drawn(),
            order=self._order,
        )

    def _column(self, name: str) -> ColumnProfile:
        column = self._folds[name].column()
        return msgspec.structs.replace(column, hidden=True) if name in self._depth.sensitive else column

    def _follow(self, series: pl.Series) -> None:
        if series.dtype not in (pl.Datetime, pl.Date):
            return
        times = series.drop_nulls().cast(pl.Datetime("us", getattr(series.dtype, "time_zone", None))).to_physical()
        moments = times.to_numpy()
        if not len(moments):
            return
        backwards = int(np.count_nonzero(moments[1:] < moments[:-1]))
        first, last = int(moments[0]), int(moments[-1])
        if self._order is None:
            self._order = RowOrder(column=series.name, backwards=backwards, first=first, last=last)
            return
        before = self._order
        self._order = RowOrder(
            column=series.name,
            backwards=before.backwards + backwards + (first < before.last),
            first=before.first,
            last=last,
        )

    def _drawn(self) -> Sample | None:
        if self._sample is None:
            return None
        rows = self._sample.rows
        columns = {} if rows is None else {name: _sampled(rows[name]) for name in self._sampled}
        return self._sample.sample(columns)


_BATCH: Final = 196_608


def _add_words(rows: Hashes, seen: Seen, odd: np.uint64) -> int:
    """Add a column's words and its `_PRESENT` to the hashes of the rows; a value that is not there adds nothing. What
    is to be added to every row is given back, for one sum of all columns; the words are changed.
    """
    assert seen.words is not None, "asked for by the caller"
    own, there = seen.words, int(_PRESENT) * int(odd) % 2**64
    if seen.present is None:
        rows += own
        return there
    own += np.uint64(there)
    rows[seen.present] += own
    return 0


def _spread(seen: Seen, rows: int) -> tuple[Any, Any]:
    """A column's numbers, one for each row, and where there is one (None: everywhere)."""
    if seen.present is None:
        return seen.numbers, None
    values = np.zeros(rows)
    values[seen.present] = seen.numbers
    return values, seen.present


def _floats(series: pl.Series) -> Floats:
    """Numbers as floats, NaN for a gap."""
    floats = series.cast(pl.Float64)
    return (floats.fill_null(math.nan) if floats.null_count() else floats).to_numpy()


def _sampled(series: pl.Series) -> Sampled:
    """A few values in the form that is kept."""
    kind = natural_type(series.dtype)
    match kind:
        case ColumnType.INTEGER | ColumnType.FLOAT:
            return sampled_numbers(kind, _floats(series))
        case ColumnType.TIME:
            moments = series.cast(_MICROSECONDS) if series.dtype == pl.Date else series.dt.cast_time_unit("us")
            return sampled_numbers(kind, _floats(moments.to_physical()))
        case ColumnType.BOOLEAN:
            return sampled_texts(kind, series.cast(pl.String))
        case _:
            return sampled_texts(ColumnType.TEXT, shortened(series.cast(pl.String)))
