"""What texts look like that a person takes for numbers or dates, and Trimtab for texts.

Guessing which of two ways of writing a number or a date is meant is how wrong data gets in; saying nothing is how it
stays. So they stay texts, and it is told. What may as well be a code, such as ``123 456`` or ``10.0.19``, is left
alone.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from trimtab.data.iso_times import GAPS

_PLAIN: Final = {False: r"[+-]?[0-9]+(?:\.[0-9]+)?", True: r"[+-]?[0-9]+(?:,[0-9]+)?"}
"""Numbers, by whether they have a decimal comma."""
_SIGN: Final = r"[+-]?"
_SYMBOL, _CODE = "[$€£¥]", "(?:EUR|USD|GBP|CHF|JPY|CNY|AUD|CAD|SEK|NOK|DKK|PLN|CZK|INR|BRL)"
_SUM: Final = r"[0-9](?:[0-9.,'’\x{a0}\x{202f} ]*[0-9])?"
_DAY, _MONTH, _YEAR = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])", "(?:19|20)[0-9]{2}"
_SHORT: Final = "[0-9]{2}"
_GROUPED: Final = (
    rf"{_SIGN}[0-9]{{1,3}}(?:\.[0-9]{{3}})+,[0-9]+",
    rf"{_SIGN}[0-9]{{1,3}}(?:,[0-9]{{3}})+\.[0-9]+",
    rf"{_SIGN}[0-9]{{1,3}}(?:['’\x{{a0}}\x{{202f}} ][0-9]{{3}})+[.,][0-9]+",
)
_NUMBERS: Final = {
    False: {"numbers with other signs than a point": (rf"{_SIGN}[0-9]+,[0-9]+", *_GROUPED)},
    True: {"numbers with other signs than a comma": (rf"{_SIGN}[0-9]+(?:\.[0-9]+)+", *_GROUPED)},
}
_OTHERS: Final = {
    "amounts of money": (
        rf"{_SIGN} ?{_SYMBOL} ?{_SIGN}{_SUM}",
        rf"{_SIGN}{_SUM} ?{_SYMBOL}",
        rf"{_SIGN}{_CODE} {_SIGN}{_SUM}",
        rf"{_SIGN}{_SUM} {_CODE}",
    ),
    "percentages": (rf"{_SIGN}[0-9]+(?:[.,][0-9]+)? ?%",),
    "dates that are not of ISO 8601": tuple(
        rf"(?:{date})(?:[ T][0-9:.]+)?"
        for date in (
            rf"{_DAY}\.{_MONTH}\.{_YEAR}",
            r"(?:0[1-9]|[12][0-9]|3[01])\.(?:0[1-9]|1[0-2])\.[0-9]{2}",
            rf"{_DAY}/{_MONTH}/(?:{_YEAR}|{_SHORT})",
            rf"{_MONTH}/{_DAY}/(?:{_YEAR}|{_SHORT})",
            rf"{_DAY}-{_MONTH}-{_YEAR}",
            rf"{_MONTH}-{_DAY}-{_YEAR}",
            rf"{_YEAR}/{_MONTH}/{_DAY}",
            rf"{_YEAR}\.{_MONTH}\.{_DAY}",
        )
    ),
}
_GAPS: Final = "|".join(word.replace("\\", r"\\").replace("/", r"\/") for word in GAPS)
_LOOKED_AT: Final = (16, 1_000)
"""Of the first values so many are looked at; of so few first, which tell most texts from all of these."""


def looks_of(texts: pl.DataFrame, *, decimal_comma: bool) -> dict[str, str]:
    """What the first values of columns of texts look like, by column; columns that look like nothing else are left out.

    All columns are asked at once: a question to a single one costs Polars a tenth of a millisecond.
    """
    found: dict[str, str] = {}
    for look, patterns in {**_NUMBERS[decimal_comma], **_OTHERS}.items():
        own = "|".join(patterns)
        like = rf"^ *(?:{own}|{_PLAIN[decimal_comma]}|{_GAPS})? *$"
        names = [name for name in texts.columns if name not in found]
        for rows in _LOOKED_AT:
            names = _where_all(texts.head(rows).select(names), like)
        some = texts.head(_LOOKED_AT[-1]).select(names)
        found |= dict.fromkeys(_where_any(some, rf"^ *(?:{own}) *$"), look)
    return found


def told_of(column: str, look: str, *, decimal_comma: bool) -> str:
    """What is told of a column whose first values look so, in a file that may have a decimal comma."""
    due = f"a number is written as {'1234,5' if decimal_comma else '1234.5'}"
    due = "a date is written as 2026-03-31" if look.startswith("dates") else due
    return f"{column}: read as text, though its first values look like {look}; {due}"


def _where_all(texts: pl.DataFrame, pattern: str) -> list[str]:
    return _named(texts, texts.select(pl.all().str.contains(pattern).all())) if texts.width else []


def _where_any(texts: pl.DataFrame, pattern: str) -> list[str]:
    return _named(texts, texts.select(pl.all().str.contains(pattern).any())) if texts.width else []


def _named(texts: pl.DataFrame, holds: pl.DataFrame) -> list[str]:
    return [name for name, held in zip(texts.columns, holds.row(0), strict=True) if held]
