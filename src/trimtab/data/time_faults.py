"""Why values are no times, in words that go with one value and with many.

A reading of a column tells that a value is of the right type and yet no time; which of the reasons it was is only asked
of the values that are wrong, so that a table without any pays nothing.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from trimtab.data.kinds import TIME_AMBIGUOUS

WHOLE: Final = "^-?[0-9]{1,19}$"
_ZONED: Final = r"[T ].*(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2}){0,2})\s*$"

NEAR: Final = (
    f"not readable as microseconds since 1970 (an integer nearer to zero than {TIME_AMBIGUOUS:,} looks like seconds, "
    "milliseconds or a date; write ISO 8601)"
)
NO_ZONE: Final = "without a zone"
BEYOND: Final = "not within the years 1 to 9999"


def reasons(values: pl.Series, zone: str | None, *, spelled: bool = False) -> frozenset[str]:
    """Why these values, none of which is a time, were refused: `NEAR`, `NO_ZONE`, `BEYOND`.

    Args:
        values: as the table stores them: texts, whole numbers or moments.
        zone: that of times without one.
        spelled: whether texts are all that is stored, so that one of digits is a whole number.
    """
    if values.dtype.is_integer():
        return _of_counts(values.cast(pl.Int64, strict=False))
    if values.dtype != pl.String:
        naive = getattr(values.dtype, "time_zone", None) is None and zone is None
        return frozenset({NO_ZONE if naive else BEYOND})
    bare = values.str.strip_chars(" ")
    counts = bare.str.contains(WHOLE) & spelled
    found = set(_of_counts(bare.filter(counts).cast(pl.Int64, strict=False)))
    texts = bare.filter(~counts)
    zoned = texts.str.contains(_ZONED if zone is None else "")
    if zoned.any():
        found.add(BEYOND)
    if not zoned.all():
        found.add(NO_ZONE)
    return frozenset(found)


def said(found: frozenset[str]) -> str:
    """The reasons as the end of the sentence "3 values of 10 are …"."""
    return ", or ".join(reason for reason in (NO_ZONE, BEYOND, NEAR) if reason in found)


def _of_counts(counts: pl.Series) -> frozenset[str]:
    if not len(counts):
        return frozenset()
    near = counts.is_between(-TIME_AMBIGUOUS, TIME_AMBIGUOUS, closed="none").fill_null(value=False)
    found = {NEAR} if near.any() else set()
    if not near.all():
        found.add(BEYOND)
    return frozenset(found)
