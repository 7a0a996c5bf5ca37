"""The pages on contracts and drift say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trimtab.data import problems
from trimtab.data.column_merging import ProfileError
from trimtab.data.condition import columns_of
from trimtab.data.condition_reader import parse_condition
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.contract_reader import _CONDITION, _TABLE, _TOP
from trimtab.data.kinds import ColumnType, Rule
from trimtab.data.request import RowChecker
from trimtab.data.rule_reader import _COLUMN

DOCS = Path(__file__).parents[2] / "docs"
CONTRACTS = (DOCS / "contracts.md").read_text()


def test_the_contract_on_the_page_is_one_as_it_would_be_written() -> None:
    shown = re.findall(r"```toml\n(.*?)```", CONTRACTS, re.DOTALL)[0]
    written = format_contract(parse_contract(shown))
    assert written[written.index("schema = ") :] == shown


def test_the_refusal_on_the_page_is_what_the_checker_says() -> None:
    shown = re.findall(r"```toml\n(.*?)```", CONTRACTS, re.DOTALL)[0]
    row = b'{"ts": "2026-03-01T14:30:00", "tx_id": "a", "amount": "1.5", "country": "DE", "contry": "DE"}'
    assert f"```\n{RowChecker(parse_contract(shown)).row(row)}\n```" in CONTRACTS


def test_every_rule_and_every_type_is_on_the_page() -> None:
    for word in (*Rule, *ColumnType):
        assert re.search(rf"^\| `?{word}`? \|", CONTRACTS, re.MULTILINE), word


def test_every_condition_on_the_page_is_one() -> None:
    table = CONTRACTS[CONTRACTS.index("## The language of conditions") :].partition("\n\nIt is Python")[0]
    number, text, time, truth = ColumnType.FLOAT, ColumnType.TEXT, ColumnType.TIME, ColumnType.BOOLEAN
    kinds = dict.fromkeys(["amount", "limit", "net", "tax", "gross", "items", "x"], number) | {"online": truth}
    kinds |= dict.fromkeys(["country", "reason", "iban", "tx id"], text) | dict.fromkeys(
        ["ts", "settled", "booked"], time
    )
    asked = [said for said in re.findall(r"`([^`]+)`", table) if re.search(r"[<>=]| in | is | and ", said)]
    assert len(asked) > 10
    for said in asked:
        assert columns_of(parse_condition(said, kinds))


def test_every_key_of_the_file_is_on_the_page() -> None:
    for keys in (_TOP, _TABLE, _CONDITION, _COLUMN):
        for key in set(keys) - {"table", "columns", "conditions"}:
            assert re.search(rf"^\| `{key}` \|", CONTRACTS, re.MULTILINE) or f"`{key}`" in CONTRACTS, key


@pytest.mark.parametrize("error", [problems.ContractError, problems.ContractSyntaxError, problems.TableError])
def test_every_error_of_a_contract_is_on_the_page(error: type[problems.TableError]) -> None:
    assert error.code in CONTRACTS


def test_the_error_of_profiles_is_on_the_page_of_drift() -> None:
    assert ProfileError.code in (DOCS / "drift.md").read_text()
