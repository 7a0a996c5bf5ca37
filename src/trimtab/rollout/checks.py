"""What a step is judged by; each check is a plain function from counts to one piece of evidence.

Rollouts are looked at after every request, so no check may use a bound that is made for one look. And they run where
there is little traffic: a rule that asks for a hundred clean answers of a 5 % canary would wait there for weeks. Both
are met by judging failures over the *whole* rollout, in which a shadow has answered everything, while each step must
show a minimum of its own. `docs/judgement.md` gives the numbers.

What the champion fails on itself (rows that break the contract, an outage behind both) excuses the challenger, but only
as far as it is shown: its lower bound is added to the limit.
"""

from __future__ import annotations

import math
from typing import Final

from trimtab.base.verdict import Evidence, Interval, Verdict
from trimtab.rollout.state import Compared, Counts, ScoreShift, StepEvidence
from trimtab.spec.project import Serve, Step
from trimtab.stats.distance import distance_always
from trimtab.stats.intervals import share_always

PASS_LEVEL: Final = 0.95
"""Confidence that the failures are below their limit, at whatever moment the step is let pass."""
FAIL_LEVEL: Final = 0.99
"""Confidence that they are above it, at whatever moment the rollout is broken off; higher: each step looks anew."""
SHIFT_LEVEL: Final = 0.9
SLOW: Final = 0.01
"""A 99th percentile is a limit on the slowest hundredth."""
_SEARCHED: Final = 1_000_000


def judge(step: Step, seen: StepEvidence, serve: Serve) -> tuple[Evidence, ...]:
    """All checks of a step; it passes if all pass.

    A check that only speaks against a challenger (latency, labels) appears when it does: neither may be there in time.
    """
    found = [check_requests(seen.step.challenger, serve.min_requests), check_failures(seen, serve)]
    if step.share < 1.0:
        found.append(check_shift(seen.shift, serve))
    against = (check_latency(seen.rollout), seen.quality)
    found.extend(item for item in against if item is not None and item.verdict is Verdict.FAIL)
    return tuple(found)


def check_requests(challenger: Counts, least: int) -> Evidence:
    """Whether the challenger was given the least number of requests in this step."""
    missing = least - challenger.requests
    return Evidence(
        check="requests",
        verdict=Verdict.PASS if missing <= 0 else Verdict.UNSURE,
        reason=f"the challenger was given {challenger.requests:,} requests in this step, of at least {least:,}",
        limit=float(least),
        needs=f"{missing:,} more requests" if missing > 0 else "",
    )


def check_failures(seen: StepEvidence, serve: Serve) -> Evidence:
    """Whether the share of failed or refused requests is within its limit, judged over step and rollout."""
    told = {"step": seen.step, "rollout": seen.rollout}
    for name, compared in told.items():
        limit, reason = _limit(compared, serve)
        bad = _share(compared.challenger, serve, FAIL_LEVEL)
        if bad.low > limit:
            return Evidence(
                check="failures",
                verdict=Verdict.FAIL,
                reason=f"{_told(compared.challenger, name)}: at least {bad.low:.1%}, and {reason}",
                measured=bad,
                limit=limit,
            )
    limit, reason = _limit(seen.rollout, serve)
    found = _share(seen.rollout.challenger, serve, PASS_LEVEL)
    passed = found.high <= limit
    return Evidence(
        check="failures",
        verdict=Verdict.PASS if passed else Verdict.UNSURE,
        reason=f"{_told(seen.rollout.challenger, 'rollout')}: at most {found.high:.1%}, and {reason}",
        measured=found if found.n else None,
        limit=limit,
        needs="" if passed else _requests_that_decide(seen.rollout.challenger, serve, limit),
    )


def check_shift(shift: ScoreShift | None, serve: Serve) -> Evidence:
    """Whether the challenger scores in production as it did on the rows that it was judged on, within the limit.

    Not as the champion does: where the champion is stale, a challenger that is right is far from it, and the more the
    champion has to be replaced the surer it would keep its place.
    """
    limit = serve.max_score_shift
    if shift is None:
        return Evidence(
            check="score shift",
            verdict=Verdict.UNSURE,
            reason=f"the challenger has given fewer than {serve.min_requests:,} scores yet",
            limit=limit,
            needs="more answered requests",
        )
    found = distance_always(shift.distance, (shift.live, shift.judged), shift.look, SHIFT_LEVEL)
    verdict = Verdict.FAIL if found.low > limit else Verdict.PASS if found.high <= limit else Verdict.UNSURE
    return Evidence(
        check="score shift",
        verdict=verdict,
        reason=(
            f"the challenger's {shift.live:,} scores in production are {shift.distance:.2f} from those on its judged "
            f"rows ({found.low:.2f} to {found.high:.2f}); the limit is {limit:.2f}"
        ),
        measured=found,
        limit=limit,
        needs="" if verdict is not Verdict.UNSURE else _answers_that_decide(found, limit),
    )


def check_latency(rollout: Compared) -> Evidence | None:
    """Whether too many of the challenger's answers are slow; None where latency is not judged."""
    mine, other = rollout.challenger, rollout.champion
    if mine.slow is None:
        return None
    excused = share_always(other.slow or 0, other.requests, FAIL_LEVEL, limit=SLOW).low
    found = share_always(mine.slow, mine.requests, FAIL_LEVEL, limit=SLOW)
    verdict = Verdict.FAIL if found.low > SLOW + excused else Verdict.PASS if found.high <= SLOW else Verdict.UNSURE
    return Evidence(
        check="latency",
        verdict=verdict,
        reason=(
            f"{mine.slow:,} of the challenger's {mine.requests:,} answers took longer than the limit for the slowest "
            f"hundredth ({found.low:.1%} or more)"
        ),
        measured=found if found.n else None,
        limit=SLOW + excused,
    )


def _share(counts: Counts, serve: Serve, level: float) -> Interval:
    return share_always(counts.unanswered, counts.requests, level, limit=min(max(serve.max_failures, 1e-3), 0.5))


def _limit(compared: Compared, serve: Serve) -> tuple[float, str]:
    """The limit on the challenger's share, and how it is explained."""
    excused = _share(compared.champion, serve, FAIL_LEVEL).low
    said = f"the limit is {serve.max_failures:.1%}"
    if excused <= 0.0:
        return serve.max_failures, said
    return serve.max_failures + excused, f"{said} above the champion's own {excused:.1%} at least"


def _told(counts: Counts, during: str) -> str:
    return (
        f"{counts.failed:,} failed and {counts.refused:,} refused of the challenger's {counts.requests:,} requests in "
        f"this {during}"
    )


def _requests_that_decide(counts: Counts, serve: Serve, limit: float) -> str:
    """How many more requests without a failure would bring the upper bound within the limit."""
    if limit <= 0.0:
        return "a limit above 0: no number of requests shows that none will ever fail; set max_failures to 0.01, say"

    def enough(more: int) -> bool:
        more_counts = Counts(requests=counts.requests + more, failed=counts.failed, refused=counts.refused)
        return _share(more_counts, serve, PASS_LEVEL).high <= limit

    high = 1
    while not enough(high):
        high *= 2
        if high > _SEARCHED:
            return f"more than {_SEARCHED:,} more requests"
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return f"{high:,} more requests, if none of them fails"


def _answers_that_decide(found: Interval, limit: float) -> str:
    """About how many answers would bring the nearer bound to the limit, if the distance stays."""
    room = limit - found.estimate
    reach = found.high - found.estimate if room >= 0.0 else found.estimate - found.low
    times = (reach / abs(room)) ** 2 if room else math.inf
    if times > 100.0:
        return "more than 100 times the answers: the distance lies almost on the limit"
    return f"about {max(1, math.ceil(found.n * (times - 1.0))):,} more answers"
