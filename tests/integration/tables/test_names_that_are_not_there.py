"""Columns, zones and texts that a person names wrongly are refused by name, never passed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest

from trimtab.app.data import drift, profile, profile_by_season
from trimtab.app.data_contracts import propose
from trimtab.app.data_drift import compared
from trimtab.app.data_exchange import import_contract
from trimtab.app.data_opening import NotATableError, Reading
from trimtab.base.errors import InputError, ProblemsError
from trimtab.data.check import check_scan
from trimtab.data.drift import Judging
from trimtab.data.infer import Roles
from trimtab.data.kinds import ColumnType, Severity
from trimtab.data.scan import TableScan
from trimtab.data.schema import Column, Contract
from trimtab.data.seasons import Season, SeasonError
from trimtab.drivers.profile_files import write_profile

TABLE = pl.DataFrame(
    {"amount": [1.0, 2.0], "ts": pl.datetime_range(pl.date(2026, 1, 1), pl.date(2026, 1, 2), eager=True)}
)


class Unread:
    """The table, of which no row may be read."""

    name = "payments.parquet"
    schema = TABLE.schema
    rows = TABLE.height

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        pytest.fail("a row was read")


def test_a_column_that_neither_table_has_is_not_left_out_in_silence() -> None:
    with pytest.raises(InputError, match="neither table has a column 'amuont'") as found:
        compared((TABLE, TABLE), Judging(without=["amuont"]), Reading(), named=["amuont"])
    assert "amount" in found.value.fix


def test_every_option_that_names_a_column_which_is_not_there_is_refused_before_a_row_is_read() -> None:
    for reading in (Reading(key=("amuont",)), Reading(time="amuont"), Reading(sensitive=("amuont",))):
        with pytest.raises(InputError, match="has no column 'amuont'") as found:
            profile(Unread(), reading)
        assert "amount" in found.value.fix
    for roles in (Roles(key="amuont"), Roles(time="amuont"), Roles(label="amuont"), Roles(sensitive=("amuont",))):
        with pytest.raises(InputError, match="has no column 'amuont'"):
            propose(Unread(), roles)
    with pytest.raises(InputError, match="neither table has a column 'amuont'"):
        compared((Unread(), Unread()), Judging(), Reading(), named=["amuont"])
    with pytest.raises(InputError, match="neither table has a column 'amuont'"):
        drift(Unread(), Unread(), reading=Reading(sensitive=("amuont",)))


def test_a_column_that_holds_no_times_is_no_column_of_times() -> None:
    with pytest.raises(InputError, match="'amount' is stored as Float64, which holds no times") as found:
        profile(Unread(), Reading(time="amount"))
    assert found.value.fix == "These do: 'ts'."
    with pytest.raises(InputError, match="'amount' is stored as Float64") as found:
        profile(TABLE.drop("ts"), Reading(time="amount"))
    assert "No column of the table does" in found.value.fix


def test_a_stored_profile_is_not_asked_what_it_does_not_say(tmp_path: Path) -> None:
    plain, told = tmp_path / "plain.profile", tmp_path / "told.profile"
    write_profile(plain, profile(TABLE).profile)
    write_profile(told, profile(TABLE, Reading(key=("amount",), time="ts")).profile)
    with pytest.raises(NotATableError, match="does not say whether amount repeats"):
        profile(plain, Reading(key=("amount",)))
    with pytest.raises(NotATableError, match="does not say whether rows follow 'ts'"):
        profile(plain, Reading(time="ts"))
    assert profile(told, Reading(key=("amount",), time="ts")).profile.repeats is not None
    assert propose(plain, Roles(time="ts")).contract.time == "ts"


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
