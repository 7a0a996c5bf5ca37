"""Endpoint v1: what an endpoint should serve, and what it served before, so that there is always a way back."""

from __future__ import annotations

import msgspec

from trimtab.base.instants import Instant
from trimtab.records.route import RouteTable


class Desired(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.endpoint/1"):
    """An endpoint's desired state; what it really serves is the router's to say.

    Attributes:
        champion: digest of the release that answers unless a rollout shares the traffic.
        previous: the champion before it, where ``rollback`` leads; None before the second.
        champion_since: endpoint time at which it became champion; 0 for the first, which was there from the start.
        table: the route table that follows from it and from the rollout in progress.
        replayed: whether this endpoint lives in a replay's time; real traffic is then refused, and the reverse.
    """

    endpoint: str
    champion: str
    previous: str | None
    champion_since: Instant
    table: RouteTable
    replayed: bool
