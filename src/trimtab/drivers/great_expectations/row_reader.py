"""A suite's row conditions as a contract's ``when``.

Great Expectations knows three forms: nested objects (from 1.5 on), the text of a pandas query, and its own older
``col("x") > 5``. The first two are asked of pandas, where a null differs from every value: a row with a null passes
``x != 5``. A contract's condition cannot be said there, so those two comparisons also name the null.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any, Final

from trimtab.data.exchange import column_text, list_text, literal_text

_COMPARED: Final = {"==": "==", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_OPERATORS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "IN",
    ast.NotIn: "NOT_IN",
}
_MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TICKED: Final = re.compile(r"`([^`]+)`")


class UnreadableError(ValueError):
    """A row condition that no contract can say; its text is the reason."""


def when_of(condition: object, parser: object) -> str:
    """The condition as a contract's ``when``; empty where there is none.

    Raises:
        UnreadableError: it cannot be said.
    """
    if condition is None or condition == "":
        return ""
    if isinstance(condition, Mapping):
        return _object(condition)
    if not isinstance(condition, str):
        raise UnreadableError("its row condition is neither text nor an object")
    if parser == "pandas":
        return _text(condition, nulls_differ=True)
    if isinstance(parser, str) and parser.startswith("great_expectations"):
        return _text(condition, nulls_differ=False)
    raise UnreadableError(f"its row condition is written for {parser!r}, which only that engine reads")


def columns_in(condition: object, parser: object) -> dict[str, list[Any]]:
    """The columns that a condition compares with values, for guessing their types; empty where it cannot be read."""
    found: dict[str, list[Any]] = {}
    try:
        when = when_of(condition, parser)
    except UnreadableError:
        return found
    for node in ast.walk(ast.parse(when or "0", mode="eval")):
        if isinstance(node, ast.Compare):
            name, values = _name(node.left), _values(node.comparators[0])
            if name is not None:
                found.setdefault(name, []).extend(values)
    return found


def _object(condition: Mapping[str, Any]) -> str:
    match condition.get("type"):
        case "comparison":
            return _compared(_column(condition), str(condition.get("operator")), condition.get("parameter"))
        case "nullity":
            text = column_text(_column(condition))
            return f"{text} is null" if condition.get("is_null") else f"{text} is not null"
        case ("and" | "or") as joint:
            parts = condition.get("conditions") or ()
            if not parts:
                raise UnreadableError("its row condition joins nothing")
            return "(" + f" {joint} ".join(_object(part) for part in parts) + ")"
        case "pass_through":
            return _text(str(condition.get("pass_through_filter", "")), nulls_differ=True)
        case other:
            raise UnreadableError(f"its row condition is of the kind {other!r}, which is not known")


def _column(condition: Mapping[str, Any]) -> str:
    column = condition.get("column")
    name = column.get("name") if isinstance(column, Mapping) else column
    if not isinstance(name, str):
        raise UnreadableError("its row condition names no column")
    return name


def _compared(name: str, operator: str, value: object, *, nulls_differ: bool = True) -> str:
    text = column_text(name)
    if operator in ("IN", "NOT_IN"):
        if not isinstance(value, list | tuple) or not value or not all(map(_plain, value)):
            raise UnreadableError("its row condition has a list that is empty or holds more than plain values")
        if operator == "IN":
            return f"{text} in {list_text(value)}"
        said = f"{text} not in {list_text(value)}"
    elif not _plain(value):
        raise UnreadableError("its row condition compares with something that is no plain value")
    elif operator in _COMPARED:
        return f"{text} {operator} {literal_text(value)}"  # type: ignore[arg-type]  # plain, as just asked
    elif operator == "!=":
        said = f"{text} != {literal_text(value)}"  # type: ignore[arg-type]
    else:
        raise UnreadableError(f"its row condition has the operator {operator!r}, which is not known")
    return f"({text} is null or {said})" if nulls_differ else said


def _plain(value: object) -> bool:
    return isinstance(value, bool | int | float | str)


def _text(query: str, *, nulls_differ: bool) -> str:
    ticked = _TICKED.sub(lambda found: f"col({found[1]!r})", query)
    try:
        tree = ast.parse(ticked.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise UnreadableError("its row condition cannot be read") from error
    return _read(tree, nulls_differ)


def _read(tree: ast.expr, nulls_differ: bool) -> str:
    match tree:
        case ast.BoolOp(op=op, values=values):
            joint = " and " if isinstance(op, ast.And) else " or "
            return "(" + joint.join(_read(value, nulls_differ) for value in values) + ")"
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr() as op, left=left, right=right):
            joint = "and" if isinstance(op, ast.BitAnd) else "or"
            return f"({_read(left, nulls_differ)} {joint} {_read(right, nulls_differ)})"
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            operator, name = _OPERATORS[type(op)], _name(left)
            if name is None and (mirrored := _name(right)) is not None and operator in _MIRRORED:
                return _compared(mirrored, _MIRRORED[operator], _literal(left), nulls_differ=nulls_differ)
            if name is not None:
                return _compared(name, operator, _literal(right), nulls_differ=nulls_differ)
        case ast.Call(func=ast.Attribute(value=value, attr=method), args=[], keywords=[]):
            name = _name(value)
            if name is not None and method.lower() in ("isnull", "isna", "notnull", "notna"):
                return f"{column_text(name)} is {'not ' if method.lower().startswith('not') else ''}null"
        case _:
            pass
    raise UnreadableError("its row condition does more than compare columns with values")


def _name(tree: ast.expr) -> str | None:
    match tree:
        case ast.Name(id=name):
            return name
        case ast.Call(func=ast.Name(id="col"), args=[ast.Constant(value=str(name))], keywords=[]):
            return name
        case _:
            return None


def _literal(tree: ast.expr) -> Any:
    try:
        return ast.literal_eval(tree)
    except (ValueError, TypeError) as error:
        raise UnreadableError(
            "its row condition compares columns with each other, or with something reckoned"
        ) from error


def _values(tree: ast.expr) -> list[Any]:
    """What a `when` compares with: `true` and `false` are names there, so a column of truth values is seen too."""
    if isinstance(tree, ast.Name) and tree.id in ("true", "false"):
        return [tree.id == "true"]
    try:
        value = ast.literal_eval(tree)
    except (ValueError, TypeError):
        return []
    return list(value) if isinstance(value, list) else [] if value is None else [value]
