"""A project and its state, opened: what every use case is given.

This and `trimtab.app.doors` are where drivers meet the core; a use case sees ports and values.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trimtab.base.errors import InputError
from trimtab.base.instants import Span
from trimtab.disk.atomic import clean_partial
from trimtab.disk.lock import Lease
from trimtab.drivers.bundles import Bundles
from trimtab.records.endpoint import Desired
from trimtab.records.ports import Blobs, Records
from trimtab.rollout.state import StoredRollout
from trimtab.serve.layout import EndpointFiles
from trimtab.spec.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One project on this machine.

    Attributes:
        root: the folder with ``trimtab.toml``.
        state: the folder of its state, ``.trimtab`` in ``root`` unless ``TRIMTAB_STATE`` moves it.
    """

    root: Path
    state: Path
    project: Project
    records: Records
    blobs: Blobs
    bundles: Bundles

    @property
    def endpoint(self) -> str:
        """The name of the project's endpoint."""
        return self.project.serve.endpoint

    @property
    def files(self) -> EndpointFiles:
        """The endpoint's files."""
        return EndpointFiles(state=self.state, endpoint=self.endpoint)

    def lease(self, resource: str, owner: str, *, wait: Span = Span(0)) -> Lease:
        """The right to work on a resource: ``controller-main``, ``run-…``, ``endpoint-main``; see `Lease`."""
        return Lease(self.state / "locks" / f"{resource}.lock", owner, wait=wait)

    def clean(self) -> None:
        """Remove what killed processes left half-made; what a live one is writing stays.

        Whoever goes on after a kill calls it: the controller when it starts, a run when it begins.
        """
        blobs = (self.state / "blobs").glob("*/*")
        for folder in (self.files.folder, self.files.workers, self.state / "tables", *blobs):
            clean_partial(folder)
        if self.project.data is not None:
            clean_partial(self.root, of=self.project.data.contract.name)

    def desired(self) -> Desired | None:
        """The endpoint's desired state; None before its first release."""
        return self.records.document(f"endpoint/{self.endpoint}", Desired)

    def champion(self) -> Desired:
        """The endpoint's desired state; raises `InputError` if it has no release yet."""
        found = self.desired()
        if found is None:
            raise InputError(
                f"the endpoint {self.endpoint!r} has no release yet",
                fix="Run `trimtab run` until a candidate passes its gates, then `trimtab up`.",
            )
        return found

    def rollout(self) -> StoredRollout | None:
        """The endpoint's newest rollout, in progress or over."""
        return self.records.document(f"rollout/{self.endpoint}", StoredRollout)
