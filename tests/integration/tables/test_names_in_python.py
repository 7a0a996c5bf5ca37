"""The Python functions take what people hand over: a text where a path goes, and one name where several go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import trimtab
from trimtab.base.errors import InputError

ROWS = pl.DataFrame({"amount": [place * 7919 % 1009 / 3 for place in range(600)], "age": [p % 70 for p in range(600)]})


@pytest.mark.parametrize("what", [None, 3, {"columns": []}])
def test_what_is_no_contract_is_said_to_be_none(what: Any) -> None:
    with pytest.raises(InputError, match="a contract is needed, and"):
        trimtab.check(ROWS, what)
    with pytest.raises(InputError, match="a contract is needed, and"):
        trimtab.diff(what, ROWS)


def test_rows_are_written_to_a_path_that_is_a_text(tmp_path: Path) -> None:
    aside, kept = str(tmp_path / "aside.parquet"), str(tmp_path / "kept.csv")
    trimtab.check(ROWS, trimtab.infer(ROWS), aside=aside, kept=kept)
    assert pl.read_parquet(aside).height == 0
    assert pl.read_csv(kept).height == ROWS.height


def test_one_name_is_a_column_and_not_its_letters() -> None:
    found = trimtab.drift(ROWS, ROWS, without="amount")
    assert [column.column for column in found.columns] == ["age"]
    trimtab.drift(ROWS, ROWS, sensitive="amount")
    assert trimtab.profile(ROWS, sensitive="age").columns["age"].hidden
    assert [column.name for column in trimtab.infer(ROWS, sensitive="age").columns if column.sensitive] == ["age"]
    assert "<html" in trimtab.report(ROWS, sensitive="age")


def test_a_contract_is_laid_beside_a_table_as_the_command_does(tmp_path: Path) -> None:
    contract = trimtab.infer(ROWS)
    file = tmp_path / "rows.parquet"
    ROWS.write_parquet(file)
    assert trimtab.diff(contract, file) == trimtab.diff(contract, ROWS) == ()
    ROWS.drop("age").write_parquet(file)
    changes = trimtab.diff(contract, str(file))
    assert any("age" in change.words for change in changes)
