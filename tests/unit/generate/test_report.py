"""The page holds what the value says, escaped, whole and without fetching anything."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from trimtab.base.instants import DAY, parse_instant
from trimtab.generate.chart import Mark, Point, line_chart
from trimtab.generate.report import Block, JournalLine, Report, report_page

START = parse_instant("1996-11-11T00:00:00Z")


def points(count: int = 60) -> tuple[Point, ...]:
    return tuple(Point(at=START + i * 12 * DAY, first_release=0.8, loop=0.9) for i in range(count))


def report(**changes: object) -> Report:
    facts: dict[str, object] = {
        "project": "electricity",
        "endpoint": "main",
        "metric": "roc_auc",
        "point_span": "12d",
        "blocks": (Block(number=1, first="1996-11-11", last="1997-02-14", rows=4531, first_release=0.9, loop=0.91),),
        "points": points(),
        "marks": (Mark(at=START + 30 * DAY, label="1996-12-11: abc became champion"),),
        "journal": (
            JournalLine(sequence=1, at="1996-11-12", kind="nothing", phase="", sentence="all is well", evidence=()),
            JournalLine(
                sequence=2, at="1996-12-11", kind="train", phase="intent", sentence="decay", evidence=("FAIL: x",)
            ),
        ),
        "figures": {"mean of the loop": 0.91},
        "digest": "sha256:abc",
        "summary": (("mean roc_auc", "0.910"),),
    }
    return Report(**(facts | changes))  # type: ignore[arg-type]


def test_the_page_holds_blocks_marks_evidence_and_both_kinds_of_decisions() -> None:
    page = report_page(report())
    for text in ("4,531", "+0.010", "abc became champion", "FAIL: x", "all is well", "sha256:abc", "the loop"):
        assert text in page


def test_the_page_fetches_nothing_and_runs_no_script() -> None:
    page = report_page(report())
    assert not re.search(r"<script|<link|src=|@import|url\(|https?://", page)


def test_what_users_wrote_is_escaped() -> None:
    assert "<b>x</b>" not in report_page(report(project="<b>x</b>")).split("</title>")[1].split("<style>")[0]
    assert "&lt;b&gt;x&lt;/b&gt;" in report_page(report(project="<b>x</b>"))


def test_without_labels_the_page_says_so_instead_of_drawing() -> None:
    page = report_page(report(points=(), blocks=(), marks=()))
    assert "No labelled rows yet" in page
    assert "<svg" not in page


def test_a_gap_in_the_metric_is_a_gap_in_the_line() -> None:
    gap = Point(at=START + 12 * DAY, first_release=math.nan, loop=0.9)
    chart = line_chart([points(1)[0], gap, points(3)[2]], [])
    assert chart is not None
    assert chart.lines[0].path.count("M") == 2
    assert chart.lines[1].path.count("M") == 1


def test_labels_do_not_overlap_and_stay_inside() -> None:
    marks = [Mark(at=START + i * DAY, label=f"mark {i}") for i in range(40)]
    chart = line_chart(points(), marks)
    assert chart is not None
    shown = [mark.place for mark in chart.marks if mark.number]
    assert len(chart.marks) == 40
    assert all(later - earlier >= 24 for earlier, later in pairwise(shown))
    assert all(tick.place <= chart.right - 24 for tick in chart.x_ticks)
