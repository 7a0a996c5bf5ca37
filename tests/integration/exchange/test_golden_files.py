"""Verdicts of Great Expectations 1.24.1 and TFDV 1.16.1 that were recorded, and those of the contracts made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from trimtab.base.verdict import Verdict
from trimtab.data.check import check_scan
from trimtab.data.columns import natural_type
from trimtab.data.drift import Judging, compare
from trimtab.data.kinds import Rule, Severity
from trimtab.data.profiler import profile_frame
from trimtab.data.scan import TableScan
from trimtab.drivers.great_expectations import read_suite

PEERS = Path(__file__).resolve().parents[2] / "data" / "peers"
# Statistics that a contract has no rule for: docs/exchange.md names them.
LEFT = {
    "expect_column_mean_to_be_between",
    "expect_column_stdev_to_be_between",
    "expect_column_quantile_values_to_be_between",
    "expect_column_proportion_of_unique_values_to_be_between",
}


def table(name: str) -> pl.DataFrame:
    return pl.read_parquet(PEERS / f"{name}.parquet")


def kept(rows: pl.DataFrame, expectations: list[dict[str, Any]]) -> tuple[bool, int, set[str]]:
    """Whether a table keeps the contract of a suite, the rows that do not, and what is left out of it."""
    named = any({"column", "column_set"} & {*expectation["kwargs"]} for expectation in expectations)
    schema = (table("train") if named else rows).schema
    types = {name: kind for name, dtype in schema.items() if (kind := natural_type(dtype)) is not None}
    carried = read_suite(json.dumps({"expectations": expectations}), types=types)
    broken = check_scan(TableScan(rows), carried.contract).violations
    refused = [found for found in broken if found.severity is Severity.REFUSE]
    return not refused, sum(found.count for found in refused), {left.what for left in carried.left}


@pytest.mark.parametrize("name", ["train", "late", "bad"])
def test_each_expectation_is_met_here_where_great_expectations_recorded_success(name: str) -> None:
    rows, results = table(name), json.loads((PEERS / f"gx_{name}_result.json").read_text())
    compared = 0
    for result in results:
        asked = [{"type": result["type"], "kwargs": result["kwargs"]}]
        met, count, left = kept(rows, asked)
        if result["type"] in LEFT:
            assert result["type"] in left
            continue
        compared += 1
        assert met is result["success"], result
        if "unexpected_count" in result["result"]:
            assert count == result["result"]["unexpected_count"], result
    assert compared == 19


@pytest.mark.parametrize("name", ["train", "late", "bad"])
def test_the_whole_suite_fails_exactly_where_an_expectation_that_is_carried_over_failed(name: str) -> None:
    suite = json.loads((PEERS / "gx_suite.json").read_text())
    results = json.loads((PEERS / f"gx_{name}_result.json").read_text())
    met, _, left = kept(table(name), suite["expectations"])
    assert met is all(result["success"] for result in results if result["type"] not in LEFT)
    assert left >= LEFT


@pytest.mark.parametrize("name", ["late", "bad"])
def test_the_same_columns_have_the_same_kinds_of_anomaly_as_in_tfdv(name: str) -> None:
    pytest.importorskip("tensorflow_metadata", reason="needs tensorflow-metadata: install the extra tfdv")
    from trimtab.drivers.tfdv import read_anomalies, read_tfdv_schema

    contract = read_tfdv_schema((PEERS / "tfdv_schema.pbtxt").read_text()).contract
    rows = table(name)
    found: dict[str, set[Rule | str]] = {}
    for violation in check_scan(TableScan(rows), contract).violations:
        found.setdefault(violation.column, set()).add(violation.rule)
    limits = {column.name: column.drift for column in contract.columns if column.drift is not None}
    judging = Judging(limits=contract.drift, columns=limits)
    for column in compare(profile_frame(table("train")), profile_frame(rows), judging).columns:
        # A column that is missing, new or of another type is told by the check already.
        if column.verdict is Verdict.FAIL and column.strongest.statistic.value != "column":
            found.setdefault(column.column, set()).add(Rule.DRIFT)
    assert found == read_anomalies((PEERS / f"tfdv_{name}_anomalies.pbtxt").read_text())
