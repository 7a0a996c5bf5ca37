"""Logged values are packed and opened as they were, and what is damaged is named."""

from __future__ import annotations

import math
from array import array

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.base.errors import IntegrityError, UnknownVersionError
from trimtab.base.instants import Instant
from trimtab.records.series import Packed, PackedSeries, Series, pack_series, read_series

INT64 = st.integers(-(2**63), 2**63 - 1)
POINTS = st.lists(st.tuples(st.floats(), INT64, st.integers(0, 2**63 - 1)), max_size=40)


def series(points: list[tuple[float, int, int]]) -> Series:
    made = Series()
    for value, step, at in points:
        made.add(value, step, Instant(at))
    return made


def bits(one: Series) -> tuple[bytes, bytes, bytes]:
    """NaN is not equal to itself, so bytes are compared."""
    return one.steps.tobytes(), one.values.tobytes(), one.times.tobytes()


@given(st.dictionaries(st.text(max_size=10), POINTS, max_size=3))
def test_series_are_opened_as_they_were(named: dict[str, list[tuple[float, int, int]]]) -> None:
    given_series = {name: series(points) for name, points in named.items()}
    opened = read_series(pack_series(given_series))
    assert {name: bits(one) for name, one in opened.items()} == {name: bits(one) for name, one in given_series.items()}


def test_without_a_step_a_value_has_the_one_after_the_last() -> None:
    made = Series()
    for step in (None, None, 10, None):
        made.add(0.5, step, Instant(0))
    assert made.steps == array("q", [0, 1, 10, 11])
    assert len(made) == 4


def test_behind_the_largest_step_there_is_no_larger_one() -> None:
    made = Series()
    for step in (2**63 - 1, None, 0, None):
        made.add(0.5, step, Instant(0))
    assert made.steps == array("q", [2**63 - 1, 2**63 - 1, 0, 1])


def test_equal_series_have_equal_blobs_in_whatever_order_they_were_logged() -> None:
    one, other = series([(0.1, 0, 5)]), series([(0.2, 1, 6)])
    assert pack_series({"a": one, "b": other}) == pack_series({"b": other, "a": one})


def test_a_smooth_curve_takes_few_bytes() -> None:
    smooth = series([(math.exp(-step / 1000), step, 1_700_000_000_000_000 + 1_000 * step) for step in range(10_000)])
    assert len(pack_series({"loss": smooth})) < 8 * 10_000


def test_damage_is_named_and_never_opened_as_something_else() -> None:
    content = pack_series({"loss": series([(0.1, 0, 5), (0.2, 1, 6)])})
    for place in range(len(content)):
        damaged = content[:place] + bytes((content[place] ^ 0x55,)) + content[place + 1 :]
        try:
            opened = read_series(damaged)
        except (IntegrityError, UnknownVersionError):
            continue
        assert set(opened) != {"loss"} or bits(opened["loss"]) == bits(read_series(content)["loss"])
    with pytest.raises(IntegrityError, match="these are no logged values"):
        read_series(content[:-3])
    with pytest.raises(IntegrityError, match="these are no logged values"):
        read_series(b"")


def test_a_count_that_is_not_true_is_refused_before_memory_is_taken() -> None:
    packed = msgspec.msgpack.decode(pack_series({"loss": series([(0.1, 0, 5)])}), type=PackedSeries)
    one = packed.series["loss"]
    lie = PackedSeries(series={"loss": Packed(2, one.steps, one.values, one.times)})
    with pytest.raises(IntegrityError, match="2 values were expected"):
        read_series(msgspec.msgpack.encode(lie))


def test_another_version_is_refused_by_name() -> None:
    content = pack_series({}).replace(b"trimtab.series/1", b"trimtab.series/2")
    with pytest.raises(UnknownVersionError, match=r"of another version than trimtab\.series/1"):
        read_series(content)
