"""HTTP/1.1 for one purpose: many small JSON requests over connections that stay open.

A framework was weighed and costs more than the model (see docs/serving.md). The parser is Node's (llhttp, through
httptools); here is what a parser leaves open: the order of pipelined answers, limits, slow clients, closing politely.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httptools

from trimtab.serve import problems
from trimtab.serve.problems import Answer, Problem

_REASONS: Final = {status.value: status.phrase.encode() for status in HTTPStatus}
_HEAD: Final = b"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s%s\r\n"
_CLOSE: Final = b"Connection: close\r\n"
_KEEP: Final = b"Connection: keep-alive\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client may take up.

    Attributes:
        head, body: bytes of a request's address and headers, and of its body.
        slow: seconds that a request may take to arrive, or an answer to be taken.
        idle: seconds that a connection may stay open without a request.
        pipelined: requests of one connection that may wait for their answers before reading pauses.
        connections: open at a time; above the usual `ulimit -n` of 1024 nothing would be gained.
    """

    head: int = 16 * 1024
    body: int = 8 * 1024 * 1024
    slow: float = 20.0
    idle: float = 75.0
    pipelined: int = 64
    connections: int = 900


class Exchange:
    """One request and, later, its answer."""

    __slots__ = ("_connection", "body", "headers", "keep_alive", "method", "old", "out", "path", "received", "route")

    def __init__(self, connection: Connection, method: bytes, path: bytes, headers: dict[bytes, bytes]) -> None:
        self._connection = connection
        self.method = method
        self.path = path
        self.headers = headers
        self.body = b""
        self.keep_alive = True
        self.old = False
        self.received = 0
        self.route = "other"
        self.out: bytes | None = None

    def answer(self, answer: Answer) -> None:
        """Give the answer; it leaves when the ones before it on this connection have left."""
        server = self._connection.server
        server.answered(self.route, answer.status)
        if server.draining:
            self.keep_alive = False
        state = _CLOSE if not self.keep_alive else (_KEEP if self.old else b"")
        body = answer.body
        head = _HEAD % (
            answer.status, _REASONS.get(answer.status, b""), answer.media_type, len(body), answer.headers, state
        )  # fmt: skip
        self.out = head if self.method == b"HEAD" else head + body
        self._connection.flush()


class Server:
    """Accepts connections and hands their requests to ``handle``; the answer may come at any later time.

    ``answered`` is told the route and the status of every answer.
    """

    def __init__(
        self, handle: Callable[[Exchange], None], answered: Callable[[str, int], None], limits: Limits
    ) -> None:
        self.handle = handle
        self.answered = answered
        self.limits = limits
        self.connections: set[Connection] = set()
        self.draining = False

    def __call__(self) -> Connection:
        """A connection: the protocol factory that asyncio asks for."""
        return Connection(self)

    def sweep(self) -> None:
        """Close what is too slow, idle for too long, or done; called about once a second."""
        now = time.monotonic()
        for connection in tuple(self.connections):
            connection.check(now)

    @property
    def unanswered(self) -> int:
        """Requests whose answer has not left."""
        return sum(len(connection.waiting) for connection in self.connections)


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.waiting: deque[Exchange] = deque()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._since = time.monotonic()
        self._blocked_since = 0.0
        self._in_head = False
        self._in_request = False
        self._head = 0
        self._closing = False
        self._last = False
        self._paused = False
        self._path = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._body_size = 0
        self._exchange: Exchange | None = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]  # uvloop's transport is not a subclass
        if len(self.server.connections) >= self.server.limits.connections:
            self._refuse(problems.unavailable("this server has too many open connections"))
        self.server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self._transport = None
        self.server.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._last:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(problems.malformed("protocol upgrades are not offered"))
        except httptools.HttpParserError as error:
            if not self._last:
                self._refuse(problems.malformed(str(error)))
        if self._in_head and not self._last:
            # Headers come to us whole: what has arrived of an unfinished one is known by the bytes read only.
            self._head += len(data)
            if self._head > self.server.limits.head + 256 * 1024:
                self._refuse(problems.long_head(self.server.limits.head))
        if len(self.waiting) > self.server.limits.pipelined and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """The client sends no more; what it asked is still answered."""
        self._last = True
        if not self.waiting and self._transport is not None:
            self._transport.close()
        return bool(self.waiting)

    def pause_writing(self) -> None:
        self._blocked_since = time.monotonic()
        if self._transport is not None and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._blocked_since = 0.0
        self._resume()

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._in_head = self._in_request = True
        self._since = time.monotonic()
        self._path, self._headers, self._body, self._body_size, self._head = b"", {}, [], 0, 0
        self._exchange = None

    def on_url(self, url: bytes) -> None:
        self._path += url
        if len(self._path) > self.server.limits.head:
            self._refuse(problems.long_head(self.server.limits.head))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._last:
            return
        name = name.lower()
        self._body_size += len(name) + len(value)
        if self._body_size > self.server.limits.head:
            self._refuse(problems.long_head(self.server.limits.head))
        else:
            self._headers[name] = value

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._body_size = 0
        if self._last:
            return
        exchange = Exchange(self, self._parser.get_method(), self._path, self._headers)
        exchange.keep_alive = self._parser.should_keep_alive()
        exchange.old = self._parser.get_http_version() == "1.0"
        self._exchange = exchange
        length = self._headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > self.server.limits.body:
            self._refuse(problems.too_large(self.server.limits.body))
        elif self._headers.get(b"expect", b"").lower() == b"100-continue" and not self.waiting and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        if self._last:
            return
        self._body_size += len(body)
        if self._body_size > self.server.limits.body:
            self._refuse(problems.too_large(self.server.limits.body))
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        self._in_request = False
        exchange = self._exchange
        if self._last or exchange is None:
            return
        self._exchange = None
        exchange.received = time.perf_counter_ns()
        exchange.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body = []
        self._since = time.monotonic()
        self._last = not exchange.keep_alive
        self.waiting.append(exchange)
        self.server.handle(exchange)

    # What we do.

    def flush(self) -> None:
        """Send the answers that are next in order."""
        ready = []
        last: Exchange | None = None
        while self.waiting and self.waiting[0].out is not None:
            last = self.waiting.popleft()
            ready.append(last.out or b"")
        if last is None or self._transport is None:
            return
        self._since = time.monotonic()
        self._transport.write(ready[0] if len(ready) == 1 else b"".join(ready))
        if not last.keep_alive or (self._last and not self.waiting):
            self._hang_up()
        elif self._paused and not self._blocked_since:
            self._resume()

    def check(self, now: float) -> None:
        """Enforce the times; see `Server.sweep`."""
        if self._transport is None:
            return
        limits = self.server.limits
        if self._closing or (self._blocked_since and now - self._blocked_since > limits.slow):
            if now - max(self._since, self._blocked_since) > 1.0:
                self._transport.abort()
        elif self._in_request and not self._last and now - self._since > limits.slow:
            self._refuse(problems.too_slow(limits.slow))
        elif not self.waiting and not self._in_request and (self.server.draining or now - self._since > limits.idle):
            self._transport.close()

    def _resume(self) -> None:
        if self._paused and len(self.waiting) <= self.server.limits.pipelined // 2 and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def _refuse(self, problem: Problem) -> None:
        """Answer what cannot be read to its end, after the answers before it, and read no more."""
        if self._last:
            return
        self._last = True
        exchange = self._exchange or Exchange(self, b"", self._path, {})
        self._exchange = None
        exchange.keep_alive = False
        self.waiting.append(exchange)
        exchange.answer(problem.answer())

    def _hang_up(self) -> None:
        """Close our side and let the client read what it was told: closing at once could reset it away."""
        self._closing = True
        if self._transport is not None:
            if self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()
