"""Action v1: something that the loop or a person decided to do, and how far it has come.

The crash rule rests on it: one transaction writes the action and its journal entry; the effect is idempotent by
the key; a second transaction closes it. Whatever is open after a crash is simply carried out again.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from trimtab.base.instants import Instant


class ActionState(StrEnum):
    INTENDED = "intended"
    DONE = "done"
    FAILED = "failed"


class Action(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.action/1"):
    """An intended effect.

    Attributes:
        key: names the effect; made from what was decided and when, never by chance.
        kind: ``train``, ``route``, ``promote`` …
        endpoint: whose state it changes.
        decided_at: event time of the decision.
        effect_at: event time at which it takes effect: the decision's time plus the action's declared lag.
        payload: what the carrier needs: release, run, step.
        outcome: what it led to, once it is closed.
    """

    key: str
    kind: str
    endpoint: str
    decided_at: Instant
    effect_at: Instant
    payload: dict[str, str | int]
    state: ActionState = ActionState.INTENDED
    outcome: dict[str, str] = {}
