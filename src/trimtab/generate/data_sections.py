"""The data page's sections: broken rules, what changed most, pairs of columns, and the table as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from trimtab.base.instants import DAY
from trimtab.base.verdict import Verdict
from trimtab.data.column_profile import TimeColumn
from trimtab.data.describe import Correlation, longest_gap, strongest_correlations
from trimtab.data.differences import Effect
from trimtab.data.profile import Profile
from trimtab.data.wording import counted, show
from trimtab.generate import data_figures as written
from trimtab.generate.data_cards import Subject, drawing
from trimtab.generate.data_charts import band_chart, cloud, legend, share_bar
from trimtab.generate.data_findings import Finding, Weight, broken_rules, changes, drift_counts, pair_changes
from trimtab.generate.data_markup import Html, fitting, icon, joined, named, tag
from trimtab.generate.data_report import DataReport

Subjects = Mapping[str, Subject]

_RULE_BYTES: Final = 200_000
_CHANGE_BYTES: Final = 300_000
_PAIR_BYTES: Final = 150_000
_LIST_BYTES: Final = 60_000
_DRAWN: Final = 24
"""Changed columns that are drawn; the others are told in words."""
_NOTES: Final = 50
_CORRELATIONS: Final = 8
_CORRELATED: Final = 0.1


def tiles(report: DataReport) -> Html:
    """The table's few facts at a glance."""
    found: list[tuple[str, str, str]] = []
    if report.rows is not None:
        before = report.differences.reference_rows if report.differences is not None else None
        if before is None and report.reference_profile is not None:
            before = report.reference_profile.rows
        found.append(("rows", f"{report.rows:,}", f"{before:,} in the reference" if before is not None else ""))
    profile = report.profile
    if profile is not None:
        found.append(("columns", f"{len(profile.columns):,}", _kinds(profile)))
        span = _span(profile)
        if span is not None:
            found.append(span)
        if profile.repeats is not None:
            keys = ", ".join(written.name(name, 30) for name in profile.repeats.columns)
            found.append(("repeat a key", counted(profile.repeats.rows, "row"), keys))
    if report.check is not None:
        found.append(("rules asked", f"{report.check.rules:,}", f"{len(report.check.violations):,} broken"))
        if report.check.quarantined:
            found.append(("set aside", counted(report.check.quarantined, "row"), ""))
    cells = (tag("div", tag("dt", a), tag("dd", b), tag("dd", c) if c else "") for a, b, c in found)
    return tag("dl", *cells, class_="tiles")


def rules_broken(report: DataReport, subjects: Subjects) -> Html:
    """Every broken rule with its rows, examples and reason."""
    if report.check is None:
        return Html("")
    found = broken_rules(report)
    parts = [tag("h2", "Broken rules", id="rules")]
    if not found:
        held = f"All {counted(report.check.rules, 'rule')} of the contract hold."
        parts.append(tag("p", icon(Verdict.PASS), " ", held, class_="card none"))
        return tag("section", *parts, aria_labelledby="rules")
    lead = f"{len(found):,} of {counted(report.check.rules, 'rule')}; those that refuse the table come first."
    items = fitting((_rule(one, subjects) for one in found), _RULE_BYTES)
    left = len(found) - len(items)
    parts += [tag("p", lead, class_="lead"), tag("ol", *items, class_="rules")]
    if left:
        parts.append(tag("p", f"{left:,} more broken rules are in the JSON document.", class_="soft"))
    return tag("section", *parts, aria_labelledby="rules")


def changed(report: DataReport, subjects: Subjects) -> Html:
    """The columns that changed most: in words, drawn beside the reference, and held to their tolerances."""
    if report.differences is None:
        return Html("")
    failed, unsure, passed = drift_counts(report)
    percent = f"{100 * report.differences.level:g} %"
    lead = (
        f"{failed:,} drifted, {unsure:,} cannot be told yet, {passed:,} are as they were. A change has drifted where "
        f"all of its band lies beyond the shaded tolerance; the bands hold together at {percent}."
    )
    parts = [tag("h2", "What changed most", id="drift"), tag("p", lead, class_="lead")]
    grouped = _grouped(changes(report))
    if not grouped:
        parts.append(tag("p", icon(Verdict.PASS), " No column changed beyond its tolerance.", class_="card none"))
        return tag("section", *parts, aria_labelledby="drift")
    effects = {column.column: column.effects for column in report.differences.columns}
    cards = fitting((_change(own, effects, subjects) for own in grouped[:_DRAWN]), _CHANGE_BYTES)
    parts += [legend(written.name(report.reference, 60)), tag("div", *cards, class_="cards wide")]
    rest = grouped[len(cards) :]
    if rest:
        lines = fitting((_told(own[0]) for own in rest), _LIST_BYTES)
        left = len(rest) - len(lines)
        more = tag("p", f"{left:,} more are in the JSON document.", class_="soft") if left else ""
        summary = tag("summary", f"{counted(len(rest), 'more column')} changed or cannot be told yet")
        parts.append(tag("details", summary, tag("ul", *lines, class_="lines"), more))
    return tag("section", *parts, aria_labelledby="drift")


def pairs_changed(report: DataReport) -> Html:
    """The pairs of columns that hang together differently, as clouds of the sampled rows."""
    found = pair_changes(report)
    if report.differences is None or not found:
        return Html("")
    lead = (
        f"{report.differences.pairs_compared:,} pairs were compared over a sample of rows. Each point is a row, placed "
        "by its rank in both columns, so that only what they do together is seen."
    )
    cards = fitting((_pair(one, report) for one in found), _PAIR_BYTES)
    left = [one.weight for one in found[len(cards) :]]
    counts = f"{left.count(Weight.FAIL):,} drifted, {left.count(Weight.UNSURE):,} undecided"
    told = f"{len(left):,} more pairs ({counts}) are in the JSON document."
    more = tag("p", told, class_="soft") if left else ""
    heading = tag("h2", "Columns that hang together differently", id="pairs")
    body = tag("div", *cards, class_="cards wide")
    return tag("section", heading, tag("p", lead, class_="lead"), body, more, aria_labelledby="pairs")


def table_facts(report: DataReport) -> Html:
    """What no column shows alone: order in time, gaps, repeated keys, correlations; and what the reader noticed."""
    profile = report.profile
    facts = _facts(profile) if profile is not None else []
    found = strongest_correlations(profile, _CORRELATIONS) if profile is not None else ()
    pairs = [pair for pair in found if abs(pair.value) >= _CORRELATED]
    if not facts and not pairs and not report.notes:
        return Html("")
    cards = []
    if facts:
        lines = [part for name, text in facts for part in (tag("dt", name), tag("dd", text))]
        cards.append(tag("div", tag("h3", "Rows"), tag("dl", *lines), class_="card"))
    if pairs:
        cards.append(tag("div", tag("h3", "Strongest correlations"), _correlations(pairs), class_="card"))
    if report.notes:
        notes = [tag("li", written.one_line(note)) for note in report.notes[:_NOTES]]
        cards.append(tag("div", tag("h3", "Noticed while reading"), tag("ul", *notes, class_="lines"), class_="card"))
    heading = tag("h2", "The table", id="table")
    return tag("section", heading, tag("div", *cards, class_="facts"), aria_labelledby="table")


def _rule(found: Finding, subjects: Subjects) -> Html:
    violation = found.violation
    assert violation is not None, "a broken rule has one"
    chips: list[Html] = []
    for one in violation.examples:
        value = "" if one.value is None else show(one.value)
        chips.append(tag("li", tag("em", f"row {one.row:,} "), written.one_line(value, 80)))
    worst = ", ".join(show(value) for value in violation.worst)
    if worst:
        chips.append(tag("li", f"farthest outside: {worst}", class_="plain"))
    count = counted(violation.count, "row") if violation.count else "the table"
    amount = (tag("b", count), tag("span", f" {written.share(violation.share)} of rows") if violation.count else "")
    return tag(
        "li",
        icon(found.weight),
        tag(
            "div",
            tag("div", tag("h3", _about(found, subjects)), tag("span", found.name, class_="tag"),
                tag("span", found.weight.value, class_=f"word {found.weight.value}"), class_="head"),
            tag("p", written.one_line(found.words)),
            tag("p", written.one_line(violation.because), class_="because") if violation.because else "",
            tag("ul", *chips, class_="chips") if chips else "",
            class_="what",
        ),
        tag("div", *amount, tag("div", share_bar(violation.share), class_=found.weight.value), class_="amount"),
    )  # fmt: skip


def _change(own: Sequence[Finding], effects: Mapping[str, Sequence[Effect]], subjects: Subjects) -> Html:
    first = own[0]
    subject = subjects.get(first.columns[0])
    needs = first.effect.needs if first.effect is not None else ""
    bands = [_band(effect) for effect in effects.get(first.columns[0], ())]
    also = [tag("p", written.one_line(one.words), class_="words also") for one in own[1:]]
    return tag(
        "article",
        tag("div", tag("h3", icon(first.weight), " ", _about(first, subjects)),
            tag("span", first.weight.value, class_=f"word {first.weight.value.lower()}"), class_="head"),
        tag("p", written.one_line(first.words), class_="words"),
        tag("p", f"To decide: {needs}.", class_="words also") if needs else "",
        *also,
        drawing(subject) if subject is not None else "",
        tag("ul", *(band for band in bands if band), class_="bands") if any(bands) else "",
        class_="card",
    )  # fmt: skip


def _band(effect: Effect) -> Html:
    chart = band_chart(effect)
    if not chart:
        return Html("")
    title = f"tolerance {written.tolerance(effect)}"
    told = f"{written.change(effect)}"
    return tag("li", tag("span", effect.statistic.value), chart, tag("span", told, title=title))


def _told(found: Finding) -> Html:
    return tag("li", icon(found.weight), " ", tag("b", _named(found)), ": ", written.one_line(found.words, 200))


def _pair(found: Finding, report: DataReport) -> Html:
    effect = found.effect
    assert effect is not None, "a change has one"
    one, two = found.columns
    figures = []
    sides = (("reference", "then", report.reference_profile), ("now", "now", report.profile))
    for side, kind, profile in sides:
        label = f"Rows by the ranks of {written.name(one)} and {written.name(two)}, {side}"
        drawn = cloud(profile.sample, (one, two), kind=kind, label=label) if profile and profile.sample else None
        if drawn is not None:
            figures.append(tag("figure", drawn, tag("figcaption", side)))
    return tag(
        "article",
        tag("div", tag("h3", icon(found.weight), " ", _named(found)),
            tag("span", found.weight.value, class_=f"word {found.weight.value.lower()}"), class_="head"),
        tag("p", written.one_line(found.words), class_="words"),
        tag("div", *figures, class_="clouds") if figures else "",
        tag("ul", _band(effect), class_="bands"),
        class_="card",
    )  # fmt: skip


def _about(found: Finding, subjects: Subjects) -> Html:
    if len(found.columns) != 1:
        return _named(found)
    subject = subjects.get(found.columns[0])
    return tag("a", named(found.columns[0]), href=f"#{subject.anchor}") if subject is not None else _named(found)


def _named(found: Finding) -> Html:
    names = [named(column) for column in found.columns]
    if not names:
        return Html("the table")
    return joined(names[0], *(part for name in names[1:] for part in (" and ", name)))


def _grouped(found: Sequence[Finding]) -> list[list[Finding]]:
    own: dict[tuple[str, ...], list[Finding]] = {}
    for finding in found:
        own.setdefault(finding.columns, []).append(finding)
    return list(own.values())


def _kinds(profile: Profile) -> str:
    kinds = [column.type.value if column.type is not None else "other" for column in profile.columns.values()]
    ranked = sorted(set(kinds), key=lambda kind: -kinds.count(kind))
    return ", ".join(f"{kinds.count(kind):,} {kind}" for kind in ranked)


def _span(profile: Profile) -> tuple[str, str, str] | None:
    times = [(name, column) for name, column in profile.columns.items() if isinstance(column, TimeColumn)]
    asked = profile.order.column if profile.order is not None else None
    for name, column in sorted(times, key=lambda pair: pair[0] != asked):
        if column.minimum is not None and column.maximum is not None:
            length = column.maximum - column.minimum
            write = written.day if length > 3 * DAY else written.moment
            ends = f"{write(column.minimum)} to {write(column.maximum)}"
            return written.name(name, 40), written.span(length), ends
    return None


def _facts(profile: Profile) -> list[tuple[str, Html]]:
    facts: list[tuple[str, Html]] = []
    if profile.repeats is not None:
        keys = joined(*(named(name) for name in profile.repeats.columns))
        facts.append(("repeated keys", joined(f"{profile.repeats.rows:,} of key ", keys)))
    order = profile.order
    if order is not None:
        told = "in order" if not order.backwards else f"{counted(order.backwards, 'row')} earlier than the one before"
        facts.append(("order", joined("by ", named(order.column), f": {told}")))
    for name, column in profile.columns.items():
        gap = longest_gap(column) if isinstance(column, TimeColumn) else None
        if gap is not None and len(facts) < 12:
            about = "" if gap.exact else "about "
            told = (
                f"{about}{written.span(gap.length)} after {written.moment(gap.after)}; usual {written.span(gap.usual)}"
            )
            facts.append(("longest gap", joined(named(name), f": {told}")))
    return facts


def _correlations(pairs: Sequence[Correlation]) -> Html:
    rows = [
        tag("tr", tag("th", named(pair.columns[0], 30), " and ", named(pair.columns[1], 30), scope="row"),
            tag("td", f"{pair.value:+.2f}"))
        for pair in pairs
    ]  # fmt: skip
    return tag("table", tag("tbody", *rows), class_="figures")
