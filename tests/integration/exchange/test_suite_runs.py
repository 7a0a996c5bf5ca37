"""Great Expectations itself, run on a table: what it finds is a report like our own check's, and nothing is left."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import polars as pl
import pytest

from trimtab.base.verdict import Verdict
from trimtab.data.kinds import Rule, Severity
from trimtab.data.violation import Example
from trimtab.drivers.great_expectations import run_suite
from trimtab.drivers.great_expectations.suite import SuiteError

pytest.importorskip("great_expectations", reason="needs Great Expectations: install the extra great-expectations")

TABLE = pl.DataFrame(
    {"x": [1.0, 20.0, None, 30.0, 20.0], "s": ["a", "b", "c", "zz", "a"], "t": pl.Series(range(5)).cast(pl.Date)}
)


def suite(*expectations: tuple[str, dict[str, object], str]) -> str:
    listed = [{"type": kind, "kwargs": kwargs, "severity": severity} for kind, kwargs, severity in expectations]
    return json.dumps({"name": "s", "expectations": listed, "meta": {}})


def test_each_expectation_that_is_not_met_is_a_violation_with_count_and_examples() -> None:
    text = suite(
        ("expect_column_values_to_be_between", {"column": "x", "max_value": 10}, "critical"),
        ("expect_column_values_to_be_in_set", {"column": "s", "value_set": ["a", "b", "c"]}, "info"),
        ("expect_column_mean_to_be_between", {"column": "x", "max_value": 5}, "warning"),
        ("expect_column_values_to_not_be_null", {"column": "gone"}, "critical"),
        ("expect_column_values_to_be_between", {"column": "t", "min_value": "1970-01-01T00:00:00"}, "critical"),
        ("expect_table_row_count_to_equal", {"value": 5}, "critical"),
    )
    report = run_suite(TABLE, text)
    assert (report.rows, report.rules, report.verdict) == (5, 6, Verdict.FAIL)
    found = {(violation.column, violation.rule): violation for violation in report.violations}
    assert set(found) == {("x", Rule.RANGE), ("s", Rule.VALUES), ("x", Rule.CONDITION), ("gone", Rule.NULL)}
    between = found["x", Rule.RANGE]
    assert (between.severity, between.count, between.share) == (Severity.REFUSE, 3, 0.6)
    assert between.examples == (Example(row=1, value=20.0), Example(row=3, value=30.0))
    assert between.problem.startswith("3 values of 5 against expect_column_values_to_be_between(max_value = 10")
    assert found["s", Rule.VALUES].severity is Severity.NOTE
    assert found["s", Rule.VALUES].examples == (Example(row=3, value="zz"),)
    assert found["x", Rule.CONDITION].severity is Severity.QUARANTINE
    assert "is not met; it is 17.75" in found["x", Rule.CONDITION].problem
    assert 'could not be asked: Error: The column "gone"' in found["gone", Rule.NULL].problem
    assert [violation.severity for violation in report.violations][:2] == [Severity.REFUSE, Severity.REFUSE]


def test_nothing_that_names_a_hidden_column_shows_a_value_of_the_table() -> None:
    table = TABLE.with_columns(pl.Series("secret", ["s3cr3t", "s3cr3t", "b", "c", None]))
    text = suite(
        ("expect_column_values_to_be_in_set", {"column": "secret", "value_set": ["b", "c"]}, "critical"),
        ("expect_column_distinct_values_to_equal_set", {"column": "secret", "value_set": ["b"]}, "critical"),
        ("expect_column_most_common_value_to_be_in_set", {"column": "secret", "value_set": ["b"]}, "critical"),
        ("expect_column_pair_values_to_be_equal", {"column_A": "s", "column_B": "secret"}, "critical"),
        ("expect_compound_columns_to_be_unique", {"column_list": ["secret", "missing"]}, "critical"),
        ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["secret", "s"]}, "critical"),
        ("expect_column_values_to_be_between", {"column": "x", "max_value": 10}, "critical"),
    )
    assert "s3cr3t" in str(run_suite(table, text))
    report = run_suite(table, text, hidden={"secret"})
    assert "s3cr3t" not in str(report)
    assert len(report.violations) >= 5
    listed = next(found for found in report.violations if "values_to_be_in_set" in found.problem)
    assert [(one.row, one.value) for one in listed.examples] == [(0, "hidden"), (1, "hidden")]
    assert any("it is hidden" in found.problem for found in report.violations)
    between = next(violation for violation in report.violations if violation.column == "x")
    assert between.examples == (Example(row=1, value=20.0), Example(row=3, value=30.0))


def test_a_run_leaves_no_file_no_setting_and_no_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before, level = dict(os.environ), logging.getLogger("great_expectations").level
    run_suite(TABLE, suite(("expect_column_to_exist", {"column": "x"}, "critical")))
    assert list(tmp_path.rglob("*")) == []
    assert dict(os.environ) == before
    assert logging.getLogger("great_expectations").level == level
    assert capfd.readouterr() == ("", "")


def test_a_suite_that_great_expectations_refuses_is_an_error_of_the_input() -> None:
    with pytest.raises(SuiteError, match="Great Expectations refuses the suite"):
        run_suite(TABLE, suite(("expect_column_values_to_be_between", {"column": 7, "min_value": []}, "critical")))
