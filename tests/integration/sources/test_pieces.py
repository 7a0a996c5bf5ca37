"""Rows of a table that come a few columns at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trimtab.data.column_profile import different_values
from trimtab.data.profiler import Profiler
from trimtab.data.scan import Scan, WideScan, pieces_of
from trimtab.drivers.sources.batching import MOST_ROWS, NARROW
from trimtab.drivers.sources.memory import open_memory
from trimtab.drivers.sources.opening import open_table
from trimtab.drivers.sources.problems import SourceError

COLUMNS = 2 * NARROW
ROWS = MOST_ROWS + 80_000


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    chance = np.random.default_rng(7)
    columns = {f"n{place}": chance.integers(-50, 50, ROWS).astype(np.int8) for place in range(COLUMNS - 2)}
    return pl.DataFrame({"t": [f"text {row % 11}" for row in range(ROWS)], **columns, "f": chance.random(ROWS)})


def together(scan: Scan) -> tuple[list[int], list[int], pl.DataFrame]:
    """The rows of each batch, the columns of each piece of the last one, and all of it as one table."""
    batches = [[*pieces] for pieces in pieces_of(scan)]
    whole = pl.concat([pl.concat(pieces, how="horizontal") for pieces in batches])
    return [pieces[0].height for pieces in batches], [piece.width for piece in batches[-1]], whole


@pytest.mark.parametrize("group", [10_000, 60_000, 10**9])
def test_a_wide_parquet_file_comes_in_long_batches_of_some_columns(
    tmp_path: Path, table: pl.DataFrame, group: int
) -> None:
    table.write_parquet(tmp_path / "wide.parquet", row_group_size=group)
    rows, columns, whole = together(open_table("wide.parquet", root=tmp_path))
    assert whole.equals(table)
    assert len(rows) == 2
    assert max(rows) <= MOST_ROWS
    assert len(columns) > 1


def test_a_wide_arrow_file_and_a_table_in_memory_do_so_too(tmp_path: Path, table: pl.DataFrame) -> None:
    table.write_ipc(tmp_path / "wide.arrow")
    rows, columns, whole = together(open_table("wide.arrow", root=tmp_path))
    assert whole.equals(table)
    assert (len(rows), columns) == (2, [NARROW] * 2)
    rows, columns, whole = together(open_memory(table))
    assert whole.equals(table)
    assert (len(rows), columns) == (1, [COLUMNS])


def test_a_narrow_file_comes_in_whole_batches(tmp_path: Path, table: pl.DataFrame) -> None:
    narrow = table.select(table.columns[:9])
    narrow.write_parquet(tmp_path / "narrow.parquet")
    narrow.head(1_000).write_csv(tmp_path / "narrow.csv")
    for name, rows in (("narrow.parquet", ROWS), ("narrow.csv", 1_000)):
        heights, columns, whole = together(open_table(name, root=tmp_path))
        assert (sum(heights), columns) == (rows, [9])
        assert whole.rows() == narrow.head(rows).rows()


def test_files_of_one_table_have_its_types_in_pieces_too(tmp_path: Path, table: pl.DataFrame) -> None:
    short = table.head(500)
    short.write_parquet(tmp_path / "a.parquet")
    short.with_columns(pl.col("n3").cast(pl.Int32), pl.col("f").cast(pl.Float32)).write_parquet(tmp_path / "b.parquet")
    scan = open_table("?.parquet", root=tmp_path)
    _, _, whole = together(scan)
    assert whole.schema == scan.schema
    assert whole["n3"].equals(pl.concat([short["n3"], short["n3"]]).cast(scan.schema["n3"]))


def test_the_profile_is_that_of_whole_batches(tmp_path: Path, table: pl.DataFrame) -> None:
    table.write_parquet(tmp_path / "wide.parquet", row_group_size=50_000)
    scan = open_table("wide.parquet", root=tmp_path)
    assert isinstance(scan, WideScan)
    pieces, batches = Profiler(scan.schema), Profiler(scan.schema)
    for batch in scan.batches():
        batches.add(batch)
    for some in scan.pieces():
        pieces.add_pieces(some)
    assert pieces.rows == batches.rows == ROWS
    one, two = pieces.profile(), batches.profile()
    assert one.sample == two.sample
    assert different_values(one.columns["f"]) == different_values(two.columns["f"])
    assert one.columns["t"] == two.columns["t"]
    assert [*one.columns] == [*two.columns] == table.columns


def test_damage_is_told_by_the_file(tmp_path: Path, table: pl.DataFrame) -> None:
    path = tmp_path / "wide.parquet"
    table.write_parquet(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 4_000] = b"\xff" * 4_000
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"wide\.parquet is not a Parquet file, or a damaged one"):
        together(open_table("wide.parquet", root=tmp_path))
