"""How large one change is, in a unit that a person understands, with its band and its verdict.

Each of `location`, `scale`, `shape` and `share` measures one statistic of one column, and says how far its band reaches
at any chance of error; `judged` holds it to a tolerance. A change is either beyond its tolerance or within, so only one
of the two ends of a band can be wrong about it: FAIL where even the near end is beyond, PASS where even the far end is
within, each end a one-sided bound (Finner and Strassburger, "The partitioning principle", Annals of Statistics 30(4),
2002). UNSURE between, with the rows that would decide. docs/drift.md argues the tolerances and has the sources:

- shape: for the near end the band of Dvoretzky, Kiefer, Wolfowitz and Massart for both samples together. For the far
  end the bound of a single point: if the distance is beyond the tolerance it is so at some number, which is not chosen
  by these rows, and the distance that they show is no smaller than what they show there.
- shares: Newcombe's interval for a difference of two shares, from Wilson's for each ("Interval estimation for the
  difference between independent proportions", Statistics in Medicine 17, 1998, method 10).
- location and scale: of numbers kept within the reference's own quantiles (`trimtab.data.winsorised`); normal bands
  with the second-order term of Bernstein's inequality for bounded variables, which matters where rows are few.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import msgspec

from trimtab.base.verdict import Interval, Verdict
from trimtab.data.differences import Effect, Statistic
from trimtab.data.distance import Distance
from trimtab.data.shares import ShareChange
from trimtab.data.winsorised import Winsorised
from trimtab.data.wording import counted
from trimtab.stats.intervals import largest_gap_of_two
from trimtab.stats.special import normal_quantile

Reach = Callable[[float, float], float]

_TOLD: Final = 0.05
"""The share of today's rows beyond the quantiles from which on a mean is said to be of what was kept."""
_ROWS_MAX: Final = 100_000_000
_USUAL: Final = 0.001
"""The chance of error at which a reach is read off to tell its standard error."""
_NEAR: Final = 0.5
"""A change that is nearer to its tolerance, as a share of that, may stay undecided however many rows there are."""
_FINE: Final = 1e-3
"""How closely the rows that would decide are worked out."""


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How many independent rows the reference and today have, and how many rows one of today's counts for."""

    then: float
    now: float
    rows_per_now: float = 1.0


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """What a change is held to.

    Attributes:
        tolerance: the change that is still none.
        error: the chance that a FAIL may be wrong (0–1).
        level: the confidence of all statements together, for the record.
        pass_error: the chance that a PASS may be; None: the same.
    """

    tolerance: float
    error: float
    level: float
    pass_error: float | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A measured change.

    Attributes:
        words: makes the sentence for a person, which of many changes only one needs.
        near: how far its band reaches towards zero, by the independent rows of today and the chance of error.
        far: how far it reaches away from zero.
        deviation: the size's standard error; where the band is not a normal one, what it would be of one as wide.
    """

    statistic: Statistic
    size: float
    words: Callable[[], str]
    sizes: Sizes
    near: Reach
    far: Reach
    deviation: float


def shape(distance: Distance, sizes: Sizes) -> Change:
    """A Kolmogorov–Smirnov distance."""
    whole = distance.size if distance.whole is None else distance.whole
    rows = math.floor(sizes.then)

    # The size is the lesser of the whole distance and twice what a slack leaves of it; both are off by the reach.
    def near(now: float, error: float) -> float:
        reach = largest_gap_of_two(rows, math.floor(now), 1.0 - error)
        least = whole - reach
        return distance.size - (least if distance.left is None else min(least, 2.0 * (distance.left - reach)))

    # A share's standard error is at most half of 1 / √n. Of two ways to pass, each has half of the error.
    def far(now: float, error: float) -> float:
        z = _z(error if distance.left is None else error / 2.0)
        reach = z / 2.0 * math.sqrt(1.0 / sizes.then + 1.0 / now) + (1.0 / sizes.then + 1.0 / now) / 2.0
        most = whole + reach
        return (most if distance.left is None else min(most, 2.0 * (distance.left + reach))) - distance.size

    deviation = largest_gap_of_two(rows, math.floor(sizes.now), 1.0 - _USUAL) / _z(_USUAL)
    return _change((Statistic.SHAPE, distance.size, lambda: distance.reason), sizes, near, far, deviation)


def share(statistic: Statistic, change: ShareChange, sizes: Sizes) -> Change:
    """The change of one share of the rows; of one that was only expected, what it is above that."""
    size = change.now - change.then
    outward = size >= 0
    if change.expects and not outward:
        return _no_more(statistic, change, sizes)
    sizes = msgspec.structs.replace(sizes, then=max(1.0, sizes.then * change.known))

    def near(now: float, error: float) -> float:
        return _newcombe(change.then, change.now, (sizes.then, now), _z(error), up=not outward)

    def far(now: float, error: float) -> float:
        return _newcombe(change.then, change.now, (sizes.then, now), _z(error), up=outward)

    one, two = (_variance(*side) for side in ((change.then, sizes.then), (change.now, sizes.now)))
    return _change((statistic, size, lambda: change.words), sizes, near, far, math.sqrt(one + two))


def _no_more(statistic: Statistic, change: ShareChange, sizes: Sizes) -> Change:
    """A share that is not above what was expected: all that can be said is how far above it may be all the same."""
    sizes = msgspec.structs.replace(sizes, then=max(1.0, sizes.then * change.known))

    def far(now: float, error: float) -> float:
        up = _newcombe(change.then, change.now, (sizes.then, now), _z(error), up=True)
        return max(0.0, change.now - change.then + up)

    deviation = math.sqrt(_variance(change.then, sizes.then) + _variance(change.now, sizes.now))
    return _change((statistic, 0.0, lambda: change.words), sizes, lambda _now, _error: 0.0, far, deviation)


def location(kept: Winsorised, sizes: Sizes) -> Change | None:
    """The change of the mean in standard deviations; None where the reference does not vary."""
    (then, spread_then), (now, spread_now), furthest = kept.then, kept.now, kept.furthest
    deviation = kept.spread
    if not deviation > 0.0 or not math.isfinite(spread_then + spread_now):
        return None

    def reach(rows: float, error: float) -> float:
        z = _z(error)
        normal = z * math.sqrt(spread_then / sizes.then + spread_now / rows)
        return (normal + z * z / 6.0 * furthest * (1.0 / sizes.then + 1.0 / rows)) / deviation

    size = (now - then) / deviation

    def words() -> str:
        return f"the mean{_within(kept)} is {now:.4g}, {then:.4g} in the reference ({size:+.2f} standard deviations)"

    return _change((Statistic.LOCATION, size, words), sizes, reach, reach)


def scale(kept: Winsorised, sizes: Sizes) -> Change | None:
    """The change of the standard deviation, as a share of it; None where the reference does not vary."""
    (_, spread_then), (_, spread_now), furthest = kept.then, kept.now, kept.furthest
    if not spread_then > 0.0 or not math.isfinite(spread_then + spread_now):
        return None
    share = spread_now / spread_then
    ratio = math.sqrt(share)
    # The larger fourth moment of both: few rows may hold none of the wild values that make most of a variance.
    fourth = max(*kept.fourths(), 1.0) - 1.0

    # The band is one of the variances; a spread of 0 is as uncertain as the reference's own.
    def reach(rows: float, error: float) -> float:
        z = _z(error)
        first = z * math.sqrt(fourth * (share**2 / sizes.then + max(share, 1.0) ** 2 / rows))
        return first + z * z / 6.0 * furthest**2 / spread_then * (1.0 / sizes.then + 1.0 / rows)

    def up(rows: float, error: float) -> float:
        return math.sqrt(share + reach(rows, error)) - ratio

    def down(rows: float, error: float) -> float:
        return ratio - math.sqrt(max(share - reach(rows, error), 0.0))

    def words() -> str:
        before = f"{math.sqrt(spread_then):.4g} in the reference ({ratio - 1.0:+.0%})"
        return f"the standard deviation{_within(kept)} is {math.sqrt(spread_now):.4g}, {before}"

    near, far = (down, up) if ratio >= 1.0 else (up, down)
    return _change((Statistic.SCALE, ratio - 1.0, words), sizes, near, far)


def _change(
    measured: tuple[Statistic, float, Callable[[], str]],
    sizes: Sizes,
    near: Reach,
    far: Reach,
    deviation: float | None = None,
) -> Change:
    statistic, size, words = measured
    if deviation is None:
        deviation = near(sizes.now, _USUAL) / _z(_USUAL)
    return Change(statistic=statistic, size=size, words=words, sizes=sizes, near=near, far=far, deviation=deviation)


def judged(change: Change, bar: Bar) -> Effect:
    """The verdict on a change."""
    size, (verdict, near, far) = change.size, _judged(change, bar)
    down, up = (near, far) if size >= 0 else (far, near)
    if change.statistic is Statistic.SHAPE:  # a distance is between 0 and 1
        down, up = min(down, size), min(up, 1.0 - size)
    return Effect(
        statistic=change.statistic,
        size=Interval(estimate=size, low=size - down, high=size + up, level=bar.level, n=math.floor(change.sizes.now)),
        tolerance=bar.tolerance,
        verdict=verdict,
        words=change.words(),
        needs=_needs(change, bar) if verdict is Verdict.UNSURE else "",
    )


def standing(change: Change, bar: Bar) -> int:
    """How grave the verdict on a change is: 2 for FAIL, 1 for UNSURE, 0 for PASS."""
    return (Verdict.PASS, Verdict.UNSURE, Verdict.FAIL).index(_judged(change, bar)[0])


def _judged(change: Change, bar: Bar) -> tuple[Verdict, float, float]:
    """The verdict, and how far the band reaches towards zero and away from it."""
    distance, now = abs(change.size), change.sizes.now
    near, far = change.near(now, bar.error), change.far(now, _pass_error(bar))
    if near > 2.0 * bar.tolerance:
        # From one tolerance a size may then seem to be beyond the other one, too: both directions share the error.
        near = change.near(now, bar.error / 2.0)
    if distance - near > bar.tolerance:
        return Verdict.FAIL, near, far
    return (Verdict.PASS if distance + far <= bar.tolerance else Verdict.UNSURE), near, far


def _needs(change: Change, bar: Bar) -> str:
    """The rows of today that would decide if the change stayed as it is."""
    beyond, sizes = abs(change.size) > bar.tolerance, change.sizes
    reach, error = (change.near, bar.error) if beyond else (change.far, _pass_error(bar))
    room = abs(bar.tolerance - abs(change.size))
    if reach(_ROWS_MAX, error) >= room:
        near = room < _NEAR * bar.tolerance
        return "a larger reference" + (", or another tolerance: the change is too near to it" if near else "")
    few, enough = sizes.now, float(_ROWS_MAX)
    while enough - few > _FINE * few:
        middle = math.sqrt(few * enough)
        few, enough = (few, middle) if reach(middle, error) < room else (middle, enough)
    rows = max(1, math.ceil((enough - sizes.now) * sizes.rows_per_now))
    unit = 10 ** max(0, len(str(rows)) - 2)
    return f"about {counted(-(-rows // unit) * unit, 'more row')}"


def _pass_error(bar: Bar) -> float:
    return bar.error if bar.pass_error is None else bar.pass_error


@lru_cache(maxsize=1_024)  # all values of a column have one chance of a wrong PASS
def _z(error: float) -> float:
    """What a standard normal variable exceeds with a chance of ``error``; 0 for a half and more."""
    return -normal_quantile(min(error, 0.5))


def _within(kept: Winsorised) -> str:
    """Said of a mean or a deviation that is not the numbers' own, since many of them lie beyond the limits."""
    if kept.beyond <= _TOLD:
        return ""
    return f", each number counted as {kept.low:.4g} to {kept.high:.4g},"


def _variance(share: float, n: float) -> float:
    """The variance of a share of ``n`` rows, of which one more has it and one more has not (Agresti and Caffo, The
    American Statistician 54(4), 2000), so that it is never nothing."""
    middle = (share * n + 1.0) / (n + 2.0)
    return middle * (1.0 - middle) / n


def _newcombe(then: float, now: float, sizes: tuple[float, float], z: float, *, up: bool) -> float:
    """How far the difference of two shares may lie above (``up``) or below its estimate."""
    one, two = _wilson(then, sizes[0], z), _wilson(now, sizes[1], z)
    if up:
        return math.hypot(then - one[0], two[1] - now)
    return math.hypot(one[1] - then, now - two[0])


def _wilson(share: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's interval for a share of ``n`` rows ("Probable inference", JASA 22, 1927)."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
