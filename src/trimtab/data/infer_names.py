"""Which columns name rows, count them or tell their time, by what a profile shows and by what they are called.

Such columns are new in every row, so that nothing that was seen of their values holds for the next ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from trimtab.data.column_profile import ColumnProfile, NumberColumn, OpaqueColumn, TimeColumn, different_values
from trimtab.data.kinds import ColumnType
from trimtab.data.profile import Profile
from trimtab.data.sample import Sample
from trimtab.data.sketch import lower_end, upper_end, values_of

COUNTER_MIN: Final = 50
"""Numbers that only rise (or only fall) over so many different values are counters, and will go on."""
NAMED_MIN: Final = 1_000
"""So many different values, and none twice, are no accident of a short table."""
_SEQUENCE: Final = 2
"""Different whole numbers that fill this part (a half) of what lies between the least and the greatest count rows."""
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NAMES: Final = frozenset(
    ("id", "ids", "key", "uuid", "guid", "no", "nr", "num", "number", "rowid", "index", "idx", "pk", "serial")
)
_TIMES: Final = frozenset(("time", "timestamp", "ts", "at", "date", "datetime", "epoch", "unixtime", "millis"))
_EPOCHS: Final = ((9e8, 5e9), (9e11, 5e12), (9e14, 5e15), (9e17, 5e18))
"""1998 to 2128 in seconds, milliseconds, microseconds and nanoseconds."""


def is_called_a_name(name: str) -> bool:
    """Whether a column is called as what names a row: ``id``, ``tx_id``, ``orderNo``, ``row number``, ``uuid``."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return bool(words) and (words[-1] in _NAMES or words[0] in ("uuid", "guid"))


def is_all_different(column: ColumnProfile) -> bool:
    """Whether a profile proves that no value is there twice."""
    if isinstance(column, OpaqueColumn) or column.count < 2:
        return False
    known = different_values(column)
    return known is not None and known[1] and known[0] == column.count


def is_sequence(column: ColumnProfile) -> bool:
    """Whether whole numbers fill their range, each once, as a counter of rows does: nowhere more rows than numbers."""
    if not isinstance(column, NumberColumn) or column.count < COUNTER_MIN:
        return False
    if column.minimum is None or column.maximum is None or not _is_whole(column):
        return False
    return column.maximum - column.minimum + 1 <= _SEQUENCE * column.count and _fits(column)


def is_complete_sequence(column: ColumnProfile) -> bool:
    """Whether they are all whole numbers from the least to the greatest, each once."""
    if not isinstance(column, NumberColumn) or not is_sequence(column):
        return False
    assert column.minimum is not None, "a sequence has ends"
    assert column.maximum is not None, "a sequence has ends"
    return column.maximum - column.minimum + 1 == column.count


def is_time_in_numbers(name: str, column: NumberColumn) -> bool:
    """Whether numbers are seconds, milliseconds, microseconds or nanoseconds since 1970, by their size and name."""
    if column.minimum is None or column.maximum is None:
        return False
    words = {word.lower() for word in _WORDS.findall(name)}
    return bool(words & _TIMES) and any(low <= column.minimum <= column.maximum <= high for low, high in _EPOCHS)


def counters_in(profile: Profile, time: str | None) -> frozenset[str]:
    """Columns of numbers that only rise, or only fall, with the rows' time, as far as the sampled rows show."""
    sample = profile.sample
    along = None if sample is None else _time_of(sample, profile.columns, time)
    if sample is None or along is None:
        return frozenset()
    return frozenset(
        name
        for name, sampled in sample.columns.items()
        if sampled.type in (ColumnType.INTEGER, ColumnType.FLOAT) and _runs_on(along, sampled.numbers)
    )


def _time_of(
    sample: Sample, columns: Mapping[str, ColumnProfile], time: str | None
) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    names = [time] if time is not None else [name for name in columns if isinstance(columns[name], TimeColumn)]
    for name in names:
        if name in sample.columns and sample.columns[name].type is ColumnType.TIME:
            return sample.columns[name].numbers
    return None


def _runs_on(
    along: np.ndarray[tuple[int], np.dtype[np.float64]], numbers: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> bool:
    there = ~(np.isnan(along) | np.isnan(numbers))
    along, numbers = along[there], numbers[there]
    if len(np.unique(numbers)) < COUNTER_MIN or len(np.unique(along)) < COUNTER_MIN:
        return False
    for signed in (numbers, -numbers):
        ordered = signed[np.lexsort((signed, along))]
        if bool((ordered[1:] >= ordered[:-1]).all()):
            return True
    return False


def _is_whole(column: NumberColumn) -> bool:
    if column.type is ColumnType.INTEGER:
        return True
    if not column.sketch.exact:
        return False
    numbers = values_of(column.sketch.unpacked[0])
    return bool((numbers == np.floor(numbers)).all())


def _fits(column: NumberColumn) -> bool:
    """Whether no bucket has more rows than there are whole numbers in it, within the column's ends."""
    keys, counts = column.sketch.unpacked
    if column.sketch.exact:
        return bool((counts == 1).all())
    dropped = column.sketch.dropped
    low, high = float(column.minimum or 0), float(column.maximum or 0)
    for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
        # Of a bucket of negative numbers the upper end is its greatest, of the others the lower end its least.
        least, greatest = lower_end(key, dropped), upper_end(key, dropped)
        first, last = (np.ceil(least), np.ceil(greatest) - 1) if key >= 0 else (np.floor(least) + 1, np.floor(greatest))
        if count > min(last, high) - max(first, low) + 1:
            return False
    return True
