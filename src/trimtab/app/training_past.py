"""What became of a training that the loop began: read from its action, and from the run that it led to.

The loop's world is imported where it is made: it stands on NumPy, and every command passes through here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trimtab.app.home import Home
from trimtab.base.digest import short
from trimtab.base.instants import Instant
from trimtab.base.verdict import Verdict
from trimtab.drivers.clocks import RealClock
from trimtab.records.action import Action, ActionState
from trimtab.records.journal import LOOP, Draft, Phase
from trimtab.records.run import Run, RunState, retraining_id

if TYPE_CHECKING:
    from trimtab.loop.world import Training


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingEnd:
    """How a training's action is closed."""

    state: ActionState
    outcome: dict[str, str]
    draft: Draft


def training_of(action: Action) -> Training:
    """The loop's view of a training's action."""
    from trimtab.loop.world import Training, TrainingState

    release = action.outcome.get("release", "")
    if action.state is ActionState.INTENDED:
        state = TrainingState.RUNNING
    elif action.state is ActionState.FAILED:
        state = TrainingState.FAILED
    else:
        state = TrainingState.PASSED if release else TrainingState.REFUSED
    return Training(
        key=action.key, decided_at=action.decided_at, effect_at=action.effect_at, state=state, release=release
    )


def end_of_training(home: Home, action: Action, now: Instant) -> TrainingEnd:
    """How the training ended, by its run's record: passed with a release, refused with the numbers, or failed."""
    run = home.records.run(retraining_id(home.endpoint, action.key))
    if run is None or run.state is not RunState.FINISHED:
        problem = (
            run.problem
            if run is not None and run.problem
            else "it ended without a record; see its log in .trimtab/logs"
        )
        return _end(action, now, ActionState.FAILED, {"problem": problem}, f"the training failed: {problem}", run)
    if run.verdict is Verdict.PASS:
        release = run.outputs["release"]
        return _end(
            action,
            now,
            ActionState.DONE,
            {"release": release, "run": run.run_id},
            f"the challenger {short(release)} passed its gates",
            run,
        )
    why = "; ".join(item.reason for item in run.evidence if item.verdict is not Verdict.PASS)
    return _end(
        action, now, ActionState.DONE, {"run": run.run_id}, f"the challenger is refused ({run.verdict}): {why}", run
    )


def _end(
    action: Action, now: Instant, state: ActionState, outcome: dict[str, str], reason: str, run: Run | None
) -> TrainingEnd:
    detail: dict[str, str | int | float] = {"run": run.run_id} if run is not None else {}
    if run is not None and run.data is not None:
        detail["data"] = run.data.table
    phase = Phase.DONE if state is ActionState.DONE else Phase.FAILED
    draft = Draft(
        at=now,
        action_key=action.key,
        kind="train",
        phase=phase,
        actor=LOOP,
        reason=reason,
        evidence=run.evidence if run is not None else (),
        detail=detail,
        wall=RealClock().now(),
    )
    return TrainingEnd(state=state, outcome=outcome, draft=draft)
