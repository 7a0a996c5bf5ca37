"""What must hold of every judgement, whatever the rows: no pass on next to nothing, no verdict by the order of rows."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trimtab.base.digest import digest_bytes
from trimtab.base.instants import DAY, Instant
from trimtab.base.verdict import Evidence, Verdict
from trimtab.gates.evaluate import MIN_BLOCKS, MIN_OF_CLASS, MIN_ROWS, JudgedRows, evaluate
from trimtab.monitor.decay import begin, fold, judge, update
from trimtab.spec.project import Gates, MetricGate, Task, Watch
from trimtab.stats.metrics import compute
from trimtab.stats.windows import WindowValue

GATES = Gates(metrics=(MetricGate(metric="roc_auc", floor=0.5, tolerance=0.02),))
scores = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])


@st.composite
def judged(draw: Any) -> JudgedRows:
    count = draw(st.integers(0, 120))
    days = draw(st.integers(1, 20))
    column = st.lists(scores, min_size=count, max_size=count).map(np.array)
    return JudgedRows(
        task=Task.BINARY,
        truth=np.array(draw(st.lists(st.integers(0, 1), min_size=count, max_size=count)), dtype=np.int64),
        event_times=np.array(
            draw(st.lists(st.integers(0, days * DAY), min_size=count, max_size=count)), dtype=np.int64
        ),
        challenger=draw(column).astype(np.float64),
        challenger_model=digest_bytes(b"new"),
        champion=draw(column).astype(np.float64),
        champion_model=digest_bytes(b"old"),
    )


def stored(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    return msgspec.json.decode(msgspec.json.encode(evidence), type=tuple[Evidence, ...])


@given(rows=judged())
def test_next_to_nothing_never_passes_and_every_unsure_says_what_it_needs(rows: JudgedRows) -> None:
    report = evaluate(GATES, rows, latency_p99=None, seed=0)
    blocks = len(set((rows.event_times // DAY).tolist()))
    rare = min(np.count_nonzero(rows.truth), len(rows.truth) - np.count_nonzero(rows.truth))
    if len(rows.truth) < MIN_ROWS or blocks < MIN_BLOCKS or rare < MIN_OF_CLASS:
        assert report.verdict is Verdict.UNSURE
    assert all(item.needs for item in report.evidence if item.verdict is Verdict.UNSURE)
    assert stored(report.evidence) == report.evidence
    assert all(math.isfinite(value) for value in report.metrics.values())


@given(rows=judged(), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_judged_rows_changes_no_verdict(rows: JudgedRows, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(rows.truth))
    assert rows.champion is not None
    shuffled = JudgedRows(
        task=rows.task,
        truth=rows.truth[order],
        event_times=rows.event_times[order],
        challenger=rows.challenger[order],
        challenger_model=rows.challenger_model,
        champion=rows.champion[order],
        champion_model=rows.champion_model,
    )
    one, two = (evaluate(GATES, each, latency_p99=None, seed=0) for each in (rows, shuffled))
    assert [item.verdict for item in one.evidence] == [item.verdict for item in two.evidence]
    assert [item.measured for item in one.evidence] == [item.measured for item in two.evidence]


@given(truth=st.lists(st.booleans(), min_size=2, max_size=60), data=st.data())
def test_the_area_under_the_curve_knows_only_the_order_of_scores(truth: list[bool], data: st.DataObject) -> None:
    outputs = np.array(data.draw(st.lists(scores, min_size=len(truth), max_size=len(truth))))
    area = compute("roc_auc", "binary", np.array(truth), outputs)
    if len(set(truth)) == 1:
        assert math.isnan(area)
    else:
        assert 0.0 <= area <= 1.0
        assert compute("roc_auc", "binary", np.array(truth), outputs**3 - 7.0) == area
        assert math.isclose(compute("roc_auc", "binary", ~np.array(truth), outputs), 1.0 - area, abs_tol=1e-12)


values = st.lists(st.one_of(st.just(math.nan), st.floats(0.0, 1.0)), max_size=80)


@given(values=values, cut=st.integers(0, 80), again=st.integers(0, 5))
def test_decay_folded_in_two_parts_with_some_windows_twice_is_decay_folded_at_once(
    values: list[float], cut: int, again: int
) -> None:
    windows = [WindowValue(start=Instant(day * DAY), value=value, rows=48) for day, value in enumerate(values)]
    fresh = begin("new", "roc_auc", 0.8, Watch(decay=0.1))
    at_once = fold(fresh, windows)
    assert fold(fold(fresh, windows[:cut]), windows[max(0, cut - again) :]) == at_once
    verdict = judge(at_once)
    assert stored((verdict,)) == (verdict,)
    if all(math.isnan(value) for value in values):
        assert verdict.verdict is Verdict.UNSURE


@given(values=st.lists(st.floats(0.7, 1.0), max_size=120))
def test_quality_that_never_is_below_the_limit_is_never_called_decay(values: list[float]) -> None:
    state = begin("new", "roc_auc", 0.8, Watch(decay=0.1))
    for day, value in enumerate(values):
        state = update(state, WindowValue(start=Instant(day * DAY), value=value, rows=48))
        assert judge(state).verdict is not Verdict.FAIL
