"""Reads a contract's TOML into the value, and says of every mistake where it is and what to write instead."""

from __future__ import annotations

import math
import zoneinfo
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from trimtab.data.problems import ContractError
from trimtab.data.schema import INTEGER_MAX, INTEGER_MIN, Column, ColumnType, Contract, Range, Severity, Values
from trimtab.data.wording import closest, show
from trimtab.spec.locate import KeyPath
from trimtab.spec.problems import did_you_mean
from trimtab.spec.project import Task

SCHEMA: Final = "trimtab.contract/1"

E = TypeVar("E", bound=StrEnum)

_TOP: Final = ("schema", "time", "key", "label", "task", "zone", "columns")
_COLUMN: Final = ("type", "nullable", "range", "values", "because")
_RANGE: Final = ("min", "max", "outside", "because")
_VALUES: Final = ("allowed", "outside", "because")
_NUMBERS: Final = (ColumnType.INTEGER, ColumnType.FLOAT)
_LISTED: Final = (ColumnType.INTEGER, ColumnType.BOOLEAN, ColumnType.TEXT)
_KEYS: Final = (ColumnType.INTEGER, ColumnType.TEXT, ColumnType.TIME)


class ContractReader:
    """Reads the parsed TOML and gathers what is wrong with it."""

    def __init__(self, lines: Mapping[KeyPath, int], file: str) -> None:
        self._found: list[tuple[int, ContractError]] = []
        self._lines = lines
        self._file = file

    @property
    def problems(self) -> tuple[ContractError, ...]:
        """What is wrong so far, in the order of the file; what is missing in it comes first."""
        return tuple(problem for _, problem in sorted(self._found, key=lambda found: found[0]))

    def contract(self, content: Mapping[str, Any]) -> Contract | None:
        self._known(content, _TOP, (), "the contract")
        if "schema" not in content:
            self._wrong((), "the contract does not say its schema", f'Write schema = "{SCHEMA}" as its first line.')
        columns = self._columns(content.get("columns"))
        names = {column.name: column for column in columns}
        time = self._name(content, "time", names, required=True)
        label = self._name(content, "label", names, required=True)
        key = self._name(content, "key", names, required=False)
        self._roles(names, time, key, label)
        task = self._word(content, "task", Task, ()) if "task" in content else None
        zone = self._zone(content)
        if self._found or time is None or label is None:
            return None
        return Contract(time=time, label=label, key=key, task=task, zone=zone, columns=tuple(columns))

    def _wrong(self, path: tuple[str, ...], problem: str, fix: str = "") -> None:
        """Notes a problem at a key, or at the nearest table around it that was written."""
        line = next((self._lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self._lines), 0)
        place = f"{self._file}:{line}" if self._file else f"line {line}"
        self._found.append((line, ContractError(problem, fix=fix, at=place if line else self._file)))

    def _known(self, table: Mapping[str, Any], known: tuple[str, ...], path: tuple[str, ...], what: str) -> None:
        for name in table:
            if name not in known:
                fix = did_you_mean(name, known)
                self._wrong((*path, name), f"{what} says {name!r}, which no contract knows", fix)

    def _name(
        self, content: Mapping[str, Any], role: str, names: Mapping[str, Column], *, required: bool
    ) -> str | None:
        name = content.get(role)
        if name is None:
            if required:
                self._wrong((), f"the contract does not say which column is the {role}", f'Write {role} = "<column>".')
            return None
        if not isinstance(name, str):
            self._wrong((role,), f"{role} is {name!r}, not the name of a column", f'Write {role} = "<column>".')
            return None
        if name not in names and isinstance(content.get("columns"), dict) and name not in content["columns"]:
            fix = closest(name, names) or "Add a table for it, or name another column."
            self._wrong((role,), f"the {role} column {name!r} is not among the columns", fix)
        return name

    def _roles(self, names: Mapping[str, Column], time: str | None, key: str | None, label: str | None) -> None:
        if label is not None and label in (time, key):
            self._wrong(("label",), f"the label {label!r} is also the {'time' if label == time else 'key'}")
        event_time, row_key = names.get(time or ""), names.get(key or "")
        if event_time is not None and event_time.type is not ColumnType.TIME:
            path = ("columns", event_time.name, "type")
            self._wrong(path, f"the time column {time!r} is of type {event_time.type}", 'It must be of type "time".')
        if event_time is not None and event_time.nullable:
            path = ("columns", event_time.name, "nullable")
            self._wrong(path, f"the time column {time!r} is nullable", "Every row needs its time: nullable = false.")
        if row_key is not None and row_key.type not in _KEYS:
            path = ("columns", row_key.name, "type")
            self._wrong(path, f"the key column {key!r} is of type {row_key.type}", "A key is integer, text or time.")

    def _columns(self, tables: object) -> list[Column]:
        if not isinstance(tables, dict) or not tables:
            self._wrong(("columns",), "the contract has no columns", "Write a table [columns.<name>] for each column.")
            return []
        columns = []
        for name, table in tables.items():
            if isinstance(table, dict):
                column = self._column(name, table)
                if column is not None:
                    columns.append(column)
            else:
                self._wrong(("columns", name), f"column {name!r} is not a table", "Write [columns.<name>].")
        return columns

    def _column(self, name: str, table: Mapping[str, Any]) -> Column | None:
        path = ("columns", name)
        what = f"column {name!r}"
        self._known(table, _COLUMN, path, what)
        if not name:
            self._wrong(path, "a column has an empty name")
        if "type" not in table:
            self._wrong(path, f"{what} does not say its type", f"Write type = one of {_words(ColumnType)}.")
            return None
        kind = self._word(table, "type", ColumnType, path)
        nullable = table.get("nullable", False)
        if not isinstance(nullable, bool):
            self._wrong((*path, "nullable"), f"nullable of {what} is {show(nullable)}", "Write true or false.")
        if kind is None:
            return None
        return Column(
            name=name,
            type=kind,
            nullable=nullable is True,
            range=self._range(path, kind, table["range"]) if "range" in table else None,
            values=self._values(path, kind, table["values"]) if "values" in table else None,
            because=self._because(path, table),
        )

    def _range(self, column: tuple[str, ...], kind: ColumnType, table: object) -> Range | None:
        path, what = (*column, "range"), f"the range of column {column[-1]!r}"
        if kind not in _NUMBERS:
            fix = "Ranges are for integers and floats; remove it."
            self._wrong(path, f"{what} has no meaning for type {kind}", fix)
            return None
        if not isinstance(table, dict):
            self._wrong(path, f"{what} is {show(table)}", 'Write range = { min = 0, max = 1, outside = "note" }.')
            return None
        self._known(table, _RANGE, path, what)
        low, high = (self._bound(path, kind, table, end) for end in ("min", "max"))
        if "min" not in table and "max" not in table:
            self._wrong(path, f"{what} has neither min nor max", "Write one of them, or remove the range.")
        if low is not None and high is not None and low > high:
            self._wrong(path, f"{what} is empty: min {low!r} is above max {high!r}", "Swap them.")
        outside, because = self._outside(path, table), self._because(path, table)
        return Range(minimum=low, maximum=high, outside=outside, because=because)

    def _bound(self, path: tuple[str, ...], kind: ColumnType, table: Mapping[str, Any], end: str) -> int | float | None:
        bound = table.get(end)
        if bound is None:
            return None
        whole = type(bound) is int and INTEGER_MIN <= bound <= INTEGER_MAX
        if kind is ColumnType.INTEGER and not whole:
            fix = "Write a whole number of at most 64 bits."
            self._wrong((*path, end), f"{end} of the integer column {path[-2]!r} is {show(bound)}", fix)
            return None
        if not whole and not (isinstance(bound, float) and math.isfinite(bound)):
            self._wrong((*path, end), f"{end} of column {path[-2]!r} is {show(bound)}", "Write a finite number.")
            return None
        return float(bound) if kind is ColumnType.FLOAT else int(bound)

    def _values(self, column: tuple[str, ...], kind: ColumnType, table: object) -> Values | None:
        path, what = (*column, "values"), f"the list of values of column {column[-1]!r}"
        if kind not in _LISTED:
            fix = "It is for integers, booleans and text; remove it."
            self._wrong(path, f"{what} has no meaning for type {kind}", fix)
            return None
        if not isinstance(table, dict) or not isinstance(table.get("allowed"), list) or not table["allowed"]:
            fix = 'Write values = { allowed = ["a", "b"], outside = "note" }.'
            self._wrong(path, f"{what} is missing or empty", fix)
            return None
        self._known(table, _VALUES, path, what)
        allowed = table["allowed"]
        wanted = {ColumnType.INTEGER: int, ColumnType.BOOLEAN: bool, ColumnType.TEXT: str}[kind]
        strange = [value for value in allowed if type(value) is not wanted]
        if strange:
            self._wrong(path, f"{what} holds {show(strange[0])}, which is not of type {kind}")
        elif len(set(allowed)) != len(allowed):
            self._wrong(path, f"{what} names a value twice")
        outside, because = self._outside(path, table), self._because(path, table)
        return Values(allowed=tuple(allowed), outside=outside, because=because)

    def _outside(self, path: tuple[str, ...], table: Mapping[str, Any]) -> Severity:
        return self._word(table, "outside", Severity, path) or Severity.NOTE if "outside" in table else Severity.NOTE

    def _because(self, path: tuple[str, ...], table: Mapping[str, Any]) -> str:
        because = table.get("because", "")
        if not isinstance(because, str):
            self._wrong((*path, "because"), f"because is {show(because)}, not text", "Write it in quotes.")
            return ""
        return because

    def _zone(self, content: Mapping[str, Any]) -> str | None:
        zone = content.get("zone")
        if zone is None:
            return None
        try:
            zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            self._wrong(("zone",), f"{show(zone)} is not a time zone", "Write a name such as Europe/Berlin or UTC.")
            return None
        return str(zone)

    def _word(self, table: Mapping[str, Any], key: str, words: type[E], path: tuple[str, ...]) -> E | None:
        word = table[key]
        try:
            return words(word)
        except ValueError:
            fix = did_you_mean(str(word), words)
            self._wrong((*path, key), f"{key} is {show(word)}, which is not a {key} that contracts know", fix)
            return None


def _words(words: type[E]) -> str:
    return ", ".join(word.value for word in words)
