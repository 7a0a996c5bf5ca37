"""How columns hang together, from two samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from trimtab.base.verdict import Verdict
from trimtab.data.differences import PairDifference, Statistic
from trimtab.data.drift import Judging, compare
from trimtab.data.effects import Bar
from trimtab.data.joint import judge_pairs
from trimtab.data.profile import Profile
from trimtab.data.profiler import profile_frame
from trimtab.data.sample import Sample
from trimtab.stats.special import normal_quantile

BAR = Bar(tolerance=0.2, error=0.05, level=0.95)
CHANCE = np.random.default_rng(1)
X, Y = CHANCE.normal(size=(2, 4_000))


def sample_of(**columns: Any) -> Sample:
    found = profile_frame(pl.DataFrame(columns)).sample
    assert found is not None
    return found


def judged(then: Sample, now: Sample, **settings: Any) -> tuple[tuple[PairDifference, ...], int]:
    return judge_pairs(then, now, list(then.columns), BAR, **settings)


def test_a_correlation_that_is_gone_is_named_with_both_figures() -> None:
    pairs, compared = judged(sample_of(x=X, y=X + 0.5 * Y), sample_of(x=X, y=Y))
    assert compared == 4
    assert pairs[0].columns == ("x", "y")
    effect = pairs[0].effect
    assert (effect.verdict, effect.statistic) == (Verdict.FAIL, Statistic.CORRELATION)
    assert effect.words == "the correlation of x and y is -0.01, +0.89 in the reference"
    assert effect.size.n == 4_000
    assert effect.size.low < effect.size.estimate < effect.size.high < -0.2


def test_each_pair_of_columns_is_there_once_by_its_strongest_change() -> None:
    pairs, _ = judged(sample_of(x=X, y=X + Y, z=X - Y), sample_of(x=X, y=Y, z=-Y))
    assert len({pair.columns for pair in pairs}) == len(pairs) == 3


def test_a_change_of_one_column_alone_is_no_change_of_a_pair() -> None:
    pairs, _ = judged(sample_of(x=X, y=X + 0.5 * Y), sample_of(x=np.exp(X), y=3.0 + 7.0 * (X + 0.5 * Y)))
    assert [pair.effect.verdict for pair in pairs] == [Verdict.PASS]


def test_few_rows_are_not_compared_and_some_are_unsure() -> None:
    whole = sample_of(x=X, y=Y)
    assert judged(whole, sample_of(x=X[:99], y=Y[:99])) == ((), 0)
    pairs, _ = judged(whole, sample_of(x=X[:150], y=Y[:150]))
    assert pairs[0].effect.verdict is Verdict.UNSURE
    assert pairs[0].effect.needs == "larger samples of rows"


def test_rows_that_resemble_their_neighbours_count_for_less() -> None:
    then, now = sample_of(x=X, y=X + Y), sample_of(x=X, y=X + Y)
    wide, narrow = (judged(then, now, rows=((4_000, 1.0), (4_000, share)))[0][0].effect.size for share in (0.05, 1.0))
    assert wide.n == 200
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    assert judged(then, now, rows=((4_000, 1.0), (4_000, 1 / 48))) == ((), 0)
    profile = profile_frame(pl.DataFrame({"x": X, "y": X + Y}))
    assert compare(profile, profile, Judging(effective=(1.0, 1 / 48))).pairs_compared == 0


def test_all_rows_count_where_each_different_one_is_in_the_sample() -> None:
    yes = np.repeat([True, False], 2_000)
    then, now = sample_of(a=yes, b=yes), sample_of(a=yes, b=np.tile(yes[::2], 2))
    assert (len(then.hashes), len(now.hashes)) == (2, 4)
    pairs, compared = judged(then, now)
    assert compared == 1
    assert (pairs[0].effect.verdict, pairs[0].effect.size.n) == (Verdict.FAIL, 4_000)


def test_a_sample_that_lacks_the_row_that_is_half_of_the_table_is_not_compared() -> None:
    def table(rows: int, seed: int) -> Profile:
        chance = np.random.default_rng(seed)
        values = chance.normal(size=(2, rows))
        values[:, chance.random(rows) < 0.5] = 0.0
        return profile_frame(pl.DataFrame({"x": values[0], "y": values[1]}))

    for seed in range(5):
        found = compare(table(200_000, seed), table(7_000 + 10_000 * seed, 9 + seed))
        assert all(pair.effect.verdict is not Verdict.FAIL for pair in found.pairs)


def test_constants_times_and_columns_of_another_kind_have_no_pair() -> None:
    moments = pl.Series(range(4_000)).cast(pl.Datetime("us"))
    then = sample_of(x=X, t=moments, c=[1.0] * 4_000, k=["a"] * 4_000)
    assert judged(then, then) == ((), 0)
    assert judged(sample_of(x=X, y=Y), sample_of(x=X, y=[str(value) for value in Y])) == ((), 0)
    assert judged(sample_of(x=X, y=Y), Sample()) == ((), 0)


def test_gaps_do_not_weaken_a_pair() -> None:
    together = X + 0.5 * Y
    for every, kind in ((10, Verdict.PASS), (2, Verdict.PASS)):
        holes = [None if place % every == 0 else value for place, value in enumerate(together.tolist())]
        pairs, _ = judged(sample_of(x=X, y=together), sample_of(x=X, y=holes))
        assert pairs[0].effect.verdict is kind
        assert abs(pairs[0].effect.size.estimate) < 0.05
        reverse, _ = judged(sample_of(x=X, y=together), sample_of(x=X, y=[None if y is None else -y for y in holes]))
        assert reverse[0].effect.verdict is Verdict.FAIL
    few = [value if place % 60 == 0 else None for place, value in enumerate(together.tolist())]
    assert judged(sample_of(x=X, y=together), sample_of(x=X, y=few)) == ((), 0)


def test_a_correlation_is_that_of_the_ranks() -> None:
    pairs, _ = judged(sample_of(x=X, y=X + Y), sample_of(x=X, y=np.exp(3 * (Y - X))))
    (effect,) = [pair.effect for pair in pairs]
    ranks = [np.argsort(np.argsort(values)) for values in (X, X + Y, Y - X)]
    expected = np.asarray(np.corrcoef(ranks))
    assert effect.size.estimate == pytest.approx(expected[0, 2] - expected[0, 1], abs=1e-6)


def test_the_band_is_as_wide_as_many_samples_show() -> None:
    estimates, widths = [], []
    then = sample_of(x=X, y=X + Y)
    for seed in range(120):
        x, y = np.random.default_rng(seed).normal(size=(2, 500))
        size = judged(then, sample_of(x=x, y=x + y))[0][0].effect.size
        estimates.append(size.estimate)
        widths.append((size.high - size.low) / 2)
    z = normal_quantile(1 - 0.05 / 4)
    assert np.mean(widths) / z == pytest.approx(np.std(estimates), rel=0.25)


def test_a_value_that_is_missing_today_is_no_error() -> None:
    kinds = np.where(X > 0, "a", "b").tolist()
    pairs, _ = judged(sample_of(x=X, k=kinds), sample_of(x=X, k=["c"] * 4_000))
    assert pairs == ()
    mixed, _ = judged(sample_of(x=X, k=kinds), sample_of(x=X, k=np.where(Y > 0, "a", "b").tolist()))
    assert mixed[0].effect.statistic is Statistic.DEPENDENCE
    assert "k being '" in mixed[0].effect.words


@pytest.mark.parametrize("rows", [105, 400, 5_000])
def test_a_few_rows_that_have_both_of_two_rare_flags_are_no_drift(rows: int) -> None:
    rng = np.random.default_rng(rows)
    false = 0
    for _ in range(40):
        sides = []
        for _ in range(2):
            crisis = rng.random(rows) < 0.02
            sides.append({f"c{place}": (crisis & (rng.random(rows) < 0.7)).astype(np.int8) for place in range(8)})
        found = judged(sample_of(**sides[0]), sample_of(**sides[1]))
        false += any(pair.effect.verdict is Verdict.FAIL for pair in found[0])
    assert false <= 3


def test_flags_that_enough_rows_have_are_still_compared() -> None:
    rng = np.random.default_rng(9)
    one, other = rng.random(4_000) < 0.02, rng.random(4_000) < 0.02
    then, now = sample_of(a=one.astype(int), b=one.astype(int)), sample_of(a=one.astype(int), b=other.astype(int))
    assert judged(then, now)[0][0].effect.verdict is Verdict.FAIL


@pytest.mark.parametrize("gaps", [False, True])
def test_the_band_is_that_of_the_influence_of_each_row(gaps: bool) -> None:
    """Of two flags, of which one is seldom there: by the rows themselves, one after the other."""
    seldom, often = X > 1.2, X + 0.7 * Y > 0.0
    known = np.ones(4_000, dtype=np.bool_)
    known[:400] = not gaps
    sample = sample_of(row=np.arange(4_000.0), a=seldom, b=pl.Series(often).set(pl.Series(~known), None))
    pairs, compared = judge_pairs(sample, sample, ["a", "b"], BAR)
    assert compared == 1
    one, two = ((flag[known] - flag[known].mean()) / flag[known].std() for flag in (seldom, often))
    r = float((one * two).mean())
    influence = one * two - r / 2.0 * (one**2 + two**2)
    variance = float((influence**2).mean()) / len(influence)
    size = pairs[0].effect.size
    expected = normal_quantile(0.95) * np.sqrt(2.0 * variance)
    assert size.high - size.estimate == pytest.approx(expected, rel=0.02 if gaps else 1e-9)
