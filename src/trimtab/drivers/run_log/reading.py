"""The reading end: the lines of a log as parameters, last values and series; what is no record is counted."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, isfinite, nan
from pathlib import Path
from typing import Final

import msgspec

from trimtab.base.instants import Instant
from trimtab.records.run import Scalar
from trimtab.records.secret_words import hide
from trimtab.records.series import Logged, Series

LONGEST_LINE: Final = 1 << 20
"""Bytes; what is longer is no line of ours, and is not held in memory."""

_NOT_FINITE: Final = {"NaN": nan, "nan": nan, "Infinity": inf, "inf": inf, "-Infinity": -inf, "-inf": -inf}
_STEPS: Final = 1 << 63


class _Line(msgspec.Struct, frozen=True):
    """A line of the log: a metric's value or a parameter's."""

    value: Scalar
    metric: str | None = None
    parameter: str | None = None
    step: int | None = None
    at: int = 0


def read_log(*paths: Path) -> Logged:
    """What was logged into these files, read as one log; one that is not there has nothing.

    A million values take about two seconds and 24 MB. Lines that are no records are left out, and the notes count them:
    whatever the lines hold, nothing is raised for it. A parameter that is a whole number beyond 64 bits is its text, as
    `log_param` writes it.
    """
    reading = _Reading()
    for path in paths:
        for line in _lines(path):
            reading.add(line)
    return reading.logged()


class _Reading:
    """A log as far as it was read."""

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(_Line)
        self._series: dict[str, Series] = {}
        self._parameters: dict[str, Scalar] = {}
        self._again: set[str] = set()
        self._unreadable = 0

    def add(self, line: bytes) -> None:
        if line.isspace():
            return
        try:
            read = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._unreadable += 1
            return
        if read.metric and read.parameter is None:
            self._metric(read.metric, read)
        elif read.parameter and read.metric is None:
            self._parameter(read.parameter, read)
        else:
            self._unreadable += 1

    def logged(self) -> Logged:
        last = {name: series.values[-1] for name, series in self._series.items()}
        ended = [f"the metric {name!r} ended as {value}" for name, value in last.items() if not isfinite(value)]
        notes = [f"{each}, which a metric of a record cannot be; its series has it" for each in ended]
        notes += [f"the parameter {name!r} was logged with several values; the last counts" for name in self._again]
        if self._unreadable:
            lines = "1 line" if self._unreadable == 1 else f"{self._unreadable:,} lines"
            notes.append(f"{lines} of the log could not be read: a process was killed while it wrote, or is no logger")
        return Logged(
            parameters=self._parameters,
            metrics={name: value for name, value in last.items() if isfinite(value)},
            series=self._series,
            notes=tuple(sorted(notes)),
        )

    def _metric(self, name: str, read: _Line) -> None:
        value, step = read.value, read.step
        if isinstance(value, str):
            value = _NOT_FINITE.get(value)
        in_range = -_STEPS <= (step or 0) < _STEPS and 0 <= read.at < _STEPS
        try:
            number = None if value is None or not in_range else float(value)
        except OverflowError:  # a whole number of more than 308 digits
            number = None
        if number is None:
            self._unreadable += 1
            return
        series = self._series.get(name)
        if series is None:
            series = self._series[name] = Series()
        series.add(number, step, Instant(read.at))

    def _parameter(self, name: str, read: _Line) -> None:
        value = read.value
        if isinstance(value, int) and not -_STEPS <= value < _STEPS:
            value = str(value)
        value = hide(name, value)
        if name in self._parameters and self._parameters[name] != value:
            self._again.add(name)
        self._parameters[name] = value


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file; one that is too long comes as its beginning, which is no record."""
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE):
                yield line
                while not line.endswith(b"\n") and (line := file.readline(LONGEST_LINE)):
                    pass
    except FileNotFoundError:
        return
