"""Paths, UUIDs and fractions as nodes, and back: of types whose modules are not loaded for their sake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from trimtab.drivers.step_values.nodes import Decode, Encode, Node

if TYPE_CHECKING:
    from trimtab.drivers.step_values.tree import Decoder, Encoder

_PATHS: Final = ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
_HOMES: Final = ("pathlib", "pathlib._local")  # where Python 3.13 has them


def _path(value: Any, _: Encoder) -> Node:
    return {type(value).__name__: str(value)}


def _opened_path(name: str) -> Decode:
    def opened(payload: str, _: Decoder) -> Any:
        import pathlib

        return getattr(pathlib, name)(payload)

    return opened


def _uuid(value: Any, _: Encoder) -> Node:
    return {"UUID": value.hex}


def _opened_uuid(payload: str, _: Decoder) -> Any:
    import uuid

    return uuid.UUID(payload)


def _fraction(value: Any, encoder: Encoder) -> Node:
    return {"Fraction": [encoder.node(value.numerator), encoder.node(value.denominator)]}


def _opened_fraction(payload: list[Node], decoder: Decoder) -> Any:
    import fractions

    return fractions.Fraction(*map(decoder.value, payload))


BY_NAME: Final[dict[tuple[str, str], Encode]] = {
    ("uuid", "UUID"): _uuid,
    ("fractions", "Fraction"): _fraction,
    **{(home, name): _path for home in _HOMES for name in _PATHS},
}
DECODERS: Final[dict[str, Decode]] = {
    "UUID": _opened_uuid,
    "Fraction": _opened_fraction,
    **{name: _opened_path(name) for name in _PATHS},
}
