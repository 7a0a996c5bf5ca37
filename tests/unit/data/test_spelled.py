"""What texts of a file are as numbers, truth values and gaps."""

from __future__ import annotations

import polars as pl
import pytest

from trimtab.data.iso_times import GAPS
from trimtab.data.kinds import ColumnType
from trimtab.data.spelled import Spelling, read_spelled


@pytest.mark.parametrize("word", GAPS)
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ColumnType.INTEGER, "7"),
        (ColumnType.FLOAT, "7.5"),
        (ColumnType.BOOLEAN, "true"),
        (ColumnType.TIME, "2026-03-01T00:00:00Z"),
    ],
)
def test_a_word_for_a_gap_is_one_in_every_type_but_text(word: str, kind: ColumnType, text: str) -> None:
    found = read_spelled(pl.Series([text, word, f" {word} "]), kind, None, Spelling())
    assert found.gaps.to_list() == [False, True, True]
    assert (found.values.null_count(), found.faults) == (2, {})


def test_a_word_for_a_gap_is_a_text_among_texts() -> None:
    found = read_spelled(pl.Series(["a", "NA"]), ColumnType.TEXT, None, Spelling())
    assert found.values.to_list() == ["a", "NA"]


def test_spaces_on_both_sides_are_no_part_of_a_value() -> None:
    assert Spelling().values(pl.Series([" 12.50", "12.50 ", "  "]), pl.Float64()).to_list() == [12.5, 12.5, None]
    assert Spelling(decimal_comma=True).values(pl.Series([" 2,5 "]), pl.Float64()).to_list() == [2.5]
    assert Spelling().values(pl.Series([" true ", "False", ""]), pl.Boolean()).to_list() == [True, False, None]


@pytest.mark.parametrize(("text", "dtype"), [("x", pl.Int64()), ("1", pl.Boolean()), ("na", pl.Float64())])
def test_what_is_no_value_is_refused_or_null(text: str, dtype: pl.DataType) -> None:
    with pytest.raises(pl.exceptions.PolarsError, match=r"conversion|replace"):
        Spelling().values(pl.Series([text]), dtype)
    assert Spelling().values(pl.Series([text]), dtype, strict=False).to_list() == [None]
