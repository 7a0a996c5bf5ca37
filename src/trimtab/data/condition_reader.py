"""Reads a condition's text into its nodes, and says of a mistake at which character it is."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from trimtab.data.condition import (
    Absolute,
    All,
    Among,
    Any,
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
    kind_of,
)
from trimtab.data.kinds import INTEGER_MAX, INTEGER_MIN, ColumnType, Scalar
from trimtab.data.problems import ContractError
from trimtab.data.scalar import Fault, read_scalar
from trimtab.data.wording import closest, show

LENGTH_MAX: Final = 10_000
"""Characters of a condition; a list of values that needs more belongs into ``values``."""
DEPTH_MAX: Final = 50
"""How deep a condition may be nested."""
_NUMBERS: Final = (ColumnType.INTEGER, ColumnType.FLOAT)
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}


_ARITHMETIC: Final[dict[type[ast.operator], Arithmetic]] = {
    ast.Add: Arithmetic.ADD,
    ast.Sub: Arithmetic.SUBTRACT,
    ast.Mult: Arithmetic.MULTIPLY,
    ast.Div: Arithmetic.DIVIDE,
}
_COMPARATORS: Final[dict[type[ast.cmpop], Comparator]] = {
    ast.Eq: Comparator.EQUAL,
    ast.NotEq: Comparator.UNEQUAL,
    ast.Lt: Comparator.LESS,
    ast.LtE: Comparator.AT_MOST,
    ast.Gt: Comparator.GREATER,
    ast.GtE: Comparator.AT_LEAST,
}


def parse_condition(text: str, columns: Mapping[str, ColumnType], *, zone: str | None = None) -> Node:
    """The condition that a text says.

    Args:
        columns: the columns that it may name, with their types.
        zone: the zone of times that are written without one.

    Raises:
        ContractError: it is no such expression, names a column that is not there, or compares what has no order.

    Example:
        >>> parse_condition("amount > 0", {"amount": ColumnType.FLOAT}).operator
        <Comparator.GREATER: '>'>
    """
    if len(text) > LENGTH_MAX:
        fix = "Split it into several; a list of known values belongs into `values`."
        raise ContractError(f"a condition of {len(text):,} characters is over the limit of {LENGTH_MAX:,}", fix=fix)
    lead = len(text) - len(text.lstrip())
    try:
        tree = ast.parse(text.strip().replace("\n", " "), mode="eval")
    except SyntaxError as error:
        place = lead + (error.offset or len(text.strip()) + 1)
        raise ContractError(
            f"{show(text)} cannot be read: {error.msg} at character {place}",
            fix='Write a comparison such as amount > 0; a name that is no word is col("its name").',
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ContractError(f"{show(text)} cannot be read", fix="Write a comparison such as amount > 0.") from error
    reader = _Reader(text, lead, columns, zone)
    read = reader.read(tree.body, 0)
    if kind_of(read) is not ColumnType.BOOLEAN:
        raise reader.wrong(tree.body, f"it is {_kind(read)}, not true or false", "Compare it with something.")
    if not columns_of(read):
        raise reader.wrong(tree.body, "it names no column, so it is the same for every row")
    return read


class _Reader:
    """Turns Python's tree into ours, and refuses what has no meaning here."""

    def __init__(self, text: str, lead: int, columns: Mapping[str, ColumnType], zone: str | None) -> None:
        self._text = text
        self._lead = lead
        self._columns = columns
        self._zone = zone

    def wrong(self, at: ast.expr, problem: str, fix: str = "") -> ContractError:
        """The error about a place of the text."""
        before = self._text.encode()[: len(self._text[: self._lead].encode()) + at.col_offset]
        place = len(before.decode(errors="ignore")) + 1
        return ContractError(f"{show(self._text)}, at character {place}: {problem}", fix=fix)

    def read(self, tree: ast.expr, depth: int) -> Node:
        if depth > DEPTH_MAX:
            raise self.wrong(tree, f"it is nested deeper than {DEPTH_MAX} levels", "Split it into several conditions.")
        match tree:
            case ast.Constant(value=value):
                return self._literal(tree, value)
            case ast.Name(id=name):
                return self._name(tree, name)
            case ast.BoolOp(op=op, values=values):
                parts = tuple(self._truth(value, depth) for value in values)
                return All(parts) if isinstance(op, ast.And) else Any(parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self._truth(operand, depth))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
                return self._signed(operand, depth, minus=isinstance(op, ast.USub))
            case ast.BinOp(op=op, left=left, right=right) if type(op) in _ARITHMETIC:
                return Computed(_ARITHMETIC[type(op)], self._number(left, depth), self._number(right, depth))
            case ast.Compare():
                return self._compare(tree, depth)
            case ast.Call():
                return self._call(tree, depth)
            case _:
                fix = "Known: comparisons, in, is null, and, or, not, + - * /, len(…), abs(…), col(…)."
                raise self.wrong(tree, "conditions have no such expression", fix)

    def _literal(self, tree: ast.expr, value: object) -> Literal:
        if isinstance(value, bool):
            return Literal(value, ColumnType.BOOLEAN)
        if isinstance(value, int) and INTEGER_MIN <= value <= INTEGER_MAX:
            return Literal(value, ColumnType.INTEGER)
        if isinstance(value, int | float):
            number = read_scalar(ColumnType.FLOAT, value)
            if not isinstance(number, Fault):
                return Literal(number, ColumnType.FLOAT)
        if isinstance(value, str) and not isinstance(read_scalar(ColumnType.TEXT, value), Fault):
            return Literal(value, ColumnType.TEXT)
        if value is None:
            raise self.wrong(tree, "null equals nothing", "Write `is null` or `is not null`.")
        raise self.wrong(tree, f"{show(value)} is no value of a row", "Write a finite number, text, true or false.")

    def _name(self, tree: ast.expr, name: str) -> Node:
        if name in _WORDS:
            return self._literal(tree, _WORDS[name])
        return self._field(tree, name)

    def _field(self, tree: ast.expr, name: str) -> Field:
        if name not in self._columns:
            hint = closest(name, self._columns) or "Write a column of the contract; text stands in quotes."
            raise self.wrong(tree, f"there is no column {name!r}", hint)
        return Field(name, self._columns[name])

    def _truth(self, tree: ast.expr, depth: int) -> Node:
        node = self.read(tree, depth + 1)
        if kind_of(node) is not ColumnType.BOOLEAN:
            raise self.wrong(tree, f"{_kind(node)} is neither true nor false", "Compare it with something.")
        return node

    def _number(self, tree: ast.expr, depth: int) -> Node:
        node = self.read(tree, depth + 1)
        if kind_of(node) not in _NUMBERS:
            raise self.wrong(tree, f"{_kind(node)} is no number to reckon with")
        return node

    def _signed(self, tree: ast.expr, depth: int, *, minus: bool) -> Node:
        if minus and isinstance(tree, ast.Constant) and type(tree.value) in (int, float):
            return self._literal(tree, -tree.value)  # type: ignore[operator]  # a number, as the line above says
        node = self._number(tree, depth)
        return Computed(Arithmetic.SUBTRACT, Literal(0, ColumnType.INTEGER), node) if minus else node

    def _call(self, tree: ast.Call, depth: int) -> Node:
        name = tree.func.id if isinstance(tree.func, ast.Name) else ""
        if name not in ("len", "abs", "col") or len(tree.args) != 1 or tree.keywords:
            raise self.wrong(tree, "conditions have no such function", 'Known: len(text), abs(number), col("name").')
        argument = tree.args[0]
        if name == "col":
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                return self._field(argument, argument.value)
            raise self.wrong(argument, "col needs a column's name in quotes", 'For example col("tx id").')
        if name == "abs":
            return Absolute(self._number(argument, depth))
        node = self.read(argument, depth + 1)
        if kind_of(node) is not ColumnType.TEXT:
            raise self.wrong(argument, f"{_kind(node)} has no length", "len is for text.")
        return Length(node)

    def _compare(self, tree: ast.Compare, depth: int) -> Node:
        if len(tree.ops) == 1 and type(tree.ops[0]) not in _COMPARATORS:
            return self._asked(tree, depth)
        if any(type(op) not in _COMPARATORS for op in tree.ops):
            raise self.wrong(tree, "`in` and `is` stand in a chain of comparisons", "Join them with `and`.")
        sides = [tree.left, *tree.comparators]
        parts = tuple(
            self._pair(_COMPARATORS[type(op)], left, right, depth)
            for op, left, right in zip(tree.ops, sides, sides[1:], strict=False)
        )
        return parts[0] if len(parts) == 1 else All(parts)

    def _pair(self, operator: Comparator, left: ast.expr, right: ast.expr, depth: int) -> Compared:
        one, other = self.read(left, depth + 1), self.read(right, depth + 1)
        one, other = self._timed(left, one, other), self._timed(right, other, one)
        kind = self._common(right, one, other)
        if kind is ColumnType.BOOLEAN and operator not in (Comparator.EQUAL, Comparator.UNEQUAL):
            raise self.wrong(left, f"true and false have no order, so {operator.value} says nothing", "Write == or !=.")
        return Compared(operator, one, other, kind)

    def _asked(self, tree: ast.Compare, depth: int) -> Node:
        """``in``, ``not in``, ``is null``, ``is not null``."""
        op, right = tree.ops[0], tree.comparators[0]
        operand = self.read(tree.left, depth + 1)
        if isinstance(op, ast.Is | ast.IsNot):
            null = isinstance(right, ast.Name) and right.id == "null"
            if not null and not (isinstance(right, ast.Constant) and right.value is None):
                raise self.wrong(right, "only null can be asked for with `is`", "Write == for a value.")
            return Not(IsNull(operand)) if isinstance(op, ast.IsNot) else IsNull(operand)
        if not isinstance(right, ast.List | ast.Tuple | ast.Set) or not right.elts:
            raise self.wrong(right, "`in` needs a list of values", "For example country in ['DE', 'FR'].")
        items = [(item, self.read(item, depth + 1)) for item in right.elts]
        read = [(item, self._timed(item, node, operand)) for item, node in items]
        kinds, values = set(), []
        for item, node in read:
            if not isinstance(node, Literal):
                raise self.wrong(item, "a list holds values that are written out", "Compare columns with ==.")
            kinds.add(self._common(item, operand, node))
            values.append(node.value)
        kind = kinds.pop() if len(kinds) == 1 else ColumnType.FLOAT
        among = Among(operand, tuple(dict.fromkeys(map(_FLOATED.get(kind, _same), values))), kind)
        return Not(among) if isinstance(op, ast.NotIn) else among

    def _timed(self, at: ast.expr, node: Node, other: Node) -> Node:
        """Text that is compared with a time, read as one."""
        if kind_of(other) is not ColumnType.TIME or not isinstance(node, Literal) or not isinstance(node.value, str):
            return node
        moment = read_scalar(ColumnType.TIME, node.value, self._zone)
        if isinstance(moment, Fault):
            raise self.wrong(at, moment.problem)
        return Literal(moment, ColumnType.TIME)

    def _common(self, at: ast.expr, left: Node, right: Node) -> ColumnType:
        """The type in which two values are compared."""
        one, other = kind_of(left), kind_of(right)
        if one is other:
            return one
        if one in _NUMBERS and other in _NUMBERS:
            return ColumnType.FLOAT
        fix = "Write numbers without quotes and text in quotes; compare columns of one type."
        raise self.wrong(at, f"{_kind(left)} cannot be compared with {_kind(right)}", fix)


def _same(value: Scalar) -> Scalar:
    return value


_SAID: Final = {ColumnType.TEXT: "text", ColumnType.TIME: "a time", ColumnType.BOOLEAN: "a truth value"}
_FLOATED: Final = {ColumnType.FLOAT: float}


def _kind(node: Node) -> str:
    """What a node is, for a sentence."""
    kind = kind_of(node)
    said = {ColumnType.TEXT: "text", ColumnType.TIME: "a time", ColumnType.BOOLEAN: "a truth value"}.get(
        kind, "a number"
    )
    return f"the column {node.name!r} ({said})" if isinstance(node, Field) else said
