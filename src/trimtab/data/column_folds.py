"""What is kept of one column while a table's batches pass: one fold for each kind of column.

The cheap question is asked first. Integers of a small range are counted in an array; a column of few numbers needs no
hashes of its own, since the sketch names them all.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import polars as pl

from trimtab.data.column_profile import (
    CategoryColumn,
    NumberColumn,
    OpaqueColumn,
    TimeColumn,
    category,
    exact_floats,
)
from trimtab.data.columns import natural_type
from trimtab.data.distinct import DistinctFold
from trimtab.data.fold import Array, ColumnFold, Hashes, Mask, Seen, without_nulls
from trimtab.data.hashes import (
    bits_of_floats,
    bits_of_integers,
    hash_floats,
    hash_integers,
    hash_texts,
    mixed,
    words_of,
)
from trimtab.data.hidden import hidden_numbers, hidden_times
from trimtab.data.kinds import EXACT_FLOAT, ColumnType
from trimtab.data.moments import Moments, merge_moments, moments_of
from trimtab.data.sketch import SketchFold, codes_of, values_of
from trimtab.data.text_fold import TextFold

_NARROW: Final = 1 << 17
"""Integers of a smaller range are counted in an array."""
_OF_64_BITS: Final = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)


def fold_for(dtype: pl.DataType, *, hidden: bool, distinct: bool) -> ColumnFold:
    """The fold for a column that Polars stores so.

    ``hidden``: its values must not be readable. ``distinct``: different numbers are counted although they are many.
    """
    match natural_type(dtype):
        case ColumnType.INTEGER:
            return NumberFold(ColumnType.INTEGER, str(dtype), hidden=hidden, distinct=distinct)
        case ColumnType.FLOAT:
            return NumberFold(ColumnType.FLOAT, str(dtype), hidden=hidden, distinct=distinct)
        case ColumnType.BOOLEAN:
            return TruthFold(str(dtype))
        case ColumnType.TEXT:
            return TextFold(str(dtype), hidden=hidden)
        case ColumnType.TIME:
            return TimeFold(str(dtype), hidden=hidden, distinct=distinct)
        case None:
            return OpaqueFold(str(dtype))


class NumberFold:
    """Integers and floats of any width."""

    is_number = True
    is_readable = True

    def __init__(self, kind: ColumnType, stored: str, *, hidden: bool, distinct: bool) -> None:
        self._kind, self._stored, self._hidden = kind, stored, hidden
        # The hash of a number can be turned back into it.
        self._counts_many = distinct and not hidden
        self._are_integers = kind is ColumnType.INTEGER
        self._exact_to = exact_floats(stored)
        self._nulls = self._nans = self._infinite = 0
        self._ends: tuple[int | float, int | float] | None = None
        self._moments = Moments()
        self._sketch = SketchFold()
        self._distinct: DistinctFold | None = None

    def add(self, series: pl.Series, *, odd: np.uint64 | None) -> Seen:
        series, present, nulls = without_nulls(series)
        self._nulls += nulls
        if self._are_integers and series.dtype not in _OF_64_BITS:
            self._are_integers = False  # no array holds integers of 128 bits, so they are taken for floats
        integers = _narrow(series) if self._are_integers else None
        floats = series.cast(pl.Float64)
        numbers: Array = floats.to_numpy()
        with np.errstate(over="ignore", invalid="ignore"):
            total = float(numbers.sum())
        finite = None if math.isfinite(total) else np.isfinite(numbers)  # a sum is, where all numbers are; seldom not
        if finite is not None and not finite.all():
            nans = int(np.isnan(numbers).sum())
            self._nans += nans
            self._infinite += len(numbers) - int(finite.sum()) - nans
            present = _narrowed(present, finite)
            series, numbers = series.filter(floats.is_finite()), numbers[finite]
            total = math.nan
        if not len(numbers):
            return Seen(words=np.empty(0, dtype=np.uint64), numbers=numbers, present=present)
        self._widen(series, numbers)
        self._moments = merge_moments(self._moments, moments_of(numbers, total if math.isfinite(total) else None))
        words = self._count(numbers, integers, series, odd)
        return Seen(words=words, numbers=numbers, present=present)

    def column(self) -> NumberColumn:
        least, greatest = self._ends or (None, None)
        column = NumberColumn(
            type=self._kind,
            stored=self._stored,
            nulls=self._nulls,
            nans=self._nans,
            infinite=self._infinite,
            minimum=least,
            maximum=greatest,
            moments=self._moments,
            sketch=self._sketch.sketch(),
            counted=self._counts_many,
            distinct=self._distinct.distinct() if self._distinct is not None else None,
        )
        return hidden_numbers(column) if self._hidden else column

    def _widen(self, series: pl.Series, numbers: Array) -> None:
        least: Any
        greatest: Any
        if self._are_integers:
            least, greatest = series.min(), series.max()
        else:
            least, greatest = float(numbers.min()) + 0.0, float(numbers.max()) + 0.0
        if self._ends is not None:
            least, greatest = min(self._ends[0], least), max(self._ends[1], greatest)
        self._ends = (least, greatest)

    def _count(
        self, numbers: Array, narrow: tuple[Array, int] | None, series: pl.Series, odd: np.uint64 | None
    ) -> Hashes | None:
        """Count the batch in the sketch, and its hashes where the sketch does not name each number; give its words."""
        before = self._sketch.keys if self._sketch.dropped == 0 else None
        places: tuple[Array, Array] | None = None
        if narrow is not None:
            offsets, least = narrow
            counts = np.bincount(offsets)
            found = np.flatnonzero(counts)
            places = found, offsets
            values = (found + least).astype(np.float64)
            self._sketch.add_counted(codes_of(values), counts[found])
            bits = bits_of_floats(values)
        else:
            self._sketch.add_floats(numbers)
            asked = odd is not None or self._is_many
            bits = self._bits(numbers, series) if asked else np.empty(0, dtype=np.uint64)
        if self._is_many:
            if self._distinct is None:
                self._distinct = DistinctFold()
                if before is not None:
                    self._distinct.add(hash_floats(values_of(before)))
            self._distinct.add(mixed(bits.copy()))
        if odd is None:
            return None
        words = words_of(bits, odd)
        return words if places is None else _of_rows(words, *places)

    @property
    def _is_many(self) -> bool:
        """Whether the sketch may count different numbers as one, and they are to be counted all the same."""
        return self._counts_many and (self._sketch.dropped > 0 or self._is_beyond_floats)

    @property
    def _is_beyond_floats(self) -> bool:
        if self._exact_to is None or self._ends is None:
            return False
        return max(-self._ends[0], self._ends[1]) > self._exact_to

    def _bits(self, numbers: Array, series: pl.Series) -> Hashes:
        """What the numbers' hashes are of; not to be changed."""
        if self._is_beyond_floats:
            return _bits_of_large(series) if self._are_integers else _bits_of_wide(series, numbers, self._exact_to)
        return numbers.view(np.uint64) if numbers.min() > 0.0 else bits_of_floats(numbers)


class TruthFold:
    """Truth values."""

    is_number = False
    is_readable = True

    def __init__(self, stored: str) -> None:
        self._stored = stored
        self._nulls = self._yes = self._no = 0

    def add(self, series: pl.Series, *, odd: np.uint64 | None) -> Seen:
        series, present, nulls = without_nulls(series)
        self._nulls += nulls
        yes = int(series.sum() or 0)
        self._yes += yes
        self._no += len(series) - yes
        if odd is None:
            return Seen(present=present)
        words = words_of(bits_of_floats(np.array([0.0, 1.0])), odd)
        return Seen(words=words[series.to_numpy().view(np.uint8)], present=present)

    def column(self) -> CategoryColumn:
        counted = {"false": self._no, "true": self._yes}
        return category(counted, ColumnType.BOOLEAN, nulls=self._nulls, stored=self._stored)


class TimeFold:
    """Dates and times of any unit."""

    is_number = False
    is_readable = True

    def __init__(self, stored: str, *, hidden: bool, distinct: bool) -> None:
        self._stored, self._hidden, self._counts_many = stored, hidden, distinct and not hidden
        self._nulls = self._count = 0
        self._ends: tuple[int, int] | None = None
        self._sketch = SketchFold(linear=True)
        self._distinct: DistinctFold | None = None

    def add(self, series: pl.Series, *, odd: np.uint64 | None) -> Seen:
        series, present, nulls = without_nulls(series)
        self._nulls += nulls
        moments = series.cast(pl.Datetime("us")) if series.dtype == pl.Date else series.dt.cast_time_unit("us")
        times: Array = moments.to_physical().to_numpy()
        if not len(times):
            return Seen(words=np.empty(0, dtype=np.uint64), present=present)
        self._count += len(times)
        least, greatest = int(times.min()), int(times.max())
        self._ends = (
            (least, greatest) if self._ends is None else (min(least, self._ends[0]), max(greatest, self._ends[1]))
        )
        before = self._sketch.keys if self._sketch.dropped == 0 else None
        self._sketch.add(times)
        many = self._counts_many and self._sketch.dropped > 0
        if many:
            if self._distinct is None:
                self._distinct = DistinctFold()
                if before is not None:
                    self._distinct.add(hash_integers(before))
            self._distinct.add(hash_integers(times))
        words = words_of(times.view(np.uint64), odd) if odd is not None else None
        return Seen(words=words, present=present)

    def column(self) -> TimeColumn:
        least, greatest = self._ends or (None, None)
        column = TimeColumn(
            stored=self._stored,
            nulls=self._nulls,
            count=self._count,
            minimum=least,
            maximum=greatest,
            sketch=self._sketch.sketch(),
            counted=self._counts_many,
            distinct=self._distinct.distinct() if self._distinct is not None else None,
        )
        return hidden_times(column) if self._hidden else column


class OpaqueFold:
    """Lists, structs and whatever else is only counted."""

    is_number = False
    is_readable = False

    def __init__(self, stored: str) -> None:
        self._stored = stored
        self._nulls = self._count = 0

    def add(self, series: pl.Series, *, odd: np.uint64 | None) -> Seen:
        del odd
        self._nulls += series.null_count()
        self._count += len(series) - series.null_count()
        return Seen()

    def column(self) -> OpaqueColumn:
        return OpaqueColumn(stored=self._stored, nulls=self._nulls, count=self._count)


def _narrow(integers: pl.Series) -> tuple[Array, int] | None:
    """Small integers as offsets from the least one; None where their range is wide, or there is none."""
    if not len(integers):
        return None
    least, greatest = int(integers.min()), int(integers.max())  # type: ignore[arg-type]  # integers, as the type says
    if greatest - least >= _NARROW or max(-least, greatest) > EXACT_FLOAT:
        return None
    values: Array = integers.cast(pl.Int64).to_numpy()
    return values - least, least


def _of_rows(words: Hashes, found: Array, offsets: Array) -> Hashes:
    """The word of each row's number, from those of the offsets that were found."""
    table = np.zeros(int(found[-1]) + 1, dtype=np.uint64)
    table[found] = words
    return table[offsets]


def _bits_of_large(series: pl.Series) -> Hashes:
    """Bits of integers beyond 2⁵³; unsigned ones of 64 bits by their own."""
    values: Array = series.to_numpy()
    return bits_of_integers(values.view(np.int64) if values.dtype == np.uint64 else values.astype(np.int64))


def _bits_of_wide(series: pl.Series, numbers: Array, exact_to: float | None) -> Hashes:
    """Bits of decimals and integers of 128 bits: of floats while each is one of its own, else a hash of digits."""
    bits = bits_of_floats(numbers)
    large = np.abs(numbers) > (exact_to or 0.0)
    if large.any():
        wide = series.filter(pl.Series(large))
        own = hash_texts(wide.cast(pl.String))
        if wide.dtype.is_integer():  # those of 64 bits have the bits that they have in a column of such
            narrow = wide.cast(pl.Int64, strict=False)
            fits = narrow.is_not_null().to_numpy()
            own[fits] = bits_of_integers(narrow.drop_nulls().to_numpy())
        bits[large] = own
    return bits


def _narrowed(present: Mask | None, finite: Mask) -> Mask:
    """Where values are there, once those that are not finite are taken for missing."""
    if present is None:
        return finite
    narrowed = present.copy()
    narrowed[np.flatnonzero(present)[~finite]] = False
    return narrowed
