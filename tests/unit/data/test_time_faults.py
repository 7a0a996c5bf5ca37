"""What is told of values that are no times is why they were refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest

from trimtab.data.check import TableCheck, check_table
from trimtab.data.contract import parse_contract
from trimtab.data.spelled import Spelling

CONTRACT = parse_contract('schema = "trimtab.contract/3"\n[columns.t]\ntype = "time"\n')
ZONED = parse_contract('schema = "trimtab.contract/3"\nzone = "UTC"\n[columns.t]\ntype = "time"\n')
RIGHT = "2026-01-03T00:00:00Z"
NEAR = (
    "not readable as microseconds since 1970 (an integer nearer to zero than 100,000,000,000,000 looks like seconds, "
    "milliseconds or a date; write ISO 8601)"
)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([RIGHT, "20260103"], f"1 value of 2 is {NEAR}"),
        (["1700000000", "20260103 "], f"2 values of 2 are {NEAR}"),
        ([RIGHT, "2026-01-03T00:00:00"], "1 value of 2 is without a zone"),
        ([RIGHT, "2026-01-03"], "1 value of 2 is without a zone"),
        ([RIGHT, "0001-01-01T00:00:00+05:00"], "1 value of 2 is not within the years 1 to 9999"),
        ([RIGHT, "999999999999999999"], "1 value of 2 is not within the years 1 to 9999"),
        (["2026-01-03 00:00:00", "20260103"], f"2 values of 2 are without a zone, or {NEAR}"),
    ],
)
def test_texts_of_a_file_are_told_why_they_are_no_times(texts: list[str], said: str) -> None:
    table = pl.DataFrame({"t": texts})
    check = TableCheck(CONTRACT, schema=table.schema, spelling=Spelling(columns=frozenset({"t"})))
    check.add(table)
    assert [found.problem for found in check.report().violations] == [said]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([20260103, 1_767_398_400_000_000], f"1 value of 2 is {NEAR}"),
        ([datetime(2026, 1, 3), None], "1 value of 2 is without a zone"),  # noqa: DTZ001  # what is told of is no zone
        (["20260103", RIGHT], "1 value of 2 is without a zone"),
        (["2026-01-03T00:00:00", RIGHT], "1 value of 2 is without a zone"),
    ],
)
def test_values_of_other_tables_are_told_why_they_are_no_times(values: list[Any], said: str) -> None:
    found = check_table(pl.DataFrame({"t": values}), CONTRACT)
    assert [each.problem for each in found if each.rule.value == "impossible"] == [said]


def test_a_time_needs_no_zone_where_the_contract_names_one() -> None:
    table = pl.DataFrame({"t": ["2026-01-03T00:00:00", "0001-01-01T00:00:00+05:00"]})
    (found,) = check_table(table, ZONED)
    assert found.problem == "1 value of 2 is not within the years 1 to 9999"
