"""Which type each column of a CSV file has, by all of its values.

Readers guess from the first rows, and then a value that comes late ends the reading after minutes. Here a first pass
reads the whole file with the types that hold so far, and where a block does not fit, widens those of its columns that
do not: whole numbers to longer ones or to fractions, and whatever is not a number either to text, which is told.

A word that stands for a gap, as NA does, is no value, so long as all others are numbers or truth values and it is the
only such word: with two of them it may be that one means something else. Polars reads such a column as text, and what
it holds is found out here, as with spaces behind a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from trimtab.data.iso_times import GAPS
from trimtab.data.spelled import FALSE, TRUE, Spelling
from trimtab.data.wording import counted
from trimtab.drivers.sources.looks import looks_of, told_of

_TRUTHS: Final = (*TRUE, *FALSE)
_PADDED: Final = r"^0[0-9]+ *$"
_WHOLE: Final = r"^-?(0|[1-9][0-9]{0,17})$"
_FRACTION: Final = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,20})?$"
"""Numbers without anything that has to be looked at."""
NUMBERS: Final = (pl.Int64(), pl.Int128(), pl.Float64())
"""The types of numbers in a CSV file, each wide enough for those before it."""
_MOSTLY: Final = 0.5
"""The share of numbers from which text among them is told: below it, the column is one of texts."""
_ENOUGH: Final = 10_000
"""Values after which a column of texts is known as one, and its numbers are not counted any more."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A word that stands for a gap in a column: in how many rows, and the first of them, counted from 0."""

    word: str
    count: int
    row: int

    def note(self, column: str, others: pl.DataType) -> str:
        """What is told of it, in a column whose other values are of this type."""
        where = (
            f"{counted(self.count, 'row')} (the first is row {self.row:,})" if self.count > 1 else f"row {self.row:,}"
        )
        return f"{column}: {self.word!r} stands for a gap in {where}, since all other values are {_values_of(others)}"


def several_gaps(column: str, words: Sequence[str], others: pl.DataType) -> str:
    """What is told of a column that is text since more than one word may stand for a gap in it."""
    return (
        f"{column}: {' and '.join(map(repr, words))} may each stand for a gap among {_values_of(others)}, "
        "so it is read as text"
    )


@dataclass(slots=True)
class _Column:
    """What is known of a column.

    Attributes:
        kind: the type that all of its values but gaps have so far; None before the first value.
        as_text: whether Polars has to read it as text, since it takes some of its values for none of their type.
        values: values so far.
        gaps: the words among them that may stand for a gap.
        wrong: how many of them are not numbers, where others are; None where there is no need to count.
        row: the row of the first of those, counted from 0.
        padded: whether a whole number with a zero before it was seen.
        infinite: whether one is an infinity, or so large that it is read as one.
        look: what its first values look like to a person (`looks_of`); empty for texts.
    """

    kind: pl.DataType | None = None
    as_text: bool = False
    values: int = 0
    gaps: dict[str, Gap] = field(default_factory=dict)
    wrong: int | None = None
    row: int = 0
    padded: bool = False
    infinite: bool = False
    look: str = ""

    @property
    def found(self) -> pl.DataType:
        """The type in the end."""
        if self.kind is None:
            return pl.String() if self.values else pl.Null()
        return pl.String() if len(self.gaps) > 1 else self.kind


class ColumnTypes:
    """The types of a file's columns, widened block by block."""

    def __init__(self, names: Sequence[str], *, decimal_comma: bool = False) -> None:
        self._spelling = Spelling(decimal_comma=decimal_comma)
        self._columns = {name: _Column() for name in names}
        self.rows = 0

    def schema(self) -> pl.Schema:
        """The types to read with so far; a column without a value is text."""
        return pl.Schema(
            {name: pl.String() if c.as_text or c.kind is None else c.kind for name, c in self._columns.items()}
        )

    def found(self) -> pl.Schema:
        """The types in the end; a column without a value is null, and one of nothing but words for a gap is text."""
        return pl.Schema({name: column.found for name, column in self._columns.items()})

    def beside_gaps(self) -> pl.Schema:
        """The types of all values that are no word for a gap; null where there are none."""
        return pl.Schema({name: column.kind or pl.Null() for name, column in self._columns.items()})

    def gaps(self) -> Mapping[str, tuple[Gap, ...]]:
        """The words that may stand for a gap, in columns without any other text."""
        return {name: tuple(c.gaps.values()) for name, c in self._columns.items() if c.gaps and c.kind != pl.String}

    def spelled(self) -> frozenset[str]:
        """Columns of numbers or truth values some of which Polars does not read as such."""
        return frozenset(name for name, column in self._columns.items() if column.as_text and column.kind != pl.String)

    def fit(self, texts: pl.DataFrame) -> None:
        """Widens the types until these rows, read as text, have them."""
        for name, column in self._columns.items():
            if column.kind != pl.String:
                self._widen(column, texts[name])

    def numbers(self) -> list[str]:
        """The columns that are numbers so far, if zeros before them would make them texts."""
        return [name for name, c in self._columns.items() if c.kind in NUMBERS and not c.as_text]

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

    @property
    def infinite(self) -> frozenset[str]:
        """Columns of numbers of which one is an infinity, or so large that it is read as one."""
        return frozenset(name for name, c in self._columns.items() if c.infinite and c.kind in NUMBERS)

    def add(self, block: pl.DataFrame) -> None:
        """Counts rows that were read with the `schema`."""
        plain = self._plain(block)
        for series in block:
            column = self._columns[series.name]
            values = block.height - series.null_count()
            if not values:
                continue
            if series.name in plain:
                column.kind = plain[series.name]
                column.values += values
                continue
            is_text = series.dtype == pl.String
            if column.kind is None or (column.as_text and column.kind != pl.String):
                self._widen(column, series)
            if column.wrong is not None:
                self._count(column, series)
            if column.kind != pl.String and is_text:
                self._count_gaps(column, series)
            if column.kind == pl.Float64 and not column.infinite:
                numbers = self._spelling.values(series, pl.Float64()) if is_text else series
                column.infinite = bool(numbers.is_infinite().any())
            column.values += values
        if not self.rows:
            self._look_at(block)
        self.rows += block.height

    def notes(self) -> dict[str, str]:
        """A sentence for each column that would be one of numbers, had it not a few other values, or zeros in front,
        or looks like numbers or dates to a person.

        Places and no values: which columns are sensitive is not known here.
        """
        told = {}
        for name, column in self._columns.items():
            if column.wrong and column.wrong < column.values * _MOSTLY:
                told[name] = f"{name}: {_not_numbers(column)} (row {column.row:,}), so it is read as text"
                told[name] += f"; they look like {column.look}" if column.look else ""
            elif column.padded and column.wrong is None:
                told[name] = f"{name}: some values begin with a zero, so it is read as text"
            elif column.kind not in (None, pl.String) and len(column.gaps) > 1:
                told[name] = several_gaps(name, list(column.gaps), column.kind)
            elif column.look:
                told[name] = told_of(name, column.look, decimal_comma=self._spelling.decimal_comma)
        return told

    def _look_at(self, block: pl.DataFrame) -> None:
        """Looks at the texts of the first rows; of a column of numbers beside others only the latter were looked at."""
        columns = self._columns
        texts = [s for s in block if s.dtype == columns[s.name].kind == pl.String and not columns[s.name].look]
        by_place = pl.DataFrame({str(place): series for place, series in enumerate(texts)})
        for place, look in self._looks(by_place).items():
            columns[texts[int(place)].name].look = look

    def _looks(self, texts: pl.DataFrame) -> dict[str, str]:
        return looks_of(texts, decimal_comma=self._spelling.decimal_comma)

    def _plain(self, block: pl.DataFrame) -> dict[str, pl.DataType]:
        """The columns whose first values are plain numbers, as most columns' are, and their types.

        All columns are asked at once: a question to a single one costs Polars a tenth of a millisecond, and to know a
        column takes a dozen.
        """
        new = [series for series in block if self._columns[series.name].kind is None and series.dtype == pl.String]
        if not new:
            return {}
        texts = pl.DataFrame({str(place): series for place, series in enumerate(new)})
        kinds = {_WHOLE: pl.Int64(), _FRACTION: pl.Float64()}
        if self._spelling.decimal_comma:
            del kinds[_FRACTION]
        found: dict[str, pl.DataType] = {}
        for pattern, kind in kinds.items():
            matching = texts.select(pl.all().str.contains(pattern).all()).row(0)
            for series, matches in zip(new, matching, strict=True):
                if matches:
                    found.setdefault(series.name, kind)
        return found

    def _widen(self, column: _Column, texts: pl.Series) -> None:
        values = texts.drop_nulls()
        bare = self._spelling.numeric(values).drop_nulls()
        if bare.len():
            column.kind = self._kind(column, values, bare)
        comma = column.kind == pl.Float64 and self._spelling.decimal_comma  # Polars takes 1.200 for 1,2 there
        column.as_text = column.as_text or comma or not _reads(values, column.kind)

    def _kind(self, column: _Column, values: pl.Series, bare: pl.Series) -> pl.DataType:
        """The type that holds for these values too; ``bare`` are those that are no gaps."""
        if column.kind in (None, pl.Boolean) and bool(bare.is_in(_TRUTHS).all()):
            return pl.Boolean()
        first = column.kind is None
        narrowest = NUMBERS.index(column.kind) if column.kind in NUMBERS else 0
        if first or column.kind in NUMBERS:
            for kind in NUMBERS[narrowest:]:
                if not bare.cast(kind, strict=False).null_count():
                    column.padded = column.padded or _padded(values)
                    return pl.String() if column.padded else kind
            if not first or bare.cast(pl.Float64, strict=False).count():
                column.wrong = sum(gap.count for gap in column.gaps.values())
                column.row = min((gap.row for gap in column.gaps.values()), default=0)
        return pl.String()

    def _count(self, column: _Column, texts: pl.Series) -> None:
        numbers = self._spelling.numeric(texts).cast(pl.Float64, strict=False)
        wrong = numbers.is_null() & (texts.str.strip_chars(" ") != "").fill_null(value=False)
        count = int(wrong.sum())
        if count and not column.wrong:
            column.row = self.rows + int(wrong.arg_true()[0])
            column.look = self._looks(pl.DataFrame({"": texts.filter(wrong)})).get("", "")
        column.wrong = (column.wrong or 0) + count
        seen = column.values + texts.count()
        if seen > _ENOUGH and column.wrong > seen * _MOSTLY:
            column.wrong = None

    def _count_gaps(self, column: _Column, texts: pl.Series) -> None:
        stripped = texts.str.strip_chars(" ")
        places = stripped.is_in(GAPS).fill_null(value=False).arg_true()
        for word in stripped.gather(places).unique(maintain_order=True):
            rows = places.filter(stripped.gather(places) == word)
            before = column.gaps.get(word)
            row = before.row if before else self.rows + int(rows[0])
            column.gaps[word] = Gap(word, len(rows) + (before.count if before else 0), row)


def _not_numbers(column: _Column) -> str:
    of = f"{column.wrong:,} of {counted(column.values, 'value')}"
    return f"{of} is not a number" if column.wrong == 1 else f"{of} are not numbers"


def _values_of(kind: pl.DataType) -> str:
    return "truth values" if kind == pl.Boolean else "numbers"


def _reads(values: pl.Series, kind: pl.DataType | None) -> bool:
    """Whether Polars' reader takes all of these texts for values of the type, or for gaps."""
    if kind == pl.String:
        return True
    if kind in NUMBERS:
        return not (values.str.strip_chars(" ").is_in(GAPS) | values.str.ends_with(" ")).any()
    return bool(values.is_in(("", *_TRUTHS) if kind == pl.Boolean else ("",)).all())


def _padded(values: pl.Series) -> bool:
    return bool(values.str.contains(_PADDED).any())
