"""A table against its contract: every violation of every rule in one report, never one at a time.

The rules of rows are those of requests (`trimtab.data.request`), read by the same definitions, so that a row that a
table loses or is refused for would get no answer either. A missing column is a violation like any other, not an error.

The check is a fold over batches and keeps counts and examples, never rows: memory does not grow with the table. Only
uniqueness needs to remember keys; `trimtab.data.repeats` says how it stays within its bound.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from trimtab.base.instants import Instant, format_instant, format_span
from trimtab.data.column_check import Broken, ColumnCheck
from trimtab.data.condition_check import ConditionCheck
from trimtab.data.kinds import Rule, Severity
from trimtab.data.problems import TableError
from trimtab.data.quarantine import Kept, set_aside
from trimtab.data.repeats import Again
from trimtab.data.scan import Scan
from trimtab.data.schema import Contract
from trimtab.data.spelled import AS_STORED, Spelling
from trimtab.data.tally import Asked, Tally
from trimtab.data.unique_check import UniqueCheck
from trimtab.data.violation import CheckReport, Violation
from trimtab.data.wording import closest, counted

_REASONS_MAX: Final = 3
SECOND: Final = 1_000_000
_PANDAS_INDEX: Final = re.compile(r"__index_level_[0-9]+__")
_HINTED_MAX: Final = 20
"""Unknown columns that get a "did you mean": comparing words costs more than checking their values."""


class TableCheck:
    """Checks one table, batch by batch.

    Args:
        contract: what the rows must be.
        schema: the table's columns, as every batch has them.
        now: the moment by which freshness is judged; None leaves it unjudged.
        spelling: which columns are texts that spell values of the contract's types.

    Example:
        >>> from trimtab.data.schema import Column, ColumnType
        >>> contract = Contract(columns=(Column(name="x", type=ColumnType.INTEGER),))
        >>> batch = pl.DataFrame({"x": [1, None]})
        >>> check = TableCheck(contract, schema=batch.schema)
        >>> _ = check.add(batch)
        >>> [str(violation) for violation in check.report().violations]
        ['x: 1 value of 2 is null, which the contract does not allow (row 1)']
    """

    def __init__(
        self, contract: Contract, *, schema: pl.Schema, now: Instant | None = None, spelling: Spelling = AS_STORED
    ) -> None:
        self._contract = contract
        self._schema = schema
        self._now = now
        self._rows = 0
        self._aside = 0
        self._newest: int | None = None
        self._later = Tally(_later_than(contract, now))
        self._columns = {
            column.name: ColumnCheck(column, schema[column.name], contract.zone, spelling)
            for column in contract.columns
            if column.name in schema
        }
        self._conditions = [
            check for rule in contract.conditions if (check := ConditionCheck(rule, contract)).can_ask(self._columns)
        ]
        hidden = frozenset(column.name for column in contract.columns if column.sensitive)
        self._unique = [
            UniqueCheck(rule, hidden) for rule in contract.unique if all(name in self._columns for name in rule.columns)
        ]

    def add(self, batch: pl.DataFrame) -> Kept:
        """Take in the next rows; what goes on and what is set aside."""
        if not batch.height:
            return set_aside(batch, [], self._rows)
        first_row, broken = self._rows, list[Broken]()
        self._rows += batch.height
        for name, check in self._columns.items():
            broken += check.add(batch[name], first_row)
        for condition in self._conditions:
            broken += condition.add(self._read(batch, condition.columns), first_row)
        for unique in self._unique:
            unique.add(self._read(batch, unique.columns))
        time = self._contract.time
        if self._contract.fresh is not None and time in self._columns:
            self._see_newest(self._columns[time].values(batch[time]), first_row)
        kept = set_aside(batch, broken, first_row)
        self._aside += kept.aside.height
        return kept

    @property
    def needs_again(self) -> bool:
        """Whether the table must be read again, since it has more different keys than are kept in memory."""
        return any(unique.needs_again for unique in self._unique)

    def report(self, again: Scan | None = None) -> CheckReport:
        """What the check came to; asked once, after the last batch.

        Args:
            again: the table, for counts of repeated keys over many rows and for their examples.

        Raises:
            TableError: uniqueness cannot be judged without reading the table again, and ``again`` is None.
        """
        if self.needs_again and again is None:
            raise TableError(
                "the table has more different keys than are kept in memory, and it cannot be read again",
                fix="Check it from a file, or take the rules of uniqueness out of the contract.",
            )
        found = [*self._missing(), *self._of_columns(), *self._unexpected()]
        if self._rows:
            found += self._of_conditions()
            found += self._repeated(again)
        found += [*self._counted(), *self._fresh()]
        found.sort(key=lambda violation: (violation.severity is not Severity.REFUSE, -violation.count))
        found = [*self._too_many_aside(found), *found]
        return CheckReport(
            rows=self._rows, rules=self._asked() + _beside(found), violations=tuple(found), quarantined=self._aside
        )

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, batch: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
        """Some columns as their types; after `ColumnCheck.add` of the same batch."""
        return pl.DataFrame([self._columns[name].values(batch[name]).alias(name) for name in names])

    def _see_newest(self, times: pl.Series, first_row: int) -> None:
        moments = times.to_physical()
        newest = moments.max()
        if self._now is not None and isinstance(newest, int) and newest > self._now:
            later = (moments > self._now).fill_null(value=False)
            self._later.add(later, times, first_row)
            newest = moments.set(later, None).max()
        if isinstance(newest, int):
            self._newest = newest if self._newest is None else max(newest, self._newest)

    # ── the report ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _asked(self) -> int:
        contract = self._contract
        missing = len(contract.columns) - len(self._columns)
        strangers = len(self._strangers())
        whole = max(1, strangers) + (contract.rows is not None) + (contract.fresh is not None and self._now is not None)
        rules = sum(check.rules for check in self._columns.values())
        return rules + missing + whole + len(self._conditions) + len(self._unique)

    def _missing(self) -> Iterator[Violation]:
        for column in self._contract.columns:
            if column.name not in self._columns:
                yield self._whole(column.name, Rule.MISSING, Severity.REFUSE, "the column is missing")

    def _of_columns(self) -> Iterator[Violation]:
        for check in self._columns.values():
            yield from check.violations(self._rows)

    def _of_conditions(self) -> Iterator[Violation]:
        return (found for check in self._conditions if (found := check.violation(self._rows)) is not None)

    def _strangers(self) -> list[str]:
        return [name for name in self._schema if name not in self._columns and name not in self._contract.ignored]

    def _unexpected(self) -> Iterator[Violation]:
        strangers = self._strangers()
        known = [column.name for column in self._contract.columns]
        likely = sorted(known, key=lambda name: name in self._columns)  # a column that is missing, if any
        for place, name in enumerate(strangers):
            hint = _hint(name, likely[:1_000]) if place < _HINTED_MAX else ""
            problem = "the contract knows no such column" + (f"; {hint}" if hint else "")
            yield self._whole(name, Rule.UNEXPECTED, self._contract.unexpected, problem)

    def _repeated(self, again: Scan | None) -> Iterator[Violation]:
        for unique in self._unique:
            violation = unique.violation(self._rows, None if again is None else self._reader(again, unique.columns))
            if violation is not None:
                yield violation

    def _reader(self, again: Scan, names: Sequence[str]) -> Again:
        """Reads some columns as their types, from the start."""

        def read() -> Iterator[pl.DataFrame]:
            for batch in again.batches(names):
                yield pl.DataFrame([self._columns[name].fresh_values(batch[name]).alias(name) for name in names])

        return read

    def _too_many_aside(self, found: Sequence[Violation]) -> Iterator[Violation]:
        agreed, share = self._contract.quarantine, self._aside / self._rows if self._rows else 0.0
        if share <= agreed:
            return
        gone = [each for each in found if each.severity is Severity.QUARANTINE]
        reasons = [(f"{each.column}: " if each.column else "") + each.problem for each in gone]
        said = f"{counted(self._aside, 'row')} of {self._rows:,} would be set aside"
        yield Violation(
            column="",
            rule=Rule.QUARANTINE,
            severity=Severity.REFUSE,
            count=self._aside,
            share=share,
            problem=f"{said}, more than the {agreed * 100:.6g}% that the contract agrees to",
            because="; ".join(reasons[:_REASONS_MAX]),
            columns=tuple(dict.fromkeys(name for each in gone for name in each.columns or (each.column,) if name)),
        )

    def _counted(self) -> Iterator[Violation]:
        rows, limits = self._rows, self._contract.rows
        if not rows and (limits is None or limits.minimum != 0):
            yield self._whole("", Rule.EMPTY, Severity.REFUSE, "the table has no rows")
            return
        if limits is None:
            return
        if limits.minimum is not None and rows < limits.minimum:
            said = f"the table has {counted(rows, 'row')}, fewer than {limits.minimum:,}"
        elif limits.maximum is not None and rows > limits.maximum:
            said = f"the table has {counted(rows, 'row')}, more than {limits.maximum:,}"
        else:
            return
        yield self._whole("", Rule.ROWS, limits.outside, said, limits.because)

    def _fresh(self) -> Iterator[Violation]:
        fresh, now = self._contract.fresh, self._now
        if fresh is None or now is None or not self._rows or self._contract.time not in self._columns:
            return
        if (later := self._later.violation(self._rows)) is not None:
            yield later
        if self._newest is None:
            which = "no row says its time" if not self._later.count else "no row says a time that has been"
            said = f"{which}, so nobody knows how old the newest is"
        elif now - self._newest > fresh.within:
            age = format_span((now - self._newest) // 1_000_000 * 1_000_000)
            said = (
                f"the newest row is of {format_instant(self._newest)}, {age} ago; it may be {format_span(fresh.within)}"
            )
        else:
            return
        yield self._whole(self._contract.time or "", Rule.FRESH, fresh.outside, said, fresh.because)

    def _whole(self, column: str, rule: Rule, severity: Severity, problem: str, because: str = "") -> Violation:
        return Violation(
            column=column, rule=rule, severity=severity, count=self._rows, share=1.0, problem=problem, because=because
        )


def _beside(found: Sequence[Violation]) -> int:
    """Rules that are counted only once they are broken, so that of so many no more are: those that every contract has,
    and the second of two that a column's type asks."""
    rules = Counter((each.column, each.rule) for each in found)
    of_all = sum(rules["", rule] for rule in (Rule.QUARANTINE, Rule.EMPTY))
    later = sum(count - 1 for (_, rule), count in rules.items() if rule is Rule.FRESH)
    return of_all + later + sum(rules[column, Rule.IMPOSSIBLE] > 0 for column, rule in [*rules] if rule is Rule.TYPE)


def _later_than(contract: Contract, now: Instant | None) -> Asked:
    """What no row's time may be: by one such row, the oldest of tables would be fresh."""
    time = contract.time or ""
    return Asked(
        column=time,
        rule=Rule.FRESH,
        said="in the future" if now is None else f"in the future, after {format_instant(now // SECOND * SECOND)}",
        outside=Severity.NOTE,
        hidden=any(column.sensitive for column in contract.columns if column.name == time),
    )


def check_scan(scan: Scan, contract: Contract, *, now: Instant | None = None) -> CheckReport:
    """What a table's check comes to; its rows are read once, and its keys again only where `needs_again` says so."""
    check = TableCheck(contract, schema=scan.schema, now=now)
    for batch in scan.batches():
        check.add(batch)
    return check.report(scan)


def check_table(table: pl.DataFrame, contract: Contract, *, now: Instant | None = None) -> tuple[Violation, ...]:
    """All violations of a table in memory, those that refuse it first; empty if it keeps the contract."""
    return check_scan(TableScan(table), contract, now=now).violations


class TableScan:
    """A table in memory as a `Scan`: whole, in one batch."""

    def __init__(self, table: pl.DataFrame, name: str = "the table") -> None:
        self._table = table
        self._name = name

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    @property
    def schema(self) -> pl.Schema:
        """Its columns."""
        return self._table.schema

    @property
    def rows(self) -> int | None:
        """How many rows it has."""
        return self._table.height

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The table, if it has rows."""
        if self._table.height:
            yield self._table if columns is None else self._table.select(columns)


def _hint(name: str, likely: Sequence[str]) -> str:
    """Where a column that the contract does not know may come from."""
    if _PANDAS_INDEX.fullmatch(name):
        return "it is pandas' index: write with index=False, or list it under ignored"
    return closest(name, likely)
