"""How sure each statement about a table's columns has to be, so that all verdicts together are as sure as they say.

A column is either within its tolerances or beyond one of them. Within, only a FAIL is wrong, and each of its statistics
may be the one that says so: the column's chance of error is shared out over them. Beyond, only a PASS is wrong, and a
column passes only if each of its statistics does, also the one that is beyond: each may err as often as the whole
column (an intersection-union test: Berger, Technometrics 24(4), 1982). So the chances of the columns add up to that of
the table, whichever of them changed.

A column alone in doubt may have half of the table's error to fail by, but only a tenth to pass by: a part of the rows
must not pass what fails as a whole. For the same reason Holm's procedure was rejected for the columns that pass. It
holds its level, too, and more of them would; but the last one in doubt could err as often as the whole table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from trimtab.data.differences import ColumnDifference, Effect
from trimtab.data.effects import Bar, Change, judged, standing
from trimtab.stats.arrays import Floats
from trimtab.stats.sharing import shared_out

_TO_PASS: Final = 0.1
"""The part of the table's error that a single column may have to pass by."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What one statistic says of a column, before it is known how sure it has to be.

    Attributes:
        parts: what each of its statements has of the error that every column has alike; of a column they add up to at
            most 1.
        margins: the tolerance, in standard errors of each statement.
        copies: from how many each was picked.
        effect: the verdict, by the chance of error of each statement and by that of the column.
    """

    parts: Floats
    margins: Floats
    copies: Floats
    effect: Callable[[Floats, float], Effect]


def of_change(change: Change, part: float, *, tolerance: float, level: float) -> Claim:
    """The claim of a single change."""

    def effect(errors: Floats, pass_error: float) -> Effect:
        bar = Bar(tolerance=tolerance, error=float(errors[0]), level=level, pass_error=pass_error)
        return judged(change, bar)

    margin = tolerance / change.deviation if change.deviation > 0.0 else np.inf
    return Claim(parts=np.array([part]), margins=np.array([margin]), copies=np.ones(1), effect=effect)


def of_changes(changes: Sequence[tuple[Change, int]], part: float, *, tolerance: float, level: float) -> Claim:
    """The claim of several changes, each with how many it was picked from; the effect is that of the one which decides:
    the largest of those that fail, else of those in doubt, else of all."""
    copies = np.array([among for _, among in changes], dtype=np.float64)
    deviations = np.array([max(change.deviation, 1e-300) for change, _ in changes])

    def effect(errors: Floats, pass_error: float) -> Effect:
        bars = [Bar(tolerance=tolerance, error=error, level=level, pass_error=pass_error) for error in errors.tolist()]
        found = [(standing(change, bar), abs(change.size)) for (change, _), bar in zip(changes, bars, strict=True)]
        place = max(range(len(found)), key=lambda place: found[place])
        return judged(changes[place][0], bars[place])

    parts = part * copies / copies.sum()
    return Claim(parts=parts, margins=tolerance / deviations, copies=copies, effect=effect)


def settled(columns: Mapping[str, Sequence[Claim]], error: float, *, among: int) -> list[ColumnDifference]:
    """The columns' verdicts, of ``among`` that have the same right to the ``error``; each has at least one claim."""
    claims = [claim for own in columns.values() for claim in own]
    if not claims:
        return []
    errors = shared_out(
        error,
        parts=np.concatenate([claim.parts for claim in claims]) / max(among, 1),
        margins=np.concatenate([claim.margins for claim in claims]),
        copies=np.concatenate([claim.copies for claim in claims]),
    )
    found, start = [], 0
    for name, own in columns.items():
        each = []
        for claim in own:
            each.append(errors[start : start + len(claim.parts)])
            start += len(claim.parts)
        of_column = sum(float(part @ claim.copies) for part, claim in zip(each, own, strict=True))
        pass_error = min(of_column, _TO_PASS * error)
        effects = [claim.effect(part, pass_error) for part, claim in zip(each, own, strict=True)]
        found.append(ColumnDifference(column=name, effects=tuple(sorted(effects, key=lambda one: -one.strength))))
    return found
