"""Expectations about the values of one row as conditions.

Which rows with nulls count is said by ``ignore_row_if``, and a contract's condition never breaks where a null keeps it
from being said. So the plain comparison is what ignores a row with any null; the other two ask for the nulls first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from trimtab.data.exchange import Draft, column_text, literal_text
from trimtab.data.schema import Condition
from trimtab.drivers.great_expectations.suite import Expectation

Reader = Callable[[Expectation, Draft], None]

_ANY: Final = ("any_value_is_missing", "either_value_is_missing")
_ALL: Final = ("all_values_are_missing", "both_values_are_missing")


def add_condition(expectation: Expectation, draft: Draft, then: str, *, when: str = "") -> None:
    """Put a condition into the draft, or name the expectation as left out."""
    both = " and ".join(text for text in (expectation.when, when) if text)
    rule = Condition(then=then, when=both, **expectation.rule)
    problem = draft.condition(rule)
    if problem:
        draft.leave(expectation.type, expectation.column, f"no condition can say it: {problem}")


def _guarded(expectation: Expectation, draft: Draft, names: Sequence[str], then: str) -> None:
    """A condition that cannot be said where a value is null, with the nulls that the expectation counts as broken."""
    ignored = expectation.kwargs.get("ignore_row_if", _ALL[0])
    if ignored in _ANY:
        return add_condition(expectation, draft, then)
    texts = [column_text(name) for name in names]
    whole = " and ".join(f"{text} is not null" for text in texts)
    return _of_rows(expectation, draft, names, f"{whole} and ({then})")


def _of_rows(expectation: Expectation, draft: Draft, names: Sequence[str], then: str) -> None:
    """A condition that can always be said, asked of the rows that the expectation does not ignore."""
    ignored = expectation.kwargs.get("ignore_row_if", _ALL[0])
    texts = [column_text(name) for name in names]
    when = ""
    if ignored in _ANY and " and " not in then and " or " not in then:
        return add_condition(expectation, draft, then)  # one comparison: it cannot be said of a null anyway
    if ignored in _ALL:
        when = f"({' or '.join(f'{text} is not null' for text in texts)})"
    elif ignored in _ANY:
        when = f"({' and '.join(f'{text} is not null' for text in texts)})"
    return add_condition(expectation, draft, then, when=when)


def _pair(expectation: Expectation) -> tuple[str, str]:
    return str(expectation.kwargs.get("column_A")), str(expectation.kwargs.get("column_B"))


def _greater(expectation: Expectation, draft: Draft) -> None:
    names = _pair(expectation)
    operator = ">=" if expectation.kwargs.get("or_equal") else ">"
    _guarded(expectation, draft, names, f"{column_text(names[0])} {operator} {column_text(names[1])}")


def _equal(expectation: Expectation, draft: Draft) -> None:
    names = _pair(expectation)
    _guarded(expectation, draft, names, f"{column_text(names[0])} == {column_text(names[1])}")


def _pair_in_set(expectation: Expectation, draft: Draft) -> None:
    names, pairs = _pair(expectation), expectation.kwargs.get("value_pairs_set")
    if not isinstance(pairs, list) or not pairs or not all(_is_pair(pair) for pair in pairs):
        why = "its list is empty, or holds a pair that is no two values; a null in a pair has no equivalent"
        return draft.leave(expectation.type, "", why)
    one, other = map(column_text, names)
    said = " or ".join(f"({one} == {literal_text(a)} and {other} == {literal_text(b)})" for a, b in pairs)
    if expectation.kwargs.get("ignore_row_if") in _ANY:  # one value alone may be wrong already
        return _of_rows(expectation, draft, names, said)
    return _guarded(expectation, draft, names, said)


def _is_pair(pair: Any) -> bool:
    plain = isinstance(pair, list | tuple) and all(isinstance(value, bool | int | float | str) for value in pair)
    return plain and len(pair) == 2


def _sum(expectation: Expectation, draft: Draft) -> None:
    names, total = expectation.columns, expectation.kwargs.get("sum_total")
    if isinstance(total, bool) or not isinstance(total, int | float):
        return draft.leave(expectation.type, "", "its total is no number")
    said = f"{' + '.join(map(column_text, names))} == {literal_text(total)}"
    return _guarded(expectation, draft, names, said)


def _all_equal(expectation: Expectation, draft: Draft) -> None:
    ignored = expectation.kwargs.get("ignore_row_if", _ALL[0]) in _ANY
    _of_rows(expectation, draft, expectation.columns, equal_text(expectation.columns, nulls=not ignored))


def _all_different(expectation: Expectation, draft: Draft) -> None:
    ignored = expectation.kwargs.get("ignore_row_if", _ALL[0]) in _ANY
    _of_rows(expectation, draft, expectation.columns, different_text(expectation.columns, nulls=not ignored))


def equal_text(names: Sequence[str], *, nulls: bool) -> str:
    """All columns are equal to the first; with ``nulls`` null is a value like another."""
    first, *others = map(column_text, names)
    if not nulls:
        return " and ".join(f"{first} == {other}" for other in others)
    return " and ".join(
        f"(({first} is null and {other} is null) or"
        f" ({first} is not null and {other} is not null and {first} == {other}))"
        for other in others
    )


def different_text(names: Sequence[str], *, nulls: bool) -> str:
    """No two columns are equal; with ``nulls`` null is a value like another."""
    pairs = combinations(map(column_text, names), 2)
    if not nulls:
        return " and ".join(f"{one} != {other}" for one, other in pairs)
    return " and ".join(
        f"(({one} is null and {other} is not null) or ({one} is not null and ({other} is null or {one} != {other})))"
        for one, other in pairs
    )


READERS: Final[Mapping[str, Reader]] = {
    "expect_column_pair_values_a_to_be_greater_than_b": _greater,
    "expect_column_pair_values_to_be_equal": _equal,
    "expect_column_pair_values_to_be_in_set": _pair_in_set,
    "expect_multicolumn_sum_to_equal": _sum,
    "expect_multicolumn_values_to_be_equal": _all_equal,
    "expect_multicolumn_values_to_be_unique": _all_different,
    "expect_select_column_values_to_be_unique_within_record": _all_different,
}
