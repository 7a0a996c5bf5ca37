"""Where an endpoint stands: what is wanted, what is served, what the loop last decided."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from trimtab.app.home import Home
from trimtab.app.journal import read_journal, sentence
from trimtab.base.digest import short
from trimtab.base.instants import format_instant
from trimtab.data.wording import counted
from trimtab.disk.lock import holder
from trimtab.drivers.clocks import ReplayClock
from trimtab.loop.explain import describe
from trimtab.records.where import RunQuery
from trimtab.rollout.state import AwaitingApproval, Running, StoredRollout
from trimtab.serve.observed import read_observed
from trimtab.spec.project import Serve


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one endpoint, as every door shows it.

    ``served`` names the releases that answer with their share in basis points; ``address`` is empty unless a router
    runs. ``last_decision`` is the newest journal entry in words.
    """

    project: str
    endpoint: str
    champion: str
    previous: str
    rollout: str
    served: tuple[tuple[str, str, int], ...]
    address: str
    problem: str
    controller: str
    clock: str
    runs: int
    entries: int
    last_decision: str

    def lines(self) -> Iterator[tuple[str, str]]:
        """Name and text of each line, in the order of reading."""
        yield "project", self.project
        yield (
            "endpoint",
            f"{self.endpoint} at http://{self.address}" if self.address else f"{self.endpoint}, not served now",
        )
        yield "champion", short(self.champion) if self.champion else "none yet"
        if self.previous:
            yield "before it", f"{short(self.previous)} (`trimtab rollback` puts it back)"
        yield "rollout", self.rollout
        for role, release, weight in self.served:
            yield "serves", f"{short(release)} as {role}, {weight / 100:g} % of the answers"
        yield "loop", self.controller
        if self.clock:
            yield "clock", self.clock
        yield "recorded", f"{counted(self.runs, 'run')}, {self.entries:,} in the journal"
        yield "last", self.last_decision
        if self.problem:
            yield "problem", self.problem


def read_status(home: Home) -> StatusView:
    """The endpoint's state, read from the records and from what the router wrote; nobody is asked."""
    desired, stored = home.desired(), home.rollout()
    running = holder(home.files.router_lease) is not None
    observed = read_observed(home.files.observed) if running else None
    applied = observed.applied if observed is not None else None
    controller = holder(home.state / "locks" / f"controller-{home.endpoint}.lock")
    clock = ReplayClock(home.files.clock)
    entries = list(read_journal(home))
    return StatusView(
        project=home.project.name,
        endpoint=home.endpoint,
        champion=desired.champion if desired else "",
        previous=(desired.previous or "") if desired else "",
        rollout=_in_progress(stored, home.project.serve),
        served=tuple((v.role.value, v.release, v.weight) for v in applied.variants) if applied else (),
        address=f"{observed.host}:{observed.port}" if observed else "",
        problem=observed.problem if observed else "",
        controller=f"turned by process {controller.pid}" if controller else "not running",
        clock=f"a replay's, at {format_instant(clock.now())}" if clock.started() else "",
        runs=home.records.count_runs(RunQuery()),
        entries=len(entries),
        last_decision=sentence(entries[-1]).strip() if entries else "nothing decided yet",
    )


def _in_progress(stored: StoredRollout | None, serve: Serve) -> str:
    """The rollout in words, while it is one: what an old one led to may have been rolled back since."""
    if stored is None or not isinstance(stored.state, Running | AwaitingApproval):
        return "none in progress"
    return describe(stored.state, serve)
