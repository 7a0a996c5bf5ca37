"""Runs side by side as one page of its own: what differs, the curves as pictures, the changed lines of the source.

It needs no script and loads nothing. Every text in it is someone's: all of it is escaped, and long parts are cut and
say so, so that a thousand changed files do not make a page that nobody can open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from trimtab.data.wording import counted
from trimtab.generate import runs_figures as written
from trimtab.generate.data_figures import one_line
from trimtab.generate.data_markup import Html, fitting, joined, named, tag
from trimtab.generate.runs_curves import HEIGHT, WIDTH, Drawing, curve, draw
from trimtab.generate.runs_report import TITLES, FileDiff, SideBySide
from trimtab.generate.runs_style import COLOURS, DASHES, STYLE
from trimtab.generate.runs_text import letters
from trimtab.records.comparison import Line, Section
from trimtab.records.run import Run

CURVES_MAX: Final = 60
_LINES_ROOM: Final = 300_000
_DIFFS_ROOM: Final = 500_000


def page(side: SideBySide) -> str:
    """The comparison as one HTML document."""
    title = f"{counted(len(side.runs), 'run')} side by side"
    return "<!doctype html>\n" + tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", f"{title}: {', '.join(run.run_id for run in side.runs)}"),
            tag("style", STYLE),
        ),
        tag(
            "body",
            tag("a", "Skip to what differs", href="#main", class_="skip"),
            tag(
                "header",
                tag("p", joined("project ", named(side.runs[0].project)), class_="eyebrow"),
                tag("h1", title),
                tag("p", _sentence(side), class_="lead"),
                tag("ol", *(_run(place, run) for place, run in enumerate(side.runs)), class_="runs"),
            ),
            tag("main", *_parts(side), id="main"),
            tag("footer", "Made by Trimtab. Differences are counted from run A."),
        ),
        lang="en",
    )


def _sentence(side: SideBySide) -> str:
    differing = [
        f"{TITLES[section.name].lower()} ({len(section.different):,})"
        for section in side.comparison.sections
        if section.different and section.name != "circumstances"
    ]
    same = sum(section.same for section in side.comparison.sections)
    told = (
        f"They differ in {', '.join(differing)}" if differing else "They differ in nothing but when and where they ran"
    )
    return f"{told}; {counted(same, 'thing')} {'is' if same == 1 else 'are'} the same in all."


def _run(place: int, run: Run) -> Html:
    verdict = run.verdict.value if run.verdict is not None else ""
    pairs = [
        ("kind", tag("span", run.kind)),
        (
            "state",
            joined(tag("span", run.state.value, class_=run.state.value), " ", tag("span", verdict, class_=verdict)),
        ),
        ("started", tag("span", written.moment(run.started_at))),
        ("by", named(f"{run.actor.name} on {run.place.host}" if run.place else run.actor.name)),
    ]
    if run.seconds:
        pairs.append(("took", tag("span", written.duration(run.seconds))))
    facts = [part for name, value in pairs for part in (tag("dt", name), tag("dd", value))]
    problem = run.problem.splitlines()
    return tag(
        "li",
        tag("strong", _letter(place), tag("span", run.run_id)),
        tag("dl", *facts),
        *([tag("p", one_line(problem[0], 300), class_="failed")] if problem else []),
        style=_colour(place),
    )


def _parts(side: SideBySide) -> Iterator[Html]:
    for section in side.comparison.sections:
        if section.name == "metrics" and side.metrics:
            yield from _curves(side)
        if section.different or section.notes:
            yield tag("h2", TITLES[section.name], " ", tag("small", f"{section.same:,} the same"))
            yield from _section(section, len(side.runs))
        if section.name == "code":
            yield from fitting([_diff(each) for each in side.diffs], _DIFFS_ROOM)
    if side.notes:
        yield tag("h2", "Notes")
        yield tag("ul", *(tag("li", one_line(note, 500)) for note in side.notes), class_="card notes")


# ── what differs ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _section(section: Section, runs: int) -> Iterator[Html]:
    if section.different:
        heads = [tag("th", "", scope="col"), *(tag("th", _letter(place), scope="col") for place in range(runs))]
        rows = fitting([_line(line) for line in section.different], _LINES_ROOM)
        table = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), style=f"min-width:{9 + 7 * runs}rem")
        yield tag("div", table, class_="table")
        if len(rows) < len(section.different):
            more = len(section.different) - len(rows)
            yield tag("p", f"{more:,} more differ; `trimtab runs compare --json` has all of them", class_="notes")
    if section.notes:
        yield tag("ul", *(tag("li", one_line(note, 500)) for note in section.notes), class_="notes")


def _line(line: Line) -> Html:
    shown = written.several(line.kind, line.values)
    cells = []
    for place, (text, value) in enumerate(zip(shown, line.values, strict=True)):
        change = written.delta(line.kind, line.values[0], value)
        what = joined(tag("bdi", text), tag("span", change, class_="change") if change else Html(""))
        kind = "nothing" if value is None else "digest" if line.kind == "digest" else None
        cells.append(tag("td", _letter(place), tag("span", what), class_=kind))
    return tag("tr", tag("th", named(line.name, 120), scope="row"), *cells)


def _diff(diff: FileDiff) -> Html:
    if diff.note:
        return tag("details", tag("summary", named(diff.path, 120)), tag("p", diff.note, class_="notes"))
    added = sum(line.startswith("+") for line in diff.lines[2:])
    removed = sum(line.startswith("-") for line in diff.lines[2:])
    lines = [tag("span", one_line(line.expandtabs(4), 500) or " ", class_=_sign(line)) for line in diff.lines[2:]]
    counts = tag("span", f" +{added:,} -{removed:,}", class_="soft")
    return tag("details", tag("summary", named(diff.path, 120), counts), tag("pre", *lines), open="open")


def _sign(line: str) -> str | None:
    return {"+": "add", "-": "cut", "@": "at"}.get(line[:1])


# ── curves ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _curves(side: SideBySide) -> Iterator[Html]:
    yield tag("h2", "Curves", " ", tag("small", "what was logged, by step"))
    yield tag("div", *(_figure(side, name) for name in side.metrics[:CURVES_MAX]), class_="cards")
    if len(side.metrics) > CURVES_MAX:
        yield tag("p", f"{len(side.metrics) - CURVES_MAX:,} more metrics have curves", class_="notes")


def _figure(side: SideBySide, name: str) -> Html:
    shown = [curve(each[name]) if name in each else None for each in side.curves]
    drawing = draw(shown)
    ends = []
    for place, each in enumerate(side.curves):
        if name in each:
            sample = tag("svg", _stroke(place, "M0,4H26"), viewBox="0 0 26 8", aria_hidden="true")
            last = written.figure(each[name].values[-1])
            ends.append(tag("li", _letter(place), sample, tag("b", last), style=_colour(place)))
    if drawing is None:
        plot = tag("p", "no value is a finite number", class_="soft")
    else:
        said = [
            f"{letter} ends at {written.figure(each[name].values[-1])}"
            for letter, each in zip(letters(len(side.runs)), side.curves, strict=True)
            if name in each
        ]
        plot = _plot(drawing, f"{one_line(name)} by step: {', '.join(said)}")
    return tag("figure", tag("h3", named(name, 80)), plot, tag("ul", *ends, class_="ends"), class_="card")


def _plot(drawing: Drawing, label: str) -> Html:
    strokes: list[Html] = [tag("line", x1=0, x2=WIDTH, y1=place, y2=place) for place in (10, HEIGHT / 2, HEIGHT - 10)]
    for place, (path, mark) in enumerate(zip(drawing.paths, drawing.marks, strict=True)):
        if path:
            strokes.append(_stroke(place, path))
        if mark is not None:
            strokes.append(tag("path", d=f"M{mark[0]:g},{mark[1]:g}h.01", class_="one", style=_colour(place)))
    picture = tag(
        "svg", *strokes, viewBox=f"0 0 {WIDTH} {HEIGHT}", preserveAspectRatio="none", role="img", aria_label=label
    )
    middle = (drawing.low + drawing.high) / 2
    heights = [tag("span", written.figure(value)) for value in (drawing.high, middle, drawing.low)]
    sides = [tag("span", f"{step:,}") for step in (drawing.first, drawing.last)]
    return tag("div", tag("div", *heights, class_="y"), picture, tag("div", *sides, class_="x"), class_="plot")


def _stroke(place: int, path: str) -> Html:
    dash = DASHES[place % len(DASHES)]
    return tag("path", d=path, style=_colour(place), stroke_dasharray=None if dash == "none" else dash)


def _letter(place: int) -> Html:
    return tag("span", letters(place + 1)[-1], class_="letter", style=_colour(place))


def _colour(place: int) -> str:
    return f"--run:var(--r{place % len(COLOURS)})"
