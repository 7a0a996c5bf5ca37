"""pandas' own kinds of columns as their parts, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from trimtab.drivers.step_values import pandas_scalars
from trimtab.drivers.step_values.nodes import Node
from trimtab.drivers.step_values.problems import RefusedError

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder

_MASKED: Final = {"i": pd.arrays.IntegerArray, "u": pd.arrays.IntegerArray, "f": pd.arrays.FloatingArray}
_TAG: Final = "pandas.array."


def node(array: Any, encoder: Encoder) -> Node:
    """The node of an extension array of pandas."""
    found = _PARTS.get(type(array.dtype).__name__)
    if found is None and isinstance(array, (*_MASKED.values(), pd.arrays.BooleanArray)):
        found = "masked", _masked
    if found is None:
        fix = "Convert it: .astype(…), or for a sparse one .sparse.to_dense()."
        raise RefusedError(f"a pandas column of the dtype {array.dtype}", fix=fix)
    name, parts = found
    return {f"{_TAG}{name}": parts(array, encoder)}


def value(tag: str, payload: list[Node], decoder: Decoder) -> Any:
    """The extension array of a node."""
    match tag.removeprefix(_TAG):
        case "categorical":
            codes, categories = decoder.value(payload[0]), decoder.value(payload[1])
            return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(categories, payload[2]))
        case "zoned":
            moments, zone = decoder.value(payload[0]), pandas_scalars.opened_zone(payload[1], decoder)
            return pd.DatetimeIndex(moments).tz_localize("UTC").tz_convert(zone).array
        case "period":
            return pd.PeriodIndex.from_ordinals(decoder.value(payload[0]), freq=payload[1]).array
        case "interval":
            left, right = decoder.value(payload[0]), decoder.value(payload[1])
            return pd.arrays.IntervalArray.from_arrays(left, right, closed=payload[2])
        case "text":
            texts, missing = decoder.value(payload[0]), decoder.value(payload[2])
            return pd.array(texts, dtype=pd.StringDtype(payload[1], na_value=missing))
        case "arrow":
            return _back(decoder.value(payload[0]), payload[1])
        case _:
            values, mask = decoder.value(payload[0]), decoder.value(payload[1])
            return _MASKED.get(values.dtype.kind, pd.arrays.BooleanArray)(values, mask)


def _categorical(array: Any, encoder: Encoder) -> Node:
    return [encoder.node(np.asarray(array.codes)), encoder.node(array.dtype.categories), array.dtype.ordered]


def _zoned(array: Any, encoder: Encoder) -> Node:
    moments = array.tz_convert("UTC").tz_localize(None).to_numpy()
    return [encoder.node(moments), pandas_scalars.zone_node(array.dtype.tz, encoder)]


def _period(array: Any, encoder: Encoder) -> Node:
    freq = str(array.dtype).removeprefix("period[").removesuffix("]")
    return [encoder.node(np.asarray(array.astype("int64"))), freq]


def _interval(array: Any, encoder: Encoder) -> Node:
    return [encoder.node(array.left), encoder.node(array.right), array.dtype.closed]


def _text(array: Any, encoder: Encoder) -> Node:
    texts = array.to_numpy(dtype=object, na_value=None).tolist()
    return [encoder.node(texts), array.dtype.storage, encoder.node(array.dtype.na_value)]


def _masked(array: Any, encoder: Encoder) -> Node:
    mask = np.asarray(array.isna())
    # what lies under the mask is not content
    values = array.to_numpy(dtype=array.dtype.numpy_dtype, na_value=array.dtype.type(0))
    return [encoder.node(values), encoder.node(mask)]


def _arrow(array: Any, encoder: Encoder) -> Node:
    """By way of Polars, which reads Arrow's arrays and has a canonical digest; only types with a name come back."""
    import polars as pl

    name = str(array.dtype)
    try:
        series = pl.Series(array.__arrow_array__())
        same = _back(series, name).equals(array)
    except (TypeError, NotImplementedError, ValueError, pl.exceptions.PolarsError):
        series, same = None, False
    if not same:
        fix = "Convert it to one of pandas' own dtypes: .convert_dtypes(dtype_backend='numpy_nullable')."
        raise RefusedError(f"a pandas column of the dtype {name}", fix=fix)
    return [encoder.node(series), name]


def _back(series: Any, name: str) -> Any:
    return pd.array(series.to_arrow(), dtype=name)


_PARTS: Final[dict[str, tuple[str, Callable[[Any, Encoder], Node]]]] = {
    "CategoricalDtype": ("categorical", _categorical),
    "DatetimeTZDtype": ("zoned", _zoned),
    "PeriodDtype": ("period", _period),
    "IntervalDtype": ("interval", _interval),
    "StringDtype": ("text", _text),
    "ArrowDtype": ("arrow", _arrow),
}
