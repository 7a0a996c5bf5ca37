"""What the loop sees: the log as windows, findings, and the evidence of a rollout's step.

A window is summarised when it is over, and once more when its labels have arrived; both are kept, and what is asked
again after a restart is read from the records. Everything is cut at one moment: rows whose event was before it, labels
that had arrived before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from trimtab.app.home import Home
from trimtab.app.runs import run_of_release
from trimtab.app.scorers import logged_scores
from trimtab.app.truth import truth_of
from trimtab.base.instants import Instant, floor_to
from trimtab.data.array_profile import profile_columns
from trimtab.data.column_profile import NumberColumn
from trimtab.data.contract import parse_contract
from trimtab.data.profile import Profile
from trimtab.data.schema import Contract
from trimtab.data.table import to_columns
from trimtab.drivers.prediction_log import LogIndex
from trimtab.gates.check import default_gate
from trimtab.gates.evaluate import per_window
from trimtab.monitor.assess import Finding, Reference, assess
from trimtab.monitor.decay import Decay, begin, update
from trimtab.monitor.window import WindowRows, WindowSummary, summarise
from trimtab.records.prediction import Status
from trimtab.records.versioned import decode
from trimtab.release.manifest import CONTRACT_FILE, PROFILE_FILE, SCORES_FILE, Manifest
from trimtab.rollout.evidence import Answers, one_number, step_evidence
from trimtab.rollout.state import Running, StepEvidence
from trimtab.stats.arrays import Floats

LABELLED = 0.9
"""Share of a window's answers whose labels must have arrived before its quality is counted."""

LATEST = 3
"""A window's quality is counted at the latest this many label delays (and one window) after its end, with the labels
that are there by then: some never come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen at a moment. ``windows`` (new, or labelled since) and ``decay`` are to be kept with the turn."""

    began: Instant
    findings: tuple[Finding, ...]
    labels: int
    windows: tuple[WindowSummary, ...]
    decay: Decay | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What is looked up of a release, among it the newest row that it was made from."""

    manifest: Manifest
    contract: Contract
    profile: Profile
    scores: NumberColumn
    last_event: Instant


class Eyes:
    """Looks at one endpoint. What it keeps in memory is in the log and in the records too."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._log = LogIndex(home.files.log)
        self._opened: dict[str, Opened] = {}
        self._windows = {
            window.start: window for window in home.records.documents(f"window/{home.endpoint}/", WindowSummary)
        }
        self._decay = home.records.document(f"decay/{home.endpoint}", Decay)

    def look(self, now: Instant, began: Instant | None) -> Sight:
        """What there is to see at ``now``; ``began`` is the first row's time, if it was seen before."""
        self._log.update()
        began = began if began is not None else self._first_row(now)
        desired = self._home.champion()
        champion = self._open(desired.champion)
        over = {window.start: window for window in self._windows_over(began, now)}
        self._windows.update(over)
        labelled = {window.start: window for window in self._windows_labelled(desired.champion_since, now)}
        self._windows.update(labelled)
        self._decay = self._decay_after(desired.champion, champion, labelled)
        return Sight(
            began=began,
            findings=self._findings(desired.champion, champion, now),
            labels=self._labels_since(champion, now),
            windows=tuple((over | labelled).values()),
            decay=self._decay,
        )

    def keep(self, sight: Sight) -> None:
        """Write what a turn saw, in its transaction."""
        for window in sight.windows:
            self._home.records.put_document(f"window/{self._home.endpoint}/{window.start:020d}", window)
        if sight.decay is not None:
            self._home.records.put_document(f"decay/{self._home.endpoint}", sight.decay)

    def step(self, rollout: Running, now: Instant) -> StepEvidence:
        """What a rollout's answers show, up to ``now``."""
        rows = self._log.predictions_between(Instant(0), now).with_columns(pl.col("release").cast(pl.String))
        rows = rows.filter(
            pl.col("arrived_at").is_between(rollout.began, now, closed="left")
            & pl.col("release").is_in([rollout.champion, rollout.challenger])
        ).sort("arrived_at", maintain_order=True)
        scores = logged_scores(self._open(rollout.champion).manifest.model, rows)
        answers = Answers(
            arrived_at=rows["arrived_at"].to_numpy(),
            by_challenger=(rows["release"] == rollout.challenger).to_numpy(),
            status=rows["status"].cast(pl.String).to_numpy(),
            score=one_number(scores),
            latency_us=rows["latency_us"].to_numpy(),
        )
        return step_evidence(
            answers,
            step_since=rollout.step_since,
            min_requests=self._home.project.serve.min_requests,
            judged=self._open(rollout.challenger).scores,
            slow_beyond=None if self._home.champion().replayed else self._home.project.gates.latency_p99,
        )

    # ── windows ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _windows_over(self, began: Instant, now: Instant) -> Iterator[WindowSummary]:
        """Summaries of the windows that ended since the last look, without labels."""
        length = self._home.project.watch.window
        start = max([floor_to(began, length), *(window.end for window in self._windows.values())])
        while start + length <= now:
            yield self._summary(
                start, Instant(start + length), known_at=start, inputs=self._inputs(start, Instant(start + length))
            )
            start = Instant(start + length)

    def _windows_labelled(self, since: Instant, now: Instant) -> Iterator[WindowSummary]:
        """The champion's windows whose labels have arrived since the last look, or have had long enough, in order."""
        delay, length = self._home.project.source.label_delay, self._home.project.watch.window
        newest = self._decay.newest if self._decay is not None else None
        for start in sorted(self._windows):
            window = self._windows[start]
            if window.end <= since or (newest is not None and start <= newest):
                continue
            if now < window.end + delay:
                return
            inputs = {part.release: part.inputs for part in window.releases}
            summary = self._summary(start, window.end, known_at=now, inputs=inputs)
            part = summary.of(self._home.champion().champion)
            if part.labelled < LABELLED * part.answered and now < window.end + LATEST * delay + length:
                return  # a later window is not counted before an earlier one
            yield summary

    def _inputs(self, start: Instant, end: Instant) -> dict[str, Profile]:
        """For each release, the profile of the rows that it answered in a window: every row is profiled once."""
        rows = self._log.predictions_between(start, end).with_columns(pl.col("release").cast(pl.String))
        rows = rows.filter(pl.col("status") == Status.OK)
        profiles = {}
        for release in rows["release"].unique().sort():
            contract = self._open(release).contract
            asked = self._log.inputs_of(contract, rows.filter(pl.col("release") == release))
            profiles[release] = profile_columns(to_columns(asked, contract), contract)
        return profiles

    def _summary(
        self, start: Instant, end: Instant, *, known_at: Instant, inputs: Mapping[str, Profile]
    ) -> WindowSummary:
        """What each release was asked and answered in a window, with the labels that were known at a moment."""
        champion = self._open(self._home.champion().champion)
        rows = self._log.predictions_between(start, end).with_columns(pl.col("release").cast(pl.String))
        model = champion.manifest.model
        return summarise(
            WindowRows(
                release=rows["release"].to_numpy(),
                status=rows["status"].cast(pl.String).to_numpy(),
                outputs=logged_scores(model, rows),
                truth=self._truth(champion, rows, start, end, known_at),
                latency_us=rows["latency_us"].to_numpy(),
            ),
            endpoint=self._home.endpoint,
            bounds=(start, end),
            metric=(self.metric(champion.manifest), model.task),
            inputs=inputs,
        )

    def _truth(self, opened: Opened, rows: pl.DataFrame, start: Instant, end: Instant, known_at: Instant) -> Floats:
        """The truth of each row as metrics take it; NaN where no label was known."""
        known = self._log.outcomes_between(opened.contract, start, end, at=known_at)
        truth = truth_of(known["label"].to_numpy(), opened.manifest.model).astype(np.float64)
        told = pl.DataFrame({"prediction_id": known["prediction_id"], "truth": truth})
        return (
            rows.join(told, on="prediction_id", how="left", maintain_order="left")["truth"].fill_null(np.nan).to_numpy()
        )

    def _decay_after(self, release: str, opened: Opened, labelled: dict[Instant, WindowSummary]) -> Decay | None:
        """The fold over the champion's labelled windows, begun anew with every champion."""
        metric = self.metric(opened.manifest)
        expected = opened.manifest.expected.get(per_window(metric))
        if expected is None:
            return None
        state = self._decay
        if state is None or state.release != release:
            state = begin(release, metric, expected, self._home.project.watch)
        for start in sorted(labelled):
            state = update(state, labelled[start].value_of(release))
        return state

    # ── findings ────────────────────────────────────────────────────────────────────────────────────────────────────

    def metric(self, manifest: Manifest) -> str:
        """The metric that decay is judged on."""
        gates = self._home.project.gates.metrics
        named = self._home.project.watch.metric or (gates[0].metric if gates else "")
        return named or default_gate(manifest.model.task).metric

    def _findings(self, release: str, opened: Opened, now: Instant) -> tuple[Finding, ...]:
        watch = self._home.project.watch
        memory = [
            self._windows[start]
            for start in sorted(self._windows)
            if now - watch.memory < self._windows[start].end <= now
        ]
        reference = Reference(release=release, inputs=opened.profile, scores=Profile())
        return assess(reference, self._decay, memory, watch, max_failures=self._home.project.serve.max_failures)

    def _labels_since(self, champion: Opened, now: Instant) -> int:
        """Labels that have arrived since the newest row that the champion was made from had its own."""
        since = Instant(champion.last_event + self._home.project.source.label_delay + 1)
        return self._log.labels_known(now, since=since).height

    def _open(self, release: str) -> Opened:
        if release not in self._opened:
            bundles = self._home.bundles
            run = run_of_release(self._home.records, release)
            self._opened[release] = Opened(
                manifest=bundles.manifest(release),
                contract=parse_contract(bundles.read(release, CONTRACT_FILE).decode(), at=CONTRACT_FILE),
                profile=decode(Profile, bundles.read(release, PROFILE_FILE), at=PROFILE_FILE),
                scores=_scores(decode(Profile, bundles.read(release, SCORES_FILE), at=SCORES_FILE)),
                last_event=run.data.last_event if run is not None and run.data is not None else Instant(-1),
            )
        return self._opened[release]

    def _first_row(self, now: Instant) -> Instant:
        """When the first row was asked about. Not the row's own time: one of years ago would mean years of windows."""
        arrived = self._log.predictions_between(Instant(0), now)["arrived_at"]
        return Instant(int(arrived.to_numpy().min())) if len(arrived) else now


def _scores(profile: Profile) -> NumberColumn:
    """The profile of a release's scores on its judged rows; empty if it has none."""
    found = profile.columns.get("score")
    return found if isinstance(found, NumberColumn) else NumberColumn()
