"""Follows a prediction log while it is written, from any place on.

The router appends to one segment at a time and never to an older one, so reading the segments in the order of their
names gives the records in the order in which they were written, each once. A reader needs no lock and no word with the
router: what is not whole yet is read next time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from trimtab.base.errors import IntegrityError, UnknownVersionError
from trimtab.disk.faults import explained
from trimtab.disk.frames import Frame, read_frames
from trimtab.records.label import Label
from trimtab.records.log import LABEL, PREDICTION, SEGMENT_SUFFIX
from trimtab.records.prediction import Prediction

R = TypeVar("R", bound=msgspec.Struct)


class Position(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.log-position/1"):
    """How far a log was read: segment → the offset behind its last record that was taken."""

    offsets: dict[str, int] = {}


class Place(NamedTuple):
    """Where a frame stands."""

    segment: str
    offset: int


class LogTail:
    """The frames of a log that are new since the last look."""

    def __init__(self, folder: Path, position: Position | None = None) -> None:
        self._folder = folder
        self._offsets = dict(position.offsets) if position is not None else {}
        self._sizes: dict[str, int] = {}

    @property
    def position(self) -> Position:
        """Behind the last frame that was taken."""
        return Position(offsets=dict(self._offsets))

    def frames(self) -> Iterator[tuple[Place, Frame]]:
        """New frames, in the order of writing. Whoever stops in the middle goes on there next time."""
        for path in self._segments():
            name = path.name
            size = path.stat().st_size
            if size == self._sizes.get(name):
                continue
            for frame in read_frames(path, self._offsets.get(name, 0)):
                place = Place(name, self._offsets.get(name, 0))
                self._offsets[name] = frame.next_offset
                yield place, frame
            self._sizes[name] = size

    def _segments(self) -> list[Path]:
        with explained("read the prediction log", self._folder):
            return sorted(self._folder.glob(f"*{SEGMENT_SUFFIX}"))


class LogReader:
    """The predictions and labels of a log, as they come.

    Args:
        folder: the endpoint's ``log/``; it may not exist yet.
        position: where an earlier reader stopped; from the start without it.
    """

    def __init__(self, folder: Path, position: Position | None = None) -> None:
        self._tail = LogTail(folder, position)

    @property
    def position(self) -> Position:
        """Behind the last record that was taken; give it to a new reader to go on there."""
        return self._tail.position

    def records(self) -> Iterator[Prediction | Label]:
        """What has been written since the last call, in the order of writing.

        Raises:
            IntegrityError: a segment or a record is damaged.
            UnknownVersionError: another Trimtab wrote a record.
        """
        for place, frame in self._tail.frames():
            if is_prediction(place, frame):
                yield decode_packed(_PREDICTION, frame.payload, place)
            else:
                yield decode_packed(_LABEL, frame.payload, place)


_PREDICTION = msgspec.msgpack.Decoder(Prediction)
_LABEL = msgspec.msgpack.Decoder(Label)


def is_prediction(place: Place, frame: Frame) -> bool:
    """Whether the frame holds a prediction, and not a label; raises `UnknownVersionError` for anything else."""
    if frame.kind in (PREDICTION, LABEL):
        return frame.kind == PREDICTION
    raise UnknownVersionError(
        f"the prediction log holds a record of the kind {frame.kind!r}, which this Trimtab does not know",
        fix="Read it with the Trimtab that wrote it.",
        at=f"{place.segment}, byte {place.offset:,}",
    )


def decode_packed(decoder: msgspec.msgpack.Decoder[R], payload: bytes, place: Place) -> R:
    """The record of a frame; raises `UnknownVersionError` or `IntegrityError` with its place."""
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _explain(decoder.type, payload, error, f"{place.segment}, byte {place.offset:,}") from error


def _explain(kind: Any, payload: bytes, error: Exception, at: str) -> IntegrityError | UnknownVersionError:
    wanted = kind.__struct_config__.tag
    try:
        found = msgspec.msgpack.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    named = found.get("schema") if isinstance(found, dict) else None
    if named is not None and named != wanted:
        return UnknownVersionError(
            f"this log record says {named!r}, and this Trimtab reads {wanted!r}",
            fix="Read it with the Trimtab that wrote it; before version 0.1 records are not migrated.",
            at=at,
        )
    return IntegrityError(
        f"this log record is not a {wanted} record: {error}", fix="Restore the segment from a copy.", at=at
    )
