"""CSV and TSV: read by Polars, and checked where Polars would quietly repair.

Text stays text: dates are parsed where the contract says that a column is a time, never by their looks.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

from trimtab.data.wording import counted, show
from trimtab.drivers.sources.files import Format, SourceFile
from trimtab.drivers.sources.problems import SourceError

if TYPE_CHECKING:
    from _csv import Reader


def read_delimited(file: SourceFile, *, rows: int | None = None) -> pl.DataFrame:
    """The table, or its first ``rows``; types are taken from all the rows that are read.

    Raises:
        SourceError: a column's name is there twice, or a line has more or fewer fields than the header.
    """
    names = header(file)
    refuse_repeated(names, file.name)
    try:
        with file.open() as content:
            table = pl.read_csv(content, separator=separator(file), infer_schema_length=None, n_rows=rows)
    except pl.exceptions.ComputeError:
        _blank_lines(file, len(names))  # which line it was
        raise
    if table.height and table[:, -1].null_count():  # where a line ends early there is a null
        blank = _blank_lines(file, len(names))
        if blank:
            table = table.filter(~pl.all_horizontal(pl.all().is_null()))
    return table


def separator(file: SourceFile) -> str:
    return "\t" if file.format is Format.TSV else ","


@contextmanager
def _lines(file: SourceFile) -> Iterator[Reader]:
    with file.open() as content, io.TextIOWrapper(content, encoding="utf-8-sig", errors="replace", newline="") as text:
        yield csv.reader(text, delimiter=separator(file))


def header(file: SourceFile) -> list[str]:
    with _lines(file) as lines:
        first: list[Any] = next(lines, [])
    return [str(name) for name in first]


def refuse_repeated(names: list[str], file: str) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            problem = f"the column {show(name)} is there {count} times"
            raise SourceError(problem, fix="Rename or remove all but one.", at=f"{file}:1")


def _blank_lines(file: SourceFile, width: int) -> int:
    """The number of blank lines; raises for the first line with more or fewer fields than the header."""
    blank = 0
    with _lines(file) as lines:
        for fields in lines:
            if not fields:
                blank += 1
            elif len(fields) != width:
                raise SourceError(
                    f"this line has {counted(len(fields), 'field')}, and the header has {width}",
                    fix="Correct the line, or put quotes around a text that holds the separator.",
                    at=f"{file.name}:{lines.line_num}",
                )
    return blank
