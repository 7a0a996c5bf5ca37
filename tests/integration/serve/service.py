"""A running endpoint for tests: real processes behind a real socket, and a client that only knows HTTP."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from tests.integration.serve.releases import PRIVATE
from trimtab.base.digest import short
from trimtab.base.instants import Instant
from trimtab.disk.atomic import write_bytes
from trimtab.disk.frames import read_frames
from trimtab.records.label import Label
from trimtab.records.prediction import Prediction, Role
from trimtab.records.route import RouteTable, Variant
from trimtab.records.versioned import encode
from trimtab.release.signature import key_id, public_key_of
from trimtab.serve.layout import EndpointFiles
from trimtab.serve.observed import Observed, read_observed
from trimtab.serve.supervisor import Serving, Supervisor

TOKEN = "a-token-of-the-local-user"
PREDICT = "/v1/endpoints/main/predict"


@dataclass
class Reply:
    """An HTTP answer."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class Client:
    """One connection that stays open; opened again if it was closed."""

    def __init__(self, address: tuple[str, int], *, timeout: float = 30.0) -> None:
        self._address = address
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None

    def call(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> Reply:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(*self._address, timeout=self._timeout)
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        if token:
            sent["Authorization"] = f"Bearer {token}"
        try:
            self._connection.request(method, path, content, sent)
            answer = self._connection.getresponse()
            text = answer.read()
        except BaseException:
            self.close()
            raise
        with suppress(ValueError):
            return Reply(answer.status, json.loads(text) if text else None, dict(answer.getheaders()))
        return Reply(answer.status, text.decode(), dict(answer.getheaders()))

    def predict(self, row: Any, **headers: str) -> Reply:
        return self.call("POST", PREDICT, row, **headers)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Service:
    """An endpoint under its supervisor, which runs in a thread of this process."""

    def __init__(self, state: Path, **changes: Any) -> None:
        token_file = state / "token"
        state.mkdir(parents=True, exist_ok=True)
        token_file.write_text(TOKEN)
        public = public_key_of(PRIVATE)
        serving = Serving(
            state=state, endpoint="main", trusted={key_id(public): public}, token_file=token_file, logs=state / "logs",
            spare=False,  # two seconds of a processor for each test that does not ask for it
        )  # fmt: skip
        self.serving = replace(serving, **changes)
        self.files = EndpointFiles(state=state, endpoint="main")
        self.supervisor = Supervisor(self.serving)
        self._thread: threading.Thread | None = None
        self._version = 0
        self._clients: list[Client] = []
        self._forgotten = 0

    def start(self, *, ready: bool = True) -> None:
        self.supervisor.start()
        if ready:
            self.supervisor.ready(30)
        self._thread = threading.Thread(target=self.supervisor.run)
        self._thread.start()

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        self.supervisor.ask_to_stop()
        if self._thread is not None:
            self._thread.join()
        self.supervisor.stop()

    def status(self) -> dict[str, Any]:
        """``GET /v1/status``, over a connection of its own that is closed again."""
        client = Client(self.supervisor.address)
        try:
            found: dict[str, Any] = client.call("GET", "/v1/status").body
            return found
        finally:
            client.close()

    def client(self, *, timeout: float = 30.0) -> Client:
        client = Client(self.supervisor.address, timeout=timeout)
        self._clients.append(client)
        return client

    def route(self, *shares: tuple[str, int], shadow: str = "", effective_at: int = 0) -> RouteTable:
        """Write a route table: the champion first, then challengers; returns it."""
        self._version += 1
        roles = [Role.CHAMPION, *[Role.CHALLENGER] * (len(shares) - 1)]
        variants = [
            Variant(name=short(release), release=release, role=role, weight=weight)
            for (release, weight), role in zip(shares, roles, strict=True)
        ]
        if shadow:
            variants.append(Variant(name=short(shadow), release=shadow, role=Role.SHADOW, weight=0))
        table = RouteTable(
            endpoint="main", version=self._version, effective_at=Instant(effective_at), variants=tuple(variants),
            salt="salt", cause=f"test-{self._version}",
        )  # fmt: skip
        self.files.folder.mkdir(parents=True, exist_ok=True)
        write_bytes(self.files.route, encode(table), sync=False)
        return table

    def observed(self) -> Observed:
        found = read_observed(self.files.observed)
        assert found is not None
        return found

    def applied(self) -> int:
        """The version of the table that answers; 0 before the first."""
        found = read_observed(self.files.observed)
        return found.applied.version if found is not None and found.applied is not None else 0

    def kill(self, name: str) -> int:
        """kill -9 of the router or of a release's worker; returns the process that was killed, 0 if there was none."""
        pid = self.supervisor.pid(name)
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return pid

    def predictions(self) -> list[Prediction]:
        return [record for record in self.records() if isinstance(record, Prediction)]

    def forget(self) -> None:
        """From here on only what is logged later is told; for services that several tests share."""
        self._forgotten += len(self.records())

    def records(self) -> list[Prediction | Label]:
        found: list[Prediction | Label] = []
        for segment in sorted(self.files.log.glob("*.seg")):
            for frame in read_frames(segment):
                found += [msgspec.msgpack.decode(frame.payload, type=Prediction | Label)]
        return found[self._forgotten :]


@contextmanager
def running(service: Service, *, ready: bool = True) -> Iterator[Service]:
    """The service, started and stopped."""
    try:
        service.start(ready=ready)
        yield service
    finally:
        service.stop()


class Load:
    """Clients that ask without a pause until they are told to stop."""

    def __init__(self, service: Service, row: dict[str, Any], *, connections: int = 8, resend: bool = False) -> None:
        self._service = service
        self._row = row
        self._resend = resend
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(place,)) for place in range(connections)]
        self.answered: list[str] = []
        self.failed: list[Any] = []
        self.broken = 0

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def count(self) -> int:
        return len(self.answered)

    def _ask(self, place: int) -> None:
        client = self._service.client()
        number = 0
        while not self._stop.is_set():
            number += 1
            key = f"tx-{place}-{number}"
            while True:
                try:
                    reply = client.predict({**self._row, "tx": key}, Idempotency_Key=key)
                except (OSError, http.client.HTTPException):
                    self.broken += 1
                    if not self._resend:
                        break
                    time.sleep(0.01)
                    continue
                if reply.status == 200:
                    self.answered.append(reply.body["prediction_id"])
                else:
                    self.failed.append((reply.status, reply.body))
                break
        client.close()
