"""The columns of an Arrow file, or of a Parquet file that Arrow wrote, by its own schema, looked at before Polars is.

What Polars cannot read it answers with a panic, whose text goes to standard error before anyone can catch it, and which
names no column. So the schema is read here: a flatbuffer, of which the names, the types and the time zones are wanted.
One that is not understood is no error: Polars says what is wrong with the file.
"""

from __future__ import annotations

import base64
import binascii
import os
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

import msgspec
import polars as pl

from trimtab.data.columns import by_name
from trimtab.data.wording import show
from trimtab.drivers.sources.problems import SourceError

MAGIC: Final = b"ARROW1"
_LARGEST: Final = 32 << 20
_DEEPEST: Final = 64
_DECIMAL, _TIMESTAMP = 7, 10
_UNREAD: Final = {
    11: "an interval of months and days", 14: "a union of types", 22: "run-end encoded",
    25: "a list view", 26: "a large list view",
}  # fmt: skip
_DIGITS: Final = 38
"""Of the largest decimal that Polars has."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """How a column, or a part of one, is stored: what cannot be read of it, and its time zone; empty for neither."""

    column: str
    unread: str = ""
    zone: str = ""


def arrow_file_schema(content: BinaryIO) -> tuple[Stored, ...]:
    """What an Arrow file's footer tells of its columns; empty where it is not one that this understands."""
    size = content.seek(0, 2)
    if size < 18:
        return ()
    content.seek(size - 10)
    tail = content.read(10)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != MAGIC or length > min(_LARGEST, size - 10):
        return ()
    content.seek(size - 10 - length)
    return _told(content.read(length), 1)


def written_schema(text: str) -> tuple[Stored, ...]:
    """What Arrow wrote into a Parquet file about its columns, which is a message in base64; empty for no text."""
    try:
        message = base64.b64decode(text)
    except binascii.Error:
        return ()
    return _told(message[8 if message[:4] == b"\xff\xff\xff\xff" else 4 :], 2)


def refuse_unread(name: str, stored: tuple[Stored, ...], schema: pl.Schema | None = None) -> None:
    """Raises `SourceError` for the first column that Polars cannot read, with how it is stored; where times have a zone
    of no name (``+05:30``), lets Polars read them as the moments that they are.

    Args:
        name: the file, for people.
        schema: the file's columns as Polars has them, where it got so far.
    """
    found = next(((each.column, each.unread) for each in stored if each.unread), None)
    if found is None and schema is not None:
        wide = ((column, _widest(dtype)) for column, dtype in schema.items())
        found = next(((column, f"a decimal of {digits} digits") for column, digits in wide if digits > _DIGITS), None)
    if found is not None:
        column, how = found
        at_most = f" (at most {_DIGITS} digits are)" if "digits" in how else ""
        raise SourceError(
            f"the column {show(column)} of {name} is stored as {how}, which is not read here{at_most}",
            fix="Write the file without it, or with it as numbers, text, times or lists of them.",
        )
    if not all(_has_name(each.zone) for each in stored if each.zone):
        let_zones_be()


def let_zones_be() -> None:
    """Have Polars read times whose zone has no name, instead of giving up; `as_moments` then says what they are.

    It looks at nothing but this variable, whenever a worker of its own comes upon such a type, so it stays set.
    """
    os.environ["POLARS_IGNORE_TIMEZONE_PARSE_ERROR"] = "1"


def as_moments(table: pl.LazyFrame, schema: pl.Schema) -> tuple[pl.LazyFrame, pl.Schema]:
    """The table with UTC for a zone that has no name: what is stored is a moment, whatever the zone says."""
    plain = pl.Schema({name: _in_utc(dtype) for name, dtype in schema.items()})
    changed = [name for name in schema if schema[name] != plain[name]]
    return (table.with_columns(by_name([name]).cast(plain[name]) for name in changed) if changed else table), plain


def in_moments(table: pl.DataFrame) -> pl.DataFrame:
    """The same of a table in memory."""
    plain = as_moments(table.lazy(), table.schema)
    return table if plain[1] == table.schema else plain[0].collect()


def _in_utc(dtype: pl.DataType) -> pl.DataType:
    if isinstance(dtype, pl.Datetime):
        return dtype if dtype.time_zone is None or _has_name(dtype.time_zone) else pl.Datetime(dtype.time_unit, "UTC")
    if isinstance(dtype, pl.List):
        return pl.List(_in_utc(dtype.inner))  # type: ignore[arg-type]  # a class only where none was read
    if isinstance(dtype, pl.Array):
        return pl.Array(_in_utc(dtype.inner), dtype.size)  # type: ignore[arg-type]
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: _in_utc(field.dtype) for field in dtype.fields})  # type: ignore[arg-type]
    return dtype


def _widest(dtype: object) -> int:
    """The digits of the widest decimal in a type."""
    if isinstance(dtype, pl.Decimal):
        return dtype.precision or 0
    if isinstance(dtype, pl.List | pl.Array):
        return _widest(dtype.inner)
    if isinstance(dtype, pl.Struct):
        return max((_widest(field.dtype) for field in dtype.fields), default=0)
    return 0


@lru_cache(maxsize=256)
def _has_name(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        return False
    return True


def _told(data: bytes, field: int) -> tuple[Stored, ...]:
    """Of the schema that is this field of the buffer's root."""
    buffer = _Buffer(data)
    try:
        schema = buffer.inside(buffer.offset(0), field)
        return tuple(buffer.columns(schema)) if schema else ()
    except (struct.error, IndexError, UnicodeDecodeError):
        return ()


class _Buffer:
    """A flatbuffer: tables whose fields are found by offsets; 0 is where nothing is."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def offset(self, at: int) -> int:
        return at + int(struct.unpack_from("<I", self.data, at)[0])

    def columns(self, schema: int) -> Iterator[Stored]:
        for field in self._items(self.inside(schema, 1)):
            name = self._text(self.inside(field, 0))
            yield from self._field(name, field, 0)

    def inside(self, table: int, field: int) -> int:
        """Where a table's field that is stored apart is."""
        at = self._at(table, field)
        return self.offset(at) if at else 0

    def _field(self, column: str, field: int, depth: int) -> Iterator[Stored]:
        at, what = self._at(field, 2), self.inside(field, 3)
        kind = self.data[at] if at else 0
        if kind in _UNREAD:
            yield Stored(column=column, unread=_UNREAD[kind])
        elif kind == _DECIMAL and self._number(what, 0) > _DIGITS:
            yield Stored(column=column, unread=f"a decimal of {self._number(what, 0)} digits")
        elif kind == _TIMESTAMP and (zone := self.inside(what, 1)):
            yield Stored(column=column, zone=self._text(zone))
        if depth < _DEEPEST:
            for child in self._items(self.inside(field, 5)):
                yield from self._field(column, child, depth + 1)

    def _at(self, table: int, field: int) -> int:
        """Where a table's field is, 0 if it has its default."""
        known = table - int(struct.unpack_from("<i", self.data, table)[0])
        size = int(struct.unpack_from("<H", self.data, known)[0])
        place = 4 + 2 * field
        step = int(struct.unpack_from("<H", self.data, known + place)[0]) if place < size else 0
        return table + step if step else 0

    def _number(self, table: int, field: int) -> int:
        at = self._at(table, field)
        return int(struct.unpack_from("<i", self.data, at)[0]) if at else 0

    def _items(self, vector: int) -> Iterator[int]:
        if vector:
            count = int(struct.unpack_from("<I", self.data, vector)[0])
            for place in range(count):
                yield self.offset(vector + 4 + 4 * place)

    def _text(self, at: int) -> str:
        size = int(struct.unpack_from("<I", self.data, at)[0]) if at else 0
        return self.data[at + 4 : at + 4 + size].decode()
