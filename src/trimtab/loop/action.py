"""What the loop can decide: four kinds of action, each a value with its reason and its evidence.

Each names its key, made from the endpoint, the kind and the moment of the decision: deciding the same thing twice is
one action, and doing it twice is doing it once.
"""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.base.instants import Instant
from trimtab.base.verdict import Evidence
from trimtab.rollout.state import RolloutState


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTraining:
    """Train a challenger on what has arrived before ``at``; its result takes effect at ``effect_at``."""

    key: str
    at: Instant
    effect_at: Instant
    because: tuple[str, ...]
    reason: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRollout:
    """Take the endpoint's rollout to ``state``: a step up, to its end, or back to the champion."""

    key: str
    at: Instant
    effect_at: Instant
    state: RolloutState
    reason: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPerson:
    """Leave the promotion of ``state``'s challenger to a person; no traffic moves."""

    key: str
    at: Instant
    state: RolloutState
    reason: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DoNothing:
    """Change nothing, because of ``reason``; a decision like any other."""

    at: Instant
    reason: str
    evidence: tuple[Evidence, ...] = ()


Action = StartTraining | MoveRollout | AskPerson | DoNothing
