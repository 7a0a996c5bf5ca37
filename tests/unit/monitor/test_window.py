"""Window summaries from arrays of predictions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trimtab.base.instants import DAY, Instant
from trimtab.data.array_profile import profile_scores
from trimtab.data.profile import Profile
from trimtab.monitor.window import ReleaseWindow, WindowRows, WindowSummary, summarise
from trimtab.records.versioned import decode, encode
from trimtab.spec.project import Task
from trimtab.stats.metrics import compute

BOUNDS = (Instant(0), Instant(DAY))


def predictions(seed: int = 1) -> WindowRows:
    """60 rows: two thirds by "old"; every tenth was refused before a variant was picked, and every seventh failed."""
    chance = np.random.default_rng(seed)
    place = np.arange(60)
    status = np.where(place % 10 == 0, "refused", np.where(place % 7 == 0, "failed", "ok")).astype(object)
    release = np.where(status == "refused", "", np.where(place % 3 < 2, "old", "new")).astype(object)
    outputs = np.where(status == "ok", chance.random(60), math.nan)
    truth = np.where(place < 50, chance.integers(0, 2, 60).astype(np.float64), math.nan)
    return WindowRows(release=release, status=status, outputs=outputs, truth=truth, latency_us=place * 10 + 5)


def summary(rows: WindowRows) -> WindowSummary:
    return summarise(
        rows, endpoint="e", bounds=BOUNDS, metric=("roc_auc", Task.BINARY), inputs={"old": Profile(rows=3)}
    )


def test_each_release_is_summarised_by_itself() -> None:
    rows = predictions()
    found = summary(rows)
    assert [part.release for part in found.releases] == ["", "new", "old"]
    old, unread = found.of("old"), found.of("")
    mine = (rows.release == "old") & (rows.status == "ok")
    labelled = mine & np.isfinite(rows.truth)
    assert old.answered == int(mine.sum())
    assert old.labelled == int(labelled.sum())
    assert old.value == compute("roc_auc", "binary", rows.truth[labelled], rows.outputs[labelled])
    assert old.scores == profile_scores(rows.outputs[mine])
    assert old.inputs == Profile(rows=3)
    assert (unread.refused, unread.answered, unread.latency_p50) == (6, 0, None)
    assert old.latency_p50 is not None
    assert old.latency_p99 is not None
    assert old.latency_p50 < old.latency_p99 <= 595


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = predictions()
    order = np.random.default_rng(2).permutation(60)
    shuffled = WindowRows(
        release=rows.release[order],
        status=rows.status[order],
        outputs=rows.outputs[order],
        truth=rows.truth[order],
        latency_us=rows.latency_us[order],
    )
    assert encode(summary(shuffled)) == encode(summary(rows))


def test_a_summary_is_stored_and_read_again_as_it_was() -> None:
    found = summary(predictions())
    assert decode(WindowSummary, encode(found)) == found
    assert b'"schema":"trimtab.window/1"' in encode(found)


def test_without_labels_there_is_no_figure_until_they_have_arrived() -> None:
    rows = predictions()
    before = summarise(
        WindowRows(
            release=rows.release, status=rows.status, outputs=rows.outputs, truth=np.full(60, math.nan),
            latency_us=rows.latency_us,
        ),
        endpoint="e", bounds=BOUNDS, metric=("roc_auc", Task.BINARY), inputs={},
    )  # fmt: skip
    assert before.of("old").value is None
    assert math.isnan(before.value_of("old").value)
    assert summary(rows).value_of("old").value == summary(rows).of("old").value
    assert summary(rows).value_of("old").start == BOUNDS[0]


def test_a_release_that_had_no_part_is_an_empty_one() -> None:
    assert summary(predictions()).of("unknown") == ReleaseWindow(release="unknown")


@pytest.mark.parametrize("task", [Task.CLASSES, Task.REGRESSION])
def test_other_tasks_are_summarised_by_their_own_metrics(task: Task) -> None:
    chance = np.random.default_rng(3)
    outputs = chance.dirichlet(np.ones(3), 30) if task is Task.CLASSES else chance.normal(0, 1, 30)
    rows = WindowRows(
        release=np.full(30, "old", dtype=object),
        status=np.full(30, "ok", dtype=object),
        outputs=outputs,
        truth=chance.integers(0, 3, 30).astype(np.float64),
        latency_us=np.full(30, 9),
    )
    metric = "accuracy" if task is Task.CLASSES else "mae"
    part = summarise(rows, endpoint="e", bounds=BOUNDS, metric=(metric, task), inputs={}).of("old")
    assert part.value == compute(metric, task, rows.truth, outputs)
    assert len(part.scores.columns) == (3 if task is Task.CLASSES else 1)
