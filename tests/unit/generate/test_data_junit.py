"""The JUnit document is one that CI systems read, whatever the names are."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import msgspec
import pytest

from tests.unit.generate.data_reports import drifted, hostile, ordinary, wide
from trimtab.base.verdict import Verdict
from trimtab.data.kinds import Rule, Severity
from trimtab.data.violation import Violation
from trimtab.generate.data_junit import junit
from trimtab.generate.data_report import DataReport

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out", "system-err"},
    "testcase": {"skipped", "error", "failure", "system-out", "system-err"},
    "failure": set(),
    "skipped": set(),
    "system-out": set(),
}
NEEDED = {
    "testsuites": set(),
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name", "classname"},
    "failure": {"type", "message"},
    "skipped": {"message"},
    "system-out": set(),
}
"""What the schema that Jenkins publishes (junit-10.xsd) asks of each element."""


@pytest.mark.parametrize("make", [ordinary, hostile, lambda: wide(20), lambda: DataReport(source="x", notes=("n",))])
def test_it_follows_the_common_schema_and_its_counts_are_right(make: Callable[[], DataReport]) -> None:
    root = ET.fromstring(junit(make()))
    assert root.tag == "testsuites"
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN[element.tag]
        assert set(element.keys()) >= NEEDED[element.tag]
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert suite.get("skipped") == str(len(suite.findall("testcase/skipped")))
        assert len(suite.findall("system-out")) <= 1
    assert root.get("failures") == str(len(root.findall("testsuite/testcase/failure")))


def case(report: DataReport, classname: str, name: str) -> ET.Element:
    root = ET.fromstring(junit(report))
    (found,) = [one for one in root.iter("testcase") if (one.get("classname"), one.get("name")) == (classname, name)]
    return found


def test_a_rule_that_refuses_fails_and_one_that_does_not_is_told() -> None:
    failure = case(ordinary(), "rules.age", "range").find("failure")
    assert failure is not None
    assert failure.get("message") == "12 values are above 90"
    assert "because nobody is" in str(failure.text)
    note = case(ordinary(), "rules.product", "values").find("system-out")
    assert note is not None
    assert "boat" in str(note.text)


def test_rules_of_the_contract_that_hold_are_passed_cases() -> None:
    assert list(case(ordinary(), "rules.age", "type")) == []
    assert list(case(ordinary(), "rules.iban", "null")) == []


def test_drift_fails_and_what_cannot_be_told_is_skipped_with_what_it_needs() -> None:
    alone = msgspec.structs.replace(ordinary(), check=None, contract=None)
    assert case(alone, "drift.age", "location").find("failure") is not None
    skipped = case(wide(1, verdict=Verdict.UNSURE), "drift.sensor_00000", "location").find("skipped")
    assert skipped is not None
    assert "needs about 40 more rows" in str(skipped.get("message"))


@pytest.mark.parametrize("severity", [Severity.NOTE, Severity.REFUSE])
def test_drift_beside_a_contract_fails_where_that_refuses_it(severity: Severity) -> None:
    report = drifted(severity)
    found = case(report, "drift.age", "location")
    assert (found.find("failure") is not None) is (report.verdict is Verdict.FAIL) is (severity is Severity.REFUSE)
    assert severity is Severity.REFUSE or str(found.findtext("system-out")).startswith("note: drifted: the mean")


def test_rules_of_a_missing_column_were_not_asked() -> None:
    report = ordinary()
    assert report.check is not None
    missing = Violation(
        column="iban", rule=Rule.MISSING, severity=Severity.REFUSE, count=4_000, share=1.0, problem="it is missing"
    )
    report = msgspec.structs.replace(report, check=msgspec.structs.replace(report.check, violations=(missing,)))
    assert case(report, "rules.iban", "missing").find("failure") is not None
    assert case(report, "rules.iban", "null").find("skipped") is not None
    assert list(case(report, "rules.age", "range")) == []


def test_notes_of_the_reader_are_output() -> None:
    assert "byte order mark" in str(ET.fromstring(junit(ordinary())).findtext("testsuite/system-out"))
