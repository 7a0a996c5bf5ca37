"""Hints that name a column must show what cannot be seen."""

from __future__ import annotations

import polars as pl
import pytest

from trimtab.data.check import check_table
from trimtab.data.contract import parse_contract
from trimtab.data.wording import closest


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("contry", ["amount", "country"], "did you mean 'country'?"),
        (" amount", ["amounts", "amount"], "' amount' has a space before it; did you mean 'amount'?"),
        ("amount ", ["amount"], "'amount ' has a space behind it; did you mean 'amount'?"),
        (" amount ", ["amount"], "' amount ' has spaces around it; did you mean 'amount'?"),
        ("amount", ["id", " amount"], "did you mean ' amount', which has a space before it?"),
        ("ID", ["idx", "id"], "'ID' differs from 'id' in case only"),
        ("ID ", ["id"], "'ID ' differs from 'id' in case and spaces"),
        ("zzz", ["id"], ""),
    ],
)
def test_the_closest_word_is_hinted_so_that_one_sees_how_it_differs(word: str, known: list[str], hint: str) -> None:
    assert closest(word, known) == hint


def test_the_index_that_pandas_writes_is_told_as_one() -> None:
    contract = parse_contract('schema = "trimtab.contract/3"\n[columns.a]\ntype = "integer"\n')
    (found,) = check_table(pl.DataFrame({"a": [1], "__index_level_0__": [0]}), contract)
    assert found.problem == (
        "the contract knows no such column; it is pandas' index: write with index=False, or list it under ignored"
    )
