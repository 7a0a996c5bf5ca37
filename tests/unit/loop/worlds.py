"""Worlds to decide on: an ordinary one, to be changed in the one respect that a test is about."""

from __future__ import annotations

from typing import Any

from trimtab.base.instants import DAY, Instant, Span, parse_instant
from trimtab.base.verdict import Evidence, Verdict
from trimtab.loop.world import Training, TrainingState, World
from trimtab.monitor.assess import Finding, FindingKind
from trimtab.rollout.state import Compared, Counts, Running, ScoreShift, StepEvidence
from trimtab.spec.project import Budget, Promote, Retrain, Serve, Step

NOW = parse_instant("2026-03-01T00:00:00Z")
OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
SERVE = Serve(
    rollout=(Step(share=0.0, least=DAY), Step(share=0.25, least=DAY), Step(share=1.0, least=Span(0))),
    min_requests=20,
    max_failures=0.1,
)
POLICY = Retrain(
    on_decay=True,
    on_drift=True,
    min_labels=100,
    cooldown=Span(7 * DAY),
    budget=Budget(trainings=2, per=Span(90 * DAY)),
    promote=Promote.AUTO,
)


def finding(verdict: Verdict, kind: FindingKind = FindingKind.DECAY) -> Finding:
    return Finding(kind=kind, evidence=Evidence(check=kind.value, verdict=verdict, reason=f"{kind.value} is {verdict}"))


def training(days_ago: int, state: TrainingState = TrainingState.REFUSED, release: str = "") -> Training:
    at = Instant(NOW - days_ago * DAY)
    return Training(key=f"train:{at}", decided_at=at, effect_at=Instant(at + DAY), state=state, release=release)


def running(step: int = 0, days: int = 1) -> Running:
    since = Instant(NOW - days * DAY)
    return Running(
        rollout_id="r", endpoint="main", champion=OLD, challenger=NEW, step=step, step_since=since, began=since
    )


def shown(requests: int, *, failed: int = 0, distance: float = 0.05) -> StepEvidence:
    counts = Compared(challenger=Counts(requests=requests, failed=failed), champion=Counts(requests=3 * requests))
    shift = ScoreShift(distance=distance, live=requests, judged=3 * requests, look=1) if requests >= 20 else None
    return StepEvidence(step=counts, rollout=counts, shift=shift)


def world(**changes: Any) -> World:
    facts: dict[str, Any] = {
        "now": NOW,
        "endpoint": "main",
        "began": Instant(NOW - 100 * DAY),
        "champion": OLD,
        "champion_since": Instant(NOW - 50 * DAY),
        "retrain": POLICY,
        "serve": SERVE,
        "findings": (),
        "labels": 1_000,
        "trainings": (),
        "candidate": None,
        "rollout": None,
        "step": None,
        "route_open": False,
        "instant_effects": False,
    }
    return World(**(facts | changes))
