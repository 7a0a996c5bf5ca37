"""Times and spans: one form inside, refused at the edge when they are ambiguous."""

from datetime import datetime

import pytest

from trimtab.base.errors import InputError
from trimtab.base.instants import (
    DAY,
    HOUR,
    MILLISECOND,
    floor_to,
    format_instant,
    format_span,
    from_datetime,
    parse_instant,
    parse_span,
    to_datetime,
)


@pytest.mark.parametrize(
    ("text", "span"),
    [("7d", 7 * DAY), ("1d 12h", DAY + 12 * HOUR), ("5ms", 5 * MILLISECOND), ("1.5h", HOUR * 3 // 2), ("2w", 14 * DAY)],
)
def test_a_length_of_time_is_read_from_text(text: str, span: int) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "7", "d", "7 parsecs", "-1d", "7d!"])
def test_what_is_no_length_of_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match="is not a length of time"):
        parse_span(text)


def test_a_span_is_written_as_it_is_read() -> None:
    assert format_span(parse_span("1d 12h")) == "1d 12h"
    assert format_span(0) == "0s"
    assert format_span(-HOUR) == "-1h"


def test_an_offset_is_brought_to_utc() -> None:
    assert format_instant(parse_instant("2026-03-01T14:30:00+02:00")) == "2026-03-01T12:30:00Z"


def test_a_naive_time_is_refused_unless_its_zone_is_named() -> None:
    with pytest.raises(InputError, match="has no zone"):
        parse_instant("2026-07-01T12:00:00")
    assert format_instant(parse_instant("2026-07-01T12:00:00", zone="Europe/Vienna")) == "2026-07-01T10:00:00Z"


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(InputError, match="has no zone"):
        from_datetime(datetime(2026, 1, 1))  # noqa: DTZ001 - the naive time is the test


def test_text_that_is_no_time_is_refused() -> None:
    with pytest.raises(InputError, match="is not a time"):
        parse_instant("yesterday")


def test_microseconds_survive_the_way_to_a_datetime_and_back() -> None:
    instant = parse_instant("2026-03-01T14:30:00.000001Z")
    assert format_instant(instant) == "2026-03-01T14:30:00.000001Z"
    assert from_datetime(to_datetime(instant)) == instant


def test_days_begin_at_midnight_utc() -> None:
    assert format_instant(floor_to(parse_instant("1996-05-07T13:30:00Z"), DAY)) == "1996-05-07T00:00:00Z"
