"""Regular expressions as a contract's one ``pattern``: none of them, all of them, any of them; and SQL's LIKE.

A contract has one pattern per column, which is found somewhere in the text. What must not be found becomes a negative
look-ahead from the text's start, so that `re` answers as Great Expectations does with its own lists.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Final

_ANYWHERE: Final = r"[\s\S]*?"
_NONE: Final = re.compile(rf"\^\(\?!{re.escape(_ANYWHERE)}\(\?:(?P<one>.*)\)\)", re.DOTALL)
_POSITIONAL: Final = re.compile(r"\(\?[aiLmsux]|\\[1-9]|\(\?P=")
"""Flags are of the whole expression, and numbers of groups shift: neither survives becoming a part."""


def valid(pattern: str) -> bool:
    """Whether Python's ``re`` takes it."""
    try:
        with warnings.catch_warnings(action="ignore"):
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def any_of(patterns: Sequence[str]) -> str | None:
    """A pattern that is found where one of these is; None if they cannot be joined."""
    if len(patterns) == 1:
        return patterns[0]
    return None if _cannot_be_parts(patterns) else "|".join(f"(?:{pattern})" for pattern in patterns)


def all_of(patterns: Sequence[str]) -> str | None:
    """A pattern that is found where all of these are; None if they cannot be joined."""
    if len(patterns) == 1:
        return patterns[0]
    if _cannot_be_parts(patterns):
        return None
    return "^" + "".join(f"(?={_ANYWHERE}(?:{pattern}))" for pattern in patterns)


def none_of(patterns: Sequence[str]) -> str | None:
    """A pattern that is found where none of these is; None if they cannot be turned round."""
    joined = any_of(patterns)
    return None if joined is None or _cannot_be_parts(patterns) else f"^(?!{_ANYWHERE}(?:{joined}))"


def turned(pattern: str) -> str | None:
    """The pattern that must not be found, of one that `none_of` made; None of any other."""
    found = _NONE.fullmatch(pattern)
    return found["one"] if found is not None and none_of([found["one"]]) == pattern and valid(found["one"]) else None


def of_like(pattern: str, escape: str | None = None) -> str:
    """SQL's LIKE pattern as a regular expression."""
    parts, letters = [], iter(pattern)
    for letter in letters:
        if escape and letter == escape:
            parts.append(re.escape(next(letters, escape)))
        else:
            parts.append({"%": r"[\s\S]*", "_": r"[\s\S]"}.get(letter) or re.escape(letter))
    return rf"^{''.join(parts)}\Z"


def _cannot_be_parts(patterns: Sequence[str]) -> bool:
    return not patterns or any(_POSITIONAL.search(pattern) or not valid(pattern) for pattern in patterns)
