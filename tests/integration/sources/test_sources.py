"""What a project's files may look like, and what is said of those that cannot be read without guessing."""

from __future__ import annotations

import functools
import http.server
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from trimtab.base.errors import DriverError, ProblemsError
from trimtab.drivers.sources import SourceColumnError, SourceError, read_source, source_problems, source_schema
from trimtab.spec.project import Source

UTC_TIMES = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (3, 1, 2)]
TABLE = pl.DataFrame({"ts": UTC_TIMES, "id": [30, 10, 20], "amount": [3.5, 1.5, 2.5], "fraud": [True, False, None]})
CSV = "ts,id,amount,fraud\n2026-03-03T12:00:00Z,30,3.5,true\n2026-03-01T13:00:00+01:00,10,1.5,false\n"


def source(path: str, *, key: str | None = "id", zone: str | None = None) -> Source:
    return Source(path=path, time="ts", label="fraud", key=key, zone=zone)


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return name


def test_parquet_comes_in_the_order_of_time_with_utc_microseconds(tmp_path: Path) -> None:
    TABLE.with_columns(pl.col("ts").dt.cast_time_unit("ns")).write_parquet(tmp_path / "rows.parquet")
    read = read_source(tmp_path, source("rows.parquet"))
    assert read.equals(TABLE.sort("ts"))
    assert read.schema["ts"] == pl.Datetime("us", "UTC")


def test_arrow_files_and_absolute_paths_are_read(tmp_path: Path) -> None:
    TABLE.write_ipc(tmp_path / "rows.arrow")
    assert read_source(Path("/nowhere"), source(str(tmp_path / "rows.arrow"))).equals(TABLE.sort("ts"))


def test_csv_has_numbers_text_and_times_with_offsets(tmp_path: Path) -> None:
    read = read_source(tmp_path, source(write(tmp_path, "rows.csv", CSV)))
    assert read["ts"].to_list() == [UTC_TIMES[1], UTC_TIMES[0]]
    assert dict(zip(read.columns[1:], read.dtypes[1:], strict=True)) == {
        "id": pl.Int64(),
        "amount": pl.Float64(),
        "fraud": pl.Boolean(),
    }
    tabs = write(tmp_path, "rows.TSV", CSV.replace(",", "\t"))
    assert read_source(tmp_path, source(tabs)).equals(read)


def test_a_value_late_in_a_csv_decides_the_type_too(tmp_path: Path) -> None:
    rows = "".join(f"2026-03-01T00:00:{second % 60:02}Z,{second},1,true\n" for second in range(2_000))
    text = "ts,id,amount,fraud\n" + rows + "2026-03-01T01:00:00Z,9999,1.25,true\n"
    assert read_source(tmp_path, source(write(tmp_path, "rows.csv", text))).schema["amount"] == pl.Float64()


def test_rows_of_one_time_stay_in_the_order_of_files_and_rows(tmp_path: Path) -> None:
    same = TABLE.with_columns(pl.lit(UTC_TIMES[0]).alias("ts"))
    same.with_columns(id=pl.Series([4, 5, 6])).write_parquet(tmp_path / "b.parquet")
    same.with_columns(id=pl.Series([9, 8, 7])).write_parquet(tmp_path / "a.parquet")
    assert read_source(tmp_path, source("*.parquet"))["id"].to_list() == [9, 8, 7, 4, 5, 6]


def test_a_glob_takes_files_of_several_folders_and_whole_numbers_go_with_others(tmp_path: Path) -> None:
    for month, dtype in (("01", pl.Int32()), ("02", pl.Float32())):
        (tmp_path / "data" / month).mkdir(parents=True)
        part = TABLE.with_columns(pl.col("amount").round().cast(dtype), pl.col("id") + int(month))
        part.write_parquet(tmp_path / "data" / month / "part-[1].parquet")
    read = read_source(tmp_path, source("data/**/*.parquet"))
    assert read.height == 6
    assert read.schema["amount"].is_float()
    assert read_source(tmp_path, source("data/01/part-[1].parquet")).height == 3


@pytest.mark.parametrize(
    ("path", "sentence", "fix"),
    [
        ("gone.parquet", "no file matches [data] source gone.parquet", "The path is relative to trimtab.toml"),
        ("row.parquet", "no file matches [data] source row.parquet", "Did you mean rows.parquet?"),
        ("data/*.parquet", "no file matches [data] source data/*.parquet", "The path is relative"),
        ("folder", "folder is a folder", "for example folder/*.parquet"),
        ("rows.xlsx", "the name of rows.xlsx does not say how its rows are written", ".parquet, .pq, .csv"),
        (
            "s3://bucket/rows.parquet",
            "s3:// is not a place that this Trimtab reads tables from",
            "Use http, https or a path",
        ),
    ],
)
def test_a_path_that_leads_nowhere_is_named(tmp_path: Path, path: str, sentence: str, fix: str) -> None:
    TABLE.write_parquet(tmp_path / "rows.parquet")
    (tmp_path / "rows.xlsx").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(SourceError, match=re.escape(sentence)) as caught:
        read_source(tmp_path, source(path))
    assert fix in caught.value.fix


@pytest.mark.parametrize("name", ["rows.parquet", "rows.arrow"])
def test_a_file_of_another_format_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, CSV)
    with pytest.raises(SourceError, match=rf"{name} is not an? (Parquet|Arrow) file, or a damaged one \("):
        read_source(tmp_path, source(name))


@pytest.mark.parametrize("name", ["rows.parquet", "rows.arrow", "rows.csv"])
def test_an_empty_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(SourceError, match=rf"{name} is empty"):
        read_source(tmp_path, source(name))


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the table has no rows"):
        read_source(tmp_path, source(write(tmp_path, "rows.csv", "ts,id,amount,fraud\n")))


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("ts,id,fraud\n2026-03-01T00:00Z,1,true\n2026-03-02T00:00Z,2\n", 3, "has 2 fields, and the header has 3"),
        ("ts,id,fraud\n2026-03-01T00:00Z,1,true,9\n", 2, "has 4 fields, and the header has 3"),
        ('ts,id,fraud\n2026-03-01T00:00:00Z,"a\nb",true\nx\n', 4, "has 1 field, and the header has 3"),
        ("ts,id,id\n2026-03-01T00:00Z,1,true\n", 1, "the column 'id' is there 2 times"),
    ],
)  # fmt: skip
def test_a_ragged_csv_is_refused_with_its_line(tmp_path: Path, text: str, line: int, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence) as caught:
        read_source(tmp_path, source(write(tmp_path, "rows.csv", text)))
    assert caught.value.at == f"rows.csv:{line}"


def test_blank_lines_and_unlabelled_rows_of_a_csv_are_no_mistakes(tmp_path: Path) -> None:
    text = "ts,id,fraud\n2026-03-01T00:00Z,1,true\n\n2026-03-02T00:00Z,2,\n\n"
    read = read_source(tmp_path, source(write(tmp_path, "rows.csv", text)))
    assert read["fraud"].to_list() == [True, None]


def test_a_csv_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes("ts,id,fraud\n2026-03-01T00:00:00Z,Zürich,true\n".encode("latin-1"))
    with pytest.raises(SourceError, match=r"rows\.csv:2: rows\.csv is not UTF-8: byte 35 is 0xFC") as caught:
        read_source(tmp_path, source("rows.csv"))
    assert "iconv -f LATIN1 -t UTF-8 rows.csv" in caught.value.fix


@pytest.mark.parametrize("role", ["time", "label", "key"])
def test_a_missing_column_is_named_with_its_role(tmp_path: Path, role: str) -> None:
    renamed = {"time": "ts", "label": "fraud", "key": "id"}[role]
    TABLE.rename({renamed: f"{renamed}_"}).write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(SourceError, match=rf"no column '{renamed}', which \[data\] {role} names") as caught:
        read_source(tmp_path, source("rows.parquet"))
    assert f'Did you mean "{renamed}_"?' in caught.value.fix


def test_semicolons_are_recognised(tmp_path: Path) -> None:
    read = read_source(tmp_path, source(write(tmp_path, "rows.csv", CSV.replace(",", ";"))))
    assert read.equals(read_source(tmp_path, source(write(tmp_path, "commas.csv", CSV))))


def test_naive_times_are_refused_until_the_project_names_their_zone(tmp_path: Path) -> None:
    TABLE.with_columns(pl.col("ts").dt.replace_time_zone(None)).write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(SourceError, match="the times in 'ts' have no zone") as caught:
        read_source(tmp_path, source("rows.parquet"))
    assert "[data] zone" in caught.value.fix
    read = read_source(tmp_path, source("rows.parquet", zone="Europe/Berlin"))
    assert read["ts"][0] == datetime(2026, 3, 1, 11, tzinfo=UTC)


def test_naive_times_as_text_are_refused_until_the_project_names_their_zone(tmp_path: Path) -> None:
    name = write(tmp_path, "rows.csv", "ts,id,fraud\n2026-03-01 12:00:00,1,true\n")
    with pytest.raises(SourceError, match=r"the times in 'ts' have no zone \(for example '2026-03-01 12:00:00'\)"):
        read_source(tmp_path, source(name))
    assert read_source(tmp_path, source(name, zone="UTC"))["ts"][0] == UTC_TIMES[1]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("yesterday", "1 row without a usable time in 'ts'; the first is row 1: 'yesterday'"),
        ("", "1 row without a usable time in 'ts'; the first is row 1: null"),
        ("1700000000", "without a usable time in 'ts'; the first is row 1: '1700000000'"),
    ],
)
def test_a_time_that_is_none_is_refused(tmp_path: Path, value: str, sentence: str) -> None:
    text = f"ts,id,fraud\n2026-03-01T12:00:00Z,1,true\n{value},2,true\n"
    with pytest.raises(SourceError, match=sentence):
        read_source(tmp_path, source(write(tmp_path, "rows.csv", text)))


def test_rows_that_are_there_twice_are_refused_if_they_have_a_key(tmp_path: Path) -> None:
    for name in ("a.parquet", "a-copy.parquet"):
        TABLE.write_parquet(tmp_path / name)
    with pytest.raises(SourceError, match=r"3 rows are there twice \(for example id 30\)"):
        read_source(tmp_path, source("*.parquet"))
    assert read_source(tmp_path, source("*.parquet", key=None)).height == 6


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (pl.col("amount").cast(pl.String), r"b\.parquet and a\.parquet differ in amount"),
        (pl.col("amount").alias("extra"), r"b\.parquet and a\.parquet differ in extra"),
        (pl.col("ts").dt.convert_time_zone("Europe/Berlin"), r"b\.parquet and a\.parquet differ in ts"),
    ],
)
def test_files_that_do_not_go_together_are_named(tmp_path: Path, change: pl.Expr, sentence: str) -> None:
    TABLE.write_parquet(tmp_path / "a.parquet")
    TABLE.with_columns(change).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(SourceError, match=sentence):
        read_source(tmp_path, source("*.parquet"))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def test_a_file_behind_a_url_is_read(tmp_path: Path, server: str) -> None:
    TABLE.write_parquet(tmp_path / "rows.parquet")
    write(tmp_path, "rows.csv", CSV)
    assert read_source(tmp_path, source(f"{server}/rows.parquet?token=secret")).equals(TABLE.sort("ts"))
    assert read_source(tmp_path, source(f"{server}/rows.csv")).height == 2


def test_what_is_wrong_with_a_url_is_said_without_its_secrets(tmp_path: Path, server: str) -> None:
    with pytest.raises(SourceError, match=r"gone\.csv cannot be had: the server answers 404 File not found") as caught:
        read_source(tmp_path, source(f"{server}/gone.csv?token=secret"))
    assert "secret" not in str(caught.value)
    write(tmp_path, "rows.csv", CSV.replace("ts,", "time,"))
    with pytest.raises(SourceError, match="no column 'ts'") as caught:
        read_source(tmp_path, source(f"{server}/rows.csv?token=secret"))
    assert "secret" not in str(caught.value)


def test_a_server_that_does_not_answer_is_a_drivers_error(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match=r"http://127\.0\.0\.1:9/rows\.csv cannot be had: Connection refused"):
        read_source(tmp_path, source("http://127.0.0.1:9/rows.csv"))


def test_what_the_headers_tell_is_said_all_at_once(tmp_path: Path) -> None:
    TABLE.rename({"ts": "when", "fraud": "label"}).write_parquet(tmp_path / "rows.parquet")
    problems = source_problems(tmp_path, source("rows.parquet"))
    assert [problem.setting for problem in problems if isinstance(problem, SourceColumnError)] == ["time", "label"]
    with pytest.raises(ProblemsError, match=r"no column 'ts'(.|\n)*no column 'fraud'"):
        read_source(tmp_path, source("rows.parquet"))
    assert source_problems(tmp_path, source("gone.parquet"))[0].problem == "no file matches [data] source gone.parquet"


def test_a_good_table_has_no_problems_whatever_it_is_written_in(tmp_path: Path, server: str) -> None:
    TABLE.write_parquet(tmp_path / "rows.parquet")
    TABLE.write_ipc(tmp_path / "rows.arrow")
    write(tmp_path, "rows.csv", CSV)
    for place in ("rows.parquet", "rows.arrow", "rows.csv", f"{server}/rows.parquet", f"{server}/rows.csv"):
        assert source_problems(tmp_path, source(place)) == ()
        assert source_schema(tmp_path, source(place)).names() == TABLE.columns


@pytest.mark.parametrize("dtype", [pl.Float64(), pl.Boolean()])
def test_a_time_column_of_another_type_is_told_from_the_header(tmp_path: Path, dtype: pl.DataType) -> None:
    TABLE.with_columns(pl.lit(1).cast(dtype).alias("ts")).write_parquet(tmp_path / "rows.parquet")
    (problem,) = source_problems(tmp_path, source("rows.parquet"))
    assert f"the time column 'ts' is stored as {dtype}, which is no time" in str(problem)


def test_a_path_may_come_from_the_environment_and_is_not_shown_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    TABLE.write_parquet(tmp_path / "rows.parquet")
    monkeypatch.setenv("ROWS", f"{server}/rows.parquet")
    assert read_source(tmp_path, source("${env:ROWS}")).height == 3
    monkeypatch.setenv("ROWS", f"{server}/secret.parquet")
    with pytest.raises(SourceError, match="the server answers 404") as caught:
        read_source(tmp_path, source("${env:ROWS}"))
    assert "secret" not in str(caught.value)


def test_a_project_folder_with_glob_letters_in_its_name_is_read(tmp_path: Path) -> None:
    root = tmp_path / "[a]*"
    root.mkdir()
    TABLE.write_parquet(root / "rows.parquet")
    assert read_source(root, source("rows.parquet")).height == 3
    assert read_source(root, source("*.parquet")).height == 3
