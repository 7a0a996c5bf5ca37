"""The pages on contracts and drift say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trimtab.data import problems
from trimtab.data.contract import format_contract, parse_contract
from trimtab.data.profile import ProfileError
from trimtab.data.request import RowChecker
from trimtab.data.schema import ColumnType, Rule

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


@pytest.mark.parametrize("error", [problems.ContractError, problems.ContractSyntaxError, problems.TableError])
def test_every_error_of_a_contract_is_on_the_page(error: type[problems.TableError]) -> None:
    assert error.code in CONTRACTS


def test_the_error_of_profiles_is_on_the_page_of_drift() -> None:
    assert ProfileError.code in (DOCS / "drift.md").read_text()
