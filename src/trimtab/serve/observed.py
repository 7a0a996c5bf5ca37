"""Observed v1: what the router really serves, beside what is desired.

It carries the whole applied table and the ones that wait for their moment, because it is also the router's memory: a
restarted router goes on from its last known good state, whatever has happened to ``route.json`` meanwhile.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from trimtab.base.instants import Instant
from trimtab.disk.atomic import write_bytes
from trimtab.records.route import RouteTable
from trimtab.records.versioned import decode, encode


class Observed(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.observed/1"):
    """The state of an endpoint's router.

    Attributes:
        applied: the table that answers now; None before the first.
        applied_at: the endpoint's time at which it was applied.
        pending: newer tables that wait for their moment or for their workers, the oldest first.
        in_use: digests of the releases whose workers must run: named by a table above, or still answering.
        settled: whether every table whose moment has come is applied, or never will be.
        problem: why the newest desired state is not applied, as a sentence; empty if it is.
        pid, host, port: where the router listens.
    """

    endpoint: str
    applied: RouteTable | None
    applied_at: Instant
    pending: tuple[RouteTable, ...]
    in_use: tuple[str, ...]
    settled: bool
    problem: str
    pid: int
    host: str
    port: int


def read_observed(path: Path) -> Observed | None:
    """What the router last wrote; None if it never ran.

    Raises:
        IntegrityError: the file is damaged.
        UnknownVersionError: another Trimtab wrote it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return decode(Observed, content, at=str(path))


def write_observed(path: Path, observed: Observed) -> None:
    """Replace what is known of the router. Not synced: after a power cut it is made anew from the desired state."""
    write_bytes(path, encode(observed), sync=False)
