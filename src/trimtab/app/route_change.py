"""Change what an endpoint serves, by the crash rule.

One transaction writes the desired state, the action and its journal entry. The effect is one file, ``route.json``,
written from the desired state and therefore the same however often it is written. The router moves there by itself;
the action is closed when it is seen to have moved, or to have been unable to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from trimtab.app.home import Home
from trimtab.base.instants import Instant
from trimtab.base.verdict import Evidence
from trimtab.disk.atomic import write_bytes
from trimtab.drivers.clocks import RealClock
from trimtab.records.action import Action, ActionState
from trimtab.records.endpoint import Desired
from trimtab.records.journal import Actor, Draft, Phase
from trimtab.records.prediction import Role
from trimtab.records.route import WHOLE, RouteTable, Variant
from trimtab.records.versioned import encode
from trimtab.rollout.state import RolloutState, StoredRollout
from trimtab.serve.observed import read_observed
from trimtab.serve.worker_state import WorkerPhase, read_worker


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteChange:
    """A change of the route: which desired state follows, by which action, and because of what."""

    kind: str
    key: str
    at: Instant
    effect_at: Instant
    actor: Actor
    reason: str
    champion: str
    previous: str | None
    variants: tuple[Variant, ...]
    salt: str
    rollout: RolloutState | None
    evidence: tuple[Evidence, ...] = ()


def whole(release: str) -> tuple[Variant, ...]:
    """One release that answers everything."""
    return (Variant(name="champion", release=release, role=Role.CHAMPION, weight=WHOLE),)


def intend(home: Home, change: RouteChange, *, replayed: bool) -> bool:
    """Write the change down, in the caller's transaction or one of its own; False if its key is known already."""
    with home.records.transaction():
        before = home.desired()
        version = before.table.version + 1 if before else 1
        table = RouteTable(
            endpoint=home.endpoint,
            version=version,
            effective_at=change.effect_at,
            variants=change.variants,
            salt=change.salt,
            cause=change.key,
        )
        action = Action(
            key=change.key,
            kind="route",
            endpoint=home.endpoint,
            decided_at=change.at,
            effect_at=change.effect_at,
            payload={
                "version": version,
                "kind": change.kind,
                "champion": change.champion,
                "challenger": _challenger(change),
            },
        )
        if not home.records.put_action(action):
            return False
        same = before is not None and before.champion == change.champion
        desired = Desired(
            endpoint=home.endpoint,
            champion=change.champion,
            previous=change.previous,
            champion_since=before.champion_since if before and same else (change.effect_at if before else Instant(0)),
            table=table,
            replayed=replayed,
        )
        home.records.put_document(f"endpoint/{home.endpoint}", desired)
        if change.rollout is not None:
            home.records.put_document(f"rollout/{home.endpoint}", StoredRollout(state=change.rollout))
        home.records.append(_draft(home, change, Phase.INTENT, change.reason))
    return True


def carry_out(home: Home) -> None:
    """Make ``route.json`` say what is desired; nothing happens if it does."""
    desired = home.desired()
    if desired is None:
        return
    content = encode(desired.table)
    home.files.folder.mkdir(parents=True, exist_ok=True)
    if not home.files.route.is_file() or home.files.route.read_bytes() != content:
        write_bytes(home.files.route, content)


class Seen(StrEnum):
    """What became of a route table: served, prepared for its moment, refused, or none of these yet."""

    SERVED = "served"
    PREPARED = "prepared"
    REFUSED = "refused"
    WAITING = "waiting"


def look(home: Home, table: RouteTable) -> tuple[Seen, str]:
    """How far the router is with a table, and why it refuses it if it does."""
    for variant in table.variants:
        state = read_worker(home.files.worker(variant.release))
        if state is not None and state.phase is WorkerPhase.REFUSED:
            return Seen.REFUSED, state.problem
    observed = read_observed(home.files.observed)
    if observed is None:
        return Seen.WAITING, ""
    if observed.applied is not None and observed.applied.version >= table.version:
        return Seen.SERVED, ""
    if any(waiting.version == table.version for waiting in observed.pending) and _workers_ready(home, table):
        return Seen.PREPARED, ""
    return Seen.WAITING, observed.problem


def close(home: Home, action: Action, state: ActionState, outcome: dict[str, str], draft: Draft) -> None:
    """Close an action with its journal entry; nothing happens if it is closed."""
    with home.records.transaction():
        if home.records.end_action(action.key, state, outcome):
            home.records.append(draft)


def done_draft(
    home: Home, change_reason: str, action: Action, actor: Actor, at: Instant, phase: Phase = Phase.DONE
) -> Draft:
    """The journal entry that closes a route action."""
    return Draft(
        at=at,
        action_key=action.key,
        kind=str(action.payload["kind"]),
        phase=phase,
        actor=actor,
        reason=change_reason,
        detail={"version": action.payload["version"], "endpoint": home.endpoint},
        wall=RealClock().now(),
    )


def _workers_ready(home: Home, table: RouteTable) -> bool:
    states = [read_worker(home.files.worker(variant.release)) for variant in table.variants]
    return all(state is not None and state.phase is WorkerPhase.READY for state in states)


def _challenger(change: RouteChange) -> str:
    return change.rollout.challenger if change.rollout is not None else ""


def _draft(home: Home, change: RouteChange, phase: Phase, reason: str) -> Draft:
    shares = {
        variant.role.value: msgspec.json.encode([variant.release, variant.weight]).decode()
        for variant in change.variants
    }
    return Draft(
        at=change.at,
        action_key=change.key,
        kind=change.kind,
        phase=phase,
        actor=change.actor,
        reason=reason,
        evidence=change.evidence,
        detail={"endpoint": home.endpoint, "effect_at": change.effect_at, **shares},
        wall=RealClock().now(),
    )
