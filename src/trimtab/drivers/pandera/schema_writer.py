"""A contract as the Python source of a Pandera schema for Polars.

The source is for reading and keeping: each column on lines of its own, as formatters lay it out, and at its head what
it does not check. Rules that tolerate a share of the rows have no counterpart in Pandera and are named, as are rules
over rows together other than uniqueness.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from trimtab.base.instants import to_datetime
from trimtab.data.condition import All, Among, Comparator, Compared, Field, Literal, Node, Not
from trimtab.data.condition_reader import parse_condition
from trimtab.data.exchange import LeftOut
from trimtab.data.kinds import ColumnType, DriftLimits, Scalar, Severity
from trimtab.data.schema import Column, Condition, Contract

_TYPES: Final = {
    ColumnType.INTEGER: "pl.Int64",
    ColumnType.FLOAT: "pl.Float64",
    ColumnType.BOOLEAN: "pl.Boolean",
    ColumnType.TEXT: "pl.String",
    ColumnType.TIME: 'pl.Datetime("us", "UTC")',
}
_CHECKS: Final = {
    Comparator.EQUAL: "eq",
    Comparator.UNEQUAL: "ne",
    Comparator.LESS: "lt",
    Comparator.AT_MOST: "le",
    Comparator.GREATER: "gt",
    Comparator.AT_LEAST: "ge",
}
_BEYOND_RUST: Final = re.compile(r"\(\?(?![:a-zA-Z]|P<)|\\[1-9]|\(\?P=|\\Z|[+*?}]\+")
"""Look-around, references and Python's own: Polars' engine has none of them."""
_ROLES: Final = ("time", "label", "key", "task", "fresh", "reference", "rows")
_HEAD: Final = '"""A contract of Trimtab as a Pandera schema: `schema.validate(table, lazy=True)`."""\n'


def write_pandera(contract: Contract) -> tuple[str, tuple[LeftOut, ...]]:
    """The source, with the schema as ``schema``, and what of the contract it does not check."""
    writer = _Writer(contract)
    return writer.source(), tuple(writer.left)


class _Writer:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._kinds = {column.name: column.type for column in contract.columns}
        self._checks: dict[str, list[str]] = {column.name: [] for column in contract.columns}
        self.left: list[LeftOut] = []

    def source(self) -> str:
        contract = self._contract
        for condition in contract.conditions:
            self._condition(condition)
        alone = {unique.columns[0] for unique in contract.unique if len(unique.columns) == 1}
        columns = [line for column in contract.columns for line in self._column(column, unique=column.name in alone)]
        several = [unique.columns for unique in contract.unique if len(unique.columns) > 1]
        nullable = {column.name for column in contract.columns if column.nullable}
        if several and nullable & {*several[0]}:
            self._leave("nulls of unique", ", ".join(several[0]), "nulls repeat there, and are never compared here")
        for columns_of_it in several[1:]:
            self._leave("unique", ", ".join(columns_of_it), "Pandera has one such rule for a schema")
        self._leave_the_rest()
        strict = contract.is_closed
        lines = [
            _HEAD,
            *(["from datetime import datetime\n"] if any("datetime.fromiso" in line for line in columns) else []),
        ]
        lines += ["import pandera.polars as pa", "import polars as pl", ""]
        lines += [f"# not checked: {' '.join(str(left).split())}"[:118] for left in self.left]
        lines += ["schema = pa.DataFrameSchema(", "    columns={", *columns, "    },", f"    strict={strict},"]
        if several:
            lines += ["    unique=[", *(f"        {_text(name)}," for name in several[0]), "    ],"]
        return "\n".join([*lines, ")"]) + "\n"

    def _column(self, column: Column, *, unique: bool) -> Iterator[str]:
        checks = [*self._rules(column), *self._checks[column.name]]
        yield f"        {_text(column.name)}: pa.Column("
        yield f"            {_TYPES[column.type]},"
        if checks:
            yield "            checks=["
            for check in checks:
                yield from (f"                {line}" for line in check.splitlines())
            yield "            ],"
        yield f"            nullable={column.nullable},"
        if unique:
            yield "            unique=True,"
            if column.nullable:
                self._leave("nulls of unique", column.name, "two nulls repeat there, and are never compared here")
        yield "        ),"
        self._leave_column(column)

    def _rules(self, column: Column) -> Iterator[str]:
        if self._tells(column.range, "range", column.name):
            limits = column.range
            assert limits is not None, "it was told"
            ends = [("ge", limits.minimum), ("le", limits.maximum)]
            for form, end in ends:
                if end is not None:
                    yield _check(form, [_value(end, column.type)], limits.outside)
        if self._tells(column.values, "values", column.name):
            known = column.values
            assert known is not None, "it was told"
            yield _check("isin", [_list(known.allowed, column.type)], known.outside)
        if self._tells(column.pattern, "pattern", column.name):
            pattern = column.pattern
            assert pattern is not None, "it was told"
            if _BEYOND_RUST.search(pattern.matches):
                self._leave("pattern", column.name, "Polars' engine has no look-around and no references")
            else:
                yield _check("str_contains", [_text(pattern.matches)], pattern.outside)
        if self._tells(column.length, "length", column.name):
            length = column.length
            assert length is not None, "it was told"
            ends_of = [("min_value", length.minimum), ("max_value", length.maximum)]
            yield _check("str_length", [f"{key}={end}" for key, end in ends_of if end is not None], length.outside)

    def _tells(self, rule: Any, name: str, column: str) -> bool:
        """Whether there is such a rule, and Pandera has it; a rule that tolerates some rows is named."""
        if rule is None:
            return False
        if rule.share:
            self._leave(name, column, "Pandera tolerates no share of the rows")
            return False
        return True

    def _condition(self, condition: Condition) -> None:
        """A condition over one column alone, which a built-in check says."""
        then = parse_condition(condition.then, self._kinds, zone=self._contract.zone)
        parts = then.parts if isinstance(then, All) else (then,)
        checks = [_of_one_column(part, condition.outside) for part in parts]
        if condition.when or condition.share or any(check is None for check in checks):
            said = f"{condition.then}{' where ' + condition.when if condition.when else ''}"
            return self._leave("condition", "", f"no built-in check says {said}")
        for check in checks:
            assert check is not None, "asked above"
            self._checks[check[0]].append(check[1])
        return None

    def _leave_column(self, column: Column) -> None:
        if column.nulls is not None:
            self._leave("nulls", column.name, "Pandera tolerates no share of the rows")
        if column.order is not None:
            self._leave("order", column.name, "no built-in check for Polars looks at the order of the rows")
        if column.drift is not None:
            self._leave("drift", column.name, "a schema knows no reference")
        if column.sensitive:
            self._leave("sensitive", column.name, "Pandera shows values that fail")
        rules = (column.range, column.values, column.pattern, column.length)
        if column.outside is Severity.QUARANTINE or any(
            rule is not None and rule.outside is Severity.QUARANTINE for rule in rules
        ):
            self._leave("quarantine", column.name, "Pandera sets no rows aside; the table is refused")

    def _leave_the_rest(self) -> None:
        contract = self._contract
        for name in _ROLES:
            if getattr(contract, name) not in (None, ""):
                self._leave(
                    name, "", "a schema knows no roles of columns, no clock, no reference and no number of rows"
                )
        if contract.drift != DriftLimits():
            self._leave("drift", "", "a schema knows no reference")
        for unique in contract.unique:
            if unique.outside is not Severity.REFUSE:
                self._leave("outside of unique", ", ".join(unique.columns), "there it is always an error")

    def _leave(self, what: str, column: str, why: str) -> None:
        self.left.append(LeftOut(what=what, column=column, why=why))


def _of_one_column(node: Node, outside: Severity) -> tuple[str, str] | None:
    match node:
        case Compared(operator=operator, left=Field(name=name, kind=kind), right=Literal(value=value)):
            return name, _check(_CHECKS[operator], [_value(value, kind)], outside)
        case Among(operand=Field(name=name, kind=kind), values=values):
            return name, _check("isin", [_list(values, kind)], outside)
        case Not(operand=Among(operand=Field(name=name, kind=kind), values=values)):
            return name, _check("notin", [_list(values, kind)], outside)
        case _:
            return None


def _check(form: str, arguments: list[str], outside: Severity) -> str:
    """A check; what is noted is a warning. On one line where it fits."""
    told = [*arguments, *(["raise_warning=True"] if outside is Severity.NOTE else [])]
    line = f"pa.Check.{form}({', '.join(told)}),"
    if "\n" not in line and len(line) <= 70:
        return line
    inner = "\n".join(f"    {part}" for argument in told for part in f"{argument},".splitlines())
    return f"pa.Check.{form}(\n{inner}\n),"


def _list(values: tuple[Scalar, ...], kind: ColumnType) -> str:
    shown = [_value(value, kind) for value in values]
    line = f"[{', '.join(shown)}]"
    return line if len(line) <= 50 else "[\n" + "".join(f"    {value},\n" for value in shown) + "]"


def _value(value: Scalar, kind: ColumnType) -> str:
    if kind is ColumnType.TIME:
        return f'datetime.fromisoformat("{to_datetime(int(value)).isoformat()}")'
    if isinstance(value, str):
        return _text(value)
    return repr(float(value)) if kind is ColumnType.FLOAT else repr(value)


def _text(text: str) -> str:
    """A text as Python has it and formatters quote it."""
    plain = text if text.isprintable() else text.encode("unicode_escape").decode()
    if text.isprintable():
        plain = plain.replace("\\", "\\\\")
    return f"'{plain}'" if '"' in plain and "'" not in plain else '"' + plain.replace('"', '\\"') + '"'
