"""How far two columns' profiles lie apart, where the difference is largest, and what that says in words.

Numbers: the Kolmogorov–Smirnov distance, the largest difference between the shares of rows under any one number; a
gap counts as below all numbers. It is read at the ends of buckets, so it is at most the distance of the rows
themselves. Categories: the largest change of the share of a value, of null, or of the values that were rare (or new)
taken together. Both are shares between 0 and 1 and are not biased by how many bins or values there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from trimtab.data.profile import CategoryColumn, NumberColumn
from trimtab.data.sketch import aligned, lower_end, upper_end
from trimtab.data.wording import show

Array = np.ndarray[Any, np.dtype[Any]]
Shares = tuple[float, float]
"""A share of the reference's rows, and of today's."""

_COMMON: Final = 0.002
"""Values with a smaller share of the reference are also judged together, and new ones with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """A distance between two samples.

    Attributes:
        size: the distance, 0–1.
        reason: where it is, with both shares.
        halves: how many values of a distribution function an event's share is made of: one where the event is "under
            a number", two where it is "equal to a value".
        events: over how many events the distance is the largest, where they are not all "under a number".
    """

    size: float
    reason: str
    halves: int
    events: int


def rows_of(column: NumberColumn | CategoryColumn) -> int:
    """All rows of a column, gaps too."""
    if isinstance(column, NumberColumn):
        return column.nulls + column.not_finite + column.sketch.count
    return column.nulls + column.count


def number_distance(reference: NumberColumn, current: NumberColumn) -> Distance:
    """The distance between two columns of numbers; each must have a row."""
    dropped = max(reference.sketch.dropped, current.sketch.dropped)
    (then_keys, then_counts), (now_keys, now_counts) = (
        aligned(reference.sketch, dropped),
        aligned(current.sketch, dropped),
    )
    keys = np.union1d(then_keys, now_keys)
    then = _reached(reference, _spread(keys, then_keys, then_counts))
    now = _reached(current, _spread(keys, now_keys, now_counts))
    place = int(np.argmax(np.abs(now - then)))
    shares = float(then[place]), float(now[place])
    size = abs(shares[1] - shares[0])
    if not size:
        what = "no number has another share of rows under it than in the reference"
    elif place < 2:
        what = _said(("are null", "are null or not finite")[place], shares)
    else:
        edge = _between(upper_end(int(keys[place - 2]), dropped), lower_end(int(keys[place - 1]), dropped))
        gaps = "null or " if reference.nulls or current.nulls else ""
        what = _said(f"{gaps}under {edge}", shares)
    if size and reference.minimum is not None and reference.minimum == reference.maximum:
        what += f", where it was always {reference.minimum:.6g}"
    return Distance(size=size, reason=what, halves=1, events=1)


def category_distance(reference: CategoryColumn, current: CategoryColumn) -> Distance:
    """The distance between two columns of categories; each must have a row.

    The values that were rare are chosen by the very rows that their share is then taken of, which makes it look
    smaller than it is. So each row is asked whether its value would be rare without it: the estimate of Good and
    Turing (Biometrika 40, 1953), of which the share of unseen values is the best known case.
    """
    rows = rows_of(reference), rows_of(current)
    grouped = bool(reference.groups or current.groups)
    then, now = _counts(reference, grouped=grouped), _counts(current, grouped=grouped)
    rare = max(1, round(_COMMON * rows[0]))
    others = {value: count for value, count in now.items() if then.get(value, 0) < rare}
    rare_then = sum(count for count in then.values() if count <= rare)
    events: dict[tuple[str, str], Shares] = {
        ("value", value): (count / rows[0], now.get(value, 0) / rows[1]) for value, count in then.items()
    }
    events["null", ""] = (reference.nulls / rows[0], current.nulls / rows[1])
    most = max(others, key=lambda value: (others[value], value), default="")
    events["rare", most] = (rare_then / rows[0], sum(others.values()) / rows[1])
    where = max(events, key=lambda event: abs(events[event][1] - events[event][0]))
    shares = events[where]
    reason = _said(_event(*where, grouped=grouped), shares)
    return Distance(size=abs(shares[1] - shares[0]), reason=reason, halves=2, events=len(events))


def _event(kind: str, value: str, *, grouped: bool) -> str:
    name = f"in hash group {value}" if grouped else show(value)
    if kind == "null":
        return "are null"
    if kind == "value":
        return name if grouped else f"are {name}"
    return "hold a value that was rare or is new" + (f" (most of all {name})" if value else "")


def _reached(column: NumberColumn, counts: Array) -> Array:
    """The share of rows up to: null, not finite, and each key."""
    return np.cumsum(np.concatenate([[column.nulls, column.not_finite], counts])) / rows_of(column)


def _spread(keys: Array, own: Array, counts: Array) -> Array:
    spread = np.zeros(len(keys), dtype=np.int64)
    spread[np.searchsorted(keys, own)] = counts
    return spread


def _counts(column: CategoryColumn, *, grouped: bool) -> dict[str, int]:
    if grouped:
        return {str(group): count for group, count in enumerate(column.grouped)}
    return dict(zip(column.values, column.counts, strict=True))


def _said(what: str, shares: Shares) -> str:
    return f"{_percent(shares[1])} of rows {what}, {_percent(shares[0])} in the reference"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def _between(low: float, high: float) -> str:
    """The number between two that is written with the fewest digits; six of them where the two are one bucket's end."""
    middle = low / 2 + high / 2
    for digits in range(1, 6):
        text = f"{middle:.{digits}g}"
        if low <= float(text) <= high:
            return text
    return f"{middle:.6g}"
