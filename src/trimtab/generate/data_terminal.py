"""A report for a person at a terminal: broken rules, what changed most, the columns, and the verdict as the last line.

Pure text of a given width, without colour unless it is asked for; a table of 5,000 columns shows the worst 40 and says
where the rest is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from trimtab.base.verdict import Verdict
from trimtab.data.column_profile import TimeColumn
from trimtab.data.describe import longest_gap, strongest_correlations
from trimtab.data.profile import Profile
from trimtab.data.wording import counted
from trimtab.generate import data_figures as written
from trimtab.generate.data_findings import (
    Finding,
    Weight,
    broken_rules,
    changes,
    columns_found,
    drift_counts,
    pair_changes,
    sentence,
)
from trimtab.generate.data_report import DataReport
from trimtab.generate.data_summary import Summary, summarise, worst_first

COLUMNS_MAX: Final = 40
_EXAMPLES: Final = 3
_UNDECIDED: Final = 3
_CORRELATIONS: Final = 5
_CORRELATED: Final = 0.5
_NAME_MAX: Final = 24
_TYPE_MAX: Final = 12
_REST: Final = "see --json or the report"
_COLOURS: Final = {
    "refuse": "1;31",
    "FAIL": "1;31",
    "quarantine": "1;33",
    "UNSURE": "33",
    "note": "36",
    "PASS": "1;32",
}
_DIMMED: Final = "\x1b[2m"
_PLAIN: Final = "\x1b[0m"
_LABEL: Final = 11


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How wide the text is, whether it is coloured, and whether every column is listed, also what it holds and where
    nothing changed or can be told."""

    width: int = 100
    colour: bool = False
    all_columns: bool = False


def terminal(report: DataReport, look: Look | None = None) -> str:
    """The report as lines of at most the given width (not below 60), the last one being the verdict."""
    look = look or Look()
    look = msgspec.structs.replace(look, width=max(look.width, 60))
    sections = [
        [_head(report, look)],
        _rules(report, look),
        _drift(report, look),
        _profile(report, look) if look.all_columns or not report.is_judged else [],
        [line for note in report.notes for line in _wrapped(f"note: {written.one_line(note)}", look.width, 6)],
        _verdict(report, look),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _head(report: DataReport, look: Look) -> str:
    facts = [] if report.rows is None else [counted(report.rows, "row")]
    if report.profile is not None:
        facts.append(counted(len(report.profile.columns), "column"))
        hidden = len(report.hidden & report.profile.columns.keys())
        facts += [f"{hidden:,} of them hidden"] if hidden else []
    text = written.name(report.title or report.source, 120) + (f": {', '.join(facts)}" if facts else "")
    if report.reference:
        text += f"; beside {written.name(report.reference, 120)}"
        text += f", {counted(report.differences.reference_rows, 'row')}" if report.differences else ""
    return written.cut(text, look.width)


def _verdict(report: DataReport, look: Look) -> list[str]:
    if not report.is_judged:
        return []
    lines = _wrapped(f"{report.verdict.value}: {sentence(report)}", look.width, 6)
    return [_coloured(lines[0], report.verdict.value, look), *lines[1:]]


def _rules(report: DataReport, look: Look) -> list[str]:
    found = broken_rules(report)
    if report.check is None or not found:
        return []
    lines = [f"Broken rules: {len(found)} of {report.check.rules:,}"]
    for finding in found[:COLUMNS_MAX]:
        lines += _broken(finding, look)
    return [*lines, *_more(len(found) - COLUMNS_MAX, "broken rule")]


def _broken(finding: Finding, look: Look) -> list[str]:
    """Rule, column, count, share, then what it is and the first examples; below on one line the contract's reason."""
    violation = finding.violation
    assert violation is not None, "a broken rule has one"
    about = _short(finding.columns[0]) if finding.columns else "(table)"
    amount = f"{counted(violation.count, 'row')} ({written.share(violation.share)})" if violation.count else ""
    examples = ", ".join(map(str, violation.examples[:_EXAMPLES]))
    text = f"{finding.name:<10} {about}: " + (f"{amount}: " if amount else "") + finding.words
    text += f" ({examples})" if examples else ""
    return [*_labelled(finding.weight.value, text, look), *_reason(violation.because, look)]


def _reason(because: str, look: Look) -> list[str]:
    """Why the contract has the rule, cut to the width and dimmed: the finding matters more."""
    if not because.strip():
        return []
    indent = " " * (2 + _LABEL + 2)
    text = written.cut(f"because {written.one_line(because)}", look.width - len(indent))
    return [indent + (f"{_DIMMED}{text}{_PLAIN}" if look.colour else text)]


def _drift(report: DataReport, look: Look) -> list[str]:
    if report.differences is None:
        return []
    found, pairs = changes(report), pair_changes(report)
    if not look.all_columns:
        found = _in_short(found)
    failed, unsure, passed = drift_counts(report)
    head = f"What changed most: {failed:,} drifted, {unsure:,} cannot be told yet, {passed:,} as they were"
    lines = _wrapped(head, look.width, 2)
    for before, finding in zip((None, *found), found[:COLUMNS_MAX], strict=False):
        again = before is not None and before.columns == finding.columns
        about = (
            "also" if again else finding.about + (" (hidden)" if report.hidden.intersection(finding.columns) else "")
        )
        lines += _labelled(finding.weight.value, f"{about}: {_told(finding)}", look)
    lines += _more(len(found) - COLUMNS_MAX, "change")
    lines += _more(unsure - sum(one.weight is Weight.UNSURE for one in found), "undecided column", "undecided columns")
    told = [pair for pair in pairs if pair.weight is Weight.FAIL] or list(pairs)[:1]
    for finding in told[:COLUMNS_MAX]:
        lines += _labelled(finding.weight.value, f"{finding.about}: {_told(finding)}", look)
    left = [pair.weight for pair in pairs[len(told[:COLUMNS_MAX]) :]]  # those that are told are the first
    lines += _more(left.count(Weight.FAIL), "drifted pair", "drifted pairs")
    lines += _more(left.count(Weight.UNSURE), "undecided pair", "undecided pairs")
    if look.all_columns:
        for column in report.differences.columns:
            if column.verdict is Verdict.PASS:
                effect = column.strongest
                text = f"{_short(column.column)}: {effect.words}"
                lines += _labelled("PASS", text, look)
    return lines if len(lines) > 1 or passed else []


def _in_short(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What drifted, and of what cannot be told yet the first columns with one change each: there is little to say."""
    failed = {finding.columns for finding in found if finding.weight is Weight.FAIL}
    drifted = [finding for finding in found if finding.weight is Weight.FAIL]
    unsure: dict[tuple[str, ...], Finding] = {}
    for finding in found:
        if finding.columns not in failed:
            unsure.setdefault(finding.columns, finding)
    return (*drifted, *list(unsure.values())[:_UNDECIDED])


def _told(finding: Finding) -> str:
    effect = finding.effect
    assert effect is not None, "a change has one"
    size = written.of_effect(effect)
    text = written.one_line(finding.words) + (f"; {finding.name} {size}" if size else "")
    return text + (f"; needs {effect.needs}" if effect.needs else "")


def _profile(report: DataReport, look: Look) -> list[str]:
    profile = report.profile
    if profile is None:
        return []
    names = list(profile.columns)
    shown = names if len(names) <= COLUMNS_MAX else worst_first(profile.columns, columns_found(report))[:COLUMNS_MAX]
    hidden = report.hidden
    rows = [summarise(profile, name, hidden=name in hidden, most=4) for name in shown]
    lines = list(_columns(rows, look)) if rows else []
    lines += _more(len(names) - COLUMNS_MAX, "column")
    facts = [line for fact in _facts(profile) for line in _wrapped(fact, look.width, 2)]
    return [*lines, "", *facts] if facts and lines else [*lines, *facts]


def _columns(rows: list[Summary], look: Look) -> Iterator[str]:
    numbers = {row.name: _numbers(row) for row in rows}
    heads = ("min", "mean", "max", "sd")
    lines = [cells for cells in numbers.values() if cells]
    widths = [max([len(head), *(len(cells[i]) for cells in lines)]) for i, head in enumerate(heads)]
    headings = "  ".join(head.rjust(width) for head, width in zip(heads, widths, strict=True))
    texts = any(not cells for cells in numbers.values())
    cells = [
        ("column", "type", "nulls", "distinct", (headings if lines else "") + ("  / most frequent" if texts else ""))
    ]
    odd = any(row.not_finite for row in rows)
    for row in rows:
        own = numbers[row.name]
        last = "  ".join(cell.rjust(width) for cell, width in zip(own, widths, strict=True)) if own else _values(row)
        nulls = written.share(row.null_share) if row.nulls else ""
        cells.append((_short(row.name), _type(row.type), nulls, row.distinct_words, last))
    if not odd:
        return grid(cells, right=(2, 3), width=look.width)
    counts = ("NaN, inf", *(f"{row.not_finite:,}" if row.not_finite else "" for row in rows))
    wider = [(*cell[:3], count, *cell[3:]) for cell, count in zip(cells, counts, strict=True)]
    return grid(wider, right=(2, 3, 4), width=look.width)


def _type(type_: str) -> str:
    """A contract's type, or of how another column is stored the name without what it holds: ``duration``, ``list``."""
    return written.cut(type_.partition("(")[0].lower(), _TYPE_MAX)


def _numbers(row: Summary) -> tuple[str, ...]:
    """Least, mean, greatest and deviation; none for what is not a number."""
    if row.mean is None:
        return ()
    least, greatest = ("hidden" if row.hidden else row.write(end) for end in (row.minimum, row.maximum))
    return least, row.write(row.mean), greatest, row.write(row.deviation)


def _values(row: Summary) -> str:
    if row.is_time and row.minimum is not None:
        return f"{row.write(row.minimum)} to {row.write(row.maximum)}"
    if not row.frequent:
        return (
            "hidden" if row.hidden else "no value is frequent" if row.nulls + row.not_finite < row.rows else "no values"
        )
    filled = max(row.rows - row.nulls, 1)
    about = "" if row.frequent[0].exact else "about "
    told = (f"{row.write_frequent(found, 24)} {about}{written.share(found.count / filled)}" for found in row.frequent)
    return ", ".join(told)


def grid(rows: Iterable[tuple[str, ...]], *, right: tuple[int, ...], width: int) -> Iterator[str]:
    """Aligned columns, two blanks apart; each line is cut to the width."""
    cells = list(rows)
    widths = [max(written.width_of(row[place]) for row in cells) for place in range(len(cells[0]))]
    for row in cells:
        parts = [
            " " * (widths[place] - written.width_of(cell)) + cell
            if place in right
            else cell + " " * (widths[place] - written.width_of(cell))
            for place, cell in enumerate(row)
        ]
        yield written.cut("  ".join(parts).rstrip(), width)


def _facts(profile: Profile) -> Iterator[str]:
    if profile.repeats is not None:
        keys = ", ".join(map(written.name, profile.repeats.columns))
        verb = "repeats" if profile.repeats.rows == 1 else "repeat"
        yield f"{counted(profile.repeats.rows, 'row')} {verb} the key ({keys}) of an earlier one"
    if profile.order is not None:
        backwards = profile.order.backwards
        told = "in order" if not backwards else f"out of order: {counted(backwards, 'row')} earlier than the one before"
        yield f"rows by {written.name(profile.order.column)} are {told}"
    for name, column in profile.columns.items():
        gap = longest_gap(column) if isinstance(column, TimeColumn) else None
        if gap is not None and gap.length > 2 * gap.usual:
            about = "" if gap.exact else "about "
            yield (
                f"longest gap in {written.name(name)}: {about}{written.span(gap.length)} from "
                f"{written.moment(gap.after)} (usual step {written.span(gap.usual)})"
            )
    pairs = [pair for pair in strongest_correlations(profile, _CORRELATIONS) if abs(pair.value) >= _CORRELATED]
    if pairs:
        told = ", ".join(
            f"{' and '.join(written.name(n, 30) for n in pair.columns)} {pair.value:+.2f}" for pair in pairs
        )
        yield f"strongest correlations: {told}"


def _labelled(label: str, text: str, look: Look) -> list[str]:
    """The text beside a label, wrapped."""
    lines = _wrapped(written.one_line(text, 600), look.width - 2 - _LABEL, 2)
    head = "  " + _coloured(label.ljust(_LABEL), label, look) + (lines[0] if lines else "")
    return [head, *(" " * (2 + _LABEL) + line for line in lines[1:])]


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    """Lines of at most so many cells, broken between words; a word that is longer than a line is cut."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line.strip() else line + word
        if line.strip() and written.width_of(longer) > width:
            lines.append(line)
            longer = " " * indent + word
        line = written.cut(longer, width)
    return [*lines, line]


def _short(column: str) -> str:
    return written.cut(written.name(column, 200), _NAME_MAX)


def _more(count: int, noun: str, plural: str = "") -> list[str]:
    if count <= 0:
        return []
    return [f"  and {count:,} more {noun if count == 1 else plural or noun + 's'}: {_REST}"]


def _coloured(text: str, label: str, look: Look) -> str:
    return f"\x1b[{_COLOURS[label]}m{text}{_PLAIN}" if look.colour and label in _COLOURS else text
