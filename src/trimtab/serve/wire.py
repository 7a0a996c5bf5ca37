"""The protocol between the router and a worker: frames over a local stream socket.

A frame is ``u32 length | u32 request id | u8 kind | payload`` (big-endian; the length counts what follows it). The
payload is JSON: the one codec that every Python has had for twenty years, so that a worker needs nothing but the
standard library and a router can talk to a release that was packed by the version before it. Rows travel as columns
(lists of values in the order of the hello's columns), because that is how a model wants them.

The worker speaks first: a hello with the protocol's version and its columns. A router that does not know the version
refuses the worker instead of guessing. JSON has no NaN: inputs never hold one (the contract refuses it), and an output
that is not a finite number is a failed row, not a value.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

PROTOCOL: Final = 1
"""Grows with every change that an older side would misread."""

HELLO: Final = 1
"""Worker → router: ``{"protocol", "release", "columns", "pid"}``."""
SCORE: Final = 2
"""Router → worker: ``{"rows": n, "columns": [[…], …]}``."""
RESULT: Final = 3
"""Worker → router: ``{"outputs": [output or null, …], "problems": {"row": "text"}, "microseconds": n}``."""
REFUSE: Final = 4
"""Either side, before closing: ``{"problem"}``."""

MAX_FRAME: Final = 256 * 1024 * 1024
_HEAD: Final = struct.Struct(">IIB")


class WireError(Exception):
    """The other side does not speak this protocol."""


def frame(kind: int, request: int, payload: bytes) -> bytes:
    """One frame around an encoded payload."""
    return _HEAD.pack(len(payload) + 5, request, kind) + payload


def encode(value: Any) -> bytes:
    """A payload from plain values; raises `ValueError` for NaN and infinities."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def decode(payload: bytes | memoryview) -> Any:
    """Plain values from a payload; raises `WireError` if it is not JSON."""
    try:
        return json.loads(bytes(payload))
    except ValueError as error:
        raise WireError(f"a frame's payload is not JSON: {error}") from error


class Frames:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """The frames that ``data`` completes, each as (kind, request id, payload).

        Raises:
            WireError: the length of a frame is impossible, so the stream is not this protocol.
        """
        self._rest += data
        found = []
        start = 0
        while len(self._rest) - start >= _HEAD.size:
            length, request, kind = _HEAD.unpack_from(self._rest, start)
            if not 5 <= length <= MAX_FRAME:
                raise WireError(f"a frame of {length} bytes")
            if len(self._rest) - start < length + 4:
                break
            found.append((kind, request, bytes(self._rest[start + _HEAD.size : start + 4 + length])))
            start += 4 + length
        del self._rest[:start]
        return found
