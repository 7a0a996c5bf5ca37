"""Trimtab's verdict on a suite's contract and Great Expectations' own on the suite, on the same faulty tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

from tests.integration.exchange.faulty_batches import Expectation, batch
from trimtab.base.verdict import Verdict
from trimtab.data.check import check_scan
from trimtab.data.columns import natural_type
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.kinds import ColumnType, Rule, Severity
from trimtab.data.scan import TableScan
from trimtab.data.schema import Column, Contract
from trimtab.data.violation import Violation
from trimtab.drivers.great_expectations import read_suite, run_suite, write_suite

gx = pytest.importorskip("great_expectations", reason="needs Great Expectations: install the extra great-expectations")

BATCHES = 200
EXPECTATIONS = 6
# Rows that repeat an earlier one here, all rows of a repeated value there; and rows here, different values there.
COUNTED_OTHERWISE = {
    "expect_column_values_to_be_unique",
    "expect_compound_columns_to_be_unique",
    "expect_column_distinct_values_to_be_in_set",
}

Told = dict[str, Any]


@pytest.fixture(scope="module")
def definition() -> Iterator[Any]:
    """A batch definition in an ephemeral context, without events and bars."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GX_ANALYTICS_ENABLED", "false")
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_pandas("tables")
        yield source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("whole")


def told_by_great_expectations(definition: Any, table: pl.DataFrame, expectations: list[Expectation]) -> list[Told]:
    marked = [{**expectation, "meta": {"place": place}} for place, expectation in enumerate(expectations)]
    frame = table.with_columns(pl.col("ts").cast(pl.Datetime("ns"))).to_pandas()
    suite = gx.ExpectationSuite(name="drawn", expectations=marked)
    checked = definition.get_batch({"dataframe": frame}).validate(suite, result_format="BASIC").to_json_dict()
    found = {result["expectation_config"]["meta"]["place"]: result for result in checked["results"]}
    return [found[place] for place in range(len(expectations))]


def found_by_trimtab(table: pl.DataFrame, expectation: Expectation) -> tuple[list[Violation], list[str]]:
    types = {name: kind for name, dtype in table.schema.items() if (kind := natural_type(dtype)) is not None}
    carried = read_suite(json.dumps({"expectations": [expectation]}), types=types)
    violations = check_scan(TableScan(table), carried.contract).violations
    return [found for found in violations if found.rule is not Rule.UNEXPECTED], [left.what for left in carried.left]


def without_mostly(expectation: Expectation) -> Expectation:
    kwargs = {key: value for key, value in expectation["kwargs"].items() if key != "mostly"}
    return {**expectation, "kwargs": kwargs}


def cannot_be_compared(table: pl.DataFrame, expectation: Expectation) -> bool:
    """Where Great Expectations' answer is not about the values: two forms are known, and docs/exchange.md names them.

    The least or greatest of a column of nulls is none, and is not between anything; and pairs among rows that a row
    condition picks are matched with the wrong rows (or raise), since they are numbered anew.
    """
    kind, kwargs = expectation["type"], expectation["kwargs"]
    if kind in ("expect_column_min_to_be_between", "expect_column_max_to_be_between"):
        return bool(table[kwargs["column"]].null_count() == table.height)
    return kind == "expect_column_pair_values_to_be_in_set" and "row_condition" in kwargs


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("first", range(0, BATCHES, 50))
def test_success_and_unexpected_counts_are_those_of_great_expectations(definition: Any, first: int) -> None:
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    for seed in range(first, first + 50):
        drawn = batch(seed, EXPECTATIONS)
        told = told_by_great_expectations(definition, drawn.table, drawn.expectations)
        for expectation, theirs in zip(drawn.expectations, told, strict=True):
            if not cannot_be_compared(drawn.table, expectation):
                wrong += [f"batch {seed}: {said}" for said in differences(drawn.table, expectation, theirs)]
                seen["passed" if theirs["success"] else "failed"] += 1
    assert wrong == []
    assert min(seen["failed"], seen["passed"]) > 50, "batches with too few faults, or with nothing else"


def differences(table: pl.DataFrame, expectation: Expectation, theirs: Told) -> Iterator[str]:
    """What Trimtab says otherwise than Great Expectations of one expectation."""
    ours, left = found_by_trimtab(table, expectation)
    said = f"{json.dumps(expectation)}: success {theirs['success']}, {theirs['result']}; here {list(map(str, ours))}"
    if any(what.startswith("expect_") for what in left):
        yield f"{said} is not carried over"
    fails = any(found.severity is Severity.REFUSE for found in ours)
    if fails is theirs["success"]:
        yield said
    count = theirs["result"].get("unexpected_count")
    if count is not None and expectation["type"] not in COUNTED_OTHERWISE:
        strict, _ = found_by_trimtab(table, without_mostly(expectation))
        if sum(found.count for found in strict) != count:
            yield f"{said} counts {sum(found.count for found in strict)} rows, not {count}"


@pytest.mark.parametrize("first", range(0, BATCHES, 50))
def test_each_expectation_comes_back_from_the_contract_that_was_made_of_it(first: int) -> None:
    for seed in range(first, first + 50):
        drawn = batch(seed)
        types = {name: natural_type(dtype) for name, dtype in drawn.table.schema.items()}
        for expectation in drawn.expectations:
            known = {name: kind for name, kind in types.items() if kind is not None}
            contract = read_suite(json.dumps({"expectations": [expectation]}), types=known).contract
            text, left = write_suite(contract, "back")
            assert (read_suite(text).contract, left) == (contract, ()), expectation
            assert parse_contract(format_contract(contract)) == contract, expectation


@pytest.mark.filterwarnings("ignore")
def test_great_expectations_takes_a_suite_that_was_written_and_says_of_it_what_the_contract_says() -> None:
    verdicts = Counter[bool]()
    for seed in range(300, 340):
        drawn = batch(seed, 1)
        types = {name: kind for name, dtype in drawn.table.schema.items() if (kind := natural_type(dtype)) is not None}
        carried = read_suite(json.dumps({"expectations": drawn.expectations}), types=types)
        if any(cannot_be_compared(drawn.table, asked) for asked in drawn.expectations):
            continue
        names = [column.name for column in carried.contract.columns]
        text, _ = write_suite(carried.contract, "written")
        kept = check_scan(TableScan(drawn.table.select(names)), carried.contract).verdict is Verdict.PASS
        assert (run_suite(drawn.table.select(names), text).violations == ()) is kept, (seed, drawn.expectations)
        verdicts[kept] += 1
    assert min(verdicts[True], verdicts[False]) >= 3


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_columns_of_every_type_with_and_without_nulls_keep_the_suite_that_was_written(zone: str | None) -> None:
    table = pl.DataFrame(
        {
            "integer": [1, 2], "float": [0.5, 1.0], "boolean": [True, False], "text": ["a", "b"],
            "time": pl.Series([0, 1]).cast(pl.Datetime("us", None if zone else "UTC")),
        }
    )  # fmt: skip
    gaps = table.with_columns(pl.all().shift(1).name.suffix(" or null"))
    columns = [
        Column(name=f"{kind}{end}", type=kind, nullable=bool(end)) for kind in ColumnType for end in ("", " or null")
    ]
    text, left = write_suite(Contract(columns=tuple(columns), zone=zone), "types")
    assert left == ()
    assert list(map(str, run_suite(gaps, text).violations)) == []
    swapped = gaps.rename({"text": "integer", "integer": "text", "boolean": "float", "float": "boolean"})
    assert {violation.column for violation in run_suite(swapped, text).violations} == {
        "text", "integer", "boolean", "float",
    }  # fmt: skip
