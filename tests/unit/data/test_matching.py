"""A pattern's matches, the quick way and Python's."""

from __future__ import annotations

import re

import polars as pl
import pytest

from trimtab.data.matching import _in_rust, matcher
from trimtab.data.pattern import searcher

TEXTS = ["", "A1", "a1", "A12", "A1\n", "ä1", "A٣", "DE89 3704", "a.b", "a\\b", "]", "-", "é", "DE\n", "x{2}", "a" * 50]


@pytest.mark.parametrize(
    "pattern",
    [r"^[A-Z]\d$", "^[A-Z][0-9]+$", "a.b", r"a\.b", r"a\\b", "^$", "$", "(A|a)1", "(?:A|a)1$", "[A-Za-z]{2}",
     "^.{2,3}$", r"\w\d", "[^A]", "(?i)a", "(?=a)", r"[\d]", "[a-z\\]]", "^a*?b?", r"\bA", "é", "a++",
     "(?P<x>a)(?P=x)", r"(a)\1"],
)  # fmt: skip
def test_the_quick_way_finds_what_python_finds(pattern: str) -> None:
    to_the_end = pattern.replace("$", r"\Z")
    expected = [not re.search(to_the_end, text) for text in TEXTS] + [False]
    assert matcher(pattern)(pl.Series([*TEXTS, None])).to_list() == expected


@pytest.mark.parametrize("pattern", [r"^[A-Z]{2}\d{2}$", "^cat_[0-9]+$", r"^\d{4}-\d{2}-\d{2}$", r"^[A-Z0-9]+\.csv$"])
def test_plain_patterns_go_the_quick_way(pattern: str) -> None:
    assert _in_rust(pattern) is not None


@pytest.mark.parametrize("pattern", [r"\w", "(?i)a", "(?!a)", "[^a]", r"\bA", "a++", r"(a)\1", "é", r"\s", r"\D"])
def test_patterns_that_engines_read_differently_go_pythons_way(pattern: str) -> None:
    assert _in_rust(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^[0-9]{5}$", "12345\n", False),
        ("^[0-9]{5}$", "12345", True),
        (r"^a\$", "a$b", True),
        ("^[$]", "$\n", True),
        ("^[]$]b", "$b", True),
        ("(?m)^a$", "a\nb", True),
        (r"^\w+$", "abc\n", False),
    ],
)
def test_an_end_is_the_end_of_the_text_in_tables_and_in_requests(pattern: str, text: str, *, found: bool) -> None:
    assert bool(searcher(pattern)(text)) is found
    assert matcher(pattern)(pl.Series([text])).to_list() == [not found]
