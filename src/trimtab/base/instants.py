"""Points and spans of time as integers of UTC microseconds.

Three times are never mixed (event time, arrival, wall time), but all three have one form: an integer. It sorts,
stores and compares the same in Python, NumPy, SQLite and JSON, and it cannot carry a forgotten time zone. A naive
time is refused at the edge, here, unless the caller names the zone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NewType

from trimtab.base.errors import InputError

Instant = NewType("Instant", int)
"""UTC microseconds since 1970-01-01."""

Span = NewType("Span", int)
"""A length of time in microseconds."""

MICROSECOND: Final = Span(1)
MILLISECOND: Final = Span(1_000)
SECOND: Final = Span(1_000_000)
MINUTE: Final = Span(60 * SECOND)
HOUR: Final = Span(3_600 * SECOND)
DAY: Final = Span(24 * HOUR)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final[dict[str, int]] = {
    "us": MICROSECOND, "ms": MILLISECOND, "s": SECOND, "m": MINUTE, "min": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY,
}  # fmt: skip
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|min|m|h|d|w)")


def parse_span(text: str) -> Span:
    """A span from text such as ``7d``, ``90s``, ``5ms`` or ``1d 12h``; raises `InputError` for anything else."""
    stripped = text.strip()
    parts = _SPAN.findall(stripped)
    if not parts or _SPAN.sub("", stripped).strip():
        raise InputError(
            f"{text!r} is not a length of time",
            fix="Write a number and a unit: us, ms, s, m, h, d or w; for example 7d.",
        )
    return Span(round(sum(float(number) * _UNITS[unit] for number, unit in parts)))


def format_span(span: int) -> str:
    """The shortest exact text for a span, e.g. ``1d 12h``; the inverse of `parse_span`."""
    if span == 0:
        return "0s"
    rest, parts = abs(span), []
    for unit in ("d", "h", "m", "s", "ms", "us"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if span < 0 else "") + " ".join(parts)


def parse_instant(text: str, *, zone: str | None = None) -> Instant:
    """An instant from an ISO 8601 text; raises `InputError` if it is malformed, or naive and no ``zone`` is named."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a time", fix="Write ISO 8601, for example 2026-03-01T14:30:00Z.") from error
    if moment.tzinfo is None:
        if zone is None:
            raise InputError(
                f"the time {text!r} has no zone",
                fix="Add Z or an offset such as +02:00, or set [data] zone in trimtab.toml.",
            )
        from zoneinfo import ZoneInfo  # with its search for the system's zones, 2 ms that few commands need

        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return from_datetime(moment)


def is_zone(name: str) -> bool:
    """Whether this is the name of a time zone, such as Europe/Berlin."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def from_datetime(moment: datetime) -> Instant:
    """The instant of an aware datetime, exact to the microsecond; raises `InputError` for a naive one."""
    if moment.tzinfo is None:
        raise InputError(f"the time {moment.isoformat()} has no zone", fix="Pass a datetime with a tzinfo.")
    return Instant((moment - _EPOCH) // timedelta(microseconds=1))


def to_datetime(instant: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return _EPOCH + timedelta(microseconds=instant)


def format_instant(instant: int) -> str:
    """ISO 8601 in UTC with the fewest digits that are exact, e.g. ``2026-03-01T14:30:00Z``."""
    moment = to_datetime(instant)
    spec = "microseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def floor_to(instant: int, span: int) -> Instant:
    """The last multiple of ``span`` since the epoch that is not after ``instant``; days start at midnight UTC."""
    return Instant(instant - instant % span)
