"""The supervisor: keeps router, workers and further children alive, each alone, and needs no database to do so.

It compares what should run with what runs, again and again. What should run is the router, a worker for every release
that the desired route table names or the router still uses, and the children that it was given (the controller). The
listening socket is the supervisor's own and outlives the router: while a killed router starts again, connections wait
in the kernel instead of being turned away.

One worker more is kept ready for whatever release comes next: see `trimtab.serve.spare`.

A release's signature and digests are verified here, before any of its code or its model is touched.
"""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from trimtab.base.digest import short
from trimtab.base.errors import DriverError, TrimtabError
from trimtab.disk.lock import Lease, busy
from trimtab.records.route import RouteTable
from trimtab.records.versioned import decode
from trimtab.release.manifest import MANIFEST_FILE
from trimtab.release.verify import read_manifest
from trimtab.serve.admission import verify
from trimtab.serve.child import Child, ChildPlan
from trimtab.serve.observed import Observed, read_observed
from trimtab.serve.programs import Serving, router_command, worker_command
from trimtab.serve.reserve import Reserve
from trimtab.serve.router import bind
from trimtab.serve.spare import modules_for
from trimtab.serve.threads import THREADS
from trimtab.serve.worker_state import REFUSED_EXIT, WorkerPhase, WorkerState, read_worker, write_worker

__all__ = ["TICK", "Serving", "Supervisor"]

TICK: Final = 0.02
"""Seconds between two looks."""

STOP: Final = 15.0
"""Seconds that a child may take to stop before it is killed; the router drains for ten."""


class Supervisor:
    """Runs one endpoint. Use `start`, then `run` or `tick` again and again, then `stop`; or as a context manager."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._files = serving.files
        self._lease = Lease(self._files.supervisor_lease, "trimtab up")
        self._listener: socket.socket | None = None
        self._sockets: Path | None = None
        self._children: dict[str, Child] = {}
        self._workers: dict[str, Child] = {}
        self._leaving: list[Child] = []
        self._reserve = Reserve(serving)
        self._refused: dict[str, int] = {}
        self._number = 0
        self._complaint = ""
        self.stopping = False

    def start(self) -> None:
        """Listen, and start the router, the workers and the children.

        Raises:
            BusyError: the endpoint is supervised already; the holder is named.
            DriverError: the port is in use; nothing was started.
        """
        if not self._lease.try_acquire():
            raise busy(self._files.supervisor_lease)
        self._files.workers.mkdir(parents=True, exist_ok=True)
        for left in self._files.workers.glob("*.json"):
            left.unlink()  # states of processes that are gone
        try:
            self._listener = bind(self._serving.host, self._serving.port)
        except TrimtabError:
            self._lease.release()
            raise
        self._sockets = Path(tempfile.mkdtemp(prefix="trimtab-"))
        self._children["router"] = Child(
            ChildPlan(name="router", argv=router_command(self._serving, self._listener.fileno())),
            self._listener.fileno(),
        )
        for name, argv in self._serving.children.items():
            self._children[name] = Child(ChildPlan(name=name, argv=argv))
        self.tick()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port on which the endpoint answers."""
        assert self._listener is not None, "start() was called"
        host, port = self._listener.getsockname()[:2]
        return host, port

    def pid(self, name: str) -> int:
        """The process of ``router``, ``spare``, a further child, or of a release's worker; 0 if it does not run."""
        if name == "spare":
            return self._reserve.pid
        child = self._children.get(name) or self._workers.get(name)
        return child.pid if child is not None else 0

    @property
    def troubles(self) -> dict[str, str]:
        """How the processes that crashed of late ended, by their names."""
        children = [*self._children.values(), *self._workers.values()]
        return {child.plan.name: child.trouble for child in children if child.trouble}

    @property
    def sockets(self) -> Path:
        """The folder of the workers' sockets, outside the project: such a path may not be longer than 100 bytes."""
        assert self._sockets is not None, "start() was called"
        return self._sockets

    def tick(self) -> None:
        """Bring what runs to what should run. What the disk refuses now is tried again at the next tick."""
        if self.stopping:
            return
        try:
            self._bring_about()
        except (TrimtabError, OSError) as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                sys.stderr.write(f"supervisor: {error}\n")

    def _bring_about(self) -> None:
        wanted = self._wanted()
        for release in sorted(wanted - set(self._workers)):
            self._admit(release)
        for release in [name for name in self._workers if name not in wanted]:
            self._retire(release)
        for child in self._children.values():
            child.tick(self._serving.logs)
        for release, child in self._workers.items():
            self._tend(release, child)
        self._leaving = [child for child in self._leaving if not child.gone(STOP)]
        if self._serving.spare and self._reserve.missing:
            self._begin_spare()

    def ask_to_stop(self, *_: object) -> None:
        """Let `run` come to its end; fit for a signal handler."""
        self.stopping = True

    def run(self) -> None:
        """Keep everything running until `ask_to_stop`, then stop it."""
        while not self.stopping:
            self.tick()
            time.sleep(TICK)
        self.stop()

    def ready(self, timeout: float = 60.0) -> Observed:
        """What the router observes, once it listens and serves the desired table, or waits only for its moment.

        Raises:
            DriverError: that did not happen within ``timeout`` seconds, or a worker refuses; says why.
            KeyboardInterrupt: it was asked to stop meanwhile.
        """
        deadline = time.monotonic() + timeout
        while True:
            if self.stopping:
                raise KeyboardInterrupt
            self.tick()
            observed = self._observed()
            if observed is not None and observed.pid == self.pid("router"):
                if observed.problem:
                    raise DriverError(observed.problem, fix="The release in service before, if there was one, goes on.")
                if not self._files.route.exists() or self._settled(observed):
                    return observed
            if time.monotonic() > deadline:
                raise DriverError(
                    f"the endpoint is not ready after {timeout:g} s{self._troubles()}", fix="See the logs."
                )
            time.sleep(TICK)

    def stop(self) -> None:
        """End the router first, so that it answers what is under way; then everything else. Safe to call twice."""
        self.stopping = True
        router = self._children.pop("router", None)
        if router is not None:
            router.end()
            router.wait(STOP)
        rest = [*self._children.values(), *self._workers.values(), *self._leaving]
        self._reserve.end(STOP)
        for child in rest:
            child.end()
        for child in rest:
            child.wait(STOP)
        for release in self._workers:
            write_worker(self._files.worker(release), WorkerState(release=release, phase=WorkerPhase.STOPPED))
        self._children, self._workers, self._leaving = {}, {}, []
        if self._listener is not None:
            self._listener.close()
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._lease.release()

    def __enter__(self) -> Supervisor:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _wanted(self) -> set[str]:
        """Digests of the releases whose workers must run; a table that cannot be read changes nothing."""
        wanted: set[str] = set()
        try:
            table = decode(RouteTable, self._files.route.read_bytes(), at=str(self._files.route))
            wanted = {variant.release for variant in table.variants}
        except (FileNotFoundError, TrimtabError):
            wanted = set()
        observed = self._observed()
        return wanted | set(observed.in_use if observed is not None else ())

    def _observed(self) -> Observed | None:
        try:
            return read_observed(self._files.observed)
        except TrimtabError:
            return None  # the router writes it anew

    def _admit(self, release: str) -> None:
        """Verify a release and start its worker; a refusal is remembered while the release's folder is the same."""
        folder = self._files.bundle(release)
        mark = folder.stat().st_mtime_ns if folder.exists() else 0
        if self._refused.get(release) == mark:
            return
        try:
            verify(release, folder, self._serving.trusted)
        except TrimtabError as error:
            self._refused[release] = mark
            self._report(release, WorkerPhase.REFUSED, str(error))
            return
        self._refused.pop(release, None)
        self._workers[release] = Child(ChildPlan(name=f"worker-{short(release)}", argv=(), threads=THREADS))

    def _tend(self, release: str, child: Child) -> None:
        """Start a worker, or start it again; leave a refused one alone."""
        due = child.due()
        if child.code == REFUSED_EXIT:
            return
        if due:
            assert self._sockets is not None, "start() was called"
            self._number += 1
            address = self._sockets / f"{self._number}"
            argv = worker_command(self._serving, release, address, restarts=child.starts)
            child.plan = ChildPlan(name=child.plan.name, argv=argv, threads=THREADS)
            self._report(release, WorkerPhase.STARTING, child.trouble, child.starts)
            if self._reserve.become(child, self._files.bundle(release)):
                return
        child.tick(self._serving.logs)

    def _begin_spare(self) -> None:
        """Begin a spare like the newest worker once all of them are ready or refused.

        Not before: it would take the processor from the worker that somebody waits for. Lowering its priority instead
        would last, since only the superuser may raise it again when the spare has become a worker.
        """
        if any(child.code != REFUSED_EXIT and not self._is_ready(name) for name, child in self._workers.items()):
            return
        ready = [name for name, child in self._workers.items() if child.pid]
        if ready:
            manifest = (self._files.bundle(ready[-1]) / MANIFEST_FILE).read_bytes()
            self._reserve.begin(modules_for(read_manifest(manifest)))

    def _retire(self, release: str) -> None:
        child = self._workers.pop(release)
        self._report(release, WorkerPhase.STOPPED, "")
        child.end()
        self._leaving.append(child)

    def _report(self, release: str, phase: WorkerPhase, problem: str, restarts: int = 0) -> None:
        state = WorkerState(release=release, phase=phase, problem=problem, restarts=restarts)
        write_worker(self._files.worker(release), state)

    def _settled(self, observed: Observed) -> bool:
        try:
            table = decode(RouteTable, self._files.route.read_bytes(), at=str(self._files.route))
        except (FileNotFoundError, TrimtabError):
            return False
        newest = [*observed.pending, *([observed.applied] if observed.applied else [])]
        known = any(one.version >= table.version for one in newest)
        return known and observed.settled and all(self._is_ready(release) for release in observed.in_use)

    def _is_ready(self, release: str) -> bool:
        try:
            state = read_worker(self._files.worker(release))
        except TrimtabError:
            return False
        return state is not None and state.phase is WorkerPhase.READY

    def _troubles(self) -> str:
        found = [f"{name} {trouble}" for name, trouble in self.troubles.items()]
        return f": {'; '.join(found)}" if found else ""
