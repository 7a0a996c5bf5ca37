"""The contract of the electricity market's first fifth, held against everything that came after."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import polars as pl
import pytest

from trimtab.base.verdict import Verdict
from trimtab.data.array_profile import profile_columns, profile_table
from trimtab.data.check import check_table
from trimtab.data.column_profile import NumberColumn
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.differences import ColumnDifference
from trimtab.data.drift import Judging, compare
from trimtab.data.infer import infer
from trimtab.data.kinds import DriftLimits, Severity
from trimtab.data.profile import Profile, merge_all
from trimtab.data.request import CheckedRow, RowChecker
from trimtab.data.schema import Contract
from trimtab.data.table import columns_from_rows, digest_table, to_columns
from trimtab.records.versioned import encode

DATA = Path(__file__).parents[2] / "examples" / "electricity" / "data"
VICTORIAN = ("vic_price", "vic_demand", "transfer")


@pytest.fixture(scope="module")
def first() -> pl.DataFrame:
    return pl.read_parquet(DATA / "history.parquet")


@pytest.fixture(scope="module")
def later() -> pl.DataFrame:
    return pl.read_parquet(DATA / "stream.parquet")


@pytest.fixture(scope="module")
def contract(first: pl.DataFrame) -> Contract:
    inferred = infer(first, time="timestamp", label="price_up", key="timestamp", zone="UTC")
    return parse_contract(format_contract(inferred))


@pytest.fixture(scope="module")
def answers(contract: Contract, later: pl.DataFrame) -> list[CheckedRow]:
    checker = RowChecker(contract)
    rows = later.drop("price_up").with_columns(pl.col("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_dicts()
    checked = [checker.row(json.dumps(row).encode()) for row in rows]
    refused = [str(row) for row in checked if not isinstance(row, CheckedRow)]
    assert refused == []
    return [row for row in checked if isinstance(row, CheckedRow)]


def test_no_later_row_is_refused(answers: list[CheckedRow], later: pl.DataFrame, contract: Contract) -> None:
    assert len(answers) == later.height == 36_250
    assert {violation.severity for violation in check_table(later, contract)} <= {Severity.NOTE}


def test_columns_that_were_constant_have_no_limits(contract: Contract) -> None:
    for name in VICTORIAN:
        column = contract.column(name)
        assert column.range is None
        assert column.because.startswith("always 0.")


def test_notes_are_few_and_say_why(answers: list[CheckedRow]) -> None:
    noted = [note for row in answers for note in row.notes]
    assert len(noted) < 0.01 * len(answers)
    assert all("(seen " in note and "in 9,062 rows)" in note for note in noted)


def test_the_model_is_given_the_same_bits_by_table_and_by_request(
    answers: list[CheckedRow], later: pl.DataFrame, contract: Contract
) -> None:
    table, served = to_columns(later, contract), columns_from_rows(contract.features, [row.values for row in answers])
    for name, array in table.items():
        assert array.dtype == served[name].dtype
        assert array.tobytes() == served[name].tobytes()
    assert encode(profile_columns(table, contract)) == encode(profile_columns(served, contract))


def test_days_merge_into_the_whole(later: pl.DataFrame, contract: Contract) -> None:
    days = [profile_table(later[row : row + 48], contract) for row in range(0, later.height, 48)]
    together, whole = merge_all(days), profile_table(later, contract)
    for name, column in whole.columns.items():
        merged = together.columns[name]
        if isinstance(column, NumberColumn) and isinstance(merged, NumberColumn):
            assert merged.mean == pytest.approx(column.mean, rel=1e-12)
            assert merged.deviation == pytest.approx(column.deviation, rel=1e-12)
            merged = msgspec.structs.replace(merged, moments=column.moments)
        assert merged == column


def test_the_market_that_widened_is_found_and_the_one_before_is_not(
    first: pl.DataFrame, later: pl.DataFrame, contract: Contract
) -> None:
    limits = DriftLimits(location=None, scale=None, shape=0.15, share=0.15)
    reference = profile_table(first, contract)

    def fortnight(start: int) -> dict[str, ColumnDifference]:
        rows: Profile = profile_table(later[start : start + 14 * 48], contract)
        return {found.column: found for found in compare(reference, rows, Judging(limits=limits)).columns}

    widened = 17_424 - first.height
    before, after = fortnight(widened - 14 * 48), fortnight(widened + 14 * 48)
    for name in VICTORIAN:
        assert before[name].verdict is Verdict.PASS
        assert after[name].verdict is Verdict.FAIL
        assert after[name].strongest.words.endswith("which all were in the reference")
    assert {before["period"].verdict, after["period"].verdict} == {Verdict.PASS}


def test_a_digest_outlives_its_file(first: pl.DataFrame, tmp_path: Path) -> None:
    digest = digest_table(first)
    for compression, rows in (("zstd", 100), ("uncompressed", 5_000)):
        first.write_parquet(tmp_path / "copy.parquet", compression=compression, row_group_size=rows)  # type: ignore[arg-type]
        assert digest_table(pl.read_parquet(tmp_path / "copy.parquet")) == digest
    first.write_csv(tmp_path / "copy.csv")
    assert digest_table(pl.read_csv(tmp_path / "copy.csv", try_parse_dates=True)) == digest
