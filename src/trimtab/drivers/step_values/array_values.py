"""NumPy arrays and scalars as nodes, and back: dtype, byte order, shape and memory order as they were.

What lies beside the values is made one: every NaN, the padding between the fields of a structured array, the bytes
behind an 80-bit float. What is written is therefore its own content, and is hashed as it is. An array in Fortran order
stays in it, and differs from the same values in C order: sums over the two may differ in their last bit.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trimtab.drivers.step_values import plain
from trimtab.drivers.step_values.nodes import Node
from trimtab.drivers.step_values.problems import RefusedError, a

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder

Array = np.ndarray[Any, np.dtype[Any]]

_SMALL: Final = 4 << 10
"""Bytes of an array up to which it lies in the tree itself."""

_WINDOW: Final = 4 << 20
_PLAIN_KINDS: Final = frozenset("biuSUMmV")
_EIGHTY_BITS: Final = np.finfo(np.longdouble).nmant == 63


def node(value: Any, encoder: Encoder) -> Node:
    """The node of an array, a scalar or a dtype of NumPy."""
    kind = type(value)
    if kind is np.ndarray:
        return _objects(value, encoder) if value.dtype == object else array_node(value, encoder)
    if kind in (np.str_, np.bytes_):  # an array would lose the zeros at their end
        return {f"numpy.{kind.__name__}": encoder.node("".join(value) if kind is np.str_ else b"".join([value]))}
    if isinstance(value, np.generic) and not isinstance(value, np.record):
        descr = _described(value.dtype)
        return {"numpy.scalar": [descr, b"".join(_canonical(np.array(value).reshape(1)))]}
    if isinstance(value, np.dtype):
        return {"numpy.dtype": _described(value)}
    raise RefusedError(a(kind), fix=_way_out(value))


def array_node(array: Array, encoder: Encoder) -> Node:
    """The node of an array that holds no objects; its bytes lie in the tree or beside it."""
    descr = _described(array.dtype)
    flags = array.flags
    fortran = flags.f_contiguous and not flags.c_contiguous
    payload = [descr, list(array.shape), "F" if fortran else "C"]
    if array.nbytes <= _SMALL:
        return {"numpy.array": [*payload, b"".join(_canonical(array))]}
    for window in _canonical(array):
        encoder.parts.put_array(window)
    return {"numpy.array": payload}


def value(tag: str, payload: Any, decoder: Decoder) -> Any:
    """The array or scalar of a node; the array owns its memory."""
    match tag:
        case "numpy.array":
            return _opened_array(payload, decoder)
        case "numpy.objects":
            return _opened_objects(payload, decoder)
        case "numpy.scalar":
            return np.frombuffer(bytearray(payload[1]), _dtype_of(payload[0]))[0]
        case "numpy.dtype":
            return _dtype_of(payload)
        case "numpy.str_":
            return np.str_(decoder.value(payload))
        case _:
            return np.bytes_(decoder.value(payload))


def _opened_array(payload: list[Any], decoder: Decoder) -> Array:
    descr, shape, order, *inline = payload
    array = np.empty(tuple(shape), _dtype_of(descr), order=order)
    if array.nbytes:
        raw = _flat(array).view(np.uint8)
        if inline:
            raw[:] = np.frombuffer(inline[0], np.uint8)
        else:
            decoder.arrays.fill(raw.data)
    return array


def _objects(array: Array, encoder: Encoder) -> Node:
    encoder.enter("array of objects")
    nodes = plain.items(array.reshape(-1).tolist(), encoder)
    encoder.leave()
    return {"numpy.objects": [list(array.shape), nodes]}


def _opened_objects(payload: list[Any], decoder: Decoder) -> Array:
    shape, nodes = payload
    flat = np.empty(len(nodes), object)
    flat[:] = plain.opened_items(nodes, decoder) if nodes else None
    return flat.reshape(shape)


def _described(dtype: np.dtype[Any]) -> Node:
    """A dtype as NumPy's own files write it; raises `RefusedError` where that would lose something."""
    lost = (
        dtype.hasobject
        or dtype.metadata is not None
        or dtype.type is np.record
        or dtype.kind not in "fc" + "".join(_PLAIN_KINDS)
    )
    if not lost:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            described = np.lib.format.dtype_to_descr(dtype)
        lost = np.lib.format.descr_to_dtype(described) != dtype
        if not lost:
            return _listed(described)
    raise RefusedError(f"an array of the dtype {dtype}", fix="Convert it to numbers, texts (dtype object) or times.")


def _dtype_of(descr: Node) -> np.dtype[Any]:
    return np.lib.format.descr_to_dtype(_tupled(descr))


def _listed(described: Any) -> Node:
    """A description with lists for its tuples; ``[name, type, shape]`` for each field."""
    if isinstance(described, str):
        return described
    if isinstance(described, tuple):  # a type that repeats: ("<f8", (3,))
        return {"of": _listed(described[0]), "shape": list(described[1])}
    return [
        [list(f) if isinstance(f := field[0], tuple) else f, _listed(field[1]), *map(list, field[2:])]
        for field in described
    ]


def _tupled(descr: Node) -> Any:
    if isinstance(descr, str):
        return descr
    if isinstance(descr, dict):
        return _tupled(descr["of"]), tuple(descr["shape"])
    return [
        (tuple(name) if isinstance(name, list) else name, _tupled(kind), *map(tuple, shape))
        for name, kind, *shape in descr
    ]


def _flat(array: Array) -> Array:
    """A view of a contiguous array as one row, in the order of its memory."""
    return array.reshape(-1) if array.flags.c_contiguous else array.T.reshape(-1)


def _canonical(array: Array) -> Iterator[memoryview]:
    """The bytes of an array in windows, with all that is not content made one."""
    if not array.nbytes:
        return
    flat = _flat(array if array.flags.forc else np.ascontiguousarray(array))
    step = max(1, _WINDOW // flat.itemsize)
    for start in range(0, len(flat), step):
        yield _clean(flat[start : start + step]).view(np.uint8).data


def _clean(values: Array) -> Array:
    """The same values with one NaN and no leftovers between them; the array itself where it is so already."""
    dtype = values.dtype
    if dtype.names is not None:
        clean = np.zeros(values.shape, dtype)
        for name in dtype.names:
            clean[name] = _clean(values[name])
        return clean
    if dtype.kind == "c":
        real = np.dtype(f"{dtype.byteorder}f{dtype.itemsize // 2}")
        return _clean(np.ascontiguousarray(values).view(real)).view(dtype)
    if dtype.kind != "f":
        return values
    odd = np.isnan(values)
    if odd.any():
        values = values.copy()
        values[odd] = np.nan
    if _EIGHTY_BITS and dtype.itemsize == np.dtype(np.longdouble).itemsize:
        raw = np.array(values, order="C").reshape(-1).view(np.uint8).reshape(-1, dtype.itemsize)
        (raw[:, 10:] if dtype.isnative else raw[:, : dtype.itemsize - 10])[:] = 0
        return raw.reshape(-1).view(dtype).reshape(values.shape)
    return values


def _way_out(value: Any) -> str:
    if isinstance(value, np.ma.MaskedArray):
        return "Return its data and its mask: (value.data, value.mask)."
    if isinstance(value, np.ndarray):
        return "Return np.asarray(…) of it: what a subclass adds is not kept."
    return "Return what it makes, and let the next step make another from a seed."
