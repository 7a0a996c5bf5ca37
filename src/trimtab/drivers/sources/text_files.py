"""A table of CSV files: what their columns are is seen in the rows, and a contract may say otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from trimtab.data.columns import storage_type
from trimtab.data.kinds import ColumnType
from trimtab.data.spelled import AS_STORED, Spelling
from trimtab.drivers.sources.columnar import Part
from trimtab.drivers.sources.csv_header import Decimal
from trimtab.drivers.sources.csv_types import NUMBERS, several_gaps
from trimtab.drivers.sources.delimited import DelimitedPart, without_nulls
from trimtab.drivers.sources.file_scan import FilesScan, name_of, notes_of, on_disk
from trimtab.drivers.sources.files import SourceFile
from trimtab.drivers.sources.problems import SourceError
from trimtab.drivers.sources.reading import go_together, holds_text, widened


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsScan(FilesScan):
    """Files of which at least one is a CSV file; ``spelling`` is what of them is read as text for a contract's sake."""

    spelling: Spelling = AS_STORED

    def typed(self, kinds: Mapping[str, ColumnType]) -> TextsScan:
        """The table with the columns' types of a contract, where all its files are texts and store none themselves.

        A column of texts is one, whatever its values look like, and one that does not hold values of its type alone is
        read as text, for the values to be looked at one by one; so is one with an infinity, which may be written as
        1e400 and is to be told so.
        """
        parts = [part for part in self.parts if isinstance(part, DelimitedPart)]
        if len(parts) < len(self.parts):
            return self
        named = {name: kind for name, kind in kinds.items() if name in self.schema}
        empty = {name for name in named if all(part.schema[name] == pl.Null for part in parts)}
        is_text = ColumnType.TEXT
        infinite = frozenset[str]().union(*(part.infinite for part in parts))
        texts = {n: self.schema[n] for n, kind in named.items() if kind is is_text and self.schema[n] != pl.String}
        spelt = frozenset(name for name, kind in named.items() if kind is not is_text and name not in empty
                          and (_is_spelt(kind, self.schema[name]) or name in infinite))  # fmt: skip
        changed = spelt.union(texts)
        due = {name for name, kind in named.items() if kind is is_text}  # of which there is nothing to tell
        typed = tuple(part.as_text(changed | due) for part in parts)
        comma = any(part.header.decimal_comma for part in parts)
        return replace(
            self,
            parts=typed,
            schema=pl.Schema({name: pl.String() if name in changed else kind for name, kind in self.schema.items()}),
            notes=notes_of(typed),
            spelling=Spelling(columns=spelt, texts=texts, decimal_comma=comma),
        )

    def beside(self, kinds: Mapping[str, ColumnType | None]) -> TextsScan:
        """The table as one beside it stores its columns, whose types are ``kinds``: texts that look like numbers as
        texts, and what holds only words for a gap, or nothing between quotes, as gaps among other values than texts; so
        are all such words among numbers or truth values, where it stores these."""
        parts = [part for part in self.parts if isinstance(part, DelimitedPart)]
        if len(parts) < len(self.parts):
            return self
        is_text = ColumnType.TEXT
        gaps = {
            name: pl.String() if kind is None else storage_type(kind)
            for name, kind in kinds.items()
            if kind is not is_text and all(name in part.only_gaps for part in parts)
        }
        several = _with_several_words(parts, self.schema, kinds)
        given = tuple(part.as_gaps(gaps).with_gaps(several) for part in parts)
        schema = pl.Schema({name: {**gaps, **several}.get(name, dtype) for name, dtype in self.schema.items()})
        table = replace(self, parts=given, schema=schema, notes=notes_of(given))
        texts = [name for name in schema if kinds.get(name) is is_text]
        return table.typed(dict.fromkeys(texts, is_text)) if texts else table


def open_texts(files: Sequence[SourceFile], parts: Sequence[Part], pattern: str) -> TextsScan:
    """The table of these files, each opened as a part; raises `SourceError` where their columns do not go together."""
    texts = [part for part in parts if isinstance(part, DelimitedPart)]
    refuse_unclear_points([(part.file.name, part.decimal) for part in texts])
    parts = _as_one(parts)
    schema = widened([(file, part.schema) for file, part in zip(files, parts, strict=True)])
    if all(isinstance(part, DelimitedPart) for part in parts):
        schema = without_nulls(schema)
    return TextsScan(
        name=name_of(files, pattern), files=on_disk(files), schema=schema, parts=parts, notes=notes_of(parts)
    )


def refuse_unclear_points(files: Sequence[tuple[str, str]]) -> None:
    """Raises `SourceError` where one of some files, by name and `Decimal`, has a decimal comma, and another one points
    that may then stand between thousands."""
    comma = next((name for name, decimal in files if decimal == Decimal.COMMA), None)
    either = next((name for name, decimal in files if decimal == Decimal.EITHER), None)
    if comma is not None and either is not None:
        raise SourceError(
            f"{comma} has a decimal comma, and {either} numbers such as 1.250, whose point may stand between thousands",
            fix="Write the numbers of all files in one way, or narrow the pattern.",
        )


def clashing(schemas: Sequence[pl.Schema]) -> dict[str, tuple[int, int]]:
    """Columns of CSV files that one type does not hold, and two files of which that is so; they are text in all files,
    as if all rows were in one."""
    clashes = {}
    for name in dict.fromkeys(name for schema in schemas for name in schema):
        holding = [place for place, schema in enumerate(schemas) if schema.get(name, pl.Null()) != pl.Null()]
        others = (place for place in holding[1:] if not go_together(schemas[holding[0]][name], schemas[place][name]))
        other = next(others, None)
        if other is not None:
            clashes[name] = holding[0], other
    return clashes


def ambiguous(
    schemas: Sequence[pl.Schema], words: Sequence[Mapping[str, Sequence[str]]]
) -> dict[str, tuple[tuple[str, ...], pl.DataType]]:
    """Columns of numbers or truth values in which several words may stand for a gap, with these; they are text in all
    files, as if all rows were in one. ``schemas`` are of all other values of each file, ``words`` are the file's."""
    found = {}
    for name in dict.fromkeys(name for file in words for name in file):
        all_words = tuple(dict.fromkeys(word for file in words for word in file.get(name, ())))
        others = _others(name, schemas)
        if len(all_words) > 1 and others is not None and not holds_text(others):
            found[name] = all_words, others
    return found


def _others(name: str, schemas: Sequence[pl.Schema]) -> pl.DataType | None:
    """The type that a column has in the first of these in which it has a value that is no gap."""
    return next((schema[name] for schema in schemas if schema.get(name, pl.Null()) != pl.Null()), None)


def _as_one(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The files of a table, each with those columns as text that are text in all, and with the gaps that are gaps
    beside the values of the others."""
    texts = [part for part in parts if isinstance(part, DelimitedPart)]
    told = _told_as_text(texts)
    schemas = [part.beside_gaps if isinstance(part, DelimitedPart) else part.schema for part in parts]
    return tuple(
        _among(part, told if part is texts[0] else dict.fromkeys(told, ""), schemas)
        if isinstance(part, DelimitedPart)
        else part
        for part in parts
    )


def _among(part: DelimitedPart, told: Mapping[str, str], schemas: Sequence[pl.Schema]) -> DelimitedPart:
    """A file among others of these types, with the columns as text that ``told`` names."""
    part = part.as_text(told.keys(), {name: note for name, note in told.items() if note})
    others = {name: _others(name, schemas) for name in part.only_gaps if name not in told}
    return part.as_gaps({name: kind for name, kind in others.items() if kind is not None and not holds_text(kind)})


def _told_as_text(texts: Sequence[DelimitedPart]) -> dict[str, str]:
    """The columns that are text in all files since they are not of one type in all, with what is to be told of it."""
    padded = frozenset[str]().union(*(part.padded for part in texts))
    told = {}
    for name, (one, other) in clashing([part.beside_gaps for part in texts]).items():
        differ = f"{name}: read as text, since {texts[one].file.name} and {texts[other].file.name} differ in it"
        told[name] = "" if name in padded else differ
    several = ambiguous([part.beside_gaps for part in texts], [part.gap_words for part in texts])
    for name, (words, others) in several.items():
        alone = any(name in part.told for part in texts)
        told.setdefault(name, "" if alone else several_gaps(name, words, others))
    return told


def _with_several_words(
    parts: Sequence[DelimitedPart], schema: pl.Schema, kinds: Mapping[str, ColumnType | None]
) -> dict[str, pl.DataType]:
    """The columns that are text only because more than one word may stand for a gap in them, among values of the type
    that another table stores: what they are beside the gaps, in all files."""
    found = {}
    for name, dtype in schema.items():
        held = [part.beside_gaps[name] for part in parts if part.beside_gaps[name] != pl.Null]
        if dtype != pl.String or not held or len({word for part in parts for word in part.gap_words.get(name, ())}) < 2:
            continue
        if kinds.get(name) in (ColumnType.INTEGER, ColumnType.FLOAT) and all(kind in NUMBERS for kind in held):
            found[name] = max(held, key=NUMBERS.index)
        elif kinds.get(name) is ColumnType.BOOLEAN and all(kind == pl.Boolean for kind in held):
            found[name] = pl.Boolean()
    return found


def _is_spelt(kind: ColumnType, dtype: pl.DataType) -> bool:
    """Whether a column of this type is to be read value by value: values of others are among them."""
    return dtype == pl.String or (kind is ColumnType.INTEGER and dtype == pl.Float64)
