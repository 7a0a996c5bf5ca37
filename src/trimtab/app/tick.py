"""One turn of the loop: settle, observe, assess, decide, record, begin.

Everything that a turn decides is written in one transaction with the cursor, so a turn is there whole or not at all;
what it begins afterwards is idempotent by the action's key. A killed controller therefore finds either the turn
undone, and does it again from the same log, or done, and carries its open actions out again.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

import msgspec

from trimtab.app.eyes import Eyes, Sight
from trimtab.app.home import Home
from trimtab.app.route_change import RouteChange, Seen, carry_out, close, done_draft, intend, look, whole
from trimtab.app.training_past import end_of_training, training_of
from trimtab.app.training_process import training_command, training_preparation
from trimtab.base.instants import MILLISECOND, SECOND, Instant, Span, format_instant
from trimtab.drivers.clocks import RealClock
from trimtab.loop.action import Action as Decision
from trimtab.loop.action import AskPerson, DoNothing, MoveRollout, StartTraining
from trimtab.loop.decide import decide
from trimtab.loop.due import next_due
from trimtab.loop.explain import explain
from trimtab.loop.world import World
from trimtab.records.action import Action, ActionState
from trimtab.records.endpoint import Desired
from trimtab.records.journal import LOOP, Draft, Phase
from trimtab.records.ports import ProcessRunner
from trimtab.records.process import ProcessState, ProcessStatus
from trimtab.rollout.advance import abort
from trimtab.rollout.state import Completed, RolloutState, Running, StoredRollout
from trimtab.rollout.strategy import step_of, variants_of

PATIENCE = 120 * SECOND
"""How long the router may take in production to serve a table before the change is taken back."""

PAUSE = 2 * MILLISECOND

STARTS = 3
"""How often a killed training is started again; what kills it three times more (too little memory) will again."""

KILLED = (-signal.SIGKILL, -signal.SIGTERM)
"""Exit codes of work that did not end by itself: the kernel, a shutdown or a person ended it."""


class Cursor(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.cursor/1"):
    """How far the loop has come: the moment of its last turn, and of the first row that it saw."""

    turned_at: Instant
    began: Instant


@dataclass(slots=True)
class Loop:
    """The loop of one endpoint.

    Holds no state of its own that is not on disk too, but what it has read of the log and how often it has started a
    killed training again.
    """

    home: Home
    eyes: Eyes
    processes: ProcessRunner
    say: Callable[[str], None]
    logs: Path
    stopped: Callable[[], bool]
    _cursor: Cursor | None = field(default=None)
    _started: Instant | None = field(default=None)
    _again: dict[str, int] = field(default_factory=dict)

    def resume(self) -> None:
        """Clear up after a killed controller, and carry out again whatever is open."""
        self.home.clean()
        self._cursor = self.home.records.document(f"cursor/{self.home.endpoint}", Cursor)
        carry_out(self.home)
        for action in self._open():
            self._begin_work(action)

    def next_due(self, now: Instant) -> Instant:
        """The next moment at which there is something to decide, which may be past.

        Before the first turn it is the end of the window in which the loop first looked at the clock.
        """
        if self._cursor is None and self._started is None:
            self._started = Instant(now - 1)
        after = self._cursor.turned_at if self._cursor is not None else self._started
        assert after is not None, "one of the two is set"
        moments = [action.effect_at for action in self._open()]
        moments += [Instant(action.effect_at + PATIENCE) for action in self._open() if action.kind == "route"]
        rollout = self._rollout()
        if isinstance(rollout, Running):
            moments.append(Instant(rollout.step_since + step_of(rollout, self.home.project.serve).least))
        return next_due(after, self.home.project.watch.window, moments)

    def work_ended(self, now: Instant) -> bool:
        """Whether something that was begun has ended and waits to be settled (production: effects follow at once)."""
        for action in (action for action in self._open() if action.effect_at <= now):
            if action.kind == "train" and self.processes.status(action.key).state is not ProcessState.RUNNING:
                return True
            if action.kind == "route" and look(self.home, self.home.champion().table)[0] in (Seen.SERVED, Seen.REFUSED):
                return True
        return False

    def tick(self, now: Instant) -> None:
        """One turn at ``now``, by the endpoint's clock."""
        for action in self._open():
            if action.effect_at <= now and not self.stopped():
                self._settle(action, now)
        if self.stopped():
            return
        sight = self.eyes.look(now, self._cursor.began if self._cursor else None)
        decisions = decide(self._world(now, sight))
        self._record(now, decisions, sight)
        carry_out(self.home)
        for action in self._open():
            self._begin_work(action)
        self._prepare()
        for decision in decisions:
            if not isinstance(decision, DoNothing):
                self.say(f"{format_instant(now)}  {explain(decision, self.home.project.serve)}")

    # ── settling ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _settle(self, action: Action, now: Instant) -> None:
        if action.kind == "train":
            self._settle_training(action, now)
        elif action.kind == "route":
            self._settle_route(action, now)

    def _settle_training(self, action: Action, now: Instant) -> None:
        """A training's end: wait for it in a replay, whose clock stands at its effect; look at it in production."""
        status = self.processes.status(action.key)
        while not self.stopped() and not _ended_by_itself(status):
            if status.state is ProcessState.RUNNING and not self._replayed():
                return
            if status.state is not ProcessState.RUNNING:
                if self._again.get(action.key, 0) == STARTS:
                    break
                self._again[action.key] = self._again.get(action.key, 0) + 1
                self.processes.forget(action.key)
                self._begin_work(action)
            status = self.processes.wait(action.key, timeout=Span(200 * MILLISECOND))
        if self.stopped():
            return
        end = end_of_training(self.home, action, now)
        with self.home.records.transaction():
            close(self.home, action, end.state, end.outcome, end.draft)
        self.say(f"{format_instant(now)}  {end.draft.reason}")

    def _settle_route(self, action: Action, now: Instant) -> None:
        """A route change's end: served, refused by a worker, or overtaken by a person's change."""
        desired = self.home.champion()
        if desired.table.cause != action.key:
            reason = "a later change of the route has taken its place"
            close(
                self.home,
                action,
                ActionState.FAILED,
                {"end": "overtaken"},
                self._draft(action, now, reason, Phase.FAILED),
            )
            return
        seen, problem = look(self.home, desired.table)
        while seen in (Seen.WAITING, Seen.PREPARED) and self._replayed() and not self.stopped():
            time.sleep(PAUSE / SECOND)
            seen, problem = look(self.home, desired.table)
        if seen is Seen.SERVED:
            close(
                self.home,
                action,
                ActionState.DONE,
                {"end": "served"},
                self._draft(action, now, "the router serves it", Phase.DONE),
            )
        elif seen is Seen.REFUSED or (not self._replayed() and now - action.effect_at >= PATIENCE):
            self._take_back(action, desired, now, problem or "its worker did not become ready")

    def _take_back(self, action: Action, desired: Desired, now: Instant, problem: str) -> None:
        """The endpoint cannot serve what was decided: back to the release that is known to answer."""
        rollout = self._rollout()
        good = rollout.champion if rollout is not None else desired.champion
        back = RouteChange(
            kind="abort",
            key=f"{action.key}:back",
            at=now,
            effect_at=now,
            actor=LOOP,
            reason=f"the endpoint cannot serve what was decided: {problem}",
            champion=good,
            previous=desired.previous,
            variants=whole(good),
            salt="",
            rollout=abort(rollout, now, problem) if isinstance(rollout, Running) else rollout,
        )
        with self.home.records.transaction():
            close(
                self.home,
                action,
                ActionState.FAILED,
                {"end": "refused"},
                self._draft(action, now, problem, Phase.FAILED),
            )
            intend(self.home, back, replayed=desired.replayed)
        carry_out(self.home)

    # ── deciding ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _world(self, now: Instant, sight: Sight) -> World:
        desired = self.home.champion()
        rollout = self._rollout()
        trainings = tuple(training_of(action) for action in self.home.records.actions(kind="train"))
        return World(
            now=now,
            endpoint=self.home.endpoint,
            began=sight.began,
            champion=desired.champion,
            champion_since=desired.champion_since,
            retrain=self.home.project.retrain,
            serve=self.home.project.serve,
            findings=sight.findings,
            labels=sight.labels,
            trainings=trainings,
            candidate=self._candidate(desired, rollout),
            rollout=rollout,
            step=self.eyes.step(rollout, now) if isinstance(rollout, Running) else None,
            route_open=any(action.kind == "route" for action in self._open()),
            instant_effects=not desired.replayed,
        )

    def _candidate(self, desired: Desired, rollout: RolloutState | None) -> str | None:
        """The last training's release, if nobody has decided on it yet."""
        for action in reversed(self.home.records.actions(kind="train")):
            release = action.outcome.get("release")
            if release is None:
                continue
            decided = {str(other.payload.get("challenger")) for other in self.home.records.actions(kind="route")}
            asked = rollout.challenger if rollout is not None else None
            return None if release in decided or release in (asked, desired.champion, desired.previous) else release
        return None

    def _record(self, now: Instant, decisions: tuple[Decision, ...], sight: Sight) -> None:
        with self.home.records.transaction():
            self.eyes.keep(sight)
            for decision in decisions:
                self._write(decision)
            self._cursor = Cursor(turned_at=now, began=sight.began)
            self.home.records.put_document(f"cursor/{self.home.endpoint}", self._cursor)

    def _write(self, decision: Decision) -> None:
        match decision:
            case StartTraining():
                self._write_training(decision)
            case MoveRollout():
                intend(self.home, self._change(decision), replayed=self._replayed())
            case AskPerson():
                self.home.records.put_document(f"rollout/{self.home.endpoint}", StoredRollout(state=decision.state))
                self._note(decision, "ask", {"challenger": decision.state.challenger})
            case DoNothing():
                self._note(decision, "nothing", {})
            case _:
                assert_never(decision)

    def _write_training(self, decision: StartTraining) -> None:
        action = Action(
            key=decision.key,
            kind="train",
            endpoint=self.home.endpoint,
            decided_at=decision.at,
            effect_at=decision.effect_at,
            payload={"because": ", ".join(decision.because), "champion": self.home.champion().champion},
        )
        if self.home.records.put_action(action):
            self.home.records.append(
                Draft(
                    at=decision.at,
                    action_key=decision.key,
                    kind="train",
                    phase=Phase.INTENT,
                    actor=LOOP,
                    reason=decision.reason,
                    evidence=decision.evidence,
                    detail={"effect_at": decision.effect_at},
                    wall=RealClock().now(),
                )
            )

    def _change(self, decision: MoveRollout) -> RouteChange:
        desired, state = self.home.champion(), decision.state
        done = isinstance(state, Completed)
        return RouteChange(
            kind="promote" if done else ("rollout" if isinstance(state, Running) else "abort"),
            key=decision.key,
            at=decision.at,
            effect_at=decision.effect_at,
            actor=LOOP,
            reason=decision.reason,
            champion=state.challenger if done else desired.champion,
            previous=desired.champion if done else desired.previous,
            variants=variants_of(state, self.home.project.serve),
            salt=state.rollout_id,
            rollout=state,
            evidence=decision.evidence,
        )

    def _note(self, decision: AskPerson | DoNothing, kind: str, detail: dict[str, str | int | float]) -> None:
        self.home.records.append(
            Draft(
                at=decision.at,
                action_key="",
                kind=kind,
                phase=Phase.DECISION,
                actor=LOOP,
                reason=decision.reason,
                evidence=decision.evidence,
                detail=detail,
                wall=RealClock().now(),
            )
        )

    # ── beginning ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin_work(self, action: Action) -> None:
        """Begin an open action's work, or find it begun."""
        if action.kind != "train":
            return
        self.processes.start(action.key, training_command(self.home, action, self.logs))

    def _prepare(self) -> None:
        """In a replay, whose clock waits for a training, have a process ready for the next while there is time.

        In production nobody waits for those two seconds, and the memory is better used.
        """
        if self._replayed() and not self._open():
            self.processes.prepare(training_preparation(self.home))

    def _open(self) -> list[Action]:
        return [
            action
            for action in self.home.records.actions()
            if action.state is ActionState.INTENDED and action.endpoint == self.home.endpoint
        ]

    def _rollout(self) -> RolloutState | None:
        stored = self.home.rollout()
        return stored.state if stored is not None else None

    def _replayed(self) -> bool:
        return self.home.champion().replayed

    def _draft(self, action: Action, now: Instant, reason: str, phase: Phase) -> Draft:
        return done_draft(self.home, reason, action, LOOP, now, phase)


def _ended_by_itself(status: ProcessStatus) -> bool:
    return status.state is ProcessState.EXITED and status.code not in KILLED
