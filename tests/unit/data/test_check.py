"""A table's violations: all of them, with counts and examples."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from trimtab.data.check import check_table
from trimtab.data.kinds import ColumnType, Rule, Severity
from trimtab.data.schema import Column, Contract, Range, Values
from trimtab.data.violation import Example, Violation

CONTRACT = Contract(
    time="ts",
    label="y",
    columns=(
        Column(name="ts", type=ColumnType.TIME),
        Column(name="amount", type=ColumnType.FLOAT, range=Range(minimum=0.0, maximum=1.0, because="seen 0 to 1")),
        Column(name="items", type=ColumnType.INTEGER, nullable=True),
        Column(name="country", type=ColumnType.TEXT, values=Values(allowed=("DE", "FR"))),
        Column(name="y", type=ColumnType.INTEGER, values=Values(allowed=(0, 1), outside=Severity.REFUSE)),
    ),
)
GOOD = pl.DataFrame(
    {
        "ts": [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3, 4)],
        "amount": [0.0, 1.0, 0.5, 0.25],
        "items": pl.Series([1, None, 3, 4], dtype=pl.Int32),
        "country": ["DE", "FR", "DE", "FR"],
        "y": pl.Series([0, 1, 0, 1], dtype=pl.Int8),
    }
)


def violations(**columns: list[object]) -> dict[tuple[str, Rule], Violation]:
    found = check_table(GOOD.with_columns(**{name: pl.Series(values) for name, values in columns.items()}), CONTRACT)
    return {(violation.column, violation.rule): violation for violation in found}


def test_a_table_that_keeps_its_contract_has_no_violations() -> None:
    assert check_table(GOOD, CONTRACT) == ()


def test_a_violation_is_counted_and_shown() -> None:
    (found,) = violations(amount=[0.5, 2.0, -1.0, 2.0]).values()
    assert found == Violation(
        column="amount",
        rule=Rule.RANGE,
        severity=Severity.NOTE,
        count=3,
        share=0.75,
        examples=(Example(row=1, value=2.0), Example(row=2, value=-1.0)),
        worst=(2.0, -1.0),
        problem="3 values of 4 are outside the range 0.0 to 1.0",
        because="seen 0 to 1",
    )
    assert str(found) == "amount: 3 values of 4 are outside the range 0.0 to 1.0 (row 1: 2.0, row 2: -1.0); seen 0 to 1"


def test_everything_is_found_in_one_pass() -> None:
    wrong = GOOD.drop("ts").with_columns(
        amount=pl.Series(["0.5", None, "x", "y"]),
        items=pl.Series([1.0, 2.5, float("nan"), float("inf")]),
        country=pl.Series(["DE", None, "IT", "FR"]),
        y=pl.Series([0, 1, 2, None]),
        contry=pl.Series([1, 2, 3, 4]),
    )
    found = {(violation.column, violation.rule): violation for violation in check_table(wrong, CONTRACT)}
    assert {key: violation.count for key, violation in found.items()} == {
        ("ts", Rule.MISSING): 4,
        ("amount", Rule.NULL): 1,
        ("amount", Rule.TYPE): 3,
        ("items", Rule.TYPE): 1,
        ("items", Rule.IMPOSSIBLE): 1,
        ("country", Rule.NULL): 1,
        ("country", Rule.VALUES): 1,
        ("y", Rule.NULL): 1,
        ("y", Rule.VALUES): 1,
        ("contry", Rule.UNEXPECTED): 4,
    }
    assert (
        found["amount", Rule.TYPE].problem
        == "3 values of 4 are not of type float (the table stores the column as String)"
    )
    assert found["amount", Rule.NULL].examples == (Example(row=1, value=None),)
    assert found["contry", Rule.UNEXPECTED].problem == "the contract knows no such column; did you mean 'country'?"
    assert found["country", Rule.VALUES].severity is Severity.NOTE
    assert found["y", Rule.VALUES].severity is Severity.REFUSE
    assert {violation.severity for (_, rule), violation in found.items() if rule is not Rule.VALUES} == {
        Severity.REFUSE
    }


def test_integers_with_gaps_may_be_stored_as_floats() -> None:
    assert violations(items=[1.0, float("nan"), None, -4.0]) == {}


def test_times_may_be_text() -> None:
    assert violations(ts=["2026-03-01T00:00Z", "2026-03-01T01:00+01:00", "2026-03-01 02Z", "20260301T03Z"]) == {}
    found = violations(ts=["2026-03-01T00:00Z", "2026-03-01", "x", None])
    assert {rule: tuple(map(str, violation.examples)) for (_, rule), violation in found.items()} == {
        Rule.NULL: ("row 3",),
        Rule.TYPE: ("row 2: 'x'",),
        Rule.IMPOSSIBLE: ("row 1: '2026-03-01'",),
    }


def test_ten_examples_are_enough() -> None:
    table = pl.concat([GOOD] * 50).with_columns(amount=pl.Series([2.0 + row for row in range(200)]))
    (found,) = check_table(table, CONTRACT)
    assert (found.count, len(found.examples)) == (200, 10)


def test_a_table_without_rows_is_a_violation() -> None:
    (found,) = check_table(GOOD.clear(), CONTRACT)
    assert (found.rule, found.problem) == (Rule.EMPTY, "the table has no rows")
