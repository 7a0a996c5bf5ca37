"""A replay's two clock files: where it stands, and how far it may go.

The router moves the present and the controller grants the way; each writes one file and reads the other, so that
either can be killed and started again.
"""

from __future__ import annotations

import msgspec

from trimtab.base.instants import Instant


class ClockFile(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.clock/1"):
    """A replay's present, as the router last moved it."""

    now: Instant


class Horizon(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.horizon/1"):
    """How far the controller lets a replay's clock go: it has done, or can do in time, all that is due until then."""

    granted_until: Instant
