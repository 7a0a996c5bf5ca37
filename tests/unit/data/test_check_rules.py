"""Each rule of a contract on a table: when it is broken, by which rows, and what is said of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from trimtab.base.instants import DAY, HOUR, parse_instant
from trimtab.base.verdict import Verdict
from trimtab.data.check import TableCheck, check_scan, check_table
from trimtab.data.kinds import ColumnType, Direction, Of, Rule, Severity
from trimtab.data.problems import TableError
from trimtab.data.scan import TableScan
from trimtab.data.schema import (
    Column,
    Condition,
    Contract,
    Freshness,
    Length,
    Nulls,
    Order,
    Pattern,
    Range,
    RowCount,
    Unique,
    Values,
)
from trimtab.data.violation import CheckReport, Violation

NOW = parse_instant("2026-03-10T00:00:00Z")


def column(kind: ColumnType = ColumnType.FLOAT, *, nullable: bool = True, **rules: Any) -> Column:
    return Column(name="x", type=kind, nullable=nullable, **rules)


def report(values: list[Any] | pl.Series, rule: Column, **more: Any) -> CheckReport:
    table = pl.DataFrame({"x": values}, strict=False)
    return check_scan(TableScan(table), Contract(columns=(rule,), **more), now=NOW)


def broken(values: list[Any] | pl.Series, rule: Column, **more: Any) -> list[Violation]:
    return list(report(values, rule, **more).violations)


def told(found: list[Violation]) -> list[str]:
    return [str(violation) for violation in found]


def test_a_share_of_the_rows_may_be_outside() -> None:
    limits = Range(minimum=0.0, maximum=1.0, share=0.25, outside=Severity.REFUSE)
    assert broken([0.5, 2.0, 0.5, 0.5], column(range=limits)) == []
    (found,) = broken([0.5, 2.0, 3.0, 0.5], column(range=limits))
    assert (found.count, found.share, found.severity) == (2, 0.5, Severity.REFUSE)
    assert found.problem == "2 values of 4 are outside the range 0.0 to 1.0; up to 25% may be"


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        (column(range=Range(minimum=0.0, maximum=1.0, share=0.25, of=Of.VALUES)), [9.0, 0.5]),
        (column(range=Range(minimum=0.0, maximum=1.0, share=0.25, of=Of.VALUES)), [float("inf"), 9.0, 9.0, 0.5]),
        (column(ColumnType.INTEGER, values=Values(allowed=(1,), share=0.25, of=Of.VALUES)), [2, 1]),
        (column(ColumnType.TEXT, values=Values(allowed=("a",), share=0.25, of=Of.VALUES)), ["b", "a"]),
        (column(ColumnType.TEXT, pattern=Pattern(matches="^a", share=0.25, of=Of.VALUES)), ["b", "a"]),
        (column(ColumnType.TEXT, length=Length(minimum=1, maximum=1, share=0.25, of=Of.VALUES)), ["ab", "a"]),
    ],
)
@pytest.mark.parametrize("batch", [1, 3, 100])
def test_a_share_of_the_values_counts_no_gap_in_whatever_batches(rule: Column, values: list[Any], batch: int) -> None:
    kind = {ColumnType.FLOAT: pl.Float64, ColumnType.INTEGER: pl.Int64, ColumnType.TEXT: pl.String}[rule.type]

    def outcome(listed: list[Any]) -> list[str]:
        table = pl.DataFrame({"x": pl.Series(listed, dtype=kind)})
        check = TableCheck(Contract(columns=(rule,), quarantine=1.0), schema=table.schema)
        for start in range(0, table.height, batch):
            check.add(table[start : start + batch])
        return [found.problem for found in check.report().violations if found.rule is not Rule.IMPOSSIBLE]

    sound = [value for value in values if value == values[-1]]
    few = [values[-1]] * 4
    (problem,) = outcome([*values, *[None] * 20])
    assert f" of {len(values)} " in problem
    assert problem.endswith("up to 25% may be")
    assert outcome([*values, *few, *[None] * 20]) == []
    assert outcome([*sound, *[None] * 3]) == outcome([None] * 5) == []


def test_a_share_of_the_values_of_a_condition_counts_the_rows_that_it_can_be_asked_of() -> None:
    table = pl.DataFrame({"a": [5, 1, 1, 1, None, 7, 8], "b": [2, 2, 2, 2, 2, None, 2], "go": [1, 1, 1, 1, 1, 1, 0]})
    columns = tuple(Column(name=name, type=ColumnType.INTEGER, nullable=True) for name in table.columns)

    def outcome(share: float, of: Of) -> list[str]:
        rule = Condition(then="a < b", when="go == 1", share=share, of=of)
        return [found.problem for found in check_table(table, Contract(columns=columns, conditions=(rule,)))]

    assert outcome(0.2, Of.ROWS) == []
    assert outcome(0.25, Of.VALUES) == []
    assert outcome(0.2, Of.VALUES) == ["1 row of 4 is against a < b where go == 1; up to 20% may be"]


def test_the_values_farthest_outside_are_named_once_each() -> None:
    values = [-5.0, -1.5, 2.0, 3.0, 9.0, 9.0, 100.0, 1.5, 1.25, 0.0]
    (found,) = broken(values, column(range=Range(minimum=0.0, maximum=1.0)))
    assert found.worst == (100.0, 9.0, -5.0, 3.0, -1.5)


def test_times_have_ranges_too() -> None:
    limits = Range(minimum=parse_instant("2026-03-01T00:00:00Z"), maximum=None, because="it opened")
    moments = [datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC), None]
    (found,) = broken(moments, column(ColumnType.TIME, range=limits))
    assert told([found]) == [
        "x: 1 value of 3 is outside the range 2026-03-01T00:00:00Z to any (row 0: '2026-02-28T23:00:00Z'); it opened"
    ]
    assert found.worst == ("2026-02-28T23:00:00Z",)


def test_patterns_are_found_anywhere_unless_they_say_otherwise() -> None:
    assert broken(["a1", None, "xa1x"], column(ColumnType.TEXT, pattern=Pattern(matches=r"a\d"))) == []
    (found,) = broken(["a1", None, "xa1x"], column(ColumnType.TEXT, pattern=Pattern(matches=r"^a\d$")))
    assert told([found]) == [r"x: 1 value of 3 is not of the pattern '^a\\d$' (row 2: 'xa1x')"]


def test_lengths_count_characters_and_not_bytes() -> None:
    rule = column(ColumnType.TEXT, length=Length(minimum=2, maximum=3))
    assert broken(["日本語", "éé", None], rule) == []
    (found,) = broken(["日本語語", "é", "aaaaaaa"], rule)
    assert found.worst == (7, 4, 1)
    assert "3 values of 3 are not 2 to 3 characters long" in str(found)


@pytest.mark.parametrize(
    ("values", "order", "rows"),
    [
        ([1, 1, 2, None, 2, 1, 3], Order(), [5]),
        ([1, 1, 2, None, 2, 1, 3], Order(strictly=True), [1, 4, 5]),
        ([3, 2, 2, 4], Order(direction=Direction.DECREASING), [3]),
        ([3, 2, 2, 4], Order(direction=Direction.DECREASING, strictly=True), [2, 3]),
        ([None, None], Order(), []),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 7])
def test_order_is_kept_from_row_to_row_and_batch_to_batch(
    values: list[int | None], order: Order, rows: list[int], size: int
) -> None:
    contract = Contract(columns=(column(ColumnType.INTEGER, order=order),))
    table = pl.DataFrame({"x": pl.Series(values, dtype=pl.Int64)})
    check = TableCheck(contract, schema=table.schema)
    for start in range(0, table.height, size):
        check.add(table[start : start + size])
    shown = [example.row for found in check.report().violations for example in found.examples]
    assert shown == [
        row for place, row in enumerate(rows) if values[row] not in [values[each] for each in rows[:place]]
    ]
    assert sum(found.count for found in check.report().violations) == len(rows)


def test_texts_and_times_have_an_order() -> None:
    assert told(broken(["a", "c", "b"], column(ColumnType.TEXT, order=Order()))) == [
        "x: 1 value of 3 is below the value before (row 2: 'b')"
    ]
    moments = [NOW, NOW + 1, NOW]
    assert broken(moments, column(ColumnType.TIME, order=Order()))[0].count == 1


def test_nulls_have_a_share() -> None:
    rule = column(nulls=Nulls(share=0.25, outside=Severity.REFUSE, because="the branch sends it"))
    assert broken([1.0, None, 2.0, 3.0], rule) == []
    (found,) = broken([1.0, None, float("nan"), 3.0], rule)
    assert told([found]) == ["x: 2 values of 4 are null; up to 25% may be; the branch sends it"]
    assert found.examples == ()


def test_rows_that_repeat_a_key_are_counted_and_shown() -> None:
    contract = Contract(
        columns=(Column(name="a", type=ColumnType.INTEGER), Column(name="b", type=ColumnType.TEXT, sensitive=True)),
        unique=(Unique(columns=("a",)), Unique(columns=("a", "b"), outside=Severity.NOTE), Unique(columns=("b",))),
    )
    table = pl.DataFrame({"a": [1, 2, 1, 1], "b": ["x", "y", "x", "z"]})
    assert told(list(check_table(table, contract))) == [
        "a: 2 values of 4 are the same as in an earlier row (row 2: 1)",
        "b: 1 value of 4 is the same as in an earlier row (row 2: 'hidden')",
        "1 row of 4 is the same as in an earlier row in 'a', 'b' (row 2: a = 1, b = hidden)",
    ]


def test_many_keys_need_the_table_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trimtab.data.repeats.Repeats.__init__.__defaults__", (3,))
    contract = Contract(columns=(column(ColumnType.INTEGER),), unique=(Unique(columns=("x",)),))
    table = pl.DataFrame({"x": [*range(10), 4]})
    check = TableCheck(contract, schema=table.schema)
    check.add(table)
    assert check.needs_again
    with pytest.raises(TableError, match="more different keys than are kept in memory, and it cannot be read again"):
        check.report()
    assert told(list(check.report(TableScan(table)).violations)) == [
        "x: 1 value of 11 is the same as in an earlier row (row 10: 4)"
    ]


def test_a_condition_is_shown_with_the_values_that_it_is_about() -> None:
    contract = Contract(
        columns=(
            Column(name="kind", type=ColumnType.TEXT),
            Column(name="reason", type=ColumnType.TEXT, nullable=True, sensitive=True),
            Column(name="amount", type=ColumnType.FLOAT),
        ),
        conditions=(
            Condition(name="refunds", when="kind == 'refund'", then="reason is not null and amount < 0"),
            Condition(then="amount > -100", outside=Severity.REFUSE, because="the limit"),
            Condition(then="amount > -1e9"),
        ),
    )
    table = pl.DataFrame(
        {"kind": ["refund", "buy", "refund"], "reason": [None, None, "x"], "amount": [-5.0, 5.0, -500.0]}
    )
    refunds = "reason is not null and amount < 0 where kind == 'refund'"
    assert told(list(check_table(table, contract))) == [
        "1 row of 3 is against amount > -100 (row 2: amount = -500.0); the limit",
        f"1 row of 3 is against refunds ({refunds}) (row 0: kind = 'refund', reason = hidden, amount = -5.0)",
    ]


def test_a_condition_over_a_column_that_is_missing_is_not_asked_twice() -> None:
    contract = Contract(columns=(column(),), conditions=(Condition(then="x > 0"),), unique=(Unique(columns=("x",)),))
    (found,) = check_table(pl.DataFrame({"y": [1]}), contract)[:1]
    assert (found.rule, found.column) == (Rule.MISSING, "x")


@pytest.mark.parametrize(
    ("rows", "limits", "said"),
    [
        (3, RowCount(minimum=2, maximum=3), None),
        (1, RowCount(minimum=2, maximum=3, because="daily"), "the table has 1 row, fewer than 2; daily"),
        (4, RowCount(minimum=None, maximum=3), "the table has 4 rows, more than 3"),
        (0, RowCount(minimum=2, maximum=None), "the table has no rows"),
        (0, RowCount(minimum=0, maximum=None), None),
        (0, None, "the table has no rows"),
    ],
)
def test_tables_have_a_number_of_rows(rows: int, limits: RowCount | None, said: str | None) -> None:
    values = pl.Series([1.0] * rows, dtype=pl.Float64)
    assert told(broken(values, column(), rows=limits)) == ([] if said is None else [said])


@pytest.mark.parametrize(
    ("newest", "said"),
    [
        (datetime(2026, 3, 8, tzinfo=UTC), []),
        (
            datetime(2026, 3, 7, 23, tzinfo=UTC),
            ["x: the newest row is of 2026-03-07T23:00:00Z, 2d 1h ago; it may be 2d"],
        ),
        (None, ["x: no row says its time, so nobody knows how old the newest is"]),
    ],
)
def test_the_newest_row_must_be_fresh(newest: datetime | None, said: list[str]) -> None:
    values = pl.Series([None, newest, newest and newest - timedelta(days=9)], dtype=pl.Datetime("us", "UTC"))
    rule = column(ColumnType.TIME)
    assert told(broken(values, rule, time="x", fresh=Freshness(within=2 * DAY))) == said
    contract = Contract(columns=(rule,), time="x", fresh=Freshness(within=HOUR))
    assert check_table(pl.DataFrame({"x": values}), contract) == ()


def test_a_row_of_the_future_makes_no_table_fresh_and_is_told() -> None:
    old, future = datetime(2025, 7, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    rule, fresh = column(ColumnType.TIME), Freshness(within=2 * DAY, outside=Severity.REFUSE)
    found = report(pl.Series([old, future], dtype=pl.Datetime("us", "UTC")), rule, time="x", fresh=fresh)
    assert found.verdict is Verdict.FAIL
    assert told(list(found.violations)) == [
        "x: the newest row is of 2025-07-01T00:00:00Z, 252d ago; it may be 2d",
        "x: 1 value of 2 is in the future, after 2026-03-10T00:00:00Z (row 1: '2099-01-01T00:00:00Z')",
    ]
    only = broken(pl.Series([future], dtype=pl.Datetime("us", "UTC")), rule, time="x", fresh=fresh)
    assert told(only)[0] == "x: no row says a time that has been, so nobody knows how old the newest is"


def test_no_more_rules_are_broken_than_there_are() -> None:
    rule = column(ColumnType.INTEGER, nullable=False, outside=Severity.QUARANTINE)
    found = report([1.5, 2.0**60, None], rule)
    assert {each.rule for each in found.violations} == {Rule.QUARANTINE, Rule.TYPE, Rule.IMPOSSIBLE, Rule.NULL}
    assert found.rules >= len(found.violations)
    empty = report([], column())
    assert found.rules >= len(empty.violations)


def test_rows_are_set_aside_with_every_reason_until_they_are_too_many() -> None:
    contract = Contract(
        columns=(
            column(nullable=False, range=Range(minimum=0.0, maximum=None, outside=Severity.QUARANTINE)),
            Column(name="y", type=ColumnType.INTEGER, outside=Severity.QUARANTINE, sensitive=True),
        ),
        conditions=(Condition(then="x < 5", name="small", outside=Severity.QUARANTINE),),
        quarantine=0.5,
    )
    table = pl.DataFrame({"x": [1.0, -1.0, 9.0, 2.0], "y": [1.0, 2.5, 3.0, 4.0], "_row": [0, 0, 0, 0]})
    check = TableCheck(
        Contract(columns=contract.columns, conditions=contract.conditions, quarantine=0.5, unexpected=Severity.NOTE),
        schema=table.schema,
    )
    kept = check.add(table)
    assert kept.rows["x"].to_list() == [1.0, 2.0]
    assert kept.aside.select("x", "__row", "_reasons").rows() == [
        (-1.0, 1, "x: outside the range 0.0 to any; y: not of type integer (the table stores the column as Float64)"),
        (9.0, 2, "against small (x < 5)"),
    ]
    found = check.report()
    assert (found.quarantined, found.verdict) == (2, Verdict.PASS)
    kept = check.add(table[1:2])
    assert kept.aside["__row"].to_list() == [4]
    found = check.report()
    assert (found.quarantined, found.verdict) == (3, Verdict.FAIL)
    first = found.violations[0]
    assert first.problem == "3 rows of 5 would be set aside, more than the 50% that the contract agrees to"
    assert first.because.startswith("x: 2 values of 5 are outside the range 0.0 to any; y: 2 values")


def test_nothing_of_a_sensitive_column_is_shown() -> None:
    rule = column(
        ColumnType.TEXT,
        nullable=False,
        values=Values(allowed=("a",)),
        length=Length(minimum=1, maximum=1),
        sensitive=True,
    )
    found = broken(["secret", None, "secret2"], rule)
    assert "secret" not in str(told(found))
    shown = {violation.rule: [example.value for example in violation.examples] for violation in found}
    assert shown == {Rule.NULL: [None], Rule.VALUES: ["hidden", "hidden"], Rule.LENGTH: ["hidden", "hidden"]}
    assert all(violation.worst == () for violation in found)


@pytest.mark.parametrize(
    ("values", "kind", "rule"),
    [
        (pl.Series([[1], [2]]), ColumnType.FLOAT, Rule.TYPE),
        (pl.Series([{"a": 1}, {"a": 2}]), ColumnType.TEXT, Rule.TYPE),
        (pl.Series([b"a", b"b"]), ColumnType.TEXT, Rule.TYPE),
        (pl.Series([timedelta(1), timedelta(2)]), ColumnType.TIME, Rule.TYPE),
        (pl.Series([2**64 - 1, 2**63], dtype=pl.UInt64), ColumnType.INTEGER, Rule.IMPOSSIBLE),
        (pl.Series([datetime(2026, 1, 1), datetime(2026, 1, 2)]), ColumnType.TIME, Rule.IMPOSSIBLE),  # noqa: DTZ001
        (pl.Series([date(2026, 1, 1), date(2026, 1, 2)]), ColumnType.TIME, Rule.IMPOSSIBLE),
        (pl.Series([float("inf"), -float("inf")]), ColumnType.FLOAT, Rule.IMPOSSIBLE),
        (pl.Series([1, 2]), ColumnType.BOOLEAN, Rule.TYPE),
        (pl.Series([Decimal("1.5"), Decimal("2.5")]), ColumnType.INTEGER, Rule.TYPE),
        (pl.Series([1, 2]), ColumnType.TIME, Rule.IMPOSSIBLE),
    ],
)
def test_a_column_stored_as_something_else_is_a_violation_and_no_error(
    values: pl.Series, kind: ColumnType, rule: Rule
) -> None:
    (found,) = broken(values, column(kind))
    assert (found.rule, found.count) == (rule, 2)
    assert found.examples


@pytest.mark.parametrize("kind", list(ColumnType))
def test_a_column_of_nulls_alone_is_one_of_any_type(kind: ColumnType) -> None:
    rules: dict[str, Any] = {"order": Order()} if kind is not ColumnType.BOOLEAN else {}
    nothing = pl.Series([None, None], dtype=pl.Null)
    assert broken(nothing, column(kind, **rules)) == []
    (found,) = broken(nothing, column(kind, nullable=False, **rules))
    assert (found.rule, found.count) == (Rule.NULL, 2)
    assert broken(nothing, column(kind), unique=(Unique(columns=("x",)),)) == []
    asked = (Condition(then="x is null", outside=Severity.REFUSE),)
    assert broken(nothing, column(kind), conditions=asked) == []


def test_decimals_and_large_unsigned_integers_are_numbers() -> None:
    limits = Range(minimum=0.0, maximum=2.0)
    (found,) = broken(pl.Series([Decimal("1.5"), Decimal("2.5")]), column(range=limits))
    assert told([found]) == ["x: 1 value of 2 is outside the range 0.0 to 2.0 (row 1: 2.5)"]
    assert broken(pl.Series([2**63 - 1], dtype=pl.UInt64), column(ColumnType.INTEGER)) == []


def test_a_table_of_five_thousand_columns_is_checked_without_delay() -> None:
    names = [f"column_{place}" for place in range(5_000)]
    contract = Contract(columns=tuple(Column(name=name, type=ColumnType.INTEGER) for name in names))
    table = pl.DataFrame({name: [1, 2] for name in names[:-50]} | {f"{name}x": [1, 2] for name in names[-50:]})
    found = check_table(table, contract)
    assert sum(violation.rule is Rule.MISSING for violation in found) == 50
    assert sum("did you mean" in violation.problem for violation in found) == 20


def test_what_refuses_comes_first_and_then_what_is_about_more_rows() -> None:
    contract = Contract(
        columns=(
            Column(name="a", type=ColumnType.INTEGER, range=Range(minimum=0, maximum=None)),
            Column(name="b", type=ColumnType.INTEGER, range=Range(minimum=0, maximum=None)),
            Column(name="c", type=ColumnType.INTEGER),
        )
    )
    found = check_table(pl.DataFrame({"a": [-1, 1, 1], "b": [-1, -1, 1], "c": [1, None, 1]}), contract)
    assert [violation.column for violation in found] == ["c", "b", "a"]


def test_an_unknown_column_may_be_noted() -> None:
    (found,) = check_table(
        pl.DataFrame({"x": [1.0], "y": [1]}), Contract(columns=(column(),), unexpected=Severity.NOTE)
    )
    assert (found.column, found.severity) == ("y", Severity.NOTE)
    assert report([1.0], column()).rules == 2


def test_a_sum_of_many_columns_is_computed_once_a_row() -> None:
    names = [f"c{place}" for place in range(45)]
    columns = tuple(Column(name=name, type=ColumnType.INTEGER, nullable=True) for name in names)
    rule = Condition(then=f"{' + '.join(names)} <= 100", outside=Severity.REFUSE)
    table = pl.DataFrame({name: [1, 3, None, 2] for name in names})
    (found,) = check_table(table, Contract(columns=columns, conditions=(rule,)))
    assert (found.rule, found.count, found.examples[0].row) == (Rule.CONDITION, 1, 1)
