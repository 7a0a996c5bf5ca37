"""Whether the champion's realised quality has fallen below what it was judged at: folded window by window.

The claim that is tested: given the past, a window's metric is on average not worse than the limit, which is the
expected value less the tolerance. It is tested by betting (`trimtab.stats.betting`): a detector that restarts in
effect before every window looks for decay, so that a long good time does not make it deaf; a second bettor bets that
quality is *better* than the limit, and what it holds is capped, so that a PASS is lost within days of a change.

The detector alarms when its evidence reaches (windows in a year) / (chance of a false alarm in a year): 7,300 for
days and 5 %. That bounds the chance, within any year of windows, that quality which never was below the limit raises
an alarm, however often it is looked at, whatever the metric's distribution, and through any number of promotions.

A loss is how far the metric is from perfect. For metrics without a worst value the second bettor counts a loss as at
most twice the limit's, so that its PASS speaks of the loss thus capped; the alarm needs no cap.

The state is a few numbers and a record: stored after each window, it goes on after a restart, and it equals the fold
over all windows from the beginning.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import msgspec

from trimtab.base.errors import InputError
from trimtab.base.instants import DAY, Instant, format_span
from trimtab.base.verdict import Evidence, Verdict
from trimtab.spec.project import Watch
from trimtab.stats.betting import BETS, Capitals, accumulate, detect, evidence, start
from trimtab.stats.metric_names import METRICS, Metric
from trimtab.stats.windows import WindowValue

YEAR: Final = 365 * DAY
HEALTHY: Final = 20.0
"""Evidence at which quality is said to be within its limit: 1 / 5 %."""
_RECENT: Final = 0.2
"""Weight of the newest window in the figure that is told as the recent one: about the last nine windows."""


class Decay(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.decay/1"):
    """What a champion's windows say of its quality so far.

    Attributes:
        expected: the metric's mean over windows on the rows that the champion was judged on.
        limit: the worst value that is still no decay.
        alarm_at: the detector's evidence at which decay is found.
        windows: windows with a figure; ``without``: windows with too few labels, or one class.
        newest: start of the newest window that was counted, with a figure or without.
        mean: of the figures; ``recent``: a mean in which newer windows weigh more. None before the first.
        against: the detector's capitals; ``in_favour``: the other bettor's.
    """

    release: str
    metric: str
    expected: float
    limit: float
    alarm_at: float
    window: int
    windows: int = 0
    without: int = 0
    newest: Instant | None = None
    mean: float | None = None
    recent: float | None = None
    against: Capitals
    in_favour: Capitals


class DecayLimitError(InputError):
    """The watched metric has no limit that quality could fall below."""

    code = "TT1403"


def begin(release: str, metric: str, expected: float, watch: Watch) -> Decay:
    """The state before a champion's first window; every promotion begins anew.

    The tolerance is ``watch.decay`` in the metric's own unit, and a share of the expected value for errors in the
    label's unit (a mean error of minutes).

    Raises:
        DecayLimitError: the limit is perfection, or nothing that the metric can reach lies below it.
    """
    known = METRICS[metric]
    limit = _limit(known, expected, watch.decay)
    worst = known.loss(limit)
    if not worst > 0.0 or (known.bounded and worst >= 1.0):
        raise DecayLimitError(
            f"{metric} is expected at {expected:.4g}, and {watch.decay:.4g} below it is no limit that can be watched",
            fix="Set [watch] decay to a share of what the metric can lose, or watch another metric.",
        )
    return Decay(
        release=release,
        metric=metric,
        expected=expected,
        limit=limit,
        alarm_at=YEAR / watch.window / watch.false_alarms,
        window=watch.window,
        against=start(0.0),
        in_favour=start(1.0),
    )


def update(state: Decay, window: WindowValue) -> Decay:
    """The state after one more window. Windows come in order; one that is not newer than the newest changes nothing.

    A window's labels must have arrived as far as they will: it is counted once.
    """
    if state.newest is not None and window.start <= state.newest:
        return state
    if not math.isfinite(window.value):
        return msgspec.structs.replace(state, newest=window.start, without=state.without + 1)
    metric = METRICS[state.metric]
    loss, worst = metric.loss(window.value), metric.loss(state.limit)
    most = min(1.0, 2.0 * worst) if metric.bounded else 2.0 * worst
    gain = max(0.0, most - loss)
    count = state.windows + 1
    before, recent = state.mean or 0.0, state.recent
    return msgspec.structs.replace(
        state,
        newest=window.start,
        windows=count,
        mean=before + (window.value - before) / count,
        recent=window.value if recent is None else recent + _RECENT * (window.value - recent),
        against=detect(state.against, loss, worst, ceiling=2.0 * len(BETS) * state.alarm_at),
        in_favour=accumulate(state.in_favour, gain, most - worst, ceiling=2.0 * HEALTHY),
    )


def fold(state: Decay, windows: Iterable[WindowValue]) -> Decay:
    """The state after several windows in order."""
    for window in windows:
        state = update(state, window)
    return state


def judge(state: Decay) -> Evidence:
    """FAIL while the evidence of decay is above the alarm, PASS while that of health is, else UNSURE."""
    check = f"{state.metric} in production"
    if state.mean is None or state.recent is None:
        return Evidence(
            check=check,
            verdict=Verdict.UNSURE,
            reason=f"no window has enough labels for {state.metric} yet ({state.without} had too few, or one class)",
            limit=state.limit,
            needs=f"labels, or a [watch] window longer than {format_span(state.window)}",
        )
    found, healthy = evidence(state.against), evidence(state.in_favour)
    verdict = Verdict.FAIL if found >= state.alarm_at else Verdict.PASS if healthy >= HEALTHY else Verdict.UNSURE
    side = "at least" if METRICS[state.metric].higher_is_better else "at most"
    reason = (
        f"{state.metric} is {state.recent:.3f} lately and {state.mean:.3f} over {state.windows} windows; expected was "
        f"{state.expected:.3f}, and it must be {side} {state.limit:.3f} "
        f"(evidence of decay {found:,.0f} of {state.alarm_at:,.0f}, of health {healthy:,.1f} of {HEALTHY:.0f})"
    )
    needs = "more windows with labels" if verdict is Verdict.UNSURE else ""
    return Evidence(check=check, verdict=verdict, reason=reason, limit=state.limit, needs=needs)


def _limit(metric: Metric, expected: float, tolerance: float) -> float:
    room = tolerance * abs(expected) if metric.in_label_units else tolerance
    return expected - room if metric.higher_is_better else expected + room
