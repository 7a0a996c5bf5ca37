"""Verdicts on drift are as rarely wrong as they say, and a change that matters is found; by simulation, seeds fixed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest

from trimtab.base.verdict import Verdict
from trimtab.data.differences import Differences, Statistic
from trimtab.data.drift import Judging, compare
from trimtab.data.kinds import DriftLimits
from trimtab.data.profile import Profile
from trimtab.data.profiler import Depth, profile_frame
from trimtab.data.seasons import Season, SeasonFold, Seasons, compare_seasons
from trimtab.data.sketch import quantile

Array = np.ndarray[Any, np.dtype[Any]]
LEAN = Depth(joint=False)
ALONE: Mapping[Statistic, DriftLimits] = {
    Statistic.LOCATION: DriftLimits(scale=None, shape=None, share=None),
    Statistic.SCALE: DriftLimits(location=None, shape=None, share=None),
    Statistic.SHAPE: DriftLimits(location=None, scale=None, share=None),
    Statistic.SHARE: DriftLimits(location=None, scale=None, shape=None),
    Statistic.NULLS: DriftLimits(location=None, scale=None, shape=None),
}


def lean(**columns: Any) -> Profile:
    return profile_frame(pl.DataFrame(columns), LEAN)


def verdict_of(found: Differences, statistic: Statistic) -> Verdict:
    (column,) = found.columns
    return next(one.verdict for one in column.effects if one.statistic is statistic)


def normal(chance: np.random.Generator, rows: int, shift: float, spread: float) -> Array:
    return chance.normal(shift, spread, rows)


def null_share(chance: np.random.Generator, rows: int, share: float) -> list[float | None]:
    return [None if gap else 1.0 for gap in (chance.random(rows) < share).tolist()]


def texts(chance: np.random.Generator, rows: int, share: float) -> list[str]:
    return ["a" if one else "b" for one in (chance.random(rows) < share).tolist()]


# What the reference is drawn as, what lies just at the tolerance, and what lies at twice the tolerance.
CHANGES: Mapping[Statistic, tuple[Callable[..., Any], tuple[float, ...], tuple[float, ...], tuple[float, ...]]] = {
    Statistic.LOCATION: (normal, (0.0, 1.0), (0.1, 1.0), (0.2, 1.0)),
    Statistic.SCALE: (normal, (0.0, 1.0), (0.0, 1.1103), (0.0, 1.25)),  # within 99 % of the reference, +10 %
    Statistic.SHAPE: (normal, (0.0, 1.0), (0.1254, 1.0), (0.2513, 1.0)),  # Φ(d/2) − Φ(−d/2) = 0.05 and 0.1
    Statistic.SHARE: (texts, (0.10,), (0.12,), (0.14,)),
    Statistic.NULLS: (null_share, (0.05,), (0.07,), (0.09,)),
}


@pytest.mark.parametrize("statistic", CHANGES)
@pytest.mark.parametrize("rows", [300, 4_000])
def test_at_the_tolerance_the_wrong_verdicts_are_as_rare_as_the_level_says(statistic: Statistic, rows: int) -> None:
    draw, before, at, _ = CHANGES[statistic]
    judging = Judging(limits=ALONE[statistic], level=0.9)
    runs, wrong = 120, {Verdict.PASS: 0, Verdict.FAIL: 0}
    for seed in range(runs):
        chance = np.random.default_rng(seed)
        then, now = lean(x=draw(chance, rows, *before)), lean(x=draw(chance, rows, *at))
        found = verdict_of(compare(then, now, judging), statistic)
        if found in wrong:
            wrong[found] += 1
    most = 0.1 * runs + 3.0 * math.sqrt(0.1 * 0.9 * runs)  # a single statement may err as often as the level says
    assert wrong[Verdict.PASS] <= most
    assert wrong[Verdict.FAIL] <= most


def at_the_tolerance(chance: np.random.Generator, rows: int, *, now: bool) -> Profile:
    """Columns that are easy to judge and hard ones, each of which changes by just what is tolerated."""
    by = float(now)
    peaks = np.where(chance.random(rows) < 0.4, -3.0, 3.0) + chance.normal(size=rows)
    zeros = chance.random(rows) < 0.3 + 0.05 * by
    return lean(
        moved=chance.normal(0.1 * 0.987 * by, size=rows),  # 0.987: the deviation of a normal column that is kept
        wider=chance.normal(size=rows) * (1.0 + 0.1103 * by),
        wild=np.exp(chance.normal(size=rows)) ** (1.0 + 0.0514 * by),
        peaks=peaks + 0.1 * 3.08 * by,
        zeros=np.where(zeros, 0.0, 1.0 + chance.exponential(size=rows)),
        half=np.where(chance.random(rows) < 0.5 + 0.02 * by, "a", "b"),
        four=np.array(list("wxyz"))[chance.choice(4, rows, p=[0.5 - 0.02 * by, 0.3 + 0.02 * by, 0.15, 0.05])],
        gaps=null_share(chance, rows, 0.05 + 0.02 * by),
        calm=chance.uniform(size=rows),
    )


@pytest.mark.parametrize(("then", "today"), [(2_000, 2_000), (6_000, 400), (400, 6_000)])
def test_of_tables_at_the_tolerance_as_few_are_judged_wrongly_as_the_level_says(then: int, today: int) -> None:
    runs, failed = 100, 0
    for seed in range(runs):
        chance = np.random.default_rng(seed)
        found = compare(
            at_the_tolerance(chance, then, now=False), at_the_tolerance(chance, today, now=True), Judging(level=0.9)
        )
        failed += found.verdict is Verdict.FAIL
    assert failed <= 0.1 * runs + 3.0


def test_what_did_not_change_passes_at_twenty_thousand_rows_and_more_often_than_not_where_it_is_hard() -> None:
    chance = np.random.default_rng(41)
    shares = 1.0 / np.arange(1, 2_001) ** 1.1
    names = np.array([f"v{place}" for place in range(2_000)])

    def table() -> Profile:
        easy = {f"n{place}": chance.normal(size=20_000) for place in range(20)}
        half = np.where(chance.random(20_000) < 0.5, "a", "b")
        return lean(**easy, half=half, many=names[chance.choice(2_000, 20_000, p=shares / shares.sum())])

    passed: dict[str, int] = {}
    for _ in range(12):
        for column in compare(table(), table()).columns:
            passed[column.column] = passed.get(column.column, 0) + (column.verdict is Verdict.PASS)
            assert column.verdict is not Verdict.FAIL
    assert min(passed[name] for name in passed if name not in ("half", "many")) == 12
    assert min(passed["half"], passed["many"]) >= 7


@pytest.mark.parametrize("statistic", CHANGES)
def test_twice_the_tolerance_is_found_from_twenty_thousand_rows_on(statistic: Statistic) -> None:
    draw, before, _, twice = CHANGES[statistic]
    for seed in range(10):
        chance = np.random.default_rng(seed)
        then, now = lean(x=draw(chance, 20_000, *before)), lean(x=draw(chance, 20_000, *twice))
        assert verdict_of(compare(then, now), statistic) is Verdict.FAIL


def test_an_innocent_jitter_passes_however_many_rows_there_are() -> None:
    chance = np.random.default_rng(17)
    for rows in (60_000, 200_000):
        base = chance.normal(size=rows)
        zeros = np.where(chance.random(rows) < 0.7, 0.0, chance.exponential(size=rows))
        counts = chance.poisson(3.0, rows).astype(np.float64)
        then = {"normal": base, "zeros": zeros, "counts": counts}
        now = {name: values + 0.02 * values.std() * chance.normal(size=rows) for name, values in then.items()}
        now["normal"] = chance.normal(0.02, size=rows)
        found = compare(lean(**then), lean(**now))
        assert {column.column: column.verdict for column in found.columns} == dict.fromkeys(then, Verdict.PASS)


def test_a_sample_does_not_pass_what_fails_as_a_whole() -> None:
    chance = np.random.default_rng(19)
    reference = lean(a=chance.normal(size=20_000), b=chance.choice(list("xyz"), 20_000))
    for shift in (0.0, 0.08, 0.1, 0.12, 0.2, 0.6):
        shares = np.array([0.34 + shift / 5, 0.33, 0.33 - shift / 5])
        now = pl.DataFrame({"a": chance.normal(shift, size=60_000), "b": chance.choice(list("xyz"), 60_000, p=shares)})
        whole = {column.column: column.verdict for column in compare(reference, profile_frame(now, LEAN)).columns}
        for seed in range(6):
            few = compare(reference, profile_frame(now.sample(fraction=0.05, seed=seed), LEAN))
            for column in few.columns:
                assert {column.verdict, whole[column.column]} != {Verdict.PASS, Verdict.FAIL}


@pytest.mark.parametrize("weights", [[1.0] * 2, [1.0] * 500, [1.0] * 2_000, [1 / (i + 1) for i in range(2_000)]])
def test_many_categories_are_no_drift(weights: list[float]) -> None:
    shares = np.array(weights) / sum(weights)
    names = np.array([f"v{i}" for i in range(len(weights))])
    wrong = 0
    for seed in range(20):
        chance = np.random.default_rng(seed)
        then, now = (lean(x=names[chance.choice(len(names), rows, p=shares)]) for rows in (1_000 + 450 * seed, 20_000))
        wrong += compare(then, now, Judging(level=0.9)).verdict is Verdict.FAIL
    assert wrong <= 1


def test_names_of_rows_do_not_drift() -> None:
    def day(start: int, rows: int) -> Profile:
        names = np.arange(start, start + rows)
        return lean(number=names, text=[f"order-{name:08}" for name in names.tolist()])

    for rows in (30, 3_000, 30_000):
        assert compare(day(1_000, 20_000), day(21_000, rows)).verdict is not Verdict.FAIL
    assert compare(day(1_000, 30_000), day(31_000, 30_000)).verdict is Verdict.PASS


def weeks(rows_a_day: int, first: int, days: int, seed: int, *, without: tuple[int, ...] = ()) -> pl.DataFrame:
    """Rows from a Monday on; weekends have other values, and nights have none of ``night``."""
    chance = np.random.default_rng(seed)
    day = np.repeat([day for day in range(first, first + days) if day % 7 not in without], rows_a_day)
    hours = chance.integers(0, 24, len(day))
    moments = (day * 24 + hours) * 3_600_000_000 + 345_600_000_000  # 1970-01-05 was a Monday
    weekend = day % 7 >= 5
    return pl.DataFrame(
        {
            "t": pl.Series(moments).cast(pl.Datetime("us", "UTC")),
            "id": np.arange(len(day)) + first * rows_a_day,
            "x": chance.normal(np.where(weekend, 1.0, 0.0)),
            "c": np.where(chance.random(len(day)) < np.where(weekend, 0.8, 0.3), "a", "b"),
            "night": np.where(weekend & (hours < 12), np.nan, chance.normal(np.where(weekend, 2.0, 0.0))),
        }
    ).with_columns(pl.col("night").fill_nan(None))


def seasons(table: pl.DataFrame) -> Seasons:
    fold = SeasonFold(table.schema, "t", Season.WEEKDAY)
    fold.add(table)
    return fold.seasons()


def test_a_weekend_is_drift_by_itself_and_none_beside_other_weekends() -> None:
    reference, weekend = weeks(3_000, 0, 28, 1), weeks(12_000, 33, 2, 2)
    plain = {
        column.column: column.verdict
        for column in compare(profile_frame(reference, LEAN), profile_frame(weekend, LEAN)).columns
    }
    assert plain == {"id": Verdict.PASS, "x": Verdict.FAIL, "c": Verdict.FAIL, "night": Verdict.FAIL}
    found = compare_seasons(seasons(reference), seasons(weekend))
    assert {column.column: column.verdict for column in found.columns} == dict.fromkeys(plain, Verdict.PASS)
    assert found.seasons == "compared by weekday, 2 of 2"
    other = weekend.with_columns(pl.col("x") + 0.5)
    assert compare_seasons(seasons(reference), seasons(other)).columns[0].verdict is Verdict.FAIL


def test_a_season_that_is_missing_is_named_and_left_out() -> None:
    reference = weeks(3_000, 0, 28, 1, without=(5,))
    found = compare_seasons(seasons(reference), seasons(weeks(3_000, 28, 7, 2)))
    assert found.seasons == "compared by weekday, 6 of 7; not in the reference, so left out: Saturday"
    assert found.rows == 18_000
    assert found.verdict is Verdict.PASS


def joint(table: Mapping[str, Any]) -> Profile:
    return profile_frame(pl.DataFrame(table))


def pairs_that_fail(then: Mapping[str, Any], now: Mapping[str, Any]) -> set[frozenset[str]]:
    found = compare(joint(then), joint(now))
    assert {column.verdict for column in found.columns} == {Verdict.PASS}, "no column changed by itself"
    return {frozenset(pair.columns) for pair in found.pairs if pair.effect.verdict is Verdict.FAIL}


def test_what_columns_do_together_is_found_although_each_is_as_it_was() -> None:
    chance = np.random.default_rng(23)
    rows = 40_000
    x, e, f, g = chance.normal(size=(4, rows))
    kind = np.where(chance.random(rows) < 0.5, "u", "v")
    then = {"x": x, "flipped": 0.6 * x + 0.8 * e, "calm": f, "kind": kind, "by_kind": g + (kind == "u") * 1.5}
    x, e, f, g = chance.normal(size=(4, rows))
    kind = np.where(chance.random(rows) < 0.5, "u", "v")
    swapped = g + chance.permutation((kind == "u") * 1.5)
    now = {"x": x, "flipped": -0.6 * x + 0.8 * e, "calm": f, "kind": kind, "by_kind": swapped}
    assert pairs_that_fail(then, now) == {frozenset({"x", "flipped"}), frozenset({"kind", "by_kind"})}
    assert compare(joint(then), joint(now)).pairs_compared > 10


def test_a_spread_that_follows_another_column_is_found() -> None:
    chance = np.random.default_rng(29)
    x, y = chance.normal(size=(2, 40_000))
    x_now, noise = chance.normal(size=(2, 40_000))
    wild = noise * np.where(np.abs(x_now) > 0.67, 3.0, 0.3)
    same = np.sort(chance.normal(size=40_000))[np.argsort(np.argsort(wild))]
    assert abs(np.corrcoef(x_now, same)[0, 1]) < 0.02
    assert pairs_that_fail({"x": x, "y": y}, {"x": x_now, "y": same}) == {frozenset("xy")}


def test_two_columns_of_few_values_are_compared_together_too() -> None:
    chance = np.random.default_rng(31)
    one, two, three = (chance.random((3, 40_000)) < 0.5).tolist()
    then = {"a": one, "b": two, "c": three}
    now = {"a": one, "b": [x if keep else y for x, y, keep in zip(one, two, three, strict=True)], "c": three}
    assert pairs_that_fail(then, now) == {frozenset("ab")}


def test_nothing_is_found_between_columns_that_know_nothing_of_each_other() -> None:
    for seed in range(50):
        chance = np.random.default_rng(seed)

        def table(rows: int, chance: np.random.Generator = chance) -> Profile:
            return joint(
                {
                    "a": chance.normal(size=rows),
                    "b": chance.standard_t(3, rows),
                    "c": chance.choice(list("xyz"), rows),
                    "d": np.where(chance.random(rows) < 0.7, 0.0, chance.lognormal(size=rows)),
                    "e": chance.random(rows) < 0.06,
                }
            )

        found = compare(table(5_000), table(1_000 + 80 * seed), Judging(level=0.9))
        assert all(pair.effect.verdict is not Verdict.FAIL for pair in found.pairs)


@pytest.mark.parametrize("name", ["normal", "lognormal", "exponential", "uniform", "standard_t"])
def test_quantiles_are_off_by_two_thousandths_of_the_rows_at_most(name: str) -> None:
    chance = np.random.default_rng(37)
    values = chance.standard_t(3, 200_000) if name == "standard_t" else getattr(chance, name)(size=200_000)
    column = lean(x=values).columns["x"]
    ordered = np.sort(values)
    for share in (0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999):
        found = quantile(column.sketch, share)  # type: ignore[union-attr]  # a column of numbers
        rank = np.searchsorted(ordered, found) / len(values)
        assert abs(rank - share) <= 0.002


def test_every_row_is_as_likely_as_any_other_to_be_in_the_sample() -> None:
    counts = np.zeros(20)
    for seed in range(12):
        rows = np.arange(40_000)
        table = pl.DataFrame({"row": rows, "seed": np.full(40_000, seed)})
        sample = profile_frame(table).sample
        assert sample is not None
        counts += np.bincount((sample.columns["row"].numbers // 2_000).astype(np.int64), minlength=20)
    expected = counts.sum() / 20
    assert ((counts - expected) ** 2 / expected).sum() < 43.8  # one in a thousand of chi-square with 19 degrees
