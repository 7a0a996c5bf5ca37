"""Values as they were received, read into typed columns; what does not fit the contract is marked, never guessed.

A log lives longer than a contract: rows that an earlier release answered may lack a column, or have another type in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from trimtab.data.columns import storage_type
from trimtab.data.kinds import ColumnType
from trimtab.data.scalar import Fault, read_scalar
from trimtab.data.schema import Column

ABSENT: Final = object()
"""What stands for the value of a column that a row does not have."""

_NATURAL: Final[dict[ColumnType, frozenset[type]]] = {
    ColumnType.INTEGER: frozenset({int, type(None)}),
    ColumnType.FLOAT: frozenset({float, int, type(None)}),
    ColumnType.BOOLEAN: frozenset({bool, type(None)}),
    ColumnType.TEXT: frozenset({str, type(None)}),
}


def read_values(column: Column, values: Sequence[Any], zone: str | None) -> tuple[pl.Series, pl.Series]:
    """The values as the column's type, null where they do not fit; and a mask of those that do not.

    A null does not fit a column that is not nullable.
    """
    kind = column.type
    if kind in _NATURAL and set(map(type, values)) <= _NATURAL[kind]:
        series = pl.Series(column.name, values, dtype=storage_type(kind))
        unfit = pl.Series([False]).new_from_index(0, len(series))
    else:
        read = _one_by_one(kind, values, zone)
        series = pl.Series(column.name, [None if value is ABSENT else value for value in read], dtype=_raw_type(kind))
        series = series.cast(storage_type(kind))
        unfit = pl.Series([value is ABSENT for value in read], dtype=pl.Boolean)
    return series, unfit if column.nullable else unfit | series.is_null()


def _one_by_one(kind: ColumnType, values: Sequence[Any], zone: str | None) -> list[Any]:
    """Each value as its type, or ABSENT; equal texts are read once (a batch's times are often the same few)."""
    known: dict[str, Any] = {}
    read: list[Any] = []
    for value in values:
        if value is None or value is ABSENT:
            read.append(value)
        elif isinstance(value, str):
            if value not in known:
                known[value] = _or_absent(read_scalar(kind, value, zone))
            read.append(known[value])
        else:
            read.append(_or_absent(read_scalar(kind, value, zone)))
    return read


def _or_absent(read: Any) -> Any:
    return ABSENT if isinstance(read, Fault) else read


def _raw_type(kind: ColumnType) -> pl.DataType:
    return pl.Int64() if kind is ColumnType.TIME else storage_type(kind)
