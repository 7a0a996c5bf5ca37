"""Polars tables as Parquet, and back: every dtype as it was.

Measured with Polars 2.1 on each dtype alone, in lists, in arrays and in structs: Parquet, which holds Polars' own
schema beside its own, gives all of them back but a struct without fields, which Arrow's format does; in Polars 1.30
128-bit integers are such another. Neither takes Python objects. A table without columns has no file; its height is in
the tree.

LZ4 and no statistics: for kept results time counts more than size. The digest is of the content
(`trimtab.drivers.step_values.polars_content`), not of these bytes, which follow chunks and versions.
"""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from trimtab.disk.faults import explain
from trimtab.drivers.step_values.nodes import Node
from trimtab.drivers.step_values.parts import Held, Parts
from trimtab.drivers.step_values.polars_content import digest_of, dtype_words, refused_dtype
from trimtab.drivers.step_values.problems import RefusedError, a

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder


_FORMS: Final = ("parquet", "arrow")
_EVERYDAY: Final = frozenset({
    "Boolean", "String", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64",
    "Date", "Datetime",
})  # fmt: skip
"""Types that every version of Polars writes to Parquet and reads as they were; of others the file is asked."""

_SYSTEM_ERROR: Final = re.compile(r"os error (\d+)")
"""How Polars passes on what the system said, also inside errors of its own."""


def node(value: Any, encoder: Encoder) -> Node:
    """The node of a table or a column of Polars."""
    kind = type(value)
    if kind is pl.DataFrame:
        return {"polars.DataFrame": _kept(value, encoder)}
    if kind is pl.Series:
        return {"polars.Series": _kept(value.to_frame(), encoder)}
    if kind is pl.LazyFrame:
        return {"polars.LazyFrame": _kept(_collected(value), encoder)}
    fix = "Return what it is a plan for: a DataFrame." if kind is pl.Expr else "Return a DataFrame or a Series of it."
    raise RefusedError(a(kind), fix=fix)


def value(tag: str, payload: Any, decoder: Decoder) -> Any:
    """The table or column of a node."""
    frame = _opened(payload, decoder)
    if tag == "polars.Series":
        return frame.to_series()
    return frame.lazy() if tag == "polars.LazyFrame" else frame


def _collected(lazy: pl.LazyFrame) -> pl.DataFrame:
    try:
        return lazy.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        fix = "Call .collect() in the step, where the error shows its line."
        raise RefusedError(f"a LazyFrame that cannot be computed ({error})", fix=fix) from error


def _kept(frame: pl.DataFrame, encoder: Encoder) -> Node:
    if not frame.width:
        return [None, frame.height]
    for name, dtype in frame.schema.items():
        if refused := refused_dtype(dtype):
            fix = "Turn the column into numbers, texts, times, or lists and structs of them."
            raise RefusedError(f"a table whose column {name!r} has the dtype {refused}", fix=fix)
    for kind in _FORMS:
        held = _written(frame, kind, encoder.parts)
        if held is not None:
            return [encoder.parts.add(held, kind, content=digest_of(frame)), kind]
    fix = "Turn the columns of unusual types into numbers, texts, times, or lists and structs of them."
    raise RefusedError(f"a table of the types {', '.join(map(str, frame.dtypes))} that Polars cannot write", fix=fix)


def _written(frame: pl.DataFrame, kind: str, parts: Parts) -> Held | None:
    """The table in one of two forms; None if that form does not hold its types."""
    path = parts.path_for(int(frame.estimated_size()), kind)
    target = path or BytesIO()
    try:
        if kind == "parquet":
            frame.write_parquet(target, compression="lz4", statistics=False)
        else:
            frame.write_ipc(target)
    except OSError as error:
        raise explain(error, doing="write a table", path=path or Path()) from error
    except pl.exceptions.PolarsError as error:
        if system := _SYSTEM_ERROR.search(str(error)):
            raise explain(OSError(int(system[1]), str(error)), doing="write a table", path=path or Path()) from error
        return None
    if all(dtype.base_type().__name__ in _EVERYDAY for dtype in frame.dtypes) or _holds(target, kind, frame):
        return target if isinstance(target, Path) else target.getvalue()
    return None


def _holds(written: Path | BytesIO, kind: str, frame: pl.DataFrame) -> bool:
    """Whether what was written has the table's types, as far as its head says."""
    if isinstance(written, BytesIO):
        written.seek(0)
    try:
        # the schema alone is not asked for: Polars 1.30 says Categorical there and reads an Enum
        schema = (pl.read_parquet if kind == "parquet" else pl.read_ipc)(written, n_rows=0).schema
    except pl.exceptions.PolarsError:
        return False
    return [dtype_words(dtype) for dtype in schema.values()] == [dtype_words(dtype) for dtype in frame.dtypes]


def _opened(payload: list[Any], decoder: Decoder) -> pl.DataFrame:
    number, kind = payload
    if number is None:
        return pl.DataFrame(height=kind) if kind else pl.DataFrame()
    if kind == "parquet":
        return pl.read_parquet(decoder.opened.held(f"{number}.{kind}"))
    return pl.read_ipc(decoder.opened.content(f"{number}.{kind}"))  # in memory: a file would be mapped
