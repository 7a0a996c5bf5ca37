"""CSV columns that a person takes for numbers or dates, and that are texts."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

import trimtab
from trimtab.app.data_lake import FilesReader
from trimtab.drivers.sources import SourceError, open_table
from trimtab.drivers.sources.looks import looks_of
from trimtab.drivers.sources.text_files import TextsScan

NUMBERS, MONEY, SHARES, DATES = (
    "numbers with other signs than a point",
    "amounts of money",
    "percentages",
    "dates that are not of ISO 8601",
)


def opened(path: Path) -> TextsScan:
    scan = open_table(path)
    assert isinstance(scan, TextsScan)
    return scan


@pytest.mark.parametrize(
    ("values", "look"),
    [
        (["7,50", "1.234,56", "12"], NUMBERS),
        (["1,234.50", "12,000,000.00", "7"], NUMBERS),
        (["1 234,5", "-1'234.5", "1\u00a0234.00", "1’234,5"], NUMBERS),
        (["€ 12.50", "-€3", "EUR 1.234,50"], MONEY),
        (["12.50 CHF", "1,000$", "-3 €"], MONEY),
        (["12 %", "3.5%", "-1,5 %"], SHARES),
        (["31.12.2025", "1.2.2026"], DATES),
        (["01.02.26", "28.02.26"], DATES),
        (["12/31/2025 10:15", "1/2/2025 09:00:01.5"], DATES),
        (["2025/12/31"], DATES),
    ],
)
def test_what_a_person_takes_for_numbers_or_dates_is_told(tmp_path: Path, values: list[str], look: str) -> None:
    path = tmp_path / "t.csv"
    pl.DataFrame({"n": range(2 * len(values)), "x": values * 2}).write_csv(path)
    due = "a date is written as 2026-03-31" if look is DATES else "a number is written as 1234.5"
    scan = opened(path)
    assert scan.schema["x"] == pl.String
    assert scan.notes == (f"x: read as text, though its first values look like {look}; {due}",)


@pytest.mark.parametrize(
    "values",
    [
        ["a", "b"],
        ["7,50", "x"],
        ["2026-03-31", "2026-04-01"],
        ["10.0.0.1", "192.168.100.200"],
        ["10.0.19", "10.1.20"],
        ["12-34-56", "12-03-56"],
        ["39.39.1999", "1-2.2026", "31.13.2025"],
        ["ABC 12", "CAD1234", "EUR-1"],
        ["600 123 456", "+49 301 234 567", "555.123.4567"],
        ["732 829 320", "110 001", "123.456.78", "101,102,103"],
        ["10:15", "10:15:30"],
        ["DE89 3704 0044 0532 0130 00"],
    ],
)
def test_of_codes_and_other_texts_nothing_is_told(tmp_path: Path, values: list[str]) -> None:
    path = tmp_path / "t.csv"
    pl.DataFrame({"n": range(len(values)), "x": values}).write_csv(path)
    assert opened(path).notes == ()


def test_the_first_thousand_values_tell(tmp_path: Path) -> None:
    for place, told in ((10, False), (999, False), (1_000, True)):
        values = ["€ 12.50"] * 1_001
        values[place] = "twelve"
        path = tmp_path / "t.csv"
        pl.DataFrame({"n": range(1_001), "x": values}).write_csv(path)
        assert bool(opened(path).notes) is told


def test_a_file_with_a_decimal_comma_is_told_its_own_way(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x;y\n1.100,5;3,5\n2.200,5;4,5\n")
    assert opened(path).notes[-1].endswith("a number is written as 1234,5")


@pytest.mark.parametrize(
    ("rows", "types", "notes"),
    [
        # A point beside decimal commas may be one between thousands: it is no number, and never taken for 1.2.
        (["0,5;1", "0,7;2", "0,9;1.200"], [pl.Float64, pl.String], ["b: 1 of 3 values is not a number (row 2)"]),
        (["0,5;1,5", "0,7;2,5", "0,9;1.200"], [pl.Float64, pl.String], ["b: 1 of 3 values is not a number (row 2)"]),
        (["0,5;1.200", "0,7;999.500"], [pl.Float64, pl.String], ["b: read as text"]),
        (['"0,5";"1.200"', '"0,7";"7"'], [pl.Float64, pl.String], ["b: read as text"]),
        ([" 0,5 ; 1.200", " 0,7 ; 7"], [pl.Float64, pl.String], ["b: read as text"]),
        (["0,5;1.200,5", "0,7;9,5", "0,7;8,5"], [pl.Float64, pl.String], ["b: 1 of 3 values is not a number (row 0)"]),
        (["0,5;1.25", "0,7;9,5"], [pl.String, pl.String], ["a: read as text", "b: read as text"]),
        (["0,5;0.250", "0,7;0.500"], [pl.String, pl.Float64], ["a: read as text"]),
        (
            ["x;1.250", "y;2.500"],
            [pl.String, pl.Float64],
            ["numbers such as 1.250 are read with a decimal point"],
        ),
        (["x;1.250", "y;2.5"], [pl.String, pl.Float64], []),
    ],
)
def test_a_point_beside_decimal_commas_is_no_decimal_point(
    tmp_path: Path, rows: list[str], types: list[type[pl.DataType]], notes: list[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a;b", *rows]) + "\n")
    scan = opened(path)
    assert [dtype.base_type() for dtype in scan.schema.dtypes()] == types
    told = [note for note in scan.notes if "separator" not in note and "decimal comma" not in note]
    assert [re.split("[,;]", note)[0] for note in told] == notes


@pytest.mark.parametrize("second", ["x;1.200\n", "x;1.200\ny;999.500\n"])
def test_files_of_which_one_tells_that_points_may_stand_between_thousands_are_no_table(
    tmp_path: Path, second: str
) -> None:
    (tmp_path / "jan.csv").write_text("a;b\nx;0,5\n")
    (tmp_path / "feb.csv").write_text("a;b\n" + second)
    with pytest.raises(SourceError, match=r"jan\.csv has a decimal comma, and feb\.csv numbers such as 1\.250"):
        open_table(tmp_path / "*.csv")
    reader = FilesReader(open_file=lambda path: opened(Path(path)))
    kinds = [(name, reader.open(str(tmp_path / name), None).kind) for name in ("feb.csv", "jan.csv")]
    with pytest.raises(SourceError, match="has a decimal comma"):
        reader.together(kinds)


@pytest.mark.parametrize("second", ["x;0.25\n", "x;7\n", "1.200;7\nv1;8\n"])
def test_files_whose_points_are_clear_are_one_table(tmp_path: Path, second: str) -> None:
    (tmp_path / "jan.csv").write_text("a;b\nx;0,5\n")
    (tmp_path / "feb.csv").write_text("a;b\n" + second)
    assert open_table(tmp_path / "*.csv").schema == pl.Schema({"a": pl.String, "b": pl.Float64})


def test_a_point_far_behind_decimal_commas_is_no_decimal_point_either(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b\n" + "0,5;7,25\n" * 2_000_000 + "0,5;1.200\n")
    scan = opened(path)
    assert scan.schema["b"] == pl.String
    assert "1 of 2,000,001 values is not a number (row 2,000,000)" in scan.notes[-1]
    contract = trimtab.infer(pl.DataFrame({"a": [0.5, 0.25] * 50, "b": [7.25, 8.5] * 50}))
    report = trimtab.check(path, contract)
    assert [(v.column, v.count) for v in report.report.violations if v.rule.value == "type"] == [("b", 1)]


def test_columns_are_asked_by_their_places(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("1,0,*\n€ 1,x,1 %\n€ 2,y,2 %\n")
    assert [note.partition(":")[0] for note in opened(path).notes] == ["1", "*"]


def test_gaps_among_them_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('n,x\n1,"7,50"\n2,NA\n3,\n4," 8,5 "\n')
    assert len(opened(path).notes) == 1


def test_where_texts_are_due_nothing_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    table = pl.DataFrame({"n": range(300), "x": ["€ 12.50", "€ 7"] * 150})
    table.write_csv(path)
    table.write_parquet(tmp_path / "t.parquet")
    contract = trimtab.infer(trimtab.profile(path))
    assert not [note for note in trimtab.check(path, contract).notes if "look like" in note]
    scan = opened(path)
    beside = scan.beside({"n": None, "x": contract.columns[1].type})
    assert (len(scan.notes), beside.notes) == (1, ())


def test_no_value_looks_like_nothing() -> None:
    empty = pl.Series([], dtype=pl.String)
    assert looks_of(pl.DataFrame({"0": empty, "1": empty}), decimal_comma=False) == {}
    assert looks_of(pl.DataFrame(), decimal_comma=True) == {}
    gaps = pl.DataFrame({"0": ["", "NA", None, "\\N"], "1": ["5", "6", "7", "8"]})
    assert looks_of(gaps, decimal_comma=False) == {}
