"""Finding runs: a query as SQL over the narrow tables. What it finds is what `trimtab.records.where.search` finds.

Names and values of a query are only ever bound, never written into the statement.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, assert_never

from trimtab.base.errors import InputError
from trimtab.drivers.sqlite_records.database import Database
from trimtab.drivers.sqlite_records.run_tables import COLUMNS, restored, stored
from trimtab.records.run import RunState, Scalar
from trimtab.records.run_fields import ENVIRONMENT, OPEN, Field, Kind, version_key
from trimtab.records.where import AllOf, AnyOf, Compare, Not, Op, RunQuery, RunRow, Where

MOST_FIELDS: Final = 40
"""Fields that one query may show and sort by: SQLite joins at most 64 tables."""

_LAST: Final = "\U0010ffff"


class SqliteRunSearch:
    """The port `RunSearch` on the tables of `run_tables`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_runs(self, query: RunQuery) -> list[RunRow]:
        """The runs that fulfil the query, in its order, with its columns."""
        asked = len(query.columns) + len(query.order)
        if asked > MOST_FIELDS:
            raise InputError(
                f"{asked} fields of runs are asked for at once", fix=f"Show and sort by at most {MOST_FIELDS}."
            )
        bound: list[object] = []
        rows, page = _Select(bound, query), _Select(bound, query)
        values = "".join(f", {rows.value(column)}" for column in query.columns)
        if query.limit is None:
            where = rows.where()
        else:  # the page is found first, so that columns are looked up for its rows alone
            chosen, by, limit = page.where(), page.order(), page.bind(max(0, query.limit))
            where = f"run.n IN (SELECT run.n FROM {page.tables()} WHERE {chosen} ORDER BY {by} LIMIT {limit})"
        order = rows.order()
        text = f"SELECT run.run{values} FROM {rows.tables()} WHERE {where} ORDER BY {order}"
        return _rows(query, self._database.select(text, *bound))

    def count_runs(self, query: RunQuery) -> int:
        """How many runs fulfil the query's condition."""
        bound: list[object] = []
        select = _Select(bound, query)
        where = select.where()
        ((count,),) = self._database.select(f"SELECT count(*) FROM {select.tables()} WHERE {where}", *bound)
        return int(count)

    def run_fields(self) -> list[str]:
        """The keys of the open sections that some run has, sorted."""
        found = self._database.select(
            "SELECT name FROM fact_name WHERE EXISTS (SELECT 1 FROM fact WHERE fact.name = fact_name.id) "
            "OR EXISTS (SELECT 1 FROM shared_fact WHERE shared_fact.name = fact_name.id) ORDER BY name"
        )
        return [name for (name,) in found if any(name.startswith(f"{section}.") for section in OPEN)]


def _rows(query: RunQuery, found: Sequence[tuple[Any, ...]]) -> list[RunRow]:
    if all(column.kind is not Kind.ANY for column in query.columns):
        return [RunRow(row[0], row[1:]) for row in found]
    return [RunRow(row[0], tuple(map(restored, row[1:]))) for row in found]


class _Select:
    """One SELECT over runs: collects the values that are bound and the tables that its fields need."""

    def __init__(self, bound: list[object], query: RunQuery) -> None:
        self._bound = bound
        self._query = query
        self._joins: dict[Field, tuple[str, str]] = {}

    def bind(self, value: object) -> str:
        """The sign that stands for a value."""
        self._bound.append(value)
        return f"?{len(self._bound)}"

    def tables(self) -> str:
        """What stands behind FROM, once all fields have been asked for.

        To sort, the narrow table is read as it lies: SQLite would go through some index, row by row, for nothing.
        """
        run = "run NOT INDEXED" if self._query.order else "run"
        return run + "".join(f" {join}" for _, join in self._joins.values())

    def value(self, field: Field) -> str:
        """The expression of a field's value, NULL where a run has none."""
        if field.section in COLUMNS:
            return self._column(field)
        return f"{self._joined(field)}.value"

    def order(self) -> str:
        """What stands behind ORDER BY."""
        parts = []
        for order in self._query.order:
            version = order.field.kind is Kind.VERSION
            expression = f"{self._joined(order.field)}.rank" if version else self.value(order.field)
            parts.append(f"{expression} {'DESC' if order.descending else 'ASC'} NULLS LAST")
        return ", ".join([*parts, "run.started DESC", "run.n DESC"])

    def where(self) -> str:
        """What stands behind WHERE."""
        return "1" if self._query.where is None else self._condition(self._query.where)

    def _condition(self, where: Where, *, turned: bool = False) -> str:
        """The condition; where it is ``turned`` by a NOT, it is true or false, and never NULL."""
        match where:
            case Compare():
                test = self._compare(where)
                return f"({test} IS TRUE)" if turned else test
            case AllOf():
                return "(" + " AND ".join(self._condition(part, turned=turned) for part in where.parts) + ")"
            case AnyOf():
                return "(" + " OR ".join(self._condition(part, turned=turned) for part in where.parts) + ")"
            case Not():
                return f"(NOT {self._condition(where.part, turned=True)})"
            case _:
                assert_never(where)

    def _compare(self, compare: Compare) -> str:
        """A comparison; NULL may stand for false."""
        field, absent = compare.field, compare.values[0] is None
        if field.section in COLUMNS:
            column = self._column(field)
            if absent:
                return f"({column} IS {'' if compare.op is Op.EQUAL else 'NOT '}NULL)"
            return f"({self._test(compare, column, column)})"
        table, of = self._place(field)
        named = f"SELECT of FROM {table} WHERE name = {self._name(field)}"
        if absent:
            return f"(({of} IN ({named})) IS {'NOT ' if compare.op is Op.EQUAL else ''}TRUE)"
        rank = "rank" if field.kind is Kind.VERSION else "value"
        return f"({of} IN ({named} AND {self._test(compare, 'value', rank)}))"

    def _test(self, compare: Compare, value: str, rank: str) -> str:
        """Whether an expression that is not NULL is what is asked for."""
        op, kind, first = compare.op, compare.field.kind, compare.values[0]
        match op:
            case Op.EQUAL | Op.IN:
                return self._equal(compare, value, rank)
            case Op.OTHER | Op.NOT_IN:
                return f"NOT ({self._equal(compare, value, rank)})"
            case Op.LIKE | Op.NOT_LIKE:
                like = f"is_like({self.bind(first)}, {value}) = {int(op is Op.LIKE)}"
                return f"(typeof({value}) = 'text' AND {like})"
            case Op.HAS:
                return f"has_part({self.bind(first)}, {value})"
            case Op.LESS | Op.AT_MOST | Op.MORE | Op.AT_LEAST:
                if kind is Kind.VERSION:
                    return f"{rank} {op.value} {self.bind(version_key(str(first)))}"
                return f"(typeof({value}) IN ({_types(first)}) AND {value} {op.value} {self.bind(stored(first))})"
            case _:
                assert_never(op)

    def _equal(self, compare: Compare, value: str, rank: str) -> str:
        if compare.field.kind is Kind.NAMED:
            tests = [f"substr({value}, 1, {len(str(wanted))}) = {self.bind(str(wanted))}" for wanted in compare.values]
            return "(" + " OR ".join(tests) + ")"
        if compare.field.kind is Kind.VERSION:
            return f"{rank} IN ({', '.join(self.bind(version_key(str(wanted))) for wanted in compare.values)})"
        return f"{value} IN ({', '.join(self.bind(stored(wanted)) for wanted in compare.values)})"

    def _column(self, field: Field) -> str:
        column = f'run."{field.section}"'
        if field.section == "state" and self._query.dead:
            dead = self.bind(json.dumps(sorted(self._query.dead)))
            failed = self.bind(RunState.FAILED.value)
            return f"iif(run.run IN (SELECT value FROM json_each({dead})), {failed}, {column})"
        return column

    def _joined(self, field: Field) -> str:
        if field not in self._joins:
            alias = f"f{len(self._joins)}"
            table, of = self._place(field)
            join = f"LEFT JOIN {table} AS {alias} ON {alias}.name = {self._name(field)} AND {alias}.of = {of}"
            self._joins[field] = alias, join
        return self._joins[field][0]

    def _name(self, field: Field) -> str:
        return f"(SELECT id FROM fact_name WHERE name = {self.bind(field.key)})"

    def _place(self, field: Field) -> tuple[str, str]:
        """The table of a field that is no column, and what its facts belong to."""
        if field.section.startswith(ENVIRONMENT):
            return "shared_fact", "run.environment"
        return ("shared_fact", "run.files") if field.section == "files" else ("fact", "run.n")


def _types(value: Scalar) -> str:
    """The SQL types of what can be less or more than a value."""
    if isinstance(value, bool):
        return "'blob'"
    return "'text'" if isinstance(value, str) else "'integer', 'real'"
