"""CSV and TSV files: read in blocks by Polars, with types that hold for all rows, and no line repaired in silence.

The file is read twice: once to learn its types and to check each line, which costs as much as reading it, and then once
for each pass over its rows. Text stays text: dates are parsed where the contract says that a column is a time, never by
their looks. A word like NA is a gap where all other values are numbers or truth values, and a text among texts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from shlex import quote
from typing import Any, Final

import polars as pl

from trimtab.data.columns import by_name
from trimtab.data.scan import whole
from trimtab.data.spelled import Spelling
from trimtab.drivers.sources.batching import LEAST_ROWS, batch_rows, cut
from trimtab.drivers.sources.csv_blocks import Block, blank_lines, blocks, padded_numbers, refuse_block, separators
from trimtab.drivers.sources.csv_header import Decimal, Header, read_header
from trimtab.drivers.sources.csv_types import ColumnTypes, Gap
from trimtab.drivers.sources.files import SourceFile
from trimtab.drivers.sources.problems import SourceError
from trimtab.drivers.sources.reading import read_errors

_FIRST: Final = 64 << 10
_BLOCK: Final = 8 << 20
_LARGER: Final = 16 << 20
"""Bytes that are parsed at once: at the beginning, while types are learned, and later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedPart:
    """A CSV or TSV file whose rows have been looked at.

    Attributes:
        told: what is to be told of columns' types.
        padded: the columns that are texts since numbers in them begin with a zero.
        infinite: the columns of numbers of which one is read as an infinity.
        beside_gaps: the types of the values that are no words for a gap.
        gaps: such words, in columns without other texts.
        spelled: the columns that are read as text and then as what they hold: numbers, truth values, or gaps alone.
        filled: of those with a word for a gap, the type of the values in other rows or files.
    """

    file: SourceFile
    header: Header
    schema: pl.Schema
    rows: int
    size: int
    told: Mapping[str, str] = field(default_factory=dict)
    padded: frozenset[str] = frozenset()
    infinite: frozenset[str] = frozenset()
    beside_gaps: pl.Schema
    gaps: Mapping[str, tuple[Gap, ...]] = field(default_factory=dict)
    spelled: frozenset[str] = frozenset()
    filled: Mapping[str, pl.DataType] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        gaps = (gap.note(name, others) for name, others in self.filled.items() for gap in self.gaps.get(name, ()))
        return (*self.header.notes, *self.told.values(), *gaps)

    @property
    def decimal(self) -> Decimal:
        """How its fractions are written; a point, where no column holds any."""
        fractions = pl.Float64 in self.schema.values()
        return self.header.decimal if fractions or self.header.decimal_comma else Decimal.POINT

    @property
    def only_gaps(self) -> tuple[str, ...]:
        """Columns of text that hold nothing but words for a gap, or nothing at all between quotes."""
        return tuple(n for n, kind in self.schema.items() if kind == pl.String and self.beside_gaps[n] == pl.Null)

    @property
    def gap_words(self) -> Mapping[str, tuple[str, ...]]:
        """The words that may stand for a gap, by column."""
        return {name: tuple(gap.word for gap in gaps) for name, gaps in self.gaps.items()}

    def as_text(self, names: Collection[str], told: Mapping[str, str] | None = None) -> DelimitedPart:
        """The file with these columns read as they are written; ``told`` are notes on that, by column."""
        if not names:
            return self
        schema = pl.Schema({name: pl.String() if name in names else kind for name, kind in self.schema.items()})
        kept = {name: note for name, note in self.told.items() if name not in names or told is not None}
        return replace(
            self,
            schema=schema,
            told={**kept, **(told or {})},
            spelled=self.spelled.difference(names),
            filled={name: kind for name, kind in self.filled.items() if name not in names},
        )

    def as_gaps(self, columns: Mapping[str, pl.DataType]) -> DelimitedPart:
        """The file with nothing but gaps in these columns, whose values in other files are of these types."""
        if not columns:
            return self
        schema = pl.Schema({name: pl.Null() if name in columns else kind for name, kind in self.schema.items()})
        return replace(self, schema=schema, spelled=self.spelled.union(columns), filled={**self.filled, **columns})

    def with_gaps(self, columns: Mapping[str, pl.DataType]) -> DelimitedPart:
        """The file with each word that may stand for a gap as one in these columns, whose other values, in all files,
        are of these types."""
        own = {name: kind if self.beside_gaps[name] != pl.Null else pl.Null() for name, kind in columns.items()}
        return replace(
            self,
            schema=pl.Schema({**self.schema, **own}),
            told={name: note for name, note in self.told.items() if name not in columns},
            spelled=self.spelled.union(columns),
            filled={**self.filled, **columns},
        )

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        if not self.rows or not columns:
            return
        schema = without_nulls(self.schema)
        places = sorted(self.header.names.index(name) for name in columns)
        reader = _Reader(self.file, self.header, None if len(places) == len(schema) else places)
        rows = batch_rows(len(columns))
        with read_errors(self.file):
            for block in blocks(self.file, self.header.end, self._block_size(rows)):
                yield from cut(reader.table(block, schema, self.spelled).select(by_name(columns)), rows)

    def pieces(self, columns: Sequence[str]) -> Iterator[Iterator[pl.DataFrame]]:
        return map(whole, self.batches(columns))  # a line is read whole or not at all

    def _block_size(self, rows: int) -> int:
        row = -(-self.size // self.rows)
        return max(_FIRST, LEAST_ROWS * row, min(_LARGER, rows * row))


def delimited_part(file: SourceFile, *, most: int | None = None) -> DelimitedPart:
    """The file, after a pass over all of it, or over about its first ``most`` bytes.

    A column of numbers of which one begins with a zero, as postal codes do, is one of texts. One of numbers or truth
    values beside one of the words of `trimtab.data.iso_times.GAPS` has gaps there; one with two of these words is text.

    Raises:
        SourceError: it is not UTF-8, a column's name is there twice, a line has more or fewer fields than the header,
            or a quote is out of place or never closed.
    """
    with read_errors(file):
        header = read_header(file)
        types = ColumnTypes(header.names, decimal_comma=header.decimal_comma)
        reader = _Reader(file, header)
        size = 0
        for block in blocks(file, header.end, most or _BLOCK):
            types.add(reader.learnt(block, types))
            size += len(block.data)
            if most is not None:
                break
    schema, gaps = types.found(), types.gaps()
    return DelimitedPart(
        file=file,
        header=header,
        schema=schema,
        rows=types.rows,
        size=size,
        told=types.notes(),
        padded=types.padded,
        infinite=types.infinite,
        beside_gaps=types.beside_gaps(),
        gaps=gaps,
        spelled=frozenset(name for name in types.spelled() if schema[name] != pl.String),
        filled={name: schema[name] for name in gaps if schema[name] != pl.String},
    )


def without_nulls(schema: pl.Schema) -> pl.Schema:
    """The schema with text for columns that have no value anywhere: that is how they are read."""
    return pl.Schema({name: pl.String() if kind == pl.Null else kind for name, kind in schema.items()})


class _Reader:
    """Parses blocks of one file."""

    def __init__(self, file: SourceFile, header: Header, places: Sequence[int] | None = None) -> None:
        self._file = file
        self._header = header
        self._places = places

    def learnt(self, block: Block, types: ColumnTypes) -> pl.DataFrame:
        """The block's rows by the types so far, which are widened where they do not hold; each line is checked."""
        self._refuse_zeros(block)
        block = self._begun(block)
        self._keep_zeros(block, types)
        try:
            table = self._parsed(block, types.schema())
        except pl.exceptions.PolarsError:
            types.fit(self._texts(block, first=not types.rows))
            try:
                table = self._parsed(block, types.schema())
            except pl.exceptions.PolarsError as error:
                refuse_block(self._file, block, error)
        return self._without_blanks(block, table, checking=True)

    def table(self, block: Block, schema: pl.Schema, spelled: Collection[str]) -> pl.DataFrame:
        """The block's rows, in a file whose lines have been checked; ``spelled`` are read as text first."""
        block = self._begun(block)
        spelling = Spelling(decimal_comma=self._header.decimal_comma)
        try:
            table = self._parsed(block, {**schema, **dict.fromkeys(spelled, pl.String())})
            table = table.with_columns(
                spelling.values(table[name], schema[name]) for name in table.columns if name in spelled
            )
        except pl.exceptions.PolarsError as error:
            refuse_block(self._file, block, error)
        return self._without_blanks(block, table, checking=False)

    def _begun(self, block: Block) -> Block:
        """The block from its first row on: Polars counts the columns of the first line, even of a blank one."""
        if len(self._header.names) == 1 or block.data[:1] not in (b"\n", b"\r"):
            return block
        data = block.data.lstrip(b"\r\n")
        return Block(data=data, before=block.before + len(block.data) - len(data))

    def _keep_zeros(self, block: Block, types: ColumnTypes) -> None:
        """Takes columns for text in which a number of this block begins with a zero."""
        numbers = types.numbers()
        if not numbers or not padded_numbers(block.data, self._header.separator):
            return
        places = [self._header.names.index(name) for name in numbers]
        schema = pl.Schema(dict.fromkeys(self._header.names, pl.String()))
        with suppress(pl.exceptions.PolarsError):  # which the reading itself meets and tells
            types.pad(self._parsed(block, schema, places))

    def _texts(self, block: Block, *, first: bool) -> pl.DataFrame:
        try:
            return self._parsed(block, pl.Schema(dict.fromkeys(self._header.names, pl.String())))
        except pl.exceptions.PolarsError as error:
            blank_lines(self._file, block, self._header.separator, self._header.names, first=first)
            refuse_block(self._file, block, error)

    def _parsed(self, block: Block, schema: Mapping[str, Any], places: Sequence[int] | None = None) -> pl.DataFrame:
        return pl.read_csv(
            block.data,
            has_header=False,
            separator=self._header.separator,
            decimal_comma=self._header.decimal_comma,
            schema=schema,
            columns=self._places if places is None else places,
        )

    def _without_blanks(self, block: Block, table: pl.DataFrame, *, checking: bool) -> pl.DataFrame:
        """Without the rows of nulls that Polars makes of blank lines; in a file of one column they are its gaps."""
        width = len(self._header.names)
        if width == 1 or not self._is_uneven(block, table, width, checking=checking):
            return table
        blank = blank_lines(self._file, block, self._header.separator, self._header.names)
        if not blank:
            return table
        return table.with_row_index("").filter(~pl.col("").is_in(blank)).drop("")

    def _is_uneven(self, block: Block, table: pl.DataFrame, width: int, *, checking: bool) -> bool:
        if not checking and not any(blank in block.data for blank in (b"\n\n", b"\n\r\n")):
            return False
        return separators(block.data, self._header.separator) != (width - 1) * table.height

    def _refuse_zeros(self, block: Block) -> None:
        place = block.data.find(b"\0")
        if place >= 0:
            raise SourceError(
                f"{self._file.name} is not a text file: byte {block.before + place + 1:,} is zero",
                fix="It was cut off while it was written, or is UTF-16: write it again, or "
                f"convert it: iconv -f UTF-16 -t UTF-8 {quote(self._file.name)} > utf8.csv",
            )
