"""What a comparison and a report say of times: of rows without one, of a column of them that is gone, of their age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trimtab.app.data import Compared, drift, drift_by_season
from trimtab.app.data_check import Setting, check
from trimtab.app.data_contracts import report_on
from trimtab.app.data_opening import Reading
from trimtab.app.data_report import full_report
from trimtab.base.instants import Instant
from trimtab.base.verdict import Verdict
from trimtab.data.contract import parse_contract
from trimtab.data.drift import Judging
from trimtab.data.seasons import Season

ROWS = 5_000
MINUTES = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=row) for row in range(ROWS)]
THEN = pl.DataFrame({"at": MINUTES, "x": np.random.default_rng(3).normal(size=ROWS)})
HALF = THEN.with_columns(pl.when(pl.int_range(ROWS) < ROWS // 2).then("at").alias("at"))
CONTRACT = """schema = "trimtab.contract/3"
time = "at"
[table]
fresh = { within = "2d", outside = "refuse" }
[columns.at]
type = "time"
[columns.x]
type = "float"
"""


def failed(found: Compared) -> list[tuple[str, str]]:
    columns = [column for column in found.differences.columns if column.verdict is Verdict.FAIL]
    return [(column.column, column.strongest.words) for column in columns]


@pytest.mark.parametrize("written", ["now.csv", "now.parquet"])
def test_rows_without_a_time_are_told_by_season(tmp_path: Path, written: str) -> None:
    (HALF.write_csv if written.endswith("csv") else HALF.write_parquet)(tmp_path / written)
    found = drift_by_season(THEN, tmp_path / written, Season.HOUR, Judging(), Reading(time="at", lean=True))
    assert failed(found) == [("at", "50 % of rows are null, 0 % in the reference")]
    (note,) = found.current.notes
    assert note.endswith(f"{written}: 2,500 rows without a time in at, of which nothing but that is compared")
    same = drift_by_season(HALF, HALF, Season.HOUR, Judging(), Reading(time="at", lean=True))
    assert same.differences.verdict is not Verdict.FAIL


def test_a_column_of_times_that_is_gone_or_full_of_gaps_has_changed() -> None:
    assert failed(drift(THEN, THEN.drop("at"))) == [("at", "the column is missing today")]
    assert failed(drift(THEN, HALF)) == [("at", "50 % of rows are null, 0 % in the reference")]
    assert failed(drift(THEN, THEN.with_columns(pl.col("at") + timedelta(days=900)))) == []


def test_a_report_judges_the_age_of_a_table_as_the_check_does(tmp_path: Path) -> None:
    contract = parse_contract(CONTRACT)
    (tmp_path / "c.toml").write_text(CONTRACT)
    now = Instant(int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1_000_000))
    checked = check(THEN, contract, Setting(now=now)).report
    for report in (
        full_report(THEN, contract, None, Reading(), now=now),
        report_on(THEN, tmp_path / "c.toml", None, Reading()),
    ):
        assert report.verdict is checked.verdict is Verdict.FAIL
        assert report.check is not None
        assert [found.rule for found in report.check.violations] == [found.rule for found in checked.violations]
