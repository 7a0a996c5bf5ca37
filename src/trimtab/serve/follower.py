"""Follows the desired route table: reads it, waits for its workers, applies it at its moment.

Level-triggered: it looks at the file again and again and trusts no event. A table that cannot be read or served changes
nothing, what was applied goes on, and the status says why. Several tables may wait, each for its own moment; a newer
one replaces those that would take effect after it.
"""

from __future__ import annotations

import os

from trimtab.base.digest import short
from trimtab.base.errors import InputError, TrimtabError
from trimtab.base.instants import Instant
from trimtab.records.route import RouteTable
from trimtab.records.versioned import decode
from trimtab.serve.layout import EndpointFiles
from trimtab.serve.metrics import Metrics
from trimtab.serve.observed import Observed, read_observed, write_observed
from trimtab.serve.served import Releases


class RouteFollower:
    """Holds the applied table and those that wait."""

    def __init__(self, files: EndpointFiles, releases: Releases, metrics: Metrics) -> None:
        self._files = files
        self._releases = releases
        self._metrics = metrics
        self._seen: tuple[int, int, int] | None = None
        self._written: Observed | None = None
        self._desired_problem = ""
        self._proved: set[int] = set()
        self.applied: RouteTable | None = None
        self.applied_at = Instant(0)
        self.pending: tuple[RouteTable, ...] = ()
        self._recall()

    @property
    def problem(self) -> str:
        """Why the newest desired state is not applied; empty if it is, or only waits for its moment."""
        if self._desired_problem:
            return self._desired_problem
        return next((why for why in map(self._obstacle, self.pending) if why), "")

    def look(self) -> None:
        """Read the desired table if its file has changed."""
        try:
            stat = self._files.route.stat()
        except FileNotFoundError:
            return
        seen = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            table = decode(RouteTable, self._files.route.read_bytes(), at=str(self._files.route))
            self._take(table)
        except TrimtabError as error:
            self._desired_problem = f"the desired route table is not applied: {error}"
        except FileNotFoundError:
            self._seen = None
        else:
            self._desired_problem = ""

    def passable(self, moment: Instant) -> bool:
        """Whether the endpoint's time may reach ``moment``: no table due by then waits for a worker that starts."""
        self.look()
        return all(self._ready(table) or self._obstacle(table) for table in self._due(moment))

    def apply(self, now: Instant) -> None:
        """Let the newest due table answer whose workers were ready."""
        for table in reversed(self._due(now)):
            if self._ready(table):
                self.applied, self.applied_at = table, now
                self.pending = tuple(one for one in self.pending if one.version > table.version)
                self._metrics.version.set(table.version)
                return

    def needed(self) -> set[str]:
        """Digests of the releases whose workers must run."""
        tables = [*self.pending, *([self.applied] if self.applied else [])]
        wanted = {variant.release for table in tables for variant in table.variants}
        return wanted | {served.release for served in self._releases.opened.values() if served.outstanding}

    def report(self, now: Instant, address: tuple[str, int]) -> None:
        """Write what is observed, if it has changed."""
        host, port = address
        observed = Observed(
            endpoint=self._files.endpoint, applied=self.applied, applied_at=self.applied_at, pending=self.pending,
            in_use=tuple(sorted(self.needed())), settled=self.passable(now),
            problem=self.problem, pid=os.getpid(), host=host, port=port,
        )  # fmt: skip
        if observed != self._written:
            write_observed(self._files.observed, observed)
            self._written = observed

    def _recall(self) -> None:
        """Go on from the last known good state."""
        try:
            observed = read_observed(self._files.observed)
        except TrimtabError as error:
            self._desired_problem = f"what was served before the start is unknown: {error}"
            return
        if observed is None or observed.endpoint != self._files.endpoint:
            return
        tables = [*([observed.applied] if observed.applied else []), *observed.pending]
        for table in tables:
            try:
                self._open(table)
            except TrimtabError as error:
                self._desired_problem = f"route table {table.version} cannot be served any more: {error}"
                continue
            if table is observed.applied:
                self.applied, self.applied_at = table, observed.applied_at
                self._metrics.version.set(table.version)
            else:
                self.pending = (*self.pending, table)

    def _take(self, table: RouteTable) -> None:
        newest = self.pending[-1] if self.pending else self.applied
        if table.endpoint != self._files.endpoint:
            raise InputError(f"it is the table of endpoint {table.endpoint!r}")
        if newest is not None and table.version < newest.version:
            raise InputError(f"its version {table.version} is lower than {newest.version}, which is known already")
        if newest is not None and table.version == newest.version:
            if table != newest:
                raise InputError(f"another table has had the version {table.version} already")
            return
        self._open(table)
        before = tuple(one for one in self.pending if one.effective_at < table.effective_at)
        self.pending = (*before, table)

    def _open(self, table: RouteTable) -> None:
        for variant in table.variants:
            self._releases.open(variant.release)

    def _due(self, moment: Instant) -> tuple[RouteTable, ...]:
        return tuple(table for table in self.pending if table.effective_at <= moment)

    def _ready(self, table: RouteTable) -> bool:
        """Whether all workers of the table have been ready: one that dies afterwards is waited for like any other."""
        if all(self._releases.open(variant.release).link.ready for variant in table.variants):
            self._proved.add(table.version)
        return table.version in self._proved

    def _obstacle(self, table: RouteTable) -> str:
        """Why a table will not be served however long one waits; a worker that starts is no obstacle."""
        for variant in table.variants:
            link = self._releases.open(variant.release).link
            if link.refused:
                who = f"the worker of release {short(variant.release)}"
                return f"route table {table.version} is not applied: {who} refuses: {link.problem}"
        return ""
