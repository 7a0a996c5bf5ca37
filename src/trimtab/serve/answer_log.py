"""The prediction log's writing end: an answer leaves after its record is written.

Records of one turn of the event loop are written together: one system call for a whole batch of answers, and with
``durability = "fsync"`` one sync, done in a thread while the next records gather. Whoever appended is told afterwards,
in order. If the disk says no, it is told that instead: no answer leaves without its record.

Each start of the router begins a new segment, so that what a killed router left half-written stays a torn tail and is
never appended to. Segments are named by time-ordered ids: their order is the order of time.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final, Protocol

import msgspec

from trimtab.base.errors import TrimtabError
from trimtab.disk.frames import FrameWriter
from trimtab.records.label import Label
from trimtab.records.prediction import Prediction
from trimtab.serve.ids import TimeOrderedIds

PREDICTION: Final = b"P"
LABEL: Final = b"L"
SUFFIX: Final = ".seg"

SEGMENT_BYTES: Final = 64 * 1024 * 1024
"""A segment that has reached this size is followed by a new one: small enough to copy, large enough to be few."""


class Waiting(Protocol):
    """Somebody whose records were appended."""

    def written(self, error: TrimtabError | None) -> None:
        """The records are in the log; or they are not, because of ``error``."""
        ...


class AnswerLog:
    """Appends predictions and labels, a group at a time.

    Args:
        folder: where the segments are; made if needed.
        sync: whether what is written must survive a power cut.
    """

    def __init__(self, folder: Path, ids: TimeOrderedIds, *, sync: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._ids = ids
        self._sync = sync
        self._encoder = msgspec.msgpack.Encoder()
        self._loop = asyncio.get_running_loop()
        self._writer = self._new_segment()
        self._records: list[tuple[bytes, bytes]] = []
        self._waiting: list[Waiting] = []
        self._scheduled = False
        self._syncing: asyncio.Task[None] | None = None
        self.written = 0

    def add(self, records: list[Prediction] | list[Label], waiting: Waiting | None) -> None:
        """Write some records, as neighbours, at the end of this turn; then tell ``waiting``."""
        encode = self._encoder.encode
        for record in records:
            self._records.append((PREDICTION if type(record) is Prediction else LABEL, encode(record)))
        if waiting is not None:
            self._waiting.append(waiting)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    async def flush(self) -> None:
        """Returns once everything appended so far is written and whoever waited has been told."""
        while self._records or self._waiting or self._syncing is not None:
            if self._syncing is not None:
                await self._syncing
            else:
                self._turn()

    async def close(self) -> None:
        """Flush and end the segment."""
        await self.flush()
        self._writer.close()

    def _turn(self) -> None:
        self._scheduled = False
        if self._syncing is not None or not (self._waiting or self._records):
            return
        waiting = self._take()
        if self._sync:
            self._syncing = self._loop.create_task(self._write_synced(waiting))
        else:
            self._tell(waiting, self._write())

    def _take(self) -> list[Waiting]:
        append = self._writer.append
        for kind, payload in self._records:
            append(kind, payload)
        self.written += len(self._records)
        waiting = self._waiting
        self._records, self._waiting = [], []
        return waiting

    def _write(self) -> TrimtabError | None:
        try:
            self._writer.flush(sync=self._sync)
            if self._writer.size >= SEGMENT_BYTES:
                self._writer.close()
                self._writer = self._new_segment()
        except TrimtabError as error:
            return error
        return None

    async def _write_synced(self, waiting: list[Waiting]) -> None:
        error = await self._loop.run_in_executor(None, self._write)
        self._syncing = None
        self._tell(waiting, error)
        self._turn()  # what gathered meanwhile is the next group

    def _tell(self, waiting: list[Waiting], error: TrimtabError | None) -> None:
        if error is not None:
            self._begin_again()
        for one in waiting:
            one.written(error)

    def _begin_again(self) -> None:
        """After a failed write the segment may be closed for good; a new one is tried now, or at the next group."""
        try:
            self._writer.flush()
        except TrimtabError:
            try:
                self._writer = self._new_segment()
            except TrimtabError:
                return

    def _new_segment(self) -> FrameWriter:
        return FrameWriter(self._folder / f"{self._ids.next()}{SUFFIX}")
