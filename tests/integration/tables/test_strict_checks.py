"""A check that refuses for what its contract only notes, too, and what a check says of itself at a prompt."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import trimtab
from trimtab.base.verdict import Verdict
from trimtab.cli.main import cli
from trimtab.data.kinds import Rule, Severity


def table(seed: int, *, moved: float = 0.0) -> pl.DataFrame:
    chance = np.random.default_rng(seed)
    return pl.DataFrame({"amount": chance.normal(moved, 1.0, 20_000), "n": chance.integers(0, 9, 20_000)})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    table(1).write_parquet("then.parquet")
    table(2).write_parquet("same.parquet")
    table(3, moved=0.5).write_parquet("moved.parquet")
    CliRunner().invoke(cli, ["data", "infer", "then.parquet", "-o", "c.toml"], catch_exceptions=False)
    return tmp_path


@pytest.mark.parametrize(("name", "strict", "code"), [("same", True, 0), ("moved", False, 0), ("moved", True, 1)])
def test_it_ends_as_its_files_say(folder: Path, name: str, strict: bool, code: int) -> None:
    options = ["--strict"] if strict else []
    command = ["data", "check", f"{name}.parquet", "--contract", "c.toml", "--junit", "j.xml", "--kept", "kept.parquet"]
    done = CliRunner().invoke(cli, [*command, *options], standalone_mode=False)
    assert done.return_value == code
    assert (ET.parse(folder / "j.xml").getroot().get("failures") != "0") is (code == 1)
    assert (folder / "kept.parquet").exists() is (code == 0)


def test_it_is_the_same_in_python(folder: Path) -> None:
    noted = trimtab.check(folder / "moved.parquet", folder / "c.toml")
    strict = trimtab.check(folder / "moved.parquet", folder / "c.toml", strict=True)
    assert (noted.verdict, strict.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert [(v.column, v.rule) for v in strict.report.violations] == [
        (v.column, v.rule) for v in noted.report.violations
    ]
    assert {violation.severity for violation in strict.report.violations} == {Severity.REFUSE}
    assert ("amount", Rule.DRIFT) in [(violation.column, violation.rule) for violation in strict.report.violations]


def test_drift_that_cannot_be_told_yet_leaves_it_undecided(folder: Path) -> None:
    few = table(2)[:200]
    noted, strict = (trimtab.check(few, folder / "c.toml", strict=strict) for strict in (False, True))
    assert (noted.verdict, strict.verdict) == (Verdict.PASS, Verdict.UNSURE)
    assert "amount" in strict.report.undecided


def test_rows_that_are_set_aside_stay_so(folder: Path) -> None:
    with (folder / "c.toml").open("a") as contract:
        contract.write("\n[[conditions]]\nthen = 'amount < 3'\noutside = 'quarantine'\n")
    report = trimtab.check(folder / "same.parquet", folder / "c.toml", strict=True).report
    assert report.verdict is Verdict.PASS
    assert report.quarantined == sum(violation.count for violation in report.violations) > 10


def test_a_check_and_a_profile_are_short_at_a_prompt(folder: Path) -> None:
    said = repr(trimtab.check(folder / "moved.parquet", folder / "c.toml"))
    assert said.splitlines()[0].endswith("moved.parquet: PASS, 1 of 9 rules are broken")
    assert "note: amount: location drifted: the mean is 0.4975" in said
    assert len(said) < 2_000
    assert repr(trimtab.profile(folder / "moved.parquet")) == "<Profile of 20,000 rows, 2 columns>"
