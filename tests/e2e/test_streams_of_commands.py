"""Whoever reads what a command says may leave, or never have been there: a verdict is not taken from that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

ROWS = 5_000
T = f"{sys.executable} -m trimtab"
SAID = ("data check good.parquet --contract rules.toml", "data check bad.parquet --contract rules.toml",
        "data profile good.parquet", "data diff rules.toml good.parquet", "data drift good.parquet bad.parquet",
        "data infer good.parquet", "--help", "data check --help")  # fmt: skip


def bash(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=cwd, timeout=120, check=False)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table that passes its contract, and one that fails it."""
    folder = tmp_path_factory.mktemp("desk")
    good = pl.DataFrame({"x": range(ROWS), "y": [place * 7919 % 1009 / 3 for place in range(ROWS)]})
    good.write_parquet(folder / "good.parquet")
    good.drop("y").write_parquet(folder / "bad.parquet")
    done = bash(f"{T} data infer good.parquet -o rules.toml", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("said", SAID)
def test_a_reader_that_left_ends_a_command_with_141_and_never_with_a_verdict(said: str, desk: Path) -> None:
    """The reader is gone before the command says a word."""
    line = f"set -o pipefail; {{ sleep 0.3; {T} {said}; echo $? >&2; }} | true"
    done = bash(line, desk)
    assert done.stderr == "141\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("json", ["", " --json"])
def test_closed_streams_leave_a_verdict_as_it_is(closed: str, json: str, desk: Path) -> None:
    for table, code in (("good", 0), ("bad", 1)):
        done = bash(f"{T} data check {table}.parquet --contract rules.toml{json} {closed}", desk)
        assert done.returncode == code, done.stderr
        assert not done.stderr
