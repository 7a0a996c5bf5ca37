"""The contract as a value: which columns a row has, of which type, and what their values may be.

Five types are enough for what a model is given, and few enough that JSON, TOML, Polars and NumPy agree on each of
them. Widths (Int8, Float32) are storage, not meaning, so a contract does not know them.

Structure is hard and what was learned is soft: a wrong type is refused always, a value outside what was seen is
answered and noted until a person writes ``outside = "refuse"``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from trimtab.spec.project import Task

Scalar = bool | int | float | str
"""A value of a row: a time is an integer of UTC microseconds. None stands beside it for null."""

INTEGER_MIN: Final = -(2**63)
INTEGER_MAX: Final = 2**63 - 1
EXACT_FLOAT: Final = 2**53
"""Up to here (and down to its negative) every whole number is a float of its own."""
TIME_MIN: Final = -62_135_596_800_000_000
TIME_MAX: Final = 253_402_300_799_999_999
"""0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z, what ISO 8601 writes with four digits of year."""
TIME_AMBIGUOUS: Final = 10**14
"""Seconds and milliseconds of today are nearer to zero than this; as microseconds that would be 1966 to 1973."""
TEXT_MAX: Final = 65_536
"""Characters of the longest text: generous for free text, and a bound for whoever sends rows without one."""


class ColumnType(StrEnum):
    """What a value is, whatever width it is stored in."""

    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    TEXT = "text"
    TIME = "time"


class Severity(StrEnum):
    """What happens to a row with a value outside: it is refused, or it is answered and the value is noted."""

    REFUSE = "refuse"
    NOTE = "note"


class Rule(StrEnum):
    """What a value, a row or a table offends against; the same names for requests and for training tables."""

    UNREADABLE = "unreadable"
    EMPTY = "empty"
    MISSING = "missing"
    UNEXPECTED = "unexpected"
    LABEL = "label"
    DUPLICATE = "duplicate"
    NULL = "null"
    TYPE = "type"
    IMPOSSIBLE = "impossible"
    RANGE = "range"
    VALUES = "values"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The least and the greatest value, both included; None leaves a side open. Only for numbers."""

    minimum: int | float | None
    maximum: int | float | None
    outside: Severity = Severity.NOTE
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The values that are known. Only for integers, booleans and text."""

    allowed: tuple[bool | int | str, ...]
    outside: Severity = Severity.NOTE
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. Every row names it; ``nullable`` says whether it may say null. ``because`` is for people."""

    name: str
    type: ColumnType
    nullable: bool = False
    range: Range | None = None
    values: Values | None = None
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What rows must be.

    Attributes:
        time: the column of the row's own time.
        label: the column that is predicted; checked on training tables, refused in requests.
        key: the project's own name for a row (integer, text or time), or None.
        task: what is predicted; None where nobody has said so yet.
        zone: the zone of naive times; None refuses them.
        columns: all columns, the label too, in the order of the table that the contract was inferred from.
    """

    time: str
    label: str
    columns: tuple[Column, ...]
    key: str | None = None
    task: Task | None = None
    zone: str | None = None

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns of a request: all but the label, in the contract's order."""
        return tuple(column for column in self.columns if column.name != self.label)

    def column(self, name: str) -> Column:
        """The column of that name; raises `KeyError` if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
