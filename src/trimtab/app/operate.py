"""What a person does to an endpoint: promote and roll back. It works while ``trimtab up`` runs, by desired state."""

from __future__ import annotations

import secrets
import time

import msgspec

from trimtab.app.home import Home
from trimtab.app.route_change import RouteChange, Seen, carry_out, close, done_draft, intend, look, whole
from trimtab.app.runs import newest_release
from trimtab.base.digest import short
from trimtab.base.errors import InputError
from trimtab.base.instants import SECOND, Instant, Span
from trimtab.disk.lock import holder
from trimtab.drivers.clocks import RealClock, ReplayClock
from trimtab.drivers.signing_keys import trusted_keys
from trimtab.records.action import ActionState
from trimtab.records.endpoint import Desired
from trimtab.records.journal import Actor
from trimtab.rollout.advance import abort
from trimtab.rollout.state import AwaitingApproval, Completed, RolloutState, Running
from trimtab.rollout.strategy import begin, variants_of

PATIENCE = Span(30 * SECOND)
"""How long to wait for the router to serve what a person asked for: a worker imports large libraries first."""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What a person's command changed; ``served`` tells whether the running router already answers so."""

    endpoint: str
    champion: str
    challenger: str | None
    served: bool
    sentence: str


def promote(home: Home, actor: Actor, *, release: str | None, at_once: bool, reason: str) -> Changed:
    """Take a release into service: by the rollout's steps, or with ``at_once`` in one.

    Args:
        release: its digest or the beginning of one; None for the one that waits for approval, else the newest that
            passed its gates.

    Raises:
        InputError: there is no such release, or it is the champion already, or a rollout is in progress.
        SignatureError, IntegrityError: the release is not what was signed.
    """
    with home.lease(f"endpoint-{home.endpoint}", "trimtab promote", wait=PATIENCE):
        desired, rollout = home.desired(), _rollout(home)
        wanted = _wanted(home, release, rollout)
        home.bundles.verify(wanted, trusted_keys())
        if desired is None:
            return first_champion(home, actor, wanted, replayed=False)
        if wanted == desired.champion:
            raise InputError(
                f"{short(wanted)} is the champion of {home.endpoint!r} already", fix="Nothing needs doing."
            )
        if isinstance(rollout, Running):
            raise InputError(
                f"a rollout of {short(rollout.challenger)} is in progress",
                fix="Wait for its end, or break it off with `trimtab rollback`.",
            )
        change = _promotion(home, actor, desired, wanted, at_once=at_once, reason=reason)
        _begin(home, change, desired)
    return _finish(home, change)


def rollback(home: Home, actor: Actor, *, reason: str) -> Changed:
    """Put the previous champion back at once; during a rollout, break it off and leave the champion alone.

    Raises:
        InputError: there is no release to go back to.
    """
    with home.lease(f"endpoint-{home.endpoint}", "trimtab rollback", wait=PATIENCE):
        desired, rollout = home.champion(), _rollout(home)
        now = _now(home, desired)
        why = reason or "a person asked for it"
        if isinstance(rollout, Running):
            back, previous = desired.champion, desired.previous
            state: RolloutState | None = abort(rollout, now, why)
            said = f"the rollout of {short(rollout.challenger)} is broken off: {why}"
        elif desired.previous is None:
            raise InputError(
                f"{short(desired.champion)} is the first champion of {home.endpoint!r}: there is nothing to go back to",
                fix="Make another with `trimtab run`, and take it into service with `trimtab promote`.",
            )
        else:
            back, previous, state = desired.previous, desired.champion, None
            said = f"{short(back)} is champion again instead of {short(desired.champion)}: {why}"
        change = RouteChange(
            kind="rollback",
            key=_key(home, "rollback"),
            at=now,
            effect_at=now,
            actor=actor,
            reason=said,
            champion=back,
            previous=previous,
            variants=whole(back),
            salt="",
            rollout=state,
        )
        _begin(home, change, desired)
    return _finish(home, change)


def first_champion(home: Home, actor: Actor, release: str, *, replayed: bool) -> Changed:
    """Make a release an endpoint's first champion: there is nothing to compare it with, and a person started this."""
    change = RouteChange(
        kind="promote",
        key=f"first:{home.endpoint}",
        at=Instant(0) if replayed else RealClock().now(),
        effect_at=Instant(0),
        actor=actor,
        reason=f"{short(release)} is the first champion of {home.endpoint!r}",
        champion=release,
        previous=None,
        variants=whole(release),
        salt="",
        rollout=None,
    )
    intend(home, change, replayed=replayed)
    carry_out(home)
    action = next(a for a in home.records.actions(kind="route") if a.key == change.key)
    close(home, action, ActionState.DONE, {}, done_draft(home, change.reason, action, actor, change.at))
    return Changed(
        endpoint=home.endpoint,
        champion=release,
        challenger=None,
        served=False,
        sentence=f"{change.reason}; `trimtab up` serves it",
    )


def _promotion(home: Home, actor: Actor, desired: Desired, wanted: str, *, at_once: bool, reason: str) -> RouteChange:
    now, key = _now(home, desired), _key(home, "promote")
    why = f": {reason}" if reason else ""
    started = begin(
        rollout_id=key,
        endpoint=home.endpoint,
        champion=desired.champion,
        challenger=wanted,
        since=now,
        serve=home.project.serve,
    )
    if at_once or isinstance(started, Completed):
        return RouteChange(
            kind="promote",
            key=key,
            at=now,
            effect_at=now,
            actor=actor,
            reason=f"{short(wanted)} is champion at once{why}",
            champion=wanted,
            previous=desired.champion,
            variants=whole(wanted),
            salt=key,
            rollout=Completed(
                rollout_id=key, endpoint=home.endpoint, champion=desired.champion, challenger=wanted, at=now
            ),
        )
    return RouteChange(
        kind="rollout",
        key=key,
        at=now,
        effect_at=now,
        actor=actor,
        reason=f"the rollout of {short(wanted)} begins{why}",
        champion=desired.champion,
        previous=desired.previous,
        variants=variants_of(started, home.project.serve),
        salt=key,
        rollout=started,
    )


def _begin(home: Home, change: RouteChange, before: Desired) -> None:
    intend(home, change, replayed=before.replayed)
    carry_out(home)


def _finish(home: Home, change: RouteChange) -> Changed:
    """Wait for the router without the lease, so that another change (a rollback!) never waits for this one."""
    served = _wait(home)
    action = next(a for a in home.records.actions(kind="route") if a.key == change.key)
    close(home, action, ActionState.DONE, {}, done_draft(home, change.reason, action, change.actor, change.at))
    challenger = change.rollout.challenger if isinstance(change.rollout, Running) else None
    note = "" if served else "; no router runs here, the next `trimtab up` serves it"
    if (
        isinstance(change.rollout, Running)
        and holder(home.state / "locks" / f"controller-{home.endpoint}.lock") is None
    ):
        note += "; its steps advance while `trimtab up` runs"
    return Changed(
        endpoint=home.endpoint,
        champion=change.champion,
        challenger=challenger,
        served=served,
        sentence=change.reason + note,
    )


def _wait(home: Home) -> bool:
    """Whether a running router serves what is desired; waits for it."""
    desired = home.champion()
    deadline = time.monotonic() + PATIENCE / SECOND
    while holder(home.files.router_lease) is not None:
        seen, problem = look(home, desired.table)
        if seen in (Seen.SERVED, Seen.PREPARED):
            return True
        if seen is Seen.REFUSED or time.monotonic() > deadline:
            raise InputError(
                f"the endpoint does not serve it: {problem or 'its worker is not ready'}",
                fix="The release before goes on answering; `trimtab status` says more.",
            )
        time.sleep(0.02)
    return False


def _wanted(home: Home, release: str | None, rollout: RolloutState | None) -> str:
    if release is None:
        if isinstance(rollout, AwaitingApproval):
            return rollout.challenger
        found = newest_release(home.records)
        if found is None:
            raise InputError("no run has passed its gates yet", fix="Make a release with `trimtab run`.")
        return found
    matches = [
        digest for digest in home.bundles.all() if short(digest, length=64).startswith(release.removeprefix("sha256:"))
    ]
    if len(matches) != 1:
        how = "no release begins" if not matches else f"{len(matches)} releases begin"
        raise InputError(f"{how} with {release}", fix="`trimtab runs` lists the releases.")
    return matches[0]


def _rollout(home: Home) -> RolloutState | None:
    stored = home.rollout()
    return stored.state if stored is not None else None


def _now(home: Home, desired: Desired) -> Instant:
    if not desired.replayed:
        return RealClock().now()
    clock = ReplayClock(home.files.clock)
    return clock.now() if clock.started() else Instant(0)


def _key(home: Home, kind: str) -> str:
    return f"{kind}:{home.endpoint}:{secrets.token_hex(6)}"
