"""CSV files as people really have them: what is read, what is told of it, and what is refused with its line."""

from __future__ import annotations

import csv
import gzip
import io
import random
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from trimtab.data.scan import Scan
from trimtab.drivers.sources import SourceError, delimited, open_table
from trimtab.drivers.sources.batching import MOST_ROWS
from trimtab.drivers.sources.file_scan import FilesScan


def opened(folder: Path, content: str | bytes, name: str = "rows.csv") -> Scan:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return open_table(name, root=folder)


def rows(scan: Scan) -> list[tuple[Any, ...]]:
    return [row for batch in scan.batches() for row in batch.rows()]


def notes(scan: Scan) -> tuple[str, ...]:
    assert isinstance(scan, FilesScan)
    return scan.notes


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbfa,b\n1,x\n", [(1, "x")]),
        (b"a,b\r\n1,x\r\n2,y", [(1, "x"), (2, "y")]),
        (b'a,b\n1,"x\ny"\n2,"say ""hi"", ok"\n', [(1, "x\ny"), (2, 'say "hi", ok')]),
        (b'a,b\r\n1,"x\r\ny"\r\n', [(1, "x\r\ny")]),
        (b"\n\na,b\n\n1,x\n\r\n\n2,\n\n", [(1, "x"), (2, None)]),
        (b'a,b\n1,"x\n\ny"\n\n2,z\n', [(1, "x\n\ny"), (2, "z")]),
        (b"a\n1\n\n3\n", [(1,), (None,), (3,)]),
        (b"a,b\n,\n,\n", [(None, None), (None, None)]),
        (b'"a,1","b\nc"\n1,2\n', [(1, 2)]),
        (b'a,b\n"",1\n,2\n', [("", 1), (None, 2)]),
        (b"a,b\n 1, 2.5\n3,4\n", [(1, 2.5), (3, 4.0)]),
        (b'a,b,c\n1 ,"12.50 ",true \n 3,4, FALSE\n,  ,\n', [(1, 12.5, True), (3, 4.0, False), (None, None, None)]),
        (b"a,b\n+1,true\n7,FALSE\n", [(1, True), (7, False)]),
        (b"a,b\n1e5,NaN\n.5,-inf\n", None),
        (b"a\n99999999999999999999\n1\n", [(99999999999999999999,), (1,)]),
        (b"a\n99999999999999999999\n1.5\n", [(1e20,), (1.5,)]),
    ],
)
def test_what_a_csv_says_is_what_is_read(tmp_path: Path, content: bytes, expected: list[tuple[Any, ...]]) -> None:
    scan = opened(tmp_path, content)
    assert notes(scan) == ()
    if expected is not None:
        assert rows(scan) == expected
        assert scan.rows == len(expected)
    assert {batch.schema == scan.schema for batch in scan.batches()} == {True}


@pytest.mark.parametrize(
    ("name", "content", "types", "told"),
    [
        ("rows.csv", "a;b\n1;2\n", [pl.Int64, pl.Int64], ["the separator is ';', not ',', by the first line"]),
        ("rows.csv", "a\tb\n1\tx\n", [pl.Int64, pl.String], [r"the separator is '\t', not ',', by the first line"]),
        ("rows.csv", "a|b\n1|x\n", [pl.Int64, pl.String], ["the separator is '|', not ',', by the first line"]),
        ("rows.tsv", "a,b\n1,x\n", [pl.Int64, pl.String], [r"the separator is ',', not '\t', by the first line"]),
        ("rows.csv", "sep=;\r\na;b\r\n1;x\r\n", [pl.Int64, pl.String], ["the separator is ';'"]),
        ("rows.csv", "a;b\n-1,5;x\n2;y\n", [pl.Float64, pl.String], ["separator", "a decimal comma"]),
        ("rows.csv", "a;b\n1,5;1.5\n", [pl.String, pl.Float64], ["the separator is ';'", "a: read as text"]),
        ("rows.csv", ",b\n0,2\n", [pl.Int64, pl.Int64], ["column 1 has no name in the first line"]),
        ("rows.csv", "#a,b\n1,2\n", [pl.Int64, pl.Int64],
         ["the first line begins with '#' and is taken for the columns'"]),
        ("rows.csv", "1,2.5\n3,4\n", [pl.Int64, pl.Int64],
         ["the first line is taken for the columns' names, and they are numbers"]),
        ("rows.csv", "7,x,2026-01-01\n8,y,2026-01-02\n", [pl.Int64, pl.String, pl.String],
         ["the first line is taken for the columns' names, though some look like values: 7, 2026-01-01"]),
        ("rows.csv", "sep=;\nx;0,5\ny;1,5\n", [pl.String, pl.Float64],
         ["the separator is ';'", "though some look like values: 0,5", "a decimal comma"]),
        ("rows.csv", "n,2025,2026\nx,1,2\n", [pl.String, pl.Int64, pl.Int64], []),
        ("rows.csv", "n,2026-01-01,2026-02-01\nx,1,2\n", [pl.String, pl.Int64, pl.Int64], []),
        ("rows.csv", "n,v1.5,x2\nx,1,2\n", [pl.String, pl.Int64, pl.Int64], []),
        ("rows.csv", "n,b\n" + "1,x\n" * 16 + "x,y\n" + "2,z\n" * 1000, [pl.String, pl.String],
         ["n: 1 of 1,017 values is not a number (row 16), so it is read as text"]),
        ("rows.csv", "n,b\n" + "1,x\n" * 9 + "?,y\n-,z\n", [pl.String, pl.String],
         ["n: 2 of 11 values are not numbers (row 9)"]),
        ("rows.csv", "n,b\n1,x\na,y\nb,z\n", [pl.String, pl.String], []),
        ("rows.csv", "n,b\n01234,x\n99,y\n", [pl.String, pl.String], ["n: some values begin with a zero, so"]),
        ("rows.csv", "n,b\n0,x\n0.5,y\n", [pl.Float64, pl.String], []),
        ("rows.csv", "n,b\ntrue,x\n1,y\n", [pl.String, pl.String], []),
        ("rows.csv", "n,b\n1,\n2,\n", [pl.Int64, pl.String], []),
    ],
)  # fmt: skip
def test_what_is_read_otherwise_than_one_would_think_is_told(
    tmp_path: Path, name: str, content: str, types: list[type[pl.DataType]], told: list[str]
) -> None:
    scan = opened(tmp_path, content, name)
    assert [dtype.base_type() for dtype in scan.schema.dtypes()] == types
    assert len(notes(scan)) == len(told)
    assert all(part in note for part, note in zip(told, notes(scan), strict=True))
    assert sum(batch.height for batch in scan.batches()) == scan.rows


def test_a_value_after_a_million_rows_decides_the_type_too(tmp_path: Path) -> None:
    scan = opened(tmp_path, "amount,n\n" + "12,1\n" * 1_000_000 + "x,1.5\n")
    assert scan.schema == pl.Schema({"amount": pl.String(), "n": pl.Float64()})
    assert notes(scan) == ("amount: 1 of 1,000,001 values is not a number (row 1,000,000), so it is read as text",)
    batches = list(scan.batches())
    assert sum(batch.height for batch in batches) == scan.rows == 1_000_001
    assert max(batch.height for batch in batches) <= 1.5 * MOST_ROWS
    assert batches[-1].rows()[-1] == ("x", 1.5)


@pytest.mark.parametrize(
    ("content", "at", "problem", "fix"),
    [
        (b"a,b\n1,2\n3\n", "rows.csv:3", "this line has 1 field, and the header has 2", "Correct the line"),
        (b"a,b\n\n1,2,3\n4\n", "rows.csv:3", "this line has 3 fields, and the header has 2", "Correct the line"),
        (b'a,b\n1,"x\ny"\n\n3\n', "rows.csv:5", "this line has 1 field", "Correct the line"),
        (b"# made by hand\na,b\n1,2\n3\n", "rows.csv:2", "this line has 2 fields, and the header has 1", "with '#'"),
        (b"# made by hand\na,b\n", "rows.csv:2", "this line has 2 fields, and the header has 1", "are not skipped"),
        (b"a b\n1 2 3\n2 3 4\n".replace(b" ", b"\t"), "rows.csv:1", "the header has one name fewer", "col.names"),
        (b'"a","b"\n"1",2,"x"\n\n"2",3,"y"\n', "rows.csv:1", "the header has one name fewer", "R's write"),
        (b'"a" "b"\n"1" 2 3\n', "", "the names in rows.csv are separated by spaces", "write.csv(x, row.names=FALSE)"),
        (b"a,b\n1,2,3\n4,5,6,7\n", "rows.csv:2", "this line has 3 fields, and the header has 2", "Correct the line"),
        (b"a,b\n1,2\n3,4,5\n", "rows.csv:3", "this line has 3 fields, and the header has 2", "Correct the line"),
        (b"a,b\n" + b"1,2\n" * 9 + b"1,Z\xfcrich\n", "rows.csv:11", "byte 44 is 0xFC", "iconv -f LATIN1 -t UTF-8 rows"),
        (b"a,b\n1,it\x92s\n", "rows.csv:2", "rows.csv is not UTF-8: byte 9 is 0x92", "iconv -f WINDOWS-1252 -t UTF-8"),
        (b"a,Z\xfc\n1,2\n", "rows.csv:1", "rows.csv is not UTF-8: byte 4 is 0xFC", "iconv -f LATIN1 -t UTF-8"),
        ("a,b\n1,x\n".encode("utf-16"), "", "rows.csv is UTF-16, not UTF-8", "iconv -f UTF-16 -t UTF-8 rows.csv"),
        ("a,b\n1,x\n".encode("utf-32"), "", "rows.csv is UTF-32, not UTF-8", "iconv -f UTF-32 -t UTF-8 rows.csv"),
        ("a,b\n1,x\n".encode("utf-16-le"), "", "byte 8 is zero", "iconv -f UTF-16 -t UTF-8 rows.csv"),
        (b"a,b\n1,x\n" + bytes(100), "", "rows.csv is not a text file: byte 9 is zero", "It was cut off"),
        (b"", "", "rows.csv is empty", "Write the table again"),
        (b"\n\n", "", "rows.csv has no columns", "Its first line names them"),
        (b"a,b,a\n1,2,3\n", "rows.csv:1", "the column 'a' is there 2 times: columns 1 and 3", "Rename or remove"),
        (b"a\rb\r1\r", "", "the lines of rows.csv end with a carriage return alone", r"tr '\r' '\n' < rows.csv"),
        (b'a,b\n0,x\n1,5" pipe\n2,x\n', "rows.csv:3", "a quote is out of place in this line", "twice"),
        (b'a,b\n0,x\n1,"never closed\n2,x\n', "rows.csv:3", "a quote is never closed in this line", "Close it"),
        (b'a,b\n0,x\n1,"open\n2,"x"\n', "rows.csv:3", "a quote is never closed in this line", "Close it where"),
        (b'size 5",len\n1,2\n', "rows.csv:1", "a quote is out of place in this line", "twice"),
        (b'size 5",len\r\n"a",2\r\n"b",3\r\n', "rows.csv:1", "a quote is out of place in this line", "twice"),
        (b'"a"x,b\n1,2\n', "rows.csv:1", "a quote is out of place in this line", "twice"),
        (b'a,"b,c\n1,2,3\n4,5,6\n', "rows.csv:1", "a quote is never closed in this line", "Close it where"),
        (b'\n\na,"b,c\n1,"x",3\n', "rows.csv:3", "a quote is never closed in this line", "Close it where"),
        (b'a,b\n1,"ab"c\n2,y\n', "rows.csv:2", "a quote is out of place in this line", "twice"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "", "is not a CSV file: by its first bytes it is gzip", ".csv.gz"),
        (b"PAR1" + bytes(50), "", "rows.csv is not a CSV file: by its first bytes it is Parquet", "Name it by its"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_without_guessing_is_refused_with_its_place(
    tmp_path: Path, content: bytes, at: str, problem: str, fix: str
) -> None:
    with pytest.raises(SourceError, match=re.escape(problem)) as caught:
        opened(tmp_path, content)
    assert caught.value.at == at
    assert fix in caught.value.fix


def test_a_line_late_in_a_large_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="this line has 1 field, and the header has 2") as caught:
        opened(tmp_path, "a,b\n" + "1,some text\n" * 2_000_000 + "3\n" + "1,x\n" * 10)
    assert caught.value.at == "rows.csv:2000002"


def test_compressed_files_are_read(tmp_path: Path) -> None:
    assert rows(opened(tmp_path, gzip.compress(b"a,b\n1,x\n", mtime=0), "rows.csv.gz")) == [(1, "x")]
    assert rows(opened(tmp_path, gzip.compress(b"a\tb\n1\tx\n", mtime=0), "rows.tsv.gz")) == [(1, "x")]
    with pytest.raises(SourceError, match=r"rows\.csv\.gz is not compressed by gzip"):
        opened(tmp_path, b"a,b\n1,x\n", "rows.csv.gz")
    with pytest.raises(SourceError, match=r"rows\.csv\.gz is not a CSV file, or a damaged one \(Compressed file ended"):
        opened(tmp_path, gzip.compress(b"a,b\n1,x\n" * 1_000)[:-12], "rows.csv.gz")


def test_five_thousand_columns_are_read(tmp_path: Path) -> None:
    names = [f"c{place}" for place in range(5_000)]
    scan = opened(tmp_path, ",".join(names) + "\n" + (",".join(["1"] * 5_000) + "\n") * 3)
    assert (scan.rows, scan.schema.names(), set(scan.schema.dtypes())) == (3, names, {pl.Int64()})
    assert sum(batch.height for batch in scan.batches(["c4999", "c0"])) == 3


def test_columns_come_in_the_order_in_which_they_are_asked_for(tmp_path: Path) -> None:
    (batch,) = opened(tmp_path, "a,b,c\n1,x,2.5\n").batches(["c", "a"])
    assert batch.rows(named=True) == [{"c": 2.5, "a": 1}]


def test_a_column_without_a_value_goes_together_with_any(tmp_path: Path) -> None:
    for name, content in (("a.csv", "n,t\n,x\n"), ("b.csv", "n,t\n1,\n"), ("c.csv", "n,t\n2.5,\n")):
        (tmp_path / name).write_text(content)
    scan = open_table("*.csv", root=tmp_path)
    assert scan.schema == pl.Schema({"n": pl.Float64(), "t": pl.String()})
    assert (scan.rows, rows(scan)) == (3, [(None, "x"), (1.0, None), (2.5, None)])


def test_a_column_that_is_text_in_one_file_is_text_in_all_and_that_is_told(tmp_path: Path) -> None:
    for name, content in (("a.csv", "n,ok\n1,true\n"), ("b.csv", "n,ok\nabc,0\n"), ("c.csv", "n,ok\n,\n")):
        (tmp_path / name).write_text(content)
    scan = open_table("*.csv", root=tmp_path)
    assert scan.schema == pl.Schema({"n": pl.String(), "ok": pl.String()})
    assert rows(scan) == [("1", "true"), ("abc", "0"), (None, None)]
    assert notes(scan) == (
        "a.csv: n: read as text, since a.csv and b.csv differ in it",
        "a.csv: ok: read as text, since a.csv and b.csv differ in it",
    )


def _field(kind: str, draw: random.Random, late: bool) -> object:
    match kind:
        case "int":
            return draw.randint(-99, 10**6)
        case "float":
            return draw.random()
        case "truth":
            return draw.choice([True, False])
        case "late":
            return "x" if late else draw.randint(0, 9)
        case _:
            return draw.choice(["a", "x,y", 'q"q', "l\nm", "\r\n", "zürich", " s", "", "7"])


@pytest.mark.parametrize("seed", range(60))
def test_any_csv_comes_back_whatever_the_size_of_its_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    draw = random.Random(seed)
    for name, size in (("_BLOCK", draw.choice([16, 64, 500])), ("_FIRST", 32), ("_LARGER", 64), ("LEAST_ROWS", 1)):
        monkeypatch.setattr(delimited, name, size)
    kinds = [draw.choice(["int", "float", "text", "truth", "late"]) for _ in range(draw.randint(2, 4))]
    count = draw.randint(0, 60)
    table = [[_field(kind, draw, row > 40) if draw.random() < 0.9 else None for kind in kinds] for row in range(count)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=draw.choice(["\n", "\r\n"]))
    writer.writerows([[f"c{place}" for place in range(len(kinds))], *table])
    scan = opened(tmp_path, text.getvalue())
    found = rows(scan)
    assert scan.rows == count == len(found)
    for got, due in zip(found, table, strict=True):
        for value, written in zip(got, due, strict=True):
            assert value == written or str("" if value is None else value) == str("" if written is None else written)


@pytest.mark.parametrize(
    "content",
    [
        "zip,b\n" + "10000,x\n" * 300_000 + "00123,x\n",
        'zip,b\n"10000","x"\n"00123","y"\n',
        "b,zip\r\n1.5,10000\r\n0.5,00123\r\n",
        "b,zip\n1,7\n2,00123",
    ],
)
def test_zeros_before_a_number_are_kept_wherever_they_come(tmp_path: Path, content: str) -> None:
    scan = opened(tmp_path, content)
    assert scan.schema["zip"] == pl.String()
    assert "00123" in pl.concat(scan.batches(["zip"]))["zip"]


def test_a_file_with_zeros_makes_a_column_text_in_all_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("zip\n10000\n")
    (tmp_path / "b.csv").write_text("zip\n00123\n")
    scan = open_table(str(tmp_path / "*.csv"))
    assert pl.concat(scan.batches())["zip"].to_list() == ["10000", "00123"]


def test_dates_and_fractions_do_not_look_like_numbers_with_zeros(tmp_path: Path) -> None:
    scan = opened(tmp_path, "d,n,f\n01.02.2026,0,0.5\n02.02.2026,10,0\n")
    assert scan.schema == pl.Schema({"d": pl.String(), "n": pl.Int64(), "f": pl.Float64()})
    assert [note.partition(",")[0] for note in notes(scan)] == ["d: read as text"]
