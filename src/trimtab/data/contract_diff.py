"""How a newer contract differs from the one that is kept, rule by rule, so that it is maintained and not regenerated.

A direction is that of the rows: does the newer contract accept more of them, or fewer? Reasons (``because``) carry the
numbers of the table that they were inferred from, so that they differ every time; they count only where nothing else
does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Final

import msgspec

from trimtab.data.diff_tightness import Tightness, tightness_of
from trimtab.data.diff_words import NOTHING, difference_words, percents, rule_words
from trimtab.data.kinds import ColumnType, Severity
from trimtab.data.schema import Column, Condition, Contract, Unique


class Kind(StrEnum):
    """What became of a rule; REASON: its reason alone."""

    ADDED = "added"
    REMOVED = "removed"
    LOOSENED = "loosened"
    TIGHTENED = "tightened"
    CHANGED = "changed"
    SEVERITY = "severity"
    REASON = "reason"


class Consequence(StrEnum):
    """What it means for who delivers rows.

    BREAKING: rows that went on are refused or set aside, or get no answer. LOOSENING: less is asked. NEUTRAL: more is
    told or named otherwise, and no row meets another end.
    """

    BREAKING = "breaking"
    LOOSENING = "loosening"
    NEUTRAL = "neutral"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that is not what it was.

    Attributes:
        column: whose rule it is; empty for rules of the whole table.
        rule: its name as in the contract's file, such as ``range``; for a whole column ``column``.
        kind: what became of it.
        direction: what that means for who delivers rows.
        words: the sentence for a person, with the column's name.
    """

    column: str
    rule: str
    kind: Kind
    direction: Consequence
    words: str


_ROLES: Final = ("time", "label", "key", "task", "zone", "reference")
_OF_COLUMNS: Final = ("nulls", "range", "values", "pattern", "length", "order", "drift")
_BINDING: Final = (Severity.REFUSE, Severity.QUARANTINE)


def diff_contracts(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Every difference, those that break who delivers rows first; empty if both say the same, reasons included.

    Example:
        >>> from trimtab.data.schema import Range
        >>> def ages(most: int) -> Contract:
        ...     limits = Range(minimum=0, maximum=most)
        ...     return Contract(columns=(Column(name="age", type=ColumnType.INTEGER, range=limits),))
        >>> [change.words for change in diff_contracts(ages(99), ages(120))]
        ['age: range 0..99 → 0..120 (looser)']
    """
    found = [*_columns(old, new), *_table(old, new)]
    if not found:
        return tuple(_reasons(old, new))
    order = list(Consequence)
    return tuple(sorted(found, key=lambda change: order.index(change.direction)))


# ── columns ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _columns(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = {each.name: each for each in old.columns}, {each.name: each for each in new.columns}
    for name, column in before.items():
        if name not in after:
            # Rows that still have it are refused or not, as the new contract treats unknown columns.
            direction = Consequence.BREAKING if new.unexpected is Severity.REFUSE else Consequence.LOOSENING
            yield _change(name, "column", Kind.REMOVED, direction, f"the column is no longer known ({column.type})")
        else:
            yield from _column(column, after[name])
    for name, column in after.items():
        if name not in before:
            nullable = ", may be null" if column.nullable else ""
            yield _change(name, "column", Kind.ADDED, Consequence.BREAKING, f"a new column ({column.type}{nullable})")
    both = [name for name in before if name in after]
    if both != [name for name in after if name in before]:
        yield _change("", "columns", Kind.CHANGED, Consequence.NEUTRAL, "the columns stand in another order")


def _column(old: Column, new: Column) -> Iterator[Change]:
    name = old.name
    if old.type is not new.type:
        wider = (old.type.value, new.type.value) == ("integer", "float")
        kind, direction = (Kind.LOOSENED, Consequence.LOOSENING) if wider else (Kind.CHANGED, Consequence.BREAKING)
        yield _change(name, "type", kind, direction, f"type {old.type} → {new.type}")
    if old.nullable is not new.nullable:
        if new.nullable:
            yield _change(name, "nullable", Kind.LOOSENED, Consequence.LOOSENING, "may be null now")
        else:
            yield _change(name, "nullable", Kind.TIGHTENED, Consequence.BREAKING, "may no longer be null")
    if old.outside is not new.outside:
        yield _severity(name, "outside", old.outside, new.outside, "a value of another type")
    if old.sensitive is not new.sensitive:
        said = "its values are hidden now" if new.sensitive else "its values are no longer hidden"
        yield _change(name, "sensitive", Kind.CHANGED, Consequence.NEUTRAL, said)
    for rule in _OF_COLUMNS:
        yield from _rule(name, rule, getattr(old, rule), getattr(new, rule), moments=new.type is ColumnType.TIME)


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rule(column: str, rule: str, old: Any, new: Any, *, moments: bool = False) -> Iterator[Change]:
    """What became of one rule: it came, it went, it asks for more or less, or another thing happens."""
    if old is None and new is None:
        return
    if old is None:
        direction = Consequence.BREAKING if new.outside in _BINDING else Consequence.NEUTRAL
        yield _change(column, rule, Kind.ADDED, direction, f"{rule_words(new, moments=moments)} is new ({new.outside})")
        return
    if new is None:
        direction = Consequence.LOOSENING if old.outside in _BINDING else Consequence.NEUTRAL
        yield _change(
            column, rule, Kind.REMOVED, direction, f"{rule_words(old, moments=moments)} is gone ({old.outside})"
        )
        return
    if old.outside is not new.outside:
        yield _severity(column, rule, old.outside, new.outside, rule)
    tightness = tightness_of(old, new)
    if tightness is not Tightness.SAME:
        kind, direction, said = _judged(tightness, bites=new.outside in _BINDING)
        yield _change(column, rule, kind, direction, f"{difference_words(old, new, moments=moments)} ({said})")


def _judged(tightness: Tightness, *, bites: bool) -> tuple[Kind, Consequence, str]:
    match tightness:
        case Tightness.LOOSER:
            return Kind.LOOSENED, Consequence.LOOSENING, "looser"
        case Tightness.TIGHTER:
            return Kind.TIGHTENED, Consequence.BREAKING if bites else Consequence.NEUTRAL, "tighter"
        case _:
            return Kind.CHANGED, Consequence.BREAKING if bites else Consequence.NEUTRAL, "other"


def _severity(column: str, rule: str, old: Severity, new: Severity, what: str) -> Change:
    order = (Severity.NOTE, Severity.QUARANTINE, Severity.REFUSE)
    harder = order.index(new) > order.index(old)
    direction = Consequence.BREAKING if harder else Consequence.LOOSENING
    return _change(column, rule, Kind.SEVERITY, direction, f"{what} means {old} → {new}")


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _table(old: Contract, new: Contract) -> Iterator[Change]:
    for role in _ROLES:
        one, other = getattr(old, role), getattr(new, role)
        if one != other:
            direction = Consequence.NEUTRAL if role == "reference" else Consequence.BREAKING
            said = f"{role} {one or NOTHING} → {other or NOTHING}"
            yield _change("", role, Kind.CHANGED, direction, said)
    if old.unexpected is not new.unexpected:
        yield _severity("", "unexpected", old.unexpected, new.unexpected, "an unknown column")
    if set(old.ignored) != set(new.ignored):
        fewer = set(old.ignored) - set(new.ignored)
        kind, direction = (Kind.TIGHTENED, Consequence.BREAKING) if fewer else (Kind.LOOSENED, Consequence.LOOSENING)
        said = f"ignored {', '.join(old.ignored) or NOTHING} → {', '.join(new.ignored) or NOTHING}"
        yield _change("", "ignored", kind, direction, said)
    if old.quarantine != new.quarantine:
        looser = new.quarantine > old.quarantine
        kind, direction = (Kind.LOOSENED, Consequence.LOOSENING) if looser else (Kind.TIGHTENED, Consequence.BREAKING)
        one, other = percents(old.quarantine, new.quarantine)
        yield _change("", "quarantine", kind, direction, f"quarantine up to {one} → {other}")
    for rule in ("rows", "fresh", "drift"):
        yield from _rule("", rule, getattr(old, rule), getattr(new, rule))
    yield from _listed("unique", _by_columns(old.unique), _by_columns(new.unique))
    yield from _listed("condition", _by_name(old.conditions), _by_name(new.conditions))


def _listed(rule: str, old: dict[Any, Any], new: dict[Any, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*old, *new]):
        yield from _rule("", rule, old.get(name), new.get(name))


def _by_columns(rules: Iterable[Unique]) -> dict[Any, Unique]:
    return {frozenset(each.columns): each for each in rules}


def _by_name(rules: Iterable[Condition]) -> dict[Any, Condition]:
    """Conditions by their names; one without a name is what it says."""
    return {each.name or (each.when, each.then): each for each in rules}


# ── reasons ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _reasons(old: Contract, new: Contract) -> Iterator[Change]:
    """Where two contracts that ask for the same give other reasons."""
    columns = {each.name: each for each in new.columns}
    for before in old.columns:
        after = columns[before.name]
        named = [("column", before, after)] + [
            (rule, getattr(before, rule), getattr(after, rule)) for rule in _OF_COLUMNS
        ]
        for rule, one, other in named:
            if one is not None and other is not None and one.because != other.because:
                yield _reason(before.name, rule, one.because, other.because)
    whole = [(rule, getattr(old, rule), getattr(new, rule)) for rule in ("rows", "fresh", "drift")]
    ones, others = _by_columns(old.unique), _by_columns(new.unique)
    whole += [("unique", one, others.get(name)) for name, one in ones.items()]
    asked = _by_name(new.conditions)
    whole += [("condition", one, asked.get(name)) for name, one in _by_name(old.conditions).items()]
    for rule, one, other in whole:
        if one is not None and other is not None and one.because != other.because:
            yield _reason("", rule, one.because, other.because)


def _reason(column: str, rule: str, old: str, new: str) -> Change:
    said = f"the reason of {rule}: {old or NOTHING} → {new or NOTHING}"
    return _change(column, rule, Kind.REASON, Consequence.NEUTRAL, said)


def _change(column: str, rule: str, kind: Kind, direction: Consequence, said: str) -> Change:
    words = f"{column}: {said}" if column else said
    return Change(column=column, rule=rule, kind=kind, direction=direction, words=words)
