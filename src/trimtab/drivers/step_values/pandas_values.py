"""pandas tables, columns, indexes and scalars as nodes, and back.

Columns are taken apart into what they are made of: NumPy's arrays, and for pandas' own types their parts (codes and
categories, values and mask, moments and zone). Parquet was rejected here: it needs pyarrow, which a project with pandas
need not have, and loses much of what an index and a dtype say. Columns come back one by one: how pandas had put them
together in memory is not content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from trimtab.drivers.step_values import pandas_arrays, pandas_scalars, plain
from trimtab.drivers.step_values.nodes import Node
from trimtab.drivers.step_values.problems import RefusedError, a

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder


def node(value: Any, encoder: Encoder) -> Node:
    """The node of a value of pandas."""
    kind = type(value)
    if kind is pd.DataFrame:
        return {"pandas.DataFrame": _frame(value, encoder)}
    if kind is pd.Series:
        return {"pandas.Series": _series(value, encoder)}
    if isinstance(value, pd.Index):
        return _index(value, encoder)
    if isinstance(value, pd.api.extensions.ExtensionArray):
        return pandas_arrays.node(value, encoder)
    found = pandas_scalars.node(value, encoder)
    if found is None:
        raise RefusedError(a(kind), fix="Return a DataFrame, a Series or an Index of pandas itself.")
    return found


def value(tag: str, payload: Any, decoder: Decoder) -> Any:
    """The value of a node."""
    if tag == "pandas.DataFrame":
        return _opened_frame(payload, decoder)
    if tag == "pandas.Series":
        return _opened_series(payload, decoder)
    if tag.startswith("pandas.index."):
        return _opened_index(tag.removeprefix("pandas.index."), payload, decoder)
    if tag.startswith("pandas.array."):
        return pandas_arrays.value(tag, payload, decoder)
    return pandas_scalars.value(tag, payload, decoder)


def _frame(frame: Any, encoder: Encoder) -> Node:
    nodes = []
    for name, series in frame.items():
        try:
            nodes.append(_column(series.array, encoder))
        except RefusedError as refused:
            raise refused.within(f"[{plain.shown(name)}]") from None
    return [_index(frame.index, encoder), _index(frame.columns, encoder), nodes, *_extras(frame, encoder)]


def _series(series: Any, encoder: Encoder) -> Node:
    column = _column(series.array, encoder)
    return [_index(series.index, encoder), encoder.node(series.name), column, *_extras(series, encoder)]


def _extras(owner: Any, encoder: Encoder) -> list[Node]:
    return [encoder.node(dict(owner.attrs)), owner.flags.allows_duplicate_labels]


def _column(array: Any, encoder: Encoder) -> Node:
    """The node of a column's values; pandas wraps NumPy's arrays, and the wrapper is not content."""
    if type(array) is pd.arrays.NumpyExtensionArray or isinstance(array.dtype, np.dtype):
        array = array.to_numpy()
    return encoder.node(array)


def _opened_frame(payload: list[Node], decoder: Decoder) -> Any:
    # in the order in which they were written: columns, index, labels
    arrays = payload[2]
    index_node, columns_node, _, attrs, duplicates = payload
    values = [decoder.value(each) for each in arrays]
    index, columns = decoder.value(index_node), decoder.value(columns_node)
    made = {place: _as_series(each, index) for place, each in enumerate(values)}
    frame = pd.DataFrame(made, index=index, copy=False)
    frame.columns = columns
    return _with_extras(frame, attrs, duplicates, decoder)


def _opened_series(payload: list[Node], decoder: Decoder) -> Any:
    index_node, name_node, column, attrs, duplicates = payload
    values = decoder.value(column)
    series = _as_series(values, decoder.value(index_node))
    series.name = decoder.value(name_node)
    return _with_extras(series, attrs, duplicates, decoder)


def _as_series(values: Any, index: Any) -> Any:
    # the dtype is said, or pandas would look at objects and find a better one
    return pd.Series(values, index=index, dtype=values.dtype, copy=False)


def _with_extras(made: Any, attrs: Node, duplicates: bool, decoder: Decoder) -> Any:
    found = decoder.value(attrs)
    if found:
        made.attrs = found
    return made if duplicates else made.set_flags(allows_duplicate_labels=False)


def _index(index: Any, encoder: Encoder) -> Node:
    kind = type(index)
    if kind is pd.RangeIndex:
        return {"pandas.index.range": [index.start, index.stop, index.step, encoder.node(index.name)]}
    if kind is pd.MultiIndex:
        levels = [_index(level, encoder) for level in index.levels]
        codes = [encoder.node(np.asarray(each)) for each in index.codes]
        return {"pandas.index.multi": [levels, codes, plain.items(list(index.names), encoder)]}
    if kind in (pd.DatetimeIndex, pd.TimedeltaIndex):
        freq = pandas_scalars.freq_text(index.freq)
        return {f"pandas.index.{kind.__name__}": [_column(index.array, encoder), freq, encoder.node(index.name)]}
    if kind in (pd.Index, pd.CategoricalIndex, pd.IntervalIndex, pd.PeriodIndex):
        return {"pandas.index.plain": [_column(index.array, encoder), encoder.node(index.name)]}
    raise RefusedError(a(kind), fix="Return an Index of pandas itself.")


def _opened_index(kind: str, payload: list[Node], decoder: Decoder) -> Any:
    match kind:
        case "range":
            return pd.RangeIndex(*payload[:3], name=decoder.value(payload[3]))
        case "multi":
            levels = [decoder.value(each) for each in payload[0]]
            codes = [decoder.value(each) for each in payload[1]]
            names = plain.opened_items(payload[2], decoder)
            return pd.MultiIndex(levels, codes, names=names, verify_integrity=False)
        case "plain":
            array, name = (decoder.value(each) for each in payload)
            return pd.Index(array, dtype=array.dtype, name=name, copy=False)
        case _:
            array, name = decoder.value(payload[0]), decoder.value(payload[2])
            return getattr(pd, kind)(array, freq=payload[1], name=name)
