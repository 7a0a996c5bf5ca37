"""How figures, times and names of a table are written in reports: the same in every rendering.

Names and values come from someone's file. They are put on one line, control and direction characters are escaped, and
what is long is cut with its length, so that no column can take a report over. HTML, XML and Markdown escape as well.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Final

from trimtab.base.instants import DAY, HOUR, MILLISECOND, MINUTE, SECOND, to_datetime
from trimtab.base.verdict import Interval
from trimtab.data.differences import Effect, Statistic

NONE: Final = "–"
_JOINERS: Final = "\u200c\u200d"
"""What writes Persian words and composed emoji; it has no width and turns no direction."""
_EXACT_WIDTH: Final = 1_000
_UNITS: Final = (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND), ("ms", MILLISECOND), ("µs", 1))
_SHARES: Final = (Statistic.SHARE, Statistic.NULLS, Statistic.SHAPE)


def number(value: float | None) -> str:
    """A number with about four digits that matter: ``12,346``, ``0.04187``, ``1.2e-07``; a dash for none."""
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**15 else f"{float(value):.4g}" if abs(value) < 10**300 else "> 1e300"
    if value == 0.0:
        return "0"
    if abs(value) >= 10**9 or abs(value) < 10**-4:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= _EXACT_WIDTH else f"{value:.4g}"


def share(value: float) -> str:
    """A share of rows in percent: never 0 % for some, never 100 % for less than all."""
    if math.isnan(value):
        return NONE
    percent = 100.0 * value
    if value in (0.0, 1.0):
        return f"{percent:.0f} %"
    if abs(percent) < 0.01:
        return "< 0.01 %"
    if 99.9 <= percent < 100.0:
        return f"{min(percent, 99.99):.2f} %"
    return (
        f"{percent:.2f} %" if abs(percent) < 1.0 else f"{percent:.1f} %" if abs(percent) < 10.0 else f"{percent:.0f} %"
    )


def moment(instant: float) -> str:
    """A time in UTC with no more digits than it needs: ``2026-03-01`` or ``2026-03-01 14:30``."""
    try:
        at = to_datetime(round(instant))
    except (OverflowError, ValueError):
        return f"{instant:.4g} µs"
    if not (at.hour or at.minute or at.second or at.microsecond):
        return f"{at:%Y-%m-%d}" if at.year >= 1000 else at.date().isoformat()
    return at.replace(tzinfo=None).isoformat(sep=" ", timespec="minutes" if not at.second else "seconds")


def day(instant: float) -> str:
    """The date of a time in UTC."""
    return moment(instant)[:10]


def span(length: int) -> str:
    """A length of time in its two largest units: ``3 d 4 h``."""
    rest, parts = abs(length), []
    for name, unit in _UNITS:
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count:,} {name}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"


def one_line(text: str, most: int = 300) -> str:
    """The text on one line, harmless to a terminal, cut where it is long."""
    shown = text[:most]
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() or char in _JOINERS else _escaped(char) for char in shown)
    return shown if len(text) <= most else f"{shown}… ({len(text):,} characters)"


def name(text: str, most: int = 60) -> str:
    """A column's name, of which an empty one and one of blanks can be seen too."""
    return one_line(text, most) if text.strip() else repr(text[:most])


def width_of(text: str) -> int:
    """The cells that a text takes on a terminal."""
    return len(text) if text.isascii() else sum(_cells(char) for char in text)


def cut(text: str, width: int) -> str:
    """The text in at most so many cells, with … for what is left out."""
    if width_of(text) <= width:
        return text
    kept, room = [], width - 1
    for char in text:
        room -= _cells(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + "…" if width > 0 else ""


_NOTHING: Final = 1e-9
"""Sizes below are what rounding leaves of none."""


def change(effect: Effect) -> str:
    """The size of an effect in its own unit: ``+0.21 sd``, ``-20 %``, ``+5.2 points``."""
    return NONE if math.isnan(effect.size.estimate) else _sized(effect.statistic, effect.size.estimate, signed=True)


def band(effect: Effect) -> str:
    """The ends of an effect's band: ``0.18 to 0.24``."""
    size: Interval = effect.size
    low, high = (_sized(effect.statistic, end, signed=False, unit=False) for end in (size.low, size.high))
    return f"{low} to {high}"


def tolerance(effect: Effect) -> str:
    """What an effect was held to, in its unit."""
    return _sized(effect.statistic, effect.tolerance, signed=False)


def of_effect(effect: Effect) -> str:
    """Change, band and tolerance in one phrase; empty for what has no size."""
    if effect.statistic is Statistic.COLUMN or math.isnan(effect.size.estimate):
        return ""
    return f"{change(effect)} ({band(effect)}), tolerance {tolerance(effect)}"


def _sized(statistic: Statistic, size: float, *, signed: bool, unit: bool = True) -> str:
    sign = "+" if signed and statistic is not Statistic.SHAPE else ""
    if statistic in _SHARES:
        return _signed(100 * size, f"{sign}.2g" if abs(size) < 0.1 else f"{sign}.0f") + (" points" if unit else "")
    if statistic is Statistic.SCALE:
        return _signed(100 * size, f"{sign}.0f") + (" %" if unit else "")
    return _signed(size, f"{sign}.2f") + (" sd" if unit and statistic is Statistic.LOCATION else "")


def _signed(size: float, form: str) -> str:
    """The number; ``0`` where it is rounded to that, which has no sign, or is what rounding left of nothing."""
    text = format(size if abs(size) >= _NOTHING else 0.0, form)
    return text if float(text) else "0"


def _cells(char: str) -> int:
    if unicodedata.combining(char) or char in _JOINERS:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _escaped(char: str) -> str:
    if char == " " or unicodedata.category(char) == "Zs":
        return " "
    return char.encode("unicode_escape").decode("ascii")
