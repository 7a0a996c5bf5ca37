"""Whether a rule asks for more than it did, or for less."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from trimtab.data.kinds import DriftLimits, Of
from trimtab.data.schema import Condition, Freshness, Length, Nulls, Order, Pattern, Range, RowCount, Values

AnyRule = Nulls | Range | Values | Pattern | Length | Order | DriftLimits | RowCount | Freshness | Condition


class Tightness(StrEnum):
    """What a newer rule is beside the older one; OTHER: neither contains the other, or nobody can tell."""

    SAME = "same"
    LOOSER = "looser"
    TIGHTER = "tighter"
    OTHER = "other"


def tightness_of(old: Any, new: Any) -> Tightness:
    """How two rules of one kind compare, whatever happens to what breaks them and for whatever reason."""
    found = {part for part in _parts(old, new) if part is not Tightness.SAME}
    if not found:
        return Tightness.SAME
    return found.pop() if len(found) == 1 else Tightness.OTHER


def _parts(old: Any, new: Any) -> Iterator[Tightness]:
    """How each thing that the rules say compares."""
    match old, new:
        case (Range(), Range()) | (Length(), Length()) | (RowCount(), RowCount()):
            yield _looser_if_greater(-_end(old.minimum, -math.inf), -_end(new.minimum, -math.inf))
            yield _looser_if_greater(_end(old.maximum, math.inf), _end(new.maximum, math.inf))
        case Values(), Values():
            yield _sets(frozenset(old.allowed), frozenset(new.allowed))
        case Pattern(), Pattern():
            yield _alike(old.matches, new.matches)
        case Condition(), Condition():
            yield _alike((old.when, old.then), (new.when, new.then))
        case Order(), Order():
            yield _alike(old.direction, new.direction)
            yield _looser_if_greater(-int(old.strictly), -int(new.strictly))
        case Freshness(), Freshness():
            yield _looser_if_greater(old.within, new.within)
        case DriftLimits(), DriftLimits():
            for name in ("location", "scale", "shape"):
                yield _looser_if_greater(_end(getattr(old, name), math.inf), _end(getattr(new, name), math.inf))
        case _:
            pass  # nothing but what the rule tolerates
    if hasattr(old, "share"):  # what a rule tolerates; None in limits of drift: any
        yield _looser_if_greater(_end(old.share, math.inf), _end(new.share, math.inf))
    if getattr(old, "share", None) and getattr(new, "share", None) and hasattr(old, "of"):
        # Of the values that are there no more are as many as of all rows.
        yield _looser_if_greater(old.of is Of.ROWS, new.of is Of.ROWS)


def _looser_if_greater(old: float, new: float) -> Tightness:
    return Tightness.SAME if new == old else Tightness.LOOSER if new > old else Tightness.TIGHTER


def _sets(old: frozenset[Any], new: frozenset[Any]) -> Tightness:
    if old == new:
        return Tightness.SAME
    return Tightness.LOOSER if old < new else Tightness.TIGHTER if new < old else Tightness.OTHER


def _alike(old: object, new: object) -> Tightness:
    return Tightness.SAME if old == new else Tightness.OTHER


def _end(end: float | None, without: float) -> float:
    return without if end is None else end
