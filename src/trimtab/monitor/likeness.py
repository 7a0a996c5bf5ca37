"""How many independent rows a row of production counts for.

Rows of one day resemble each other: a fortnight of half-hours says about as much of a price level as a few dozen
independent draws would. A band that takes them all for independent finds drift in every fortnight of weather. Each
window is therefore taken for a cluster, and the design effect of cluster sampling is measured from what the windows'
profiles already hold: how much more their means vary than those of independent rows would (Kish, "Survey Sampling",
1965, section 5.4): deff = Var(window means) · n / Var(rows), with n rows in a window. A row counts for 1 / deff.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from trimtab.data.column_profile import CategoryColumn, ColumnProfile, NumberColumn
from trimtab.data.profile import Profile

MIN_WINDOWS: Final = 5
"""Windows below which the likeness of their rows cannot be measured; each then counts for a single row."""


def effective_shares(windows: Sequence[Profile], whole: Profile) -> Mapping[str, float]:
    """For each column, how many independent rows one row counts for, in (0, 1].

    ``whole`` is the windows' merged profile. Windows without rows are left out. A column that never changed says
    nothing of likeness, and counts in full.
    """
    filled = [window for window in windows if window.rows]
    if not filled:
        return {}
    per_window = whole.rows / len(filled)
    if len(filled) < MIN_WINDOWS:
        return dict.fromkeys(whole.columns, 1.0 / per_window)
    return {
        name: 1.0 / min(max(_design_effect([window.columns[name] for window in filled], column), 1.0), per_window)
        for name, column in whole.columns.items()
    }


def _design_effect(parts: Sequence[ColumnProfile], whole: ColumnProfile) -> float:
    if isinstance(whole, NumberColumn):
        numbers = [part for part in parts if isinstance(part, NumberColumn) and part.count]
        counts = [part.count for part in numbers]
        return _ratio([(counts, [part.mean for part in numbers], whole.mean)], whole.deviation**2)
    if isinstance(whole, CategoryColumn) and whole.count:
        categories = [part for part in parts if isinstance(part, CategoryColumn) and part.count]
        shares = [[cell / part.count for cell in _cells(part, whole)] for part in categories]
        means = [cell / whole.count for cell in _cells(whole, whole)]
        counts = [part.count for part in categories]
        columns = [(counts, [share[place] for share in shares], mean) for place, mean in enumerate(means)]
        return _ratio(columns, math.fsum(mean * (1.0 - mean) for mean in means))
    return 1.0


def _ratio(columns: Sequence[tuple[list[int], list[float], float]], spread: float) -> float:
    """Var(window means) · n / Var(rows), summed over the cells of a category; 1 where nothing varies."""
    between = 0.0
    for counts, means, mean in columns:
        if len(counts) < 2:
            return 1.0
        between += math.fsum(count * (part - mean) ** 2 for count, part in zip(counts, means, strict=True)) / (
            len(counts) - 1
        )
    return between / spread if spread > 1e-12 * max(1e-300, *(mean**2 for _, _, mean in columns)) else 1.0


def _cells(part: CategoryColumn, whole: CategoryColumn) -> Sequence[int]:
    if whole.groups:
        return part.grouped
    counts = dict(zip(part.values, part.counts, strict=True))
    return [counts.get(value, 0) for value in whole.values]
