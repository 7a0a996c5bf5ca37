"""Which texts of a column a pattern is found in.

Python's ``re`` has the word, since it is what requests are checked with; each different text is asked once. Where the
pattern is plain enough that a match by Polars' (Rust's) engine is certainly one by Python's, that engine goes first
and leaves the rest to Python: it is twenty times as fast, and in a sound column there is no rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import polars as pl

from trimtab.data.pattern import searcher

Matcher = Callable[[pl.Series], pl.Series]
"""From texts to a mask of those in which the pattern is not found; null is not among them."""

_PLAIN: Final = re.compile(
    r"""(?: [A-Za-z0-9 _,;:@#%&=~<>/"'!-]              # letters that stand for themselves
      | \\[.+*?()\[\]{}|^$/\\-]                         # letters that would mean something else
      | \\d | \[ (?:[A-Za-z0-9_ .,;:@#/]|[A-Z]-[A-Z]|[a-z]-[a-z]|[0-9]-[0-9]|\\d)+ \]
      | \{\d{1,3}(?:,\d{0,3})?\} | [.?*+|^$()] )*""",
    re.VERBOSE,
)
"""Patterns without negation, look-around, references, flags or classes that depend on a Unicode version."""
_MORE: Final = re.compile(r"\(\?(?!:)|[+*?}]\+")
"""Flags, look-around and named groups; quantifiers that give nothing back."""


def matcher(pattern: str) -> Matcher:
    """A matcher of one pattern."""
    search = searcher(pattern)
    quick = _in_rust(pattern)

    def unmatched(texts: pl.Series) -> pl.Series:
        if quick is not None:
            missed = (~texts.str.contains(quick)).fill_null(value=False)
            if not missed.any():
                return missed
            left = texts.filter(missed).unique()
        else:
            left = texts.drop_nulls().unique()
        wrong = [text for text in left.to_list() if not search(text)]
        return texts.is_in(pl.Series(wrong, dtype=pl.String).implode()).fill_null(value=False)

    return unmatched


def _in_rust(pattern: str) -> str | None:
    """The pattern for Rust's engine, such that a match there is one in Python; None if that is not certain."""
    if not _PLAIN.fullmatch(pattern) or _MORE.search(pattern):
        return None
    quick = pattern.replace("\\\\", "\0").replace("\\d", "[0-9]").replace("\0", "\\\\")
    if "[[" in quick or ("[0-9]" in quick and re.search(r"\[[^\]]*\[0-9\]", quick)):
        return None  # a digit class within brackets
    try:
        pl.Series([""]).str.contains(quick)
    except pl.exceptions.ComputeError:
        return None
    return quick
