"""How names and values are shown in messages: short, on one line, and harmless to a terminal or a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

_SHOWN: Final = 40


def show(value: object) -> str:
    """A value for a sentence: as JSON would write it, text in quotes; cut where long, control characters escaped."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _cut(value, repr)
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return "an integer of more than 40 digits"
    return _cut(str(value), lambda text: text if text.isprintable() else repr(text))


def closest(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` for the most alike of the known words, or nothing."""
    import difflib

    alike = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {alike[0]!r}?" if alike else ""


def counted(count: int, noun: str) -> str:
    """``1 row``, ``9,062 rows``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _cut(text: str, form: Callable[[str], str]) -> str:
    if len(text) <= _SHOWN:
        return form(text)
    return f"{form(text[:_SHOWN])}… ({len(text):,} characters)"
