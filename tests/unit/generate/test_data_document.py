"""The JSON document: complete, finite, and of values a person can read."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.unit.generate.data_reports import drifted, hostile, ordinary, wide
from trimtab.data.kinds import Severity
from trimtab.generate.data_document import SCHEMA, to_document
from trimtab.generate.data_report import DataReport


def read(report: DataReport) -> dict[str, Any]:
    return dict(json.loads(json.dumps(to_document(report), allow_nan=False)))


@pytest.mark.parametrize("make", [ordinary, hostile, lambda: wide(50), lambda: DataReport(source="x")])
def test_it_is_json_without_nan(make: Any) -> None:
    assert read(make())["schema"] == SCHEMA


def test_every_finding_has_its_column_kind_size_and_words() -> None:
    found = read(ordinary())["findings"]
    rules = [one for one in found if "rule" in one]
    drifts = [one for one in found if "statistic" in one]
    assert [(one["column"], one["rule"], one["severity"], one["count"]) for one in rules] == [
        ("age", "range", "refuse", 12), ("product", "values", "quarantine", 2), (None, "fresh", "note", 0),
    ]  # fmt: skip
    assert rules[0]["examples"][0] == {"row": 0, "value": 91}
    assert rules[0]["worst"] == [99, 97]
    assert {one["statistic"] for one in drifts if one["column"] == "age"} >= {"location", "shape"}
    assert all(one["words"] and one["verdict"] in ("FAIL", "UNSURE") and one["size"] is not None for one in drifts)


@pytest.mark.parametrize("severity", [Severity.NOTE, Severity.REFUSE])
def test_drift_has_the_severity_that_a_contract_gives_it(severity: Severity) -> None:
    found = [one for one in read(drifted(severity))["findings"] if "statistic" in one]
    told = {one["severity"] for one in found if one["column"] == "age" and one["verdict"] == "FAIL"}
    assert told == {severity.value}
    assert {one["severity"] for one in found if one["column"] != "age" and one["verdict"] == "FAIL"} <= {"note"}
    assert {one["severity"] for one in found if one["verdict"] == "UNSURE"} <= {None}


def test_without_a_contract_drift_refuses() -> None:
    found = read(msgspec.structs.replace(ordinary(), check=None))["findings"]
    assert {one["severity"] for one in found if one["verdict"] == "FAIL"} == {"refuse"}


def test_tolerances_and_every_effect_are_there() -> None:
    drift = read(ordinary())["drift"]
    assert drift["tolerances"]["location"] == [0.1]
    assert drift["columns"]["product"]["effects"]["share"]["verdict"] in ("PASS", "UNSURE")


def test_a_column_is_told_in_readable_figures() -> None:
    columns = read(ordinary())["profile"]["columns"]
    assert set(columns["age"]["quantiles"]) == {"0.05", "0.25", "0.5", "0.75", "0.95"}
    assert columns["at"]["minimum"] == "2026-03-01T00:00:00Z"
    assert columns["at"]["longest_gap"]["usual_microseconds"] == 60_000_000
    assert columns["product"]["distinct"] == 3
    assert columns["product"]["frequent"][0]["exact"] is True


def test_a_sensitive_column_gives_no_value_of_a_row() -> None:
    text = json.dumps(read(ordinary()))
    salary = read(ordinary())["profile"]["columns"]["salary"]
    assert salary["minimum"] is None
    assert salary["frequent"] == []
    assert '"DE' not in text


def test_a_number_beyond_a_float_is_null() -> None:
    read(wide(1))
    assert read(hostile())["verdict"] == "FAIL"
