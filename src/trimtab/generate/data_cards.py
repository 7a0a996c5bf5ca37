"""The data page's cards: a column as a drawing beside the reference with its figures, and the line of those without."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from trimtab.base.instants import DAY
from trimtab.data.column_profile import CategoryColumn, NumberColumn, TimeColumn
from trimtab.data.describe import Bins, edges_for, frequent, histogram
from trimtab.data.kinds import ColumnType
from trimtab.data.profile import Profile
from trimtab.generate import data_figures as written
from trimtab.generate.data_charts import axis, histogram_chart, paired_bar
from trimtab.generate.data_findings import Finding
from trimtab.generate.data_markup import Html, icon, joined, named, tag
from trimtab.generate.data_report import DataReport
from trimtab.generate.data_summary import Summary, summarise

_VALUES: Final = 8
_KNOWN: Final = 4_096
"""Values of the reference that are looked at to find the share of one."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A column of the table, of the reference, or of both: what a card is drawn of."""

    name: str
    place: int
    now: Summary | None
    then: Summary | None
    bins: tuple[Bins | None, Bins | None] = (None, None)
    values: tuple[tuple[str, float, float | None], ...] = ()
    about: bool = False

    @property
    def anchor(self) -> str:
        """The card's name within the page."""
        return f"c{self.place}"

    @property
    def shown(self) -> Summary:
        """The table's own figures, or the reference's of a column that is missing."""
        summary = self.now or self.then
        assert summary is not None, "a subject is of one side at least"
        return summary


def subject(report: DataReport, name: str, place: int) -> Subject | None:
    """What is known of a column; None where no profile has it."""
    hidden = name in report.hidden
    profiles = report.profile, report.reference_profile
    now, then = (
        summarise(profile, name, hidden=hidden) if profile is not None and name in profile.columns else None
        for profile in profiles
    )
    if now is None and then is None:
        return None
    values, about = _values(profiles, name, now, then)
    return Subject(
        name=name, place=place, now=now, then=then, bins=_bins(profiles, name), values=values, about=about
    )  # fmt: skip


def card(of: Subject, found: Sequence[Finding]) -> Html:
    """A column: what was found, its drawing, its figures."""
    notes = [
        tag("li", icon(one.weight), tag("span", tag("b", one.weight.value), " ", written.one_line(one.words, 160)))
        for one in found
    ]
    return tag(
        "article",
        tag("div", tag("h3", named(of.name)), tag("span", _type(of), class_="tag"), class_="head"),
        tag("ul", *notes, class_="found") if notes else "",
        drawing(of),
        _figures(of),
        class_="card",
        id=of.anchor,
    )


def drawing(of: Subject) -> Html:
    """The column's histogram, or the bars of its frequent values; with few numbers, the bars too."""
    now, then = of.bins
    parts: list[Html] = []
    if now is not None or then is not None:
        edges = (now or then).edges if (now or then) is not None else ()  # type: ignore[union-attr]
        ends = _ends(of, edges)
        beside = " beside the reference" if now is not None and then is not None else ""
        label = f"Histogram of {written.name(of.name)}{beside}, from {ends[0]} to {ends[-1]}" if ends else "Histogram"
        parts += [histogram_chart(now, then, label), axis(ends)]
    if of.values:
        parts.append(_bars(of))
    if not parts and of.shown.hidden:
        parts.append(tag("p", "The values of this column are sensitive and not shown.", class_="soft"))
    return joined(*parts)


def line(summary: Summary) -> Html:
    """A column as a row of the compact table."""
    value = ", ".join(f"{summary.write_frequent(found, 24)}" for found in summary.frequent[:2])
    cells = (
        summary.type,
        written.share(summary.null_share) if summary.nulls else "",
        summary.distinct_words,
        *((summary.write(summary.minimum), summary.write(summary.mean), summary.write(summary.maximum))),
        value,
    )
    return tag("tr", tag("th", named(summary.name, 40), scope="row"), *(tag("td", cell) for cell in cells))


LINE_HEADINGS: Final = ("column", "type", "nulls", "distinct", "least", "mean", "greatest", "frequent")


def by_column(found: Iterable[Finding]) -> Mapping[str, list[Finding]]:
    """Findings by the column that they are about."""
    own: dict[str, list[Finding]] = {}
    for finding in found:
        for column in finding.columns:
            own.setdefault(column, []).append(finding)
    return own


def _type(of: Subject) -> str:
    if of.now is None:
        return f"{of.shown.type}, missing now"
    kind = of.now.type + (", sensitive" if of.now.hidden else "")
    if of.then is not None and of.then.type != of.now.type:
        return f"{kind}, was {of.then.type}"
    return kind


def _bins(profiles: Sequence[Profile | None], name: str) -> tuple[Bins | None, Bins | None]:
    columns = [profile.columns.get(name) if profile is not None else None for profile in profiles]
    measured = [column if isinstance(column, NumberColumn | TimeColumn) else None for column in columns]
    kinds = {type(column) for column in measured if column is not None}
    if len(kinds) != 1:
        measured = [*measured[:1], None]
    edges = edges_for(column for column in measured if column is not None)
    if not edges:
        return None, None
    now, then = (histogram(column, edges) if column is not None else None for column in measured)
    return now, then


def _ends(of: Subject, edges: Sequence[float]) -> list[str]:
    """What is written below a histogram: its ends, and its middle where there is room between them."""
    if not edges:
        return []
    low, high = edges[0], edges[-1]
    if of.shown.is_time and high - low > 3 * DAY:
        return [written.day(low), written.day(low / 2 + high / 2), written.day(high)]
    if of.shown.is_time:
        return [written.moment(low), written.moment(high)]
    if of.shown.type == ColumnType.INTEGER:
        low, high = math.ceil(low), math.floor(high)
        middle = (low + high) / 2
        return [of.shown.write(end) for end in (low, *([round(middle)] if middle == round(middle) else []), high)]
    return [of.shown.write(end) for end in (low, low / 2 + high / 2, high)]


def _values(
    profiles: Sequence[Profile | None], name: str, now: Summary | None, then: Summary | None
) -> tuple[tuple[tuple[str, float, float | None], ...], bool]:
    """The values most frequent on either side with their shares now and before; and whether these are about."""
    shares: list[dict[str, float]] = []
    about = False
    for profile, summary in zip(profiles, (now, then), strict=True):
        own: dict[str, float] = {}
        column = profile.columns.get(name) if profile is not None else None
        if profile is not None and summary is not None and summary.frequent and isinstance(column, CategoryColumn):
            found = frequent(profile, name, _KNOWN)
            own = {str(one.value): one.count / max(column.count, 1) for one in found}
            about = about or not found[0].exact
        shares.append(own)
    today, before = shares
    either = {value: max(today.get(value, 0.0), before.get(value, 0.0)) for value in (*today, *before)}
    most = sorted(either, key=lambda value: -either[value])[:_VALUES]
    return tuple((value, today.get(value, 0.0), before.get(value, 0.0) if before else None) for value in most), about


def _bars(of: Subject) -> Html:
    top = max((max(now, then or 0.0) for _, now, then in of.values), default=0.0)
    items = []
    for value, now, then in of.values:
        before = f", {written.share(then)} in the reference" if then is not None else ""
        told = f"{written.share(now)}{before}"
        items.append(
            tag("li", named(value, 40), paired_bar(now, then, top), tag("span", written.share(now), title=told))
        )
    now_rest = 1.0 - sum(now for _, now, _ in of.values)
    if now_rest > 1e-9:
        then_all = [then for _, _, then in of.values if then is not None]
        then_rest = max(0.0, 1.0 - sum(then_all)) if then_all else None
        shown = paired_bar(min(now_rest, top), None if then_rest is None else min(then_rest, top), top)
        items.append(tag("li", tag("span", "all others"), shown, written_share(now_rest), class_="rest"))
    about = tag("p", "Shares are about right: the values are too many to be counted one by one.", class_="aside")
    return joined(tag("ul", *items, class_="values"), about if of.about else Html(""))


def written_share(share: float) -> Html:
    """A share as text of its own."""
    return tag("span", written.share(share))


def _figures(of: Subject) -> Html:
    """A small table of figures, now and in the reference."""
    sides = [summary for summary in (of.now, of.then) if summary is not None]
    rows = []
    for label, cells in _lines(sides):
        if any(cell != written.NONE for cell in cells):
            rows.append(tag("tr", tag("th", label, scope="row"), *(tag("td", cell) for cell in cells)))
    names = [name for name, summary in (("now", of.now), ("reference", of.then)) if summary is not None]
    head = tag(
        "tr",
        tag("th", tag("span", "figure", class_="skip"), scope="col"),
        *(tag("th", name, scope="col") for name in names),
    )
    return tag("table", tag("thead", head) if of.then is not None else "", tag("tbody", *rows), class_="figures")


def _lines(sides: Sequence[Summary]) -> list[tuple[str, list[str]]]:
    lines = [
        ("nulls", [written.share(side.null_share) for side in sides]),
        ("distinct", [side.distinct_words for side in sides]),
    ]
    if any(side.not_finite for side in sides):
        lines.append(("not finite", [f"{side.not_finite:,}" for side in sides]))
    if any(side.mean is not None for side in sides):
        lines.append(("mean", [side.write(side.mean) for side in sides]))
        lines.append(("standard deviation", [side.write(side.deviation) for side in sides]))
    if any(side.quantiles for side in sides):
        lines.append(("least", [side.write(side.minimum) for side in sides]))
        for place, label in ((0, "5 %"), (2, "median"), (4, "95 %")):
            lines.append((label, [side.write(side.quantiles[place]) if side.quantiles else "–" for side in sides]))
        lines.append(("greatest", [side.write(side.maximum) for side in sides]))
    if any(side.lengths for side in sides):
        told = [f"{s.lengths.minimum:,} to {s.lengths.maximum:,}" if s.lengths else written.NONE for s in sides]
        lines.append(("characters", told))
    return lines
