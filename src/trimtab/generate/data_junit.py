"""A report as JUnit XML, which every CI system shows: one test case for each rule of a column and each statistic.

A rule that refuses and a statistic that drifted is a failure; one that cannot be told yet is skipped with what it
needs, since it is no pass; a rule that is broken but only noted, or whose rows are set aside, says so and passes, and
so does drift beside a contract that only notes it: a file without failures is not one of exit code 1. The rules of
a column that is missing were not asked, and are skipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from trimtab.base.verdict import Verdict
from trimtab.data.differences import Effect
from trimtab.data.kinds import Rule, Severity
from trimtab.data.schema import Column, Contract
from trimtab.data.violation import Violation
from trimtab.data.wording import counted
from trimtab.generate import data_figures as written
from trimtab.generate.data_findings import broken_rules, refused_for_drift
from trimtab.generate.data_report import DataReport

Case = tuple[str, str]
"""A column (empty: the table) and a rule."""


def junit(report: DataReport) -> str:
    """The report as a JUnit document, with a suite for the rules and one for drift."""
    root = ET.Element("testsuites", name=_text(report.source))
    suites = []
    if report.check is not None:
        suites.append(_rules(root, report))
    if report.differences is not None:
        suites.append(_drift(root, report))
    if not suites:
        suites.append(_suite(root, "data"))
    if report.notes:
        ET.SubElement(suites[0], "system-out").text = _text("\n".join(report.notes))
    for suite in suites:
        _count(suite, [suite])
    _count(root, suites)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(root, "testsuite", name=name, time="0")


def _case(suite: ET.Element, about: str, name: str) -> ET.Element:
    classname = f"{suite.get('name')}.{written.name(about, 200) if about else '(table)'}"
    return ET.SubElement(suite, "testcase", classname=_text(classname), name=_text(name), time="0")


def _rules(root: ET.Element, report: DataReport) -> ET.Element:
    suite = _suite(root, "rules")
    found: dict[Case, list[Violation]] = {}
    for finding in broken_rules(report):
        if finding.violation is not None:
            about = finding.columns[0] if finding.columns else ""
            found.setdefault((about, finding.name), []).append(finding.violation)
    asked = list(_asked(report.contract)) if report.contract is not None else []
    missing = {about for about, rule in found if rule == Rule.MISSING.value}
    for about, rule in dict.fromkeys([*asked, *found]):
        case = _case(suite, about, rule)
        violations = found.get((about, rule), [])
        refused = [violation for violation in violations if violation.severity is Severity.REFUSE]
        if refused:
            failure = ET.SubElement(case, "failure", type=rule, message=_text(refused[0].problem))
            failure.text = _text("\n".join(map(_told, refused)))
        rest = [violation for violation in violations if violation.severity is not Severity.REFUSE]
        if rest:
            ET.SubElement(case, "system-out").text = _text("\n".join(map(_told, rest)))
        if about in missing and not violations:
            ET.SubElement(case, "skipped", message="the column is missing")
    if not len(suite):
        _case(suite, "", "all rules")
    return suite


def _told(violation: Violation) -> str:
    text = f"{violation.severity.value}: {violation.problem}"
    if violation.count:
        text += f"; {counted(violation.count, 'row')} ({written.share(violation.share)})"
    if violation.examples:
        text += f"; {', '.join(map(str, violation.examples))}"
    return text + (f"; because {violation.because}" if violation.because else "")


def _drift(root: ET.Element, report: DataReport) -> ET.Element:
    suite = _suite(root, "drift")
    differences = report.differences
    assert differences is not None, "asked by the caller"
    refusing = refused_for_drift(report)
    for column in differences.columns:
        noted = column.column not in refusing
        for effect in column.effects:
            _judged(_case(suite, column.column, effect.statistic.value), effect, noted=noted)
    for pair in differences.pairs:
        case = _case(suite, " and ".join(map(written.name, pair.columns)), pair.effect.statistic.value)
        _judged(case, pair.effect, noted=report.check is not None)
    return suite


def _judged(case: ET.Element, effect: Effect, *, noted: bool) -> None:
    """``noted``: the contract does not refuse a table for it."""
    words = _text(effect.words)
    size = written.of_effect(effect)
    if effect.verdict is Verdict.FAIL and noted:
        ET.SubElement(case, "system-out").text = (
            f"note: drifted: {words}; {size}" if size else f"note: drifted: {words}"
        )
    elif effect.verdict is Verdict.FAIL:
        failure = ET.SubElement(case, "failure", type=effect.statistic.value, message=words)
        failure.text = f"{words}; {size}" if size else words
    elif effect.verdict is Verdict.UNSURE:
        needs = f"; needs {effect.needs}" if effect.needs else ""
        ET.SubElement(case, "skipped", message=_text(f"cannot be told yet: {effect.words}{needs}"))
    else:
        ET.SubElement(case, "system-out").text = f"{words}; {size}" if size else words


def _asked(contract: Contract) -> Iterable[Case]:
    """The rules that a contract asks, as cases."""
    for column in contract.columns:
        for rule in _of_column(column):
            yield column.name, rule.value
    yield "", Rule.UNEXPECTED.value
    for rule, part in ((Rule.ROWS, contract.rows), (Rule.FRESH, contract.fresh), (Rule.UNIQUE, contract.unique)):
        if part:
            yield "", rule.value
    if contract.conditions:
        yield "", Rule.CONDITION.value


def _of_column(column: Column) -> Iterable[Rule]:
    yield Rule.TYPE
    if not column.nullable:
        yield Rule.NULL
    parts = {
        Rule.NULLS: column.nulls,
        Rule.RANGE: column.range,
        Rule.VALUES: column.values,
        Rule.PATTERN: column.pattern,
        Rule.LENGTH: column.length,
        Rule.ORDER: column.order,
    }
    yield from (rule for rule, part in parts.items() if part is not None)


def _count(element: ET.Element, suites: Iterable[ET.Element]) -> None:
    cases = [case for suite in suites for case in suite.iter("testcase")]
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    element.set("errors", "0")
    element.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))


def _text(text: str) -> str:
    """Text that XML may hold: control characters are escaped, line by line."""
    return "\n".join(written.one_line(line, 2_000) for line in text.split("\n"))
