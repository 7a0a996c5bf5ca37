"""A contract's conditions as expectations, where Great Expectations has one that means the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import Any, Final

from trimtab.data.condition import (
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
    columns_of,
)
from trimtab.data.condition import Any as AnyOf
from trimtab.data.kinds import ColumnType
from trimtab.data.problems import ContractError
from trimtab.drivers.great_expectations.row_rules import different_text, equal_text
from trimtab.drivers.great_expectations.row_writer import json_value

Written = tuple[str, dict[str, Any]]
"""An expectation's type and arguments."""

_MIRRORED: Final = {
    Comparator.LESS: Comparator.GREATER,
    Comparator.AT_MOST: Comparator.AT_LEAST,
    Comparator.GREATER: Comparator.LESS,
    Comparator.AT_LEAST: Comparator.AT_MOST,
}
_LEAST: Final = {Comparator.GREATER: True, Comparator.AT_LEAST: False}
_GREATEST: Final = {Comparator.LESS: True, Comparator.AT_MOST: False}


def write_then(node: Node) -> Written | None:
    """The expectation that asks what a ``then`` asks of one row; None where there is none."""
    for form in (_of_one_column, _of_two_columns, _of_several, _sum, _pairs):
        written = form(node)
        if written is not None:
            return written
    return None


def without_guard(when: Node | None, then: Node) -> tuple[Node | None, Node, str]:
    """The two without the questions about nulls that stand for ``ignore_row_if``, and what that is.

    A ``when`` that names all columns as not null is "any value is missing". A ``then`` that names them so, and a
    ``when`` that names them as not all null, is what the reader makes of "all values are missing"; without the ``when``
    it is "never".
    """
    for kept, part in _each(when):
        if isinstance(part, All) and _named_not_null(part.parts) == {*columns_of(then)} and len(part.parts) > 1:
            return kept, then, "any"
    if not isinstance(then, All):
        return when, then, "any"
    guards = _named_not_null(part for part in then.parts if _is_not_null(part))
    rest = tuple(part for part in then.parts if not _is_not_null(part))
    if len(guards) < 2 or len(rest) != 1:
        return when, then, "any"
    for kept, part in _each(when):
        if isinstance(part, AnyOf) and _named_not_null(part.parts) == guards:
            return kept, rest[0], "all"
    return when, rest[0], "never"


def _named_not_null(parts: Iterable[Node]) -> set[str]:
    """The columns of which each part says that they are not null; none where a part says something else."""
    asked = list(parts)
    return {name for part in asked for name in columns_of(part)} if all(map(_is_not_null, asked)) else set()


def with_nulls(when: Node | None, then: Node, parse: Callable[[str], Node]) -> tuple[Node | None, Written, str] | None:
    """The expectation over several columns that takes null for a value; None where ``then`` is none.

    What the reader would write for the same columns is compared with it, so the two cannot drift apart.
    """
    names = columns_of(then)
    if len(names) < 2 or not isinstance(then, All | AnyOf):
        return None
    for kind, said in (
        ("expect_multicolumn_values_to_be_equal", equal_text),
        ("expect_select_column_values_to_be_unique_within_record", different_text),
    ):
        try:
            ours = parse(said(names, nulls=True))
        except ContractError:  # columns that cannot be compared with each other
            continue
        if ours == then:
            written = (kind, {"column_list": list(names)})
            for kept, part in _each(when):
                if isinstance(part, AnyOf) and _named_not_null(part.parts) == {*names}:
                    return kept, written, "all"
            return when, written, "never"
    return None


def _is_not_null(node: Node) -> bool:
    return isinstance(node, Not) and isinstance(node.operand, IsNull) and isinstance(node.operand.operand, Field)


def _each(when: Node | None) -> Iterator[tuple[Node | None, Node]]:
    """Each part of a ``when`` with what is left without it."""
    if when is None:
        return
    yield None, when
    if isinstance(when, All):
        for place, part in enumerate(when.parts):
            rest = (*when.parts[:place], *when.parts[place + 1 :])
            yield (rest[0] if len(rest) == 1 else All(rest)), part


def _of_one_column(node: Node) -> Written | None:
    match node:
        case IsNull(operand=Field(name=name)):
            return "expect_column_values_to_be_null", {"column": name}
        case Not(operand=IsNull(operand=Field(name=name))):
            return "expect_column_values_to_not_be_null", {"column": name}
        case Among(operand=Field(name=name), values=values, kind=kind):
            return "expect_column_values_to_be_in_set", {
                "column": name,
                "value_set": [json_value(v, kind) for v in values],
            }
        case Not(operand=Among(operand=Field(name=name), values=values, kind=kind)):
            listed = [json_value(value, kind) for value in values]
            return "expect_column_values_to_not_be_in_set", {"column": name, "value_set": listed}
        case Compared(operator=Comparator.UNEQUAL, left=Field(name=name), right=Literal(value=value, kind=kind)):
            return "expect_column_values_to_not_be_in_set", {"column": name, "value_set": [json_value(value, kind)]}
        case Compared() | All():
            return _limits(node)
        case _:
            return None


def _limits(node: Compared | All) -> Written | None:
    """Comparisons of one column, or of its length, with values."""
    subject: Node | None = None
    kwargs: dict[str, Any] = {}
    for part in node.parts if isinstance(node, All) else (node,):
        match part:
            case Compared(operator=operator, left=Field() | Length() as left, right=Literal(value=value, kind=kind)):
                pass
            case Compared(operator=operator, left=Literal(value=value, kind=kind), right=Field() | Length() as left):
                operator = _MIRRORED.get(operator, operator)
            case _:
                return None
        ends = [("min_value", "strict_min", _LEAST)] * (operator in _LEAST)
        ends += [("max_value", "strict_max", _GREATEST)] * (operator in _GREATEST)
        if operator is Comparator.EQUAL:
            ends = [("min_value", "", {}), ("max_value", "", {})]
        if not ends or (subject is not None and left != subject) or any(end in kwargs for end, _, _ in ends):
            return None
        subject = left
        for end, strict, known in ends:
            kwargs[end] = json_value(value, kind)
            if known.get(operator):
                kwargs[strict] = True
    match subject:
        case Length(operand=Field(name=name)):
            return "expect_column_value_lengths_to_be_between", {"column": name, **kwargs}
        case Field(name=name, kind=kind) if kind is not ColumnType.BOOLEAN:
            return "expect_column_values_to_be_between", {"column": name, **kwargs}
        case Field(name=name):
            return "expect_column_values_to_be_in_set", {"column": name, "value_set": [kwargs["min_value"]]}
        case _:
            return None


def _of_two_columns(node: Node) -> Written | None:
    match node:
        case Compared(operator=operator, left=Field(name=one), right=Field(name=other)):
            pass
        case _:
            return None
    if operator is Comparator.UNEQUAL:
        return "expect_select_column_values_to_be_unique_within_record", {"column_list": [one, other]}
    if operator is Comparator.EQUAL:
        return "expect_column_pair_values_to_be_equal", {"column_A": one, "column_B": other}
    if operator in (Comparator.LESS, Comparator.AT_MOST):
        one, other, operator = other, one, _MIRRORED[operator]
    kwargs: dict[str, Any] = {"column_A": one, "column_B": other}
    if operator is Comparator.AT_LEAST:
        kwargs["or_equal"] = True
    return "expect_column_pair_values_a_to_be_greater_than_b", kwargs


def _of_several(node: Node) -> Written | None:
    """All columns equal to the first, or each different from each other."""
    if not isinstance(node, All):
        return None
    pairs, operators = [], set()
    for part in node.parts:
        match part:
            case Compared(operator=operator, left=Field(name=one), right=Field(name=other)):
                pairs.append((one, other))
                operators.add(operator)
            case _:
                return None
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    if operators == {Comparator.EQUAL} and pairs == [(names[0], name) for name in names[1:]]:
        return "expect_multicolumn_values_to_be_equal", {"column_list": names}
    if operators == {Comparator.UNEQUAL} and pairs == list(combinations(names, 2)):
        return "expect_select_column_values_to_be_unique_within_record", {"column_list": names}
    return None


def _sum(node: Node) -> Written | None:
    match node:
        case Compared(operator=Comparator.EQUAL, left=Computed() as added, right=Literal(value=total)):
            names = _added(added)
            return ("expect_multicolumn_sum_to_equal", {"column_list": names, "sum_total": total}) if names else None
        case _:
            return None


def _added(node: Node) -> list[str]:
    match node:
        case Field(name=name):
            return [name]
        case Computed(operator=Arithmetic.ADD, left=left, right=right):
            one, other = _added(left), _added(right)
            return one + other if one and other else []
        case _:
            return []


def _pairs(node: Node) -> Written | None:
    pairs, names = [], None
    for part in node.parts if isinstance(node, AnyOf) else (node,):
        match part:
            case All(
                parts=(
                    Compared(operator=Comparator.EQUAL, left=Field(name=one), right=Literal(value=a, kind=kind)),
                    Compared(operator=Comparator.EQUAL, left=Field(name=other), right=Literal(value=b, kind=second)),
                )
            ) if names in (None, (one, other)) and one != other:
                names = (one, other)
                pairs.append([json_value(a, kind), json_value(b, second)])
            case _:
                return None
    assert names is not None, "there is a part at least"
    kwargs = {"column_A": names[0], "column_B": names[1], "value_pairs_set": pairs}
    return "expect_column_pair_values_to_be_in_set", kwargs
