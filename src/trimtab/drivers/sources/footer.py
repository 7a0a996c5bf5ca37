"""How a Parquet file is cut into row groups, read from its footer.

Polars tells a file's columns and rows but not its row groups, and they decide what a read costs: a group is read whole
or sliced at the price of reading its bytes again. The footer is Thrift's compact protocol, of which a few numbers are
wanted; what is not known is skipped by its wire type, so that a newer writer changes nothing. A footer that is not
understood is no error here: Polars says what is wrong with the file.

A footer tells some forty things of each column in each group, through which Python walks for seconds where both are
many. Writers make all groups but the last one equally long, so the first one's length and how many there are is enough
where they agree with the rows of the file; all of them are read only where they do not. Nothing but the price of a read
rests on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import msgspec

MAGIC: Final = b"PAR1"
_LARGEST: Final = 8 << 20
"""Bytes of a footer that is walked through to its end: some 50,000 columns in row groups, a second or two."""
_I64, _BINARY, _LIST, _SET, _MAP, _STRUCT = 6, 8, 9, 10, 11, 12
_TRUE, _FALSE, _BYTE, _DOUBLE = 1, 2, 3, 7


class RowGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a Parquet file that is compressed by itself: its rows, and about how many bytes it takes on disk."""

    rows: int
    stored: int


def read_groups(content: BinaryIO) -> tuple[RowGroup, ...] | None:
    """The row groups in their order; None where the file's footer is not one that this understands."""
    size = content.seek(0, 2)
    if size < 12:
        return None
    content.seek(size - 8)
    tail = content.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != MAGIC or length > size - 12:
        return None
    content.seek(size - 8 - length)
    data = content.read(length)
    try:
        rows, lengths = _Walk(data).lengths() or (0, ())
    except (IndexError, KeyError, ValueError):
        return None
    return tuple(RowGroup(rows=each, stored=size * each // max(1, rows)) for each in lengths)


def equal_lengths(rows: int, groups: int, first: int) -> list[int] | None:
    """The rows of each group, if all are as long as the first one but the last, which is no longer; else None."""
    if groups < 2:
        return [rows] * groups
    last = rows - (groups - 1) * first
    return [first] * (groups - 1) + [last] if 0 < last <= first else None


class _Walk:
    """A walk through the bytes of a footer."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def lengths(self) -> tuple[int, list[int]] | None:
        """The rows of the file and of each of its groups; None where it tells of no groups."""
        rows = 0
        for field, kind in self._fields():
            if field == 3 and kind == _I64:
                rows = self._integer()
            elif (field, kind) == (4, _LIST):
                return rows, self._lengths(rows)
            else:
                self._skip(kind)
        return None

    def _lengths(self, rows: int) -> list[int]:
        count, _ = self._list()
        began = self.at
        lengths = equal_lengths(rows, count, self._first_values() if count > 1 else rows)
        if lengths is not None:
            return lengths
        if len(self.data) > _LARGEST:
            each = max(1, -(-rows // count))
            return [each] * (rows // each) + [rows % each] * (rows % each > 0)
        self.at = began
        return [self._group() for _ in range(count)]

    def _first_values(self) -> int:
        """How many values the first column of a group has: one for each row, unless it holds lists."""
        self._find(1, _LIST)
        self._list()
        self._find(3, _STRUCT)
        self._find(5, _I64)
        return self._integer()

    def _find(self, wanted: int, of: int) -> None:
        """Go on to where a field's value begins; raises KeyError without one."""
        for field, kind in self._fields():
            if (field, kind) == (wanted, of):
                return
            self._skip(kind)
        raise KeyError(wanted)

    def _group(self) -> int:
        told: dict[int, int] = {}
        for field, kind in self._fields():
            if field == 3 and kind == _I64:
                told[field] = self._integer()
            else:
                self._skip(kind)
        return told[3]

    def _fields(self) -> Iterator[tuple[int, int]]:
        """The number and the wire type of each field of a struct, up to its end."""
        field = 0
        while head := self._byte():
            step = head >> 4
            field = field + step if step else self._integer()
            yield field, head & 0x0F

    def _byte(self) -> int:
        value = self.data[self.at]
        self.at += 1
        return value

    def _number(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def _integer(self) -> int:
        value = self._number()
        return (value >> 1) ^ -(value & 1)

    def _list(self) -> tuple[int, int]:
        head = self._byte()
        count = head >> 4
        return (self._number() if count == 15 else count), head & 0x0F

    def _skip(self, kind: int) -> None:
        if kind in (_TRUE, _FALSE):
            return
        if kind == _BYTE:
            self.at += 1
        elif kind == _DOUBLE:
            self.at += 8
        elif kind == _BINARY:
            length = self._number()
            self.at += length
        elif kind in (_LIST, _SET):
            count, of = self._list()
            self._skip_items(count, of)
        elif kind == _STRUCT:
            for _, of in self._fields():
                self._skip(of)
        elif kind == _MAP:
            raise ValueError("a footer of Parquet has no maps")
        else:
            self._number()

    def _skip_items(self, count: int, of: int) -> None:
        step: Callable[[], object] = self._byte if of in (_TRUE, _FALSE) else lambda: self._skip(of)
        for _ in range(count):
            step()
