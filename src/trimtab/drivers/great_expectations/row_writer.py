"""A contract's ``when`` as a suite's row condition: what `row_reader` reads, the other way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trimtab.base.instants import format_instant
from trimtab.data.condition import All, Among, Comparator, Compared, Field, IsNull, Literal, Node, Not
from trimtab.data.condition import Any as AnyOf
from trimtab.data.kinds import ColumnType, Scalar


def write_when(node: Node) -> dict[str, Any] | None:
    """A ``when`` as a row condition; None where Great Expectations has none.

    Its conditions are asked of pandas, where null differs from every value: the comparison that a null would pass
    there comes with the question for it.
    """
    match node:
        case Compared(operator=operator, left=Field(name=name), right=Literal() as literal):
            asked = _comparison(name, operator.value, json_value(literal.value, literal.kind))
            return asked if operator is not Comparator.UNEQUAL else _both(_nullity(name, is_null=False), asked)
        case Among(operand=Field(name=name), values=values, kind=kind):
            return _comparison(name, "IN", [json_value(value, kind) for value in values])
        case Not(operand=Among(operand=Field(name=name), values=values, kind=kind)):
            asked = _comparison(name, "NOT_IN", [json_value(value, kind) for value in values])
            return _both(_nullity(name, is_null=False), asked)
        case IsNull(operand=Field(name=name)):
            return _nullity(name, is_null=True)
        case Not(operand=IsNull(operand=Field(name=name))):
            return _nullity(name, is_null=False)
        case AnyOf(parts=(IsNull(operand=Field() as asked_for), other)) if asked_for in (_subject(other),):
            return _unguarded(other)
        case All(parts=parts) | AnyOf(parts=parts):
            written = [write_when(part) for part in parts]
            if any(part is None for part in written):
                return None
            return {"type": "and" if isinstance(node, All) else "or", "conditions": written}
        case _:
            return None


def _unguarded(node: Node) -> dict[str, Any] | None:
    written = write_when(node)
    return written["conditions"][1] if written is not None and written.get("type") == "and" else None


def _subject(node: Node) -> Node | None:
    match node:
        case Compared(operator=Comparator.UNEQUAL, left=Field() as field, right=Literal()):
            return field
        case Not(operand=Among(operand=Field() as field)):
            return field
        case _:
            return None


def _comparison(name: str, operator: str, parameter: object) -> dict[str, Any]:
    return {"type": "comparison", "column": {"name": name}, "operator": operator, "parameter": parameter}


def _nullity(name: str, *, is_null: bool) -> dict[str, Any]:
    return {"type": "nullity", "column": {"name": name}, "is_null": is_null}


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "and", "conditions": [one, other]}


def json_value(value: Scalar, kind: ColumnType) -> Scalar:
    """A value as a suite writes it."""
    return format_instant(int(value)) if kind is ColumnType.TIME else value
