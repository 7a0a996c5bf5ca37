"""Something else stands where a table or a contract is wanted: the sentence says what it is."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from tests.e2e.test_data_commands import trimtab


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with a table, its contract and its profile."""
    rows = pl.DataFrame({"x": range(500), "y": [place * 7919 % 1009 / 3 for place in range(500)]})
    rows.write_parquet(tmp_path / "rows.parquet")
    assert trimtab("data", "infer", "rows.parquet", "-o", "rules.toml", cwd=tmp_path).returncode == 0
    return tmp_path


def refused(folder: Path, *words: str) -> str:
    done = trimtab("data", *words, cwd=folder)
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stderr


def test_a_link_that_leads_nowhere_is_called_that(desk: Path) -> None:
    (desk / "broken.parquet").symlink_to("gone.parquet")
    told = refused(desk, "profile", "broken.parquet")
    assert "broken.parquet is a link to gone.parquet, which leads to no file" in told
    assert "Did you mean" not in told


def test_a_pipe_and_a_device_are_no_files_to_read_a_table_from(desk: Path) -> None:
    os.mkfifo(desk / "pipe.parquet")
    assert "pipe.parquet is a pipe, and a table is read from files" in refused(desk, "profile", "pipe.parquet")
    assert "/dev/null is a device" in refused(desk, "profile", "/dev/null")
    told = refused(desk, "check", "rows.parquet", "--contract", "pipe.parquet")
    assert "pipe.parquet is a pipe, and a contract is read from a file" in told


@pytest.mark.parametrize(
    "words",
    [
        ("check", "rows.parquet", "--contract", "rows.parquet"),
        ("diff", "rows.parquet", "rules.toml"),
        ("drift", "rows.parquet", "rows.parquet", "--contract", "rows.parquet"),
        ("export", "rows.parquet", "--to", "tfdv", "-o", "x.pbtxt"),
    ],
)
def test_a_table_in_the_place_of_a_contract_is_called_a_table(words: tuple[str, ...], desk: Path) -> None:
    assert "rows.parquet is a table (Parquet), and a contract is needed here [TT1001]" in refused(desk, *words)


def test_a_profile_in_the_place_of_a_contract_is_called_a_profile(desk: Path) -> None:
    told = refused(desk, "check", "rows.parquet", "--contract", "rules.profile")
    assert "rules.profile is a stored profile, and a contract is needed here" in told


def test_no_reference_and_a_reference_contradict_each_other(desk: Path) -> None:
    words = ("check", "rows.parquet", "--contract", "rules.toml", "--no-reference", "--reference", "rules.profile")
    assert "--no-reference compares with nothing" in refused(desk, *words)
