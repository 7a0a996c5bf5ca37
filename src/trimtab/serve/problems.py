"""What the data plane says when it cannot answer: a status, a sentence, a next step and a stable code, always JSON.

They are values, not exceptions: most arise where nothing went wrong in our code, and a refused request is as much a
part of the log as an answered one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

JSON: Final = b"application/json"
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. ``headers`` are whole lines, each ending in CRLF."""

    status: int
    body: bytes
    media_type: bytes = JSON
    headers: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a request, or one row of it, was not answered. ``headers`` are whole lines."""

    status: int
    code: str
    problem: str
    fix: str
    headers: bytes = b""

    def fields(self) -> dict[str, Any]:
        """The fields as every door shows them."""
        return {"problem": self.problem, "fix": self.fix, "code": self.code}

    def answer(self, **more: Any) -> Answer:
        """The problem as an HTTP answer; ``more`` are further fields of its body."""
        return Answer(self.status, _ENCODER.encode({**self.fields(), **more}), headers=self.headers)


def json_answer(value: Any, *, status: int = 200) -> Answer:
    """An answer with the JSON of a value."""
    return Answer(status, _ENCODER.encode(value))


def no_route(path: str) -> Problem:
    return Problem(
        status=404, code="TT1801", problem=f"there is nothing at {path}",
        fix="Send rows to POST /v1/endpoints/<endpoint>/predict; GET /v1/status names the endpoint.",
    )  # fmt: skip


def wrong_endpoint(name: str, served: str, *, status: int = 404) -> Problem:
    return Problem(
        status=status, code="TT1801", problem=f"this server has no endpoint {name!r}", fix=f"It serves {served!r}.",
    )  # fmt: skip


def wrong_method(method: str, path: str, allowed: tuple[str, ...]) -> Problem:
    return Problem(
        status=405, code="TT1802", problem=f"{path} does not answer {method}", fix=f"Use {' or '.join(allowed)}.",
        headers=b"Allow: " + ", ".join(allowed).encode() + b"\r\n",
    )  # fmt: skip


def wrong_media(found: str) -> Problem:
    return Problem(
        status=415, code="TT1803", problem=f"a body of type {found!r} is not read here",
        fix="Send JSON, not compressed, with the header Content-Type: application/json.",
    )  # fmt: skip


def too_large(limit: int) -> Problem:
    return Problem(
        status=413, code="TT1804", problem=f"the body is larger than {limit:,} bytes",
        fix="Send fewer rows in one request.",
    )  # fmt: skip


def too_many_rows(count: int, limit: int) -> Problem:
    return Problem(
        status=413, code="TT1804", problem=f"{count:,} rows in one request are more than {limit:,}",
        fix="Send them in several requests.",
    )  # fmt: skip


def malformed(detail: str) -> Problem:
    return Problem(
        status=400, code="TT1805", problem=f"this is not an HTTP/1.1 request: {detail}",
        fix="Use an HTTP/1.1 client and http://, not https://.",
    )  # fmt: skip


def long_head(limit: int) -> Problem:
    return Problem(
        status=431, code="TT1806", problem=f"the address and the headers together are longer than {limit:,} bytes",
        fix="Send shorter headers.",
    )  # fmt: skip


def too_slow(seconds: float) -> Problem:
    return Problem(
        status=408, code="TT1807", problem=f"the request was not complete after {seconds:g} s", fix="Send it again.",
    )  # fmt: skip


def no_token(*, given: bool, exists: bool) -> Problem:
    if not exists:
        text, fix = "this router was started without a token, so nobody may do this", "Start it with `trimtab up`."
    elif given:
        text, fix = "the token is not the one of this server", "Send the token of the user who started the server."
    else:
        text, fix = "this needs a token", "Send the header Authorization: Bearer <token> with the local user's token."
    return Problem(status=401, code="TT1808", problem=text, fix=fix, headers=b"WWW-Authenticate: Bearer\r\n")


def not_json(detail: str) -> Problem:
    return Problem(
        status=400, code="TT1809", problem=f"the body cannot be read: {detail}", fix="Send one JSON document in UTF-8.",
    )  # fmt: skip


def refused(problems: tuple[str, ...]) -> Problem:
    return Problem(
        status=422, code="TT1810", problem="; ".join(problems),
        fix="Send the row as the endpoint's contract says; nothing was predicted for it.",
    )  # fmt: skip


def unavailable(reason: str, *, seconds: int = 1) -> Problem:
    return Problem(
        status=503, code="TT1811", problem=reason, fix=f"Send the request again after {seconds} s.",
        headers=b"Retry-After: %d\r\n" % seconds,
    )  # fmt: skip


def failed_row(detail: str) -> Problem:
    return Problem(
        status=500, code="TT1812", problem=detail,
        fix="The row is in the log as failed; reproduce it with the release's own feature function.",
    )  # fmt: skip


def not_logged(detail: str) -> Problem:
    return Problem(
        status=503, code="TT1813", problem=f"the answer could not be logged, so it was not given: {detail}",
        fix="See to the server's disk; then send the request again.", headers=b"Retry-After: 5\r\n",
    )  # fmt: skip


def clock_backwards(asked: str, now: str) -> Problem:
    return Problem(
        status=409, code="TT1814", problem=f"the clock shows {now} and cannot go back to {asked}",
        fix="Send times that do not go back.",
    )  # fmt: skip


def not_a_replay() -> Problem:
    return Problem(
        status=409, code="TT1815", problem="this endpoint lives in real time, its clock cannot be moved",
        fix="Start a replay to move the clock.",
    )  # fmt: skip


def other_request() -> Problem:
    return Problem(
        status=422, code="TT1816", problem="this Idempotency-Key came with another body before",
        fix="Use a new key for a new request; a resent request has the same body.",
    )  # fmt: skip


def labels_refused(problems: tuple[str, ...]) -> Problem:
    return Problem(
        status=422, code="TT1817", problem="; ".join(problems),
        fix="No label was taken; correct these and send all again.",
    )  # fmt: skip


def crowded(waiting: int) -> Problem:
    return Problem(
        status=503, code="TT1818", problem=f"{waiting:,} rows are waiting already",
        fix="Send the request again after 1 s, or add processors.", headers=b"Retry-After: 1\r\n",
    )  # fmt: skip


def bad_value(detail: str, fix: str) -> Problem:
    return Problem(status=422, code="TT1819", problem=detail, fix=fix)


def our_fault(detail: str) -> Problem:
    return Problem(
        status=500, code="TT1899", problem=f"the router itself failed: {detail}",
        fix="This is a fault of Trimtab: report it with the router's log.",
    )  # fmt: skip
