"""The comment on a pull request is short, is Markdown, and mentions nobody."""

from __future__ import annotations

import re

import pytest

from tests.unit.generate.data_reports import hostile, ordinary, wide
from trimtab.generate.data_markdown import BYTES_MAX, code, markdown, plain
from trimtab.generate.data_report import DataReport


def test_it_has_the_verdict_the_broken_rules_and_what_changed() -> None:
    text = markdown(ordinary())
    assert text.startswith("### ❌ loans.parquet: FAIL\n\n3 of 9 rules are broken")
    assert "| ❌ refuse | `age` | range | 12 (0.30 %) | 12 values are above 90 — because nobody is |" in text
    assert "#### What changed most" in text
    assert re.search(r"\| ❌ \| `age` \| the mean is .* \| location \+", text)


@pytest.mark.parametrize("columns", [3, 5_000])
def test_it_fits_a_comment_whatever_the_table_is(columns: int) -> None:
    text = markdown(wide(columns, long=500))
    assert len(text.encode()) < BYTES_MAX
    assert ("more: `--json` or the report has them all" in text) is (columns > 3)


def test_every_row_of_a_table_has_as_many_cells_as_its_heading() -> None:
    lines = [line for line in markdown(hostile()).split("\n") if line.startswith("|")]
    cells = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
    assert set(cells) == {6, 7}


def test_names_and_values_become_no_markup_link_or_mention() -> None:
    assert plain("@team https://evil.example #12 <b> *x* [a](b)") == (
        "@\u200bteam https://\u200bevil.example \\#\u200b12 \\<b\\> \\*x\\* \\[a\\](b)"
    )
    assert code("a`b|c") == "`` a`b\\|c ``"
    outside_code = re.sub(r"`+ ?.*? ?`+", "", markdown(hostile()))
    assert not re.search(r"(?<!\\)<(?!/?(details|summary)>| 0)", outside_code)


def test_a_profile_alone_claims_no_verdict() -> None:
    assert "PASS" not in markdown(DataReport(source="x"))
