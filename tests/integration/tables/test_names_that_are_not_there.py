"""Columns, zones and texts that a person names wrongly are refused by name, never passed over."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from trimtab.app.data import Reading, profile, profile_by_season
from trimtab.app.data_contracts import compared, propose
from trimtab.app.data_exchange import import_contract
from trimtab.base.errors import InputError, ProblemsError
from trimtab.data.check import TableScan, check_scan
from trimtab.data.drift import Judging
from trimtab.data.infer import Roles
from trimtab.data.schema import Column, ColumnType, Contract, Severity
from trimtab.data.seasons import Season, SeasonError

TABLE = pl.DataFrame(
    {"amount": [1.0, 2.0], "ts": pl.datetime_range(pl.date(2026, 1, 1), pl.date(2026, 1, 2), eager=True)}
)


def test_a_column_that_neither_table_has_is_not_left_out_in_silence() -> None:
    with pytest.raises(InputError, match="neither table has a column 'amuont'") as found:
        compared(TABLE, TABLE, Judging(without=["amuont"]), Reading(), named=["amuont"])
    assert "amount" in found.value.fix


def test_a_zone_that_there_is_not_is_refused() -> None:
    with pytest.raises(SeasonError, match="'Nowhere/X' is not a time zone"):
        profile_by_season(TABLE, Season.HOUR, Reading(time="ts", zone="Nowhere/X"))
    with pytest.raises(ProblemsError, match="'Nowhere/X' is not a time zone"):
        propose(TABLE, Roles(zone="Nowhere/X"))


@pytest.mark.parametrize("values", [[[1], [1]], [{"a": 1}, {"a": 1}]])
def test_lists_name_no_rows(values: list[object]) -> None:
    with pytest.raises(InputError, match="which names no row"):
        profile(pl.DataFrame({"x": values}), Reading(key=("x",)))


def test_rules_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    (tmp_path / "suite.json").write_bytes(b'{"\xff"')
    with pytest.raises(InputError, match="is not UTF-8 text"):
        import_contract(str(tmp_path / "suite.json"), "great-expectations", tmp_path / "made.toml", replace=False)


def test_no_more_rules_are_broken_than_were_asked() -> None:
    contract = Contract(columns=(Column(name="x", type=ColumnType.INTEGER),), unexpected=Severity.NOTE)
    report = check_scan(TableScan(pl.DataFrame({name: [1] for name in "xabcdefgh"})), contract)
    assert len(report.violations) == 8
    assert report.rules >= 8
