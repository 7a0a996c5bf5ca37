"""The first line of a CSV file: which columns there are, what separates them, and where the rows begin."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from shlex import quote
from typing import Final

from trimtab.data.wording import counted, show
from trimtab.drivers.sources.csv_blocks import Block, header_end, refuse_block
from trimtab.drivers.sources.files import Format, SourceFile
from trimtab.drivers.sources.problems import SourceError
from trimtab.drivers.sources.reading import looks_like

_OTHERS: Final = ";\t|,"
_EXCEL: Final = re.compile(rb"sep=([;,\t|])\r?\n", re.IGNORECASE)
_SPACED: Final = re.compile(rb'"[^"\n]*"(?: "[^"\n]*")+\r?\n?')
_COMMA: Final = re.compile(r"-?\d+,\d+")
_EITHER: Final = re.compile(r"-?[1-9]\d{0,2}(?:\.\d{3})+")
"""Numbers of which nobody knows whether a point of theirs stands between thousands."""
_POINT: Final = re.compile(r"-?\d+\.\d+")
_FRACTION: Final = re.compile(r"-?\d+[.,]\d+(?:[eE][+-]?\d+)?")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[ T].*)?")
_SAMPLE: Final = 64 << 10
_LOOKED_AT: Final = 1 << 20
_LARGEST: Final = 64 << 20
_WIDE: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"),
)  # fmt: skip


class Decimal(StrEnum):
    """How a file's first rows write fractions; ``EITHER``: with points that may as well stand between thousands."""

    COMMA = "comma"
    POINT = "point"
    EITHER = "either"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A CSV file's header.

    Attributes:
        names: the columns.
        separator: what is between two fields.
        end: the bytes before the first row.
        decimal: how numbers are written.
        notes: what is to be told of it.
    """

    names: tuple[str, ...]
    separator: str
    end: int
    decimal: Decimal = Decimal.POINT
    notes: tuple[str, ...] = ()

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers are written as 2,5."""
        return self.decimal is Decimal.COMMA


_OF_DECIMALS: Final = {
    Decimal.COMMA: ("numbers are read with a decimal comma",),
    Decimal.POINT: (),
    Decimal.EITHER: (
        "numbers such as 1.250 are read with a decimal point; if it stands between thousands, leave it out",
    ),
}
"""What is told of how numbers are written."""


def read_header(file: SourceFile) -> Header:
    """The header of a file that is not empty.

    Raises:
        SourceError: it is not UTF-8, a quote is out of place or never closed, or a column's name is there twice.
    """
    data = _beginning(file)
    skipped, told = _before(data)
    end = skipped + header_end(data[skipped:])
    try:
        line = data[skipped:end].decode("utf-8")
    except UnicodeDecodeError as error:
        refuse_block(file, Block(data=data[skipped:end], before=skipped), error)
    if "\r" in line.rstrip("\r\n") and '"' not in line:
        raise SourceError(
            f"the lines of {file.name} end with a carriage return alone",
            fix=f"Convert it: tr '\\r' '\\n' < {quote(file.name)} > lines.csv",
        )
    separator = told or _separator(line, "\t" if file.format is Format.TSV else ",")
    names = _names(file, Block(data=data[skipped:end], before=skipped), separator)
    if not names:
        raise SourceError(f"{file.name} has no columns", fix="Its first line names them; write the table again.")
    sample = data[end : end + _SAMPLE]
    if end + _SAMPLE < len(data):  # the last line of a part may be a part of one
        sample = sample[: sample.rfind(b"\n") + 1]
    decimal = _decimal(sample.decode("utf-8", "replace"), separator)
    notes = _notes(file, names, separator)
    notes += _OF_DECIMALS[decimal]
    names = [name or f"column_{place}" for place, name in enumerate(names, start=1)]
    _refuse_repeated(names, file.name)
    return Header(names=tuple(names), separator=separator, end=end, decimal=decimal, notes=notes)


def _names(file: SourceFile, first: Block, separator: str) -> list[str]:
    """The fields of the first record; refuses one with a quote that is out of place or never closed."""
    if _SPACED.fullmatch(first.data):
        raise SourceError(
            f"the names in {file.name} are separated by spaces",
            fix="Write it with commas: R's write.csv(x, row.names=FALSE) does.",
        )
    if first.data.count(b'"') % 2:
        refuse_block(file, first, None)
    try:
        return next(csv.reader([first.data.decode("utf-8")], delimiter=separator, strict=True), [])
    except csv.Error as error:
        refuse_block(file, first, error)


def _before(data: bytes) -> tuple[int, str]:
    """How many bytes are before the header, and the separator if they tell it, as Excel's ``sep=;`` does."""
    skipped = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    told = _EXCEL.match(data, skipped)
    skipped = told.end() if told else skipped
    while data[skipped : skipped + 1] in (b"\n", b"\r"):
        skipped += 1
    return skipped, told[1].decode() if told else ""


def _decimal(text: str, separator: str) -> Decimal:
    """How the first rows write fractions: with a comma where none of their points is a decimal one."""
    if separator == ",":
        return Decimal.POINT
    fields = [field.strip(' "') for row in text.splitlines() for field in row.split(separator)]
    if any(_POINT.fullmatch(field) and not _EITHER.fullmatch(field) for field in fields):
        return Decimal.POINT
    if any(_COMMA.fullmatch(field) for field in fields):
        return Decimal.COMMA
    return Decimal.EITHER if any(_EITHER.fullmatch(field) for field in fields) else Decimal.POINT


def _beginning(file: SourceFile) -> bytes:
    """Enough bytes to hold the header."""
    with file.open() as content:
        data = content.read(_LOOKED_AT)
        other = looks_like(data)
        if other:
            fix = "Name it by its format, .csv.gz for example." if other == "gzip" else "Name it by its format."
            raise SourceError(f"{file.name} is not a {file.format} file: by its first bytes it is {other}", fix=fix)
        for mark, name in _WIDE:
            if data.startswith(mark):
                raise SourceError(
                    f"{file.name} is {name}, not UTF-8",
                    fix=f"Convert it: iconv -f {name} -t UTF-8 {quote(file.name)} > utf8.csv",
                )
        while header_end(data) == len(data) and len(data) < _LARGEST and (more := content.read(_LOOKED_AT)):
            data += more
    return data


def _separator(line: str, due: str) -> str:
    if due in line:
        return due
    counts = Counter(character for character in line if character in _OTHERS)
    return max(_OTHERS, key=lambda separator: counts[separator]) if counts else due


def _notes(file: SourceFile, names: list[str], separator: str) -> tuple[str, ...]:
    due = "\t" if file.format is Format.TSV else ","
    notes = [] if separator == due else [f"the separator is {separator!r}, not {due!r}, by the first line"]
    unnamed = [place for place, name in enumerate(names, start=1) if not name]
    if unnamed:
        place = unnamed[0]
        others = f", and {counted(len(unnamed) - 1, 'other')} likewise" if len(unnamed) > 1 else ""
        notes.append(f"column {place:,} has no name in the first line; it is called 'column_{place}' here{others}")
    if names and names[0].startswith("#"):
        notes.append("the first line begins with '#' and is taken for the columns' names: comments are not skipped")
    if names and all(map(_is_number, names)):
        notes.append(f"the first line is taken for the columns' names, and they are numbers: {', '.join(names[:3])}")
    elif values := _values_among(names):
        told = ", ".join(values[:3])
        notes.append(f"the first line is taken for the columns' names, though some look like values: {told}")
    return tuple(notes)


def _values_among(names: list[str]) -> list[str]:
    """Names that look like a row's values: fractions, and times beside numbers. Years or months alone do not, as in
    a table that was turned round."""
    fractions = [name for name in names if _FRACTION.fullmatch(name)]
    numbers = [name for name in names if _is_number(name)]
    times = [name for name in names if _TIME.fullmatch(name)]
    found = {*fractions, *numbers, *times} if fractions or (times and numbers) else set()
    return [name for name in names if name in found]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _refuse_repeated(names: list[str], file: str) -> None:
    first: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        if name in first:
            count = names.count(name)
            problem = (
                f"the column {show(name)} is there {counted(count, 'time')}: columns {first[name]:,} and {place:,}"
            )
            raise SourceError(problem, fix="Rename or remove all but one.", at=f"{file}:1")
        first[name] = place
