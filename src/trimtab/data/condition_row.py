"""A condition asked of one row, without Polars: this is in the router.

The tree becomes a function once, when the contract is compiled; asking it then costs a few calls.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, assert_never

from trimtab.data.condition import (
    Absolute,
    All,
    Among,
    Arithmetic,
    Comparator,
    Compared,
    Computed,
    Field,
    IsNull,
    Length,
    Literal,
    Node,
    Not,
)
from trimtab.data.condition import Any as AnyOf
from trimtab.data.kinds import ColumnType, Scalar

Row = Sequence[Scalar | None]
"""A row's values: times as UTC microseconds, None for null."""
Asked = Callable[[Row], Any]
"""Gives a value, or None where it cannot be said."""

_RECKONED: Final[Mapping[Arithmetic, Callable[[float, float], float]]] = {
    Arithmetic.ADD: operator.add,
    Arithmetic.SUBTRACT: operator.sub,
    Arithmetic.MULTIPLY: operator.mul,
    Arithmetic.DIVIDE: operator.truediv,
}
_COMPARED: Final[Mapping[Comparator, Callable[[Any, Any], bool]]] = {
    Comparator.EQUAL: operator.eq,
    Comparator.UNEQUAL: operator.ne,
    Comparator.LESS: operator.lt,
    Comparator.AT_MOST: operator.le,
    Comparator.GREATER: operator.gt,
    Comparator.AT_LEAST: operator.ge,
}


def row_test(node: Node, places: Mapping[str, int]) -> Asked:
    """A function that says of a row whether the condition holds: True, False, or None where it cannot be said.

    ``places`` says where in the row each column stands.
    """
    match node:
        case Field(name=name):
            return operator.itemgetter(places[name])
        case Literal(value=value):
            return lambda _row: value
        case Computed():
            return _computed(node, row_test(node.left, places), row_test(node.right, places))
        case Absolute(operand=operand):
            return _applied(_absolute, row_test(operand, places))
        case Length(operand=operand):
            return _applied(len, row_test(operand, places))
        case Compared():
            return _compared(node, row_test(node.left, places), row_test(node.right, places))
        case Among(operand=operand, values=values, kind=kind):
            return _applied(_member(frozenset(values), kind), row_test(operand, places))
        case IsNull(operand=operand):
            asked = row_test(operand, places)
            return lambda row: asked(row) is None
        case Not(operand=operand):
            return _applied(operator.not_, row_test(operand, places))
        case All(parts=parts):
            return _joined([row_test(part, places) for part in parts], ends=False)
        case AnyOf(parts=parts):
            return _joined([row_test(part, places) for part in parts], ends=True)
        case _:
            assert_never(node)


def _applied(what: Callable[[Any], Any], asked: Asked) -> Asked:
    def apply(row: Row) -> Any:
        value = asked(row)
        return None if value is None else what(value)

    return apply


def _absolute(value: float) -> float:
    return abs(float(value))


def _member(values: frozenset[Scalar], kind: ColumnType) -> Callable[[Any], bool]:
    if kind is ColumnType.FLOAT:
        return lambda value: float(value) in values
    return values.__contains__


def _computed(node: Computed, left: Asked, right: Asked) -> Asked:
    reckon = _RECKONED[node.operator]

    def compute(row: Row) -> float | None:
        one, other = left(row), right(row)
        if one is None or other is None:
            return None
        try:
            result = reckon(float(one), float(other))
        except ZeroDivisionError:
            return None
        return result if math.isfinite(result) else None

    return compute


def _compared(node: Compared, left: Asked, right: Asked) -> Asked:
    compare = _COMPARED[node.operator]
    as_floats = node.kind is ColumnType.FLOAT

    def ask(row: Row) -> bool | None:
        one, other = left(row), right(row)
        if one is None or other is None:
            return None
        return compare(float(one), float(other)) if as_floats else compare(one, other)

    return ask


def _joined(parts: list[Asked], *, ends: bool) -> Asked:
    """``and`` (ended by the first false) or ``or`` (ended by the first true); null where neither is certain."""

    def ask(row: Row) -> bool | None:
        said: bool | None = not ends
        for part in parts:
            held: bool | None = part(row)
            if held is ends:
                return ends
            if held is None:
                said = None
        return said

    return ask
