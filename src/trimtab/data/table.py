"""The arrays that a model is given, from a training table and from requests: bit for bit the same.

`dtype_of` alone decides how a column is handed over, from the contract and never from the batch: a batch without a
gap has the dtype of one with gaps, so a model never sees another type at serving than at training.

==========  ===========  ==============================
type        not null     nullable
==========  ===========  ==============================
integer     int64        float64, a gap is NaN
float       float64      float64, a gap is NaN
boolean     bool         float64: 0, 1, a gap is NaN
text        object       object, a gap is None
time        datetime64   datetime64[us], a gap is NaT
==========  ===========  ==============================

This module is in the worker too: Polars is imported only where there is a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trimtab.base.digest import Digest, canonical_json, digest_parts
from trimtab.data.kinds import ColumnType, Scalar
from trimtab.data.problems import TableError
from trimtab.data.schema import Column, Contract
from trimtab.data.wording import counted

if TYPE_CHECKING:
    import polars as pl

Array = np.ndarray[Any, np.dtype[Any]]

_NAT: Final = -(2**63)
_TABLE: Final = "trimtab.table/1"


def dtype_of(kind: ColumnType, *, nullable: bool) -> np.dtype[Any]:
    """How a column of the contract is handed to a model."""
    match kind:
        case ColumnType.INTEGER:
            return np.dtype(np.float64 if nullable else np.int64)
        case ColumnType.FLOAT:
            return np.dtype(np.float64)
        case ColumnType.BOOLEAN:
            return np.dtype(np.float64 if nullable else np.bool_)
        case ColumnType.TEXT:
            return np.dtype(np.object_)
        case ColumnType.TIME:
            return np.dtype("datetime64[us]")


def array_of(kind: ColumnType, *, nullable: bool, values: Iterable[Scalar | None]) -> Array:
    """A column from checked values (`CheckedRow.values`: times as UTC microseconds, None for null); 1-D, writable."""
    dtype = dtype_of(kind, nullable=nullable)
    if kind is ColumnType.TIME:
        return np.array([_NAT if value is None else value for value in values], dtype=np.int64).view(dtype)
    if kind is ColumnType.TEXT:
        return np.array(list(values), dtype=dtype)
    if dtype == np.float64:
        return np.array([np.nan if value is None else value for value in values], dtype=dtype)
    return np.array(list(values), dtype=dtype)


def columns_from_rows(columns: Sequence[Column], rows: Sequence[Sequence[Scalar | None]]) -> dict[str, Array]:
    """The arrays of some checked rows, by column name; ``columns`` and each row are in the contract's feature order."""
    turned: Iterable[Sequence[Scalar | None]] = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return {
        column.name: array_of(column.type, nullable=column.nullable, values=values)
        for column, values in zip(columns, turned, strict=True)
    }


def to_columns(table: pl.DataFrame, contract: Contract) -> dict[str, Array]:
    """The arrays of a checked table's features: what `columns_from_rows` makes of its rows sent as requests.

    Raises:
        TableError: a column is missing, or holds what `check_table` reports as a violation of structure.
    """
    return {column.name: _array(table, column, contract.zone) for column in contract.features}


def label_of(table: pl.DataFrame, contract: Contract) -> Array:
    """The label's array, by the rules of `to_columns`."""
    return _array(table, contract.column(contract.label_column), contract.zone)


def event_times(table: pl.DataFrame, contract: Contract) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The rows' own times as UTC microseconds."""
    return _array(table, contract.column(contract.time_column), contract.zone).view(np.int64)


def digest_table(table: pl.DataFrame) -> Digest:
    """The digest of a table by its schema and values, whatever file, chunks or widths they were stored in.

    It covers the columns' names, order and types (those of contracts: Int8 and Int64 are both integers), the number
    and order of the rows, and each value: integers as 64 bits, floats as their 64 bits (all NaN are one, 0.0 and -0.0
    are two, since a division tells them apart), times as microseconds, text as UTF-8. Null is none of the values.

    Raises:
        TableError: a column holds lists, structs or other things that no contract has a type for.
    """
    return digest_parts(_canonical(table))


def _array(table: pl.DataFrame, column: Column, zone: str | None) -> Array:
    from trimtab.data.columns import read_column

    if column.name not in table.columns:
        raise TableError(f"the table has no column {column.name!r}", fix="Add it, or take it out of the contract.")
    read = read_column(table[column.name], column.type, zone)
    wrong = sum(int(mask.sum()) for mask in read.faults.values()) + (0 if column.nullable else int(read.gaps.sum()))
    if wrong:
        raise TableError(
            f"column {column.name!r} has {counted(wrong, 'value')} that the contract refuses",
            fix="Check the table against the contract to see which.",
        )
    return _from_series(read.values, column)


def _from_series(values: pl.Series, column: Column) -> Array:
    dtype = dtype_of(column.type, nullable=column.nullable)
    if column.type is ColumnType.TIME:
        return np.array(values.to_physical().fill_null(_NAT).to_numpy(), dtype=np.int64).view(dtype)
    if column.type is ColumnType.TEXT:
        return np.array(values.to_list(), dtype=dtype)
    if dtype == np.float64:
        import polars as pl

        return np.array(values.cast(pl.Float64).fill_null(np.nan).to_numpy(), dtype=dtype)
    return np.array(values.to_numpy(), dtype=dtype)


def _canonical(table: pl.DataFrame) -> Iterable[bytes]:
    from trimtab.data.columns import natural_type

    types = [(name, natural_type(dtype), dtype) for name, dtype in table.schema.items()]
    strange = [f"{name} ({dtype})" for name, kind, dtype in types if kind is None and str(dtype) != "Null"]
    if strange:
        raise TableError(
            f"no contract has a type for {', '.join(strange)}",
            fix="Take the column out, or turn it into numbers or text.",
        )
    schema = [[name, _schema_type(kind, dtype)] for name, kind, dtype in types]
    yield canonical_json({"schema": _TABLE, "rows": table.height, "columns": schema})
    for series in table:
        yield np.packbits(series.is_not_null().to_numpy(), bitorder="little").tobytes()
        yield from _content(series)


def _schema_type(kind: ColumnType | None, dtype: Any) -> str:
    if kind is ColumnType.TIME:
        return "time" if getattr(dtype, "time_zone", None) else "naive time"
    return "null" if kind is None else kind.value


def _content(series: pl.Series) -> Iterable[bytes]:
    """The values' bytes, zeros where they are null."""
    import polars as pl

    from trimtab.data.columns import natural_type

    match natural_type(series.dtype):
        case ColumnType.INTEGER:
            try:
                yield _bytes(series.cast(pl.Int64).fill_null(0), np.int64)
            except pl.exceptions.InvalidOperationError as error:
                fix = "Make it text if it is a name, or a float if it is a measure."
                raise TableError(f"column {series.name!r} holds integers beyond 64 bits", fix=fix) from error
        case ColumnType.FLOAT:
            yield _bytes(series.cast(pl.Float64).fill_nan(np.nan).fill_null(0.0), np.float64)
        case ColumnType.BOOLEAN:
            yield _bytes(series.fill_null(value=False), np.bool_)
        case ColumnType.TIME:
            moments = series.cast(pl.Datetime("us")) if series.dtype == pl.Date else series.dt.cast_time_unit("us")
            yield _bytes(moments.to_physical().fill_null(0), np.int64)
        case ColumnType.TEXT:
            texts = series.cast(pl.String).fill_null("")
            yield _bytes(texts.str.len_bytes().cast(pl.Int64), np.int64)
            yield texts.str.join("").item().encode() if len(texts) else b""
        case None:
            return


def _bytes(values: pl.Series, kind: type[np.generic]) -> bytes:
    return np.ascontiguousarray(values.to_numpy(), dtype=np.dtype(kind).newbyteorder("<")).tobytes()
