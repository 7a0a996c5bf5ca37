"""Append-only files of framed records: what was flushed is there once, and a reader can prove it.

A frame is ``u32 length | u8 kind | u32 crc32(kind + payload) | u32 crc32(the nine bytes before) | payload``, little
endian. A flush is one write, so that a killed process leaves a prefix of what it wrote. The header has a check of its
own because a reader must tell the two apart: a frame that is cut off by the end of the file was never finished and is
ignored; a frame whose length was damaged would look just the same and hide everything behind it.

A text format was rejected for its speed, SQLite because its writers wait for each other.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, NamedTuple, Self
from zlib import crc32

from trimtab.base.errors import DriverError, InputError, IntegrityError
from trimtab.disk.atomic import sync_descriptor, sync_folder, write_all
from trimtab.disk.faults import explain, explained

HEADER: Final = struct.Struct("<IBI")
CHECK: Final = struct.Struct("<I")
OVERHEAD: Final = HEADER.size + CHECK.size
"""Bytes of a frame beside its payload."""

MAX_PAYLOAD: Final = 64 << 20
_SECTOR: Final = 512
_READ: Final = 1 << 20


class Frame(NamedTuple):
    """A record in its place: ``next_offset`` is where the one after it starts."""

    kind: bytes
    payload: bytes
    next_offset: int


class FrameWriter:
    """Appends frames to a new file; a file has exactly one writer in its life.

    Not for several threads at once.

    Args:
        path: must not exist yet; its folder must.

    Raises:
        DriverError: the file exists or cannot be made.
    """

    __slots__ = ("_descriptor", "_pending", "_size", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pending: list[bytes] = []
        self._size = 0
        with explained(f"make the log segment {path.name}", path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, 0o600)
            sync_folder(path.parent)

    @property
    def size(self) -> int:
        """Bytes flushed so far: the offset of the next frame to be flushed."""
        return self._size

    def append(self, kind: bytes, payload: bytes) -> None:
        """Add a frame to the next flush; ``kind`` is one byte. Raises `InputError` beyond 64 MiB."""
        if len(payload) > MAX_PAYLOAD:
            raise InputError(f"a log record of {len(payload):,} bytes is too large", fix="The limit is 64 MiB.")
        head = HEADER.pack(len(payload), kind[0], crc32(payload, crc32(kind)))
        self._pending += (head, CHECK.pack(crc32(head)), payload)

    def flush(self, *, sync: bool = False) -> None:
        """Write what was appended, in one call; with ``sync`` it also survives a power cut.

        Raises:
            DriverError: nothing of it is in the file, and nothing of it will be: append it again if it still matters.
        """
        if self._descriptor < 0:
            raise DriverError(f"the log segment {self.path.name} is closed", fix="Begin a new one.", at=str(self.path))
        content = b"".join(self._pending)
        self._pending.clear()
        try:
            write_all(self._descriptor, content)
            if sync:
                sync_descriptor(self._descriptor)
        except OSError as error:
            self._take_back()
            raise explain(error, doing=f"write to the log segment {self.path.name}", path=self.path) from error
        self._size += len(content)

    def close(self) -> None:
        """Flush and close; nothing happens the second time."""
        if self._descriptor >= 0:
            try:
                self.flush()
            finally:
                self._shut()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take_back(self) -> None:
        """Cut off what a failed flush has written of itself: frames behind half a frame could not be read."""
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError as error:
            self._shut()
            raise DriverError(
                f"the log segment {self.path.name} could not be cut back after a failed write",
                fix="Restart the router: it begins a new segment.",
                at=str(self.path),
            ) from error

    def _shut(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read_frames(path: Path, offset: int = 0) -> Iterator[Frame]:
    """The frames from ``offset`` on, which is 0 or an earlier frame's ``next_offset``; memory stays bounded.

    The end is the last whole frame: what a killed writer left unfinished behind it, or a power cut left as zeros,
    is ignored, and so is what a live writer is still writing. Continue from the last ``next_offset``.

    Raises:
        IntegrityError: a frame is damaged; what stands behind it cannot be trusted.
        DriverError: the file cannot be read.
    """
    with explained(f"read the log segment {path.name}", path), path.open("rb") as file:
        file.seek(offset)
        buffer, start = b"", 0
        while True:
            frame = _parse(buffer, start, offset)
            if frame is None:
                more = file.read(max(_READ, _wanted(buffer, start)))
                if not more:
                    return
                buffer, start = buffer[start:] + more, 0
            elif isinstance(frame, str):
                if _never_written(file, offset):
                    return
                raise IntegrityError(
                    f"the log segment {path.name} is damaged at byte {offset:,}: {frame}",
                    fix="Restore it from a copy; `trimtab` reads nothing behind the damage.",
                    at=str(path),
                )
            else:
                yield frame
                start += frame.next_offset - offset
                offset = frame.next_offset


def _parse(buffer: bytes, start: int, offset: int) -> Frame | str | None:
    """The frame at ``start`` of the buffer (``offset`` of the file); what is wrong with it; or None: more is needed."""
    body = start + OVERHEAD
    if len(buffer) < body:
        return None
    length, kind, check = HEADER.unpack_from(buffer, start)
    if CHECK.unpack_from(buffer, start + HEADER.size)[0] != crc32(buffer[start : start + HEADER.size]):
        return "its header does not match its checksum"
    if len(buffer) < body + length:
        return None
    payload = buffer[body : body + length]
    first = bytes((kind,))
    if crc32(payload, crc32(first)) != check:
        return "its content does not match its checksum"
    return Frame(first, payload, offset + OVERHEAD + length)


def _wanted(buffer: bytes, start: int) -> int:
    """Bytes to read so that the frame at ``start`` is whole; the header, if it is there, has passed its check."""
    if len(buffer) - start < OVERHEAD:
        return 0
    length: int = HEADER.unpack_from(buffer, start)[0]
    return length


def _never_written(file: BinaryIO, offset: int) -> bool:
    """Whether the file holds only zeros from a disk sector within its damaged last frame on.

    A power cut can leave a file longer than what reached the disk. Whatever was synced is before that.
    """
    file.seek(offset)
    tail = file.read(MAX_PAYLOAD + OVERHEAD + 1)
    if len(tail) > MAX_PAYLOAD + OVERHEAD:
        return False
    zeros_from = offset + len(tail.rstrip(b"\0"))
    sector = -(-zeros_from // _SECTOR) * _SECTOR
    return sector < offset + len(tail)
