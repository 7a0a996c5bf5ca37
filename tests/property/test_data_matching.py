"""Patterns: whichever engine looks first, Python's has the word."""

from __future__ import annotations

import re
import warnings

import polars as pl
from hypothesis import assume, given
from hypothesis import strategies as st

from trimtab.data.matching import matcher

PIECES = st.sampled_from(
    ["a", "B", "7", " ", "-", ".", "\\.", "\\d", "\\w", "\\\\", "[A-Z]", "[0-9a-f]", "[\\d.]", "[a-]", "[^a]", "(a|B)",
     "(?:ab)", "^", "$", "|", "*", "+", "?", "{2}", "{1,3}", "{0,}", "\\b", "é", "\\s", "(?i)", "\\/", "\\-", "{", "]"]
)  # fmt: skip
PATTERNS = st.lists(PIECES, min_size=1, max_size=6).map("".join) | st.text(
    st.sampled_from("aB7 .\\d[]^$|*+?{}(),-é1"), min_size=1, max_size=8
)
TEXTS = st.none() | st.text(st.sampled_from("aBb7٣ .-\\é\n{}]AZ0f"), max_size=5)


@given(PATTERNS, st.lists(TEXTS, min_size=1, max_size=8))
def test_the_quick_way_finds_what_python_finds(pattern: str, texts: list[str | None]) -> None:
    with warnings.catch_warnings(action="ignore"):
        try:
            search = re.compile(pattern).search
        except re.error:
            assume(False)
        found = matcher(pattern)(pl.Series(texts, dtype=pl.String)).to_list()
    assert found == [text is not None and not search(text) for text in texts]
