"""Reads the rules of one column from a contract's TOML."""

from __future__ import annotations

import datetime
import math
import re
import warnings
from dataclasses import replace
from typing import Any, Final

from trimtab.data.contract_mistakes import TABLE_SEVERITIES, Mistakes, Table, check_ends, row_rule
from trimtab.data.kinds import INTEGER_MAX, INTEGER_MIN, ColumnType, Direction, DriftLimits, Severity
from trimtab.data.scalar import Fault, read_scalar
from trimtab.data.schema import Column, Length, Nulls, Order, Pattern, Range, Values
from trimtab.data.wording import show
from trimtab.spec.locate import KeyPath

ANY: Final = "any"
"""How a file says that a statistic is not judged."""

_COLUMN: Final = (
    "type", "nullable", "nulls", "range", "values", "pattern", "length", "order", "drift", "outside", "sensitive",
    "because",
)  # fmt: skip
_NULL: Final = ("share", "outside", "because")
_RULE: Final = ("share", "of", "outside", "because")
_MEASURES: Final = (ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.TIME)
_LISTED: Final = (ColumnType.INTEGER, ColumnType.BOOLEAN, ColumnType.TEXT)
_ORDERED: Final = (ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.TIME, ColumnType.TEXT)
_PYTHON: Final = {ColumnType.INTEGER: int, ColumnType.BOOLEAN: bool, ColumnType.TEXT: str}


class ColumnReader:
    """Reads ``[columns.NAME]``; what is wrong goes to the mistakes."""

    def __init__(self, mistakes: Mistakes, zone: str | None, drift: DriftLimits) -> None:
        self._mistakes = mistakes
        self._zone = zone
        self._drift = drift

    def column(self, name: str, table: Table) -> Column | None:
        """The column, or None if its type cannot be read."""
        path, what, mistakes = ("columns", name), f"column {name!r}", self._mistakes
        mistakes.known(table, _COLUMN, path, what)
        if not name:
            mistakes.wrong(path, "a column has an empty name", "Name the column in the table, and here.")
        if "type" not in table:
            mistakes.wrong(path, f"{what} does not say its type", f"Write type = one of {', '.join(ColumnType)}.")
            return None
        kind = mistakes.word(table, "type", ColumnType, path)
        nullable = mistakes.flag(table, "nullable", path, what)
        if kind is None:
            return None
        severities = (Severity.REFUSE, Severity.QUARANTINE)
        return Column(
            name=name,
            type=kind,
            nullable=nullable,
            nulls=self._nulls(path, table, nullable=nullable),
            range=self._range(path, kind, table),
            values=self._values(path, kind, table),
            pattern=self._pattern(path, kind, table),
            length=self._length(path, kind, table),
            order=self._order(path, kind, table),
            drift=read_drift(mistakes, table, path, f"{what}'s drift", self._drift) if "drift" in table else None,
            outside=mistakes.outside(table, path, severities, Severity.REFUSE),
            sensitive=mistakes.flag(table, "sensitive", path, what),
            because=mistakes.text(table, "because", path),
        )

    def _rule(self, column: KeyPath, kind: ColumnType, table: Table, rule: _Rule) -> Table | None:
        """The table of a rule, if there is one and the column's type can have it."""
        if rule.key not in table:
            return None
        path, what = (*column, rule.key), f"the {rule.noun} of column {column[-1]!r}"
        if kind not in rule.kinds:
            fix = f"It is for {rule.kinds_said}; remove it."
            self._mistakes.wrong(path, f"{what} has no meaning for type {kind}", fix)
            return None
        content = self._mistakes.table(table[rule.key], path, what, rule.example)
        if content is not None:
            self._mistakes.known(content, rule.keys, path, what)
        return content

    def _nulls(self, column: KeyPath, table: Table, *, nullable: bool) -> Nulls | None:
        content = self._rule(column, ColumnType.TEXT, table, _NULLS)
        path = (*column, "nulls")
        if content is None:
            return None
        if not nullable:
            problem = f"column {column[-1]!r} allows a share of nulls, and no null"
            self._mistakes.wrong(path, problem, "Write nullable = true, or remove nulls.")
        if "share" not in content:
            self._mistakes.wrong(
                path, f"the nulls of column {column[-1]!r} do not say which share", 'Write share = "2%".'
            )
        return Nulls(
            share=self._mistakes.share(content, "share", path),
            outside=self._mistakes.outside(content, path, TABLE_SEVERITIES),
            because=self._mistakes.text(content, "because", path),
        )

    def _range(self, column: KeyPath, kind: ColumnType, table: Table) -> Range | None:
        content = self._rule(column, kind, table, _RANGE)
        if content is None:
            return None
        path = (*column, "range")
        low, high = (self._bound(path, kind, content, end) for end in ("min", "max"))
        check_ends(self._mistakes, content, path, f"the range of column {column[-1]!r}", (low, high))
        return Range(minimum=low, maximum=high, **row_rule(self._mistakes, content, path))

    def _bound(self, path: KeyPath, kind: ColumnType, table: Table, end: str) -> int | float | None:
        bound = table.get(end)
        if bound is None:
            return None
        if kind is ColumnType.TIME:
            return self._moment(path, bound, end)
        whole = type(bound) is int and INTEGER_MIN <= bound <= INTEGER_MAX
        if kind is ColumnType.INTEGER and not whole:
            fix = "Write a whole number of at most 64 bits."
            self._mistakes.wrong((*path, end), f"{end} of the integer column {path[-2]!r} is {show(bound)}", fix)
            return None
        if not whole and not (isinstance(bound, float) and math.isfinite(bound)):
            problem = f"{end} of column {path[-2]!r} is {show(bound)}"
            self._mistakes.wrong((*path, end), problem, "Write a finite number.")
            return None
        return float(bound) if kind is ColumnType.FLOAT else int(bound)

    def _moment(self, path: KeyPath, bound: object, end: str) -> int | None:
        written = bound.isoformat() if isinstance(bound, datetime.datetime) else bound
        moment = read_scalar(ColumnType.TIME, written, self._zone) if isinstance(written, str) else None
        if isinstance(moment, int):
            return moment
        said = moment.problem if isinstance(moment, Fault) else f"it is {show(str(bound))}"
        fix = 'Write ISO 8601 text, for example "2026-03-01T14:30:00Z".'
        self._mistakes.wrong((*path, end), f"{end} of the time column {path[-2]!r}: {said}", fix)
        return None

    def _values(self, column: KeyPath, kind: ColumnType, table: Table) -> Values | None:
        content = self._rule(column, kind, table, _VALUES)
        if content is None:
            return None
        path, what = (*column, "values"), f"the list of values of column {column[-1]!r}"
        allowed = content.get("allowed")
        if not isinstance(allowed, list) or not allowed:
            self._mistakes.wrong(path, f"{what} is missing or empty", f"Write {_VALUES.example}.")
            return None
        strange = [value for value in allowed if _strange(value, kind)]
        if strange:
            self._mistakes.wrong(path, f"{what} holds {show(strange[0])}, which is not of type {kind}")
        elif len(set(allowed)) != len(allowed):
            self._mistakes.wrong(path, f"{what} names a value twice")
        return Values(allowed=tuple(allowed), **row_rule(self._mistakes, content, path))

    def _pattern(self, column: KeyPath, kind: ColumnType, table: Table) -> Pattern | None:
        content = self._rule(column, kind, table, _PATTERN)
        if content is None:
            return None
        path = (*column, "pattern")
        matches = self._mistakes.text(content, "matches", path)
        if not matches:
            what = f"the pattern of column {column[-1]!r}"
            self._mistakes.wrong(path, f"{what} does not say what it matches", "Write matches = '^[A-Z]{2}$'.")
        try:
            with warnings.catch_warnings(action="ignore"):
                re.compile(matches)
        except (re.error, RecursionError, OverflowError) as error:
            fix = "Correct it; TOML's single quotes leave backslashes as they are."
            problem = f"the pattern of column {column[-1]!r} is no regular expression: {error}"
            self._mistakes.wrong((*path, "matches"), problem, fix)
        return Pattern(matches=matches, **row_rule(self._mistakes, content, path))

    def _length(self, column: KeyPath, kind: ColumnType, table: Table) -> Length | None:
        content = self._rule(column, kind, table, _LENGTH)
        if content is None:
            return None
        path = (*column, "length")
        low, high = (self._mistakes.whole(content, end, path) for end in ("min", "max"))
        check_ends(self._mistakes, content, path, f"the length of column {column[-1]!r}", (low, high))
        return Length(minimum=low, maximum=high, **row_rule(self._mistakes, content, path))

    def _order(self, column: KeyPath, kind: ColumnType, table: Table) -> Order | None:
        content = self._rule(column, kind, table, _ORDER)
        if content is None:
            return None
        path = (*column, "order")
        order = Order(
            strictly=self._mistakes.flag(content, "strictly", path, f"the order of column {column[-1]!r}"),
            outside=self._mistakes.outside(content, path, TABLE_SEVERITIES),
            because=self._mistakes.text(content, "because", path),
        )
        direction = self._mistakes.word(content, "direction", Direction, path) if "direction" in content else None
        return order if direction is None else replace(order, direction=direction)


def read_drift(mistakes: Mistakes, table: Table, path: KeyPath, what: str, default: DriftLimits) -> DriftLimits:
    """The limits of drift; what is not written is as in ``default``."""
    path = (*path, "drift")
    content = mistakes.table(table["drift"], path, what, '{ shape = 0.1, share = "2%" }')
    if content is None:
        return default
    mistakes.known(content, ("location", "scale", "shape", "share", "outside", "because"), path, what)
    limits: dict[str, Any] = {
        key: _limit(mistakes, content, key, path) for key in ("location", "scale", "shape") if key in content
    }
    if "share" in content:
        limits["share"] = None if content["share"] == ANY else mistakes.share(content, "share", path)
    return replace(
        default,
        **limits,
        outside=mistakes.outside(content, path, TABLE_SEVERITIES, default.outside),
        because=mistakes.text(content, "because", path),
    )


def _limit(mistakes: Mistakes, table: Table, key: str, path: KeyPath) -> float | None:
    limit = table[key]
    if limit == ANY:
        return None
    if type(limit) not in (int, float) or not 0 <= limit < math.inf or (key == "shape" and limit > 1):
        said = "a number from 0 to 1" if key == "shape" else "a number from 0 on"
        mistakes.wrong((*path, key), f"{key} is {show(limit)}", f'Write {said}, or "{ANY}" to leave it unjudged.')
        return None
    return float(limit)


def _strange(value: object, kind: ColumnType) -> bool:
    return type(value) is not _PYTHON[kind] or isinstance(read_scalar(kind, value), Fault)


class _Rule:
    """How a rule is written: its key, what it is called, the types that can have it, its keys and an example."""

    def __init__(self, key: str, noun: str, kinds: tuple[ColumnType, ...], keys: tuple[str, ...], example: str) -> None:
        self.key = key
        self.noun = noun
        self.kinds = kinds
        self.keys = keys
        self.example = f"{key} = {example}"

    @property
    def kinds_said(self) -> str:
        """The types, for a sentence."""
        return " and ".join((", ".join(self.kinds[:-1]), self.kinds[-1]) if len(self.kinds) > 1 else self.kinds)


_NULLS: Final = _Rule("nulls", "nulls", tuple(ColumnType), _NULL, '{ share = "2%" }')
_RANGE: Final = _Rule("range", "range", _MEASURES, ("min", "max", *_RULE), '{ min = 0, max = 1, outside = "note" }')
_VALUES: Final = _Rule("values", "list of values", _LISTED, ("allowed", *_RULE), '{ allowed = ["a", "b"] }')
_PATTERN: Final = _Rule("pattern", "pattern", (ColumnType.TEXT,), ("matches", *_RULE), "{ matches = '^[A-Z]{2}$' }")
_LENGTH: Final = _Rule("length", "length", (ColumnType.TEXT,), ("min", "max", *_RULE), "{ min = 1, max = 34 }")
_ORDER: Final = _Rule(
    "order", "order", _ORDERED, ("direction", "strictly", "outside", "because"), '{ direction = "increasing" }'
)
