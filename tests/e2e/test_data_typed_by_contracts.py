"""A contract decides how a CSV file, which stores no types, is read: from the command line, as a person sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from trimtab.app import data_check
from trimtab.base.errors import ProblemsError
from trimtab.data.check import check_table
from trimtab.data.contract import parse_contract
from trimtab.data.infer import Roles, infer_contract
from trimtab.data.profiler import profile_frame
from trimtab.data.violation import CheckReport

HEAD = 'schema = "trimtab.contract/3"\n'


def told(*arguments: str, cwd: Path) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON document of a command."""
    done = subprocess.run(
        [sys.executable, "-m", "trimtab", "data", *arguments, "--json"],
        capture_output=True, text=True, cwd=cwd, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def checked(folder: Path, content: str, contract: str, **setting: Any) -> CheckReport:
    (folder / "rows.csv").write_text(content)
    return data_check.check(
        str(folder / "rows.csv"), parse_contract(HEAD + contract), data_check.Setting(**setting)
    ).report


def with_bad_cells(rows: int = 3_000) -> str:
    cells = [str(place) for place in range(rows)]
    cells[5], cells[9], cells[100], cells[200], cells[300] = "x", "", "1.5", "1e3", "007"
    return "n,i\n" + "".join(f"{cell},1\n" for cell in cells)


def test_bad_cells_are_counted_one_by_one_and_shown_with_their_rows(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(with_bad_cells())
    (tmp_path / "c.toml").write_text(
        HEAD + '[columns.n]\ntype = "integer"\nnullable = true\n[columns.i]\ntype = "integer"\n'
    )
    code, found = told("check", "bad.csv", "--contract", "c.toml", cwd=tmp_path)
    assert code == 1
    (only,) = found["findings"]
    assert (only["rule"], only["count"]) == ("type", 2)
    assert only["examples"] == [{"row": 5, "value": "x"}, {"row": 100, "value": "1.5"}]
    assert found["notes"] == []


def test_drift_reads_both_sides_as_the_contract_types_them(tmp_path: Path) -> None:
    for name, head in (("then.csv", ""), ("now.csv", "x\n")):
        (tmp_path / name).write_text("n\n" + head + "".join(f"{place % 10}\n" for place in range(20_000)))
    (tmp_path / "c.toml").write_text(HEAD + '[columns.n]\ntype = "integer"\nnullable = true\n')
    assert told("drift", "then.csv", "now.csv", cwd=tmp_path)[0] == 1  # the column is text today
    assert told("drift", "then.csv", "now.csv", "--contract", "c.toml", cwd=tmp_path)[0] == 0
    assert told("drift", "then.csv", "then.csv", "--tolerance", "share=2%", cwd=tmp_path)[0] == 0


def test_bad_cells_alone_are_set_aside(tmp_path: Path) -> None:
    contract = '[columns.n]\ntype = "integer"\nnullable = true\noutside = "quarantine"\n[columns.i]\ntype = "integer"\n'
    aside, kept = tmp_path / "aside.csv", tmp_path / "kept.csv"
    report = checked(tmp_path, with_bad_cells(), contract, aside=aside, kept=kept)
    assert report.quarantined == 2
    assert pl.read_csv(aside, infer_schema=False)["n"].to_list() == ["x", "1.5"]
    assert pl.read_csv(kept, infer_schema=False).height == 2_998


@pytest.mark.parametrize(
    ("kind", "cells", "wrong"),
    [
        ("integer", ["9007199254740993", "1.5", "2.0", "-7"], ["1.5"]),
        ("float", ["1.5", "x", "1e3", "007", "-2"], ["x"]),
        ("float", ["12.50 ", " 12.50", "1 2"], ["1 2"]),
        ("boolean", ["true", "False", "yes", ""], ["yes"]),
        ("time", ["2026-03-01T00:00:00Z", "1772323200000000", "soon"], ["soon"]),
    ],
)
def test_each_type_is_read_value_by_value(tmp_path: Path, kind: str, cells: list[str], wrong: list[str]) -> None:
    content = "x,i\n" + "".join(f"{cell},1\n" for cell in cells)
    contract = f'[columns.x]\ntype = "{kind}"\nnullable = true\n[columns.i]\ntype = "integer"\n'
    report = checked(tmp_path, content, contract)
    assert [example.value for found in report.violations for example in found.examples] == wrong


@pytest.mark.parametrize(
    ("kind", "text"), [("integer", "1"), ("float", "2.5"), ("boolean", "true"), ("time", "2026-03-01T00:00:00Z")]
)
@pytest.mark.parametrize("others", [[], ["x"], ["n/a"], ["n/a", "x"]])
def test_a_word_for_a_gap_is_one_for_the_contract_whatever_else_the_column_holds(
    tmp_path: Path, kind: str, text: str, others: list[str]
) -> None:
    content = "v,i\n" + "".join(f"{cell},1\n" for cell in [text, "NA", *others])
    contract = f'[columns.v]\ntype = "{kind}"\nnullable = false\n[columns.i]\ntype = "integer"\n'
    gaps = [1, 2] if "n/a" in others else [1]
    found = {each.rule.value: each.examples for each in checked(tmp_path, content, contract).violations}
    assert [(example.row, example.value) for example in found.pop("null")] == [(row, None) for row in gaps]
    assert [example.value for examples in found.values() for example in examples] == [c for c in others if c == "x"]


@pytest.mark.parametrize("kind", ["integer", "float"])
def test_a_number_too_large_for_a_float_is_told_as_it_is_written(tmp_path: Path, kind: str) -> None:
    contract = f'[columns.v]\ntype = "{kind}"\n'
    (found,) = checked(tmp_path, "v\n1\n1e400\n-inf\n", contract).violations
    assert [(example.row, example.value) for example in found.examples] == [(1, "1e400"), (2, "-inf")]
    assert found.rule.value == "impossible"


def test_a_word_for_a_gap_is_a_text_where_the_contract_says_so(tmp_path: Path) -> None:
    contract = '[columns.v]\ntype = "text"\nvalues = { allowed = ["1", "NA"], outside = "refuse" }\n'
    assert checked(tmp_path, "v\n1\nNA\n", contract).violations == ()


def test_texts_of_truth_values_are_compared_with_the_truth_values_of_before(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("v,i\n" + "true,1\nNA,2\nfalse,3\n" * 1_000)
    (tmp_path / "c.toml").write_text(HEAD + '[columns.v]\ntype = "text"\n[columns.i]\ntype = "integer"\n')
    assert told("profile", "rows.csv", "-o", "then.json", cwd=tmp_path)[0] == 0
    code, found = told("check", "rows.csv", "--contract", "c.toml", "--reference", "then.json", cwd=tmp_path)
    assert code == 0
    assert {each["size"] for each in found["findings"]} == {0.0}


def test_rules_hold_for_the_values_beside_bad_cells(tmp_path: Path) -> None:
    contract = '[columns.x]\ntype = "integer"\nrange = { min = 0, max = 9 }\n'
    found = checked(tmp_path, "x\n1\n2\nx\n12\n", contract).violations
    assert {(each.rule.value, each.count) for each in found} == {("type", 1), ("range", 1)}


def test_text_stays_text_where_the_contract_says_so(tmp_path: Path) -> None:
    contract = (
        '[columns.zip]\ntype = "text"\npattern = { matches = "^[0-9]{5}$", outside = "refuse" }\n'
        '[columns.v]\ntype = "text"\nvalues = { allowed = ["1.10", "01"], outside = "refuse" }\n'
        '[columns.b]\ntype = "text"\n'
    )
    assert checked(tmp_path, "zip,v,b\n12345,1.10,true\n54321,01,false\n", contract).violations == ()


def test_a_column_of_bad_cells_is_compared_as_the_numbers_it_holds(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("n,t\n" + "".join(f"{place % 97},1.{place % 10}0\n" for place in range(3_000)))
    assert told("infer", "good.csv", "-o", "c.toml", cwd=tmp_path)[0] == 0
    text = (tmp_path / "c.toml").read_text().replace('[columns.t]\ntype = "float"', '[columns.t]\ntype = "text"')
    (tmp_path / "c.toml").write_text("\n".join(line for line in text.splitlines() if "1.9" not in line))
    rows = [f"{place % 97},1.{place % 10}0\n" for place in range(3_000)]
    (tmp_path / "bad.csv").write_text("n,t\n" + "".join([*rows[:7], "x,1.10\n", *rows[8:]]))
    for against in ([], ["--reference", "good.csv"]):
        code, found = told("check", "bad.csv", "--contract", "c.toml", *against, cwd=tmp_path)
        assert [(each["rule"], each["count"]) for each in found["findings"] if "rule" in each] == [("type", 1)]
        assert code == 1


def test_three_spellings_are_three_keys(tmp_path: Path) -> None:
    (tmp_path / "k.csv").write_text("id,v\n01,1\n1,2\n001,3\n")
    assert told("profile", "k.csv", "--key", "id", cwd=tmp_path)[1]["profile"]["repeats"]["rows"] == 0


def test_keys_beyond_64_bits_are_text_in_a_csv_and_told_in_parquet(tmp_path: Path) -> None:
    keys = pl.DataFrame({"k": pl.Series([2**63 + place * 7 for place in range(3_000)], dtype=pl.UInt64)})
    keys.write_csv(tmp_path / "k.csv")
    assert told("infer", "k.csv", "--key", "k", "-o", "c.toml", cwd=tmp_path)[0] == 0
    assert told("check", "k.csv", "--contract", "c.toml", cwd=tmp_path)[0] == 0
    with pytest.raises(ProblemsError, match="cannot be the key: it holds integers beyond 64 bits"):
        infer_contract(profile_frame(keys), Roles(key="k"))


def test_the_range_of_numbers_beyond_64_bits_has_room() -> None:
    chance = np.random.default_rng(1)
    table, fresh = (pl.DataFrame({"v": chance.integers(0, 2**64, 5_000, dtype=np.uint64)}) for _ in range(2))
    assert check_table(fresh, infer_contract(profile_frame(table)).contract) == ()
