"""A report as Markdown for a comment on a pull request: the verdict, the broken rules, what changed most.

GitHub refuses a comment beyond 65,536 characters, so this one stays below 60,000 bytes whatever the table is. Names and
values of the table cannot become markup, links, or mentions of people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from trimtab.base.verdict import Verdict
from trimtab.data.wording import counted
from trimtab.generate import data_figures as written
from trimtab.generate.data_findings import Finding, broken_rules, changes, drift_counts, pair_changes, sentence
from trimtab.generate.data_report import DataReport

BYTES_MAX: Final = 60_000
_TABLE_BYTES: Final = 16_000
_EXAMPLES: Final = 3
_ICONS: Final = {
    "PASS": "✅",
    "FAIL": "❌",
    "UNSURE": "❔",
    "refuse": "❌ refuse",
    "quarantine": "⚠️ quarantine",
    "note": "ℹ️ note",
}
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>#|~$&])")


def markdown(report: DataReport) -> str:
    """The report as GitHub-flavoured Markdown."""
    icon = _ICONS[report.verdict.value] if report.is_judged else "📄"
    parts = [f"### {icon} {plain(report.title or report.source)}{f': {report.verdict}' if report.is_judged else ''}"]
    parts.append(plain(sentence(report)))
    parts.append(plain(_facts(report)))
    broken = broken_rules(report)
    if broken:
        parts.append("#### Broken rules")
        parts.append(_table(("", "column", "rule", "rows", "what", "examples"), broken, _broken))
    found = (*changes(report), *pair_changes(report))
    if found:
        failed, unsure, passed = drift_counts(report)
        parts.append("#### What changed most")
        parts.append(f"{failed:,} drifted, {unsure:,} cannot be told yet, {passed:,} as they were.")
        parts.append(_table(("", "column", "what", "change", "tolerance"), found, _changed))
    if report.notes:
        notes = "\n".join(f"- {plain(note)}" for note in report.notes[:20])
        parts.append(f"<details><summary>{counted(len(report.notes), 'note')}</summary>\n\n{notes}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def plain(text: str, most: int = 300) -> str:
    """Text that Markdown shows as it is."""
    escaped = _MARKUP.sub(r"\\\1", written.one_line(text, most))
    # A blank of no width keeps names and numbers from becoming mentions and links.
    return re.sub(r"(@|\\#|://|www\.)(?=\S)", "\\1\u200b", escaped)


def code(text: str) -> str:
    """A name as code, whatever marks it holds itself."""
    shown = written.name(text).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if len(fence) > 1 else f"`{shown}`"


def _facts(report: DataReport) -> str:
    facts = [] if report.rows is None else [counted(report.rows, "row")]
    if report.profile is not None:
        facts.append(counted(len(report.profile.columns), "column"))
    if report.reference:
        facts.append(f"beside {report.reference}")
    return ", ".join(facts)


def _broken(found: Finding) -> Sequence[str]:
    violation = found.violation
    assert violation is not None, "a broken rule has one"
    rows = f"{violation.count:,} ({written.share(violation.share)})" if violation.count else ""
    what = plain(found.words) + (f" — because {plain(violation.because)}" if violation.because else "")
    examples = "; ".join(plain(str(example), 80) for example in violation.examples[:_EXAMPLES])
    return _ICONS[found.weight.value], _about(found), found.name, rows, what, examples


def _changed(found: Finding) -> Sequence[str]:
    effect = found.effect
    assert effect is not None, "a change has one"
    what = plain(found.words) + (f" (needs {plain(effect.needs)})" if effect.needs else "")
    icon = _ICONS[Verdict.FAIL.value if effect.verdict is Verdict.FAIL else Verdict.UNSURE.value]
    if not written.of_effect(effect):
        return icon, _about(found), what, "", ""
    size = f"{found.name} {written.change(effect)} ({written.band(effect)})"
    return icon, _about(found), what, plain(size), written.tolerance(effect)


def _about(found: Finding) -> str:
    return " and ".join(code(column) for column in found.columns) or "the table"


def _table(headings: Sequence[str], found: Sequence[Finding], cells: Callable[[Finding], Sequence[str]]) -> str:
    """A table of as many findings as its bytes allow, and how many are left out."""
    lines = [f"| {' | '.join(headings)} |", f"|{' --- |' * len(headings)}"]
    room, shown = _TABLE_BYTES, 0
    for one in found:
        line = f"| {' | '.join(cells(one))} |"
        room -= len(line.encode()) + 1
        if room < 0:
            break
        lines.append(line)
        shown += 1
    left = len(found) - shown
    return "\n".join(lines) + (f"\n\nand {left:,} more: `--json` or the report has them all" if left else "")
