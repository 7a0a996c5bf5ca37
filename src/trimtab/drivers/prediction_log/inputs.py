"""The rows of the log, read again from their places when somebody needs them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from trimtab.base.errors import IntegrityError
from trimtab.data.schema import Contract
from trimtab.disk.faults import explained
from trimtab.disk.frames import OVERHEAD
from trimtab.drivers.prediction_log.reader import Place, decode_packed
from trimtab.drivers.prediction_log.values import ABSENT, read_values


class _Row(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.prediction/1"):
    """The inputs of a prediction; its other fields are skipped."""

    inputs: dict[str, bool | int | float | str | None] | None


_ROW = msgspec.msgpack.Decoder(_Row)


class LoggedInputs:
    """Reads inputs by segment, offset and length, as an index keeps them; segments have numbers, to keep it small."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segments: list[str] = []
        self._numbers: dict[str, int] = {}

    def number_of(self, segment: str) -> int:
        """The number by which a segment is known here."""
        number = self._numbers.get(segment)
        if number is None:
            number = self._numbers[segment] = len(self._segments)
            self._segments.append(segment)
        return number

    def read(self, contract: Contract, predictions: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
        """The features of each prediction's row, typed, in the predictions' order; and a mask of rows that do not fit.

        Raises:
            IntegrityError: a segment is not what it was when it was indexed.
            DriverError: a segment cannot be read.
        """
        rows = self._rows(predictions)
        columns: list[pl.Series] = []
        unfit = pl.Series([row is None for row in rows], dtype=pl.Boolean)
        for column in contract.features:
            name = column.name
            values: list[Any] = [ABSENT if row is None else row.get(name, ABSENT) for row in rows]
            series, misfits = read_values(column, values, contract.zone)
            columns.append(series)
            unfit |= misfits
        return pl.DataFrame(columns), unfit

    def _rows(self, predictions: pl.DataFrame) -> list[dict[str, Any] | None]:
        rows: list[dict[str, Any] | None] = [None] * predictions.height
        places = predictions.select("segment", "offset", "length").with_row_index("at").sort("segment", "offset")
        for (number,), group in places.group_by("segment", maintain_order=True):
            self._fill(rows, self._segments[int(number)], group)
        return rows

    def _fill(self, rows: list[dict[str, Any] | None], segment: str, group: pl.DataFrame) -> None:
        path = self._folder / segment
        with explained(f"read the log segment {segment}", path), path.open("rb", buffering=0) as file:
            # A training table takes most of a segment, a window a few rows of it: one large read, or many small ones.
            whole = file.read() if 4 * int(group["length"].sum()) > path.stat().st_size else None
            for at, offset, length in group.select("at", "offset", "length").iter_rows():
                start = offset + OVERHEAD
                payload = os.pread(file.fileno(), length, start) if whole is None else whole[start : start + length]
                if len(payload) != length:
                    raise IntegrityError(
                        f"the log segment {segment} is shorter than it was", fix="Restore it from a copy.", at=str(path)
                    )
                rows[at] = decode_packed(_ROW, payload, Place(segment, offset)).inputs
