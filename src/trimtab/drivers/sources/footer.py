"""How a Parquet file is cut into row groups, read from its footer.

Polars tells a file's columns and rows but not its row groups, and they decide what a read costs: a group is read whole
or sliced at the price of reading its bytes again. The footer is Thrift's compact protocol, of which four numbers and
one text are wanted; what is not known is skipped by its wire type, so that a newer writer changes nothing. A footer
that is not understood is no error here: Polars says what is wrong with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import msgspec

MAGIC: Final = b"PAR1"
_ARROW: Final = b"ARROW:schema"
_LARGEST: Final = 8 << 20
"""Bytes of a footer that is looked through: of some 50,000 columns in row groups, for which Python takes a second."""
_BINARY, _LIST, _SET, _MAP, _STRUCT = 8, 9, 10, 11, 12
_TRUE, _FALSE, _BYTE, _DOUBLE = 1, 2, 3, 7


class RowGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a Parquet file that is compressed by itself: its rows, and its bytes on disk and when unpacked."""

    rows: int
    stored: int
    unpacked: int


class Footer(msgspec.Struct, frozen=True, kw_only=True):
    """A Parquet file's row groups in their order, and the schema that Arrow wrote beside the file's own, if it did."""

    groups: tuple[RowGroup, ...]
    arrow: bytes = b""


def read_footer(content: BinaryIO) -> Footer | None:
    """What is at the file's end; None where the footer is not one that this understands."""
    size = content.seek(0, 2)
    if size < 12:
        return None
    content.seek(size - 8)
    tail = content.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != MAGIC or length > min(_LARGEST, size - 12):
        return None
    content.seek(size - 8 - length)
    try:
        return _Walk(content.read(length)).footer()
    except (IndexError, KeyError, ValueError):
        return None


class _Walk:
    """A walk through the bytes of a footer."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def footer(self) -> Footer:
        groups: list[RowGroup] = []
        told: dict[bytes, bytes] = {}
        for field, kind in self._fields():
            if (field, kind) == (4, _LIST):
                count, _ = self._list()
                groups = [self._group() for _ in range(count)]
            elif (field, kind) == (5, _LIST):
                count, _ = self._list()
                told = dict(self._pair() for _ in range(count))
            else:
                self._skip(kind)
        return Footer(groups=tuple(groups), arrow=told.get(_ARROW, b""))

    def _pair(self) -> tuple[bytes, bytes]:
        """A key and its value, which may have none."""
        told: dict[int, bytes] = {}
        for field, kind in self._fields():
            if kind == _BINARY:
                length = self._number()
                told[field] = self.data[self.at : self.at + length]
                self.at += length
            else:
                self._skip(kind)
        return told.get(1, b""), told.get(2, b"")

    def _group(self) -> RowGroup:
        told: dict[int, int] = {}
        for field, kind in self._fields():
            if field in (2, 3, 6) and kind not in (_LIST, _STRUCT):
                told[field] = self._integer()
            else:
                self._skip(kind)
        return RowGroup(rows=told[3], unpacked=told[2], stored=told.get(6, told[2]))

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
