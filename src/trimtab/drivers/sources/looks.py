"""What texts look like that a person takes for numbers or dates, and Trimtab for texts.

Guessing which of two ways of writing a number or a date is meant is how wrong data gets in; saying nothing is how it
stays. So they stay texts, and it is told.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import polars as pl

_MONEY: Final = "(?:[$€£¥]|EUR|USD|GBP|CHF|JPY|CNY|AUD|CAD|SEK|NOK|DKK|PLN|CZK|INR|BRL)"
_DIGITS: Final = "[0-9][0-9.,' \u00a0]*"
_PATTERNS: Final = {
    "numbers with commas or spaces": r"^[+-]?(?:[0-9]{1,3}(?:[., '\x{a0}][0-9]{3})*|[0-9]+)(?:[.,][0-9]+)?$",
    "amounts of money": rf"^(?:[+-]? ?{_MONEY} ?[+-]?{_DIGITS}|[+-]?{_DIGITS}{_MONEY})$",
    "percentages": r"^[+-]?[0-9]+(?:[.,][0-9]+)? ?%$",
    "dates that are not of ISO 8601": r"^[0-3]?[0-9]([./-])[0-3]?[0-9][./-](?:[0-9]{2}|[0-9]{4})(?:[ T][0-9:.]+)?$",
}
_FIRST: Final = 64
"""Values that tell most texts from all of these."""


def looks_of(texts: pl.Series, among: Collection[str] | None = None) -> tuple[str, ...]:
    """What all of these texts look like, of what is ``among`` these; None: of all that is known here."""
    found = tuple(_PATTERNS if among is None else among)
    for values in (texts.head(_FIRST), texts):
        found = tuple(name for name in found if values.str.contains(_PATTERNS[name]).all()) if len(values) else ()
    return found


def told_of(column: str, look: str) -> str:
    """What is told of a column whose values look so."""
    due = "a date is written as 2026-03-31" if look.startswith("dates") else "a number is written as 1234.5"
    return f"{column}: read as text, though all values look like {look}; {due}"
