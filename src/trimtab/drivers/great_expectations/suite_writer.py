"""A contract as a suite of Great Expectations 1.

What a contract says beyond an expectation's arguments (its type of five, its reason) stands in the expectation's
``meta``, which Great Expectations keeps and does not read; so a suite that Trimtab wrote is read back whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from trimtab.base.instants import format_instant
from trimtab.data.condition import Node, columns_of
from trimtab.data.condition_reader import parse_condition
from trimtab.data.exchange import LeftOut, share_beyond
from trimtab.data.kinds import ColumnType, Direction, DriftLimits, Of, Severity
from trimtab.data.schema import Column, Condition, Contract
from trimtab.drivers.great_expectations import patterns
from trimtab.drivers.great_expectations.condition_writer import Written, with_nulls, without_guard, write_then
from trimtab.drivers.great_expectations.row_writer import write_when
from trimtab.drivers.great_expectations.suite import META, SEVERITIES

_WRITTEN: Final = {outside: severity for severity, outside in SEVERITIES.items()}
_IGNORED: Final = {
    "any": ("any_value_is_missing", "either_value_is_missing"),
    "all": ("all_values_are_missing", "both_values_are_missing"),
    "never": ("never", "neither"),
}
_TYPES: Final[dict[ColumnType, list[str]]] = {
    ColumnType.INTEGER: [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    + [f"{sign}Int{bits}Dtype" for sign in ("", "U") for bits in (8, 16, 32, 64)],
    ColumnType.FLOAT: ["float16", "float32", "float64", "Float32Dtype", "Float64Dtype"],
    ColumnType.BOOLEAN: ["bool", "BooleanDtype"],
}
"""Types that pandas has several of; the others are one to Great Expectations, and are asked for by their own name."""
_ROLES: Final = ("time", "label", "key", "task", "fresh", "reference")

Entry = dict[str, Any]


def write_suite(contract: Contract, name: str) -> tuple[str, tuple[LeftOut, ...]]:
    """The suite's JSON under that name, and what of the contract no expectation says."""
    writer = _Writer(contract)
    suite = {"name": name, "expectations": list(writer.entries()), "meta": {}}
    return json.dumps(suite, indent=2, ensure_ascii=False) + "\n", tuple(writer.left)


class _Writer:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._kinds = {column.name: column.type for column in contract.columns}
        self.left: list[LeftOut] = []

    def entries(self) -> Iterator[Entry]:
        contract = self._contract
        names = {"column_set": [column.name for column in contract.columns]}
        exact = contract.is_closed
        yield _entry("expect_table_columns_to_match_set", names | ({} if exact else {"exact_match": False}))
        if (rows := contract.rows) is not None:
            yield _entry("expect_table_row_count_to_be_between", _ends(rows.minimum, rows.maximum), rows)
        for column in contract.columns:
            yield from self._column(column)
            for name in ("range", "values", "pattern", "length"):
                self._leave_rows(name, getattr(column, name), (column.name,))
        for unique in contract.unique:
            alone = len(unique.columns) == 1
            if alone:
                yield _entry("expect_column_values_to_be_unique", {"column": unique.columns[0]}, unique)
            else:
                kwargs = {"column_list": list(unique.columns), "ignore_row_if": "any_value_is_missing"}
                yield _entry("expect_compound_columns_to_be_unique", kwargs, unique)
        for condition in contract.conditions:
            yield from self._condition(condition)
        self._leave_the_rest()

    def _column(self, column: Column) -> Iterator[Entry]:
        about: dict[str, Any] = {"column": column.name}
        yield self._type(column)
        if not column.nullable:
            yield _entry("expect_column_values_to_not_be_null", about, because=column.because)
        if column.nulls is not None:
            yield _entry("expect_column_values_to_not_be_null", about, column.nulls)
        if (limits := column.range) is not None:
            ends = _ends(_end(limits.minimum, column.type), _end(limits.maximum, column.type))
            yield _entry("expect_column_values_to_be_between", about | ends, limits)
        if (known := column.values) is not None:
            yield _entry("expect_column_values_to_be_in_set", about | {"value_set": list(known.allowed)}, known)
        if (pattern := column.pattern) is not None:
            turned = patterns.turned(pattern.matches)
            form = "match" if turned is None else "not_match"
            kwargs = about | {"regex": turned or pattern.matches}
            yield _entry(f"expect_column_values_to_{form}_regex", kwargs, pattern)
        if (length := column.length) is not None:
            ends = _ends(length.minimum, length.maximum)
            yield _entry("expect_column_value_lengths_to_be_between", about | ends, length)
        if (order := column.order) is not None:
            form = "increasing" if order.direction is Direction.INCREASING else "decreasing"
            strictly = {"strictly": True} if order.strictly else {}
            yield _entry(f"expect_column_values_to_be_{form}", about | strictly, order)

    def _type(self, column: Column) -> Entry:
        kind, ours = column.type, column.type.value
        if kind in _TYPES:
            # pandas makes floats of integers with a null
            floats = ["float64"] if kind is ColumnType.INTEGER and column.nullable else []
            listed = {"column": column.name, "type_list": _TYPES[kind] + floats}
            return _entry("expect_column_values_to_be_in_type_list", listed, type=ours)
        moments = "Timestamp" if self._contract.zone is None else "datetime64"
        named = {"column": column.name, "type_": "str" if kind is ColumnType.TEXT else moments}
        return _entry("expect_column_values_to_be_of_type", named, type=ours)

    def _condition(self, condition: Condition) -> Iterator[Entry]:
        def parse(text: str) -> Node:
            return parse_condition(text, self._kinds, zone=self._contract.zone)

        then, when = parse(condition.then), parse(condition.when) if condition.when else None
        written: Written | None
        several = with_nulls(when, then, parse)
        if several is not None:
            when, written, ignored = several
        else:
            when, then, ignored = without_guard(when, then)
            written = write_then(then)
        picked = None if when is None else write_when(when)
        if written is None or (when is not None and picked is None):
            said = f"{condition.then}{' where ' + condition.when if condition.when else ''}"
            return self._leave("condition", "", f"Great Expectations has no expectation for {said!r}")
        kind, kwargs = written
        if "column" not in kwargs:
            kwargs["ignore_row_if"] = _IGNORED[ignored]["column_A" in kwargs]
        elif ignored != "any":
            return self._leave("condition", "", f"Great Expectations has no expectation for {condition.then!r}")
        if picked is not None:
            kwargs["row_condition"] = picked
        yield _entry(kind, kwargs, condition)
        self._leave_rows("condition", condition, columns_of(then), picked=picked is not None)
        return None

    def _leave_rows(self, what: str, rule: Any, names: Sequence[str], *, picked: bool = False) -> None:
        """Name a share of all rows, where the rows that are asked may be fewer."""
        fewer = picked or any(self._contract.column(name).nullable for name in names)
        if rule is not None and rule.share and rule.of is Of.ROWS and fewer:
            column = names[0] if len(names) == 1 else ""
            self._leave(f"share of {what}", column, "`mostly` counts the rows that are asked, and this all rows")

    def _leave_the_rest(self) -> None:
        contract = self._contract
        for field in _ROLES:
            if getattr(contract, field) is not None and getattr(contract, field) != "":
                self._leave(field, "", "a suite knows no roles of columns, no clock and no reference")
        if contract.drift != DriftLimits():
            self._leave("drift", "", "a suite knows no reference to drift from")
        for column in contract.columns:
            if column.drift is not None:
                self._leave("drift", column.name, "a suite knows no reference to drift from")
            if column.sensitive:
                self._leave("sensitive", column.name, "Great Expectations shows values that break an expectation")
            if column.outside is not Severity.REFUSE:
                self._leave("outside", column.name, "a value of another type fails the suite; no row is set aside")

    def _leave(self, what: str, column: str, why: str) -> None:
        self.left.append(LeftOut(what=what, column=column, why=why))


def _entry(kind: str, kwargs: dict[str, Any], rule: Any = None, *, because: str = "", type: str = "") -> Entry:  # noqa: A002
    """An expectation; ``rule`` is the contract's, for its share, what happens beyond it, and why."""
    outside = Severity.REFUSE if rule is None else rule.outside
    share = getattr(rule, "share", 0.0)
    said = because or ("" if rule is None else rule.because)
    of = Of.ROWS.value if share and getattr(rule, "of", None) is Of.ROWS else ""
    ours = {key: text for key, text in (("type", type), ("of", of), ("because", said)) if text}
    return {
        "type": kind,
        "kwargs": kwargs | ({"mostly": share_beyond(share)} if share else {}),
        "meta": {META: ours} if ours else {},
        "severity": _WRITTEN[outside],
    }


def _ends(low: object, high: object) -> dict[str, Any]:
    return {key: end for key, end in (("min_value", low), ("max_value", high)) if end is not None}


def _end(end: float | None, kind: ColumnType) -> float | str | None:
    return format_instant(int(end)) if kind is ColumnType.TIME and end is not None else end
