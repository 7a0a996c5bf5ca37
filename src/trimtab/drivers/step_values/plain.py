"""Plain values as nodes of a tree, and back: Python's own scalars and containers, exactly as they were.

A node is what MessagePack holds by itself (None, truth values, 64-bit integers, floats, text, bytes), an array for a
list, or a map of one key, the tag, for everything else. Subclasses are refused, since nobody here knows what they add.
All NaN are one; -0.0 and 0.0 are two. The members of a set are ordered by their bytes: its own order follows the hash
seed of the process. A dictionary keeps its order, which whoever reads it may depend on.
"""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from trimtab.drivers.step_values import moments, seldom
from trimtab.drivers.step_values.nodes import Decode, Encode, Node
from trimtab.drivers.step_values.problems import RefusedError, a

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder

LARGE: Final = 1 << 20
"""Bytes of a text or of bytes beyond which they lie beside the tree."""

_NAN: Final = float("nan")
_DIRECT: Final = frozenset({NoneType, bool, int, float, str, bytes})
_LOW, _HIGH = -(2**63), 2**64


def items(values: Sequence[Any], encoder: Encoder) -> list[Node]:
    """The nodes of a list's items; quick where they are plain numbers and texts, as long lists mostly are."""
    kinds = set(map(type, values))
    if len(values) > 16 and kinds <= _DIRECT:
        return _direct_items(values, kinds, encoder)
    nodes = []
    for place, value in enumerate(values):
        try:
            nodes.append(encoder.node(value))
        except RefusedError as refused:
            raise refused.within(f"[{place}]") from None
    return nodes


def _direct_items(values: Sequence[Any], kinds: set[type], encoder: Encoder) -> list[Node]:
    nodes = list(values)
    if float in kinds:
        nodes = [node if node == node else _NAN for node in nodes]
    if int in kinds:
        nodes = [_int(node, encoder) if type(node) is int else node for node in nodes]
    if str in kinds:
        nodes = [_str(node, encoder) if type(node) is str and not node.isascii() else node for node in nodes]
    return nodes


def opened_items(nodes: Iterable[Node], decoder: Decoder) -> list[Any]:
    """The items of a list from their nodes."""
    value = decoder.value
    return [value(node) if type(node) is dict or type(node) is list else node for node in nodes]


def _int(value: int, _: Encoder) -> Node:
    # hexadecimal: Python refuses decimal texts of more than 4,300 digits
    return value if _LOW <= value < _HIGH else {"int": hex(value)}


def _float(value: float, _: Encoder) -> Node:
    return value if value == value else _NAN


def _str(value: str, encoder: Encoder) -> Node:
    if len(value) > LARGE:
        return {"str": _beside(value.encode("utf-8", "surrogatepass"), encoder)}
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:  # half a surrogate pair: legal in Python, not in UTF-8
        return {"str": value.encode("utf-8", "surrogatepass")}
    return value


def _bytes(value: bytes, encoder: Encoder) -> Node:
    return {"bytes": _beside(value, encoder)} if len(value) > LARGE else value


def _bytearray(value: bytearray, encoder: Encoder) -> Node:
    return {"bytearray": _beside(value, encoder) if len(value) > LARGE else bytes(value)}


def _beside(content: bytes | bytearray, encoder: Encoder) -> int:
    encoder.parts.put_array(content)
    return len(content)


def _content(payload: bytes | int, decoder: Decoder) -> bytes | bytearray:
    return decoder.arrays.read(payload) if isinstance(payload, int) else payload


def _complex(value: complex, encoder: Encoder) -> Node:
    return {"complex": [_float(value.real, encoder), _float(value.imag, encoder)]}


def _list(value: list[Any], encoder: Encoder) -> Node:
    encoder.enter("list")
    nodes = items(value, encoder)
    encoder.leave()
    return nodes


def _tuple(value: tuple[Any, ...], encoder: Encoder) -> Node:
    encoder.enter("tuple")
    nodes = items(value, encoder)
    encoder.leave()
    return {"tuple": nodes}


def _entries(value: dict[Any, Any], encoder: Encoder) -> list[Node]:
    encoder.enter("dict")
    keys: list[Node] = []
    for key in value:
        try:
            keys.append(encoder.node(key))
        except RefusedError as refused:
            raise refused.within(f" key {shown(key)}") from None
    nodes: list[Node] = []
    for key, inner in value.items():
        try:
            nodes.append(encoder.node(inner))
        except RefusedError as refused:
            raise refused.within(f"[{shown(key)}]") from None
    encoder.leave()
    return [keys, nodes]


def shown(key: Any) -> str:
    """A key as it is shown in a sentence: not too long."""
    text = repr(key)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _opened_entries(payload: list[Node], decoder: Decoder) -> Iterable[tuple[Any, Any]]:
    # the keys first: what lies beside the tree is read in the order in which it was written
    keys = opened_items(payload[0], decoder)
    return zip(keys, opened_items(payload[1], decoder), strict=True)


def _set(value: set[Any] | frozenset[Any], encoder: Encoder) -> Node:
    encoder.enter("set")
    nodes = [_member(each, encoder) for each in value]
    encoder.leave()
    return {type(value).__name__: sorted(nodes, key=msgspec.msgpack.encode)}


def _member(value: Any, encoder: Encoder) -> Node:
    before = encoder.parts.count
    try:
        node = encoder.node(value)
    except RefusedError as refused:
        raise refused.within(f" member {shown(value)}") from None
    if encoder.parts.count != before:
        raise RefusedError(f"{a(type(value))} in a set", fix="Return a list: a set orders its members by their bytes.")
    return node


def _defaultdict(value: Any, encoder: Encoder) -> Node:
    factory = value.default_factory
    if factory is not None and factory not in _FACTORIES.values():
        raise RefusedError(
            f"a defaultdict that makes its values by {getattr(factory, '__qualname__', repr(factory))}",
            fix="Return dict(…) of it.",
        )
    name = None if factory is None else factory.__name__
    return {"defaultdict": [name, _entries(value, encoder)]}


def _opened_defaultdict(payload: list[Node], decoder: Decoder) -> Any:
    name, entries = payload
    return defaultdict(None if name is None else _FACTORIES[name], _opened_entries(entries, decoder))


_FACTORIES: Final[dict[str, Any]] = {
    kind.__name__: kind for kind in (bool, int, float, str, list, tuple, dict, set, OrderedDict)
}

ENCODERS: Final[dict[type, Encode]] = moments.ENCODERS | {
    NoneType: lambda value, _: value,
    bool: lambda value, _: value,
    int: _int,
    float: _float,
    str: _str,
    bytes: _bytes,
    bytearray: _bytearray,
    complex: _complex,
    list: _list,
    tuple: _tuple,
    dict: lambda value, encoder: {"dict": _entries(value, encoder)},
    set: _set,
    frozenset: _set,
    range: lambda value, encoder: {"range": items([value.start, value.stop, value.step], encoder)},
    slice: lambda value, encoder: {"slice": items([value.start, value.stop, value.step], encoder)},
    Decimal: lambda value, _: {"Decimal": str(value)},
    OrderedDict: lambda value, encoder: {"OrderedDict": _entries(value, encoder)},
    Counter: lambda value, encoder: {"Counter": _entries(value, encoder)},
    defaultdict: _defaultdict,
}
"""How a value of exactly this type becomes a node."""

_BY_NAME: Final = moments.BY_NAME | seldom.BY_NAME


def encoder_of(kind: type) -> Encode | None:
    """How a plain value of this type becomes a node; None if it is no plain value."""
    found = ENCODERS.get(kind)
    if found is None and (named := _BY_NAME.get((kind.__module__, kind.__name__))):
        # the name alone proves nothing: it must be the type that its module has under it
        module = sys.modules.get(kind.__module__)
        return named if getattr(module, kind.__name__, None) is kind else None
    return found


DECODERS: Final[dict[str, Decode]] = moments.DECODERS | seldom.DECODERS | {
    "int": lambda payload, _: int(payload, 16),
    "str": lambda payload, decoder: _content(payload, decoder).decode("utf-8", "surrogatepass"),
    "bytes": lambda payload, decoder: bytes(_content(payload, decoder)),
    "bytearray": lambda payload, decoder: bytearray(_content(payload, decoder)),
    "complex": lambda payload, _: complex(*payload),
    "tuple": lambda payload, decoder: tuple(opened_items(payload, decoder)),
    "dict": lambda payload, decoder: dict(_opened_entries(payload, decoder)),
    "set": lambda payload, decoder: set(opened_items(payload, decoder)),
    "frozenset": lambda payload, decoder: frozenset(opened_items(payload, decoder)),
    "range": lambda payload, decoder: range(*opened_items(payload, decoder)),
    "slice": lambda payload, decoder: slice(*opened_items(payload, decoder)),
    "Decimal": lambda payload, _: Decimal(payload),
    "OrderedDict": lambda payload, decoder: OrderedDict(_opened_entries(payload, decoder)),
    "Counter": lambda payload, decoder: Counter(dict(_opened_entries(payload, decoder))),
    "defaultdict": _opened_defaultdict,
}  # fmt: skip
"""How a node of this tag becomes the value again."""
