"""The report: the loop beside its first release kept for ever, on the very rows that were answered.

The first release is asked again, off the record, about every row in the log whose outcome is known; so both are
judged on the same rows, and the comparison needs no second server.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from trimtab.app.home import Home
from trimtab.app.journal import read_journal
from trimtab.app.scorers import logged_scores, open_scorer
from trimtab.app.truth import truth_of
from trimtab.base.digest import Digest, digest_json, short
from trimtab.base.errors import InputError
from trimtab.base.instants import DAY, Instant, format_instant, format_span
from trimtab.data.contract import parse_contract
from trimtab.data.table import to_columns
from trimtab.disk.named import write_named
from trimtab.drivers.prediction_log import LogIndex
from trimtab.drivers.signing_keys import trusted_keys
from trimtab.gates.check import default_gate
from trimtab.generate.chart import Mark, Point
from trimtab.generate.report import Block, JournalLine, Report, report_page
from trimtab.records.action import Action, ActionState
from trimtab.records.journal import Entry, Phase
from trimtab.records.prediction import Role, Status
from trimtab.release.manifest import CONTRACT_FILE, Manifest
from trimtab.stats.arrays import Floats, Numbers
from trimtab.stats.metric_names import metric_for
from trimtab.stats.metrics import compute

FOREVER = Instant(2**62)
POINTS = 60
"""About how many points the chart's lines have: more would be noise on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The answered rows whose outcome is known, in the order of time, with both ways' scores."""

    times: np.ndarray[tuple[int], np.dtype[np.int64]]
    truth: Numbers | Floats
    loop: Floats
    first_release: Floats
    task: str

    def metric(self, name: str, rows: slice | Numbers) -> tuple[float, float]:
        """The metric of the first release and of the loop on some rows."""
        return (
            compute(name, self.task, self.truth[rows], self.first_release[rows]),
            compute(name, self.task, self.truth[rows], self.loop[rows]),
        )


def make_report(home: Home, *, blocks: int) -> Report:
    """The report on everything that was answered and labelled so far.

    Raises:
        InputError: there are fewer labelled rows than blocks.
    """
    first = first_release(home)
    manifest = home.bundles.verify(first, trusted_keys())
    log = LogIndex(home.files.log)
    log.update()
    judged = _judged(home, first, manifest, log)
    if len(judged.times) < blocks:
        raise InputError(
            f"{blocks} blocks were asked for, and only {len(judged.times)} answered rows have a label so far",
            fix="Send labels to /v1/labels, or ask for fewer blocks.",
        )
    metric = home.project.watch.metric or _gate_metric(home, manifest)
    found = tuple(_blocks(judged, metric, blocks))
    entries = [entry for entry in read_journal(home) if entry.draft.kind != "run"]
    trainings = home.records.actions(kind="train")
    figures = _figures(found, metric, trainings, home, log)
    span = max(7 * DAY, (int(judged.times[-1] - judged.times[0]) // POINTS // DAY) * DAY)
    return Report(
        project=home.project.name,
        endpoint=home.endpoint,
        metric=metric,
        point_span=format_span(span),
        blocks=found,
        points=tuple(_points(judged, metric, span)),
        marks=tuple(_marks(home, int(judged.times[0]))),
        journal=tuple(_line(entry) for entry in entries),
        figures=figures,
        digest=_digest(figures, entries),
        summary=tuple(_summary(figures, metric)),
    )


def write_page(report: Report, path: Path) -> None:
    """Write the report as one self-contained HTML file."""
    write_named(path, report_page(report).encode())


def first_release(home: Home) -> Digest:
    """The endpoint's first champion; raises `InputError` if it has had none."""
    for action in home.records.actions(kind="route"):
        if action.endpoint == home.endpoint:
            return Digest(str(action.payload["champion"]))
    home.champion()
    raise AssertionError("an endpoint with a champion has a first route action")


def _judged(home: Home, first: Digest, manifest: Manifest, log: LogIndex) -> Judged:
    contract = parse_contract(home.bundles.read(first, CONTRACT_FILE).decode(), at=CONTRACT_FILE)
    rows = log.outcomes_between(contract, Instant(0), FOREVER, at=FOREVER).filter(pl.col("role") != Role.SHADOW)
    label = rows["label"].to_numpy()
    columns = to_columns(log.inputs_of(contract, rows), contract) if rows.height else {}
    scorer = open_scorer(home.bundles.path(first), manifest)
    return Judged(
        times=rows["event_time"].to_numpy(),
        truth=truth_of(label, manifest.model),
        loop=logged_scores(manifest.model, rows),
        first_release=scorer.scores(columns) if rows.height else np.zeros(0),
        task=manifest.model.task.value,
    )


def _blocks(judged: Judged, metric: str, blocks: int) -> Iterator[Block]:
    edges = [round(i * len(judged.times) / blocks) for i in range(blocks + 1)]
    for number, (low, high) in enumerate(pairwise(edges), start=1):
        still, loop = judged.metric(metric, slice(low, high))
        yield Block(
            number=number,
            first=format_instant(int(judged.times[low])),
            last=format_instant(int(judged.times[high - 1])),
            rows=high - low,
            first_release=still,
            loop=loop,
        )


def _points(judged: Judged, metric: str, span: int) -> Iterator[Point]:
    numbers = (judged.times - judged.times[0]) // span
    for number in np.unique(numbers):
        still, loop = judged.metric(metric, np.flatnonzero(numbers == number))
        yield Point(at=int(judged.times[0] + number * span + span // 2), first_release=still, loop=loop)


def _marks(home: Home, start: int) -> Iterator[Mark]:
    for action in _promotions(home):
        at = max(action.effect_at, start)
        release = short(str(action.payload["champion"]))
        yield Mark(at=at, label=f"{format_instant(at)[:10]}: {release} became champion ({action.payload['kind']})")


def _promotions(home: Home) -> list[Action]:
    """Route actions after which another release was champion, in order."""
    found: list[Action] = []
    for action in home.records.actions(kind="route"):
        changed = not found or found[-1].payload["champion"] != action.payload["champion"]
        if action.endpoint == home.endpoint and action.state is ActionState.DONE and changed:
            found.append(action)
    return found


def _figures(
    blocks: Sequence[Block], metric: str, trainings: Sequence[Action], home: Home, log: LogIndex
) -> dict[str, float]:
    higher = metric_for(metric, home.project.task.value if home.project.task else "binary").higher_is_better
    worst = min if higher else max
    heard = log.predictions_between(Instant(0), FOREVER).filter(pl.col("role") != Role.SHADOW)
    passed = sum("release" in action.outcome for action in trainings)
    refused = sum(action.state is ActionState.DONE and "release" not in action.outcome for action in trainings)
    return {
        "mean of the first release": math.fsum(b.first_release for b in blocks) / len(blocks),
        "mean of the loop": math.fsum(b.loop for b in blocks) / len(blocks),
        "worst of the first release": worst(b.first_release for b in blocks),
        "worst of the loop": worst(b.loop for b in blocks),
        "trainings": len(trainings),
        "trainings passed": passed,
        "trainings refused": refused,
        "trainings failed": sum(action.state is ActionState.FAILED for action in trainings),
        "promotions": len(_promotions(home)) - 1,
        "requests": heard["request_id"].n_unique(),
        "requests not answered": heard.filter(pl.col("status") != Status.OK)["request_id"].n_unique(),
    }


def _summary(figures: dict[str, float], metric: str) -> Iterator[tuple[str, str]]:
    mean, still = figures["mean of the loop"], figures["mean of the first release"]
    worst, still_worst = figures["worst of the loop"], figures["worst of the first release"]
    yield f"mean {metric}", f"{mean:.3f} with the loop, {still:.3f} without ({mean - still:+.3f})"
    yield (
        f"worst block's {metric}",
        f"{worst:.3f} with the loop, {still_worst:.3f} without ({worst - still_worst:+.3f})",
    )
    yield (
        "trainings",
        (
            f"{figures['trainings']:.0f}: {figures['trainings passed']:.0f} passed their gates, "
            f"{figures['trainings refused']:.0f} refused, {figures['trainings failed']:.0f} failed"
        ),
    )
    yield "promotions", f"{figures['promotions']:.0f}"
    yield "requests", f"{figures['requests']:,.0f}, of which {figures['requests not answered']:,.0f} were not answered"


def _line(entry: Entry) -> JournalLine:
    draft = entry.draft
    return JournalLine(
        sequence=entry.sequence,
        at=format_instant(draft.at)[:16].replace("T", " ") if draft.at else "the start",
        kind=draft.kind,
        phase="" if draft.phase is Phase.DECISION else draft.phase.value,
        sentence=draft.reason,
        evidence=tuple(f"{item.verdict.value} {item.check}: {item.reason}" for item in draft.evidence),
    )


def _digest(figures: dict[str, float], entries: Sequence[Entry]) -> str:
    """Over what two replays must agree on: not wall times, and not the order in which processes wrote."""
    decisions = sorted(
        (
            entry.draft.at,
            entry.draft.kind,
            entry.draft.phase.value,
            entry.draft.action_key,
            entry.draft.reason,
            msgspec.json.encode(entry.draft.evidence, order="sorted").decode(),
            str(entry.draft.detail.get("data", "")),
        )
        for entry in entries
        if entry.draft.actor.kind == "controller"
    )
    return digest_json([{name: repr(value) for name, value in figures.items()}, decisions])


def _gate_metric(home: Home, manifest: Manifest) -> str:
    gates = home.project.gates.metrics
    return gates[0].metric if gates else default_gate(manifest.model.task).metric
