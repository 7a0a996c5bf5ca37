"""What the gates say of a candidate, on rows whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from trimtab.base.digest import digest_bytes
from trimtab.base.instants import DAY, HOUR, MILLISECOND, Span
from trimtab.base.verdict import Evidence, Verdict
from trimtab.gates.evaluate import (
    MIN_BLOCKS,
    MIN_OF_CLASS,
    JudgedRows,
    SelfComparisonError,
    evaluate,
    expectations,
    per_window,
)
from trimtab.spec.project import Gates, MetricGate, Task
from trimtab.stats.arrays import Floats
from trimtab.stats.metric_names import MetricError
from trimtab.stats.metrics import compute

NEW, OLD = digest_bytes(b"new"), digest_bytes(b"old")
AUC = Gates(metrics=(MetricGate(metric="roc_auc", floor=0.6, tolerance=0.02),))


def judged(
    days: int, *, separation: float = 1.5, champion: float | None = None, per_day: int = 24, seed: int = 1
) -> JudgedRows:
    """A row an hour; each model's scores are the truth times its separation, plus noise that both share in part."""
    chance = np.random.default_rng(seed)
    rows = days * per_day
    truth = chance.integers(0, 2, rows)
    shared = chance.normal(0, 0.9, rows)

    def scores(strength: float) -> Floats:
        return 1.0 / (1.0 + np.exp(-(truth * strength + shared + chance.normal(0, 0.3, rows))))

    return JudgedRows(
        task=Task.BINARY,
        truth=truth,
        event_times=np.arange(rows, dtype=np.int64) * (DAY // per_day),
        challenger=scores(separation),
        challenger_model=NEW,
        champion=None if champion is None else scores(champion),
        champion_model=None if champion is None else OLD,
    )


def by_check(evidence: tuple[Evidence, ...]) -> dict[str, Evidence]:
    return {item.check: item for item in evidence}


def test_a_clearly_good_candidate_passes_and_its_evidence_has_the_numbers() -> None:
    report = evaluate(AUC, judged(60, champion=1.0), latency_p99=Span(3 * MILLISECOND), seed=0)
    assert report.verdict is Verdict.PASS
    found = by_check(report.evidence)
    assert set(found) == {"roc_auc against its limit", "roc_auc against champion", "latency_p99"}
    floor = found["roc_auc against its limit"]
    assert floor.measured is not None
    assert floor.measured.low <= report.metrics["roc_auc"] <= floor.measured.high
    assert floor.limit == 0.6
    assert "on 1,440 rows; it must be at least 0.6" in floor.reason
    assert "is better than the champion's by" in found["roc_auc against champion"].reason
    assert report.notes == ()


def test_a_candidate_worse_than_the_champion_fails_although_it_is_above_the_floor() -> None:
    report = evaluate(AUC, judged(60, separation=1.0, champion=2.0), latency_p99=None, seed=0)
    found = by_check(report.evidence)
    assert report.verdict is Verdict.FAIL
    assert found["roc_auc against its limit"].verdict is Verdict.PASS
    assert found["roc_auc against champion"].verdict is Verdict.FAIL
    assert "is worse than the champion's by" in found["roc_auc against champion"].reason


def test_a_candidate_that_guesses_fails_its_floor() -> None:
    report = evaluate(AUC, judged(60, separation=0.0), latency_p99=None, seed=0)
    assert by_check(report.evidence)["roc_auc against its limit"].verdict is Verdict.FAIL


def test_what_the_rows_cannot_tell_is_unsure_with_the_rows_that_would() -> None:
    report = evaluate(AUC, judged(8, separation=1.4, champion=1.4, seed=4), latency_p99=None, seed=0)
    comparison = by_check(report.evidence)["roc_auc against champion"]
    assert report.verdict is Verdict.UNSURE
    assert comparison.verdict is Verdict.UNSURE
    assert "more judged rows" in comparison.needs or "times the rows" in comparison.needs


def test_a_negative_tolerance_asks_the_challenger_to_be_better() -> None:
    asked = Gates(metrics=(MetricGate(metric="roc_auc", tolerance=-0.05),))
    better = evaluate(asked, judged(60, separation=2.5, champion=1.0), latency_p99=None, seed=0)
    equal = evaluate(asked, judged(60, separation=1.5, champion=1.5), latency_p99=None, seed=0)
    assert better.verdict is Verdict.PASS
    assert "it must be better by 0.05" in better.evidence[0].reason
    assert equal.verdict is not Verdict.PASS


def test_the_limit_of_an_error_is_from_above() -> None:
    chance = np.random.default_rng(5)
    truth = chance.normal(0, 1, 960)
    rows = JudgedRows(
        task=Task.REGRESSION,
        truth=truth,
        event_times=np.arange(960, dtype=np.int64) * HOUR,
        challenger=truth + chance.normal(0, 0.5, 960),
        challenger_model=NEW,
        champion=truth + chance.normal(0, 0.8, 960),
        champion_model=OLD,
    )
    for floor, expected in ((0.6, Verdict.PASS), (0.4, Verdict.FAIL)):
        gates = Gates(metrics=(MetricGate(metric="rmse", floor=floor, tolerance=0.0),))
        found = by_check(evaluate(gates, rows, latency_p99=None, seed=0).evidence)
        assert found["rmse against its limit"].verdict is expected
        assert "must be at most" in found["rmse against its limit"].reason
        assert found["rmse against champion"].verdict is Verdict.PASS


def test_a_model_is_never_compared_with_itself() -> None:
    rows = replace(judged(30, champion=1.5), champion_model=NEW)
    with pytest.raises(SelfComparisonError, match="the challenger is the champion itself"):
        evaluate(AUC, rows, latency_p99=None, seed=0)


def test_a_tiny_sample_never_passes_however_perfect_it_is() -> None:
    for days, per_day in ((1, 24), (4, 24), (40, 1), (MIN_BLOCKS - 1, 400)):
        rows = judged(days, per_day=per_day, champion=0.0)
        perfect = replace(rows, challenger=rows.truth.astype(np.float64))
        report = evaluate(AUC, perfect, latency_p99=None, seed=0)
        assert report.verdict is Verdict.UNSURE, (days, per_day)
        assert all(item.needs for item in report.evidence)


def test_rows_of_one_class_or_hardly_any_of_the_other_are_unsure_and_say_what_is_missing() -> None:
    rows = judged(30)
    few = np.zeros(len(rows.truth), dtype=np.int64)
    few[:: len(few) // 3] = 1
    for truth in (np.zeros_like(few), few):
        (found,) = evaluate(AUC, replace(rows, truth=truth), latency_p99=None, seed=0).evidence
        assert found.verdict is Verdict.UNSURE
        assert found.needs == f"{MIN_OF_CLASS - int(truth.sum())} more labelled rows of class 1"


def test_a_class_that_lies_in_one_block_only_is_unsure() -> None:
    rows = judged(30)
    truth = np.zeros_like(rows.truth)
    truth[:20] = 1
    (found,) = evaluate(AUC, replace(rows, truth=truth), latency_p99=None, seed=0).evidence
    assert found.verdict is Verdict.UNSURE
    assert "does not exist on" in found.reason


def test_too_few_blocks_of_time_name_the_setting_that_makes_them_shorter() -> None:
    rows = judged(3, per_day=100)
    (found,) = evaluate(AUC, rows, latency_p99=None, seed=0).evidence
    assert "3 blocks of 1d" in found.reason
    assert "set a shorter [gates] block" in found.needs
    hourly = msgspec.structs.replace(AUC, block=HOUR)
    assert evaluate(hourly, rows, latency_p99=None, seed=0).evidence[0].verdict is Verdict.PASS


def test_latency_is_judged_where_it_was_measured_and_a_replay_says_that_it_was_not() -> None:
    rows = judged(60)
    slow = evaluate(AUC, rows, latency_p99=Span(400 * MILLISECOND), seed=0)
    assert slow.verdict is Verdict.FAIL
    assert by_check(slow.evidence)["latency_p99"].reason == "99 of 100 rows are scored within 400ms; the limit is 250ms"
    replayed = evaluate(AUC, rows, latency_p99=None, seed=0)
    assert replayed.verdict is Verdict.PASS
    assert "latency is not judged in a replay: its clock is not the wall's" in replayed.notes
    assert "there is no champion yet to compare with" in replayed.notes


@pytest.mark.parametrize("task", [Task.BINARY, Task.CLASSES, Task.REGRESSION])
def test_a_project_without_gates_is_judged_by_the_default_gate_and_is_told_so(task: Task) -> None:
    rows = judged(60, champion=1.5)
    assert rows.champion is not None
    if task is Task.CLASSES:
        both = [
            np.stack([1.0 - scores, scores], axis=1)
            for scores in (rows.challenger.astype(float), rows.champion.astype(float))
        ]
        rows = replace(rows, task=task, challenger=both[0], champion=both[1])
    elif task is Task.REGRESSION:
        rows = replace(rows, task=task)
    report = evaluate(Gates(), rows, latency_p99=None, seed=0)
    assert any("no gate is declared" in note for note in report.notes)
    assert any("against champion" in item.check for item in report.evidence)


def test_a_gate_without_limits_is_a_figure_and_no_verdict() -> None:
    gates = msgspec.structs.replace(AUC, metrics=(*AUC.metrics, MetricGate(metric="brier")))
    report = evaluate(gates, judged(60), latency_p99=None, seed=0)
    assert {item.check for item in report.evidence} == {"roc_auc against its limit"}
    assert "brier" in report.metrics


def test_scores_that_are_no_probabilities_are_judged_by_order_and_have_no_brier() -> None:
    rows = judged(60)
    wide = replace(rows, challenger=rows.challenger.astype(np.float64) * 100.0)
    report = evaluate(AUC, wide, latency_p99=None, seed=0)
    assert set(report.metrics) == {"roc_auc", "average_precision", "accuracy"}
    with pytest.raises(MetricError, match="brier is about probabilities"):
        evaluate(Gates(metrics=(MetricGate(metric="brier", floor=0.2),)), wide, latency_p99=None, seed=0)


def test_the_same_rows_and_seed_always_give_the_same_report() -> None:
    assert evaluate(AUC, judged(20, champion=1.0), latency_p99=None, seed=7) == evaluate(
        AUC, judged(20, champion=1.0), latency_p99=None, seed=7
    )


def test_production_is_held_to_what_windows_have_shown_and_not_to_the_figure_on_all_rows() -> None:
    rows = judged(20)
    found = expectations(rows, DAY, 0.9)
    assert found["roc_auc"] == compute("roc_auc", "binary", rows.truth, rows.challenger)
    daily = [
        compute("roc_auc", "binary", rows.truth[day * 24 : day * 24 + 24], rows.challenger[day * 24 : day * 24 + 24])
        for day in range(20)
    ]
    assert np.min(daily) < found[per_window("roc_auc")] < np.mean(daily)
    assert per_window("roc_auc") not in expectations(rows, HOUR, 0.9)


def test_a_wrong_pass_against_the_champion_is_as_rare_as_the_level_says() -> None:
    """The challenger is worse by exactly the tolerance: it must pass in at most about one case of ten."""
    passes = fails = 0
    weak = judged(2_000, separation=1.3, champion=1.5, seed=9)
    assert weak.champion is not None
    gap = compute("roc_auc", "binary", weak.truth, weak.champion) - compute(
        "roc_auc", "binary", weak.truth, weak.challenger
    )
    gates = Gates(metrics=(MetricGate(metric="roc_auc", tolerance=gap),))
    for run in range(120):
        rows = judged(30, separation=1.3, champion=1.5, seed=100 + run)
        verdict = evaluate(gates, rows, latency_p99=None, seed=run).verdict
        passes += verdict is Verdict.PASS
        fails += verdict is Verdict.FAIL
    assert passes <= 22
    assert fails <= 22
