"""Expectations about texts: how long they are, and what is found in them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from trimtab.data.exchange import Draft, column_text
from trimtab.data.kinds import ColumnType
from trimtab.data.schema import Length, Pattern
from trimtab.drivers.great_expectations import patterns
from trimtab.drivers.great_expectations.row_rules import Reader, add_condition
from trimtab.drivers.great_expectations.suite import Expectation
from trimtab.drivers.great_expectations.table_rules import whole_ends


def _length(expectation: Expectation, draft: Draft) -> None:
    name, kwargs = expectation.column, expectation.kwargs
    if draft.kinds[name] is not ColumnType.TEXT:
        return draft.leave(expectation.type, name, "only text has a length")
    fixed = kwargs.get("value")
    low, high = whole_ends(expectation) if fixed is None else (math.ceil(fixed), math.floor(fixed))
    if low is None and high is None:
        return draft.leave(expectation.type, name, "it has neither a least nor a greatest number")
    low = None if low is None else max(low, 0)
    if draft.column(name).length is None and not expectation.when and (low is None or high is None or low <= high):
        return draft.set(name, length=Length(minimum=low, maximum=high, **expectation.rule))
    text = f"len({column_text(name)})"
    ends = [f"{text} >= {low}"] * (low is not None) + [f"{text} <= {high}"] * (high is not None)
    return add_condition(expectation, draft, " and ".join(ends))


def _regex(expectation: Expectation, draft: Draft) -> None:
    kwargs = expectation.kwargs
    listed = kwargs.get("regex_list") or kwargs.get("like_pattern_list")
    written = listed or [kwargs.get("regex", kwargs.get("like_pattern", ""))]
    if "like" in expectation.type:
        why = "SQL may ignore case there, by its collation, and a pattern does not"
        draft.leave(f"collation of {expectation.type}", expectation.column, why)
        written = [patterns.of_like(pattern, kwargs.get("escape")) for pattern in written]
    if "_not_match_" in expectation.type:
        pattern = patterns.none_of(written)
    elif kwargs.get("match_on") == "all" and listed:
        pattern = patterns.all_of(written)
    else:
        pattern = patterns.any_of(written)
    _found(expectation, draft, pattern)


def _found(expectation: Expectation, draft: Draft, pattern: str | None) -> None:
    name = expectation.column
    if draft.kinds[name] is not ColumnType.TEXT:
        return draft.leave(expectation.type, name, "only text has a pattern")
    if expectation.when:
        return draft.leave(expectation.type, name, "a pattern is of all rows, not of those of a row condition")
    if not pattern or not patterns.valid(pattern):
        return draft.leave(expectation.type, name, "the expressions cannot be made one that Python's re takes")
    there = draft.column(name).pattern
    ours = Pattern(matches=pattern, **expectation.rule)
    if there is None:
        return draft.set(name, pattern=ours)
    joined = patterns.all_of([there.matches, pattern])
    if joined is None or there.share or ours.share or there.outside is not ours.outside:
        return draft.leave(expectation.type, name, "the column has a pattern already, and the two cannot be made one")
    because = "; ".join(text for text in (there.because, ours.because) if text)
    return draft.set(name, pattern=replace(ours, matches=joined, because=because))


READERS: Final[Mapping[str, Reader]] = {
    "expect_column_value_lengths_to_be_between": _length,
    "expect_column_value_lengths_to_equal": _length,
    **{
        f"expect_column_values_to_{form}_{kind}": _regex
        for form in ("match", "not_match")
        for kind in ("regex", "regex_list", "like_pattern", "like_pattern_list")
    },
}
