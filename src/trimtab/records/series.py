"""What the project's code logged during a run, and series v1: every logged value with its step and time, packed.

A record holds the last value of each metric; the curve is a blob beside it, since a training of a million steps logs a
million values. Each of the three columns is put byte beside byte (all first bytes, then all second ones), steps and
times as differences, and compressed: about 3 bytes a value where the curve is smooth, against 60 as lines of JSON.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Mapping
from itertools import accumulate, chain, islice
from operator import sub
from typing import Final

import msgspec

from trimtab.base.digest import Digest
from trimtab.base.errors import IntegrityError, UnknownVersionError
from trimtab.base.instants import Instant
from trimtab.records.run import Scalar

_WIDTH: Final = 8
_MODULUS: Final = 1 << 64
_LAST: Final = (1 << 63) - 1


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The values of one metric in the order in which they were logged.

    Attributes:
        steps: as given, else one more than the step before; 64-bit integers, behind the largest of which it stays.
        values: floats, NaN and infinite ones included.
        times: UTC microseconds; 0 where the writer gave none.
    """

    steps: array[int] = msgspec.field(default_factory=lambda: array("q"))
    values: array[float] = msgspec.field(default_factory=lambda: array("d"))
    times: array[int] = msgspec.field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.values)

    def add(self, value: float, step: int | None, at: Instant) -> None:
        """One more value; without a step it has the one after the last."""
        following = min(self.steps[-1] + 1, _LAST) if self.steps else 0
        self.steps.append(following if step is None else step)
        self.values.append(value)
        self.times.append(at)


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """What was logged in a run or a step.

    Attributes:
        parameters: as they are recorded; what looks like a secret as its digest.
        metrics: the last value of each metric, as far as it is a finite number: no record holds another.
        series: every value of each metric.
        notes: what a reader should know: lines that are no records, a metric that ended as NaN.
    """

    parameters: dict[str, Scalar] = {}
    metrics: dict[str, float] = {}
    series: dict[str, Series] = {}
    notes: tuple[str, ...] = ()


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """One metric's columns, each as compressed bytes of ``count`` little-endian numbers of 64 bits."""

    count: int
    steps: bytes
    values: bytes
    times: bytes


class PackedSeries(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.series/1"):
    """Metric → its values. Kept as a blob, as MessagePack."""

    series: dict[str, Packed]


def pack_series(series: Mapping[str, Series]) -> bytes:
    """The blob of these series; equal for equal ones of one machine."""
    packed = {
        name: Packed(
            len(one), _squeeze(_differences(one.steps)), _squeeze(one.values), _squeeze(_differences(one.times))
        )
        for name, one in sorted(series.items())
    }
    return msgspec.msgpack.encode(PackedSeries(series=packed))


def read_series(content: bytes, *, at: Digest | str = "") -> dict[str, Series]:
    """The series of a blob.

    Raises:
        UnknownVersionError: it is of another version.
        IntegrityError: it is no such blob, or damaged.
    """
    try:
        packed = msgspec.msgpack.decode(content, type=PackedSeries)
        return {name: _open(one) for name, one in packed.series.items()}
    except msgspec.ValidationError as error:
        if "schema" in str(error) or "tag" in str(error):
            raise UnknownVersionError(
                "these logged values are of another version than trimtab.series/1",
                fix="Read them with the Trimtab that wrote them.",
                at=str(at),
            ) from error
        raise _damaged(error, at) from error
    except (msgspec.DecodeError, zlib.error, ValueError, OverflowError) as error:
        raise _damaged(error, at) from error


def _damaged(error: Exception, at: str) -> IntegrityError:
    return IntegrityError(
        f"these are no logged values: {error}", fix="The blob was damaged; restore it from a copy.", at=str(at)
    )


def _open(packed: Packed) -> Series:
    steps, times = (_sums(_unsqueeze(column, packed.count)) for column in (packed.steps, packed.times))
    values = array("d")
    values.frombytes(_unsqueeze(packed.values, packed.count).tobytes())
    return Series(steps=steps, values=values, times=times)


def _differences(numbers: array[int]) -> array[int]:
    """Each number less the one before, as 64 bits that wrap around."""
    try:
        return array("q", chain(islice(numbers, 1), map(sub, islice(numbers, 1, None), numbers)))
    except OverflowError:
        wrapped = map(_wrap, map(sub, islice(numbers, 1, None), numbers))
        return array("q", chain(islice(numbers, 1), wrapped))


def _sums(numbers: array[int]) -> array[int]:
    try:
        return array("q", accumulate(numbers))
    except OverflowError:
        return array("q", accumulate(numbers, lambda total, number: _wrap(total + number)))


def _wrap(number: int) -> int:
    return (number + _MODULUS // 2) % _MODULUS - _MODULUS // 2


def _squeeze(numbers: array[int] | array[float]) -> bytes:
    ordered = numbers
    if sys.byteorder == "big":
        ordered = numbers[:]
        ordered.byteswap()
    content = ordered.tobytes()
    return zlib.compress(b"".join(content[byte::_WIDTH] for byte in range(_WIDTH)), 1)


def _unsqueeze(content: bytes, count: int) -> array[int]:
    size = count * _WIDTH
    opened = zlib.decompressobj()
    plain = opened.decompress(content, size + 1)
    if len(plain) != size or not opened.eof:
        raise ValueError(f"{count} values were expected, and there are {len(plain) / _WIDTH:g}")
    woven = bytearray(size)
    for byte in range(_WIDTH):
        woven[byte::_WIDTH] = plain[byte * count : (byte + 1) * count]
    numbers = array("q")
    numbers.frombytes(bytes(woven))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
