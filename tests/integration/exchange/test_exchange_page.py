"""docs/exchange.md says of every expectation and every anomaly what the code does with it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.integration.house.tree import source
from trimtab.drivers.great_expectations.expectations import EXPECTATIONS
from trimtab.drivers.tfdv.anomalies import RULES

PAGE = Path("docs/exchange.md")


def test_the_page_lists_every_expectation_with_its_support_and_what_it_becomes() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (supported|partly|refused) \| (.+) \|$", source(PAGE), re.MULTILINE)
    assert rows == [(name, entry.support.value, entry.becomes) for name, entry in EXPECTATIONS.items()]
    assert f"{len(EXPECTATIONS)} expectations are known" in source(PAGE)


def test_the_page_lists_every_anomaly_with_its_rule() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| `(\w+)` \|$", source(PAGE), re.MULTILINE)
    assert rows == [(name, rule.value) for name, rule in RULES.items()]
