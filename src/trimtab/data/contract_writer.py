"""Writes a contract as people read it: only what differs from what a contract says by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from trimtab.base.instants import format_instant, format_span
from trimtab.data.contract_reader import SCHEMA
from trimtab.data.kinds import ColumnType, DriftLimits, Of, Scalar, Severity
from trimtab.data.rule_reader import ANY
from trimtab.data.schema import Column, Condition, Contract, Freshness, Length, Order, Range, RowCount, Unique

_DEFAULT: Final = Contract(columns=())
_BARE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_HEADER: Final = """\
# What rows must be: checked on every training table, on every request, and on any file you hold against it.
#
# Inferred from the first table, then yours: edit it, review it, keep it in Git. Nothing rewrites it. What is not
# written is as usual: a column is never null, a rule that is broken is noted. docs/contracts.md has every key.
#   type       integer, float, boolean, text or time; anything else is refused.
#   nullable   whether a row may say null. Every row names every column.
#   range, values, pattern, length, order, nulls   what the values may be.
#   outside    what happens to a row that breaks the rule. "note": it is answered and counted; "quarantine": it is
#              set aside and the rest goes on; "refuse": the table is refused, the request gets no answer.
#   share      how many rows may break the rule: "2%"; of = "values": of the rows whose value is there.
#   because    why the line is as it is; shown with what breaks it.
"""

Pairs = Iterable[tuple[str, Any]]


def format_contract(contract: Contract) -> str:
    """The contract as TOML; `parse_contract` gives the same contract back, and formatting that the same text."""
    top = [("schema", SCHEMA), ("time", contract.time), ("key", contract.key), ("label", contract.label)]
    top += [("task", contract.task), ("zone", contract.zone), ("reference", contract.reference)]
    lines = [_HEADER, *_keys(top)]
    table = _table_lines(contract)
    if table:
        lines += ["", "[table]", *table]
    for column in contract.columns:
        lines += ["", *_column_lines(column, contract)]
    for condition in contract.conditions:
        lines += ["", *_condition_lines(condition)]
    return "\n".join(lines) + "\n"


def _keys(pairs: Pairs) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in pairs if not _unsaid(value)]


def _table_lines(contract: Contract) -> list[str]:
    lines = []
    if contract.rows is not None:
        lines.append(f"rows = {_inline(_counts(contract.rows))}")
    if contract.fresh is not None:
        lines.append(f"fresh = {_inline(_freshness(contract.fresh))}")
    if contract.unexpected is not _DEFAULT.unexpected:
        lines.append(f"unexpected = {_toml(contract.unexpected)}")
    if contract.ignored:
        lines.append(f"ignored = {_toml(contract.ignored)}")
    if contract.quarantine != _DEFAULT.quarantine:
        lines.append(f"quarantine = {_toml(_share(contract.quarantine))}")
    if contract.unique:
        lines += ["unique = [", *(f"  {_inline(_names(unique))}," for unique in contract.unique), "]"]
    if contract.drift != _DEFAULT.drift:
        lines.append(f"drift = {_inline(_drift(contract.drift, _DEFAULT.drift))}")
    return lines


def _column_lines(column: Column, contract: Contract) -> list[str]:
    is_label = column.name == contract.label
    lines = [f"[columns.{_key(column.name)}]" + ("   # the label: in training tables only" if is_label else "")]
    lines.append(f"type = {_toml(column.type)}")
    if column.nullable:
        lines.append("nullable = true")
    lines += [f"{key} = {_inline(pairs)}" for key, pairs in _rules(column, contract.drift)]
    if column.outside is not Severity.REFUSE:
        lines.append(f"outside = {_toml(column.outside)}")
    if column.sensitive:
        lines.append("sensitive = true")
    return lines + _keys([("because", column.because)])


def _rules(column: Column, drift: DriftLimits) -> Iterator[tuple[str, Pairs]]:
    if (nulls := column.nulls) is not None:
        yield "nulls", [("share", _share(nulls.share)), *_consequence(nulls)]
    if column.range is not None:
        yield "range", _range(column.range, column.type)
    if (known := column.values) is not None:
        yield "values", [("allowed", known.allowed), *_row_rule(known)]
    if (pattern := column.pattern) is not None:
        yield "pattern", [("matches", _Raw(pattern.matches)), *_row_rule(pattern)]
    if column.length is not None:
        yield "length", _length(column.length)
    if column.order is not None:
        yield "order", _order(column.order)
    if column.drift is not None:
        yield "drift", _drift(column.drift, drift)


def _condition_lines(condition: Condition) -> list[str]:
    texts = [("name", condition.name), ("when", _Raw(condition.when)), ("then", _Raw(condition.then))]
    return ["[[conditions]]", *_keys([*texts, *_row_rule(condition)])]


def _counts(rows: RowCount) -> Pairs:
    return [("min", rows.minimum), ("max", rows.maximum), *_consequence(rows)]


def _freshness(fresh: Freshness) -> Pairs:
    return [("within", format_span(fresh.within)), *_consequence(fresh)]


def _names(unique: Unique) -> Pairs:
    return [("columns", unique.columns), *_consequence(unique, Severity.REFUSE)]


def _range(limits: Range, kind: ColumnType) -> Pairs:
    ends = [("min", limits.minimum), ("max", limits.maximum)]
    if kind is ColumnType.TIME:
        return [*((key, end if end is None else format_instant(int(end))) for key, end in ends), *_row_rule(limits)]
    return [*ends, *_row_rule(limits)]


def _length(length: Length) -> Pairs:
    return [("min", length.minimum), ("max", length.maximum), *_row_rule(length)]


def _order(order: Order) -> Pairs:
    return [("direction", order.direction), ("strictly", order.strictly or None), *_consequence(order)]


def _drift(limits: DriftLimits, default: DriftLimits) -> Pairs:
    """What differs from the limits that hold otherwise; the reason is never taken over."""
    said = [
        (name, ANY if ours is None else _share(ours) if name == "share" else ours)
        for name in ("location", "scale", "shape", "share")
        if (ours := getattr(limits, name)) != getattr(default, name)
    ]
    return [*said, *_consequence(limits, default.outside)]


def _row_rule(rule: Any) -> Pairs:
    of = rule.of if rule.share and rule.of is not Of.ROWS else None
    return [("share", _share(rule.share) if rule.share else None), ("of", of), *_consequence(rule)]


def _consequence(rule: Any, default: Severity = Severity.NOTE) -> Pairs:
    return [("outside", None if rule.outside is default else rule.outside), ("because", rule.because)]


def _inline(pairs: Pairs) -> str:
    said = ", ".join(f"{key} = {_toml(value)}" for key, value in pairs if not _unsaid(value))
    return f"{{ {said} }}" if said else "{}"


def _unsaid(value: object) -> bool:
    return value is None or value == ""


def _share(share: float) -> str | float:
    """``2%`` where that says it exactly, else the number."""
    percent = f"{share * 100:.10g}"
    return f"{percent}%" if "e" not in percent and float(f"{percent}e-2") == share else float(share)


class _Raw(str):
    """A text that is easier to read in TOML's single quotes, where nothing is escaped."""

    __slots__ = ()


def _key(name: str) -> str:
    """A key as TOML writes it: bare where that is allowed, else in quotes."""
    return name if name and _BARE.issuperset(name) else _toml(name)


def _toml(value: Scalar | tuple[Scalar, ...]) -> str:
    """A value as TOML writes it; what cannot be seen in a text is escaped."""
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Raw) and ('"' in value or "\\" in value) and "'" not in value and value.isprintable():
        return f"'{value}'"
    if isinstance(value, str):
        return '"' + "".join(_ESCAPES.get(letter) or _visible(letter) for letter in value) + '"'
    return repr(value)


def _visible(letter: str) -> str:
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"
