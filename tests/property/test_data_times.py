"""Times in bulk are what they are one by one: of any text, in any zone, in any year."""

from __future__ import annotations

from datetime import datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from trimtab.data.columns import read_column
from trimtab.data.kinds import ColumnType
from trimtab.data.scalar import Fault, read_scalar

MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)) | st.sampled_from(  # noqa: DTZ001
    [datetime(9999, 12, 31), datetime(1, 1, 1), datetime(2026, 3, 29, 2, 30), datetime(2100, 7, 1)]  # noqa: DTZ001
)
ZONES = st.sampled_from([None, "UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu"])
OFFSETS = st.sampled_from(
    ["", "Z", "+00:00", "+02:00", "-14:59", "+15:00", "+02", "z", "+0200", "-00:30", "+23:59", "+02:60", " Z"]
)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(st.sampled_from("0123456789"), min_size=count, max_size=count)


def written() -> st.SearchStrategy[str]:
    """Times as programs write them."""
    precision = st.sampled_from(["minutes", "seconds", "milliseconds", "microseconds"])
    return st.builds(
        lambda moment, separator, timespec, offset: moment.isoformat(separator, timespec) + offset,
        MOMENTS, st.sampled_from("T "), precision, OFFSETS,
    )  # fmt: skip


def alike() -> st.SearchStrategy[str]:
    """Texts that look like times, days and hours that do not exist among them."""
    months, fraction = st.sampled_from(["02", "00", "12", "13"]), st.sampled_from(["", ".1", ".123", ".1234567", "."])
    return st.builds(
        lambda year, month, day, hour, minute, second, rest, offset: (
            f"{year}-{month}-{day}T{hour}:{minute}:{second}{rest}{offset}"
        ),
        digits(4), months, digits(2), digits(2), digits(2), digits(2), fraction, OFFSETS,
    )  # fmt: skip


TEXTS = written() | alike() | st.sampled_from(["2026-10-25T02:30:00", "2026-03-01", "", "x", "2026-03-01T00:00:00Z\n"])


@given(st.lists(st.none() | TEXTS, min_size=1, max_size=6), ZONES)
def test_texts_are_read_in_bulk_as_one_by_one(texts: list[str | None], zone: str | None) -> None:
    read = read_column(pl.Series(texts, dtype=pl.String), ColumnType.TIME, zone)
    moments = read.values.to_physical().to_list()
    for place, text in enumerate(texts):
        alone = None if text is None else read_scalar(ColumnType.TIME, text, zone)
        wrong = [rule for rule, mask in read.faults.items() if mask[place]]
        if isinstance(alone, Fault):
            assert (moments[place], wrong) == (None, [alone.rule])
        else:
            assert (moments[place], wrong) == (alone, [])


@given(st.lists(MOMENTS, min_size=1, max_size=4), ZONES.filter(bool), st.sampled_from(["us", "ms"]))
def test_naive_times_are_read_in_bulk_as_one_by_one(moments: list[datetime], zone: str, unit: str) -> None:
    moments = [moment.replace(microsecond=0) for moment in moments]
    read = read_column(pl.Series(moments, dtype=pl.Datetime(unit)), ColumnType.TIME, zone)  # type: ignore[arg-type]
    for moment, value in zip(moments, read.values.to_physical().to_list(), strict=True):
        alone = read_scalar(ColumnType.TIME, moment.isoformat(), zone)
        assert value == (None if isinstance(alone, Fault) else alone)
