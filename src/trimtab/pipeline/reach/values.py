"""What is said of the code that a function reaches."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from trimtab.base.digest import Digest, digest_json
from trimtab.base.errors import InputError


class UnitKind(StrEnum):
    FUNCTION = "function"
    CLASS = "class"
    CONSTANT = "constant"
    STATEMENT = "statement"
    MODULE = "module"


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A top-level statement that is reached: its kind, its name, its module (dotted), the digest of its source without
    comments, docstrings and format, and ``file:line``. A MODULE counts whole."""

    kind: UnitKind
    name: str
    module: str
    digest: Digest
    at: str


class Unfollowed(msgspec.Struct, frozen=True, kw_only=True):
    """Dispatch that cannot be followed: what stands there, where, and what counts because of it."""

    what: str
    at: str
    counted: str


class HintKind(StrEnum):
    CLOCK = "clock"
    CHANCE = "chance"
    VARIABLE = "variable"
    FILE = "file"
    NETWORK = "network"
    PROCESS = "process"


class Hint(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the code reads beside its inputs; ``name`` is the variable's or the file's, where it is known."""

    kind: HintKind
    what: str
    at: str
    name: str = ""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of what a function reaches.

    Attributes:
        units: the function itself first, then the others by module and name.
        externals: top-level names of imported modules that are neither the project's nor the standard library's.
        literals: texts in the code, up to 1,024 characters: some may be names of files.
        needed: top-level names of libraries without which the project's modules cannot be imported.
    """

    units: tuple[Unit, ...]
    externals: frozenset[str]
    unfollowed: tuple[Unfollowed, ...]
    hints: tuple[Hint, ...]
    literals: frozenset[str]
    needed: frozenset[str] = frozenset()


def joined(reach: Reach, others: Iterable[Reach]) -> Reach:
    """What one thing reaches, and behind it what the others do."""
    every = [reach, *others]
    return Reach(
        units=tuple(dict.fromkeys(unit for each in every for unit in each.units)),
        externals=frozenset().union(*(each.externals for each in every)),
        unfollowed=tuple(dict.fromkeys(lost for each in every for lost in each.unfollowed)),
        hints=tuple(dict.fromkeys(hint for each in every for hint in each.hints)),
        literals=frozenset().union(*(each.literals for each in every)),
        needed=frozenset().union(*(each.needed for each in every)),
    )


class UnreadableCodeError(InputError):
    """A file of the project that a step reaches is not Python."""

    code = "TT1397"


def digest_of(reach: Reach) -> Digest:
    """One digest of all code that is reached."""
    return digest_json(sorted([unit.kind.value, unit.module, unit.name, unit.digest] for unit in reach.units))
