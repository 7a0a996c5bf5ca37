"""The loop's report as a value and as one self-contained page.

The page is a string made from the value alone: no script is needed to read it, nothing is fetched, and it follows
the reader's light or dark setting. The command line prints the same value.
"""

from __future__ import annotations

import msgspec
from jinja2 import Environment, StrictUndefined

from trimtab.generate.chart import Mark, Point, line_chart
from trimtab.generate.report_template import TEMPLATE


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """An equal share of the answered and labelled rows, with the metric of both ways of running them."""

    number: int
    first: str
    last: str
    rows: int
    first_release: float
    loop: float


class JournalLine(msgspec.Struct, frozen=True, kw_only=True):
    """A journal entry as a person reads it."""

    sequence: int
    at: str
    kind: str
    phase: str
    sentence: str
    evidence: tuple[str, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the loop achieved on an endpoint.

    Attributes:
        metric: the metric of ``blocks`` and ``points``, e.g. ``roc_auc``.
        points: the metric over time for both, in windows of ``point_span``.
        marks: when which release became champion.
        figures: every number that two replays must agree on.
        digest: over figures, decisions and data digests; equal for two equal replays.
        summary: name and text, in the order of reading.
    """

    project: str
    endpoint: str
    metric: str
    point_span: str
    blocks: tuple[Block, ...]
    points: tuple[Point, ...]
    marks: tuple[Mark, ...]
    journal: tuple[JournalLine, ...]
    figures: dict[str, float]
    digest: str
    summary: tuple[tuple[str, str], ...]


def report_page(report: Report) -> str:
    """The report as one HTML document of its own; every text in it is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    chart = line_chart(report.points, report.marks)
    acted = [line for line in report.journal if line.kind != "nothing"]
    idle = [line for line in report.journal if line.kind == "nothing"]
    return environment.from_string(TEMPLATE).render(report=report, chart=chart, acted=acted, idle=idle)
