"""How a rollout begins, and which variants each of its states asks for.

The table of variants is a function of the state and the project's steps alone; whoever writes the route has nothing to
remember and nothing to work out.
"""

from __future__ import annotations

from typing import assert_never

from trimtab.base.instants import Instant
from trimtab.records.prediction import Role
from trimtab.records.route import WHOLE, Variant
from trimtab.rollout.state import Aborted, AwaitingApproval, Completed, RolloutState, Running
from trimtab.spec.project import Serve, Step


def begin(
    *, rollout_id: str, endpoint: str, champion: str, challenger: str, since: Instant, serve: Serve
) -> Running | Completed:
    """The first state of a rollout; completed at once if the project's only step is 100 % without a least time."""
    first = Running(
        rollout_id=rollout_id,
        endpoint=endpoint,
        champion=champion,
        challenger=challenger,
        step=0,
        step_since=since,
        began=since,
    )
    return completed(first, since) if is_end(serve.rollout[0]) else first


def completed(rollout: RolloutState, at: Instant) -> Completed:
    """The rollout's good end."""
    return Completed(
        rollout_id=rollout.rollout_id,
        endpoint=rollout.endpoint,
        champion=rollout.champion,
        challenger=rollout.challenger,
        at=at,
    )


def is_end(step: Step) -> bool:
    """Whether entering this step ends the rollout: all the traffic, and no least time for which it would be watched."""
    return step.share >= 1.0 and step.least == 0


def step_of(rollout: Running, serve: Serve) -> Step:
    """The step that a rollout is in; the last one, if the project was edited meanwhile and has fewer."""
    return serve.rollout[min(rollout.step, len(serve.rollout) - 1)]


def variants_of(rollout: RolloutState, serve: Serve) -> tuple[Variant, ...]:
    """The variants that a state asks for; their weights add up to all of the traffic."""
    match rollout:
        case Running():
            return _shared(rollout, step_of(rollout, serve).share)
        case AwaitingApproval() | Aborted():
            return _whole(rollout.champion)
        case Completed():
            return _whole(rollout.challenger)
        case _:
            assert_never(rollout)


def _whole(release: str) -> tuple[Variant, ...]:
    return (Variant(name=Role.CHAMPION.value, release=release, role=Role.CHAMPION, weight=WHOLE),)


def _shared(rollout: Running, share: float) -> tuple[Variant, ...]:
    """Champion and challenger; a share between 0 and 1 gives each at least one in ten thousand."""
    weight = round(share * WHOLE)
    if 0.0 < share < 1.0:
        weight = min(max(weight, 1), WHOLE - 1)
    role = Role.SHADOW if share == 0.0 else Role.CHALLENGER
    return (
        Variant(name=Role.CHAMPION.value, release=rollout.champion, role=Role.CHAMPION, weight=WHOLE - weight),
        Variant(name=Role.CHALLENGER.value, release=rollout.challenger, role=role, weight=weight),
    )
