"""A CSV file as blocks of whole records, and what is wrong with a block that does not hold a table.

Polars reads a CSV file in threads that run ahead of whoever takes the rows: 420 MB for a file of 800 MB, where blocks
of 16 MB, read one by one, take 190 MB and hardly more of the processor. They also make it possible to name the line:
Polars fills a short line with nulls without a word, and of bytes that are not UTF-8 it does not say where they are.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from trimtab.data.wording import counted
from trimtab.drivers.sources.files import SourceFile
from trimtab.drivers.sources.problems import SourceError

_QUOTE: Final = ord('"')
_ZERO: Final = ord("0")
_LONGEST: Final = 64 << 20
"""Bytes of one record; a quote that is never closed makes the rest of the file one."""
_WINDOWS_ONLY: Final = range(0x80, 0xA0)
"""Bytes that are letters and signs in Windows' code page, and control characters in Latin-1."""
_ON_ONE_LINE: Final = "Write a quote inside of a text twice, and put quotes around the text."
_ONE_FEWER: Final = "the header has one name fewer than the rows have fields"
_FROM_R: Final = (
    "R's write.table does that: write with col.names=NA or row.names=FALSE. Otherwise add the name that is missing."
)
_COMMENT: Final = (
    "The first line begins with '#' and is taken for the header, as comments are not skipped: remove such lines. "
)
_CLOSED: Final = "Close it where the text ends, or remove it; a quote inside of a text is written twice."


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Bytes of whole records, and how many bytes of the file are before them."""

    data: bytes
    before: int


def blocks(file: SourceFile, start: int, size: int) -> Iterator[Block]:
    """The file's records from a byte on, in blocks of about ``size`` bytes; each ends where a record ends.

    Raises:
        SourceError: a quote is never closed.
    """
    with file.open() as content:
        content.seek(start)
        rest, before = b"", start
        while True:
            more = content.read(size)
            data = rest + more
            if not data:
                return
            end = _whole(data) if more else len(data)
            if not more and data.count(b'"') % 2:
                refuse_block(file, Block(data=data, before=before), None)
            if end:
                yield Block(data=data[:end], before=before)
            elif len(data) > _LONGEST:
                refuse_block(file, Block(data=data, before=before), None)
            before, rest = before + end, data[end:]


def header_end(data: bytes) -> int:
    """Where the first record ends: after its line break, or at the end of what is there."""
    end = -1
    while True:
        end = data.find(b"\n", end + 1)
        if end < 0:
            return len(data)
        if data.count(b'"', 0, end) % 2 == 0:
            return end + 1


def _whole(data: bytes) -> int:
    """Where the last whole record ends: at a line break that is not inside of quotes; 0 where there is none."""
    end = data.rfind(b"\n")
    if b'"' not in data:
        return end + 1
    quotes = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _QUOTE)
    while end >= 0 and np.searchsorted(quotes, end) % 2:
        end = data.rfind(b"\n", 0, end)
    return end + 1


def separators(data: bytes, separator: str) -> int:
    """How many separators there are outside of quotes."""
    octets = np.frombuffer(data, dtype=np.uint8)
    found: NDArray[np.bool_] = octets == ord(separator)
    if b'"' not in data:
        return int(np.count_nonzero(found))
    inside = np.logical_xor.accumulate(octets == _QUOTE)
    return int(np.count_nonzero(found & ~inside))


def padded_numbers(data: bytes, separator: str) -> bool:
    """Whether a field may be digits that begin with a zero and have another after it.

    Two octets are compared at once, which takes a fifth of the time of any search for a pattern.
    """
    before = b'\n"' if b'"' in data else b"\n"
    octets = np.frombuffer(data, dtype=np.uint8)
    begins = [np.zeros(int(data[:1] == b"0"), dtype=np.int64)]
    for start in (0, 1):
        pairs = octets[start : start + (len(octets) - start) // 2 * 2].view("<u2")
        found = pairs == (ord(separator) | _ZERO << 8)
        for octet in before:
            found |= pairs == (octet | _ZERO << 8)
        begins.append(np.flatnonzero(found) * 2 + start + 1)
    ends = np.concatenate(begins) + 1
    ends = ends[ends < len(octets)]
    ends = ends[_are_digits(octets[ends])]
    while ends.size:
        ends = ends + 1
        if ends.max() >= len(octets):
            return True
        digits = _are_digits(octets[ends])
        if np.isin(octets[ends[~digits]], np.frombuffer(f'{separator}\r\n"'.encode(), dtype=np.uint8)).any():
            return True
        ends = ends[digits]
    return False


def _are_digits(octets: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return (octets >= _ZERO) & (octets <= ord("9"))


def blank_lines(
    file: SourceFile, block: Block, separator: str, names: Sequence[str], *, first: bool = False
) -> list[int]:
    """Which of the block's records have nothing on their line, counted from 0; ``first`` is of the file's first block.

    Raises:
        SourceError: a line has more or fewer fields than the header.
    """
    blank: list[int] = []
    width = len(names)
    text = io.StringIO(block.data.decode("utf-8", errors="replace"), newline="")
    records = csv.reader(text, delimiter=separator)
    try:
        for place, fields in enumerate(records):
            if not fields:
                blank.append(place)
            elif len(fields) != width:
                at = f"{file.name}:{_lines_before(file, block.before) + records.line_num}"
                comment = _COMMENT if names[0].startswith("#") else ""
                one_more = first and not comment and len(blank) == place and len(fields) == width + 1
                others = {len(row) for row in records if row} if one_more else set()
                if others == {width + 1}:
                    raise SourceError(_ONE_FEWER, fix=_FROM_R, at=f"{file.name}:1")
                raise SourceError(
                    f"this line has {counted(len(fields), 'field')}, and the header has {width}",
                    fix=comment + "Correct the line, or put quotes around a text that holds the separator.",
                    at=at,
                )
    except csv.Error:  # a text of more than 131,072 characters: then Polars' word has to do
        return []
    return blank


def refuse_block(file: SourceFile, block: Block, error: Exception | None) -> NoReturn:
    """Says what is wrong with records that cannot be read: bytes that are no UTF-8, or a quote that is out of place."""
    try:
        block.data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise _not_utf8(file, block, wrong.start) from None
    wrong_quote = _wrong_quote(block.data)
    if wrong_quote is not None:
        what = "is never closed" if wrong_quote.is_open else "is out of place"
        raise SourceError(
            f"a quote {what} in this line",  # and no word of it: which columns are sensitive is not known here
            fix=_CLOSED if wrong_quote.is_open else _ON_ONE_LINE,
            at=_at(file, block, wrong_quote.place),
        ) from error
    raise SourceError(
        f"{file.name} is not a {file.format} file, or a damaged one ({str(error).strip().partition(chr(10))[0]})",
        fix="Correct the file, or write it anew.",
        at=_at(file, block, 0),
    ) from error


def _not_utf8(file: SourceFile, block: Block, place: int) -> SourceError:
    octet = block.data[place]
    encoding = "WINDOWS-1252" if octet in _WINDOWS_ONLY else "LATIN1"
    return SourceError(
        f"{file.name} is not UTF-8: byte {block.before + place + 1:,} is 0x{octet:02X}",
        fix=f"Convert it, if it is {encoding}: iconv -f {encoding} -t UTF-8 {quote(file.name)} > utf8.csv",
        at=_at(file, block, place),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrongQuote:
    """Where a quote is wrong, and whether that is since the text that it begins has no end."""

    place: int
    is_open: bool


def _wrong_quote(data: bytes) -> _WrongQuote | None:
    """The first quote that neither begins nor ends a field nor is one of two, or the one that is never closed.

    Where the quote that should close a text is on a later line and begins a field there, the first is never closed.
    """
    octets = np.frombuffer(data, dtype=np.uint8)
    quotes = np.flatnonzero(octets == _QUOTE)
    edges = np.isin(octets, np.frombuffer(b',;\t|\n\r"', dtype=np.uint8))
    before = np.concatenate(([True], edges))[quotes]
    after = np.concatenate((edges, [True]))[quotes + 1]
    opening = np.arange(quotes.size) % 2 == 0
    wrong = np.flatnonzero(np.where(opening, ~before, ~after))
    if wrong.size:
        first = int(wrong[0])
        place = int(quotes[first])
        if not opening[first] and before[first] and b"\n" in data[int(quotes[first - 1]) : place]:
            return _WrongQuote(place=int(quotes[first - 1]), is_open=True)
        return _WrongQuote(place=place, is_open=False)
    return _WrongQuote(place=int(quotes[-1]), is_open=True) if quotes.size % 2 else None


def _at(file: SourceFile, block: Block, place: int) -> str:
    return f"{file.name}:{_lines_before(file, block.before + place) + 1}"


def _lines_before(file: SourceFile, count: int) -> int:
    """How many line breaks are in the first so many bytes."""
    lines = 0
    with file.open() as content:
        while count > 0:
            data = content.read(min(count, 1 << 20))
            lines += data.count(b"\n")
            count -= len(data) or count
    return lines
