"""What a run says of rows that it cannot learn from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from trimtab.app.gather import (
    ContractBrokenError,
    TooFewRowsError,
    first_contract,
    gather,
    source_rows,
    split,
    write_aside,
)
from trimtab.base.instants import DAY, HOUR, Span, parse_instant
from trimtab.data.contract import parse_contract
from trimtab.data.infer import infer
from trimtab.data.kinds import ColumnType, Severity
from trimtab.data.schema import Column, Contract, Freshness, Range, RowCount, Unique
from trimtab.spec.project import Judging, Project, Source

NOW = parse_instant("2026-03-01T00:00:00Z")
SOURCE = Source(path="rows.parquet", time="ts", label="fraud", label_delay=Span(7 * DAY))


def rows(count: int, *, label: bool | None = True) -> pl.DataFrame:
    """One row a day, the newest a day before now."""
    newest = datetime(2026, 2, 28, tzinfo=UTC)
    times = [newest - timedelta(days=count - 1 - place) for place in range(count)]
    return pl.DataFrame(
        {"ts": times, "amount": [float(place) for place in range(count)], "fraud": [label] * count},
        schema={"ts": pl.Datetime("us", "UTC"), "amount": pl.Float64, "fraud": pl.Boolean},
    )


def test_a_row_is_not_seen_before_its_label_had_arrived(tmp_path: Path) -> None:
    rows(20).write_parquet(tmp_path / "rows.parquet")
    seen, complete, _ = source_rows(tmp_path, SOURCE, NOW)
    assert not complete
    assert seen["ts"].to_list()[-1] < datetime(2026, 2, 22, tzinfo=UTC)
    assert seen.height == 13


def test_a_table_without_a_single_label_is_named_as_that_and_no_contract_is_written(tmp_path: Path) -> None:
    rows(20, label=None).write_parquet(tmp_path / "rows.parquet")
    project = Project(name="p", data=SOURCE)
    with pytest.raises(TooFewRowsError, match="no row of rows.parquet has a label that had arrived by 2026-03-01"):
        first_contract(tmp_path, project, NOW, print)
    assert not (tmp_path / "contract.toml").exists()


def test_one_row_cannot_be_trained_on_and_judged_by(tmp_path: Path) -> None:
    table = rows(2)
    contract = infer(table.with_columns(fraud=pl.Series([True, False])), time="ts", label="fraud")
    with pytest.raises(TooFewRowsError, match=r"1 labelled row \(the newest: 2026-02-28"):
        split(table[1:], contract, Judging(share=0.2))


def strict(table: pl.DataFrame, **changes: Any) -> Contract:
    """The contract of a table, in which an amount below zero sets its row aside."""
    inferred = infer(table.with_columns(fraud=pl.col("amount") > 3), time="ts", label="fraud")
    columns = [
        replace(column, range=Range(minimum=0.0, maximum=None, outside=Severity.QUARANTINE))
        if column.name == "amount"
        else column
        for column in inferred.columns
    ]
    return replace(inferred, columns=tuple(columns), **changes)


def test_rows_of_quarantine_are_set_aside_with_their_reasons_and_the_others_go_on(tmp_path: Path) -> None:
    table = rows(30).with_columns(amount=pl.when(pl.col("amount") == 7).then(-1.0).otherwise(pl.col("amount")))
    table.write_parquet(tmp_path / "rows.parquet")
    contract = strict(rows(30), quarantine=0.1)
    gathered = gather(tmp_path, SOURCE, contract, log=None, as_of=NOW, span=None)
    assert (gathered.table.height, gathered.origin, gathered.aside.height) == (22, {"source": 22}, 1)
    path = write_aside(tmp_path / "state", "run-1", gathered.aside)
    assert path == tmp_path / "state" / "quarantine" / "run-1.parquet"
    (row,) = pl.read_parquet(path).to_dicts()
    assert (row["amount"], row["_row"], row["_reasons"]) == (-1.0, 7, "amount: outside the range 0.0 to any")
    assert write_aside(tmp_path / "state", "run-2", gathered.aside.clear()) is None


def test_more_rows_to_set_aside_than_agreed_refuse_the_table(tmp_path: Path) -> None:
    rows(30).with_columns(amount=-pl.col("amount")).write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(
        ContractBrokenError, match="22 rows of 23 would be set aside, more than the 1% that the contract"
    ):
        gather(tmp_path, SOURCE, strict(rows(30)), log=None, as_of=NOW, span=None)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"rows": RowCount(minimum=24, maximum=None, outside=Severity.REFUSE)}, "the table has 23 rows, fewer than 24"),
        ({"fresh": Freshness(within=HOUR, outside=Severity.REFUSE)}, "ts: the newest row is of 2026-02-21T00:00:00Z"),
        ({"unique": (Unique(columns=("fraud",)),)}, "fraud: 22 values of 23 are the same as in an earlier row"),
    ],
)
def test_rules_over_rows_together_refuse_a_training_table(tmp_path: Path, rule: dict[str, Any], said: str) -> None:
    rows(30).write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(ContractBrokenError, match=said):
        gather(tmp_path, SOURCE, strict(rows(30), **rule), log=None, as_of=NOW, span=None)
    fresh = strict(rows(30), fresh=Freshness(within=DAY, outside=Severity.REFUSE))
    assert gather(tmp_path, SOURCE, fresh, log=None, as_of=NOW, span=None).aside.is_empty()


AS_TEXT = Source(path="*.csv", time="ts", label="fraud", label_delay=Span(7 * DAY))


def written(folder: Path, table: pl.DataFrame, name: str = "rows.csv") -> None:
    table.with_columns(pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv(folder / name)


def test_a_bad_cell_of_a_csv_file_sets_its_row_aside_and_not_the_column(tmp_path: Path) -> None:
    table = rows(30)
    bad = table["amount"].cast(pl.String).set(table["amount"] == 7, "x")
    written(tmp_path, table[:5], "a.csv")
    written(tmp_path, table.with_columns(amount=bad)[5:], "b.csv")
    contract = strict(table, quarantine=0.1)
    outside = [
        replace(column, outside=Severity.QUARANTINE) if column.name == "amount" else column
        for column in contract.columns
    ]
    gathered = gather(tmp_path, AS_TEXT, replace(contract, columns=tuple(outside)), log=None, as_of=NOW, span=None)
    assert gathered.table["amount"].dtype == pl.Float64()
    assert gathered.table["amount"].to_list() == [float(place) for place in range(23) if place != 7]
    (row,) = gathered.aside.to_dicts()
    assert (row["amount"], row["_row"]) == ("x", 7)
    with pytest.raises(ContractBrokenError, match=r"amount: 1 value of 23 is not of type float \(row 7: 'x'\)"):
        gather(tmp_path, AS_TEXT, contract, log=None, as_of=NOW, span=None)


@pytest.mark.parametrize("other", ["7.0", "x"])
def test_a_word_for_a_gap_is_judged_by_the_rule_on_nulls_in_training_too(tmp_path: Path, other: str) -> None:
    table = rows(30)
    texts = table["amount"].cast(pl.String)
    written(tmp_path, table.with_columns(amount=texts.set(table["amount"] == 3, "NA"))[:5], "a.csv")
    written(tmp_path, table.with_columns(amount=texts.set(table["amount"] == 7, other))[5:], "b.csv")
    contract = strict(table, quarantine=0.2)
    outside = [
        replace(column, outside=Severity.QUARANTINE, nullable=False) if column.name == "amount" else column
        for column in contract.columns
    ]
    gathered = gather(tmp_path, AS_TEXT, replace(contract, columns=tuple(outside)), log=None, as_of=NOW, span=None)
    assert gathered.table["amount"].dtype == pl.Float64()
    assert gathered.aside["_row"].to_list() == ([3] if other == "7.0" else [3, 7])


def test_zeros_before_numbers_are_trained_on_as_they_are_written(tmp_path: Path) -> None:
    table = rows(30).with_columns(branch=pl.Series([f"{place % 7:03}" for place in range(30)]))
    written(tmp_path, table.with_columns(pl.Series("fraud", [place % 2 == 0 for place in range(30)])))
    first_contract(tmp_path, Project(name="p", data=AS_TEXT), NOW, print)
    contract = parse_contract((tmp_path / "contract.toml").read_text())
    assert contract.column("branch").type is ColumnType.TEXT
    gathered = gather(tmp_path, AS_TEXT, contract, log=None, as_of=NOW, span=None)
    assert gathered.table["branch"].to_list()[:8] == ["000", "001", "002", "003", "004", "005", "006", "000"]
    as_numbers = replace(
        contract,
        columns=tuple(
            Column(name="branch", type=ColumnType.INTEGER) if column.name == "branch" else column
            for column in contract.columns
        ),
    )
    numbers = gather(tmp_path, AS_TEXT, as_numbers, log=None, as_of=NOW, span=None).table
    assert numbers["branch"].to_list()[:8] == [0, 1, 2, 3, 4, 5, 6, 0]


def test_a_link_where_the_first_contract_goes_is_followed(tmp_path: Path) -> None:
    rows(30).with_columns(pl.Series("fraud", [place % 2 == 0 for place in range(30)])).write_parquet(
        tmp_path / "rows.parquet"
    )
    (tmp_path / "shared").mkdir()
    (tmp_path / "contract.toml").symlink_to("shared/fraud.toml")
    first_contract(tmp_path, Project(name="p", data=SOURCE), NOW, print)
    assert (tmp_path / "contract.toml").is_symlink()
    assert parse_contract((tmp_path / "shared" / "fraud.toml").read_text()).label == "fraud"
