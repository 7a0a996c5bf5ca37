"""Which path does what, who may ask, and in which form: the whole HTTP surface on one page."""

from __future__ import annotations

import hmac
import sys
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import msgspec

from trimtab import __version__
from trimtab.base.errors import InputError
from trimtab.base.instants import Instant, format_instant, parse_instant
from trimtab.serve import problems
from trimtab.serve.answers import many_rows, one_row, open_inference
from trimtab.serve.clock import ReplayTime
from trimtab.serve.http import Exchange
from trimtab.serve.labels import LabelDesk
from trimtab.serve.metrics import TEXT
from trimtab.serve.plane import Plane
from trimtab.serve.predict import Predictor
from trimtab.serve.problems import Answer, json_answer
from trimtab.serve.status import status_of
from trimtab.serve.tensors import Inference, TensorError, metadata, rows_of

MAX_ROWS: Final = 10_000
"""Rows of one request; more belong into several requests, or into a batch job."""

_SPACE: Final = b" \t\r\n"
_GET: Final = ("GET", "HEAD")
_POST: Final = ("POST",)


Handler = Callable[[Exchange], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may do what.

    ``token`` is the local user's; without one nobody may do what needs it. ``open_to_all`` says whether predicting and
    reading need none: only where nobody but this machine can reach the server.
    """

    token: str | None
    open_to_all: bool


@dataclass(frozen=True, slots=True)
class _Route:
    name: str
    methods: tuple[str, ...]
    needs_token: bool
    handle: Handler


class Routes:
    """Dispatches requests; ``background`` runs a coroutine that ends in an answer."""

    def __init__(
        self, plane: Plane, access: Access, background: Callable[[Coroutine[Any, Any, None], Exchange], None]
    ) -> None:
        self._plane = plane
        self._token = access.token.encode() if access.token else None
        self._open = access.open_to_all
        self._predictor = Predictor(plane)
        self._background = background
        self._predict_path = f"/v1/endpoints/{plane.endpoint}/predict".encode()
        self._tensors = msgspec.json.Decoder(Inference)
        self._bodies = msgspec.json.Decoder(list[msgspec.Raw])
        self._fixed = {
            "/v1/labels": _Route("labels", _POST, True, LabelDesk(plane).take),
            "/v1/clock": _Route("clock", _POST, True, self._step_clock),
            "/v1/status": _Route("status", _GET, False, self._status),
            "/metrics": _Route("metrics", _GET, False, self._metrics),
            "/v2": _Route("server", _GET, False, self._server),
            "/v2/health/live": _Route("health", _GET, False, self._live),
            "/v2/health/ready": _Route("health", _GET, False, self._ready),
        }

    def __call__(self, exchange: Exchange) -> None:
        """Answer a request now or later, whatever it is."""
        try:
            if exchange.path == self._predict_path and exchange.method == b"POST" and self._open:
                exchange.route = "predict"
                if self._is_json(exchange):
                    self._predict(exchange)
            else:
                self._dispatch(exchange)
        except Exception as error:  # noqa: BLE001  # the process edge: one request's fault must not end the others
            sys.stderr.write(f"router: {traceback.format_exc()}\n")
            if exchange.out is None:
                exchange.answer(problems.our_fault(f"{type(error).__name__}: {error}").answer())

    def _dispatch(self, exchange: Exchange) -> None:
        path = exchange.path.partition(b"?")[0].decode("latin-1").rstrip("/") or "/"
        found = self._fixed.get(path) or self._named(path)
        if found is None:
            if self._allowed(exchange, needed=not self._open):
                exchange.answer(problems.no_route(path).answer())
            return
        exchange.route = found.name
        if not self._allowed(exchange, needed=found.needs_token or not self._open):
            return
        method = exchange.method.decode("latin-1")
        if method not in found.methods:
            exchange.answer(problems.wrong_method(method, path, found.methods).answer())
        elif found.methods is _GET or self._is_json(exchange):
            found.handle(exchange)

    def _named(self, path: str) -> _Route | None:
        """Routes that name an endpoint."""
        match path.strip("/").split("/"):
            case ["v1", "endpoints", name, "predict"]:
                found = _Route("predict", _POST, False, self._predict)
            case ["v2", "models", name, "infer"]:
                found = _Route("infer", _POST, False, self._infer)
            case ["v2", "models", name]:
                found = _Route("model", _GET, False, self._describe)
            case ["v2", "models", name, "ready"]:
                found = _Route("model", _GET, False, self._ready)
            case _:
                return None
        if name == self._plane.endpoint:
            return found
        answer = problems.wrong_endpoint(name, self._plane.endpoint).answer()
        return replace(found, handle=lambda exchange: exchange.answer(answer))

    def _allowed(self, exchange: Exchange, *, needed: bool) -> bool:
        if not needed:
            return True
        scheme, _, given = exchange.headers.get(b"authorization", b"").partition(b" ")
        right = self._token is not None and hmac.compare_digest(given.strip(), self._token)
        if scheme.lower() == b"bearer" and right:
            return True
        exchange.answer(problems.no_token(given=bool(given), exists=self._token is not None).answer())
        return False

    def _is_json(self, exchange: Exchange) -> bool:
        """Whether the body says it is JSON. A browser cannot send that across sites without asking first."""
        media = exchange.headers.get(b"content-type", b"")
        coding = exchange.headers.get(b"content-encoding", b"identity")
        if media.partition(b";")[0].strip().lower() == problems.JSON and coding.lower() == b"identity":
            return True
        found = media if coding.lower() == b"identity" else coding
        exchange.answer(problems.wrong_media(found.decode("latin-1")).answer())
        return False

    def _predict(self, exchange: Exchange) -> None:
        body = exchange.body
        if body.lstrip(_SPACE)[:1] != b"[":
            self._predictor.ask(exchange, [body], one_row, many=False)
            return
        try:
            rows = self._bodies.decode(body)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            exchange.answer(problems.not_json(str(error)).answer())
            return
        if self._countable(exchange, len(rows)):
            self._predictor.ask(exchange, list(rows), many_rows, many=True)

    def _infer(self, exchange: Exchange) -> None:
        try:
            inference = self._tensors.decode(exchange.body)
            rows = rows_of(inference)
        except (msgspec.DecodeError, ValueError, RecursionError, TensorError) as error:
            problem = problems.not_json(str(error))
            exchange.answer(problem.answer(error=problem.problem))
            return
        if self._countable(exchange, len(rows)):
            render = partial(open_inference, model=self._plane.endpoint, request=inference.id)
            self._predictor.ask(exchange, list(rows), render, many=True)

    def _countable(self, exchange: Exchange, count: int) -> bool:
        if count == 0:
            exchange.answer(problems.bad_value("there are no rows in the request", "Send at least one row.").answer())
        elif count > MAX_ROWS:
            exchange.answer(problems.too_many_rows(count, MAX_ROWS).answer())
        return 0 < count <= MAX_ROWS

    def _step_clock(self, exchange: Exchange) -> None:
        clock = self._plane.clock
        if not isinstance(clock, ReplayTime):
            exchange.answer(problems.not_a_replay().answer())
            return
        to = _moment(exchange.body)
        if isinstance(to, str):
            fix = 'Send {"now": "2026-03-01T14:30:00Z"} or UTC microseconds.'
            exchange.answer(problems.bad_value(to, fix).answer())
            return
        self._background(self._step(clock, to, exchange), exchange)

    async def _step(self, clock: ReplayTime, to: Instant, exchange: Exchange) -> None:
        problem = await clock.step(to)
        exchange.answer(problem.answer() if problem else json_answer({"now": format_instant(clock.now())}))

    def _status(self, exchange: Exchange) -> None:
        exchange.answer(json_answer(status_of(self._plane)))

    def _metrics(self, exchange: Exchange) -> None:
        exchange.answer(Answer(200, self._plane.metrics.text(), TEXT))

    def _live(self, exchange: Exchange) -> None:
        exchange.answer(json_answer({"live": True}))

    def _ready(self, exchange: Exchange) -> None:
        if self._plane.ready:
            exchange.answer(json_answer({"ready": True}))
        else:
            why = self._plane.follower.problem or "a worker is not ready"
            exchange.answer(problems.unavailable(why).answer(ready=False))

    def _describe(self, exchange: Exchange) -> None:
        champion = self._plane.champion
        if champion is None:
            exchange.answer(problems.unavailable("no release is in service yet").answer())
        else:
            exchange.answer(json_answer(metadata(self._plane.endpoint, champion)))

    def _server(self, exchange: Exchange) -> None:
        exchange.answer(json_answer({"name": "trimtab", "version": __version__, "extensions": []}))


def _moment(body: bytes) -> Instant | str:
    """The instant that a clock request asks for, or what is wrong with it."""
    try:
        given = msgspec.json.decode(body)
        now = given["now"] if isinstance(given, dict) and set(given) == {"now"} else None
        if isinstance(now, str):
            return parse_instant(now)
        if isinstance(now, int) and not isinstance(now, bool):
            return Instant(now)
    except InputError as error:
        return error.problem
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return f"the body cannot be read: {error}"
    return "the body names no time"
