"""Times in files that store no types, named as the time or typed by a contract."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from trimtab.app.data import drift, drift_by_season, profile, profile_by_season
from trimtab.app.data_check import Setting, check
from trimtab.app.data_contracts import propose
from trimtab.app.data_opening import Reading
from trimtab.base.verdict import Verdict
from trimtab.data.column_profile import TimeColumn
from trimtab.data.drift import Judging
from trimtab.data.infer import Roles
from trimtab.data.kinds import ColumnType
from trimtab.data.seasons import Season
from trimtab.data.time_texts import NoTimesError
from trimtab.drivers.sources.queries import open_query

ROWS = 6_000


def table(first: datetime, *, zone: str = "") -> pl.DataFrame:
    times = [first + timedelta(hours=place // 10) for place in range(ROWS)]
    return pl.DataFrame({"at": [time.isoformat() + zone for time in times], "n": range(ROWS)})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    table(datetime(2026, 1, 1)).write_csv("jan.csv")  # noqa: DTZ001 - without a zone, as the file has it
    table(datetime(2026, 2, 1)).write_csv("feb.csv")  # noqa: DTZ001
    table(datetime(2026, 2, 1), zone="+01:00").write_csv("zoned.csv")  # noqa: DTZ001
    parsed = table(datetime(2026, 1, 1)).with_columns(pl.col("at").str.to_datetime(time_unit="us"))  # noqa: DTZ001
    parsed.write_parquet("jan.parquet")
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_a_text_column_that_is_named_as_the_time_is_profiled_as_a_stored_one() -> None:
    texts, stored = (profile(name, Reading(time="at")).profile for name in ("jan.csv", "jan.parquet"))
    one, two = texts.columns["at"], stored.columns["at"]
    assert isinstance(one, TimeColumn)
    assert isinstance(two, TimeColumn)
    assert (one.minimum, one.maximum, one.sketch) == (two.minimum, two.maximum, two.sketch)
    assert texts.order == stored.order
    zoned = profile("zoned.csv", Reading(time="at")).profile.columns["at"]
    assert (zoned.stored, one.stored) == (
        "Datetime(time_unit='us', time_zone='UTC')",
        "Datetime(time_unit='us', time_zone=None)",
    )


def test_texts_of_times_with_words_for_gaps_among_them_are_left_out_of_drift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, first in (("jan.csv", datetime(2026, 1, 1)), ("feb.csv", datetime(2026, 2, 1))):  # noqa: DTZ001
        rows = table(first)
        rows.with_columns(at=pl.when(pl.col("n") % 9 == 0).then(pl.lit("NA")).otherwise("at")).write_csv(name)
    assert "at" not in [column.column for column in drift("jan.csv", "feb.csv").differences.columns]


@pytest.mark.usefixtures("folder")
def test_seasons_are_told_apart_by_texts() -> None:
    reading = Reading(time="at")
    _, texts = profile_by_season("jan.csv", Season.WEEKDAY, reading)
    _, stored = profile_by_season("jan.parquet", Season.WEEKDAY, reading)
    assert {name: part.rows for name, part in texts.parts.items()} == {
        name: part.rows for name, part in stored.parts.items()
    }
    found = drift_by_season("jan.csv", "feb.csv", Season.WEEKDAY, Judging(), reading)
    assert [column.column for column in found.differences.columns] == ["n"]


@pytest.mark.usefixtures("folder")
def test_a_contract_that_knows_the_time_sees_no_drift_in_a_month_that_went_by() -> None:
    proposed = propose("jan.csv", Roles(time="at"))
    column = proposed.contract.column("at")
    assert (column.type, proposed.contract.zone, column.order is not None) == (ColumnType.TIME, "UTC", True)
    for reference in (proposed.profile, "jan.csv", "jan.parquet"):
        found = check("feb.csv", proposed.contract, Setting(reference=reference))
        assert found.differences is not None
        assert "at" not in [drifted.column for drifted in found.differences.columns]
        assert found.verdict is Verdict.PASS
    assert "at" not in [column.column for column in drift("jan.csv", "feb.csv").differences.columns]


def test_a_value_that_is_no_time_is_named_by_its_row_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("at,n\n2026-01-01,1\n\n2026-01-02,2\nsecret,3\n")
    with pytest.raises(
        NoTimesError, match=r"rows.csv: the column 'at' holds a value that is no time \(row 2\)"
    ) as told:
        profile("rows.csv", Reading(time="at"))
    assert "secret" not in str(told.value)
    Path("gaps.csv").write_text("at,n\nNA,1\n2026-01-01,2\n")
    assert profile("gaps.csv", Reading(time="at")).profile.columns["at"].nulls == 1
    Path("none.csv").write_text("at,n\n,1\n")
    assert profile("none.csv", Reading(time="at")).profile.columns["at"].nulls == 1


@pytest.mark.usefixtures("folder")
def test_times_that_sqlite_holds_as_texts_are_times_too() -> None:
    with closing(sqlite3.connect("bank.db")) as connection, connection:
        connection.execute("CREATE TABLE payments (at TEXT, n INTEGER)")
        connection.executemany("INSERT INTO payments VALUES (?, ?)", pl.read_csv("jan.csv").iter_rows())
    asked = open_query("SELECT * FROM payments", "bank.db")
    found, texts = (profile(what, Reading(time="at")).profile for what in (asked, "jan.csv"))
    assert found == texts
    with closing(sqlite3.connect("bank.db")) as connection, connection:
        connection.execute("UPDATE payments SET at = 'whenever' WHERE n = 7")
    with pytest.raises(NoTimesError, match=r"'at' holds a value that is no time \(row 7\)"):
        profile(open_query("SELECT * FROM payments ORDER BY n", "bank.db"), Reading(time="at"))
