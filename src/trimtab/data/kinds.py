"""The words in which a contract and a comparison speak: types of values, rules, severities, limits.

Five types are enough for what a model is given, and few enough that JSON, TOML, Polars and NumPy agree on each of
them. Widths (Int8, Float32) are storage, not meaning, so a contract does not know them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

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
    """What happens to a row (or a table) that breaks a rule.

    REFUSE: the table is refused, the request gets no answer. QUARANTINE: the row is set aside with its reasons and the
    rest goes on, while no more rows are set aside than the contract agrees to; a request gets no answer. NOTE: it is
    counted and told.
    """

    REFUSE = "refuse"
    QUARANTINE = "quarantine"
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
    NULLS = "nulls"
    RANGE = "range"
    VALUES = "values"
    PATTERN = "pattern"
    LENGTH = "length"
    UNIQUE = "unique"
    ORDER = "order"
    CONDITION = "condition"
    ROWS = "rows"
    FRESH = "fresh"
    QUARANTINE = "quarantine"
    DRIFT = "drift"


class Of(StrEnum):
    """What the share of a rule counts: all ROWS, or those that the rule can be asked of, where the VALUES are there."""

    ROWS = "rows"
    VALUES = "values"


class Direction(StrEnum):
    """How a column runs from row to row."""

    INCREASING = "increasing"
    DECREASING = "decreasing"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftLimits:
    """How much a distribution may differ from the reference's; None: that statistic is not judged.

    Attributes:
        location: change of the mean, in standard deviations of the reference.
        scale: change of the standard deviation, as a share of the reference's.
        shape: Kolmogorov-Smirnov distance, 0-1.
        share: change of the share of any value, of null, or of new and rare values together, 0-1 (0.02 is 2 points).
    """

    location: float | None = 0.1
    scale: float | None = 0.1
    shape: float | None = 0.05
    share: float | None = 0.02
    outside: Severity = Severity.NOTE
    because: str = ""
