"""What a run says of rows that it cannot learn from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from trimtab.app.gather import TooFewRowsError, first_contract, source_rows, split
from trimtab.base.instants import DAY, Span, parse_instant
from trimtab.data.infer import infer
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
    seen = source_rows(tmp_path, SOURCE, NOW)
    assert seen["ts"].to_list()[-1] < datetime(2026, 2, 22, tzinfo=UTC)
    assert seen.height == 13


def test_a_table_without_a_single_label_is_named_as_that_and_no_contract_is_written(tmp_path: Path) -> None:
    rows(20, label=None).write_parquet(tmp_path / "rows.parquet")
    project = Project(name="p", source=SOURCE)
    with pytest.raises(TooFewRowsError, match="no row of rows.parquet has a label that had arrived by 2026-03-01"):
        first_contract(tmp_path, project, NOW, print)
    assert not (tmp_path / "contract.toml").exists()


def test_one_row_cannot_be_trained_on_and_judged_by(tmp_path: Path) -> None:
    table = rows(2)
    contract = infer(table.with_columns(fraud=pl.Series([True, False])), time="ts", label="fraud")
    with pytest.raises(TooFewRowsError, match=r"1 labelled row \(the newest: 2026-02-28"):
        split(table[1:], contract, Judging(share=0.2))
