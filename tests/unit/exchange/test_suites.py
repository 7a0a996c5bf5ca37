"""Suites of Great Expectations and contracts, there and back; what is not carried over is named."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.data.check import check_table
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.contract_diff import diff_contracts
from trimtab.data.kinds import ColumnType, Direction, Of, Severity
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
from trimtab.drivers.great_expectations import read_suite, write_suite
from trimtab.drivers.great_expectations.expectations import EXPECTATIONS, Support
from trimtab.drivers.great_expectations.suite import SuiteError
from trimtab.drivers.great_expectations.suite_reader import READERS

REFUSE = Severity.REFUSE


def of(kind: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{kind}", "kwargs": kwargs, "severity": severity}


def suite(*expectations: dict[str, Any]) -> str:
    return json.dumps({"name": "s", "expectations": expectations, "meta": {}})


def comparison(name: str, operator: str, parameter: Any) -> dict[str, Any]:
    return {"type": "comparison", "column": {"name": name}, "operator": operator, "parameter": parameter}


WIDE = suite(
    of("table_row_count_to_be_between", min_value=10, max_value=99),
    of("column_values_to_be_in_type_list", column="amount", type_list=["float32", "float64"]),
    of("column_values_to_not_be_null", column="amount"),
    of("column_values_to_be_between", column="amount", min_value=0.0, max_value=9.5, mostly=0.99),
    of("column_values_to_be_between", column="amount", min_value=0.0, strict_min=True),
    of("column_values_to_be_in_set", "warning", column="country", value_set=["DE", "FR"]),
    of("column_values_to_not_be_in_set", column="country", value_set=["XX"]),
    of("column_values_to_match_regex", "info", column="country", regex="^[A-Z]{2}$"),
    of("column_values_to_not_match_regex", column="word", regex="[0-9]"),
    of("column_value_lengths_to_be_between", column="word", min_value=1, max_value=20),
    of("column_values_to_not_be_null", column="word", mostly=0.9),
    of("column_values_to_be_null", column="word", row_condition=comparison("amount", ">", 5.0)),
    of("column_values_to_be_unique", column="id"),
    of("column_values_to_be_in_set", column="id", value_set=[1, 2, 3]),
    of("column_values_to_be_increasing", column="id", strictly=True),
    of("compound_columns_to_be_unique", column_list=["id", "country"], ignore_row_if="any_value_is_missing"),
    of("column_values_to_be_between", column="low", min_value=0.0, max_value=1.0),
    of("column_values_to_be_between", column="ts", min_value="2026-01-01T00:00:00Z"),
    of("column_values_to_be_in_set", column="flag", value_set=[True, False]),
    of("column_pair_values_a_to_be_greater_than_b", column_A="amount", column_B="low", or_equal=True),
    of("column_pair_values_to_be_equal", column_A="amount", column_B="low", ignore_row_if="neither"),
    of(
        "column_pair_values_to_be_in_set",
        column_A="country",
        column_B="word",
        value_pairs_set=[["DE", "ja"], ["FR", "oui"]],
        ignore_row_if="either_value_is_missing",
    ),
    of("multicolumn_sum_to_equal", column_list=["amount", "low"], sum_total=10.0),
    of("multicolumn_values_to_be_equal", column_list=["amount", "low"], ignore_row_if="any_value_is_missing"),
    of("multicolumn_values_to_be_equal", column_list=["amount", "low", "id"], ignore_row_if="any_value_is_missing"),
    of(
        "select_column_values_to_be_unique_within_record",
        column_list=["amount", "low", "id"],
        ignore_row_if="any_value_is_missing",
    ),
)  # fmt: skip


def test_a_suite_becomes_a_contract_and_the_suite_of_that_the_same_contract() -> None:
    first = read_suite(WIDE)
    text, left = write_suite(first.contract, "s")
    assert left == ()
    assert read_suite(text).contract == first.contract
    assert parse_contract(format_contract(first.contract)) == first.contract
    assert not [out for out in first.left if out.what.startswith("expect_")]


def test_what_is_supported_comes_back_as_the_same_expectations() -> None:
    text, _ = write_suite(read_suite(WIDE).contract, "s")
    written = [(entry["type"], entry["kwargs"], entry["severity"]) for entry in json.loads(text)["expectations"]]
    for entry in json.loads(WIDE)["expectations"]:
        if entry["type"] == "expect_column_values_to_be_in_type_list":
            continue  # all widths of the type
        if entry["kwargs"].get("column_list") == ["amount", "low"] and "sum_total" not in entry["kwargs"]:
            entry = of("column_pair_values_to_be_equal", column_A="amount", column_B="low", ignore_row_if="either_value_is_missing")  # fmt: skip  # noqa: E501, PLW2901
        if "column_A" in entry["kwargs"]:
            entry["kwargs"].setdefault("ignore_row_if", "both_values_are_missing")
        if entry["type"] == "expect_multicolumn_sum_to_equal":
            entry["kwargs"]["ignore_row_if"] = "all_values_are_missing"
        assert (entry["type"], entry["kwargs"], entry["severity"]) in written


def test_a_contract_with_all_rules_comes_back_from_its_suite_but_for_what_is_named() -> None:
    contract = Contract(
        columns=(
            Column(
                name="amount",
                type=ColumnType.FLOAT,
                nullable=True,
                nulls=Nulls(share=0.02, because="late bookings"),
                range=Range(minimum=0.0, maximum=None, share=0.01, outside=REFUSE, because="no refunds here"),
            ),
            Column(name="tries", type=ColumnType.INTEGER, nullable=True, values=Values(allowed=(1, 2, 3))),
            Column(
                name="iban",
                type=ColumnType.TEXT,
                pattern=Pattern(matches="^[A-Z]{2}", outside=Severity.QUARANTINE),
                length=Length(minimum=15, maximum=34),
                because="the bank's own",
            ),
            Column(name="ts", type=ColumnType.TIME, order=Order(direction=Direction.DECREASING)),
            Column(name="ok", type=ColumnType.BOOLEAN, sensitive=True),
        ),
        time="ts",
        zone="UTC",
        rows=RowCount(minimum=1, maximum=None),
        fresh=Freshness(within=3_600_000_000),
        unique=(Unique(columns=("iban",)), Unique(columns=("iban", "ts"))),
        conditions=(
            Condition(then="amount > 0.0", when="tries in [1, 2]", because="first tries"),
            Condition(then="ok == true or amount < 5.0", outside=REFUSE),
        ),
    )
    text, left = write_suite(contract, "payments")
    assert {(out.what, out.column) for out in left} == {
        ("time", ""), ("fresh", ""), ("sensitive", "ok"), ("condition", ""), ("share of range", "amount"),
    }  # fmt: skip
    back = read_suite(text).contract
    assert back.columns[:4] == contract.columns[:4]
    assert (back.rows, back.unique, back.unexpected) == (contract.rows, contract.unique, contract.unexpected)
    assert back.conditions == contract.conditions[:1]


@pytest.mark.parametrize(
    ("condition", "parser", "when"),
    [
        (comparison("country", "==", "DE"), None, "country == 'DE'"),
        (comparison("tx id", "!=", 5), None, "(col('tx id') is null or col('tx id') != 5)"),
        (comparison("n", "NOT_IN", [1, 2]), None, "(n is null or n not in [1, 2])"),
        ({"type": "nullity", "column": {"name": "n"}, "is_null": False}, None, "n is not null"),
        ("n > 3 and `tx id` == 1", "pandas", "(n > 3 and col('tx id') == 1)"),
        ("3 < n", "pandas", "n > 3"),
        ('col("n").notNull()', "great_expectations", "n is not null"),
        ('col("n") != 3', "great_expectations", "n != 3"),
    ],
)
def test_a_row_condition_becomes_a_when_with_the_nulls_that_it_means(condition: Any, parser: Any, when: str) -> None:
    asked = of("column_values_to_be_in_set", column="word", value_set=["a"], row_condition=condition)
    if parser is not None:
        asked["kwargs"]["condition_parser"] = parser
    types = {"n": ColumnType.INTEGER, "tx id": ColumnType.INTEGER, "country": ColumnType.TEXT}
    more = [of("column_values_to_be_in_set", column=name, value_set=[1]) for name in ("n", "tx id")]
    conditions = read_suite(suite(asked, *more), types=types).contract.conditions
    assert [rule.when for rule in conditions] == [when]


@pytest.mark.parametrize(
    ("expectation", "why"),
    [
        (of("column_mean_to_be_between", column="x", min_value=0), "no limit for a mean"),
        (of("column_values_to_be_prime", column="x"), "none of Great Expectations' own"),
        (of("column_values_to_not_be_null", column="y"), "nothing says the type of 'y'"),
        (of("column_values_to_be_between", column="x", min_value={"$PARAMETER": "low"}), "its min_value is given when"),
        (of("column_values_to_be_unique", column="x", mostly=0.9), "asked of all rows"),
        (of("column_values_to_be_in_set", column="x", value_set=[]), "holds no values"),
        (
            of("column_values_to_be_null", column="x", row_condition="a + 1 > 2", condition_parser="pandas"),
            "does more than compare",
        ),
        (of("column_values_to_match_regex", column="x", regex="a"), "only text has a pattern"),
        (
            of("column_pair_values_to_be_in_set", column_A="x", column_B="x", value_pairs_set=[[None, 1]]),
            "a null in a pair",
        ),
    ],
)  # fmt: skip
def test_what_a_contract_cannot_say_is_left_out_by_name(expectation: dict[str, Any], why: str) -> None:
    kind = of("column_values_to_be_of_type", column="x", type_="float64")
    left = read_suite(suite(kind, expectation)).left
    assert any(out.what == expectation["type"] and why in out.why for out in left), left


def test_mostly_is_a_share_of_the_values_that_are_there() -> None:
    between = of("column_values_to_be_between", column="x", min_value=0.0, mostly=0.9)
    carried = read_suite(suite(between))
    limits = Range(minimum=0.0, maximum=None, share=0.1, of=Of.VALUES, outside=REFUSE)
    assert (carried.contract.columns[0].range, carried.left) == (limits, ())
    table = pl.DataFrame({"x": [-1.0, *[1.0] * 8, *[None] * 5]})  # one of nine that are there, of fourteen rows
    (found,) = check_table(table, carried.contract)
    assert found.problem == "1 value of 9 is outside the range 0.0 to any; up to 10% may be"
    text, left = write_suite(carried.contract, "back")
    assert (read_suite(text).contract, left) == (carried.contract, ())


@given(st.integers(1, 10**15 - 1))
def test_a_share_comes_back_as_it_was_and_is_written_without_noise(parts: int) -> None:
    share = parts / 10**15
    nulls = Nulls(share=share, outside=REFUSE)
    contract = Contract(columns=(Column(name="x", type=ColumnType.TEXT, nullable=True, nulls=nulls),))
    assert parse_contract(format_contract(contract)) == contract
    back = read_suite(write_suite(contract, "s")[0]).contract
    assert back.columns[0].nulls == nulls
    assert diff_contracts(contract, back) == ()


def test_a_share_in_per_cent_is_the_number_that_it_says() -> None:
    text = 'schema = "trimtab.contract/3"\n[columns.x]\ntype = "text"\nnullable = true\nnulls = { share = "4.4%" }\n'
    contract = parse_contract(text)
    assert contract.columns[0].nulls == Nulls(share=0.044)
    (written,) = [
        entry["kwargs"]["mostly"]
        for entry in json.loads(write_suite(contract, "s")[0])["expectations"]
        if "mostly" in entry["kwargs"]
    ]
    assert written == 0.956


def test_the_types_of_a_table_decide_over_what_a_suite_suggests() -> None:
    text = suite(of("column_values_to_be_in_set", column="x", value_set=[1, 2]))
    assert read_suite(text).contract.columns[0].type is ColumnType.INTEGER
    contract = read_suite(text, types={"x": ColumnType.FLOAT}).contract
    assert contract.columns[0].type is ColumnType.FLOAT
    assert contract.conditions[0].then == "x in [1.0, 2.0]"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{", "not JSON"),
        ("[]", "no list of expectations"),
        ('{"expectations": [{"expectation_type": "x", "kwargs": {}}]}', "before version 1"),
        ('{"expectations": [{"kwargs": {}}]}', "expectation 1 of the suite has no type"),
        ('{"expectations": [{"type": "x", "severity": "dire"}]}', "severity 'dire'"),
        ('{"expectations": [{"type": "x", "kwargs": {"mostly": 2}}]}', "mostly = 2"),
    ],
)
def test_a_text_that_is_no_suite_is_refused_with_a_sentence(text: str, match: str) -> None:
    with pytest.raises(SuiteError, match=match):
        read_suite(text)


def test_every_expectation_that_is_not_refused_has_a_reader_and_no_other_has() -> None:
    carried = {name for name, entry in EXPECTATIONS.items() if entry.support is not Support.REFUSED}
    assert set(READERS) == carried
    assert len(EXPECTATIONS) >= 40
