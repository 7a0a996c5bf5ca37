"""What a machine and a person read of columns: the ones that a finding is about, and numbers that are none."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from trimtab.app.data import profile
from trimtab.app.data_check import check
from trimtab.app.data_opening import Reading
from trimtab.app.data_report import of_check, of_profile
from trimtab.data.contract import parse_contract
from trimtab.generate.data_document import to_document
from trimtab.generate.data_terminal import Look, terminal

CONTRACT = """schema = "trimtab.contract/3"
[table]
rows = { min = 9, outside = "refuse" }
unique = [{ columns = ["a", "b"] }]
[columns.a]
type = "integer"
[columns.b]
type = "integer"
range = { max = 3, outside = "quarantine" }
[[conditions]]
then = "a > b"
"""


def findings(table: pl.DataFrame) -> dict[str, dict[str, Any]]:
    contract = parse_contract(CONTRACT)
    document = to_document(of_check(check(table, contract), contract))
    assert document["check"]["violations"] <= document["check"]["rules"]
    return {found["rule"]: found for found in document["findings"]}


def test_a_finding_has_the_columns_that_its_rule_names() -> None:
    found = findings(pl.DataFrame({"a": [1, 1, 2], "b": [2, 2, 9]}))
    named = {rule: (each["column"], each["columns"]) for rule, each in found.items()}
    assert named == {
        "condition": ("a", ["a", "b"]),
        "unique": ("a", ["a", "b"]),
        "range": ("b", ["b"]),
        "quarantine": ("b", ["b"]),
        "rows": (None, []),
    }


def test_numbers_that_are_none_are_counted_beside_nulls() -> None:
    table = pl.DataFrame({"x": [math.nan] * 50, "y": [math.inf, None, *map(float, range(48))], "z": ["a"] * 50})
    found = of_profile(profile(table))
    columns = to_document(found)["profile"]["columns"]
    assert (columns["x"]["nans"], columns["x"]["infinite"], columns["x"]["not_finite"]) == (50, 0, 50)
    assert (columns["y"]["nans"], columns["y"]["infinite"]) == (0, 1)
    lines = [line.split() for line in terminal(found, Look(width=100)).splitlines()]
    assert ["x", "float", "50"] in [line[:3] for line in lines]
    assert ["y", "float", "2.0", "%", "1"] in [line[:5] for line in lines]


def test_one_row_repeats_a_key() -> None:
    found = of_profile(profile(pl.DataFrame({"k": [1, 1, 2]}), Reading(key=("k",))))
    assert "1 row repeats the key (k) of an earlier one" in terminal(found, Look(width=100))
