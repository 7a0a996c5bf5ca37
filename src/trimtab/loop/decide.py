"""``decide(world)``: what to do now about what is known now. Pure, and the only place where the loop makes up its mind.

Two interpreters read its result: the tick carries it out, ``explain`` says it in words. `backtest` and a replay call
the same function with another world, so a policy's track record is that of the code that will act.

One thing is done at a time. A rollout in progress is finished (or broken off) before a new training is begun, because
a challenger trained meanwhile would be judged against a champion that may be gone when it arrives.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from trimtab.base.instants import Instant, format_instant, format_span
from trimtab.base.verdict import Evidence, Verdict
from trimtab.loop.action import Action, AskPerson, DoNothing, MoveRollout, StartTraining
from trimtab.loop.world import Training, TrainingState, World
from trimtab.monitor.assess import Finding, FindingKind
from trimtab.rollout.advance import advance
from trimtab.rollout.state import Aborted, AwaitingApproval, Completed, RolloutState, Running
from trimtab.rollout.strategy import begin
from trimtab.spec.project import Promote


def decide(world: World) -> tuple[Action, ...]:
    """The actions to take at ``world.now``; never empty: to do nothing is a decision, and has its reason."""
    if world.route_open:
        return (_nothing(world, "a change of the route is still being carried out"),)
    if isinstance(world.rollout, Running):
        return (_continue(world, world.rollout),)
    for training in world.trainings:
        if training.state is TrainingState.RUNNING:
            return (_nothing(world, f"the training of {format_instant(training.decided_at)} is not finished"),)
    if world.candidate is not None:
        return (_introduce(world, world.candidate),)
    return (_retrain_or_not(world),)


def _continue(world: World, rollout: Running) -> Action:
    if world.step is None:
        return _nothing(world, "the rollout's present step has answered nothing yet")
    state, evidence, reason = advance(rollout, world.step, world.serve, world.now)
    if state == rollout:
        return _nothing(world, reason, evidence)
    effect_at = _route_effect(world)
    return MoveRollout(
        key=f"route:{world.endpoint}:{world.now}",
        at=world.now,
        effect_at=effect_at,
        state=_from(state, effect_at),
        reason=reason,
        evidence=evidence,
    )


def _from(state: RolloutState, effect_at: Instant) -> RolloutState:
    """The state as it will be once it takes effect: a step lasts from then on, not from its decision."""
    match state:
        case Running():
            return msgspec.structs.replace(state, step_since=effect_at)
        case Completed() | Aborted():
            return msgspec.structs.replace(state, at=effect_at)
        case AwaitingApproval():
            return state
        case _:
            assert_never(state)


def _introduce(world: World, candidate: str) -> Action:
    key = f"route:{world.endpoint}:{world.now}"
    if world.retrain.promote is Promote.ASK:
        state = AwaitingApproval(
            rollout_id=key, endpoint=world.endpoint, champion=world.champion, challenger=candidate, since=world.now
        )
        return AskPerson(
            key=key,
            at=world.now,
            state=state,
            reason="the challenger passed its gates and this project asks a person before it promotes",
        )
    effect_at = _route_effect(world)
    started = begin(
        rollout_id=key,
        endpoint=world.endpoint,
        champion=world.champion,
        challenger=candidate,
        since=effect_at,
        serve=world.serve,
    )
    return MoveRollout(
        key=key,
        at=world.now,
        effect_at=effect_at,
        state=started,
        reason="the challenger passed its gates: its rollout begins",
    )


def _retrain_or_not(world: World) -> Action:
    triggers = _triggers(world)
    if not triggers:
        return _nothing(world, "nothing that this project retrains on has failed", _evidence(world.findings))
    why = "; ".join(reason for _, reason in triggers)
    evidence = tuple(finding.evidence for finding in world.findings if finding.evidence.verdict is Verdict.FAIL)
    obstacle = _obstacle(world)
    if obstacle:
        return _nothing(world, f"{why}; but {obstacle}", evidence)
    effect_at = world.now if world.instant_effects else Instant(world.now + world.retrain.lag)
    return StartTraining(
        key=f"train:{world.endpoint}:{world.now}",
        at=world.now,
        effect_at=effect_at,
        because=tuple(name for name, _ in triggers),
        reason=why,
        evidence=evidence,
    )


def _triggers(world: World) -> list[tuple[str, str]]:
    policy = world.retrain
    wanted = {kind for kind, on in ((FindingKind.DECAY, policy.on_decay), (FindingKind.DRIFT, policy.on_drift)) if on}
    found = [
        (finding.kind.value, finding.evidence.reason)
        for finding in world.findings
        if finding.kind in wanted and finding.evidence.verdict is Verdict.FAIL
    ]
    if policy.every is not None:
        last = max([world.champion_since, world.began, *(training.decided_at for training in world.trainings)])
        if world.now - last >= policy.every:
            found.append(("every", f"the last training was {format_span(policy.every)} ago or more"))
    return found


def _obstacle(world: World) -> str:
    """Why a wanted training must wait, or nothing."""
    policy = world.retrain
    if world.labels < policy.min_labels:
        arrived = f"{world.labels} labelled rows have arrived since the champion was trained"
        return f"{arrived}, and {policy.min_labels} are needed"
    if not world.trainings:
        return ""
    last = world.trainings[-1]
    if world.now - last.decided_at < policy.cooldown:
        until = format_instant(last.decided_at + policy.cooldown)
        return f"the cool-down of {format_span(policy.cooldown)} lasts until {until}"
    recent = _recent(world)
    if len(recent) >= policy.budget.trainings:
        free = format_instant(recent[-policy.budget.trainings].decided_at + policy.budget.per)
        budget = f"{policy.budget.trainings} trainings per {format_span(policy.budget.per)}"
        return f"the budget of {budget} is used up until {free}"
    return ""


def _recent(world: World) -> list[Training]:
    per = world.retrain.budget.per
    return [training for training in world.trainings if world.now - training.decided_at < per]


def _route_effect(world: World) -> Instant:
    return world.now if world.instant_effects else Instant(world.now + world.retrain.route_lag)


def _evidence(findings: tuple[Finding, ...]) -> tuple[Evidence, ...]:
    return tuple(finding.evidence for finding in findings)


def _nothing(world: World, reason: str, evidence: tuple[Evidence, ...] = ()) -> DoNothing:
    return DoNothing(at=world.now, reason=reason, evidence=evidence)
