"""The report as one page of its own that a person looks at rather than reads.

The verdict comes first, then what is broken, what changed most, the table as a whole, and each column. The page needs
no script and loads nothing; it is below 2 MB whatever the table is, because each part has room for so many bytes and
says what it leaves out. The command line, the JSON document and this page show one value (`DataReport`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trimtab.base.verdict import Verdict
from trimtab.data.wording import counted
from trimtab.generate import data_figures as written
from trimtab.generate.data_cards import LINE_HEADINGS, Subject, by_column, card, line, subject
from trimtab.generate.data_findings import Finding, Weight, columns_found, findings, sentence
from trimtab.generate.data_markup import SIGNS, Html, fitting, icon, joined, named, tag
from trimtab.generate.data_report import DataReport
from trimtab.generate.data_sections import changed, pairs_changed, rules_broken, table_facts, tiles
from trimtab.generate.data_style import STYLE
from trimtab.generate.data_summary import summarise

CARDS_MAX: Final = 150
"""Columns without findings that have a card."""
_FOUND_MAX: Final = 150
_CARD_BYTES: Final = 900_000
_LINE_BYTES: Final = 350_000
_LINKS: Final = 12


def page(report: DataReport) -> str:
    """The report as one HTML document; every text of the table in it is escaped."""
    subjects = _subjects(report)
    title = f"{report.verdict.value}: " if report.is_judged else ""
    return "<!doctype html>\n" + tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", title + written.name(report.title or report.source, 120)),
            tag("style", STYLE),
        ),
        tag(
            "body",
            SIGNS,
            tag("a", "Skip to the findings", href="#main", class_="skip"),
            _top(report),
            _index(report, subjects),
            tag(
                "main",
                rules_broken(report, subjects),
                changed(report, subjects),
                pairs_changed(report),
                table_facts(report),
                _columns(report, subjects),
                id="main",
            ),
            tag("footer", "Made by Trimtab. Shares and estimates are of all rows unless something else is said."),
        ),
        lang="en",
    )


def _subjects(report: DataReport) -> dict[str, Subject]:
    """The columns that have a card: those with findings, then the table's first ones."""
    names = list(report.profile.columns) if report.profile is not None else []
    if report.reference_profile is not None:
        names = list(dict.fromkeys([*names, *report.reference_profile.columns]))
    found = dict.fromkeys(columns_found(report)[:_FOUND_MAX])
    others = [name for name in names if name not in found][:CARDS_MAX]
    wanted = {*found, *others}
    made = (subject(report, name, place) for place, name in enumerate(names) if name in wanted)
    return {one.name: one for one in made if one is not None}


def _top(report: DataReport) -> Html:
    beside = joined("beside ", named(report.reference, 120)) if report.reference else Html("")
    verdict = report.verdict.value if report.is_judged else "NOTE"
    word = {"PASS": "Pass", "FAIL": "Fail", "UNSURE": "Unsure", "NOTE": "Profile"}[verdict]
    return tag(
        "header",
        tag("p", "Trimtab data report", class_="eyebrow"),
        tag("h1", named(report.title or report.source, 120)),
        tag("p", beside, class_="soft") if beside else "",
        tag("div", icon(verdict), tag("div", tag("strong", word), tag("p", sentence(report))),
            class_=f"verdict {verdict.lower()}", role="status"),
        tiles(report),
        class_="top",
    )  # fmt: skip


def _index(report: DataReport, subjects: dict[str, Subject]) -> Html:
    """The parts with their numbers, then the columns that were found worst."""
    found = findings(report)
    broken = [one for one in found if one.violation is not None]
    drifted = _columns_of(found, Weight.FAIL)
    unsure = _columns_of(found, Weight.UNSURE) - drifted
    pairs = [one for one in found if one.effect is not None and len(one.columns) == 2]
    links = []
    if report.check is not None:
        worst = broken[0].weight if broken else Verdict.PASS
        links.append(_link("#rules", worst.value, f"{len(broken):,} broken" if broken else "rules hold"))
    if report.differences is not None:
        kind = Verdict.FAIL if drifted else Verdict.UNSURE if unsure else Verdict.PASS
        told = f"{len(drifted):,} drifted" if drifted or not unsure else f"{len(unsure):,} unsure"
        links.append(_link("#drift", kind.value, told))
    if pairs:
        links.append(_link("#pairs", pairs[0].weight.value, counted(len(pairs), "pair")))
    if report.profile is not None:
        links.append(_link("#table", "", "table"))
        links.append(_link("#columns", "", counted(len(report.profile.columns), "column")))
    own = by_column(found)
    worst_columns = [name for name in columns_found(report) if name in subjects][:_LINKS]
    chips = [_chip(subjects[name], own[name]) for name in worst_columns]
    bar = [tag("li", class_="bar", aria_hidden="true")] if chips else []
    return tag("nav", tag("ul", *links, *bar, *chips), aria_label="Findings and parts of this page")


def _columns_of(found: Sequence[Finding], weight: Weight) -> set[str]:
    alone = (one for one in found if one.effect is not None and one.weight is weight and len(one.columns) == 1)
    return {one.columns[0] for one in alone}


def _link(place: str, kind: str, text: str) -> Html:
    return tag("li", tag("a", icon(kind) if kind else "", text, href=place), class_="part")


def _chip(of: Subject, found: Sequence[Finding]) -> Html:
    worst = min((one.weight for one in found), key=list(Weight).index)
    label = f"{written.name(of.name)}: {worst.value}"
    return tag("li", tag("a", icon(worst.value), named(of.name, 30), href=f"#{of.anchor}", aria_label=label))


def _columns(report: DataReport, subjects: dict[str, Subject]) -> Html:
    profile = report.profile or report.reference_profile
    if profile is None:
        return Html("")
    own = by_column(findings(report))
    order = list(dict.fromkeys([*(name for name in columns_found(report) if name in subjects), *subjects]))
    cards = fitting((card(subjects[name], own.get(name, ())) for name in order), _CARD_BYTES)
    told = {*order[: len(cards)]}
    rest = [name for name in profile.columns if name not in told]
    hidden = report.hidden
    lines = fitting((line(summarise(profile, name, hidden=name in hidden, most=2)) for name in rest), _LINE_BYTES)
    parts = [tag("h2", "Columns", id="columns")]
    lead = "Those with findings come first, the others in the table's order."
    if rest:
        lead += f" {counted(len(cards), 'column')} have a card; {counted(len(rest), 'other')} are in one table below."
    parts += [tag("p", lead, class_="lead"), tag("div", *cards, class_="cards")]
    if lines:
        parts.append(_compact(lines, len(rest)))
    return tag("section", *parts, aria_labelledby="columns")


def _compact(lines: Sequence[Html], rest: int) -> Html:
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in LINE_HEADINGS)))
    table = tag("table", head, tag("tbody", *lines))
    more = f"{rest - len(lines):,} more are in the JSON document only." if rest > len(lines) else ""
    return tag(
        "details",
        tag("summary", f"The other {counted(rest, 'column')}"),
        tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="The other columns"),
        tag("p", more, class_="soft") if more else "",
    )
