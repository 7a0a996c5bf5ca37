"""How far the rows of today lie from those of then, judged by the size of the change and not by a p-value.

A test of "no change at all" alarms on every innocent jitter once there are enough rows. Here a change has a size
(`trimtab.data.distance`), a band that holds for all columns at once at the stated level, and a tolerance: FAIL where
even the near end of the band is beyond the tolerance, PASS where even the far end is within, and UNSURE between, with
the rows that would decide. Fewer rows make the band wider and the verdict UNSURE; they do not turn a PASS into a FAIL.

The band is that of Dvoretzky, Kiefer, Wolfowitz and Massart, once for each of the two samples, with Bonferroni's
share for each column. It supposes independent rows; ``effective`` says how many independent ones a row counts for
where neighbours are alike. docs/drift.md explains both.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from trimtab.base.errors import InputError
from trimtab.base.verdict import Interval, Verdict
from trimtab.data.distance import Distance, category_distance, number_distance, rows_of
from trimtab.data.profile import CategoryColumn, ColumnProfile, NumberColumn, Profile, TimeColumn
from trimtab.data.wording import counted
from trimtab.stats.intervals import largest_gap

_ROWS_MAX: Final = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDrift:
    """How far one column has moved.

    Attributes:
        column: its name.
        verdict: PASS, FAIL or UNSURE against the tolerance.
        distance: the distance (0–1; NaN where there is nothing to compare) with its band. ``level`` is that of the
            bands of all columns together, ``n`` the effective number of today's rows.
        reason: one sentence that says where the difference is largest.
        needs: for UNSURE, what would decide; else empty.
    """

    column: str
    verdict: Verdict
    distance: Interval
    reason: str
    needs: str = ""


def compare(
    reference: Profile,
    current: Profile,
    *,
    tolerance: float,
    level: float,
    effective: tuple[float, float] = (1.0, 1.0),
    columns: Collection[str] | None = None,
) -> tuple[ColumnDrift, ...]:
    """The verdict on each column, in the reference's order; times are left out, since they move by nature.

    Args:
        reference: the rows that the model was trained on.
        current: the rows of today.
        tolerance: the largest distance that is still no drift, 0–1.
        level: the confidence of all bands together, 0–1.
        effective: how many independent rows one row of the reference, and one of today, counts for: above 0, up to 1.
        columns: the columns to judge; None for all.

    Raises:
        InputError: a tolerance, level or effective share that is not within its limits.
    """
    _check(tolerance, level, effective)
    judged = {
        name: column
        for name, column in reference.columns.items()
        if not isinstance(column, TimeColumn) and (columns is None or name in columns)
    }
    limits = _Limits(tolerance=tolerance, level=level, columns=len(judged), effective=effective)
    return tuple(_judge(name, column, current.columns.get(name), limits) for name, column in judged.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """What all columns are judged by; the error allowed is shared out over columns and over the two samples."""

    tolerance: float
    level: float
    columns: int
    effective: tuple[float, float]

    @property
    def alone(self) -> float:
        """The chance of error that one column has for one sample."""
        return (1.0 - self.level) / self.columns / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """A distance, and the effective rows of both samples."""

    distance: Distance
    reference_rows: int
    rows: int

    def reference_gap(self, limits: _Limits) -> float:
        """How far the reference's shares may lie from the truth. Its values were found in it, so this holds for any
        value: the share of a value is the difference of two values of a distribution function."""
        return self.distance.halves * largest_gap(self.reference_rows, 1.0 - limits.alone)

    def gap(self, limits: _Limits, rows: int) -> float:
        """How far the shares of so many rows of today may lie from the truth, for each event at once (Hoeffding's
        inequality for a single event is the same as the band for all numbers)."""
        return largest_gap(rows, 1.0 - limits.alone / self.distance.events)


def _check(tolerance: float, level: float, effective: tuple[float, float]) -> None:
    if not 0.0 < tolerance < 1.0:
        raise InputError(f"the tolerance {tolerance} is not between 0 and 1", fix="Write 0.1, for example.")
    if not 0.0 < level < 1.0:
        raise InputError(f"the level {level} is not between 0 and 1", fix="Write 0.95, for example.")
    if not all(0.0 < share <= 1.0 for share in effective):
        problem = f"a row cannot count for {min(effective)} to {max(effective)} independent rows"
        raise InputError(problem, fix="Write numbers above 0 and up to 1.")


def _judge(name: str, reference: ColumnProfile, current: ColumnProfile | None, limits: _Limits) -> ColumnDrift:
    measured = _measure(reference, current, limits)
    if measured is None:
        unknown = Interval(estimate=math.nan, low=0.0, high=1.0, level=limits.level, n=0)
        reason = f"{name}: the reference or today has no rows of one kind to compare"
        return ColumnDrift(column=name, verdict=Verdict.UNSURE, distance=unknown, reason=reason, needs="rows of both")
    size = measured.distance.size
    width = measured.reference_gap(limits) + measured.gap(limits, measured.rows)
    band = Interval(
        estimate=size,
        low=max(0.0, size - width),
        high=min(1.0, size + width),
        level=limits.level,
        n=measured.rows,
    )
    if band.low > limits.tolerance:
        verdict = Verdict.FAIL
    elif size + width <= limits.tolerance:
        verdict = Verdict.PASS
    else:
        verdict = Verdict.UNSURE
    return ColumnDrift(
        column=name,
        verdict=verdict,
        distance=band,
        reason=f"{name}: {measured.distance.reason}",
        needs=_needs(measured, limits) if verdict is Verdict.UNSURE else "",
    )


def _measure(reference: ColumnProfile, current: ColumnProfile | None, limits: _Limits) -> _Measured | None:
    """What can be said of one column; None where a side has no rows, or is not of the same kind."""
    if isinstance(reference, TimeColumn) or isinstance(current, TimeColumn) or current is None:
        return None
    then = math.floor(rows_of(reference) * limits.effective[0])
    now = math.floor(rows_of(current) * limits.effective[1])
    if not then or not now:
        return None
    match reference, current:
        case NumberColumn(), NumberColumn():
            return _Measured(distance=number_distance(reference, current), reference_rows=then, rows=now)
        case CategoryColumn(), CategoryColumn():
            return _Measured(distance=category_distance(reference, current), reference_rows=then, rows=now)
        case _:
            return None


def _needs(measured: _Measured, limits: _Limits) -> str:
    """The rows of today that would decide if the distance stayed as it is."""
    room = abs(limits.tolerance - measured.distance.size) - measured.reference_gap(limits)
    if room <= 0.0 or measured.gap(limits, _ROWS_MAX) >= room:
        return "a larger reference, or another tolerance: the distance is too near to it"
    few, enough = measured.rows, _ROWS_MAX
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if measured.gap(limits, middle) < room else (middle, enough)
    return f"about {counted(math.ceil((enough - measured.rows) / limits.effective[1]), 'more row')}"
