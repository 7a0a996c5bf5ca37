"""One value, read as a column's type: the definition of what is legal, for requests and for tables alike.

Requests are decoded and tables are cast in bulk, and both are fast because they know the common case only. What is
not the common case comes here, value by value, so that there is one place that says what is accepted:

- integer: 3, and 3.0 too, since JSON has one kind of number and a column of integers with a gap comes out of many
  libraries as floats; never 3.5, ``true`` or ``"3"``, nor what 64 bits cannot hold.
- float: any finite number, integers too; never ``true``, ``"1.5"``, NaN or an infinity.
- boolean: ``true`` and ``false``; never 0 and 1.
- text: text of at most `TEXT_MAX` characters.
- time: ISO 8601 text (with a zone, unless the contract names the zone of naive times), or an integer of UTC
  microseconds. Integers near zero are refused, because seconds or milliseconds would pass as a day in 1970.
"""

from __future__ import annotations

import math
from datetime import datetime

import msgspec

from trimtab.base.errors import InputError
from trimtab.base.instants import format_instant, parse_instant
from trimtab.data.kinds import (
    EXACT_FLOAT,
    INTEGER_MAX,
    INTEGER_MIN,
    TEXT_MAX,
    TIME_AMBIGUOUS,
    TIME_MAX,
    TIME_MIN,
    ColumnType,
    Rule,
    Scalar,
)
from trimtab.data.wording import show


class Fault(msgspec.Struct, frozen=True):
    """Why a value cannot be read: the rule it breaks, and the end of a sentence that begins with the column's name."""

    rule: Rule
    problem: str


def read_scalar(kind: ColumnType, value: object, zone: str | None = None) -> Scalar | Fault:
    """The value as the type has it (a time as UTC microseconds), or what is wrong with it. Null is not a value."""
    match kind:
        case ColumnType.INTEGER:
            return _integer(value)
        case ColumnType.FLOAT:
            return _float(value)
        case ColumnType.BOOLEAN:
            return value if isinstance(value, bool) else _other(kind, value)
        case ColumnType.TEXT:
            return _text(value)
        case ColumnType.TIME:
            return _time(value, zone)


def key_text(kind: ColumnType, value: Scalar) -> str:
    """The text of a key as labels name it: text as it is, an integer in decimal, a time as ISO 8601 in UTC."""
    return format_instant(int(value)) if kind is ColumnType.TIME else str(value)


def _integer(value: object) -> int | Fault:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _other(ColumnType.INTEGER, value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return Fault(Rule.IMPOSSIBLE, f"{show(value)} is not a number")
        if not value.is_integer():
            return Fault(Rule.TYPE, f"{show(value)} is not a whole number")
        if abs(value) > EXACT_FLOAT:
            return Fault(Rule.IMPOSSIBLE, f"{show(value)} is too large to be an exact whole number as a float")
        return int(value)
    if not INTEGER_MIN <= value <= INTEGER_MAX:
        return Fault(Rule.IMPOSSIBLE, f"{show(value)} does not fit into 64 bits")
    return value


def _float(value: object) -> float | Fault:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _other(ColumnType.FLOAT, value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    return number if math.isfinite(number) else Fault(Rule.IMPOSSIBLE, f"{show(value)} is not a finite number")


def _text(value: object) -> str | Fault:
    if not isinstance(value, str):
        return _other(ColumnType.TEXT, value)
    if len(value) > TEXT_MAX:
        return Fault(Rule.IMPOSSIBLE, f"a text of {len(value):,} characters is over the limit of {TEXT_MAX:,}")
    try:
        value.encode()
    except UnicodeEncodeError:
        return Fault(Rule.IMPOSSIBLE, f"{show(value)} holds half a surrogate pair, which is no character")
    return value


def _time(value: object, zone: str | None) -> int | Fault:
    if isinstance(value, str):
        return _time_text(value, zone)
    if isinstance(value, bool) or not isinstance(value, int):
        return _other(ColumnType.TIME, value)
    if abs(value) < TIME_AMBIGUOUS:
        return Fault(
            Rule.IMPOSSIBLE, f"{show(value)} looks like seconds or milliseconds; write microseconds or ISO 8601 text"
        )
    return _within(value, value)


def _time_text(value: str, zone: str | None) -> int | Fault:
    if len(value) > TEXT_MAX:
        return Fault(Rule.TYPE, f"a text of {len(value):,} characters is not a time")
    try:
        return _within(parse_instant(value, zone=zone), value)
    except OverflowError:
        return Fault(Rule.IMPOSSIBLE, f"the time {show(value)} is not within the years 1 to 9999 in UTC")
    except InputError:
        if _is_naive(value):
            return Fault(Rule.IMPOSSIBLE, f"the time {show(value)} has no zone; add Z or an offset such as +02:00")
        return Fault(Rule.TYPE, f"{show(value)} is not a time; write ISO 8601, for example 2026-03-01T14:30:00Z")


def _is_naive(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is None
    except ValueError:
        return False


def _within(instant: int, value: object) -> int | Fault:
    if TIME_MIN <= instant <= TIME_MAX:
        return instant
    return Fault(Rule.IMPOSSIBLE, f"the time {show(value)} is not within the years 1 to 9999 in UTC")


def _other(kind: ColumnType, value: object) -> Fault:
    article = "an" if kind is ColumnType.INTEGER else "a"
    if isinstance(value, bool):
        what = f"{show(value)} is a truth value"
    elif isinstance(value, int | float):
        what = f"{show(value)} is a number"
    elif isinstance(value, str):
        what = f"{show(value)} is text"
    else:
        what = f"it is {show(value)}"
    return Fault(Rule.TYPE, f"{what}, not {_NAMES.get(kind) or f'{article} {kind}'}")


_NAMES = {ColumnType.FLOAT: "a number", ColumnType.BOOLEAN: "true or false", ColumnType.TEXT: "text"}
