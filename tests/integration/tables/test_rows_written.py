"""The rows that a check writes never replace what it reads."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from trimtab.app.data_check import Setting, check
from trimtab.base.errors import InputError
from trimtab.data.kinds import ColumnType
from trimtab.data.schema import Column, Contract

RULES = Contract(columns=(Column(name="x", type=ColumnType.INTEGER),))


@pytest.mark.parametrize("values", [[1, 2], [1, None]])
@pytest.mark.parametrize("role", ["aside", "kept"])
@pytest.mark.parametrize("link", [False, True])
def test_the_table_itself_is_no_place_for_its_rows(
    tmp_path: Path, values: list[int | None], role: str, link: bool
) -> None:
    path = named = tmp_path / "table.parquet"
    pl.DataFrame({"x": values}, schema={"x": pl.Int64}).write_parquet(path)
    before = path.read_bytes()
    if link:
        named = tmp_path / "link.parquet"
        named.symlink_to(path)
    setting = Setting(aside=named) if role == "aside" else Setting(kept=named)
    with pytest.raises(InputError, match=r"is read by this command, and would be replaced"):
        check(tmp_path / "t*.parquet", RULES, setting)
    assert path.read_bytes() == before


def test_a_reference_is_no_place_for_rows_either(tmp_path: Path) -> None:
    path = tmp_path / "reference.parquet"
    pl.DataFrame({"x": [1, 2]}).write_parquet(path)
    with pytest.raises(InputError, match=r"is read by this command"):
        check(pl.DataFrame({"x": [1]}), RULES, Setting(reference=str(path), aside=path))
    assert path.exists()


def test_rows_of_two_kinds_do_not_go_to_one_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot both be written"):
        check(pl.DataFrame({"x": [1]}), RULES, Setting(aside=tmp_path / "x.csv", kept=tmp_path / "." / "x.csv"))


@pytest.mark.parametrize("series", [pl.Series([[1]]), pl.Series([b"\xff"]), pl.Series([timedelta(days=1)])])
def test_what_no_csv_file_can_hold_is_refused_before_a_row_is_read(tmp_path: Path, series: pl.Series) -> None:
    table = pl.DataFrame({"x": [1], "odd": series})
    with pytest.raises(InputError, match=r"rows.csv cannot hold column 'odd'") as found:
        check(table, RULES, Setting(aside=tmp_path / "rows.csv"))
    assert found.value.fix == "Let the name end in .parquet."
    assert list(tmp_path.iterdir()) == []
