"""How a run's values are written for people: the same on the terminal and on the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import isfinite
from typing import Any, Final

from trimtab.base.digest import short
from trimtab.base.instants import DAY, SECOND, Instant, format_instant
from trimtab.generate.data_figures import cut, one_line
from trimtab.records.run import Scalar
from trimtab.records.run_fields import Field, Kind

NONE: Final = "-"
LONGEST: Final = 200
LONGEST_CELL: Final = 46
_SIZES: Final = ("B", "kB", "MB", "GB", "TB")
_BARS: Final = "▁▂▃▄▅▆▇█"
_COMMIT: Final = 40


def form(field: Field) -> Callable[[Any], str]:
    """How the field's values are written in a list: digests by their first digits, floats to six digits.

    The function is given no None.
    """
    if field.kind is Kind.TIME:
        return moment
    if field.section == "peak_bytes":
        return size
    if field.section == "seconds":
        return duration
    if field.section in ("run", "parent"):
        return str
    if field.kind is Kind.NUMBER:
        return number
    return short if field.kind is Kind.NAMED else lambda value: cut(plain(value), LONGEST_CELL)


def plain(given: Scalar) -> str:
    """A value without knowing what it is."""
    if given is None:
        return NONE
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, float):
        return figure(given)
    if isinstance(given, int):
        return str(given)
    return digest(given) if given.startswith("sha256:") else one_line(given, LONGEST)


def several(kind: str, values: Sequence[Scalar]) -> list[str]:
    """Values side by side, with as many digits as it takes to tell those apart that differ."""
    forms: dict[str, Callable[[Scalar], str]] = {
        "time": lambda each: moment(each) if isinstance(each, int) else plain(each),
        "seconds": lambda each: duration(each) if isinstance(each, int | float) else plain(each),
        "commit": lambda each: commit(plain(each)),
        "bytes": lambda each: size(each) if isinstance(each, int | float) else plain(each),
    }
    written = [forms.get(kind, plain)(each) for each in values]
    if len(set(written)) < len(set(map(repr, values))):
        return [_exact(kind, each) for each in values]
    return written


def _exact(kind: str, given: Scalar) -> str:
    """A value with all its digits."""
    if given is None:
        return NONE
    if kind == "time" and isinstance(given, int):
        return format_instant(Instant(given))
    if kind == "bytes" and isinstance(given, int | float):
        return f"{given:,} bytes"
    return one_line(given if isinstance(given, str) else repr(given))


def delta(kind: str, first: Scalar, other: Scalar) -> str:
    """By how much a number differs from the first run's; empty for what is no number or does not differ."""
    if kind not in ("number", "seconds", "bytes") or first is None or other is None or first == other:
        return ""
    assert isinstance(first, int | float), "these kinds are numbers"
    assert isinstance(other, int | float), "these kinds are numbers"
    change = float(other) - float(first)
    if not isfinite(change):
        return ""
    sign = "+" if change > 0 else "-"
    form = {"seconds": duration, "bytes": size}.get(kind, figure)
    return sign + form(abs(change))


def number(given: Scalar) -> str:
    """A whole number as it is, another to six digits that matter."""
    return figure(given) if isinstance(given, float) else str(given)


def figure(number: float) -> str:
    """A float to six digits that matter; NaN and infinite ones by name."""
    return f"{number:.6g}" if isfinite(number) else str(number)


def digest(text: str) -> str:
    """The first twelve digits."""
    return short(text)


def commit(text: str) -> str:
    """A commit as Git shortens it."""
    return text[:10] if len(text) == _COMMIT else text


@lru_cache(maxsize=1 << 17)
def moment(instant: int) -> str:
    """UTC to the second: ``2026-03-01 14:30:00``."""
    days, rest = divmod(instant, DAY)
    seconds = rest // SECOND
    return f"{_date(days)} {seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    try:
        return format_instant(days * DAY)[:10]
    except (OverflowError, ValueError):
        return f"day {days}"


def duration(seconds: float) -> str:
    """A length of time in the unit that suits it: ``84 ms``, ``2.35 s``, ``14 min 3 s``, ``2 h 5 min``."""
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms" if seconds else "0 s"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count: float) -> str:
    """Bytes in the unit that suits them: ``1.2 MB``."""
    amount, unit = float(count), 0
    while amount >= 1000 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.3g} {_SIZES[unit]}"


def spark(values: Sequence[float], low: float, high: float) -> str:
    """A curve in one line of signs; a gap where there is no number."""
    if high <= low:
        return "".join(_BARS[3] if isfinite(value) else " " for value in values)
    top = len(_BARS) - 1
    return "".join(
        _BARS[min(top, max(0, round((value - low) / (high - low) * top)))] if isfinite(value) else " "
        for value in values
    )
