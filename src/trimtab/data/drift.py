"""How far the rows of today lie from those of then, judged by the size of the change and not by a p-value.

A test of "no change at all" alarms on every innocent jitter once there are enough rows. Here a change has a size, a
band and a tolerance: FAIL where even the near end of the band is beyond the tolerance, PASS where even the far end is
within, and UNSURE between. Fewer rows make the band wider and the verdict UNSURE; they do not turn a PASS into a FAIL.

At the stated level no verdict on a column is wrong. What the bands may err is shared out over columns and pairs of
columns, over the statistics of a column, over the values of a category (`trimtab.data.claims`). The bands suppose
independent rows; ``effective`` says how many independent ones a row counts for where neighbours are alike.
docs/drift.md explains all of it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from trimtab.base.errors import InputError
from trimtab.base.verdict import Interval, Verdict
from trimtab.data import effects
from trimtab.data.claims import Claim, of_change, of_changes, settled
from trimtab.data.column_profile import (
    CategoryColumn,
    ColumnProfile,
    NumberColumn,
    OpaqueColumn,
    TimeColumn,
    different_values,
)
from trimtab.data.differences import ColumnDifference, Differences, Effect, PairDifference, Statistic
from trimtab.data.distance import distance_between, numbers_of
from trimtab.data.effects import Bar, Change, Sizes
from trimtab.data.hidden import hidden_alike
from trimtab.data.iso_times import holds_times
from trimtab.data.joint import judge_pairs
from trimtab.data.kinds import ColumnType, DriftLimits
from trimtab.data.profile import Profile
from trimtab.data.shares import ShareChange, of_what, share_changes, two_valued
from trimtab.data.sketch import most_whole_numbers
from trimtab.data.winsorised import slack_of, winsorised

Weighted = Sequence[tuple[float, ColumnProfile]]
"""A column of the reference: one profile, or one for each season with its weight."""

_NO_ROWS: Final = "a side has no rows to compare"
_FOR_PAIRS: Final = 0.1
"""The part of the allowed error that pairs have. There are many of them, and each has a wide tolerance, so that the
bands of a hundredth of the chance are hardly wider."""
_FOR_NULLS: Final = 0.1
"""The part of a column's allowed error that its share of nulls has; its other statistics have the rest."""
_FLAGS: Final = ((0, 0), (0, 1), (1, 1))
"""The least and the greatest of integers that may stand for truth values."""
_SEQUENCE: Final = 0.9
"""Whole numbers of which this share is different from all others, and which lie as close together, count rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What a comparison is held to.

    Attributes:
        limits: what every column may differ by; ``columns`` has other limits for some of them.
        level: the confidence of all verdicts together, 0–1.
        effective: how many independent rows one row of the reference, and one of today, counts for: above 0, up to 1.
        only: the columns to judge; None for all.
        without: columns that are not judged, such as a key.
        joint: how much the rank correlation of two columns may change; None: pairs are not judged.
    """

    limits: DriftLimits = field(default_factory=DriftLimits)
    columns: Mapping[str, DriftLimits] = field(default_factory=dict)
    level: float = 0.95
    effective: tuple[float, float] = (1.0, 1.0)
    only: Collection[str] | None = None
    without: Collection[str] = ()
    joint: float | None = 0.2


def compare(reference: Profile, current: Profile, judging: Judging | None = None) -> Differences:
    """What differs between two tables, by column and by pair of columns. Of times only the gaps are judged, and of
    those that both sides hold as texts nothing: they move by nature.

    Pairs are judged where both profiles hold a sample of rows. A column that is hidden on one side is hidden on both.

    Raises:
        InputError: a tolerance, level or effective share that is not within its limits, or all that is asked for is
            left out.
        NotHiddenError: a column is hidden on one side, and on the other held in a form that cannot be hidden.
    """
    reference, current = hidden_alike(reference, current)
    parts = {name: [(1.0, column)] for name, column in reference.columns.items()}
    mixed = Mixed(parts=parts, whole=reference, counters=counters(reference, current))
    return compare_mixed(mixed, current, judging or Judging())


class Mixed(msgspec.Struct, frozen=True, kw_only=True):
    """A reference whose columns are mixtures: their ``parts``, all of its rows as one profile, and its `counters`."""

    parts: Mapping[str, Weighted]
    whole: Profile
    counters: Collection[str]


def counters(reference: Profile, current: Profile) -> frozenset[str]:
    """Columns of whole numbers that count rows on both sides, such as a key: tomorrow's are others by nature."""
    return frozenset(
        name
        for name, column in reference.columns.items()
        if name in current.columns and _is_sequence(column) and _is_sequence(current.columns[name], rows_min=1)
    )


def compare_mixed(mixed: Mixed, current: Profile, judging: Judging) -> Differences:
    """`compare` with a reference whose columns are mixtures."""
    parts, reference = mixed.parts, mixed.whole
    _check(judging)
    pairs: tuple[PairDifference, ...] = ()
    compared = 0
    joint = judging.joint is not None and reference.sample is not None and current.sample is not None
    error = 1.0 - judging.level
    judged = [
        name
        for name in parts
        if _is_judged(name, parts[name], current.columns.get(name), judging)
        and not (holds_times(reference, name) and holds_times(current, name))
    ]
    measured = {
        name: _column(name, parts[name], current.columns.get(name), _for(name, mixed, judging)) for name in judged
    }
    columns = [found for found in measured.values() if isinstance(found, ColumnDifference)]
    claims = {name: found for name, found in measured.items() if not isinstance(found, ColumnDifference)}
    columns += settled(claims, error * (1.0 - _FOR_PAIRS) if joint else error, among=len(judged))
    if judging.only is None and parts:
        columns += [_appeared(name, judging) for name in current.columns if name not in parts]
    if not parts or not current.columns:  # the profile of no rows has no columns
        names = judged or [name for name in current.columns if judging.only is None or name in judging.only]
        columns = [ColumnDifference(column=name, effects=(_unknown(_NO_ROWS, judging),)) for name in names]
    if joint and judging.joint is not None and reference.sample is not None and current.sample is not None:
        bar = Bar(tolerance=judging.joint, error=error * _FOR_PAIRS, level=judging.level)
        names = [name for name in judged if name in current.columns]
        rows = (reference.rows, judging.effective[0]), (current.rows, judging.effective[1])
        pairs, compared = judge_pairs(reference.sample, current.sample, names, bar, rows=rows)
    return Differences(
        reference_rows=reference.rows,
        rows=current.rows,
        level=judging.level,
        columns=tuple(sorted(columns, key=_rank)),
        pairs=pairs,
        pairs_compared=compared,
    )


def _for(name: str, mixed: Mixed, judging: Judging) -> Judging:
    """What a column is held to; of a counter only the gaps are judged."""
    if name not in mixed.counters:
        return judging
    limits = replace(judging.columns.get(name, judging.limits), location=None, scale=None, shape=None)
    return replace(judging, columns={**judging.columns, name: limits})


def _rank(difference: ColumnDifference) -> tuple[int, float]:
    order = (Verdict.FAIL, Verdict.UNSURE, Verdict.PASS)
    strength = difference.strongest.strength
    return order.index(difference.verdict), -(strength if math.isfinite(strength) else 0.0)


def _check(judging: Judging) -> None:
    for limits in (judging.limits, *judging.columns.values()):
        for name in ("location", "scale", "shape", "share"):
            tolerance = getattr(limits, name)
            if tolerance is not None and not (tolerance > 0.0 and (tolerance < 1.0 or name in ("location", "scale"))):
                raise InputError(f"the tolerance {tolerance} of {name} is not between 0 and 1", fix="Write 0.1, say.")
    if judging.only and set(judging.only) <= set(judging.without):
        problem = f"nothing is left to judge: {', '.join(map(repr, judging.only))} is asked for and left out"
        raise InputError(problem, fix="Name a column once; the key of a contract is always left out.")
    if not 0.0 < judging.level < 1.0:
        raise InputError(f"the level {judging.level} is not between 0 and 1", fix="Write 0.95, for example.")
    if not all(0.0 < share <= 1.0 for share in judging.effective):
        least, most = min(judging.effective), max(judging.effective)
        problem = f"a row cannot count for {least} to {most} independent rows"
        raise InputError(problem, fix="Write numbers above 0 and up to 1.")


def _is_judged(name: str, reference: Weighted, current: ColumnProfile | None, judging: Judging) -> bool:
    if name in judging.without or (judging.only is not None and name not in judging.only):
        return False
    limits = judging.columns.get(name, judging.limits)
    if limits.location is limits.scale is limits.shape is limits.share is None:
        return False  # nothing of it may drift
    columns = [part for _, part in reference]
    if isinstance(columns[0], TimeColumn) and isinstance(current, TimeColumn):  # times move by nature, gaps do not
        return limits.share is not None and any(column.nulls for column in (*columns, current))
    return True


def _column(
    name: str, reference: Weighted, current: ColumnProfile | None, judging: Judging
) -> ColumnDifference | Sequence[Claim]:
    """What is claimed of a column, at least one claim; or what is known of it without any."""
    limits = judging.columns.get(name, judging.limits)
    if current is None:
        return _structural(name, "the column is missing today", judging)
    if not current.rows or not sum(part.rows for _, part in reference):
        return ColumnDifference(column=name, effects=(_unknown(_NO_ROWS, judging),))
    # A part's values weigh as much as its rows that hold one: some columns are always null at night.
    filled = [(weight * part.count / part.rows, part) for weight, part in reference if part.rows > part.nulls]
    numbers = [(weight, part) for weight, part in filled if isinstance(part, NumberColumn)]
    categories = [(weight, part) for weight, part in filled if isinstance(part, CategoryColumn)]
    claims: list[Claim] = []
    if isinstance(current, NumberColumn) and numbers and len(numbers) == len(filled):
        claims = _numbers(numbers, current, limits, judging)
    elif isinstance(current, CategoryColumn) and categories and len(categories) == len(filled):
        claims = _categories(categories, current, limits, judging)
    elif _differ_in_kind(reference, current):
        today, before = current, reference[0][1]
        words = f"the column is {_kind(today, before)} today, {_kind(before, today)} before"
        return _structural(name, words, judging)
    if limits.share is not None:
        part = _FOR_NULLS if claims else 1.0
        nulls = _nulls(reference, current, judging)
        claims.append(of_change(nulls, part, tolerance=limits.share, level=judging.level))
    if not claims:
        return ColumnDifference(column=name, effects=(_unknown("no statistic of it is judged", judging),))
    return claims


def _numbers(
    reference: Sequence[tuple[float, NumberColumn]], current: NumberColumn, limits: DriftLimits, judging: Judging
) -> list[Claim]:
    reference = [(weight, part) for weight, part in reference if part.count]
    if not reference or not current.count:
        return []  # what is left is a change of the gaps
    sizes = _sizes([(weight, part.count) for weight, part in reference], current.count, judging)
    flag = two_valued(reference, current) if limits.share is not None else None
    if flag is not None and limits.share is not None:
        change = effects.share(Statistic.SHARE, flag, sizes)
        return [of_change(change, 1.0 - _FOR_NULLS, tolerance=limits.share, level=judging.level)]
    then, now = numbers_of(reference), numbers_of([(1.0, current)])
    kept = winsorised(then, now)
    if kept is None:
        return []
    found: list[tuple[Change | None, float]] = []
    if limits.location is not None:
        found.append((effects.location(kept, sizes), limits.location))
    if limits.scale is not None:
        found.append((effects.scale(kept, sizes), limits.scale))
    if limits.shape is not None:
        # What the mean may move by, half of it may every number: more is for location to say.
        slack = slack_of(then, kept.spread, (limits.location or 0.0) / 2)
        distance = distance_between(then, now, slack=slack, of=of_what(reference, current))
        found.append((effects.shape(distance, sizes), limits.shape))
    changes = [(change, tolerance) for change, tolerance in found if change is not None]
    part = (1.0 - _FOR_NULLS) / max(len(changes), 1)
    return [of_change(change, part, tolerance=tolerance, level=judging.level) for change, tolerance in changes]


def _categories(
    reference: Sequence[tuple[float, CategoryColumn]], current: CategoryColumn, limits: DriftLimits, judging: Judging
) -> list[Claim]:
    if limits.share is None or not current.count:
        return []
    sizes = _sizes([(weight, part.count) for weight, part in reference], current.count, judging)
    found = share_changes(reference, current, tolerance=limits.share)
    changes = [(effects.share(Statistic.SHARE, change, sizes), change.among) for change in found]
    return [of_changes(changes, 1.0 - _FOR_NULLS, tolerance=limits.share, level=judging.level)]


def _nulls(reference: Weighted, current: ColumnProfile, judging: Judging) -> Change:
    total = sum(weight for weight, part in reference if part.rows)
    then = sum(weight / total * _gaps(part) / part.rows for weight, part in reference if part.rows)
    now = _gaps(current) / current.rows
    sizes = _sizes([(weight, part.rows) for weight, part in reference if part.rows], current.rows, judging)
    finite = all(_gaps(part) == part.nulls for part in (current, *(part for _, part in reference)))
    change = ShareChange(name="are null" if finite else "are null or not finite", then=then, now=now)
    return effects.share(Statistic.NULLS, change, sizes)


def _gaps(column: ColumnProfile) -> int:
    """Rows without a value; NaN and infinities are none."""
    return column.nulls + (column.not_finite if isinstance(column, NumberColumn) else 0)


def _sizes(reference: Sequence[tuple[float, int]], now: int, judging: Judging) -> Sizes:
    """The independent rows of both; of a mixture as many as would know its shares as well (Kish's effective size)."""
    total = sum(weight for weight, _ in reference)
    rows = 1.0 / sum((weight / total) ** 2 / count for weight, count in reference if weight > 0.0)
    then, today = (max(1.0, math.floor(n * share)) for n, share in zip((rows, now), judging.effective, strict=True))
    return Sizes(then=then, now=today, rows_per_now=1.0 / judging.effective[1])


def _is_sequence(column: ColumnProfile, *, rows_min: int = 50) -> bool:
    """Whether whole numbers count rows: nearly all different, and one beside the other."""
    if not isinstance(column, NumberColumn) or column.type is not ColumnType.INTEGER or column.count < rows_min:
        return False
    if column.minimum is None or column.maximum is None or column.maximum - column.minimum + 1 > 2 * column.count:
        return False
    counted = different_values(column)
    different = counted[0] if counted is not None else most_whole_numbers(column.sketch)
    return different >= _SEQUENCE * column.count


def _structural(name: str, words: str, judging: Judging) -> ColumnDifference:
    size = Interval(estimate=1.0, low=1.0, high=1.0, level=judging.level, n=0)
    effect = Effect(statistic=Statistic.COLUMN, size=size, tolerance=0.0, verdict=Verdict.FAIL, words=words)
    return ColumnDifference(column=name, effects=(effect,))


def _appeared(name: str, judging: Judging) -> ColumnDifference:
    return _structural(name, "the column is not in the reference", judging)


def _unknown(words: str, judging: Judging) -> Effect:
    size = Interval(estimate=math.nan, low=0.0, high=1.0, level=judging.level, n=0)
    return Effect(
        statistic=Statistic.SHAPE,
        size=size,
        tolerance=1.0,
        verdict=Verdict.UNSURE,
        words=words,
        needs="rows of both",
    )


def _differ_in_kind(reference: Weighted, current: ColumnProfile) -> bool:
    """Whether values are of another kind; a column of nulls has none."""
    alike = isinstance(current, OpaqueColumn | TimeColumn) and isinstance(reference[0][1], type(current))
    return not alike and current.rows != current.nulls and any(part.rows != part.nulls for _, part in reference)


def _kind(column: ColumnProfile, other: ColumnProfile) -> str:
    """How a sentence says a column's type, beside one of another type."""
    if column.type is ColumnType.INTEGER and other.type is ColumnType.BOOLEAN and isinstance(column, NumberColumn):
        ends = column.minimum, column.maximum
        return "integer (0 or 1; truth values are true and false)" if ends in _FLAGS else "integer"
    return column.type.value if column.type is not None else column.stored or "opaque"
