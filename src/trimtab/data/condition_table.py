"""A condition asked of a batch at once: the same answers as `trimtab.data.condition_row`, row for row.

What is computed is computed by NumPy. Polars divides by a constant as a multiplication with its reciprocal, which is
another number in the last place, and then a row would get one verdict in a table and another as a request. And a result
that is no number is null, for which Polars needs the result twice: a sum of sixteen columns would be computed 65,536
times over.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import Any, Final, assert_never

import numpy as np
import polars as pl

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
    kind_of,
)
from trimtab.data.condition import Any as AnyOf
from trimtab.data.kinds import ColumnType, Scalar

_STORED: Final = {
    ColumnType.INTEGER: pl.Int64(),
    ColumnType.FLOAT: pl.Float64(),
    ColumnType.BOOLEAN: pl.Boolean(),
    ColumnType.TEXT: pl.String(),
    ColumnType.TIME: pl.Int64(),
}
_RECKONED: Final = {
    Arithmetic.ADD: np.add,
    Arithmetic.SUBTRACT: np.subtract,
    Arithmetic.MULTIPLY: np.multiply,
    Arithmetic.DIVIDE: np.divide,
}
_COMPARED: Final[Mapping[Comparator, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    Comparator.EQUAL: operator.eq,
    Comparator.UNEQUAL: operator.ne,
    Comparator.LESS: operator.lt,
    Comparator.AT_MOST: operator.le,
    Comparator.GREATER: operator.gt,
    Comparator.AT_LEAST: operator.ge,
}


def table_test(node: Node, names: Mapping[str, str]) -> pl.Expr:
    """An expression that says of each row whether the condition holds: true, false, or null where it cannot be said.

    ``names`` says under which name a column stands in the batch. Columns are stored as `read_column` stores them.
    """
    match node:
        case Field(name=name, kind=kind):
            column = pl.col(names[name])
            return column.to_physical() if kind is ColumnType.TIME else column
        case Literal(value=value, kind=kind):
            return pl.lit(value, dtype=_STORED[kind])
        case Computed():
            sides = [_float(node.left, names), _float(node.right, names)]
            return pl.map_batches(sides, partial(_computed, node.operator), return_dtype=pl.Float64)
        case Absolute(operand=operand):
            return _float(operand, names).abs()
        case Length(operand=operand):
            return table_test(operand, names).str.len_chars().cast(pl.Int64)
        case Compared(kind=ColumnType.FLOAT):
            return _COMPARED[node.operator](_float(node.left, names), _float(node.right, names))
        case Compared():
            return _COMPARED[node.operator](table_test(node.left, names), table_test(node.right, names))
        case Among():
            return _among(node, names)
        case IsNull(operand=operand):
            return table_test(operand, names).is_null()
        case Not(operand=operand):
            return ~table_test(operand, names)
        case All(parts=parts):
            return reduce(operator.and_, [table_test(part, names) for part in parts])
        case AnyOf(parts=parts):
            return reduce(operator.or_, [table_test(part, names) for part in parts])
        case _:
            assert_never(node)


def _float(node: Node, names: Mapping[str, str]) -> pl.Expr:
    if isinstance(node, Literal):
        return pl.lit(float(node.value), dtype=pl.Float64)
    asked = table_test(node, names)
    return asked if kind_of(node) is ColumnType.FLOAT else asked.cast(pl.Float64)


def _among(node: Among, names: Mapping[str, str]) -> pl.Expr:
    asked = _float(node.operand, names) if node.kind is ColumnType.FLOAT else table_test(node.operand, names)
    values: Sequence[Scalar] = node.values
    return asked.is_in(pl.Series(values, dtype=_STORED[node.kind]).implode())


def _computed(by: Arithmetic, sides: Sequence[pl.Series]) -> pl.Series:
    one, other = (side.fill_null(np.nan).to_numpy() for side in sides)
    with np.errstate(all="ignore"):
        result: np.ndarray[Any, np.dtype[np.float64]] = _RECKONED[by](one, other)
    result[~np.isfinite(result)] = np.nan
    return pl.Series(result, nan_to_null=True)
