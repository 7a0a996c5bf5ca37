"""What a step's result follows from, part by part; the digest of all parts is the step's key.

The parts are kept beside the key, so that a plan can say which of them changed since the step last ran. They are
compared by what they are and where they stand by name only: a function that moved to another line is the same part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from trimtab.base.digest import Digest, digest_json

KEY_VERSION: Final = 2
"""Part of every key: a Trimtab that counts or keeps otherwise trusts no result of another."""

_SHOWN: Final = 3


class PartKind(StrEnum):
    """What a part is, as a plan names it."""

    CODE = "code"
    LIBRARY = "library"
    PARAMETER = "parameter"
    VARIABLE = "variable"
    FILE = "file"
    INPUT = "input"
    COMMAND = "command"
    SETTING = "setting"
    PYTHON = "python"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a result follows from.

    Attributes:
        name: what it is called: ``helper clip_amount``, ``numpy``, ``max_depth``, ``data/rates.csv``.
        value: its content, as a digest or a short text.
        at: ``file:line``, where it has one; not part of the key.
    """

    kind: PartKind
    name: str
    value: str
    at: str = ""


def key_of(parts: Iterable[Part]) -> Digest:
    """The key: the digest of all parts, whatever their order."""
    return digest_json([KEY_VERSION, sorted([part.kind.value, part.name, part.value] for part in parts)])


def difference(now: Sequence[Part], before: Sequence[Part]) -> str:
    """What changed, in words for a plan: ``helper clip_amount changed, features.py:31``; empty if nothing did."""
    known, current = _by_name(before), _by_name(now)
    said = []
    for place, part in current.items():
        old = known.get(place)
        if old is None:
            said.append(_said(part, "is new"))
        elif old.value != part.value:
            said.append(_changed(part, old))
    said += [_said(part, "is gone") for place, part in known.items() if place not in current]
    more = f", and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    return "; ".join(said[:_SHOWN]) + more


def _by_name(parts: Sequence[Part]) -> Mapping[tuple[PartKind, str], Part]:
    return {(part.kind, part.name): part for part in parts}


def _changed(part: Part, old: Part) -> str:
    if part.kind in (PartKind.LIBRARY, PartKind.PARAMETER, PartKind.PYTHON, PartKind.SETTING) and len(old.value) < 40:
        return _said(part, f"changed from {old.value} to {part.value}")
    return _said(part, "changed")


def _said(part: Part, what: str) -> str:
    """Code is called by its own name; the rest with what it is before it."""
    name = part.name if part.kind is PartKind.CODE else f"{part.kind.value} {part.name}"
    return f"{name} {what}" + (f", {part.at}" if part.at else "")
