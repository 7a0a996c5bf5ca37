"""Files as tables that are read batch by batch: which batches come, what is told of a file, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from trimtab.app.data import profile
from trimtab.base.errors import DriverError
from trimtab.data.profile import merge_all
from trimtab.data.profiler import Profiler
from trimtab.data.scan import Scan, pieces_of
from trimtab.drivers.sources import SourceError, open_source, open_table, read_source
from trimtab.drivers.sources.batching import CELLS, MOST_ROWS, batch_rows, cut
from trimtab.drivers.sources.columnar import windows
from trimtab.drivers.sources.footer import RowGroup, equal_lengths, read_groups
from trimtab.drivers.sources.memory import open_memory
from trimtab.spec.project import Source

TABLE = pl.DataFrame({"n": [1, 2, None], "t": ["x", None, "z"], "f": [1.5, 2.5, 3.5]})
EVERY_TYPE = pl.DataFrame(
    {
        "u8": pl.Series([1, None], dtype=pl.UInt8),
        "i128": pl.Series([2**70, 1], dtype=pl.Int128),
        "dec": pl.Series([Decimal("1.50"), None], dtype=pl.Decimal(10, 2)),
        "cat": pl.Series(["a", None], dtype=pl.Categorical),
        "enum": pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])),
        "list": pl.Series([[1, 2], None]),
        "struct": pl.Series([{"x": 1, "y": "a"}, {"x": None, "y": "b"}]),
        "zoned": pl.Series([datetime(2026, 1, 1, tzinfo=UTC), None]).dt.convert_time_zone("Europe/Zurich"),
        "naive": pl.Series([datetime(2026, 1, 1, tzinfo=UTC), None]).dt.replace_time_zone(None),
        "date": [date(2026, 1, 1), None],
        "time": [time(1, 2, 3), None],
        "span": [timedelta(days=1), None],
        "bytes": [b"ab", None],
        "none": pl.Series([None, None], dtype=pl.Null),
        "truth": [True, None],
    }
)


def rows(scan: Scan, columns: Sequence[str] | None = None) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=scan.schema).select(columns or scan.schema.names()), *scan.batches(columns)])


@pytest.mark.parametrize("name", ["rows.parquet", "rows.pq", "rows.arrow", "rows.feather", "rows.ipc", "ROWS.PARQUET"])
def test_a_file_is_read_as_often_as_needed_and_only_the_columns_that_are_asked_for(tmp_path: Path, name: str) -> None:
    write = TABLE.write_parquet if Path(name).suffix.lower() in (".parquet", ".pq") else TABLE.write_ipc
    write(tmp_path / name)
    scan = open_table(name, root=tmp_path)
    assert (scan.name, scan.rows, scan.schema) == (name, 3, TABLE.schema)
    assert rows(scan).equals(rows(scan))
    assert rows(scan).equals(TABLE)
    assert rows(scan, ["f", "n"]).equals(TABLE.select("f", "n"))


@pytest.mark.parametrize("name", ["rows.parquet", "rows.arrow"])
def test_types_come_as_they_are_stored(tmp_path: Path, name: str) -> None:
    table = EVERY_TYPE
    (table.write_parquet if name.endswith("parquet") else table.write_ipc)(tmp_path / name)
    scan = open_table(tmp_path / name)
    assert scan.schema == table.schema
    assert rows(scan).equals(table)


@pytest.mark.parametrize("group", [100, 1_000, 70_000, 400_000])
def test_batches_are_bounded_whatever_the_row_groups(tmp_path: Path, group: int) -> None:
    table = pl.DataFrame({"n": range(300_000)}).with_columns((pl.col("n") % 7).cast(pl.String).alias("t"))
    table.write_parquet(tmp_path / "rows.parquet", row_group_size=group)
    scan = open_table(tmp_path / "rows.parquet")
    batches = list(scan.batches())
    assert all(0 < batch.height <= 1.5 * MOST_ROWS for batch in batches)
    assert len(batches) <= 6
    assert pl.concat(batches).equals(table)


def test_a_wide_table_has_shorter_batches(tmp_path: Path) -> None:
    table = pl.DataFrame({f"c{place}": np.arange(3_000) + place for place in range(5_000)})
    table.write_parquet(tmp_path / "rows.parquet")
    batches = list(open_table(tmp_path / "rows.parquet").batches())
    assert max(batch.height for batch in batches) <= 1.5 * batch_rows(5_000) < 1.5 * table.height
    assert pl.concat(batches).equals(table)


@pytest.mark.parametrize(("rows", "sizes"), [(0, []), (9, [9]), (14, [14]), (16, [8, 8]), (26, [9, 9, 8])])
def test_a_cut_leaves_no_short_remainder(rows: int, sizes: list[int]) -> None:
    assert [part.height for part in cut(pl.DataFrame({"n": range(rows)}), 10)] == sizes


@pytest.mark.parametrize(("columns", "expected"), [(0, MOST_ROWS), (30, MOST_ROWS), (1_000, 12_000), (100_000, 1_024)])
def test_a_batch_has_twelve_million_cells_at_most_about(columns: int, expected: int) -> None:
    assert batch_rows(columns) == expected


@pytest.mark.parametrize(
    "groups",
    [[], [0], [5], [10] * 50, [50_000, 90_000, 3, 2_000_000, 1], [MOST_ROWS, MOST_ROWS + 1], [0, 7, 0, 200_000]],
)
def test_windows_are_the_file_and_never_cross_into_a_slice(groups: list[int]) -> None:
    found = list(windows([RowGroup(rows=count, stored=count) for count in groups], 30))
    assert [window.first for window in found] == [sum(w.rows for w in found[:place]) for place in range(len(found))]
    assert sum(window.rows for window in found) == sum(groups)
    assert all(0 < window.rows <= CELLS // 30 + 1 for window in found)


@pytest.mark.parametrize(
    ("rows", "groups", "first", "lengths"),
    [
        (0, 0, 0, []),
        (7, 1, 99, [7]),
        (30, 3, 10, [10, 10, 10]),
        (25, 3, 10, [10, 10, 5]),
        (31, 3, 10, None),
        (20, 3, 10, None),
        (0, 2, 0, None),
        (5, 2, 8, None),
    ],
)
def test_groups_are_taken_for_equal_where_their_number_and_the_rows_agree(
    rows: int, groups: int, first: int, lengths: list[int] | None
) -> None:
    assert equal_lengths(rows, groups, first) == lengths


def test_the_footer_is_read_as_pyarrow_reads_it(tmp_path: Path) -> None:
    table = pl.concat([EVERY_TYPE.drop("i128", "none")] * 500)
    names = ("polars", "pyarrow", "bare", "uneven", "lists", "none", "one")
    paths = [tmp_path / f"{name}.parquet" for name in names]
    table.write_parquet(paths[0], row_group_size=300, statistics="full", metadata={"k": "v" * 5_000})
    pq.write_table(table.drop("cat", "enum").to_arrow(), paths[1], row_group_size=170, store_schema=True)
    pq.write_table(table.select("u8").to_arrow(), paths[2], compression="none", write_statistics=False)
    with pq.ParquetWriter(paths[3], table.select("u8").to_arrow().schema) as writer:
        for rows in (3, 50, 0, 7, 200):
            writer.write_table(table.select("u8").head(rows).to_arrow(), row_group_size=max(1, rows))
    pq.write_table(table.select(pl.concat_list("u8", "u8"), "date").to_arrow(), paths[4], row_group_size=100)
    table.clear().write_parquet(paths[5])
    table.write_parquet(paths[6])
    for path in paths:
        told = pq.ParquetFile(path).metadata
        groups = [told.row_group(place) for place in range(told.num_row_groups)]
        with path.open("rb") as content:
            found = read_groups(content)
        assert found is not None
        assert [group.rows for group in found] == [group.num_rows for group in groups]
        assert sum(group.stored for group in found) <= path.stat().st_size


def test_a_file_without_rows_has_a_schema_and_no_batches(tmp_path: Path) -> None:
    TABLE.clear().write_parquet(tmp_path / "none.parquet")
    TABLE.clear().write_ipc(tmp_path / "none.arrow")
    (tmp_path / "none.csv").write_text("n,t\n")
    (tmp_path / "bare.csv").write_text("n,t")
    for name in ("none.parquet", "none.arrow", "none.csv", "bare.csv"):
        scan = open_table(name, root=tmp_path)
        assert (scan.rows, list(scan.batches())) == (0, [])
        assert scan.schema.names()[:2] == ["n", "t"]


def test_files_of_a_glob_are_one_table_in_the_order_of_their_names(tmp_path: Path) -> None:
    pl.DataFrame({"n": [3, 4], "t": ["c", "d"]}).write_parquet(tmp_path / "b.parquet")
    pl.DataFrame({"t": ["a", "b"], "n": [1.5, 2]}).write_parquet(tmp_path / "c.parquet")
    pl.DataFrame({"n": [None], "t": ["z"]}, schema={"n": pl.Null, "t": pl.String}).write_parquet(tmp_path / "a.parquet")
    scan = open_table("*.parquet", root=tmp_path)
    assert (scan.name, scan.rows) == ("*.parquet", 5)
    assert scan.schema == pl.Schema({"n": pl.Float64(), "t": pl.String()})
    assert rows(scan).rows() == [(None, "z"), (3.0, "c"), (4.0, "d"), (1.5, "a"), (2.0, "b")]


def test_formats_may_differ_within_a_glob(tmp_path: Path) -> None:
    TABLE.write_parquet(tmp_path / "a.parquet")
    TABLE.write_csv(tmp_path / "b.csv")
    TABLE.write_ipc(tmp_path / "c.arrow")
    assert rows(open_table("[abc].*", root=tmp_path)).equals(pl.concat([TABLE] * 3))


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_a_category_in_one_file_is_a_text_in_another(tmp_path: Path, name: str) -> None:
    texts = pl.DataFrame({"c": ["x", None, "y"], "n": [1, 2, 3]})
    frames = [
        texts.with_columns(pl.col("c").cast(pl.Categorical)),
        texts,
        texts.with_columns(pl.col("c").cast(pl.Enum(["y", "x"]))),
        texts.with_columns(pl.lit(None).alias("c")),
    ]
    for place, frame in enumerate(frames):
        path = tmp_path / f"{place}{name}"
        frame.write_ipc(path) if name.endswith("arrow") else frame.write_parquet(path)
    texts.write_csv(tmp_path / "9.csv")
    scan = open_table("*a.*", root=tmp_path)
    assert scan.schema == pl.Schema({"c": pl.String, "n": pl.Int64})
    assert rows(scan)["c"].to_list() == ["x", None, "y"] * 3 + [None] * 3
    assert rows(open_table("[0-9]*.*", root=tmp_path))["c"].to_list() == ["x", None, "y"] * 3 + [None] * 3 + [
        "x",
        None,
        "y",
    ]
    parts = [profile(tmp_path / f"{place}{name}").profile for place in range(4)]
    assert merge_all(parts) == profile(str(tmp_path / "*a.*")).profile


@pytest.mark.parametrize("order", ["012", "102", "201", "210"])
def test_words_for_gaps_stay_texts_beside_categories_too(tmp_path: Path, order: str) -> None:
    category = pl.DataFrame({"c": pl.Series(["x", "y"], dtype=pl.Categorical)})
    one, two, three = list(order)
    category.write_parquet(tmp_path / f"{one}.parquet")
    category.with_columns(pl.col("c").cast(pl.String)).write_parquet(tmp_path / f"{two}.parquet")
    (tmp_path / f"{three}.csv").write_text("c\nNA\nNULL\n")
    assert sorted(rows(open_table("*", root=tmp_path))["c"].to_list()) == ["NA", "NULL", "x", "x", "y", "y"]


def test_a_category_alone_stays_one(tmp_path: Path) -> None:
    category = pl.DataFrame({"c": pl.Series(["x", "y"], dtype=pl.Categorical)})
    for place, frame in enumerate((category, category.with_columns(pl.lit(None).alias("c")))):
        frame.write_parquet(tmp_path / f"{place}.parquet")
    assert open_table("*.parquet", root=tmp_path).schema == pl.Schema({"c": pl.Categorical()})


def test_files_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    TABLE.write_parquet(tmp_path / "a.parquet")
    TABLE.with_columns(pl.col("n").cast(pl.String)).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(SourceError, match=r"b\.parquet and a\.parquet differ in n"):
        open_table(tmp_path / "*.parquet")


@pytest.mark.parametrize(
    ("name", "sentence", "fix"),
    [
        ("gone.parquet", "no file matches gone.parquet", "relative to the current folder"),
        ("row.parquet", "no file matches row.parquet", "Did you mean rows.parquet?"),
        ("*.pq", "no file matches *.pq", "Correct the name"),
        ("folder", "folder is a folder", "for example folder/*.parquet"),
        ("rows.xlsx", "the name of rows.xlsx does not say how its rows are written", ".csv.gz"),
        ("rows.parquet.gz", "the name of rows.parquet.gz does not say", ".csv.gz"),
        ("s3://bucket/rows.parquet", "s3:// is not a place that this Trimtab reads tables from", "Use http"),
        ("empty.parquet", "empty.parquet is empty", "Write the table again"),
        ("half.parquet", "(it does not end with PAR1: it was cut off)", "Write it anew"),
        ("text.parquet", "(it begins with 'a,b', as text does)", "Write it anew"),
        ("other.arrow", "is not an Arrow file, or a damaged one (by its first bytes it is Parquet)", "Write it"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_is_refused(tmp_path: Path, name: str, sentence: str, fix: str) -> None:
    TABLE.write_parquet(tmp_path / "rows.parquet")
    content = (tmp_path / "rows.parquet").read_bytes()
    (tmp_path / "other.arrow").write_bytes(content)
    (tmp_path / "half.parquet").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n")
    for other in ("empty.parquet", "rows.xlsx", "rows.parquet.gz"):
        (tmp_path / other).touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(SourceError, match=re.escape(sentence)) as caught:
        open_table(name, root=tmp_path)
    assert fix in caught.value.fix


def test_damage_inside_of_a_file_is_told_when_its_rows_are_read(tmp_path: Path) -> None:
    pl.DataFrame({"n": np.random.default_rng(0).normal(size=50_000)}).write_parquet(tmp_path / "rows.parquet")
    content = bytearray((tmp_path / "rows.parquet").read_bytes())
    content[100:5_000] = bytes(4_900)
    (tmp_path / "rows.parquet").write_bytes(content)
    with pytest.raises(SourceError, match=r"rows\.parquet is not a Parquet file, or a damaged one"):
        list(open_table(tmp_path / "rows.parquet").batches())


def test_a_file_that_goes_while_it_is_read_is_a_drivers_error(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")
    scan = open_table(tmp_path / "rows.csv")
    (tmp_path / "rows.csv").unlink()
    with pytest.raises(DriverError, match=r"cannot read .*rows\.csv"):
        list(scan.batches())


def test_a_projects_table_is_opened_as_it_is_stored(tmp_path: Path) -> None:
    times = [datetime(2026, 3, day, tzinfo=UTC) for day in (3, 1, 2)]
    stored = TABLE.with_columns(pl.Series("ts", times))
    stored.write_parquet(tmp_path / "rows.parquet")
    source = Source(path="rows.parquet", time="ts", label="f", key="n", zone=None)
    assert rows(open_source(tmp_path, source)).equals(stored)
    assert read_source(tmp_path, source).equals(stored.sort("ts"))


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_folders_named_like_partitions_add_no_column_and_are_told(tmp_path: Path, ending: str) -> None:
    for day in (1, 2):
        (tmp_path / f"n=1/day={day}").mkdir(parents=True)
        written(TABLE, tmp_path / f"n=1/day={day}/rows.{ending}")
    found = open_table(f"n=1/day=*/*.{ending}", root=tmp_path)
    assert found.schema == TABLE.schema
    assert profile(found).notes == (
        "day: stands in the names of folders (day=1) and in no file, so it is not read as a column",
    )


def written(table: pl.DataFrame, file: Path) -> None:
    match file.suffix:
        case ".csv":
            table.write_csv(file)
        case ".arrow":
            table.write_ipc(file)
        case _:
            table.write_parquet(file)


@pytest.mark.parametrize("columns", [2, 200])
@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow"])
def test_a_column_may_be_called_as_polars_calls_all_of_them(tmp_path: Path, ending: str, columns: int) -> None:
    table = pl.DataFrame({"b": [1.5, 2.5], "*": [3.5, 4.5], **{f"c{place}": [0.5, 1.5] for place in range(columns)}})
    file = tmp_path / f"rows.{ending}"
    written(table, file)
    scan = open_table(file.name, root=tmp_path)
    for found in (scan, open_memory(table), open_memory(table.lazy())):
        assert pl.concat(found.batches()).equals(table)
        assert pl.concat(found.batches(["*", "b"])).rows() == [(3.5, 1.5), (4.5, 2.5)]
        profiler = Profiler(found.schema)
        for pieces in pieces_of(found):
            profiler.add_pieces(pieces)
        counts = {name: column.count for name, column in profiler.profile().columns.items()}
        assert counts == dict.fromkeys(table.columns, 2)


@pytest.mark.parametrize("columns", [2, 200])
@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow"])
def test_a_column_whose_name_is_a_pattern_for_names_is_refused(tmp_path: Path, ending: str, columns: int) -> None:
    table = pl.DataFrame({"^b$": [1.5, 2.5], **{f"c{place}": [0.5, 1.5] for place in range(columns)}})
    file = tmp_path / f"rows.{ending}"
    written(table, file)
    for what in (file, table, table.lazy()):
        with pytest.raises(SourceError, match=r"is called '\^b\$', which Polars reads as a pattern for names"):
            open_table(what)
