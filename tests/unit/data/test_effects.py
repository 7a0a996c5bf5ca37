"""How large one change is, with its band and its verdict."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from trimtab.base.verdict import Verdict
from trimtab.data import effects
from trimtab.data.column_profile import NumberColumn
from trimtab.data.differences import Statistic
from trimtab.data.distance import Distance, Numbers, Slack, distance_between, number_distance, numbers_of
from trimtab.data.effects import Bar, Sizes, judged
from trimtab.data.profiler import Depth, profile_frame
from trimtab.data.shares import ShareChange
from trimtab.data.winsorised import Winsorised, slack_of, slack_unit, winsorised
from trimtab.stats.intervals import largest_gap_of_two
from trimtab.stats.special import normal_quantile

NORMAL = np.random.default_rng(1).normal(size=50_000)
BAR = Bar(tolerance=0.1, error=0.05, level=0.95)
SIZES = Sizes(then=50_000.0, now=50_000.0)


def column(values: Any) -> NumberColumn:
    found = profile_frame(pl.DataFrame({"x": np.asarray(values, dtype=np.float64)}), Depth(joint=False)).columns["x"]
    assert isinstance(found, NumberColumn)
    return found


def numbers(values: Any) -> Numbers:
    return numbers_of([(1.0, column(values))])


def kept(then: Numbers, now: Numbers) -> Winsorised:
    found = winsorised(then, now)
    assert found is not None
    return found


def unit(reference: Numbers) -> float:
    return slack_unit(reference, kept(reference, reference).spread)


def test_a_band_holds_at_fewer_rows_and_only_grows() -> None:
    then, now = numbers(NORMAL), numbers(NORMAL + 0.15)
    widths = []
    for rows in (100, 1_000, 10_000, 50_000):
        change = effects.location(kept(then, now), Sizes(then=50_000.0, now=float(rows)))
        assert change is not None
        found = judged(change, BAR)
        assert found.size.low < 0.15 < found.size.high
        widths.append(found.size.high - found.size.low)
    assert widths == sorted(widths, reverse=True)


def test_one_wild_value_decides_nothing() -> None:
    for wild in (1e6, 1e300):
        now = np.append(NORMAL[:-1], wild)
        for change in (
            effects.location(kept(numbers(NORMAL), numbers(now)), SIZES),
            effects.scale(kept(numbers(NORMAL), numbers(now)), SIZES),
        ):
            assert change is not None
            found = judged(change, BAR)
            assert found.verdict is Verdict.PASS
            assert abs(found.size.estimate) < 0.001


def test_one_wild_value_in_the_reference_excuses_nothing() -> None:
    for wild in (1e6, 1e300):
        then = numbers(np.append(NORMAL[:-1], wild))
        assert kept(then, then).spread == pytest.approx(0.99, abs=0.01)
        assert unit(then) == pytest.approx(0.99, abs=0.01)


def test_a_slack_is_measured_where_most_numbers_lie() -> None:
    chance = np.random.default_rng(3)
    assert unit(numbers(chance.standard_cauchy(50_000))) == pytest.approx(12.7 / 1.96, rel=0.05)
    zeros = np.where(chance.random(50_000) < 0.98, 0.0, 1.0 + chance.random(50_000))
    assert unit(numbers(zeros)) == pytest.approx(np.std(zeros), rel=0.1)
    assert unit(numbers([3.0] * 9)) == 0.0


def test_of_no_numbers_nothing_is_kept() -> None:
    assert winsorised(numbers([]), numbers([1.0])) is None
    assert winsorised(numbers([1.0]), numbers([])) is None


def test_what_did_not_vary_has_no_location_and_no_scale() -> None:
    constant, now = numbers([3.0] * 100), numbers([3.0, 4.0])
    assert effects.location(kept(constant, now), SIZES) is None
    assert effects.scale(kept(constant, now), SIZES) is None


def test_numbers_whose_squares_are_beyond_all_numbers_have_no_scale() -> None:
    far = numbers([1e200, -1e200, 0.0])
    assert effects.scale(kept(far, far), SIZES) is None
    assert effects.location(kept(far, far), SIZES) is None


@pytest.mark.parametrize(("now", "verdict"), [(0.30, Verdict.PASS), (0.46, Verdict.FAIL), (0.39, Verdict.UNSURE)])
def test_a_share_is_judged_by_its_difference(now: float, verdict: Verdict) -> None:
    change = ShareChange(name="are 'DE'", then=0.3, now=now)
    found = judged(effects.share(Statistic.SHARE, change, Sizes(then=2_000.0, now=2_000.0)), BAR)
    assert found.verdict is verdict
    assert found.size.estimate == pytest.approx(now - 0.3)
    assert found.words == f"{100 * now:.0f} % of rows are 'DE', 30 % in the reference"
    assert bool(found.needs) is (verdict is Verdict.UNSURE)


def test_the_interval_of_two_shares_is_newcombes() -> None:
    bar = Bar(tolerance=0.3, error=0.025, level=1)  # 95 % of both ends together
    change = ShareChange(name="", then=29 / 29, now=11 / 11)
    found = judged(effects.share(Statistic.SHARE, change, Sizes(then=29.0, now=11.0)), bar)
    assert found.size.low == pytest.approx(-0.2588, abs=1e-4)  # both Wilson intervals, by hand
    worked = ShareChange(name="", then=48 / 80, now=56 / 70)  # Newcombe 1998, table II: (a), method 10
    found = judged(effects.share(Statistic.SHARE, worked, Sizes(then=80.0, now=70.0)), bar)
    assert [found.size.low, found.size.high] == pytest.approx([0.0524, 0.3339], abs=1e-4)


def test_rows_that_count_for_less_are_asked_for_in_full() -> None:
    change = ShareChange(name="", then=0.3, now=0.3)
    whole, part = (
        judged(effects.share(Statistic.SHARE, change, Sizes(then=1e6, now=40.0, rows_per_now=rows)), BAR)
        for rows in (1.0, 48)
    )
    assert whole.verdict is Verdict.UNSURE
    few, many = (int(found.needs.split()[1].replace(",", "")) for found in (whole, part))
    assert 47 * few < many < 49 * few


def test_a_distance_is_the_largest_difference_of_shares_under_a_number() -> None:
    assert number_distance(column([1, 2, 3, 4]), column([1, 2, 3, 4])).size == 0.0
    found = number_distance(column([1, 2, 3, 4]), column([3, 4, 5, 6]))
    assert (found.size, found.reason) == (0.5, "0 % of rows are under 2.5, 50 % in the reference")
    assert number_distance(column([]), column([1.0])).size == 0.0
    assert number_distance(column([5.0] * 4), column([5.0, 6.0])).reason == (
        "50 % of rows are not 5, which all were in the reference"
    )


def test_a_slack_forgives_a_jitter_and_no_jump() -> None:
    zeros = np.where(np.random.default_rng(2).random(50_000) < 0.7, 0.0, NORMAL + 5)
    jitter = distance_between(numbers(zeros), numbers(zeros + 0.01 * NORMAL), slack=Slack(0.1, 0.1))
    assert jitter.whole is not None
    assert jitter.whole > 0.3
    assert jitter.size == 0.0
    jump = distance_between(numbers(zeros), numbers(np.where(zeros == 0.0, 1.0, zeros)), slack=Slack(0.1, 0.1))
    assert jump.size == pytest.approx(0.7, abs=0.01)


def test_the_near_end_of_a_distance_is_that_of_both_its_parts() -> None:
    reach = largest_gap_of_two(50_000, 50_000, 0.95)
    forgiven, kept, plain = (
        judged(effects.shape(Distance(size=size, reason="", whole=whole, left=left), SIZES), BAR).size
        for size, whole, left in ((0.06, 0.3, 0.03), (0.3, 0.3, 0.2), (0.3, None, None))
    )
    assert forgiven.low == pytest.approx(max(0.0, 0.06 - 2 * reach))
    assert kept.low == plain.low == pytest.approx(0.3 - reach)


def test_the_far_end_of_a_distance_is_that_of_a_single_number() -> None:
    def reach(error: float) -> float:
        return normal_quantile(1.0 - error) / 2 * math.sqrt(2 / 50_000) + 1 / 50_000

    plain = judged(effects.shape(Distance(size=0.03, reason=""), SIZES), BAR).size
    assert plain.high == pytest.approx(0.03 + reach(0.05))
    # Of two ways to pass, without a slack and with it, each has half of the error.
    forgiven = judged(effects.shape(Distance(size=0.06, reason="", whole=0.3, left=0.03), SIZES), BAR).size
    assert forgiven.high == pytest.approx(0.06 + 2 * reach(0.025))
    assert 2.0 * reach(0.025) < largest_gap_of_two(50_000, 50_000, 0.95) * 2.0


def test_a_pass_and_a_fail_may_err_differently() -> None:
    change = effects.share(Statistic.SHARE, ShareChange(name="", then=0.3, now=0.3), Sizes(then=2_000.0, now=2_000.0))
    strict, mild = (
        judged(change, Bar(tolerance=0.05, error=1e-6, level=0.95, pass_error=error)) for error in (1e-6, 0.05)
    )
    assert (strict.verdict, mild.verdict) == (Verdict.UNSURE, Verdict.PASS)
    assert strict.size.low == mild.size.low


def test_where_both_tolerances_are_near_both_directions_share_the_error() -> None:
    """At the tolerance a tiny sample may seem to be beyond it in either direction."""
    wide = effects.share(Statistic.SHARE, ShareChange(name="", then=0.5, now=0.9), Sizes(then=20.0, now=20.0))
    found = judged(wide, Bar(tolerance=0.02, error=0.05, level=0.95)).size
    assert found.low == pytest.approx(0.4 - wide.near(20.0, 0.025))
    narrow = judged(wide, Bar(tolerance=0.2, error=0.05, level=0.95)).size
    assert narrow.low == pytest.approx(0.4 - wide.near(20.0, 0.05))


def test_rows_that_hold_none_of_the_wild_numbers_prove_no_calm() -> None:
    chance = np.random.default_rng(5)
    wild = numbers(chance.standard_t(3, 50_000))
    calm = numbers(math.sqrt(3.0) * kept(wild, wild).spread * chance.uniform(-1.0, 1.0, 50_000))

    def deviation(then: Numbers, now: Numbers) -> float:
        change = effects.scale(kept(then, now), Sizes(then=50_000.0, now=100.0))
        assert change is not None
        return change.deviation

    assert deviation(wild, calm) > 0.95 * deviation(wild, wild)


@pytest.mark.parametrize("size", [1e80, 1e-85, 1e150, 1e-150])
def test_a_scale_is_known_where_fourth_powers_are_beyond_all_numbers(size: float) -> None:
    found = []
    for unit in (1.0, size):
        change = effects.scale(kept(numbers(unit * NORMAL), numbers(1.5 * unit * NORMAL)), SIZES)
        assert change is not None
        found.append(judged(change, BAR).size)
    assert (found[1].low, found[1].high) == pytest.approx((found[0].low, found[0].high), rel=0.02)


def test_a_reference_of_two_numbers_near_each_other_was_not_constant() -> None:
    wild = numbers(np.exp(8.0 * NORMAL))
    found = distance_between(numbers([1.0, 1.0005] * 2_500), wild)
    assert found.reason == "50 % of rows are under 1, 0 % in the reference"


def inflated(zeros: float, values: Any) -> Any:
    return np.where(np.random.default_rng(8).random(len(values)) < zeros, 0.0, values)


@pytest.mark.parametrize("zeros", [0.5, 0.9, 0.97, 0.99])
def test_a_jitter_of_what_most_rows_hold_is_no_change_of_shape(zeros: float) -> None:
    """Of a fiftieth of the standard deviation, which a few large numbers make."""
    values = inflated(zeros, np.random.default_rng(6).exponential(50.0, 200_000))
    jittered = values + 0.02 * values.std() * np.random.default_rng(7).normal(size=200_000)
    then, now = numbers(values), numbers(jittered)
    for one, two in ((then, now), (now, then)):
        slack = slack_of(one, kept(one, two).spread, 0.05)
        assert distance_between(one, two, slack=slack).size < 0.05 < distance_between(one, two).size or zeros == 0.99


def test_a_count_that_is_one_more_is_no_jitter_of_it() -> None:
    """However wide a few far numbers make the slack."""
    chance = np.random.default_rng(9)
    counts = np.where(chance.random(50_000) < 0.01, 5_000.0, chance.integers(0, 40, 50_000) // 13)
    one_more = np.where((counts == 0.0) & (chance.random(50_000) < 0.3), 1.0, counts)
    then, now = numbers(counts), numbers(one_more)
    slack = slack_of(then, kept(then, now).spread, 0.05)
    assert slack.atom > 5.0
    assert distance_between(then, now, slack=slack).size == pytest.approx(0.1, abs=0.02)


def test_what_moves_out_of_a_jitter_keeps_its_size() -> None:
    values = inflated(0.9, np.random.default_rng(6).exponential(50.0, 50_000))
    then = numbers(values)
    slack = slack_of(then, kept(then, then).spread, 0.05)
    fewer = numbers(np.where((values == 0.0) & (np.random.default_rng(3).random(50_000) < 0.2), 20.0, values))
    assert distance_between(then, fewer, slack=slack).size == pytest.approx(0.18, abs=0.01)
