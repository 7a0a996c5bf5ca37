"""A value as a tree of nodes with parts beside it, and back: who knows which kind of value.

Recognising a value imports nothing: the modules that its type and the type's bases come from say whose it is, and a
value of a library is only met where that library is loaded. Pickle was rejected: opening one runs whatever it says,
and its bytes differ for equal values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from trimtab.base.digest import Digest
from trimtab.drivers.step_values import plain
from trimtab.drivers.step_values.nodes import Node
from trimtab.drivers.step_values.parts import TREE, Arrays, Opened, Part, Parts
from trimtab.drivers.step_values.problems import RefusedError, a
from trimtab.drivers.step_values.registered import Serialiser, Serialisers

FORM: Final = "trimtab.value/1"
DEEPEST: Final = 100
"""Containers within containers; a value that holds itself would have no end."""

_HOMES: Final = ("numpy", "polars", "pandas", "lightgbm", "sklearn", "scipy")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What can be kept beside what every project can: registered serialisers, and the project's plain classes."""

    serialisers: Serialisers
    project: Path | None = None


class Encoder:
    """Turns a value into nodes; one for each value that is kept."""

    __slots__ = ("_depth", "classes", "known", "libraries", "parts")

    def __init__(self, parts: Parts, known: Known) -> None:
        self.parts = parts
        self.known = known
        self.classes: set[str] = set()
        self.libraries: set[str] = set()
        self._depth = 0

    def node(self, value: Any) -> Node:
        """The node of a value; raises `RefusedError` for what cannot be kept."""
        kind = type(value)
        direct = plain.ENCODERS.get(kind)
        if direct is not None:
            return direct(value, self)
        serialiser = self.known.serialisers.for_value(value)
        if serialiser is not None:
            self._meet(kind)
            return self.known.serialisers.node(serialiser, value, self)
        found = plain.encoder_of(kind)
        if found is not None:
            return found(value, self)
        home = home_of(kind)
        if home is not None:
            self.libraries.add(home)
            return _of_library(home, value, self)
        from trimtab.drivers.step_values import project_classes

        node = project_classes.node(value, self)
        if node is None:
            raise RefusedError(a(kind), fix=_way_out(value))
        self._meet(kind)
        return node

    def _meet(self, kind: type) -> None:
        """Note whose code an object of this type brings with it."""
        from trimtab.drivers.step_values.project_classes import is_projects

        if self.known.project is not None and is_projects(kind.__module__, self.known.project):
            self.classes.add(f"{kind.__module__}:{kind.__qualname__}")
        else:
            self.libraries.add(kind.__module__.partition(".")[0])

    def enter(self, what: str) -> None:
        """One container further in; raises `RefusedError` where there are too many."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise RefusedError(
                f"a {what} more than {DEEPEST} containers deep, or one that holds itself", fix="Return a flatter value."
            )

    def leave(self) -> None:
        """Out of a container again; a refusal needs no way back, since it ends the whole value."""
        self._depth -= 1


class Decoder:
    """Turns nodes into a value; one for each value that is opened."""

    __slots__ = ("arrays", "known", "opened")

    def __init__(self, opened: Opened, known: Known) -> None:
        self.opened = opened
        self.known = known
        self.arrays = Arrays(opened)

    def value(self, node: Node) -> Any:
        """The value of a node."""
        if type(node) is list:
            return plain.opened_items(node, self)
        if type(node) is not dict:
            return node
        ((tag, payload),) = node.items()
        direct = plain.DECODERS.get(tag)
        if direct is not None:
            return direct(payload, self)
        if tag == "registered":
            return self.known.serialisers.value(payload, self)
        if tag in ("dataclass", "namedtuple", "enum"):
            from trimtab.drivers.step_values import project_classes

            return project_classes.value(tag, payload, self)
        return _decoder_of(tag.partition(".")[0])(tag, payload, self)


class Encoded(NamedTuple):
    """A value's files, the digest of its content, and whose objects are in it: the project's classes, libraries."""

    files: tuple[Part, ...]
    digest: Digest
    classes: tuple[str, ...]
    libraries: tuple[str, ...]


def encode(value: Any, parts: Parts, known: Known) -> Encoded:
    """What a value is written as; raises `RefusedError`."""
    encoder = Encoder(parts, known)
    node = encoder.node(value)
    files, digest = parts.finish(msgspec.msgpack.encode([FORM, node]))
    return Encoded(files, digest, tuple(sorted(encoder.classes)), tuple(sorted(encoder.libraries)))


def decode(opened: Opened, known: Known) -> Any:
    """The value that was kept as these files."""
    form, node = msgspec.msgpack.decode(opened.content(TREE))
    if form != FORM:
        raise opened.damaged(TREE)
    decoder = Decoder(opened, known)
    try:
        value = decoder.value(node)
        decoder.arrays.finish()
    except Exception:
        decoder.arrays.blame()
        raise
    finally:
        decoder.arrays.close()
    return value


def home_of(kind: type) -> str | None:
    """The library that a type, or the first of its bases that is of one, belongs to; None if we know none of them."""
    for base in kind.__mro__:
        top = base.__module__.partition(".")[0]
        if top in _HOMES:
            return top
    return None


def kind_of(value: Any) -> str:
    """What a value is, for people: ``polars.DataFrame``, ``dict``."""
    kind = type(value)
    top = kind.__module__.partition(".")[0]
    return kind.__qualname__ if top == "builtins" else f"{top}.{kind.__qualname__}"


def _of_library(home: str, value: Any, encoder: Encoder) -> Node:
    match home:
        case "numpy":
            from trimtab.drivers.step_values.array_values import node
        case "polars":
            from trimtab.drivers.step_values.polars_values import node
        case "pandas":
            from trimtab.drivers.step_values.pandas_values import node
        case "lightgbm":
            from trimtab.drivers.step_values.lightgbm_values import node
        case "sklearn":
            from trimtab.drivers.step_values.sklearn_values import node
        case _:
            from trimtab.drivers.step_values.sparse_values import node
    return node(value, encoder)


def _decoder_of(home: str) -> Callable[[str, Any, Decoder], Any]:
    match home:
        case "numpy":
            from trimtab.drivers.step_values.array_values import value
        case "polars":
            from trimtab.drivers.step_values.polars_values import value
        case "pandas":
            from trimtab.drivers.step_values.pandas_values import value
        case "lightgbm":
            from trimtab.drivers.step_values.lightgbm_values import value
        case "sklearn":
            from trimtab.drivers.step_values.sklearn_values import value
        case _:
            from trimtab.drivers.step_values.sparse_values import value
    return value


def _way_out(value: Any) -> str:
    if isinstance(value, Iterator):
        return "Return a list of what it yields: it can be read only once."
    for base in (dict, list, tuple, set, str, int, float):
        if isinstance(value, base):
            return f"Return {base.__name__}(…) of it, or register a serialiser (docs/values.md)."
    if isinstance(value, type) or callable(value):
        return "Return what it makes, and let the next step call it; or register a serialiser (docs/values.md)."
    return "Return tables, arrays, models or plain values, or register a serialiser for it (docs/values.md)."


def known_of(serialisers: Sequence[Serialiser] = (), project: Path | None = None) -> Known:
    """What can be kept, from what the project registered."""
    return Known(serialisers=Serialisers(serialisers), project=project)
