"""Frames come out of a stream as they went in, however it is cut."""

from __future__ import annotations

import pytest

from trimtab.serve import wire


def test_frames_survive_any_cut_of_the_stream() -> None:
    payloads = [b"", b"{}", b"x" * 5_000]
    stream = b"".join(wire.frame(wire.SCORE, place, payload) for place, payload in enumerate(payloads))
    for size in (1, 2, 3, 8, 9, 10, 4_096, len(stream)):
        frames = wire.Frames()
        found = [one for at in range(0, len(stream), size) for one in frames.feed(stream[at : at + size])]
        assert found == [(wire.SCORE, place, payload) for place, payload in enumerate(payloads)]


def test_a_stream_of_something_else_is_noticed() -> None:
    with pytest.raises(wire.WireError, match=r"a frame of \d+ bytes"):
        wire.Frames().feed(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(wire.WireError, match="a frame of 0 bytes"):
        wire.Frames().feed(b"\0" * 16)


def test_values_that_json_has_not_are_not_sent() -> None:
    assert wire.decode(wire.encode({"columns": [[1.5, None, "ä", True]]})) == {"columns": [[1.5, None, "ä", True]]}
    with pytest.raises(ValueError, match="Out of range float"):
        wire.encode([float("nan")])
    with pytest.raises(wire.WireError, match="is not JSON"):
        wire.decode(b"{")


def test_floats_arrive_bit_for_bit() -> None:
    numbers = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0]
    assert [repr(number) for number in wire.decode(wire.encode(numbers))] == [repr(number) for number in numbers]
