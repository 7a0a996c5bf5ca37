"""A rule in a few words, and what is different between two of one kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from trimtab.base.instants import format_instant, format_span
from trimtab.data.kinds import DriftLimits, Of
from trimtab.data.schema import Condition, Freshness, Length, Nulls, Order, Pattern, Range, RowCount, Unique, Values
from trimtab.data.wording import condition_said, counted, show

NOTHING: Final = "none"
_SHOWN_MAX: Final = 5
_PLAIN: Final = 1e15
_STATISTICS: Final = ("location", "scale", "shape", "share")


def rule_words(rule: Any, *, moments: bool = False) -> str:
    """A whole rule: ``range 0..982.5``; ``moments``: its numbers are times."""
    match rule:
        case Nulls():
            return f"nulls up to {percent(rule.share)}"
        case Range():
            return f"range {_ends(rule.minimum, rule.maximum, moments=moments)}{_tolerated(rule)}"
        case Length():
            return f"length {_ends(rule.minimum, rule.maximum)}{_tolerated(rule)}"
        case RowCount():
            return f"rows {_ends(rule.minimum, rule.maximum)}"
        case Values():
            return f"{counted(len(rule.allowed), 'known value')} ({_list(rule.allowed)}){_tolerated(rule)}"
        case Pattern():
            return f"pattern {show(rule.matches)}{_tolerated(rule)}"
        case Order():
            return f"{'strictly ' if rule.strictly else ''}{rule.direction} order"
        case Freshness():
            return f"fresh within {format_span(rule.within)}"
        case DriftLimits():
            said = (f"{name} {_limit(rule, name)}" for name in _STATISTICS)
            return f"drift limits {', '.join(said)}"
        case Unique():
            return f"unique {' and '.join(rule.columns)}"
        case Condition():
            return f"condition {condition_said(rule.name, rule.when, rule.then)}{_tolerated(rule)}"
        case _:
            return show(rule)


def difference_words(old: Any, new: Any, *, moments: bool = False) -> str:
    """What two rules of one kind say differently: ``range 0..982.5 → 0..1,240``."""
    return "; ".join(_differences(old, new, moments=moments))


def percent(share: float) -> str:
    """A share as per cent: ``2.5%``."""
    return f"{share * 100:.6g}%"


def percents(old: float, new: float) -> tuple[str, str]:
    """Two shares as per cent, with all their digits where they differ only in those that are not shown."""
    shown = percent(old), percent(new)
    return (_exactly(old), _exactly(new)) if shown[0] == shown[1] and old != new else shown


def _exactly(share: float) -> str:
    return f"{Decimal(repr(float(share))).scaleb(2).normalize():f}%"


def _differences(old: Any, new: Any, *, moments: bool) -> Iterator[str]:
    match old, new:
        case (Range(), Range()) | (Length(), Length()) | (RowCount(), RowCount()):
            one, other = (_ends(rule.minimum, rule.maximum, moments=moments) for rule in (old, new))
            if one != other:
                yield f"{_named(new)} {one} → {other}"
            elif (old.minimum, old.maximum) != (new.minimum, new.maximum):
                yield f"{_named(new)} {old.minimum}..{old.maximum} → {new.minimum}..{new.maximum}"
        case Values(), Values():
            yield from _listed(old.allowed, new.allowed)
        case DriftLimits(), DriftLimits():
            for name in _STATISTICS:
                if getattr(old, name) != getattr(new, name):
                    one, other = _limits(old, new, name)
                    yield f"drift limit of {name} {one} → {other}"
            return
        case _, Nulls():
            pass  # nothing but what the rule tolerates
        case _:
            one, other = _without_share(old), _without_share(new)
            if one != other:
                yield f"{one} → {other}"
    if getattr(old, "share", 0.0) != getattr(new, "share", 0.0) or (_of(old), _of(new)).count("") == 1:
        named = "nulls" if isinstance(new, Nulls) else "tolerated"
        one, other = percents(old.share, new.share)
        yield f"{named} up to {one}{_of(old)} → {other}{_of(new)}"


def _listed(old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[str]:
    before, after = frozenset(old), frozenset(new)
    for values, said in (
        ([value for value in new if value not in before], "new"),
        ([value for value in old if value not in after], "gone"),
    ):
        if values:
            yield f"{counted(len(values), 'value')} {said}: {_list(tuple(values))}"


def _list(values: tuple[Any, ...]) -> str:
    return ", ".join(map(show, values[:_SHOWN_MAX])) + (", …" if len(values) > _SHOWN_MAX else "")


def _ends(low: float | None, high: float | None, *, moments: bool = False) -> str:
    return f"{_end(low, moments=moments)}..{_end(high, moments=moments)}"


def _end(end: float | None, *, moments: bool) -> str:
    if end is None:
        return "any"
    if moments:
        return format_instant(int(end))
    if isinstance(end, int) or (end.is_integer() and abs(end) < _PLAIN):
        return f"{int(end):,}"
    return f"{end:,.10g}"


def _named(rule: Range | Length | RowCount) -> str:
    return {Range: "range", Length: "length", RowCount: "rows"}[type(rule)]


def _without_share(rule: Any) -> str:
    return rule_words(replace(rule, share=0.0)) if hasattr(rule, "share") else rule_words(rule)


def _tolerated(rule: Any) -> str:
    return f", {percent(rule.share)}{_of(rule)} may be others" if rule.share else ""


def _of(rule: Any) -> str:
    """What a share counts, where it is not all rows."""
    return " of the values" if getattr(rule, "share", 0.0) and getattr(rule, "of", Of.ROWS) is Of.VALUES else ""


def _limit(rule: DriftLimits, name: str) -> str:
    limit = getattr(rule, name)
    return "any" if limit is None else percent(limit) if name == "share" else f"{limit:g}"


def _limits(old: DriftLimits, new: DriftLimits, name: str) -> tuple[str, str]:
    """Two different limits, told apart."""
    shown = _limit(old, name), _limit(new, name)
    if shown[0] != shown[1]:
        return shown
    one, other = getattr(old, name), getattr(new, name)
    return percents(one, other) if name == "share" else (repr(one), repr(other))
