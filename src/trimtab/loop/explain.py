"""The loop's decisions in words: the other interpreter of `Action`."""

from __future__ import annotations

from typing import assert_never

from trimtab.base.digest import short
from trimtab.base.instants import format_instant
from trimtab.loop.action import Action, AskPerson, DoNothing, MoveRollout, StartTraining
from trimtab.rollout.state import Aborted, AwaitingApproval, Completed, RolloutState, Running
from trimtab.rollout.strategy import step_of
from trimtab.spec.project import Serve


def explain(action: Action, serve: Serve) -> str:
    """One sentence: what is done, when it takes effect, and because of what."""
    match action:
        case StartTraining():
            return f"train a challenger on what arrived before {format_instant(action.at)}: {action.reason}"
        case MoveRollout():
            return f"{describe(action.state, serve)} from {format_instant(action.effect_at)}: {action.reason}"
        case AskPerson():
            return f"ask a person: {action.reason}"
        case DoNothing():
            return f"nothing done, because {action.reason}"
        case _:
            assert_never(action)


def describe(state: RolloutState, serve: Serve) -> str:
    """A rollout's state in words, e.g. ``challenger 3fa9… answers 25 %``."""
    challenger = short(state.challenger)
    match state:
        case AwaitingApproval():
            return f"challenger {challenger} waits for approval"
        case Running():
            step = step_of(state, serve)
            return f"challenger {challenger} " + ("runs in the shadow" if step.shadow else f"answers {step.share:.0%}")
        case Completed():
            return f"{challenger} is champion"
        case Aborted():
            return f"challenger {challenger} is taken out"
        case _:
            assert_never(state)
