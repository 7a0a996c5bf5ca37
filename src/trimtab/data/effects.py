"""How large one change is, in a unit that a person understands, with its band and its verdict.

Each function judges one statistic of one column. A band is two-sided at the given chance of error; FAIL where even its
near end is beyond the tolerance, PASS where even its far end is within, UNSURE between, with the rows that would
decide. docs/drift.md argues the tolerances and has the sources:

- shape: the band of Dvoretzky, Kiefer, Wolfowitz and Massart for each of the two samples, which holds for any
  distribution and any n.
- shares: Newcombe's interval for a difference of two shares, from Wilson's for each ("Interval estimation for the
  difference between independent proportions", Statistics in Medicine 17, 1998, method 10).
- location and scale: of numbers kept within the reference's own 0.5 % and 99.5 % quantiles, so that one wild value
  decides nothing; normal bands with the second-order term of Bernstein's inequality for bounded variables, which
  matters where rows are few.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from trimtab.base.verdict import Interval, Verdict
from trimtab.data.differences import Effect, Statistic
from trimtab.data.distance import Distance, Numbers, ShareChange
from trimtab.data.wording import counted
from trimtab.stats.intervals import largest_gap
from trimtab.stats.special import normal_quantile

Array = np.ndarray[Any, np.dtype[Any]]

TAIL: Final = 0.005
"""The share of the reference's rows at each end whose numbers count as if they were at the quantile."""
_FAR: Final = 0.025
_ROWS_MAX: Final = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many independent rows the reference and today have, and how many rows one of today's counts for."""

    then: float
    now: float
    rows_per_now: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What a change is held to: its tolerance, the chance of error that this one statement may have (0–1), and the
    confidence of all statements together, for the record."""

    tolerance: float
    error: float
    level: float


def shape(distance: Distance, sizes: Sizes, bar: Bar) -> Effect:
    """The verdict on a Kolmogorov–Smirnov distance."""

    whole = distance.size if distance.whole is None else distance.whole

    def reach(now: float) -> float:
        return largest_gap(math.floor(sizes.then), 1.0 - bar.error / 2) + largest_gap(
            math.floor(now), 1.0 - bar.error / 2
        )

    # The size is the lesser of the whole distance and twice what a slack leaves of it; both are off by the reach.
    def near(now: float) -> float:
        least = whole - reach(now)
        return distance.size - (least if distance.left is None else min(least, 2.0 * (distance.left - reach(now))))

    def far(now: float) -> float:
        most = whole + reach(now)
        return (most if distance.left is None else min(most, 2.0 * (distance.left + reach(now)))) - distance.size

    change = _Change(statistic=Statistic.SHAPE, size=distance.size, words=distance.reason, near=near, far=far)
    return _effect(change, sizes, bar)


def share(statistic: Statistic, change: ShareChange, sizes: Sizes, bar: Bar) -> Effect:
    """The verdict on the change of one share of the rows."""
    z = normal_quantile(1.0 - bar.error / 2)
    size = change.now - change.then
    outward = size >= 0

    def near(now: float) -> float:
        return _newcombe(change.then, change.now, (sizes.then, now), z, up=not outward)

    def far(now: float) -> float:
        return _newcombe(change.then, change.now, (sizes.then, now), z, up=outward)

    return _effect(_Change(statistic=statistic, size=size, words=change.words, near=near, far=far), sizes, bar)


def location(reference: Numbers, current: Numbers, deviation: float, sizes: Sizes, bar: Bar) -> Effect | None:
    """The verdict on the change of the mean in standard deviations; None where the reference does not vary."""
    kept = _kept(reference, current)
    if kept is None or not deviation > 0.0:
        return None
    (then, spread_then), (now, spread_now), furthest = kept
    if not math.isfinite(spread_then + spread_now):
        return None
    z = normal_quantile(1.0 - bar.error / 2)

    def reach(rows: float) -> float:
        normal = z * math.sqrt(spread_then / sizes.then + spread_now / rows)
        return (normal + z * z / 6.0 * furthest * (1.0 / sizes.then + 1.0 / rows)) / deviation

    words = f"the mean is {now:.4g}, {then:.4g} in the reference ({(now - then) / deviation:+.2f} standard deviations)"
    size = (now - then) / deviation
    return _effect(_Change(statistic=Statistic.LOCATION, size=size, words=words, near=reach, far=reach), sizes, bar)


def scale(reference: Numbers, current: Numbers, sizes: Sizes, bar: Bar) -> Effect | None:
    """The verdict on the change of the standard deviation, as a share of it; None where the reference does not vary."""
    kept = _kept(reference, current)
    if kept is None:
        return None
    then, now, furthest = kept
    spread_then, spread_now = then[1], now[1]
    if not spread_then > 0.0 or not math.isfinite(spread_then + spread_now):
        return None
    share = spread_now / spread_then
    ratio = math.sqrt(share)
    z = normal_quantile(1.0 - bar.error / 2)
    low, high = _ends(reference)
    # The band is one of the variances: few rows may hold none of the wild values that make most of a variance, and a
    # spread of 0 is then as uncertain as the reference's own.
    fourth = max(_fourth(reference, low, high, then), _fourth(current, low, high, now), 1.0) - 1.0

    def reach(rows: float) -> float:
        first = z * math.sqrt(fourth * (share**2 / sizes.then + max(share, 1.0) ** 2 / rows))
        return first + z * z / 6.0 * furthest**2 / spread_then * (1.0 / sizes.then + 1.0 / rows)

    def up(rows: float) -> float:
        return math.sqrt(share + reach(rows)) - ratio

    def down(rows: float) -> float:
        return ratio - math.sqrt(max(share - reach(rows), 0.0))

    words = (
        f"the standard deviation is {math.sqrt(spread_now):.4g}, {math.sqrt(spread_then):.4g} in the reference "
        f"({ratio - 1.0:+.0%})"
    )
    near, far = (down, up) if ratio >= 1.0 else (up, down)
    change = _Change(statistic=Statistic.SCALE, size=ratio - 1.0, words=words, near=near, far=far)
    return _effect(change, sizes, bar)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A measured change; ``near`` and ``far`` say how far its band reaches towards zero and away from it, by the
    independent rows of today."""

    statistic: Statistic
    size: float
    words: str
    near: Callable[[float], float]
    far: Callable[[float], float]


def _effect(change: _Change, sizes: Sizes, bar: Bar) -> Effect:
    size, distance = change.size, abs(change.size)
    near, far = change.near(sizes.now), change.far(sizes.now)
    if distance - near > bar.tolerance:
        verdict = Verdict.FAIL
    elif distance + far <= bar.tolerance:
        verdict = Verdict.PASS
    else:
        verdict = Verdict.UNSURE
    down, up = (near, far) if size >= 0 else (far, near)
    if change.statistic is Statistic.SHAPE:  # a distance is between 0 and 1
        down, up = min(down, size), min(up, 1.0 - size)
    return Effect(
        statistic=change.statistic,
        size=Interval(estimate=size, low=size - down, high=size + up, level=bar.level, n=math.floor(sizes.now)),
        tolerance=bar.tolerance,
        verdict=verdict,
        words=change.words,
        needs=_needs(change, sizes, bar) if verdict is Verdict.UNSURE else "",
    )


def _needs(change: _Change, sizes: Sizes, bar: Bar) -> str:
    """The rows of today that would decide if the change stayed as it is."""
    beyond = abs(change.size) > bar.tolerance
    reach, room = (change.near if beyond else change.far), abs(bar.tolerance - abs(change.size))
    if reach(_ROWS_MAX) >= room:
        return "a larger reference, or another tolerance: the change is too near to it"
    few, enough = sizes.now, float(_ROWS_MAX)
    while enough - few > 1.0:
        middle = (few + enough) / 2
        few, enough = (few, middle) if reach(middle) < room else (middle, enough)
    return f"about {counted(max(1, math.ceil((enough - sizes.now) * sizes.rows_per_now)), 'more row')}"


def usual_spread(reference: Numbers) -> float:
    """The standard deviation of the numbers kept within their quantiles: what a location is measured in."""
    return math.sqrt(_moments(reference, *_ends(reference))[1]) if len(reference.keys) else 0.0


def slack_unit(reference: Numbers) -> float:
    """The standard deviation that a slack is a share of: that of a normal distribution with the same 2.5 % and
    97.5 % quantiles where that is less, since a few far numbers must not excuse a change of all others."""
    spread = usual_spread(reference)
    if not spread > 0.0 or not math.isfinite(spread):
        return 0.0
    low, high = _ends(reference, _FAR)
    return min(spread, (high - low) / (2.0 * normal_quantile(1.0 - _FAR))) if high > low else spread


def _kept(reference: Numbers, current: Numbers) -> tuple[tuple[float, float], tuple[float, float], float] | None:
    """Mean and variance of both within the reference's quantiles, and how far from its mean a number may then be; None
    without numbers."""
    if not len(reference.keys) or not len(current.keys):
        return None
    low, high = _ends(reference)
    then, now = _moments(reference, low, high), _moments(current, low, high)
    return then, now, max(then[0] - low, high - then[0])


def _ends(reference: Numbers, tail: float = TAIL) -> tuple[float, float]:
    last = len(reference.reached) - 1
    low = min(int(np.searchsorted(reference.reached, tail)), last)
    high = min(int(np.searchsorted(reference.reached, 1.0 - tail)), last)
    return float(reference.middles[low]), float(reference.middles[high])


def _moments(numbers: Numbers, low: float, high: float) -> tuple[float, float]:
    values = np.clip(numbers.middles, low, high)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values @ numbers.shares)
        return mean, float((values - mean) ** 2 @ numbers.shares)


def _fourth(numbers: Numbers, low: float, high: float, moments: tuple[float, float]) -> float:
    """The fourth standardised moment of the numbers within their limits, of which the mean and the variance are known;
    1 where they do not vary."""
    mean, spread = moments
    squares = (np.clip(numbers.middles, low, high) - mean) ** 2
    return float((squares * squares) @ numbers.shares) / spread**2 if spread > 0.0 else 1.0


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
