"""Everything that a decision may rest on, as one frozen value.

What is not in here cannot influence the loop: no clock, no file, no chance. Two replays that build equal worlds
therefore decide equally, and a past decision can be explained from its world.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trimtab.base.instants import Instant
from trimtab.monitor.assess import Finding
from trimtab.rollout.state import RolloutState, StepEvidence
from trimtab.spec.project import Retrain, Serve


class TrainingState(StrEnum):
    """What became of a training that the loop started."""

    RUNNING = "running"
    PASSED = "passed"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A training that the loop decided on. ``release`` is what it made, empty unless it passed its gates."""

    key: str
    decided_at: Instant
    effect_at: Instant
    state: TrainingState
    release: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The endpoint and its past at ``now``.

    Attributes:
        began: event time of the first row that the endpoint answered.
        champion: digest of the release in service.
        champion_since: when it became champion; 0 for the first.
        findings: what the newest windows say of the champion.
        labels: labelled rows that arrived after the champion's own data ended.
        trainings: in the order of their decisions.
        candidate: a release that passed its gates and that nobody has decided on yet.
        rollout: the rollout in progress or awaiting approval.
        step: what the rollout's present step has shown so far.
        route_open: whether a change of the route is still being carried out.
        instant_effects: in production effects follow as soon as the work is done; in a replay after their lag.
    """

    now: Instant
    endpoint: str
    began: Instant
    champion: str
    champion_since: Instant
    retrain: Retrain
    serve: Serve
    findings: tuple[Finding, ...]
    labels: int
    trainings: tuple[Training, ...]
    candidate: str | None
    rollout: RolloutState | None
    step: StepEvidence | None
    route_open: bool
    instant_effects: bool
