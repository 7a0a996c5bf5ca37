"""The digest of a Polars table by its schema and values, whatever file or chunks they are in.

Unlike `trimtab.data.table.digest_table`, which sees a table as a contract does, this tells Int8 from Int64 and a
Categorical from a String: a step may. It covers names, order, exact dtypes, the number and order of rows, and each
value: floats as their bits with all NaN one, texts as UTF-8. Null is none of the values. Columns are read in windows
of a fixed number of rows, so that the sequence of bytes does not follow how they are stored, and a window is all that
is in memory twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import polars as pl

from trimtab.base.digest import Digest, canonical_json

_FORM: Final = "trimtab.polars/1"
_WINDOW: Final = 1 << 18
_NESTED_WINDOW: Final = 1 << 13  # a row of these may hold a thousand values
_FEW: Final = 256
"""Rows up to which Python joins texts faster than Polars starts a query."""

_NUMBERS: Final = frozenset({
    "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float16", "Float32", "Float64",
})  # fmt: skip
_TIMES: Final = frozenset({"Date", "Datetime", "Duration", "Time"})
_WIDE: Final = frozenset({"Int128", "UInt128", "Decimal"})
_OTHERS: Final = frozenset({"Boolean", "String", "Binary", "Categorical", "Enum", "Null", "List", "Array", "Struct"})

_TEXTS: Final = frozenset({"String", "Binary", "Categorical", "Enum"})

_Take: TypeAlias = Callable[[bytes | memoryview], None]


def digest_of(frame: pl.DataFrame) -> Digest:
    """The digest of a table whose dtypes `refused_dtype` passes."""
    state = hashlib.sha256()

    def take(part: bytes | memoryview) -> None:
        # each part is framed by its length, so that no two sequences collide by joining
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)

    columns = [[name, dtype_words(dtype)] for name, dtype in frame.schema.items()]
    take(canonical_json([_FORM, frame.height, columns]))
    for column in frame.iter_columns():
        window = _NESTED_WINDOW if column.dtype.is_nested() else _WINDOW
        for start in range(0, len(column), window):
            _content(column.slice(start, window) if len(column) > window else column, take)
    return Digest("sha256:" + state.hexdigest())


def dtype_words(dtype: Any) -> Any:
    """A dtype with all its parameters as plain JSON."""
    name = _name(dtype)
    match name:
        case "Datetime":
            return [name, dtype.time_unit, dtype.time_zone]
        case "Duration":
            return [name, dtype.time_unit]
        case "Decimal":
            return [name, dtype.precision or 38, dtype.scale]  # before Polars 1.32 none said meant the most
        case "Enum":
            return [name, dtype.categories.to_list()]
        case "Categorical":
            categories = getattr(dtype, "categories", None)  # before Polars 1.32 there was one set of them
            parts = (getattr(categories, part, "") for part in ("name", "namespace", "physical"))
            return [name, *map(str, parts)]
        case "List":
            return [name, dtype_words(dtype.inner)]
        case "Array":
            return [name, dtype_words(dtype.inner), dtype.size]
        case "Map":
            return [name, dtype_words(dtype.key), dtype_words(dtype.value)]
        case "Struct":
            return [name, [[field.name, dtype_words(field.dtype)] for field in dtype.fields]]
        case _:
            return name


def refused_dtype(dtype: Any) -> str | None:
    """The dtype, or one inside it, that cannot be kept; None if all can."""
    name = _name(dtype)
    if name in ("List", "Array"):
        return refused_dtype(dtype.inner)
    if name == "Map":
        return refused_dtype(dtype.key) or refused_dtype(dtype.value)
    if name == "Struct":
        return next((found for field in dtype.fields if (found := refused_dtype(field.dtype))), None)
    known = name in _NUMBERS or name in _TIMES or name in _WIDE or name in _OTHERS
    return None if known else str(dtype)


def _name(dtype: Any) -> str:
    return str(dtype.base_type().__name__)


def _content(series: pl.Series, take: _Take) -> None:
    nulls, name = series.null_count(), _name(series.dtype)
    take(nulls.to_bytes(8, "little"))
    if name == "Null":
        return
    if name in _TEXTS and len(series) <= _FEW:
        _few_texts(series.to_list(), nulls, take)
        return
    if 0 < nulls < len(series):
        _presence(series.is_not_null().to_numpy(), take)
    if nulls:
        series = series.drop_nulls()
    if name in _NUMBERS:
        _numbers(series, take)
    elif name in _TIMES:
        _numbers(series.to_physical(), take)
    elif name in _WIDE:
        _texts(series.to_physical().cast(pl.String), take)
    else:
        _others(name, series, take)


def _presence(present: np.ndarray[Any, np.dtype[np.bool_]], take: _Take) -> None:
    take(np.packbits(present, bitorder="little").tobytes())


def _few_texts(values: list[str | bytes | None], nulls: int, take: _Take) -> None:
    """What a longer column gives, by way of Python."""
    if 0 < nulls < len(values):
        _presence(np.array([value is not None for value in values]), take)
    _joined([value.encode() if isinstance(value, str) else value for value in values if value is not None], take)


def _others(name: str, series: pl.Series, take: _Take) -> None:
    """The values of a column without nulls; those in lists and structs are columns of their own."""
    match name:
        case "Boolean":
            _presence(series.to_numpy(), take)
        case "String":
            _texts(series, take)
        case "Categorical" | "Enum":
            _texts(series.cast(pl.String), take)
        case "Binary":
            _joined(series.to_list(), take)
        case "List":
            lengths = series.list.len()
            _numbers(lengths.cast(pl.UInt64), take)
            _content(series.filter(lengths > 0).explode(), take)
        case "Array":
            if series.dtype.size:  # type: ignore[attr-defined]
                _content(series.arr.explode(), take)
        case "Map":
            entry = pl.Struct({"key": series.dtype.key, "value": series.dtype.value})  # type: ignore[attr-defined]
            _content(series.cast(pl.List(entry)), take)
        case _:
            for field in series.struct.fields:
                _content(series.struct.field(field), take)


def _numbers(series: pl.Series, take: _Take) -> None:
    array = series.to_numpy()
    if array.dtype.kind == "f":
        odd = np.isnan(array)
        if odd.any():
            array = array.copy()
            array[odd] = np.nan
    take(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).view(np.uint8).data)


def _texts(series: pl.Series, take: _Take) -> None:
    take(series.str.len_bytes().cast(pl.UInt64).to_numpy().astype("<u8").tobytes())
    take(series.str.join("").item().encode())


def _joined(contents: list[bytes], take: _Take) -> None:
    take(np.fromiter(map(len, contents), "<u8", len(contents)).tobytes())
    take(b"".join(contents))
