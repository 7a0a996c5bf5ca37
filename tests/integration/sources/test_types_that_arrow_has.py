"""What Arrow can store and Polars cannot: times in a zone without a name are moments; the rest is refused by name."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest

from trimtab.drivers.sources import SourceError, open_source, open_table, read_source
from trimtab.spec.project import Source

ROWS = 20
FIRST = 1_767_225_600_000_000  # 2026-01-01, UTC
TIMES = [FIRST + place * 1_000_000 for place in range(ROWS)]
UNREAD: dict[str, tuple[Any, str]] = {
    "decimal256": (pa.array([Decimal("1.50")] * ROWS, pa.decimal256(50, 2)), "a decimal of 50 digits"),
    "run ends": (pa.RunEndEncodedArray.from_arrays(pa.array([ROWS], pa.int32()), pa.array([1.5])), "run-end encoded"),
    "interval": (pa.array([(1, 2, 3)] * ROWS, pa.month_day_nano_interval()), "an interval of months and days"),
    "list view": (pa.array([[1, 2]] * ROWS, pa.list_view(pa.int64())), "a list view"),
    "union": (
        pa.UnionArray.from_sparse(pa.array([0] * ROWS, pa.int8()), [pa.array([1] * ROWS), pa.array(["x"] * ROWS)]),
        "a union of types",
    ),
    "in a list": (pa.array([[Decimal("1.5")]] * ROWS, pa.list_(pa.decimal256(76, 2))), "a decimal of 76 digits"),
}


def written(column: Any, path: Path) -> Path:
    table = pa.table({"n": pa.array(range(ROWS)), "c": column})
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with ipc.new_file(path, table.schema) as file:
            file.write_table(table)
    return path


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
@pytest.mark.parametrize("kind", UNREAD)
def test_what_cannot_be_read_is_refused_with_its_column_and_type_and_without_a_panic(
    kind: str, ending: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    column, how = UNREAD[kind]
    try:
        path = written(column, tmp_path / f"rows.{ending}")
    except pa.ArrowNotImplementedError:
        pytest.skip("Arrow does not write it there")
    with pytest.raises(SourceError, match=rf"the column 'c' of .*rows\.{ending} is stored as {how}, which is not read"):
        open_table(path)
    with pytest.raises(SourceError, match=f"is stored as {how}"):
        read_source(tmp_path, Source(path=path.name, time="n", label="n"))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("zone", ["+05:30", "-03:30", "+14:00", "-08:00", "Mars/Base"])
@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_times_in_a_zone_without_a_name_are_the_moments_that_they_are(
    ending: str, zone: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POLARS_IGNORE_TIMEZONE_PARSE_ERROR", raising=False)
    path = written(pa.array(TIMES, pa.timestamp("us", tz=zone)), tmp_path / f"rows.{ending}")
    batch = next(open_table(path).batches())
    moments = batch["c"].dt.convert_time_zone("UTC")
    assert moments.to_list()[:2] == [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)]
    assert next(open_table(path).batches(["n"])).columns == ["n"]
    source = Source(path=path.name, time="c", label="n")
    assert open_source(tmp_path, source).schema["c"] == batch.schema["c"]
    assert read_source(tmp_path, source)["c"].to_list()[0] == datetime(2026, 1, 1, tzinfo=UTC)
    assert capfd.readouterr().err == ""


def test_they_are_also_in_lists_and_structs_and_beside_files_with_a_name(tmp_path: Path) -> None:
    zoned = pa.timestamp("ns", tz="+05:45")
    column = pa.array([[{"at": TIMES[0] * 1000}]] * ROWS, pa.list_(pa.struct([("at", zoned)])))
    schema = open_table(written(column, tmp_path / "lists.parquet")).schema
    assert schema["c"] == pl.List(pl.Struct({"at": pl.Datetime("ns", "UTC")}))
    written(pa.array(TIMES, pa.timestamp("us", tz="+05:30")), tmp_path / "day1.parquet")
    written(pa.array(TIMES, pa.timestamp("us", tz="UTC")), tmp_path / "day2.parquet")
    both = open_table(str(tmp_path / "day*.parquet"))
    assert both.schema["c"] == pl.Datetime("us", "UTC")
    assert pl.concat(list(both.batches())).height == 2 * ROWS


def test_a_table_of_arrow_in_memory_is_read_alike() -> None:
    table = pa.table({"c": pa.array(TIMES, pa.timestamp("us", tz="+05:30"))})
    assert open_table(table).schema["c"] == pl.Datetime("us", "UTC")


def test_a_schema_that_is_not_understood_is_left_to_polars(tmp_path: Path) -> None:
    path = written(pa.array(TIMES), tmp_path / "rows.parquet")
    whole = path.read_bytes()
    start = whole.index(b"ARROW:schema")
    path.write_bytes(whole[: start + 20] + b"A" * 80 + whole[start + 100 :])
    with pytest.raises(SourceError, match="or a damaged one"):
        open_table(path)
