"""Where a rollout stands, and what its present step has shown: frozen values, stored as they are.

A waiting rollout does not change: looking at it leaves no trace in the state, because every bound that is read while
it waits is valid at all moments at once. So a state is written when traffic moves, and only then.
"""

from __future__ import annotations

import msgspec

from trimtab.base.instants import Instant
from trimtab.base.verdict import Evidence


class _Rollout(msgspec.Struct, frozen=True, kw_only=True, tag_field="state"):
    """What all states tell: which release is to follow which, behind which endpoint."""

    rollout_id: str
    endpoint: str
    champion: str
    challenger: str


class AwaitingApproval(_Rollout, frozen=True, kw_only=True, tag="awaiting approval"):
    """The challenger passed its gates ``since`` and a person is to let it in."""

    since: Instant


class Running(_Rollout, frozen=True, kw_only=True, tag="running"):
    """The challenger is in ``step`` (from 0, of the project's) since ``step_since``; the rollout began at ``began``."""

    step: int
    step_since: Instant
    began: Instant


class Completed(_Rollout, frozen=True, kw_only=True, tag="completed"):
    """The challenger has all the traffic and is the champion, from ``at`` on."""

    at: Instant


class Aborted(_Rollout, frozen=True, kw_only=True, tag="aborted"):
    """The champion has all the traffic again, from ``at`` on, because of ``reason``."""

    at: Instant
    reason: str


RolloutState = AwaitingApproval | Running | Completed | Aborted


class StoredRollout(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.rollout/1"):
    """Rollout v1: the newest rollout of an endpoint, in progress or over."""

    state: RolloutState


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the requests that one variant was given.

    ``slow`` are those that took longer than the limit; None where latency is not judged (in a replay).
    """

    requests: int = 0
    failed: int = 0
    refused: int = 0
    slow: int | None = None

    @property
    def unanswered(self) -> int:
        """Failed or refused."""
        return self.failed + self.refused


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Both variants over the same time."""

    challenger: Counts = Counts()
    champion: Counts = Counts()


class ScoreShift(msgspec.Struct, frozen=True, kw_only=True):
    """How far the challenger's scores in production are from its own on the rows that it was judged on.

    The distance is that at the last planned look (`trimtab.stats.distance`); ``live`` and ``judged`` are the numbers of
    scores on either side.
    """

    distance: float
    live: int
    judged: int
    look: int


class StepEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the answers so far show.

    Attributes:
        step: counts since the present step began.
        rollout: counts since the rollout began, this step included: a shadow's failures are the challenger's too.
        shift: over the whole rollout; None before there are enough scores of the challenger.
        quality: the gate's comparison on the labels that have arrived; None while there are too few to compare.
    """

    step: Compared
    rollout: Compared
    shift: ScoreShift | None = None
    quality: Evidence | None = None
