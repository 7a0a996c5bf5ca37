"""Reads a contract's TOML into the value, and says of every mistake where it is and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from trimtab.base.instants import is_zone
from trimtab.data.condition_reader import parse_condition
from trimtab.data.contract_mistakes import TABLE_SEVERITIES, Mistakes, Table, check_ends, row_rule
from trimtab.data.kinds import ColumnType, DriftLimits, Severity
from trimtab.data.problems import ContractError
from trimtab.data.rule_reader import ColumnReader, read_drift
from trimtab.data.schema import Column, Condition, Contract, Freshness, RowCount, Unique
from trimtab.data.wording import closest, show
from trimtab.spec.locate import KeyPath
from trimtab.spec.project import Task

SCHEMA: Final = "trimtab.contract/3"

_TOP: Final = ("schema", "time", "key", "label", "task", "zone", "reference", "table", "columns", "conditions")
_TABLE: Final = ("rows", "fresh", "unexpected", "ignored", "quarantine", "unique", "drift")
_CONDITION: Final = ("name", "when", "then", "share", "of", "outside", "because")
_DEFAULT: Final = Contract(columns=())
_KEYS: Final = (ColumnType.INTEGER, ColumnType.TEXT, ColumnType.TIME)


class ContractReader:
    """Reads the parsed TOML and gathers what is wrong with it."""

    def __init__(self, lines: Mapping[KeyPath, int], file: str) -> None:
        self._mistakes = Mistakes(lines, file)

    @property
    def problems(self) -> tuple[ContractError, ...]:
        """What is wrong so far, in the order of the file; what is missing in it comes first."""
        return self._mistakes.problems

    def contract(self, content: Table) -> Contract | None:
        """The contract; None if anything is wrong with it."""
        mistakes = self._mistakes
        mistakes.known(content, _TOP, (), "the contract")
        if "schema" not in content:
            mistakes.wrong((), "the contract does not say its schema", f'Write schema = "{SCHEMA}" as its first line.')
        zone = self._zone(content)
        table = mistakes.table(content.get("table", {}), ("table",), "[table]", "a table [table]") or {}
        mistakes.known(table, _TABLE, ("table",), "[table]")
        drift = DriftLimits()
        if "drift" in table:
            drift = read_drift(mistakes, table, ("table",), "the table's drift", drift)
        columns = self._columns(content.get("columns"), ColumnReader(mistakes, zone, drift))
        written = content.get("columns")
        names = {column.name: column for column in columns}
        every = tuple(written) if isinstance(written, dict) else ()
        time, label, key = (self._role(content, role, names, every) for role in ("time", "label", "key"))
        self._roles(names, time, key, label)
        contract = Contract(
            columns=tuple(columns),
            time=time,
            label=label,
            key=key,
            task=mistakes.word(content, "task", Task, ()) if "task" in content else None,
            zone=zone,
            unexpected=mistakes.outside(table, ("table",), TABLE_SEVERITIES, Severity.REFUSE, "unexpected"),
            ignored=self._ignored(table, every),
            rows=self._rows(table),
            fresh=self._fresh(table, time),
            unique=self._unique(table, every),
            conditions=self._conditions(content, names, zone),
            quarantine=mistakes.share(table, "quarantine", ("table",), _DEFAULT.quarantine),
            drift=drift,
            reference=self._reference(content),
        )
        return None if mistakes else contract

    def _role(self, content: Table, role: str, names: Mapping[str, Column], every: tuple[str, ...]) -> str | None:
        name = content.get(role)
        if name is None:
            return None
        if not isinstance(name, str):
            self._mistakes.wrong(
                (role,), f"{role} is {show(name)}, not the name of a column", f'Write {role} = "<column>".'
            )
            return None
        if every and name not in every:
            fix = closest(name, names) or "Add a table for it, or name another column."
            self._mistakes.wrong((role,), f"the {role} column {name!r} is not among the columns", fix)
        return name

    def _roles(self, names: Mapping[str, Column], time: str | None, key: str | None, label: str | None) -> None:
        wrong = self._mistakes.wrong
        if label is not None and label in (time, key):
            wrong(("label",), f"the label {label!r} is also the {'time' if label == time else 'key'}")
        event_time = names.get(time) if time is not None else None
        row_key = names.get(key) if key is not None else None
        if event_time is not None and event_time.type is not ColumnType.TIME:
            path = ("columns", event_time.name, "type")
            wrong(path, f"the time column {time!r} is of type {event_time.type}", 'It must be of type "time".')
        if event_time is not None and event_time.nullable:
            path = ("columns", event_time.name, "nullable")
            wrong(path, f"the time column {time!r} is nullable", "Every row needs its time: nullable = false.")
        if row_key is not None and row_key.type not in _KEYS:
            path = ("columns", row_key.name, "type")
            wrong(path, f"the key column {key!r} is of type {row_key.type}", "A key is integer, text or time.")

    def _columns(self, tables: object, reader: ColumnReader) -> list[Column]:
        if not isinstance(tables, dict) or not tables:
            fix = "Write a table [columns.<name>] for each column."
            self._mistakes.wrong(("columns",), "the contract has no columns", fix)
            return []
        columns = []
        for name, table in tables.items():
            if isinstance(table, dict):
                column = reader.column(name, table)
                if column is not None:
                    columns.append(column)
            else:
                self._mistakes.wrong(("columns", name), f"column {name!r} is not a table", "Write [columns.<name>].")
        return columns

    def _rows(self, table: Table) -> RowCount | None:
        path, what = ("table", "rows"), "the table's rows"
        content = self._mistakes.table(table.get("rows", {}), path, what, "rows = { min = 1000 }")
        if not content:
            return None
        self._mistakes.known(content, ("min", "max", "outside", "because"), path, what)
        low, high = (self._mistakes.whole(content, end, path) for end in ("min", "max"))
        check_ends(self._mistakes, content, path, what, (low, high))
        outside = self._mistakes.outside(content, path, TABLE_SEVERITIES)
        return RowCount(
            minimum=low, maximum=high, outside=outside, because=self._mistakes.text(content, "because", path)
        )

    def _fresh(self, table: Table, time: str | None) -> Freshness | None:
        path, what = ("table", "fresh"), "the table's fresh"
        content = self._mistakes.table(table.get("fresh", {}), path, what, 'fresh = { within = "2d" }')
        if not content:
            return None
        self._mistakes.known(content, ("within", "outside", "because"), path, what)
        if time is None:
            problem = "fresh asks for the newest row's time, and the contract does not say which column is the time"
            self._mistakes.wrong(path, problem, 'Write time = "<column>" at the top.')
        within = self._mistakes.span(content, "within", path)
        outside = self._mistakes.outside(content, path, TABLE_SEVERITIES)
        return Freshness(within=within or 0, outside=outside, because=self._mistakes.text(content, "because", path))

    def _ignored(self, table: Table, every: tuple[str, ...]) -> tuple[str, ...]:
        names = table.get("ignored", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self._mistakes.wrong(("table", "ignored"), f"ignored is {show(names)}", 'Write ignored = ["<column>"].')
            return ()
        for name in names:
            if name in every:
                problem = f"ignored names the column {name!r}, which has rules"
                self._mistakes.wrong(("table", "ignored"), problem, f"Leave it out, or take out [columns.{name}].")
        return tuple(names)

    def _unique(self, table: Table, every: tuple[str, ...]) -> tuple[Unique, ...]:
        listed, example = table.get("unique", []), 'unique = [{ columns = ["a", "b"] }]'
        if not isinstance(listed, list):
            self._mistakes.wrong(("table", "unique"), f"unique is {show(listed)}", f"Write {example}.")
            return ()
        found = []
        for place, entry in enumerate(listed):
            path: KeyPath = ("table", "unique", place)
            content = self._mistakes.table(entry, path, "an entry of unique", example)
            if content is None:
                continue
            self._mistakes.known(content, ("columns", "outside", "because"), path, "an entry of unique")
            columns = self._key_columns(content.get("columns"), path, every)
            outside = self._mistakes.outside(content, path, TABLE_SEVERITIES, Severity.REFUSE)
            found.append(
                Unique(columns=columns, outside=outside, because=self._mistakes.text(content, "because", path))
            )
        return tuple(found)

    def _key_columns(self, columns: object, path: KeyPath, every: tuple[str, ...]) -> tuple[str, ...]:
        if not isinstance(columns, list) or not columns or not all(isinstance(name, str) for name in columns):
            fix = 'Write columns = ["<column>"].'
            self._mistakes.wrong(path, "an entry of unique does not name its columns", fix)
            return ()
        for name in columns:
            if name not in every:
                fix = closest(name, every) or "Name a column of the contract."
                self._mistakes.wrong(path, f"unique names the column {name!r}, which is not among the columns", fix)
        if len(set(columns)) != len(columns):
            self._mistakes.wrong(path, "an entry of unique names a column twice")
        return tuple(columns)

    def _conditions(self, content: Table, names: Mapping[str, Column], zone: str | None) -> tuple[Condition, ...]:
        listed = content.get("conditions", [])
        if not isinstance(listed, list):
            fix = "Write [[conditions]], and then = 'amount > 0' below it."
            self._mistakes.wrong(("conditions",), f"conditions is {show(listed)}", fix)
            return ()
        kinds = {column.name: column.type for column in names.values()}
        found = []
        for place, table in enumerate(listed):
            path: KeyPath = ("conditions", place)
            if not isinstance(table, dict):
                self._mistakes.wrong(path, f"a condition is {show(table)}", "Write [[conditions]].")
                continue
            self._mistakes.known(table, _CONDITION, path, "a condition")
            if not table.get("then"):
                self._mistakes.wrong(path, "a condition does not say what must hold", "Write then = 'amount > 0'.")
            name, when, then = (self._mistakes.text(table, key, path) for key in ("name", "when", "then"))
            self._expression(when, (*path, "when"), kinds, zone)
            self._expression(then, (*path, "then"), kinds, zone)
            found.append(Condition(name=name, when=when, then=then, **row_rule(self._mistakes, table, path)))
        return tuple(found)

    def _expression(self, text: str, path: KeyPath, kinds: Mapping[str, ColumnType], zone: str | None) -> None:
        if not text:
            return
        try:
            parse_condition(text, kinds, zone=zone)
        except ContractError as error:
            self._mistakes.wrong(path, error.problem, error.fix)

    def _zone(self, content: Table) -> str | None:
        zone = content.get("zone")
        if zone is None:
            return None
        if not isinstance(zone, str) or not is_zone(zone):
            fix = "Write a name such as Europe/Berlin or UTC."
            self._mistakes.wrong(("zone",), f"{show(zone)} is not a time zone", fix)
            return None
        return zone

    def _reference(self, content: Table) -> str:
        reference: Any = self._mistakes.text(content, "reference", ())
        path = PurePosixPath(reference)
        if path.is_absolute() or ".." in path.parts:
            problem = f"the reference {show(reference)} is not beside the contract"
            self._mistakes.wrong(("reference",), problem, "Write a path relative to the contract's own, without `..`.")
        return str(reference)
