"""A resent request gets the first answer to its key, also after a restart of the router.

A client that lost its connection cannot know whether its row was answered. It sends it again with the same
Idempotency-Key: while the first is under way the second waits for it, afterwards it gets the same bytes, and the log
has the row once. Only answers are remembered (predictions and refusals by the contract): a request that failed was
not answered, and sending it again tries again.

Memory is bounded: the newest keys are kept. What the log says of earlier ones is rebuilt at the start, from its newest
segments up to a stated size, because the log and not this memory is what survives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from trimtab.base.errors import TrimtabError
from trimtab.disk.frames import read_frames
from trimtab.records.prediction import Prediction, Role, Status
from trimtab.serve.answer_log import PREDICTION, SUFFIX
from trimtab.serve.http import Exchange
from trimtab.serve.problems import Answer, other_request

KEYS: Final = 100_000
"""Keys that are remembered; at 100 requests a second, the last quarter of an hour."""

REBUILT_BYTES: Final = 256 * 1024 * 1024
"""Of the log, read at most at the start: a second or two."""

Render = Callable[[list[Prediction]], Answer]


class _First:
    """The first request with a key: under way, answered, or known from the log."""

    __slots__ = ("answer", "fingerprint", "logged", "waiting")

    def __init__(self, fingerprint: bytes) -> None:
        self.fingerprint = fingerprint
        self.answer: Answer | None = None
        self.logged: list[bytes] = []
        self.waiting: list[Exchange] = []


class _Mark(msgspec.Struct):
    """The few fields of a logged prediction that say whose first answer it belongs to."""

    request_id: str
    role: Role
    status: Status
    idempotency_key: str | None = None


class FirstAnswers:
    """Remembers the first answer to each key."""

    def __init__(self, *, keys: int = KEYS) -> None:
        self._keys = keys
        self._firsts: dict[str, _First] = {}

    def __len__(self) -> int:
        return len(self._firsts)

    def claim(self, key: str, exchange: Exchange, render: Render) -> bool:
        """Whether this request is the first with its key. If not, it has been or will be answered."""
        fingerprint = hashlib.blake2b(exchange.body, digest_size=16, key=exchange.path[:64]).digest()
        first = self._firsts.get(key)
        if first is None:
            self._firsts[key] = _First(fingerprint)
            self._forget()
            return True
        if first.fingerprint and first.fingerprint != fingerprint:
            exchange.answer(other_request().answer())
        elif first.answer is not None:
            exchange.answer(first.answer)
        elif first.logged:
            first.answer = render([msgspec.msgpack.decode(record, type=Prediction) for record in first.logged])
            first.logged = []
            exchange.answer(first.answer)
        else:
            first.waiting.append(exchange)
        return False

    def settle(self, key: str, answer: Answer, *, remember: bool) -> None:
        """The first request with this key is answered so; whoever waits gets the same."""
        first = self._firsts.get(key)
        if first is None:
            return
        waiting, first.waiting = first.waiting, []
        if remember:
            first.answer = answer
        else:
            del self._firsts[key]
        for exchange in waiting:
            exchange.answer(answer)

    def rebuild(self, folder: Path) -> None:
        """Remember what the log's newest segments answered, up to the number of keys that are kept."""
        found: dict[str, dict[int, bytes]] = {}
        total: dict[str, int] = {}
        for mark, payload in _newest(folder):
            if mark.idempotency_key is None or mark.role is Role.SHADOW or mark.status is Status.FAILED:
                continue
            place, count = place_of(mark.request_id)
            found.setdefault(mark.idempotency_key, {})[place] = payload
            total[mark.idempotency_key] = count
        complete = [key for key, rows in found.items() if len(rows) == total[key]]
        for key in complete[-self._keys :]:
            first = self._firsts[key] = _First(b"")
            first.logged = [found[key][place] for place in sorted(found[key])]

    def _forget(self) -> None:
        while len(self._firsts) > self._keys:
            oldest = next(iter(self._firsts))
            if self._firsts[oldest].answer is None and not self._firsts[oldest].logged:
                return  # still under way: whoever is oldest next time will do
            del self._firsts[oldest]


def request_id(base: str, place: int, count: int | None) -> str:
    """The id of a request's row: the request's own for a single row, with its place for one of a list."""
    return base if count is None else f"{base}:{place + 1}/{count}"


def place_of(request: str) -> tuple[int, int]:
    """A row's place in its request and the request's rows; the inverse of `request_id`."""
    _, _, rest = request.partition(":")
    place, _, count = rest.partition("/")
    return (int(place) - 1, int(count)) if rest else (0, 1)


def _newest(folder: Path) -> Iterator[tuple[_Mark, bytes]]:
    decoder = msgspec.msgpack.Decoder(_Mark)
    budget = REBUILT_BYTES
    chosen = []
    for segment in sorted(folder.glob(f"*{SUFFIX}"), reverse=True):
        budget -= segment.stat().st_size
        if budget < 0:
            break
        chosen.append(segment)
    for segment in reversed(chosen):
        try:
            for frame in read_frames(segment):
                if frame.kind == PREDICTION:
                    yield decoder.decode(frame.payload), frame.payload
        except (TrimtabError, msgspec.DecodeError):
            continue  # a damaged segment is the log reader's to report; what stands before the damage was read
