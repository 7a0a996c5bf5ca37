"""Rules over the values of one row, as people write them: ``amount > 0 and country in ['DE', 'FR']``.

The text is Python's syntax and nothing of Python's power: it is parsed, never run. `trimtab.data.condition_reader`
makes a tree of frozen nodes of it and checks their types against the contract's columns;
`trimtab.data.condition_row` asks it of one request and `trimtab.data.condition_table` of a whole batch, and both give
the same answer for the same row:

- Logic has three values. What touches null cannot be said, and ``null and false`` is false, ``null or true`` true.
- Integers compare with integers exactly, in 64 bits. Every other comparison of numbers, and all arithmetic, is in
  64-bit floats. A result that is no finite number (a division by zero, an overflow) cannot be said.
- Texts compare by their characters' code points, times as moments.

Rejected: Polars' own SQL and strings of Python that are run. The one is not in the router, the other runs anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from trimtab.data.kinds import ColumnType, Scalar


class Arithmetic(StrEnum):
    """What is done with two numbers."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"


class Comparator(StrEnum):
    """How two values are compared."""

    EQUAL = "=="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Field:
    """A column's value."""

    name: str
    kind: ColumnType


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written out; a time is UTC microseconds."""

    value: Scalar
    kind: ColumnType


@dataclass(frozen=True, slots=True)
class Computed:
    """A number of two numbers."""

    operator: Arithmetic
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Absolute:
    """A number without its sign."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Length:
    """How many characters a text has."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Compared:
    """Whether two values of a kind stand so to each other."""

    operator: Comparator
    left: Node
    right: Node
    kind: ColumnType


@dataclass(frozen=True, slots=True)
class Among:
    """Whether a value is one of a list."""

    operand: Node
    values: tuple[Scalar, ...]
    kind: ColumnType


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether there is no value; the one question to which null has an answer."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    operand: Node


@dataclass(frozen=True, slots=True)
class All:
    """Whether all hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Whether one of them holds."""

    parts: tuple[Node, ...]


Node = Field | Literal | Computed | Absolute | Length | Compared | Among | IsNull | Not | All | Any


def kind_of(node: Node) -> ColumnType:
    """The type of a node's value."""
    match node:
        case Field(kind=kind) | Literal(kind=kind):
            return kind
        case Computed() | Absolute():
            return ColumnType.FLOAT
        case Length():
            return ColumnType.INTEGER
        case _:
            return ColumnType.BOOLEAN


def columns_of(node: Node) -> tuple[str, ...]:
    """The columns that a condition names, each once, in the order of its text."""
    return tuple(dict.fromkeys(_fields(node)))


def _fields(node: Node) -> Iterator[str]:
    match node:
        case Field(name=name):
            yield name
        case Literal():
            return
        case Computed(left=left, right=right) | Compared(left=left, right=right):
            yield from _fields(left)
            yield from _fields(right)
        case All(parts=parts) | Any(parts=parts):
            for part in parts:
                yield from _fields(part)
        case _:
            yield from _fields(node.operand)
