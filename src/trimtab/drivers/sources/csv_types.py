"""Which type each column of a CSV file has, by all of its values.

Readers guess from the first rows, and then a value that comes late ends the reading after minutes. Here a first pass
reads the whole file with the types that hold so far, and where a block does not fit, widens those of its columns that
do not: whole numbers to longer ones or to fractions, and whatever is not a number either to text, which is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from trimtab.data.wording import counted

_TRUTHS: Final = ("true", "false", "True", "False", "TRUE", "FALSE")
_PADDED: Final = r"^0[0-9]+$"
_NUMBERS: Final = (pl.Int64(), pl.Int128(), pl.Float64())
_MOSTLY: Final = 0.5
"""The share of numbers from which text among them is told: below it, the column is one of texts."""
_ENOUGH: Final = 10_000
"""Values after which a column of texts is known as one, and its numbers are not counted any more."""


@dataclass(slots=True)
class _Column:
    """What is known of a column.

    Attributes:
        kind: the type that all of its values have so far; None before the first value.
        values: values so far.
        wrong: how many of them are not numbers, where others are; None where there is no need to count.
        row: the row of the first of those, from 1 on.
        padded: whether a whole number with a zero before it was seen.
    """

    kind: pl.DataType | None = None
    values: int = 0
    wrong: int | None = None
    row: int = 0
    padded: bool = False


class ColumnTypes:
    """The types of a file's columns, widened block by block."""

    def __init__(self, names: Sequence[str], *, decimal_comma: bool = False) -> None:
        self._decimal_comma = decimal_comma
        self._columns = {name: _Column() for name in names}
        self.rows = 0

    def schema(self) -> pl.Schema:
        """The types so far; a column without a value is text."""
        return pl.Schema({name: column.kind or pl.String() for name, column in self._columns.items()})

    def found(self) -> pl.Schema:
        """The types in the end; a column without a value is null."""
        return pl.Schema({name: column.kind or pl.Null() for name, column in self._columns.items()})

    def fit(self, texts: pl.DataFrame) -> None:
        """Widens the types until these rows, read as text, have them."""
        for name, column in self._columns.items():
            if column.kind != pl.String:
                self._widen(column, texts[name])

    def numbers(self) -> list[str]:
        """The columns that are numbers so far, if zeros before them would make them texts."""
        return [name for name, column in self._columns.items() if column.kind in _NUMBERS]

    def pad(self, texts: pl.DataFrame) -> None:
        """Takes for text whichever of these columns of numbers has one with a zero before it."""
        for series in texts:
            if _padded(series):
                column = self._columns[series.name]
                column.padded, column.kind = True, pl.String()

    @property
    def padded(self) -> frozenset[str]:
        """Columns that are texts since a zero is before a number."""
        return frozenset(name for name, column in self._columns.items() if column.padded)

    def add(self, block: pl.DataFrame) -> None:
        """Counts rows that were read with the `schema`."""
        for name, nulls in zip(block.columns, block.null_count().row(0), strict=True):
            column = self._columns[name]
            values = block.height - nulls
            if not values:
                continue
            if column.kind is None:
                self._widen(column, block[name])
            if column.wrong is not None:
                self._count(column, block[name])
            column.values += values
        self.rows += block.height

    def notes(self) -> dict[str, str]:
        """A sentence for each column that would be one of numbers, had it not a few other values, or zeros in front.

        Places and no values: which columns are sensitive is not known here.
        """
        told = {}
        for name, column in self._columns.items():
            if column.wrong and column.wrong < column.values * _MOSTLY:
                told[name] = f"{name}: {_not_numbers(column)} (row {column.row:,}), so it is read as text"
            elif column.padded and column.wrong is None:
                told[name] = f"{name}: some values begin with a zero, so it is read as text"
        return told

    def _widen(self, column: _Column, texts: pl.Series) -> None:
        values = texts.drop_nulls()
        if not values.len():
            return
        bare = self._bare(values)
        if column.kind in (None, pl.Boolean) and bool(values.is_in(_TRUTHS).all()):
            column.kind = pl.Boolean()
            return
        first = column.kind is None
        narrowest = _NUMBERS.index(column.kind) if column.kind in _NUMBERS else 0
        if first or column.kind in _NUMBERS:
            for kind in _NUMBERS[narrowest:]:
                if not bare.cast(kind, strict=False).null_count():
                    column.padded = column.padded or _padded(values)
                    column.kind = pl.String() if column.padded else kind
                    return
            column.wrong = 0 if not first or bare.cast(pl.Float64, strict=False).count() else None
        column.kind = pl.String()

    def _count(self, column: _Column, texts: pl.Series) -> None:
        numbers = self._bare(texts).cast(pl.Float64, strict=False)
        wrong = numbers.is_null() & texts.is_not_null()
        count = int(wrong.sum())
        if count and not column.wrong:
            column.row = self.rows + int(wrong.arg_true()[0]) + 1
        column.wrong = (column.wrong or 0) + count
        seen = column.values + texts.count()
        if seen > _ENOUGH and column.wrong > seen * _MOSTLY:
            column.wrong = None

    def _bare(self, texts: pl.Series) -> pl.Series:
        """The texts as a cast understands what the reader does."""
        bare = texts.str.strip_chars_start(" ")
        return bare.str.replace(",", ".", literal=True) if self._decimal_comma else bare


def _not_numbers(column: _Column) -> str:
    of = f"{column.wrong:,} of {counted(column.values, 'value')}"
    return f"{of} is not a number" if column.wrong == 1 else f"{of} are not numbers"


def _padded(values: pl.Series) -> bool:
    return bool(values.str.contains(_PADDED).any())
