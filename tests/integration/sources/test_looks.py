"""CSV columns that a person takes for numbers or dates, and that are texts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import trimtab
from trimtab.drivers.sources import open_table
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
    assert looks_of(pl.DataFrame({"0": pl.Series([], dtype=pl.String), "1": pl.Series([], dtype=pl.String)})) == {}
    assert looks_of(pl.DataFrame()) == {}
    assert looks_of(pl.DataFrame({"0": ["", "NA", None, "\\N"], "1": ["5", "6", "7", "8"]})) == {}
