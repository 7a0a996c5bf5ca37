"""How names and values are shown in messages: short, on one line, and harmless to a terminal or a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

_SHOWN: Final = 40
_LINE: Final = 200


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
    """``did you mean 'x'?`` for the most alike of the known words, or nothing; what cannot be seen is named."""
    import difflib

    words = list(known)
    bare = word.strip()
    if bare != word and bare in words:
        return f"{show(word)} has {_spaces(word)}; did you mean {bare!r}?"
    same = next((other for other in words if other.strip().casefold() == bare.casefold()), None)
    if same is not None and same.strip() == bare:
        return f"did you mean {same!r}, which has {_spaces(same)}?"
    if same is not None:
        return f"{show(word)} differs from {same!r} in case{' only' if len(same) == len(word) else ' and spaces'}"
    alike = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {alike[0]!r}?" if alike else ""


def _spaces(word: str) -> str:
    before, after = word[:1].isspace(), word[-1:].isspace()
    return "spaces around it" if before and after else f"a space {'before' if before else 'behind'} it"


def counted(count: int, noun: str) -> str:
    """``1 row``, ``9,062 rows``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _cut(text: str, form: Callable[[str], str]) -> str:
    if len(text) <= _SHOWN:
        return form(text)
    return f"{form(text[:_SHOWN])}… ({len(text):,} characters)"


def ends_said(low: int | None, high: int | None) -> str:
    """``1 to 34``, ``at least 1``: the ends of a count of which one may be open."""
    if low is None:
        return f"at most {high:,}"
    if high is None:
        return f"at least {low:,}"
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def share_said(what: str, shares: tuple[float, float], of: str) -> str:
    """``47 % of rows are under 20, 31 % in the reference``."""
    return f"{percent(shares[1])} of {of} {what}, {percent(shares[0])} in the reference"


def percent(share: float) -> str:
    """A share for a sentence, with two digits where it is small."""
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def condition_said(name: str, when: str, then: str) -> str:
    """A condition as a sentence names it: its name, and what it says."""
    said = f"{_line(then)} where {_line(when)}" if when else _line(then)
    return f"{_line(name)} ({said})" if name else said


def _line(text: str) -> str:
    line = " ".join(text.split())
    line = line if len(line) <= _LINE else f"{line[:_LINE]}…"
    return line if line.isprintable() else repr(line)
