"""What the prediction log says of releases and of single answers: counted in one pass, without opening the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from trimtab.app.home import Home
from trimtab.base.instants import Instant, format_instant
from trimtab.drivers.prediction_log.reader import LogTail, decode_packed, is_prediction
from trimtab.records.endpoint import Desired
from trimtab.records.label import Label
from trimtab.records.lineage import Node, NodeKind
from trimtab.records.prediction import Role, Status
from trimtab.serve.layout import EndpointFiles


class _Answer(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.prediction/1"):
    """What of an answer is counted or shown."""

    prediction_id: str
    key: str | None
    endpoint: str
    release: str
    role: Role
    status: Status
    arrived_at: Instant


_ANSWER = msgspec.msgpack.Decoder(_Answer)
_LABEL = msgspec.msgpack.Decoder(Label)


@dataclass(slots=True, kw_only=True)
class Answers:
    """What a release answered at an endpoint: how many rows, how many of them failed or were refused, and when."""

    first: Instant
    last: Instant
    count: int = 0
    not_ok: int = 0

    def node(self, endpoint: str, release: str) -> Node:
        """These answers as a thing."""
        failed = f", {self.not_ok:,} of them refused or failed" if self.not_ok else ""
        when = f"{format_instant(self.first)[:19]}Z to {format_instant(self.last)[:19]}Z"
        words = f"{self.count:,} rows answered at {endpoint}{failed}, {when}"
        return Node(kind=NodeKind.PREDICTIONS, id=f"{endpoint}/{release}", words=words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer: the release that gave it, a line about it, and the labels that came for it."""

    release: str
    words: str
    labels: tuple[Node, ...]


def read_answers(log: Path) -> dict[str, Answers]:
    """Release → what it answered; a million rows take about two seconds.

    Raises:
        IntegrityError, UnknownVersionError: the log cannot be read.
    """
    found: dict[str, Answers] = {}
    for record in _records(log):
        if isinstance(record, Label) or not record.release:
            continue
        answers = found.setdefault(record.release, Answers(first=record.arrived_at, last=record.arrived_at))
        answers.count += 1
        answers.not_ok += record.status is not Status.OK
        answers.last = record.arrived_at
    return found


def find_prediction(home: Home, prediction_id: str) -> Answered | None:
    """The answer of that id at any endpoint; None if no log here has it."""
    for desired in home.records.documents("endpoint/", Desired):
        answer, labels = None, list[Node]()
        for record in _records(EndpointFiles(state=home.state, endpoint=desired.endpoint).log):
            if isinstance(record, Label):
                by_key = answer is not None and record.prediction_id is None and record.key == answer.key
                if by_key or record.prediction_id == prediction_id:
                    words = f"{record.value}, arrived {format_instant(record.arrived_at)[:19]}Z"
                    labels.append(Node(kind=NodeKind.LABEL, id=record.label_id, words=words))
            elif record.prediction_id == prediction_id:
                answer = record
        if answer is not None:
            when = f"{format_instant(answer.arrived_at)[:19]}Z"
            words = f"{answer.status.value} by the {answer.role.value} of {answer.endpoint}, {when}"
            return Answered(release=answer.release, words=words, labels=tuple(labels))
    return None


def _records(log: Path) -> Iterator[_Answer | Label]:
    if not log.is_dir():
        return
    for place, frame in LogTail(log).frames():
        if is_prediction(place, frame):
            yield decode_packed(_ANSWER, frame.payload, place)
        else:
            yield decode_packed(_LABEL, frame.payload, place)
