"""Where an endpoint's files are: the only thing that the data plane and the control plane share.

They meet in files, not in calls, so that either can be restarted, killed or replaced without the other noticing:
the control plane writes ``route.json`` and ``horizon.json``; the router writes everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trimtab.base.digest import short


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFiles:
    """The files of one endpoint below the project's state folder."""

    state: Path
    endpoint: str

    @property
    def folder(self) -> Path:
        return self.state / "endpoints" / self.endpoint

    @property
    def route(self) -> Path:
        """The desired route table, written by the control plane."""
        return self.folder / "route.json"

    @property
    def observed(self) -> Path:
        """What the router really serves."""
        return self.folder / "observed.json"

    @property
    def log(self) -> Path:
        """The folder of the prediction log's segments."""
        return self.folder / "log"

    @property
    def clock(self) -> Path:
        """A replay's present, written by the router."""
        return self.folder / "clock.json"

    @property
    def horizon(self) -> Path:
        """How far a replay's clock may go, written by the controller."""
        return self.folder / "horizon.json"

    @property
    def workers(self) -> Path:
        """The folder of the workers' states."""
        return self.folder / "workers"

    def worker(self, release: str) -> Path:
        """The state of the worker of a release (its digest)."""
        return self.workers / f"{hexadecimal(release)}.json"

    def bundle(self, release: str) -> Path:
        """The release's folder."""
        return self.state / "releases" / hexadecimal(release)

    @property
    def router_lease(self) -> Path:
        """Held by the endpoint's one router."""
        return self.state / "locks" / f"router-{self.endpoint}.lock"

    @property
    def supervisor_lease(self) -> Path:
        """Held by whoever runs the endpoint's processes."""
        return self.state / "locks" / f"serve-{self.endpoint}.lock"


def hexadecimal(release: str) -> str:
    """The whole of a release's digest without its prefix; it names the release's folder."""
    return short(release, length=64)
