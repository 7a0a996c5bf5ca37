"""Texts that look like times of ISO 8601, in a table or in its profile, and the words that stand for a gap."""

from __future__ import annotations

import re
from typing import Final

from trimtab.data.column_profile import CategoryColumn
from trimtab.data.profile import Profile

GAPS: Final = ("NA", "N/A", "n/a", "NULL", "null", "None", "#N/A", "\\N")
"""How programs and people write that there is no value: R, spreadsheets, databases, Python."""
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?"
)
_ZONED: Final = re.compile(r"(?:Z|UTC|[+-]\d{2}:?\d{2})$")


def is_time(text: str) -> bool:
    """Whether a text is a date or a time of ISO 8601."""
    return _TIME.fullmatch(text) is not None


def has_zone(text: str) -> bool:
    """Whether a time of ISO 8601 says its zone."""
    return _ZONED.search(text) is not None


def holds_times(profile: Profile, name: str) -> bool:
    """Whether all texts of a column that its profile shows are dates or times of ISO 8601, but for words that stand for
    a gap; False where it shows none.

    Where there are too many different ones to be counted, those of the sampled rows stand for them.
    """
    column = profile.columns.get(name)
    if not isinstance(column, CategoryColumn):
        return False
    texts = column.values
    if column.groups and profile.sample is not None and name in profile.sample.columns:
        texts = profile.sample.columns[name].values
    times = [text for text in texts if text not in GAPS]
    return bool(times) and all(is_time(text) for text in times)
