"""Columns as a text file spells them, read as a contract's types, value by value.

A CSV file stores no types, so what is not a number in a column of numbers is a wrong cell and no wrong column, as it
would be in Parquet. A reader that goes by all values can only call such a column text; the contract knows better.
The words that people and programs write for a gap (`trimtab.data.iso_times.GAPS`) are one in a column of numbers, truth
values or times, and a text like any other in one of texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from trimtab.data.columns import ReadColumn, read_column, storage_type
from trimtab.data.iso_times import GAPS
from trimtab.data.kinds import EXACT_FLOAT, ColumnType, Rule
from trimtab.data.reread import Reread
from trimtab.data.time_faults import WHOLE

if TYPE_CHECKING:
    from polars.datatypes import DataType

    from trimtab.data.profile import Profile
    from trimtab.data.schema import Contract

_NO_SIGN: Final = "_"
"""What no number has."""
TRUE: Final = ("true", "True", "TRUE")
FALSE: Final = ("false", "False", "FALSE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """What of a table is read as text for a contract's sake.

    Attributes:
        columns: columns of numbers, truth values or times, some values of which are none.
        texts: columns of text that hold numbers or truth values only, with the type that these would have.
        decimal_comma: whether numbers are written as 2,5.
    """

    columns: frozenset[str] = frozenset()
    texts: Mapping[str, DataType] = field(default_factory=dict)
    decimal_comma: bool = False

    def bare(self, texts: pl.Series) -> pl.Series:
        """Texts as a cast understands them, without spaces around; null for those that hold nothing or spell a gap."""
        bare = texts.str.strip_chars(" ")
        bare = bare.str.replace(",", ".", literal=True) if self.decimal_comma else bare
        return bare.set(bare.is_in(("", *GAPS)).fill_null(value=False), None)

    def numeric(self, texts: pl.Series) -> pl.Series:
        """Texts as a cast to numbers understands them. Beside a decimal comma a point is none: 1.200 may be 1,200."""
        if not self.decimal_comma:
            return self.bare(texts)
        return self.bare(texts.str.replace_all(".", _NO_SIGN, literal=True))

    def values(self, texts: pl.Series, dtype: DataType, *, strict: bool = True) -> pl.Series:
        """Texts as numbers or truth values; what is neither of them nor a gap is refused, or null if not ``strict``.

        Raises:
            polars.exceptions.PolarsError: a text is no value of the type.
        """
        if dtype != pl.Boolean:
            return self.numeric(texts).cast(dtype, strict=strict)
        bare = self.bare(texts)
        words = {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}
        if strict:
            return bare.replace_strict(words, return_dtype=pl.Boolean)
        return bare.replace_strict(words, default=None, return_dtype=pl.Boolean)


AS_STORED: Final = Spelling()


def read_spelled(series: pl.Series, kind: ColumnType, zone: str | None, spelling: Spelling) -> ReadColumn:
    """The texts' values as the type has them, with what could not be read; as `read_column` for other tables."""
    match kind:
        case ColumnType.TEXT:
            return read_column(series, kind, zone)
        case ColumnType.TIME:
            return _times(spelling.bare(series), series, zone)
        case ColumnType.BOOLEAN:
            bare = spelling.bare(series)
            found = bare.is_in(TRUE).set(~bare.is_in((*TRUE, *FALSE)), None)
            return _read(series, bare.is_null(), found, {Rule.TYPE: found.is_null()})
        case ColumnType.FLOAT:
            return _floats(series, spelling.numeric(series))
        case ColumnType.INTEGER:
            return _integers(series, spelling.numeric(series))


def typed_batch(batch: pl.DataFrame, contract: Contract, spelling: Spelling, then: Profile | None) -> pl.DataFrame:
    """A batch with the types that its columns are profiled as: the contract's, or those of the profile beside it."""
    if not (spelling.columns or spelling.texts):
        return batch
    kinds = {column.name: column.type for column in contract.columns}
    changed = []
    for name in batch.columns:
        due = _profiled_as(name, kinds.get(name), spelling, then)
        if due is not None and name in spelling.columns:
            changed.append(read_spelled(batch[name], kinds[name], contract.zone, spelling).values.cast(due))
        elif due is not None:
            changed.append(spelling.values(batch[name], due, strict=False))
    return batch.with_columns(changed)


def contract_values(table: pl.DataFrame, contract: Contract, spelling: Spelling) -> pl.DataFrame:
    """The table with the values that its spelled columns have as the contract's types; null for what is none."""
    return table.with_columns(
        read_spelled(table[column.name], column.type, contract.zone, spelling).values
        for column in contract.columns
        if column.name in spelling.columns
    )


def typed_schema(schema: pl.Schema, contract: Contract, spelling: Spelling, then: Profile | None) -> pl.Schema:
    """The types of `typed_batch`."""
    kinds = {column.name: column.type for column in contract.columns}
    return pl.Schema(
        {name: _profiled_as(name, kinds.get(name), spelling, then) or dtype for name, dtype in schema.items()}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedScan(Reread):
    """A table whose columns have a contract's types, to be profiled."""

    contract: Contract
    spelling: Spelling

    @property
    def schema(self) -> pl.Schema:
        return typed_schema(self.scan.schema, self.contract, self.spelling, None)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        for batch in self.scan.batches(columns):
            yield typed_batch(batch, self.contract, self.spelling, None)


def _profiled_as(name: str, kind: ColumnType | None, spelling: Spelling, then: Profile | None) -> DataType | None:
    """The type that a column is profiled as; None: as it is. What was profiled as a number then is one now."""
    before = then.columns[name].type if then is not None and name in then.columns else None
    if name in spelling.columns and kind is not None:
        if before is ColumnType.TEXT:
            return None
        return pl.Float64() if before is ColumnType.FLOAT else storage_type(kind)
    if name in spelling.texts and before not in (None, ColumnType.TEXT):
        return spelling.texts[name]
    return None


def _floats(series: pl.Series, bare: pl.Series) -> ReadColumn:
    numbers = bare.cast(pl.Float64, strict=False)
    gaps = bare.is_null() | numbers.is_nan().fill_null(value=False)
    return _read(series, gaps, numbers, {Rule.TYPE: numbers.is_null(), Rule.IMPOSSIBLE: numbers.is_infinite()})


def _integers(series: pl.Series, bare: pl.Series) -> ReadColumn:
    whole = bare.cast(pl.Int64, strict=False)
    left = whole.is_null()
    if left.sum() == bare.null_count():
        return _read(series, left, whole, {})
    numbers = bare.set(~left, None).cast(pl.Float64, strict=False)
    gaps = bare.is_null() | numbers.is_nan().fill_null(value=False)
    broken = (numbers.is_finite() & (numbers != numbers.floor())).fill_null(value=False)
    large = left & (numbers.is_infinite() | (numbers.abs() > EXACT_FLOAT)).fill_null(value=False) & ~broken
    values = whole.fill_null(numbers.set(gaps | large, None).cast(pl.Int64, strict=False))
    return _read(series, gaps, values, {Rule.TYPE: left & (numbers.is_null() | broken), Rule.IMPOSSIBLE: large})


def _times(bare: pl.Series, series: pl.Series, zone: str | None) -> ReadColumn:
    counts = bare.str.contains(WHOLE).fill_null(value=False)
    texts = read_column(bare.set(counts, None), ColumnType.TIME, zone)
    if not counts.any():
        return texts
    moments = read_column(bare.set(~counts, None).cast(pl.Int64, strict=False), ColumnType.TIME, zone)
    faults = dict(texts.faults)
    for rule, mask in moments.faults.items():
        faults[rule] = faults[rule] | mask if rule in faults else mask
    return _read(series, bare.is_null(), texts.values.fill_null(moments.values), faults)


def _read(series: pl.Series, gaps: pl.Series, values: pl.Series, faults: Mapping[Rule, pl.Series]) -> ReadColumn:
    marked = {rule: mask.fill_null(value=False) & ~gaps for rule, mask in faults.items()}
    found = {rule: mask for rule, mask in marked.items() if mask.any()}
    for mask in (gaps, *found.values()):
        values = values.set(mask, None)
    return ReadColumn(values=values.alias(series.name), gaps=gaps, faults=found)
