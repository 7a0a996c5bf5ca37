"""The rollout's next state: up on a PASS, back on a FAIL, and otherwise where it is.

One pure function for live traffic, replays and tests. It changes nothing while a step waits, so it can be asked as
often as one likes; what it says while waiting is what is still missing.
"""

from __future__ import annotations

from typing import assert_never

from trimtab.base.instants import Instant, format_instant, format_span
from trimtab.base.verdict import Evidence, Verdict, combine
from trimtab.rollout.checks import judge
from trimtab.rollout.state import Aborted, AwaitingApproval, Completed, RolloutState, Running, StepEvidence
from trimtab.rollout.strategy import completed, is_end, step_of
from trimtab.spec.project import Serve, Step

Moved = tuple[RolloutState, tuple[Evidence, ...], str]
"""The next state (the same one, if it waits), what it rests on, and one sentence."""


def advance(rollout: RolloutState, seen: StepEvidence, serve: Serve, now: Instant) -> Moved:
    """The state that follows from what the present step has shown.

    A FAIL breaks the rollout off at any moment. A step ends when its least time has passed and every check is PASS;
    then the next one begins at ``now``, or the rollout is completed. Anything else waits, and says for what.
    """
    match rollout:
        case Running():
            return _advance(rollout, seen, serve, now)
        case AwaitingApproval():
            return rollout, (), f"the challenger waits for a person's approval since {format_instant(rollout.since)}"
        case Completed():
            return rollout, (), f"the challenger is champion since {format_instant(rollout.at)}"
        case Aborted():
            return rollout, (), f"the rollout was broken off at {format_instant(rollout.at)}: {rollout.reason}"
        case _:
            assert_never(rollout)


def abort(rollout: RolloutState, now: Instant, reason: str) -> Aborted:
    """The champion gets all the traffic again, because of ``reason``."""
    return Aborted(
        rollout_id=rollout.rollout_id,
        endpoint=rollout.endpoint,
        champion=rollout.champion,
        challenger=rollout.challenger,
        at=now,
        reason=reason,
    )


def _advance(rollout: Running, seen: StepEvidence, serve: Serve, now: Instant) -> Moved:
    step = step_of(rollout, serve)
    evidence = judge(step, seen, serve)
    match combine(item.verdict for item in evidence):
        case Verdict.FAIL:
            reason = "; ".join(item.reason for item in evidence if item.verdict is Verdict.FAIL)
            return abort(rollout, now, reason), evidence, f"the rollout is broken off: {reason}"
        case Verdict.UNSURE:
            return rollout, evidence, f"{_named(step)} waits for evidence: {_needs(evidence)}"
        case Verdict.PASS if now - rollout.step_since < step.least:
            until = format_instant(rollout.step_since + step.least)
            return (
                rollout,
                evidence,
                f"{_named(step)} has passed so far and lasts {format_span(step.least)}, until {until}",
            )
        case Verdict.PASS:
            return _raise(rollout, serve, now, evidence)
        case never:
            assert_never(never)


def _raise(rollout: Running, serve: Serve, now: Instant, evidence: tuple[Evidence, ...]) -> Moved:
    step = step_of(rollout, serve)
    following = rollout.step + 1
    if following >= len(serve.rollout) or is_end(serve.rollout[following]):
        return completed(rollout, now), evidence, f"{_named(step)} passed: the challenger becomes champion"
    raised = Running(
        rollout_id=rollout.rollout_id,
        endpoint=rollout.endpoint,
        champion=rollout.champion,
        challenger=rollout.challenger,
        step=following,
        step_since=now,
        began=rollout.began,
    )
    return raised, evidence, f"{_named(step)} passed: {_named(serve.rollout[following])} begins"


def _named(step: Step) -> str:
    return "the shadow step" if step.shadow else f"the step at {step.share * 100:.4g} %"


def _needs(evidence: tuple[Evidence, ...]) -> str:
    return "; ".join(
        f"{item.check}: {item.needs or item.reason}" for item in evidence if item.verdict is Verdict.UNSURE
    )
