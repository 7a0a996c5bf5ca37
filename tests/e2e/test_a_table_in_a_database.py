"""Rows that a query gives: trained on, kept with the run, and there for its repetition when the database is gone."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import polars as pl


def trimtab(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "trimtab", *words], cwd=folder, capture_output=True, text=True)


def test_a_model_from_a_query_is_reproduced_without_the_database(tmp_path: Path) -> None:
    assert trimtab(tmp_path, "new", "bank").returncode == 0
    project = tmp_path / "bank"
    rows = pl.read_parquet(project / "data/payments.parquet")
    rows = rows.with_columns(
        pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"), pl.col(pl.Boolean).cast(pl.Int64)
    )
    marks = ", ".join("?" * rows.width)
    with sqlite3.connect(project / "bank.db") as database:
        database.execute(f"CREATE TABLE payments ({', '.join(rows.columns)})")
        database.executemany(f"INSERT INTO payments VALUES ({marks})", rows.rows())
    database.close()
    text = (project / "trimtab.toml").read_text()
    old = next(line for line in text.splitlines() if line.startswith("source = "))
    (project / "trimtab.toml").write_text(text.replace(old, 'source = "bank.db"\nsql = "SELECT * FROM payments"'))
    done = trimtab(project, "run", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)["record"]
    assert record["data"]["rows"] == rows.height
    assert record["data"]["sources"] == {}
    again = json.loads(trimtab(project, "run", "--json").stdout)["record"]
    assert {step["state"] for step in again["steps"]} == {"kept"}  # the query was asked again, and gave the same
    (project / "bank.db").unlink()
    told = trimtab(project, "reproduce", record["run_id"], "--json")
    assert json.loads(told.stdout)["sameness"] == "identical"
    missing = trimtab(project, "run")
    assert missing.returncode == 2
    assert "bank.db" in missing.stderr
