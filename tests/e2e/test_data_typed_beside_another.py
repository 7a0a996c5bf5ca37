"""A CSV file, which stores no types, beside a table that stores them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import trimtab
from trimtab.app.data_drift import compared
from trimtab.app.data_opening import Reading
from trimtab.app.data_report import full_report
from trimtab.base.verdict import Verdict
from trimtab.data.differences import Differences
from trimtab.data.drift import Judging
from trimtab.data.time_texts import NoTimesError

ROWS = 20_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def table(seed: int) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    seconds, days = chance.integers(0, 10**7, ROWS).tolist(), chance.integers(0, 90, ROWS).tolist()
    return pl.DataFrame(
        {
            "branch": [str(number) for number in chance.integers(100, 140, ROWS)],
            "when": [BEGIN + timedelta(seconds=number) for number in seconds],
            "day": [date(2026, 1, 1) + timedelta(days=number) for number in days],
            "x": chance.normal(size=ROWS),
        }
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    table(1).write_parquet(tmp_path / "then.parquet")
    table(1).write_csv(tmp_path / "then.csv")
    table(2).write_parquet(tmp_path / "now.parquet")
    table(2).write_csv(tmp_path / "now.csv")
    return tmp_path


def differences(folder: Path, then: str, now: str) -> Differences:
    return trimtab.drift(folder / then, folder / now)


@pytest.mark.parametrize(("then", "now"), [("then.parquet", "now.csv"), ("then.csv", "now.parquet")])
def test_its_texts_and_times_are_read_as_the_other_table_stores_them(folder: Path, then: str, now: str) -> None:
    found = differences(folder, then, now)
    assert found == differences(folder, "then.parquet", "now.parquet")
    assert found.verdict is Verdict.PASS


@pytest.mark.parametrize("dtype", [pl.Float64, pl.Int64, pl.Boolean, pl.Datetime("us", "UTC"), pl.Null])
@pytest.mark.parametrize("setting", [{"null_value": "NA"}, {"quote_style": "always"}, {}])
def test_a_column_of_nothing_but_gaps_is_one_however_it_is_written(
    tmp_path: Path, dtype: pl.DataType, setting: dict[str, Any]
) -> None:
    gaps = table(1).with_columns(pl.Series("gap", [None] * ROWS, dtype=dtype))
    gaps.write_parquet(tmp_path / "then.parquet")
    gaps.write_csv(tmp_path / "now.csv", **setting)
    assert differences(tmp_path, "then.parquet", "now.csv").verdict is Verdict.PASS
    stored = trimtab.profile(tmp_path / "then.parquet")
    assert trimtab.drift(stored, tmp_path / "now.csv").verdict is Verdict.PASS


def test_a_column_of_gap_words_where_values_were_has_lost_them(folder: Path) -> None:
    table(2).with_columns(pl.lit("NA").alias("x")).write_csv(folder / "now.csv")
    found = differences(folder, "then.parquet", "now.csv")
    assert [column.strongest.words for column in found.columns if column.verdict is Verdict.FAIL] == [
        "100 % of rows are null, 0 % in the reference"
    ]


@pytest.mark.parametrize("words", [("NA", "NULL"), ("NULL", "n/a", "None", "NA")])
def test_several_words_are_gaps_among_numbers_that_the_other_table_stores(tmp_path: Path, words: Sequence[str]) -> None:
    chance = np.random.default_rng(3)
    whole = pl.DataFrame(
        {
            "i": pl.Series(chance.integers(0, 50, ROWS)),
            "f": chance.normal(size=ROWS),
            "b": chance.random(ROWS) < 0.3,
            "t": [str(number) for number in chance.integers(0, 3, ROWS)],
        }
    )
    gaps = pl.Series(chance.random(ROWS) < 0.1)
    holes = whole.with_columns(pl.when(~gaps).then(pl.col("i", "f", "b")))
    holes.write_parquet(tmp_path / "then.parquet")
    word = pl.Series([words[place] for place in chance.integers(0, len(words), ROWS)])
    spelled = holes.with_columns(
        pl.col("i", "f", "b").cast(pl.String).fill_null(word), t=whole["t"].set(gaps, words[0])
    )
    spelled.write_csv(tmp_path / "now.csv")
    found = {column.column: column for column in differences(tmp_path, "then.parquet", "now.csv").columns}
    assert [found[name].verdict for name in "ifb"] == [Verdict.PASS] * 3
    assert found["t"].verdict is Verdict.FAIL  # a text is a text
    stored = trimtab.profile(tmp_path / "then.parquet")
    assert trimtab.drift(stored, tmp_path / "now.csv").columns == tuple(found.values())
    # In two files it is the same, also where one has nothing but gaps.
    spelled[: ROWS // 2].write_csv(tmp_path / "part-1.csv")
    spelled[ROWS // 2 :].write_csv(tmp_path / "part-2.csv")
    assert trimtab.drift(stored, str(tmp_path / "part-*.csv")).columns == tuple(found.values())


def test_numbers_that_stand_for_truth_values_are_told(tmp_path: Path) -> None:
    flags = pl.DataFrame({"b": [True, False] * 100})
    flags.write_parquet(tmp_path / "then.parquet")
    flags.with_columns(pl.col("b").cast(pl.Int8)).write_csv(tmp_path / "now.csv")
    (found,) = differences(tmp_path, "then.parquet", "now.csv").columns
    assert found.strongest.words == (
        "the column is integer (0 or 1; truth values are true and false) today, boolean before"
    )


def test_a_stored_profile_says_the_types_too(folder: Path) -> None:
    stored = trimtab.profile(folder / "then.parquet")
    assert trimtab.drift(stored, folder / "now.csv").verdict is Verdict.PASS


def test_columns_that_hold_something_else_today_have_another_type(folder: Path) -> None:
    table(2).with_columns(pl.lit("soon").alias("when")).write_csv(folder / "now.csv")
    found = differences(folder, "then.parquet", "now.csv")
    assert [(column.column, column.verdict) for column in found.columns if column.verdict is not Verdict.PASS] == [
        ("when", Verdict.FAIL)
    ]


@pytest.mark.parametrize("row", [0, 1, 500])
def test_one_value_that_is_no_time_is_refused_with_its_row(folder: Path, row: int) -> None:
    content = (folder / "now.csv").read_text().splitlines()
    fields = content[row + 1].split(",")
    content[row + 1] = ",".join([fields[0], "whenever", *fields[2:]])
    (folder / "now.csv").write_text("\n".join(content) + "\n")
    with pytest.raises(NoTimesError, match=rf"the column 'when' holds a value that is no time \(row {row}\)"):
        differences(folder, "then.parquet", "now.csv")


def test_a_report_without_a_contract_reads_it_so_too(folder: Path) -> None:
    report = full_report(folder / "now.csv", None, folder / "then.parquet", Reading())
    assert report.differences is not None
    assert report.differences.verdict is Verdict.PASS


def test_a_contract_has_the_last_word_on_its_types(folder: Path) -> None:
    (folder / "c.toml").write_text('schema = "trimtab.contract/3"\n[columns.branch]\ntype = "integer"\n')
    sides = folder / "then.parquet", folder / "now.csv"
    found = compared(sides, Judging(only=["branch"]), Reading(lean=True), contract=folder / "c.toml")
    (column,) = found.differences.columns
    assert column.strongest.words == "the column is integer today, text before"
