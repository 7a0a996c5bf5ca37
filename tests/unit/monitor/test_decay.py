"""Decay: found fast, hardly ever by mistake, and the same whether folded day by day or all at once."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trimtab.base.instants import DAY, HOUR, Instant
from trimtab.base.verdict import Verdict
from trimtab.monitor.decay import Decay, DecayLimitError, begin, fold, judge, update
from trimtab.records.versioned import decode, encode
from trimtab.spec.project import Watch
from trimtab.stats.windows import WindowValue

WATCH = Watch(decay=0.05)


def fresh(*, expected: float = 0.85, metric: str = "roc_auc", watch: Watch = WATCH) -> Decay:
    return begin("new", metric, expected, watch)


def days(values: list[float], *, first: int = 0) -> list[WindowValue]:
    return [WindowValue(start=Instant((first + day) * DAY), value=value, rows=48) for day, value in enumerate(values)]


def around(mean: float, count: int, *, seed: int = 1) -> list[float]:
    values: list[float] = np.clip(np.random.default_rng(seed).normal(mean, 0.05, count), 0.0, 1.0).tolist()
    return values


def test_quality_that_holds_is_first_unsure_and_then_passes() -> None:
    first = judge(fold(fresh(), days(around(0.86, 3))))
    later = judge(fold(fresh(), days(around(0.86, 90))))
    assert first.verdict is Verdict.UNSURE
    assert first.needs == "more windows with labels"
    assert later.verdict is Verdict.PASS
    assert "expected was 0.850, and it must be at least 0.800" in later.reason


def test_quality_that_breaks_down_fails_within_weeks_also_after_a_long_good_time() -> None:
    good, bad = around(0.86, 300), around(0.65, 40)
    state = fold(fresh(), days(good))
    assert judge(state).verdict is Verdict.PASS
    found = next(day for day in range(1, 41) if judge(fold(state, days(bad[:day], first=300))).verdict is Verdict.FAIL)
    assert found <= 21


def test_a_pass_is_lost_before_decay_is_found() -> None:
    state = fold(fresh(), days(around(0.9, 300)))
    verdicts = []
    for window in days(around(0.62, 30), first=300):
        state = update(state, window)
        verdicts.append(judge(state).verdict)
    assert verdicts[0] is Verdict.PASS
    assert Verdict.UNSURE in verdicts
    assert verdicts[-1] is Verdict.FAIL
    assert verdicts == sorted(verdicts, key=["PASS", "UNSURE", "FAIL"].index)


def test_a_year_just_at_the_limit_hardly_ever_fails() -> None:
    alarms = 0
    for seed in range(60):
        state = fresh()
        values = np.random.default_rng(seed).beta(12, 3, 365).tolist()
        for window in days(values):
            state = update(state, window)
            if judge(state).verdict is Verdict.FAIL:
                alarms += 1
                break
    assert alarms <= 3


def test_what_recovers_is_no_longer_a_fail() -> None:
    state = fold(fresh(), days(around(0.6, 60)))
    assert judge(state).verdict is Verdict.FAIL
    assert judge(fold(state, days(around(0.9, 60), first=60))).verdict is not Verdict.FAIL


def test_the_fold_can_be_stored_and_goes_on_as_if_it_had_never_stopped() -> None:
    windows = days(around(0.8, 50))
    at_once, state = fold(fresh(), windows), fresh()
    for window in windows:
        state = decode(Decay, encode(update(state, window)))
    assert state == at_once
    assert len(encode(state)) < 1_000


def test_a_window_is_counted_once_and_in_order() -> None:
    windows = days(around(0.8, 5))
    state = fold(fresh(), windows)
    assert fold(state, windows) == state
    assert update(state, windows[2]) == state


def test_windows_without_a_figure_are_counted_and_say_what_is_missing() -> None:
    state = fold(fresh(), days([math.nan] * 4))
    found = judge(state)
    assert found.verdict is Verdict.UNSURE
    assert "(4 had too few, or one class)" in found.reason
    assert found.needs == "labels, or a [watch] window longer than 1d"
    assert judge(update(state, days([0.9], first=4)[0])).needs == "more windows with labels"


def test_the_alarm_follows_from_the_false_alarms_that_are_allowed_in_a_year_of_windows() -> None:
    assert fresh().alarm_at == pytest.approx(365 / 0.05)
    assert fresh(watch=Watch(window=HOUR, false_alarms=0.5)).alarm_at == pytest.approx(365 * 24 / 0.5)


def test_the_tolerance_is_in_the_metrics_unit_and_for_errors_in_the_labels_unit_a_share() -> None:
    assert fresh(metric="roc_auc", expected=0.85).limit == pytest.approx(0.80)
    assert fresh(metric="brier", expected=0.10).limit == pytest.approx(0.15)
    assert fresh(metric="mae", expected=120.0).limit == pytest.approx(126.0)
    assert fresh(metric="r2", expected=-0.2).limit == pytest.approx(-0.25)


@pytest.mark.parametrize(
    ("metric", "expected", "bad"), [("mae", 120.0, 200.0), ("r2", 0.4, -0.6), ("log_loss", 0.3, 0.9)]
)
def test_errors_and_metrics_without_a_worst_value_are_watched_too(metric: str, expected: float, bad: float) -> None:
    good = fold(fresh(metric=metric, expected=expected), days([expected] * 300))
    assert judge(good).verdict is Verdict.PASS
    assert judge(fold(good, days([bad] * 20, first=300))).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("metric", "expected", "decay"), [("roc_auc", 0.5, 0.5), ("roc_auc", 1.0, 0.0), ("mae", 0.0, 0.1)]
)
def test_a_limit_that_cannot_be_watched_is_refused(metric: str, expected: float, decay: float) -> None:
    with pytest.raises(DecayLimitError, match="is no limit that can be watched"):
        begin("new", metric, expected, Watch(decay=decay))
