"""Some whole rows of a table, the same ones for any order and any parts of it.

The rows with the smallest hashes of their content: every row is as likely to be among them as any other, and the k
smallest of two samples are those of all rows. Equal rows have one hash and are kept once, with their number, which is
exact: a row that is kept in the end was kept from the first time it was seen.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from trimtab.data.hashes import different
from trimtab.data.kinds import ColumnType

if TYPE_CHECKING:
    import polars as pl

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]

ROWS_MAX: Final = 4_096
"""Rows that are kept: enough to see a rank correlation change by 0.2 between any two of some dozen columns."""
COLUMNS_MAX: Final = 64
"""Columns of a row that are kept, in the table's order."""
GAP: Final = 0xFFFF
"""The place of a value that is not there."""


class Sampled(msgspec.Struct, frozen=True, kw_only=True):
    """A column's values in the sampled rows.

    Attributes:
        type: what they are; a time is a number, of UTC microseconds.
        values: the different texts or truth values, sorted; empty for numbers and times.
        packed: for each row a float64 (not a number: a gap, or not finite), or where there are ``values`` the place
            among them as two bytes (`GAP`: a gap); little-endian.
    """

    type: ColumnType
    values: tuple[str, ...] = ()
    packed: bytes = b""

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers or times."""
        return self.type in (ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.TIME)

    @property
    def numbers(self) -> Floats:
        """The numbers, NaN for a gap; for other types the places among ``values``."""
        if self.is_number:
            return np.frombuffer(self.packed, dtype="<f8")
        places = self.places
        return np.where(places == GAP, math.nan, places.astype(np.float64))

    @property
    def places(self) -> Integers:
        """For texts and truth values: where each row's is among ``values``; `GAP` for none."""
        return np.frombuffer(self.packed, dtype="<u2").astype(np.int64)

    def plain(self) -> tuple[float | str | None, ...]:
        """The values as JSON has them."""
        if self.is_number:
            return tuple(None if math.isnan(number) else number for number in self.numbers.tolist())
        return tuple(None if place == GAP else self.values[place] for place in self.places.tolist())


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a table with the smallest hashes.

    Attributes:
        hashes: of the kept rows, ascending.
        counts: how many rows of the table are equal to each of them.
        columns: the values of the first `COLUMNS_MAX` columns; a sensitive column is left out.
    """

    hashes: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    columns: dict[str, Sampled] = {}


class SampleFold:
    """Keeps the rows with the smallest hashes."""

    def __init__(self) -> None:
        self._hashes: Hashes = np.empty(0, dtype=np.uint64)
        self._counts: Integers = np.empty(0, dtype=np.int64)
        self._rows: pl.DataFrame | None = None

    def add(self, hashes: Hashes, batch: pl.DataFrame) -> None:
        """Take in a batch: a hash for each of its rows.

        Rows are named by lists: for an array, Polars would import all of NumPy's masked ones.
        """
        import polars as pl

        near = np.flatnonzero(hashes <= self._hashes[-1]) if len(self._hashes) == ROWS_MAX else _near(hashes)
        if not len(near):
            return
        found, first, counts = np.unique(hashes[near], return_index=True, return_counts=True)
        known = len(self._hashes)
        together = np.concatenate([self._hashes, found[:ROWS_MAX]])
        order = np.argsort(together, kind="stable")
        ordered = together[order]
        starts = np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1])
        summed = np.add.reduceat(np.concatenate([self._counts, counts[:ROWS_MAX]])[order], starts)
        kept = order[starts][:ROWS_MAX]
        new = np.flatnonzero(kept >= known)
        rows = _alone(batch[near[first[kept[new] - known]].tolist()])
        if self._rows is not None:
            places = kept.copy()
            places[new] = np.arange(known, known + len(new))
            rows = pl.concat([self._rows, rows], rechunk=True)[places.tolist()]
        self._hashes, self._counts, self._rows = together[kept], summed[:ROWS_MAX], rows

    def sample(self, columns: dict[str, Sampled]) -> Sample:
        """What was kept, with the values that `rows` were turned into."""
        return Sample(
            hashes=tuple(self._hashes.tolist()),
            counts=tuple(self._counts.tolist()),
            columns=columns,
        )

    @property
    def rows(self) -> pl.DataFrame | None:
        """The kept rows in the order of their hashes; None before the first."""
        return self._rows


def merge_samples(
    left: Sample, right: Sample, *, gaps: tuple[Collection[str], Collection[str]] = ((), ())
) -> Sample | None:
    """The sample of both rows together; None if they are not of the same columns.

    ``gaps`` are columns without any value in the left rows, and in the right ones: such a column may be missing in that
    side's sample, since a column of nulls may have been stored without a type.
    """
    if not left.hashes or not right.hashes:
        return left if left.hashes else right
    one, two = _filled(left, right, gaps[0]), _filled(right, left, gaps[1])
    if one.keys() != two.keys() or len(one) > COLUMNS_MAX:
        return None
    hashes = np.array([*left.hashes, *right.hashes], dtype=np.uint64)
    found, first, places = np.unique(hashes, return_index=True, return_inverse=True)
    counts = np.bincount(places, weights=[*left.counts, *right.counts], minlength=len(found))[:ROWS_MAX]
    kept = first[:ROWS_MAX]
    return Sample(
        hashes=tuple(found[:ROWS_MAX].tolist()),
        counts=tuple(round(count) for count in counts.tolist()),
        columns={name: _together(column, two[name], kept) for name, column in one.items()},
    )


def sampled_numbers(kind: ColumnType, numbers: Floats) -> Sampled:
    """A column of numbers or times; what is not finite is a gap."""
    finite = np.where(np.isfinite(numbers), numbers, math.nan) + 0.0
    return Sampled(type=kind, packed=finite.astype("<f8").tobytes())


def sampled_values(kind: ColumnType, values: Sequence[str | None]) -> Sampled:
    """A column of texts or truth values (``true``, ``false``)."""
    different = sorted({value for value in values if value is not None})
    place_of: dict[str | None, int] = {value: place for place, value in enumerate(different)}
    places = np.array([place_of.get(value, GAP) for value in values], dtype="<u2")
    return Sampled(type=kind, values=tuple(different), packed=places.tobytes())


def sampled_texts(kind: ColumnType, texts: pl.Series) -> Sampled:
    """The same of a series of texts."""
    import polars as pl

    different = texts.drop_nulls().unique().sort()
    places = texts.cast(pl.Enum(different)).to_physical().cast(pl.UInt16).fill_null(GAP).to_numpy()
    return Sampled(type=kind, values=tuple(different.to_list()), packed=places.astype("<u2").tobytes())


def _together(left: Sampled, right: Sampled, kept: Integers) -> Sampled:
    if left.is_number and right.is_number:
        kind = left.type if left.type is right.type else ColumnType.FLOAT
        return sampled_numbers(kind, np.concatenate([left.numbers, right.numbers])[kept])
    values = [*left.plain(), *right.plain()]
    texts = [None if values[place] is None else str(values[place]) for place in kept.tolist()]
    return sampled_values(left.type, texts)


def _filled(sample: Sample, other: Sample, gaps: Collection[str]) -> dict[str, Sampled]:
    """The sample's columns, and those of the other that hold no value in it."""
    columns = dict(sample.columns)
    for name, column in other.columns.items():
        if name not in columns and name in gaps:
            none = len(sample.hashes)
            gap = sampled_numbers(column.type, np.full(none, math.nan))
            columns[name] = gap if column.is_number else sampled_values(column.type, [None] * none)
    return columns


def _alone(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with texts of their own: Polars' are views that would keep each batch's whole memory alive."""
    import polars as pl

    texts = [series for series in rows if series.dtype == pl.String]
    return rows.with_columns(pl.Series(text.name, text.to_list(), dtype=pl.String) for text in texts)


def _near(hashes: Hashes) -> Integers:
    """The places of a batch's smallest hashes, so many that none of those that are to be kept is missing."""
    if len(hashes) <= 4 * ROWS_MAX:
        return np.arange(len(hashes))
    for quarters in (5, 16, 256):
        bound = np.uint64(min(2**64 - 1, 2**64 // len(hashes) * quarters * ROWS_MAX // 4))
        near = np.flatnonzero(hashes <= bound)
        if len(different(hashes[near])) >= ROWS_MAX:
            return near
    return np.arange(len(hashes))
