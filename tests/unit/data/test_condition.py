"""What a condition may say, and what one is told who writes another thing."""

from __future__ import annotations

import pytest

from trimtab.data.condition import columns_of
from trimtab.data.condition_reader import parse_condition
from trimtab.data.condition_row import row_test
from trimtab.data.kinds import ColumnType
from trimtab.data.problems import ContractError

KINDS = {
    "amount": ColumnType.FLOAT,
    "items": ColumnType.INTEGER,
    "country": ColumnType.TEXT,
    "online": ColumnType.BOOLEAN,
    "ts": ColumnType.TIME,
    "paid at": ColumnType.TIME,
}
PLACES = {name: place for place, name in enumerate(KINDS)}
AT = 1_772_375_400_000_000
ROW = (2.5, 3, "DE", True, AT, None)


def said(text: str, row: tuple[object, ...] = ROW) -> object:
    return row_test(parse_condition(text, KINDS), PLACES)(row)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("amount > 2", True),
        ("0 < amount <= 2.5", True),
        ("items == 3.0", True),
        ("amount * 2 == 5 and items - 1 == 2", True),
        ("-amount < -2 and abs(-items) == 3", True),
        ("+items == 3", True),
        ("items / 2 == 1.5", True),
        ("amount / (items - 3) > 0", None),
        ("amount * 1e308 > 0", None),
        ("not amount / (items - 3) > 0", None),
        ("amount / (items - 3) is null", True),
        ("country in ['DE', 'FR']", True),
        ("country not in ('AT', 'CH')", True),
        ("items in [1, 2.5, 3]", True),
        ("len(country) == 2 and country < 'E'", True),
        ("online", True),
        ("online == false or not online", False),
        ("online and true", True),
        ("ts >= '2026-03-01T14:30:00Z' and ts < '2026-03-01T16:00:00+01:00'", True),
        ("ts in ['2026-03-01T15:30:00+01:00']", True),
        ("col('paid at') is null", True),
        ("col('paid at') is not null or amount > 100", False),
        ("col('paid at') > ts", None),
        ("col('paid at') > ts and amount > 100", False),
        ("col('paid at') > ts or amount < 100", True),
        ("not col('paid at') > ts", None),
        ("  amount\n  > 2  ", True),
        ("amount is None", False),
        ("items == 9223372036854775808", False),
    ],
)
def test_a_condition_holds_or_not_or_cannot_be_said(text: str, holds: bool | None) -> None:
    assert said(text) is holds


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("amont > 2", 1, "there is no column 'amont'; did you mean 'amount'?"),
        ("online and country > 2", 22, "the column 'country' (text) cannot be compared with a number"),
        ("amount > '2'", 10, "the column 'amount' (a number) cannot be compared with text"),
        ("country == 'é' and amount == 'x'", 30, "cannot be compared with text"),
        ("amount", 1, "it is the column 'amount' (a number), not true or false"),
        ("amount and online", 1, "the column 'amount' (a number) is neither true nor false"),
        ("not country", 5, "the column 'country' (text) is neither true nor false"),
        ("country + 1 > 2", 1, "the column 'country' (text) is no number to reckon with"),
        ("ts - col('paid at') > 2", 1, "the column 'ts' (a time) is no number"),
        ("len(amount) > 2", 5, "the column 'amount' (a number) has no length"),
        ("abs(country) > 2", 5, "is no number to reckon with"),
        ("online > false", 1, "true and false have no order"),
        ("ts > 'yesterday'", 6, "'yesterday' is not a time; write ISO 8601"),
        ("ts > '2026-03-01T00:00:00'", 6, "has no zone"),
        ("ts > 1772375400", 6, "the column 'ts' (a time) cannot be compared with a number"),
        ("amount == null", 11, "null equals nothing"),
        ("amount is 2", 11, "only null can be asked for with `is`"),
        ("amount in items", 11, "`in` needs a list of values"),
        ("amount in []", 11, "`in` needs a list of values"),
        ("amount in [items]", 12, "a list holds values that are written out"),
        ("amount in [1, null]", 15, "null equals nothing"),
        ("1 < amount in [2]", 1, "`in` and `is` stand in a chain"),
        ("1 < 2", 1, "it names no column"),
        ("amount > 1e999", 10, "Infinity is no value of a row"),
        ("__import__('os')", 1, "conditions have no such function"),
        ("len(country, 2) > 1", 1, "conditions have no such function"),
        ("col(country) > 1", 5, "col needs a column's name in quotes"),
        ("amount.real > 1", 1, "conditions have no such expression"),
        ("[x for x in items]", 1, "conditions have no such expression"),
        ("amount ** 2 > 1", 1, "conditions have no such expression"),
        ("(lambda: online)()", 1, "conditions have no such function"),
        ("f'{country}' == 'DE'", 1, "conditions have no such expression"),
        ("amount == 1j", 11, "is no value of a row"),
    ],
)
def test_a_mistake_is_placed_at_its_character(text: str, place: int, told: str) -> None:
    with pytest.raises(ContractError, match="at character") as caught:
        parse_condition(text, KINDS)
    assert f"at character {place}: " in caught.value.problem
    assert told in f"{caught.value.problem.partition(': ')[2]}; {caught.value.fix}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("amount >", "cannot be read: invalid syntax at character 9"),
        ("   amount = 2", "cannot be read: invalid syntax"),
        ("amount > 2 amount", "cannot be read"),
        ("", "cannot be read"),
        ("online and " * 2_000 + "online", "is over the limit of 10,000"),
        ("not " * 60 + "online", "nested deeper than 50 levels"),
        ("(" * 300 + "online" + ")" * 300, "cannot be read"),
        ("amount > 1\x00", "cannot be read"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, told: str) -> None:
    with pytest.raises(ContractError, match="TT1201") as caught:
        parse_condition(text, KINDS)
    assert told in caught.value.problem


def test_the_columns_of_a_condition_are_named_once_in_the_order_of_its_text() -> None:
    node = parse_condition("items > 1 and (amount < items or len(country) > 2) and ts is null", KINDS)
    assert columns_of(node) == ("items", "amount", "country", "ts")


def test_a_column_called_like_a_word_of_the_language_is_named_by_col() -> None:
    kinds = {"null": ColumnType.INTEGER, "true": ColumnType.INTEGER, "a\"'b": ColumnType.INTEGER}
    node = parse_condition("""col("null") + col('true') == col("a\\"'b")""", kinds)
    assert row_test(node, {name: place for place, name in enumerate(kinds)})((1, 2, 3)) is True


def test_large_integers_compare_exactly_with_integers_only() -> None:
    row = (2.0**53, 2**53 + 1, "", True, AT, None)
    assert said("items == 9007199254740993", row) is True
    assert said("items == 9007199254740992", row) is False
    assert said("items == amount", row) is True
    assert said("items in [9007199254740992]", row) is False
