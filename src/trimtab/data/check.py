"""A table against its contract: every violation of every rule in one report, never one at a time.

The rules of rows are those of requests (`trimtab.data.request`), read by the same definitions, so that a row that a
table loses or is refused for would get no answer either. A missing column is a violation like any other, not an error.

The check is a fold over batches and keeps counts and examples, never rows: memory does not grow with the table. Only
uniqueness needs to remember keys; `trimtab.data.repeats` says how it stays within its bound.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

import polars as pl

from trimtab.base.instants import Instant
from trimtab.data.column_check import Broken, ColumnCheck
from trimtab.data.condition_check import ConditionCheck
from trimtab.data.freshness import Freshness
from trimtab.data.kinds import Rule, Severity
from trimtab.data.problems import TableError
from trimtab.data.quarantine import Kept, gone_of, set_aside
from trimtab.data.repeats import Again
from trimtab.data.scan import Scan, TableScan, pieces_of
from trimtab.data.schema import Contract
from trimtab.data.spelled import AS_STORED, Spelling
from trimtab.data.unique_check import UniqueCheck
from trimtab.data.violation import CheckReport, Violation, of_whole
from trimtab.data.wording import closest, counted

_REASONS_MAX: Final = 3
_ORDER: Final = (Severity.REFUSE, Severity.QUARANTINE, Severity.NOTE)
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
        asked = [condition.columns for condition in self._conditions] + [unique.columns for unique in self._unique]
        followed = contract.fresh is not None and contract.time in self._columns
        self._fresh = Freshness(contract, now) if followed else None
        of_time = (contract.time,) if followed else ()
        self._together = frozenset((*chain(*asked), *of_time))

    def add(self, batch: pl.DataFrame) -> Kept:
        """Take in the next rows; what goes on and what is set aside."""
        first_row, broken = self._rows, list[Broken]()
        for _ in self._seen((batch,), broken):
            pass
        kept = set_aside(batch, broken, first_row)
        self._aside += kept.aside.height
        return kept

    def seen(self, pieces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The next rows as frames of some columns each (`trimtab.data.scan.WideScan`), each once it was checked; they
        are taken in when the last one was handed on. For whoever does not need the rows that go on."""
        broken = list[Broken]()
        yield from self._seen(pieces, broken)
        if broken:
            self._aside += int(gone_of(broken).sum())

    def _seen(self, pieces: Iterable[pl.DataFrame], broken: list[Broken]) -> Iterator[pl.DataFrame]:
        """The same; ``broken`` takes the rows that are to be set aside, in the order of the contract's rules."""
        rows, first_row = 0, self._rows
        own, together = dict[str, list[Broken]](), dict[str, pl.Series]()
        for piece in pieces:
            rows = piece.height
            for series in piece if rows else ():
                check = self._columns.get(series.name)
                if check is None:
                    continue
                own[series.name] = check.add(series, first_row)
                if series.name in self._together:
                    together[series.name] = check.values(series)
            yield piece
            del piece
        if not rows:
            return
        self._rows += rows
        broken += [each for name in self._columns for each in own[name]]
        for condition in self._conditions:
            broken += condition.add(_frame(together, condition.columns), first_row)
        for unique in self._unique:
            unique.add(_frame(together, unique.columns))
        if self._fresh is not None:
            self._fresh.add(together[self._contract.time or ""], first_row)

    @property
    def rows(self) -> int:
        """The rows so far."""
        return self._rows

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
        found += [*self._counted(), *(self._fresh.violations(self._rows) if self._fresh is not None else ())]
        found.sort(key=lambda violation: (_ORDER.index(violation.severity), -violation.count))
        found = [*self._too_many_aside(found), *found]
        return CheckReport(
            rows=self._rows, rules=self._asked() + _beside(found), violations=tuple(found), quarantined=self._aside
        )

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────

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

    def _whole(self, column: str, rule: Rule, severity: Severity, problem: str, because: str = "") -> Violation:
        return of_whole(column, rule, severity, problem, rows=self._rows, because=because)


def _frame(columns: Mapping[str, pl.Series], names: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame({name: columns[name] for name in names})


def _beside(found: Sequence[Violation]) -> int:
    """Rules that are counted only once they are broken, so that of so many no more are: those that every contract has,
    and the second of two that a column's type asks."""
    rules = Counter((each.column, each.rule) for each in found)
    of_all = sum(rules["", rule] for rule in (Rule.QUARANTINE, Rule.EMPTY))
    later = sum(count - 1 for (_, rule), count in rules.items() if rule is Rule.FRESH)
    return of_all + later + sum(rules[column, Rule.IMPOSSIBLE] > 0 for column, rule in [*rules] if rule is Rule.TYPE)


def check_scan(scan: Scan, contract: Contract, *, now: Instant | None = None) -> CheckReport:
    """What a table's check comes to; its rows are read once, and its keys again only where `needs_again` says so."""
    check = TableCheck(contract, schema=scan.schema, now=now)
    for pieces in pieces_of(scan):
        for _ in check.seen(pieces):
            pass
    return check.report(scan)


def check_table(table: pl.DataFrame, contract: Contract, *, now: Instant | None = None) -> tuple[Violation, ...]:
    """All violations of a table in memory, those that refuse it first; empty if it keeps the contract."""
    return check_scan(TableScan(table), contract, now=now).violations


def _hint(name: str, likely: Sequence[str]) -> str:
    """Where a column that the contract does not know may come from."""
    if _PANDAS_INDEX.fullmatch(name):
        return "it is pandas' index: write with index=False, or list it under ignored"
    return closest(name, likely)
