"""The life of a prediction request: check, pick, score, log, answer; then the shadows.

Everything is a plain call from one event to the next: no task, no future and no queue of the event loop stands between
a request and its answer, since each of them costs more than a small model.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from trimtab.base.digest import digest_bytes
from trimtab.base.errors import TrimtabError
from trimtab.data.kinds import Rule
from trimtab.data.request import CheckedRow, Refusal
from trimtab.records.prediction import Output, Prediction, Scalar, Status
from trimtab.records.route import RouteTable, Variant, pick
from trimtab.serve import problems
from trimtab.serve.first_answers import request_id
from trimtab.serve.http import Exchange
from trimtab.serve.link import MAX_WAITING, PATIENCE
from trimtab.serve.plane import Plane
from trimtab.serve.problems import Answer, Problem
from trimtab.serve.served import Given, Served

RECEIVED: Final = 8 * 1024
"""Characters kept of a row that could not be read."""

SHADOW_WAITING: Final = 2_000
"""Rows that may wait for a shadow; above it they are dropped and counted. In a replay the clock waits instead."""


class Predictor:
    """Answers rows with the applied route table."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane

    def ask(self, exchange: Exchange, given: list[Given], render: Render, *, many: bool) -> None:
        """Answer some rows; ``render`` makes the answer of their records."""
        plane = self.plane
        table = plane.follower.applied
        if table is None:
            why = plane.follower.problem or "no release is in service yet"
            exchange.answer(problems.unavailable(why).answer())
            return
        header = exchange.headers.get(b"idempotency-key")
        key = header.decode("latin-1")[:255] if header else None
        if key is not None and not plane.firsts.claim(key, exchange, lambda records: render(records, [])):
            plane.metrics.resent.add()
            return
        ask = Ask(plane, exchange, table, render, key)
        base = plane.ids.next()
        count = len(given) if many else None
        ask.rows = [Row(ask, one, request_id(base, place, count)) for place, one in enumerate(given)]
        ask.left = len(ask.rows)
        for row in ask.rows:
            row.enter()


Render = Callable[[list[Prediction], list[Problem | None]], Answer]
"""Makes an answer of the rows' records and problems (without problems: of records from the log)."""


class Ask:
    """One request: its rows, and how many of them are not settled."""

    __slots__ = ("arrived_at", "exchange", "key", "left", "plane", "render", "rows", "table", "turn")

    def __init__(self, plane: Plane, exchange: Exchange, table: RouteTable, render: Render, key: str | None) -> None:
        self.plane = plane
        self.exchange = exchange
        self.table = table
        self.render = render
        self.key = key
        self.arrived_at = plane.clock.now()
        self.turn = plane.turnstile.enter()
        self.rows: list[Row] = []
        self.left = 0

    def settled(self) -> None:
        """One more row has its record; with the last one all are written, as neighbours in the log."""
        self.left -= 1
        if not self.left:
            self.plane.log.add([row.record for row in self.rows if row.record is not None], self)

    def written(self, error: TrimtabError | None) -> None:
        """The records are in the log: the answer may leave, and after it the rows go to the shadows."""
        plane = self.plane
        if error is None:
            answer = self.render([row.record for row in self.rows if row.record], [row.problem for row in self.rows])
        else:
            answer = problems.not_logged(error.problem).answer()
        for row in self.rows:
            row.leave()
        if self.key is not None:
            remember = error is None and all(row.record and row.record.status is not Status.FAILED for row in self.rows)
            plane.firsts.settle(self.key, answer, remember=remember)
        self.exchange.answer(answer)
        if error is None:
            for variant in self.table.shadows:
                for row in self.rows:
                    Row(self, row.given, row.request, shadow=variant, heard=row).enter_shadow()
        self.rows = []  # rows know their request: without this each would wait for the garbage collector
        plane.turnstile.leave(self.turn)


class Row:
    """One row on its way through one variant."""

    __slots__ = (
        "ask", "checked", "deadline", "given", "prediction_id", "problem", "record", "request", "served", "shadow",
        "tries", "values", "variant",
    )  # fmt: skip

    def __init__(
        self, ask: Ask, given: Given, request: str, *, shadow: Variant | None = None, heard: Row | None = None
    ) -> None:
        self.ask = ask
        self.given = given
        self.prediction_id = ask.plane.ids.next()
        self.request = request
        self.shadow = shadow
        self.checked: CheckedRow | None = heard.checked if heard is not None else None
        self.served: Served | None = heard.served if heard is not None else None
        self.variant: Variant | None = shadow
        self.values: tuple[Scalar, ...] = ()
        self.tries = 0
        self.deadline = time.monotonic() + PATIENCE
        self.record: Prediction | None = None
        self.problem: Problem | None = None

    def enter(self) -> None:
        """Pick the variant and have the row scored by it."""
        table = self.ask.table
        variants = table.variants
        if len(variants) == 1:
            variant = variants[0]
        else:
            variant = pick(table, self._unit())
        self._go(variant)

    def _unit(self) -> str:
        """What the choice of variant goes by: the row's key; without one its content in a replay, else the request."""
        plane = self.ask.plane
        key = plane.releases.open(self.ask.table.champion.release).rules.unit(self.given)
        if key is not None:
            return key
        return digest_bytes(_text(self.given)) if plane.clock.replayed else self.request

    def enter_shadow(self) -> None:
        """Have the row scored unheard, unless the shadow is too far behind."""
        assert self.shadow is not None
        plane = self.ask.plane
        served = plane.releases.open(self.shadow.release)
        if not plane.clock.replayed and (served.link.waiting >= SHADOW_WAITING or served.link.hopeless):
            plane.metrics.dropped.add(self.shadow.name)
            return
        plane.turnstile.enter_again(self.ask.turn)
        heard, self.served = self.served, None
        if self.checked is None or heard is None or heard.rules is not served.rules:
            self.checked = None
        self._go(self.shadow)

    def leave(self) -> None:
        """The row's record is settled."""
        if self.served is not None:
            self.served.outstanding -= 1

    def scored(self, output: Output | None, problem: str) -> None:
        """The worker's answer."""
        if output is not None:
            self._end(Status.OK, output, None)
        else:
            self._end(Status.FAILED, None, problems.failed_row(problem))

    def abandoned(self, reason: str) -> None:
        """The worker did not come back: the champion's answers for another variant, else nobody does."""
        champion = self.ask.table.champion
        other = self.shadow is None and self.variant is not champion
        if other and self.ask.plane.releases.open(champion.release).link.ready:
            self.leave()
            self.served, self.checked, self.tries = None, None, 0
            self.deadline = time.monotonic() + PATIENCE
            self._go(champion)
            return
        self._end(Status.FAILED, None, problems.unavailable(reason))

    def written(self, error: TrimtabError | None) -> None:  # noqa: ARG002  # the caller's protocol
        """A shadow's record is in the log, or lost with its disk; nobody waits for it but the clock."""
        self.leave()
        self.ask.plane.turnstile.leave(self.ask.turn)

    def _go(self, variant: Variant) -> None:
        served = self.ask.plane.releases.open(variant.release)
        self.variant, self.served = variant, served
        served.outstanding += 1
        checked: CheckedRow | Refusal = self.checked or served.rules.check(self.given)
        if isinstance(checked, Refusal):
            self.checked = None
            self._end(Status.REFUSED, None, _refusal(checked))
            return
        self.checked = checked
        self.values = checked.values
        if served.link.waiting >= MAX_WAITING:
            self._end(Status.FAILED, None, problems.crowded(served.link.waiting))
        elif not served.link.ready and (reason := served.link.hopeless):
            self.abandoned(reason)
        else:
            served.link.send(self)

    def _end(self, status: Status, output: Output | None, problem: Problem | None) -> None:
        ask, checked, served, variant = self.ask, self.checked, self.served, self.variant
        assert served is not None, "a row ends after it went somewhere"
        assert variant is not None, "as above"
        plane = ask.plane
        latency = time.perf_counter_ns() - ask.exchange.received
        inputs, received = (checked.inputs, "") if checked is not None else _as_received(self.given)
        notes = checked.notes if checked is not None else ()
        key = checked.key if checked is not None else served.rules.key(self.given)
        self.problem = problem
        self.record = Prediction(
            prediction_id=self.prediction_id, request_id=self.request, key=key,
            project=served.manifest.project, endpoint=plane.endpoint, release=served.release, variant=variant.name,
            role=variant.role, event_time=checked.event_time if checked is not None else ask.arrived_at,
            arrived_at=ask.arrived_at, inputs=inputs, outputs=output, status=status, latency_us=latency // 1000,
            notes=notes, problem=problem.problem if problem is not None else "", received=received,
            idempotency_key=ask.key,
        )  # fmt: skip
        metrics = plane.metrics
        metrics.rows.add(variant.name, variant.role.value, status.value)
        for note in notes:
            metrics.notes.add(note.partition(":")[0])
        if self.shadow is None:
            metrics.latency.observe(latency / 1e9, variant.name)
            ask.settled()
        else:
            plane.log.add([self.record], self)


def _refusal(refusal: Refusal) -> Problem:
    if any(problem.rule is Rule.UNREADABLE for problem in refusal.problems):
        return problems.not_json(str(refusal.problems[0].problem))
    return problems.refused(tuple(str(problem) for problem in refusal.problems))


def _as_received(given: Given) -> tuple[dict[str, Scalar] | None, str]:
    """A refused row for the log: its values if it has a row's form, else the beginning of its text."""
    try:
        value: Any = msgspec.json.decode(given) if isinstance(given, bytes | msgspec.Raw) else dict(given)
        msgspec.msgpack.encode(value)  # JSON's integers have no end; the log's have 64 bits
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        value = None
    if isinstance(value, dict) and all(
        item is None or isinstance(item, bool | int | float | str) for item in value.values()
    ):
        return {str(name): item for name, item in value.items()}, ""
    return None, _text(given).decode("utf-8", "replace")[:RECEIVED]


def _text(given: Given) -> bytes:
    return bytes(given) if isinstance(given, bytes | msgspec.Raw) else repr(given).encode()
