"""The rules of one column in the words in which a table is told that it breaks them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import polars as pl

from trimtab.base.instants import format_instant
from trimtab.data.kinds import ColumnType, Of, Rule
from trimtab.data.schema import Column, Nulls, Order, Pattern, Range, Values
from trimtab.data.tally import Asked
from trimtab.data.wording import counted, ends_said, show


def asked_of(column: Column, dtype: pl.DataType | None) -> Iterator[Asked]:
    """Every rule that the column can break; ``dtype`` is how the table stores it, None where it only spells values."""
    name, hidden = column.name, column.sensitive
    if not column.nullable:
        said = "null, which the contract does not allow"
        yield Asked(column=name, rule=Rule.NULL, said=said, outside=column.outside, hidden=hidden)
    for rule in (Rule.TYPE, Rule.IMPOSSIBLE):
        said = _structure_said(column, dtype, rule)
        yield Asked(column=name, rule=rule, said=said, outside=column.outside, hidden=hidden)
    if (nulls := column.nulls) is not None:
        yield _asked(column, Rule.NULLS, "null", nulls)
    if (limits := column.range) is not None:
        yield Asked(
            column=name,
            rule=Rule.RANGE,
            said=f"outside the range {_range_said(limits, column.type)}",
            outside=limits.outside,
            share=limits.share,
            of=limits.of,
            because=limits.because,
            hidden=hidden,
            limits=bounds(limits.minimum, limits.maximum),
            moments=column.type is ColumnType.TIME,
        )
    if (known := column.values) is not None:
        said = f"not among the {counted(len(known.allowed), 'known value')}"
        yield _asked(column, Rule.VALUES, said, known)
    if (pattern := column.pattern) is not None:
        said = f"not of the pattern {show(pattern.matches)}"
        yield _asked(column, Rule.PATTERN, said, pattern)
    if (length := column.length) is not None:
        yield Asked(
            column=name,
            rule=Rule.LENGTH,
            said=f"not {ends_said(length.minimum, length.maximum)} characters long",
            outside=length.outside,
            share=length.share,
            of=length.of,
            because=length.because,
            hidden=hidden,
            limits=bounds(length.minimum, length.maximum),
        )
    if (order := column.order) is not None:
        yield _asked(column, Rule.ORDER, _order_said(order), order)


def _asked(column: Column, rule: Rule, said: str, written: Nulls | Values | Pattern | Order) -> Asked:
    return Asked(
        column=column.name,
        rule=rule,
        said=said,
        outside=written.outside,
        share=0.0 if isinstance(written, Order) else written.share,
        of=written.of if isinstance(written, Values | Pattern) else Of.ROWS,
        because=written.because,
        hidden=column.sensitive,
    )


def _structure_said(column: Column, dtype: pl.DataType | None, rule: Rule) -> str:
    if rule is Rule.TYPE and dtype is None:
        return f"not of type {column.type}"
    if rule is Rule.TYPE:
        return f"not of type {column.type} (the table stores the column as {dtype})"
    if column.type is ColumnType.TIME:
        return "no time: without a zone, not within the years 1 to 9999, or an integer that counts no microseconds"
    return f"impossible for type {column.type}"


def _range_said(limits: Range, kind: ColumnType) -> str:
    ends = (limits.minimum, limits.maximum)
    if kind is ColumnType.TIME:
        low, high = ("any" if end is None else format_instant(int(end)) for end in ends)
    else:
        low, high = ("any" if end is None else show(end) for end in ends)
    return f"{low} to {high}"


def _order_said(order: Order) -> str:
    side = {("increasing", False): "below", ("increasing", True): "not above", ("decreasing", False): "above"}
    return f"{side.get((order.direction.value, order.strictly), 'not below')} the value before"


def bounds(low: float | None, high: float | None) -> tuple[float, float]:
    """Both limits as numbers: infinite where there is none."""
    return -math.inf if low is None else low, math.inf if high is None else high
