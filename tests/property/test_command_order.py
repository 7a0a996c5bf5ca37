"""Commands hang together exactly where one may read what another writes, whatever paths and signs they name."""

from __future__ import annotations

import re
from itertools import product
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from trimtab.pipeline.commands import function_of
from trimtab.spec.project import CommandStep

NAMES = ("a", "b", "ab", "x.csv", "y.bin")
SIGNS = ("*", "?", "a*", "[ab]", "*.csv", "**")
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
PATTERNS = st.lists(st.sampled_from(NAMES + SIGNS), min_size=1, max_size=3).map("/".join)
BELOW = ["/".join(names) for depth in (1, 2, 3) for names in product(NAMES, repeat=depth)]

_PARTS = {"**/": "(?:[^/]+/)*", "**": "(?:[^/]+/)*[^/]*", "*": "[^/]*", "?": "[^/]", "[ab]": "[ab]"}


def hang_together(reads: str, writes: str) -> bool:
    """Whether a command that reads the one comes behind one that writes the other."""
    reader = CommandStep(name="reader", run="r", reads=(reads,))
    writer = CommandStep(name="writer", run="w", writes=(PurePosixPath(writes),))
    return [each.name for each in function_of(reader, [reader, writer]).parameters] == ["writer"]


def is_read(pattern: str, file: str) -> bool:
    """Whether a file is matched, or lies in a folder that is: the pattern as one regular expression."""
    split = re.split(r"(\*\*/|\*\*|\*|\?|\[ab\])", pattern)
    expression = re.compile("".join(_PARTS.get(part, re.escape(part)) for part in split))
    names = file.split("/")
    return any(expression.fullmatch("/".join(names[:depth])) for depth in range(1, len(names) + 1))


@given(PATTERNS, PATHS)
def test_a_written_file_that_is_read_makes_an_order(pattern: str, path: str) -> None:
    if is_read(pattern, path):
        assert hang_together(pattern, path)


@given(PATTERNS, PATHS)
def test_an_order_is_made_only_where_something_of_what_is_written_can_be_read(pattern: str, path: str) -> None:
    if hang_together(pattern, path):
        assert is_read(pattern, path) or any(is_read(pattern, f"{path}/{below}") for below in BELOW)


@given(PATTERNS, PATHS.filter(lambda path: "." not in path))
def test_a_written_folder_of_which_something_can_be_read_makes_an_order(pattern: str, path: str) -> None:
    can_be_read = is_read(pattern, path) or any(is_read(pattern, f"{path}/{below}") for below in BELOW)
    assert hang_together(pattern, path) == can_be_read


@given(PATHS, PATHS)
def test_without_signs_one_of_both_is_around_the_other(read: str, written: str) -> None:
    one, other = PurePosixPath(read), PurePosixPath(written)
    assert hang_together(read, written) == (one.is_relative_to(other) or other.is_relative_to(one))
