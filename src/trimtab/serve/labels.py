"""True outcomes: taken all together or not at all, and in the log before they are acknowledged."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec

from trimtab.base.digest import canonical_json
from trimtab.base.errors import InputError, TrimtabError
from trimtab.base.instants import Instant, parse_instant
from trimtab.data.scalar import Fault
from trimtab.records.label import Label
from trimtab.release.manifest import Model
from trimtab.serve import problems
from trimtab.serve.http import Exchange
from trimtab.serve.metrics import Metrics
from trimtab.serve.plane import Plane
from trimtab.serve.problems import json_answer
from trimtab.serve.served import Served
from trimtab.spec.project import Task

_FIELDS: Final = frozenset({"key", "prediction_id", "value", "event_time", "supersedes"})
_SHOWN: Final = 20
"""Problems that are listed; the rest is counted."""


class LabelDesk:
    """Takes labels from ``POST /v1/labels``."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    def take(self, exchange: Exchange) -> None:
        """Log the request's labels and say how many there were. The champion's manifest knows the classes."""
        plane = self._plane
        champion = plane.champion
        if champion is None:
            exchange.answer(problems.unavailable("no release is in service yet").answer())
            return
        try:
            body = msgspec.json.decode(exchange.body)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            exchange.answer(problems.not_json(str(error)).answer())
            return
        given = body.get("labels") if isinstance(body, dict) and set(body) == {"labels"} else None
        if not isinstance(given, list):
            exchange.answer(problems.labels_refused(('the body is not {"labels": [...]}',)).answer())
            return
        found: list[str] = []
        labels: list[Label] = []
        for place, one in enumerate(given):
            read = self._read(one, plane.clock.now(), champion)
            if isinstance(read, Label):
                labels.append(read)
            else:
                found += [f"label {place}: {text}" for text in read]
        if found:
            more = (f"and {len(found) - _SHOWN} more problems",) if len(found) > _SHOWN else ()
            exchange.answer(problems.labels_refused((*found[:_SHOWN], *more)).answer())
            return
        plane.log.add(labels, _Receipt(exchange, labels, plane.metrics))

    def _read(self, one: Any, arrived_at: Instant, champion: Served) -> Label | list[str]:
        if not isinstance(one, dict):
            return ["it is not an object"]
        found = [f"unknown field {name!r}" for name in one if name not in _FIELDS]
        names = {name: one.get(name) for name in ("prediction_id", "supersedes")}
        found += [
            f"{name} is {_shown(value)} and not text"
            for name, value in names.items()
            if not isinstance(value, str | None)
        ]
        key = None if one.get("key") is None else champion.rules.label_key(one["key"])
        if isinstance(key, Fault):
            found.append(f"key: {key.problem}")
            key = None
        elif key is None and one.get("prediction_id") is None:
            found.append("it names neither a key nor a prediction_id")
        value, problem = _value(one, champion.manifest.model)
        found += [problem] if problem else []
        event_time, problem = _event_time(one.get("event_time"))
        found += [problem] if problem else []
        if found:
            return found
        return Label(
            label_id=self._plane.ids.next(), prediction_id=names["prediction_id"], key=key, value=value,
            event_time=event_time, arrived_at=arrived_at, supersedes=names["supersedes"],
        )  # fmt: skip


class _Receipt:
    """Acknowledges labels once they are written."""

    def __init__(self, exchange: Exchange, labels: list[Label], metrics: Metrics) -> None:
        self._exchange = exchange
        self._labels = labels
        self._metrics = metrics

    def written(self, error: TrimtabError | None) -> None:
        if error is not None:
            self._exchange.answer(problems.not_logged(error.problem).answer())
            return
        self._metrics.labels.add(by=len(self._labels))
        answer = {"taken": len(self._labels), "label_ids": [label.label_id for label in self._labels]}
        self._exchange.answer(json_answer(answer))


def _value(one: dict[str, Any], model: Model) -> tuple[Any, str]:
    """The label's value as the model's classes have it, or what is wrong with it."""
    if "value" not in one:
        return None, "its value is missing"
    value = one["value"]
    if not isinstance(value, bool | int | float | str) or (isinstance(value, float) and not math.isfinite(value)):
        return None, f"its value {_shown(value)} is neither true, false, a number nor text"
    if model.task is Task.REGRESSION:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        return value, "" if good else f"its value {_shown(value)} is not a number"
    if value in model.classes:
        return model.classes[model.classes.index(value)], ""
    if model.task is Task.CLASSES and any(type(value) is type(known) for known in model.classes):
        return value, ""  # a class that is new is news, not a mistake
    classes = ", ".join(_shown(known) for known in model.classes)
    return None, f"its value {_shown(value)} is none of the classes {classes}"


def _event_time(value: Any) -> tuple[Instant | None, str]:
    if value is None:
        return None, ""
    if isinstance(value, int) and not isinstance(value, bool):
        return Instant(value), ""
    if isinstance(value, str):
        try:
            return parse_instant(value), ""
        except InputError as error:
            return None, f"event_time: {error.problem}"
    return None, f"event_time is {_shown(value)}; write ISO 8601 with a zone, or UTC microseconds"


def _shown(value: Any) -> str:
    try:
        text = canonical_json(value).decode()
    except ValueError:
        text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
