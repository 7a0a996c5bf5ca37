"""Words for a gap in CSV files: gaps among numbers and truth values, and texts among texts."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from trimtab.data.iso_times import GAPS
from trimtab.drivers.sources import delimited, open_table
from trimtab.drivers.sources.file_scan import FilesScan

SMALL = (("_BLOCK", 16), ("_FIRST", 16), ("_LARGER", 16), ("LEAST_ROWS", 1))


def opened(folder: Path, *files: str) -> FilesScan:
    for place, content in enumerate(files):
        (folder / f"{place}.csv").write_text(content)
    scan = open_table("*.csv", root=folder)
    assert isinstance(scan, FilesScan)
    return scan


def column(scan: FilesScan, name: str = "n") -> pl.Series:
    table = pl.concat([pl.DataFrame(schema=scan.schema), *scan.batches()])
    assert sum(batch.height for batch in scan.batches([name])) == table.height == scan.rows
    return table[name]


@pytest.mark.parametrize("word", GAPS)
def test_a_word_for_a_gap_is_one_among_numbers_and_truth_values(tmp_path: Path, word: str) -> None:
    scan = opened(tmp_path, f"n,f,b,t\n1,{word},true,x\n{word},2.5,{word},{word}\n{word},1,FALSE,y\n")
    assert scan.schema == pl.Schema({"n": pl.Int64(), "f": pl.Float64(), "b": pl.Boolean(), "t": pl.String()})
    assert column(scan).to_list() == [1, None, None]
    assert column(scan, "f").to_list() == [None, 2.5, 1.0]
    assert column(scan, "b").to_list() == [True, None, False]
    assert column(scan, "t").to_list() == ["x", word, "y"]
    assert scan.notes == (
        f"n: {word!r} stands for a gap in 2 rows (the first is row 1), since all other values are numbers",
        f"f: {word!r} stands for a gap in row 0, since all other values are numbers",
        f"b: {word!r} stands for a gap in row 1, since all other values are truth values",
    )


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        (["1", "NA", "n/a"], "n: 'NA' and 'n/a' may each stand for a gap among numbers, so it is read as text"),
        (["1", "2", "3", "NA", "x"], "n: 2 of 5 values are not numbers (row 3), so it is read as text"),
        (["1", "02", "NA"], "n: some values begin with a zero, so it is read as text"),
        (["1", "02 ", "NA"], "n: some values begin with a zero, so it is read as text"),
        (["1", "na", "1", "1"], "n: 1 of 4 values is not a number (row 1), so it is read as text"),
        (["NA", "NA"], None),
        (["NA", "NULL"], None),
        (["x", "NA"], None),
        (["true", "NA", "1"], None),
    ],
)
def test_a_column_of_texts_keeps_such_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: list[str], note: str | None
) -> None:
    content = "n,i\n" + "".join(f"{cell},1\n" for cell in cells)
    for _ in range(2):
        scan = opened(tmp_path, content)
        assert column(scan).to_list() == cells
        assert scan.notes == (() if note is None else (note,))
        for name, size in SMALL:
            monkeypatch.setattr(delimited, name, size)


def test_a_file_with_gaps_alone_goes_together_with_numbers_in_others(tmp_path: Path) -> None:
    scan = opened(tmp_path, "n\nNA\nNA\n", "n\n1\n", "n\n2.5\nNA\n")
    assert column(scan).to_list() == [None, None, 1.0, 2.5, None]
    assert scan.notes == (
        "0.csv: n: 'NA' stands for a gap in 2 rows (the first is row 0), since all other values are numbers",
        "2.csv: n: 'NA' stands for a gap in row 1, since all other values are numbers",
    )


@pytest.mark.parametrize(
    ("files", "note"),
    [
        (["1\nNA\n", "NA\nx\n"], "0.csv: n: read as text, since 0.csv and 1.csv differ in it"),
        (["1\nNA\n", "2\nn/a\n"], "0.csv: n: 'NA' and 'n/a' may each stand for a gap among numbers, so"),
        (["1\n", "n/a\nNA\n"], "0.csv: n: 'n/a' and 'NA' may each stand for a gap among numbers, so"),
        (["1\n", "2\nNA\nn/a\n"], "1.csv: n: 'NA' and 'n/a' may each stand for a gap among numbers, so"),
        (["NA\n", "01\n"], "1.csv: n: some values begin with a zero, so it is read as text"),
        (["NA\n", "x\n"], None),
        (["NA\n", "NULL\n"], None),
    ],
)
def test_a_column_that_is_text_in_one_file_keeps_such_words_in_all(
    tmp_path: Path, files: list[str], note: str | None
) -> None:
    scan = opened(tmp_path, *("n\n" + file for file in files))
    assert column(scan).to_list() == "".join(files).split()
    assert len(scan.notes) == (note is not None)
    assert note is None or scan.notes[0].startswith(note)


def test_a_file_of_gaps_goes_together_with_numbers_that_are_stored(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n\nNA\n")
    pl.DataFrame({"n": [1, 2]}).write_parquet(tmp_path / "b.parquet")
    scan = open_table("[ab].*", root=tmp_path)
    assert pl.concat(scan.batches())["n"].to_list() == [None, 1, 2]


_CELLS = {
    "whole": ["1", "-7", " 3", "99999999999"],
    "broken": ["1", "2.5", "4 ", "1e3"],
    "truths": ["true", "False", " true"],
    "zeros": ["1", "2", "03"],
    "texts": ["a", "b", "1"],
    "nothing": [""],
}


@pytest.mark.parametrize("seed", range(150))
def test_the_same_is_read_whatever_the_blocks_the_order_and_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    draw = random.Random(seed)
    kind = draw.choice(list(_CELLS))
    words = draw.sample([*GAPS, f" {GAPS[0]}", '""', ""], draw.randint(0, 2))
    cells = draw.choices([*_CELLS[kind], *words], k=draw.randint(1, 30))
    (tmp_path / "one").mkdir()
    one = opened(tmp_path / "one", _written(cells))
    due = dict(zip(range(len(cells)), column(one).to_list(), strict=True))
    for name, size in (("_BLOCK", draw.choice([8, 30, 200])), *SMALL[1:]):
        monkeypatch.setattr(delimited, name, size)
    order = draw.sample(range(len(cells)), len(cells))
    cut = draw.randint(0, len(cells))
    for place, parts in enumerate(([order], [order[:cut], order[cut:]])):
        folder = tmp_path / str(place)
        folder.mkdir()
        other = opened(folder, *(_written([cells[row] for row in part]) for part in parts))
        found = column(other)
        assert found.dtype == one.schema["n"]
        assert found.to_list() == [due[row] for row in order]
        assert sum("a gap" in note for note in other.notes) >= sum("a gap" in note for note in one.notes)


def _written(cells: list[str]) -> str:
    return "n,i\n" + "".join(f"{cell},1\n" for cell in cells)
