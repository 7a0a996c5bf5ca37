"""What a request may say, and what a refusal says."""

from __future__ import annotations

import json

import pytest

from trimtab.data.kinds import TEXT_MAX, ColumnType, Rule, Severity
from trimtab.data.problems import ContractError
from trimtab.data.request import CheckedRow, Refusal, RowChecker
from trimtab.data.schema import Column, Condition, Contract, Length, Pattern, Range, Values

CONTRACT = Contract(
    time="ts",
    key="id",
    label="fraud",
    columns=(
        Column(name="ts", type=ColumnType.TIME),
        Column(name="id", type=ColumnType.INTEGER),
        Column(name="amount", type=ColumnType.FLOAT, range=Range(minimum=0.0, maximum=100.0, because="seen 0 to 100")),
        Column(
            name="items",
            type=ColumnType.INTEGER,
            nullable=True,
            range=Range(minimum=1, maximum=None, outside=Severity.REFUSE),
        ),
        Column(name="online", type=ColumnType.BOOLEAN),
        Column(name="country", type=ColumnType.TEXT, values=Values(allowed=("DE", "FR"))),
        Column(name="fraud", type=ColumnType.BOOLEAN),
    ),
)
ROW = {"ts": "2026-03-01T14:30:00Z", "id": 7, "amount": 12.5, "items": 3, "online": True, "country": "DE"}
AT = 1_772_375_400_000_000
CHECKER = RowChecker(CONTRACT)


def raw(**changes: object) -> bytes:
    return json.dumps(ROW | changes).encode()


def literal(**changes: str) -> bytes:
    """A row with JSON literals that `json.dumps` would not write."""
    texts = {name: json.dumps(value) for name, value in ROW.items()} | changes
    return ("{" + ", ".join(f'"{name}": {text}' for name, text in texts.items()) + "}").encode()


def accepted(body: bytes) -> CheckedRow:
    row = CHECKER.row(body)
    assert isinstance(row, CheckedRow), str(row)
    return row


def refused(body: bytes) -> Refusal:
    row = CHECKER.row(body)
    assert isinstance(row, Refusal), repr(row)
    return row


def test_a_right_row_becomes_values_in_the_order_of_the_contract() -> None:
    row = accepted(json.dumps(dict(reversed(ROW.items()))).encode())
    assert row.values == (AT, 7, 12.5, 3, True, "DE")
    assert row.inputs == ROW
    assert row.event_time == AT
    assert row.key == "7"
    assert row.notes == ()


@pytest.mark.parametrize(
    ("column", "sent", "value"),
    [
        ("amount", "3", 3.0),
        ("amount", "-0.0", -0.0),
        ("amount", "1e-400", 0.0),
        ("id", "3.0", 3),
        ("id", "9007199254740992.0", 2**53),
        ("id", "-9223372036854775808", -(2**63)),
        ("items", "null", None),
        ("country", '"\\u0044\\u0045"', "DE"),
        ("ts", "1772375400000000", AT),
        ("ts", '"2026-03-01T15:30:00+01:00"', AT),
        ("ts", '"2026-03-01T14:30:00.000001Z"', AT + 1),
    ],
)
def test_a_value_is_read_as_its_type(column: str, sent: str, value: object) -> None:
    row = accepted(literal(**{column: sent}))
    read = row.values[list(ROW).index(column)]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("column", "sent", "rule", "said"),
    [
        ("amount", "true", Rule.TYPE, "amount: true is a truth value, not a number"),
        ("amount", '"1.5"', Rule.TYPE, "amount: '1.5' is text, not a number"),
        ("amount", "null", Rule.NULL, "amount: it is null, and the contract does not allow that"),
        ("amount", "1e999", Rule.IMPOSSIBLE, "amount: Infinity is not a finite number"),
        ("amount", "NaN", Rule.IMPOSSIBLE, "amount: NaN is not a finite number"),
        ("amount", "-Infinity", Rule.IMPOSSIBLE, "amount: -Infinity is not a finite number"),
        ("amount", "9" * 400, Rule.IMPOSSIBLE, "amount: an integer of more than 40 digits is not a finite number"),
        ("amount", "[1]", Rule.TYPE, "amount: it is a list, not a number"),
        ("amount", '{"a": 1, "a": 2}', Rule.TYPE, "amount: it is an object, not a number"),
        ("id", "3.5", Rule.TYPE, "id: 3.5 is not a whole number"),
        ("id", "1e300", Rule.IMPOSSIBLE, "id: 1e+300 is too large to be an exact whole number as a float"),
        ("id", "9223372036854775808", Rule.IMPOSSIBLE, "id: 9223372036854775808 does not fit into 64 bits"),
        ("id", "false", Rule.TYPE, "id: false is a truth value, not an integer"),
        ("items", "NaN", Rule.IMPOSSIBLE, "items: NaN is not a number"),
        ("items", "0", Rule.RANGE, "items: 0 is below 1"),
        ("online", "1", Rule.TYPE, "online: 1 is a number, not true or false"),
        ("country", "5", Rule.TYPE, "country: 5 is a number, not text"),
        ("country", '"\\ud800"', Rule.IMPOSSIBLE, "half a surrogate pair"),
        ("ts", '"2026-03-01T14:30:00"', Rule.IMPOSSIBLE, "has no zone; add Z or an offset such as +02:00"),
        ("ts", '"yesterday"', Rule.TYPE, "ts: 'yesterday' is not a time; write ISO 8601"),
        ("ts", "1772375400", Rule.IMPOSSIBLE, "ts: 1772375400 looks like seconds or milliseconds"),
        ("ts", "1772375400000.5", Rule.TYPE, "ts: 1772375400000.5 is a number, not a time"),
        ("ts", "9" * 18, Rule.IMPOSSIBLE, "is not within the years 1 to 9999"),
        ("ts", '"0001-01-01T00:00:00+05:00"', Rule.IMPOSSIBLE, "is not within the years 1 to 9999"),
    ],
)
def test_a_wrong_value_is_refused_with_its_column(column: str, sent: str, rule: Rule, said: str) -> None:
    (problem,) = refused(literal(**{column: sent})).problems
    assert (problem.column, problem.rule) == (column, rule)
    assert said in str(problem)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    body = b'{"id": "x", "id": 2.5, "amount": null, "items": 2, "online": 0, "contry": "DE", "fraud": true}'
    assert str(refused(body)).split("; ") == [
        "id: it is given more than once",
        "ts: it is missing",
        "id: 2.5 is not a whole number",
        "amount: it is null, and the contract does not allow that",
        "online: 0 is a number, not true or false",
        "country: it is missing",
        "contry: the contract knows no such column",
        "did you mean 'country'?",
        "fraud: it is the label, which is what the model predicts",
        "leave it out",
    ]


def test_a_nullable_column_must_still_be_sent() -> None:
    body = json.dumps({name: value for name, value in ROW.items() if name != "items"}).encode()
    (problem,) = refused(body).problems
    assert problem.rule is Rule.MISSING
    assert problem.problem == "it is missing; send null if it is not known"


def test_a_key_that_is_written_twice_is_refused_even_with_the_same_value() -> None:
    (problem,) = refused(raw()[:-1] + b', "amount": 12.5}').problems
    assert (problem.column, problem.rule) == ("amount", Rule.DUPLICATE)


def test_a_text_with_quotes_is_no_second_key() -> None:
    row = accepted(raw(country='a "quoted" name'))
    assert row.inputs["country"] == 'a "quoted" name'


def test_a_value_that_was_not_seen_before_is_noted_and_answered() -> None:
    row = accepted(raw(amount=100.5, country="IT"))
    assert row.notes == (
        "amount: 100.5 is above 100.0 (seen 0 to 100)",
        "country: 'IT' is not among the 2 known values",
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "Expecting value (character 1)"),
        (b"[1, 2]", "it is a list"),
        (b'"text"', "it is 'text'"),
        (b'{"amount": 1', "Expecting"),
        (b"\xff\xfe", "byte 1 is not UTF-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"amount": ' + b"9" * 10_000 + b"}", "a number has too many digits"),
        (b"{} {}", "Extra data"),
    ],
)
def test_what_is_no_row_is_refused(body: bytes, said: str) -> None:
    (problem,) = refused(body).problems
    assert (problem.column, problem.rule) == ("", Rule.UNREADABLE)
    assert said in problem.problem


def test_shown_values_are_short_and_harmless() -> None:
    said = str(refused(raw(amount="\x1b[31m" + "x" * 10_000)))
    assert "\x1b" not in said
    assert len(said) < 120
    assert "(10,005 characters)" in said
    stranger = str(refused(raw(**{"\x1b[31m" + "y" * 10_000: 1})))
    assert "\x1b" not in stranger
    assert len(stranger) < 200


def test_a_text_over_the_limit_is_refused() -> None:
    assert accepted(raw(country="x" * TEXT_MAX)).notes
    assert refused(raw(country="x" * (TEXT_MAX + 1))).problems[0].rule is Rule.IMPOSSIBLE


def test_a_refusal_names_a_hundred_problems_and_counts_the_rest() -> None:
    problems = refused(raw(**{f"column_{i}": i for i in range(1_000)})).problems
    assert len(problems) == 101
    assert str(problems[-1]) == "and 900 more problems"


def test_rows_are_judged_one_by_one() -> None:
    good, bad = CHECKER.rows(b"[" + raw() + b"," + raw(amount=None) + b"]")  # type: ignore[misc]
    assert isinstance(good, CheckedRow)
    assert isinstance(bad, Refusal)
    assert CHECKER.rows(b"[]") == ()
    whole = CHECKER.rows(raw())
    assert isinstance(whole, Refusal)
    assert "not a JSON array of rows: it is an object" in str(whole)


def test_values_of_another_protocol_are_held_to_the_same_rules() -> None:
    assert CHECKER.mapping(ROW) == CHECKER.row(raw())
    assert CHECKER.mapping(ROW | {"amount": "1"}) == CHECKER.row(raw(amount="1"))


def test_a_column_with_a_strange_name_is_served() -> None:
    contract = Contract(
        time='the "time"\n',
        label="y",
        columns=(
            Column(name='the "time"\n', type=ColumnType.TIME),
            Column(name="class", type=ColumnType.FLOAT),
            Column(name="y", type=ColumnType.FLOAT),
        ),
    )
    row = RowChecker(contract).row(json.dumps({'the "time"\n': "2026-03-01T14:30:00Z", "class": 1}).encode())
    assert isinstance(row, CheckedRow)
    assert row.values == (AT, 1.0)


def test_a_key_is_the_text_that_labels_name() -> None:
    columns = (Column(name="ts", type=ColumnType.TIME), Column(name="y", type=ColumnType.FLOAT))
    row = RowChecker(Contract(time="ts", key="ts", label="y", columns=columns)).row(b'{"ts": "2026-03-01 15:30+01:00"}')
    assert isinstance(row, CheckedRow)
    assert row.key == "2026-03-01T14:30:00Z"
    assert row.inputs == {"ts": "2026-03-01 15:30+01:00"}


def test_a_null_key_is_no_key() -> None:
    columns = (
        Column(name="ts", type=ColumnType.TIME),
        Column(name="k", type=ColumnType.TEXT, nullable=True),
        Column(name="y", type=ColumnType.FLOAT),
    )
    checker = RowChecker(Contract(time="ts", key="k", label="y", columns=columns))
    row = checker.row(b'{"ts": "2026-03-01T14:30:00Z", "k": null}')
    assert isinstance(row, CheckedRow)
    assert row.key is None


def test_a_naive_time_is_read_in_the_zone_that_the_contract_names() -> None:
    columns = (Column(name="ts", type=ColumnType.TIME), Column(name="y", type=ColumnType.FLOAT))
    row = RowChecker(Contract(time="ts", label="y", zone="Europe/Berlin", columns=columns)).row(
        b'{"ts": "2026-03-01T15:30:00"}'
    )
    assert isinstance(row, CheckedRow)
    assert row.event_time == AT


RULES = Contract(
    time="ts",
    label="fraud",
    unexpected=Severity.NOTE,
    columns=(
        Column(name="ts", type=ColumnType.TIME, range=Range(minimum=AT, maximum=None, outside=Severity.QUARANTINE)),
        Column(name="iban", type=ColumnType.TEXT, pattern=Pattern(matches=r"^[A-Z]{2}\d+$", outside=Severity.REFUSE)),
        Column(name="note", type=ColumnType.TEXT, nullable=True, length=Length(minimum=1, maximum=5, because="a word")),
        Column(name="pin", type=ColumnType.INTEGER, range=Range(minimum=0, maximum=9), sensitive=True),
        Column(name="kind", type=ColumnType.TEXT, values=Values(allowed=("a",), share=0.1, outside=Severity.REFUSE)),
        Column(name="fraud", type=ColumnType.BOOLEAN),
    ),
    conditions=(
        Condition(name="long", when="kind == 'b'", then="len(iban) > 9", outside=Severity.REFUSE, because="the bank's"),
        Condition(then="pin != 5"),
        Condition(then="fraud or pin < 3", outside=Severity.REFUSE),
    ),
)
RIGHT = {"ts": "2026-03-01T14:30:00Z", "iban": "DE12", "note": "hello", "pin": 4, "kind": "a"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ts": "2026-03-01T14:29:59Z"}, "ts: 2026-03-01T14:29:59Z is below 2026-03-01T14:30:00Z"),
        ({"iban": "de12"}, r"iban: 'de12' is not of the pattern '^[A-Z]{2}\\d+$'"),
        ({"kind": "b"}, "it is against long (len(iban) > 9 where kind == 'b') (the bank's)"),
        ({"pin": "1234"}, "pin: it is no integer; it is not shown"),
        ({"pin": None}, "pin: it is null, and the contract does not allow that"),
    ],
)
def test_a_row_that_breaks_a_rule_gets_no_answer(changes: dict[str, object], said: str) -> None:
    assert str(RowChecker(RULES).row(json.dumps(RIGHT | changes).encode())) == said


@pytest.mark.parametrize(
    ("changes", "noted"),
    [
        ({}, ()),
        ({"note": None}, ()),
        ({"note": "hello!"}, ("note: 'hello!' has 6 characters, not 1 to 5 (a word)",)),
        ({"pin": 10}, ("pin: a value that is not shown is above 9",)),
        ({"pin": 5}, ("condition: it is against pin != 5",)),
        ({"kind": "c"}, ("kind: 'c' is not among the 1 known value",)),
        ({"knd": 1}, ("unexpected: the contract knows no such column; did you mean 'kind'?: knd",)),
    ],
)
def test_what_is_only_noted_or_tolerated_in_a_share_of_rows_is_answered(
    changes: dict[str, object], noted: tuple[str, ...]
) -> None:
    row = RowChecker(RULES).row(json.dumps(RIGHT | changes).encode())
    assert isinstance(row, CheckedRow), str(row)
    assert row.notes == noted
    assert list(row.inputs) == list(RIGHT)


def test_a_contract_without_a_time_serves_nobody() -> None:
    with pytest.raises(ContractError, match="does not say which column is the time, and a model cannot be served"):
        RowChecker(Contract(columns=(Column(name="x", type=ColumnType.FLOAT),)))
