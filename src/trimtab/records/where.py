"""Which runs are asked for, in which order: conditions on a run's fields as values, and whether a run fulfils them.

The language is read by `trimtab.records.where_reader`. It has two truth values, not SQL's three: a comparison with what
a run does not have is false, ``= null`` says that it has nothing there, and ``not`` turns true and false. So
``params.depth != 6`` finds the runs with another depth, and ``not params.depth = 6`` those without one, too.

A store may search as it likes, and must find what `holds` holds for; the conformance suite compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple, assert_never

import msgspec

from trimtab.base.instants import format_instant
from trimtab.records.run import Run, RunState, Scalar
from trimtab.records.run_fields import Field, Kind, value_of, version_key

BARE: Final = re.compile(r"[^\s()=<>!~,'\"`]+")
"""A word that needs no quotes."""


class Op(StrEnum):
    """How a field is compared; IN has several values, LIKE takes ``%`` and ``_``, HAS looks for a part in any case."""

    EQUAL = "="
    OTHER = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    IN = "in"
    NOT_IN = "not in"
    LIKE = "like"
    NOT_LIKE = "not like"
    HAS = "~"


class Compare(msgspec.Struct, frozen=True, kw_only=True):
    """A field against values: one, or for IN and NOT IN at least one. None, of EQUAL and OTHER alone, is ``null``."""

    field: Field
    op: Op
    values: tuple[Scalar, ...]


class AllOf(msgspec.Struct, frozen=True, kw_only=True):
    """True if all of its parts are; it has two at least."""

    parts: tuple[Where, ...]


class AnyOf(msgspec.Struct, frozen=True, kw_only=True):
    """True if one of its parts is; it has two at least."""

    parts: tuple[Where, ...]


class Not(msgspec.Struct, frozen=True, kw_only=True):
    """True if its part is false."""

    part: Where


Where = Compare | AllOf | AnyOf | Not


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """By which field runs are sorted: numbers, texts, true and false in that order; runs without it come last."""

    field: Field
    descending: bool = False


class RunQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs, in which order, and what of them.

    Attributes:
        order: fields to sort by; what is equal in all of them, or all if there are none, the newest start first.
        limit: at most so many; None for all.
        columns: the fields that the rows have.
        dead: runs that say running though their process is gone; their ``state`` is ``failed``.
    """

    where: Where | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    columns: tuple[Field, ...] = ()
    dead: frozenset[str] = frozenset()


class RunRow(NamedTuple):
    """A run that was found, with the values of the columns that were asked for."""

    run_id: str
    values: tuple[Scalar, ...]


def holds(where: Where, run: Run) -> bool:
    """Whether the run fulfils the condition."""
    match where:
        case Compare():
            return matches(where, value_of(run, where.field))
        case AllOf():
            return all(holds(part, run) for part in where.parts)
        case AnyOf():
            return any(holds(part, run) for part in where.parts)
        case Not():
            return not holds(where.part, run)
        case _:
            assert_never(where)


def matches(compare: Compare, value: Scalar) -> bool:
    """Whether a field's value is what is asked for."""
    op, kind, wanted = compare.op, compare.field.kind, compare.values
    if wanted[0] is None:
        return (value is None) == (op is Op.EQUAL)
    if value is None:
        return False
    match op:
        case Op.EQUAL | Op.IN:
            return any(_equal(kind, value, each) for each in wanted)
        case Op.OTHER | Op.NOT_IN:
            return not any(_equal(kind, value, each) for each in wanted)
        case Op.LIKE | Op.NOT_LIKE:
            return isinstance(value, str) and is_like(str(wanted[0]), value) == (op is Op.LIKE)
        case Op.HAS:
            return isinstance(value, str) and contains(str(wanted[0]), value)
        case Op.LESS | Op.AT_MOST | Op.MORE | Op.AT_LEAST:
            if _rank(value) != _rank(wanted[0]):
                return False
            sign = _sign(kind, value, wanted[0])
            return {Op.LESS: sign < 0, Op.AT_MOST: sign <= 0, Op.MORE: sign > 0, Op.AT_LEAST: sign >= 0}[op]
        case _:
            assert_never(op)


def search(query: RunQuery, runs: Sequence[Run]) -> list[RunRow]:
    """What the query finds among runs that are given the newest start first: what every store must answer."""
    seen = [msgspec.structs.replace(run, state=RunState.FAILED) if run.run_id in query.dead else run for run in runs]
    found = [run for run in seen if query.where is None or holds(query.where, run)]
    ordered = _in_order(query.order, found)
    return [
        RunRow(run.run_id, tuple(value_of(run, column) for column in query.columns)) for run in ordered[: query.limit]
    ]


def _in_order(order: Sequence[Order], newest_first: list[Run]) -> list[Run]:
    ordered = newest_first
    for each in reversed(order):
        keyed = [(value_of(run, each.field), run) for run in ordered]
        there = [(_sort_key(each.field.kind, value), run) for value, run in keyed if value is not None]
        there.sort(key=itemgetter(0), reverse=each.descending)  # what is equal stays as it was, in either direction
        ordered = [*(run for _, run in there), *(run for value, run in keyed if value is None)]
    return ordered


def comparisons_of(where: Where) -> Iterator[Compare]:
    """The comparisons that a condition is made of, in the order of reading."""
    match where:
        case Compare():
            yield where
        case AllOf() | AnyOf():
            for part in where.parts:
                yield from comparisons_of(part)
        case Not():
            yield from comparisons_of(where.part)
        case _:
            assert_never(where)


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    signs = {"%": ".*", "_": "."}
    return re.compile("".join(signs.get(sign) or re.escape(sign) for sign in pattern), re.DOTALL)


def is_like(pattern: str, text: str) -> bool:
    """Whether the whole text has the form of the pattern: ``%`` is any text, ``_`` any one character."""
    return _pattern(pattern).fullmatch(text) is not None


def contains(part: str, text: str) -> bool:
    """Whether the part is somewhere in the text, in capitals or not."""
    return part.casefold() in text.casefold()


# ── as text ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def format_where(where: Where) -> str:
    """The condition as `read_where` reads it back."""
    match where:
        case Compare():
            return _compare(where)
        case AllOf():
            return " and ".join(_within(part, (AllOf, AnyOf)) for part in where.parts)
        case AnyOf():
            return " or ".join(_within(part, (AnyOf,)) for part in where.parts)
        case Not():
            return f"not {_within(where.part, (AllOf, AnyOf))}"
        case _:
            assert_never(where)


def format_field(field: Field) -> str:
    """The field as it is written, its name in backticks where it needs them."""
    if not field.name:
        return field.section
    bare = BARE.fullmatch(field.name) is not None
    return f"{field.section}.{field.name}" if bare else f"{field.section}.`{field.name.replace('`', '``')}`"


def _within(part: Where, looser: tuple[type, ...]) -> str:
    text = format_where(part)
    return f"({text})" if isinstance(part, looser) else text


def _compare(compare: Compare) -> str:
    values = [_value(compare.field, value) for value in compare.values]
    shown = f"({', '.join(values)})" if compare.op in (Op.IN, Op.NOT_IN) else values[0]
    return f"{format_field(compare.field)} {compare.op.value} {shown}"


def _value(field: Field, value: Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return format_instant(int(value)) if field.kind is Kind.TIME else repr(value)


# ── comparing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _equal(kind: Kind, value: bool | float | str, wanted: Scalar) -> bool:
    if _rank(value) != _rank(wanted):
        return False
    if kind is Kind.VERSION:
        return version_key(str(value)) == version_key(str(wanted))
    return str(value).startswith(str(wanted)) if kind is Kind.NAMED else value == wanted


def _sign(kind: Kind, one: Scalar, other: Scalar) -> int:
    """Below 0, 0 or above 0, of two values of one rank."""
    if kind is Kind.VERSION:
        one, other = version_key(str(one)), version_key(str(other))
    if isinstance(one, str) and isinstance(other, str):
        return (one > other) - (one < other)
    assert isinstance(one, bool | int | float), "a value is a text, a number, true or false"
    assert isinstance(other, bool | int | float), "both are of one rank"
    return (one > other) - (one < other)


def _sort_key(kind: Kind, value: bool | float | str) -> tuple[int, bool | float | str]:
    return _rank(value), version_key(str(value)) if kind is Kind.VERSION else value


def _rank(value: Scalar) -> int:
    """Numbers before texts before true and false; what is of another rank is never equal, less or more."""
    if isinstance(value, bool):
        return 2
    return 1 if isinstance(value, str) else 0
