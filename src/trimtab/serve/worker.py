"""The worker process: one release, one thread, one batch after the other.

It is small on purpose: it must run beside whatever a model pins. It opens the release (and refuses where something
differs), says that it is ready, and answers score frames until it is told to stop or its supervisor is gone. What user
code prints goes to the log and never into the protocol.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trimtab.base.digest import Digest
from trimtab.base.errors import TrimtabError
from trimtab.serve import wire
from trimtab.serve.lifeline import STDIN, has_lifeline
from trimtab.serve.threads import THREADS
from trimtab.serve.worker_state import REFUSED_EXIT, WorkerPhase, WorkerState, write_worker

_READ: Final = 1 << 20

Answering = Callable[[bytes], bytes]
"""A score frame's payload → the result frame's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """How a worker is started; ``report`` is the file for its state."""

    folder: Path
    socket: Path
    report: Path
    restarts: int = 0


def run(options: WorkerOptions) -> int:
    """Serve a release to its end; returns the exit code."""
    for name in THREADS:
        os.environ.setdefault(name, "1")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    from trimtab.serve.worker_bundle import explain, open_release

    release = Digest(f"sha256:{options.folder.name}")
    state = WorkerState(release=release, phase=WorkerPhase.READY, pid=os.getpid(), restarts=options.restarts)
    try:
        opened = open_release(options.folder)
    except Exception as error:  # noqa: BLE001  # the process edge: a release that cannot be opened is refused
        text = str(error) if isinstance(error, TrimtabError) else explain(error, str(options.folder))
        sys.stderr.write(f"worker: refused: {text}\n")
        write_worker(options.report, _with(state, WorkerPhase.REFUSED, problem=text))
        return REFUSED_EXIT
    hello = {"protocol": wire.PROTOCOL, "release": opened.release, "pid": os.getpid()}
    hello["columns"] = [column.name for column in opened.columns]
    with _Loop(options.socket, wire.frame(wire.HELLO, 0, wire.encode(hello)), opened.answer) as loop:
        gc.collect()
        gc.freeze()  # what is loaded stays: do not look through it again and again
        write_worker(options.report, _with(state, WorkerPhase.READY, address=str(options.socket)))
        loop.run()
    return 0


def _with(state: WorkerState, phase: WorkerPhase, *, problem: str = "", address: str = "") -> WorkerState:
    return WorkerState(
        release=state.release, phase=phase, problem=problem, pid=state.pid, socket=address, restarts=state.restarts
    )


class _Loop:
    """Listens, greets, answers."""

    def __init__(self, path: Path, hello: bytes, answer: Answering) -> None:
        self._path = path
        self._hello = hello
        self._answer = answer
        self._stopped = False
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._wake, self._waker = socket.socketpair()
        self._frames: dict[socket.socket, wire.Frames] = {}

    def __enter__(self) -> _Loop:
        self._listener.bind(str(self._path))
        self._listener.listen()
        for end in (self._wake, self._waker):
            end.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        if has_lifeline():
            self._selector.register(STDIN, selectors.EVENT_READ)
        return self

    def __exit__(self, *exception: object) -> None:
        signal.set_wakeup_fd(-1)
        for one in (*self._frames, self._listener, self._wake, self._waker):
            one.close()
        self._selector.close()
        self._path.unlink(missing_ok=True)

    def run(self) -> None:
        """Answer until stopped."""
        while not self._stopped:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._greet()
                elif key.fd == STDIN:
                    self._stopped = self._stopped or not os.read(STDIN, 1024)
                elif key.fileobj is not self._wake and isinstance(key.fileobj, socket.socket):
                    self._serve(key.fileobj)

    def _stop(self, *_: object) -> None:
        self._stopped = True

    def _greet(self) -> None:
        router, _ = self._listener.accept()
        self._frames[router] = wire.Frames()
        self._selector.register(router, selectors.EVENT_READ)
        with suppress(OSError):
            router.sendall(self._hello)

    def _serve(self, router: socket.socket) -> None:
        try:
            data = router.recv(_READ)
            if not data:
                raise ConnectionResetError
            for kind, number, payload in self._frames[router].feed(data):
                if kind != wire.SCORE:
                    raise wire.WireError(f"a frame of kind {kind}")
                router.sendall(wire.frame(wire.RESULT, number, self._answer(payload)))
        except wire.WireError as error:
            with suppress(OSError):
                router.sendall(wire.frame(wire.REFUSE, 0, wire.encode({"problem": str(error)})))
            self._part(router)
        except OSError:  # the router is gone; another will connect
            self._part(router)

    def _part(self, router: socket.socket) -> None:
        self._selector.unregister(router)
        del self._frames[router]
        router.close()
