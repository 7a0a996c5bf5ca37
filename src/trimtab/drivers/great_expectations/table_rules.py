"""Expectations about the table as a whole, and about rows together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from trimtab.data.exchange import Draft
from trimtab.data.kinds import Severity
from trimtab.data.schema import RowCount, Unique
from trimtab.drivers.great_expectations.row_rules import Reader
from trimtab.drivers.great_expectations.suite import Expectation

OF_COLUMN_NAMES: Final = frozenset(
    {
        "expect_column_to_exist",
        "expect_table_columns_to_match_set",
        "expect_table_columns_to_match_ordered_list",
    }
)
"""Expectations that may name columns of which nothing else is known."""


def leave_severity(expectation: Expectation, draft: Draft) -> None:
    """Name a severity that a rule about rows together cannot have: there is no row to set aside."""
    if expectation.outside is Severity.QUARANTINE:
        why = "rows together break it, so there is no row to set aside: it is noted"
        draft.leave(f"severity of {expectation.type}", expectation.column, why)


def whole_ends(expectation: Expectation) -> tuple[int | None, int | None]:
    """``min_value`` and ``max_value`` of something that is counted, both included."""
    kwargs = expectation.kwargs
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    least = None if low is None else math.floor(low) + 1 if kwargs.get("strict_min") else math.ceil(low)
    greatest = None if high is None else math.ceil(high) - 1 if kwargs.get("strict_max") else math.floor(high)
    return least, greatest


def _row_count(expectation: Expectation, draft: Draft) -> None:
    if expectation.type == "expect_table_row_count_to_equal":
        expectation = replace(
            expectation, kwargs={"min_value": expectation.kwargs["value"], "max_value": expectation.kwargs["value"]}
        )
    least, greatest = whole_ends(expectation)
    if least is None and greatest is None:
        return draft.leave(expectation.type, "", "it has neither a least nor a greatest number")
    if least is not None and greatest is not None and least > greatest:
        return draft.leave(
            expectation.type, "", f"no table has more than {least - 1:,} and fewer than {greatest + 1:,} rows"
        )
    if draft.rows is not None:
        return draft.leave(expectation.type, "", "a contract counts its rows once, and another expectation does")
    leave_severity(expectation, draft)
    draft.rows = RowCount(
        minimum=least, maximum=greatest, outside=expectation.table_outside, because=expectation.because
    )
    return None


def _exists(expectation: Expectation, draft: Draft) -> None:
    if expectation.column not in draft:
        return _unknown(expectation, draft, (expectation.column,))
    if "column_index" in expectation.kwargs:
        draft.leave(f"column_index of {expectation.type}", expectation.column, "a contract asks for names, not places")
    return None


def _match_set(expectation: Expectation, draft: Draft) -> None:
    names = [str(name) for name in expectation.kwargs.get("column_set") or ()]
    _named(expectation, draft, names, exact=expectation.kwargs.get("exact_match", True) is not False)


def _match_list(expectation: Expectation, draft: Draft) -> None:
    names = [str(name) for name in expectation.kwargs.get("column_list") or ()]
    draft.leave(f"order of {expectation.type}", "", "a contract asks for names, not for their order")
    _named(expectation, draft, names, exact=True)


def _named(expectation: Expectation, draft: Draft, names: list[str], *, exact: bool) -> None:
    unknown = tuple(name for name in names if name not in draft)
    if unknown:
        return _unknown(expectation, draft, unknown)
    if not exact:
        return None
    strangers = [name for name in draft.kinds if name not in names]
    if strangers:
        why = f"other expectations ask for {', '.join(map(repr, strangers))}, which it does not name"
        return draft.leave(expectation.type, "", why)
    if expectation.outside is Severity.REFUSE:
        draft.unexpected = Severity.REFUSE
    else:
        why = "a column that is missing is refused always; one that is not expected is noted"
        draft.leave(f"severity of {expectation.type}", "", why)
    return None


def _unknown(expectation: Expectation, draft: Draft, names: tuple[str, ...]) -> None:
    why = f"nothing says the type of {', '.join(map(repr, names))}; read the suite together with a table"
    draft.leave(expectation.type, expectation.column, why)


def _compound(expectation: Expectation, draft: Draft) -> None:
    if expectation.when or expectation.share:
        return draft.leave(expectation.type, "", "uniqueness is asked of all rows, without a row condition or `mostly`")
    if expectation.kwargs.get("ignore_row_if", "all_values_are_missing") != "any_value_is_missing":
        why = "rows with a null among these columns are left out, and here they would be compared"
        draft.leave(f"ignore_row_if of {expectation.type}", "", why)
    leave_severity(expectation, draft)
    return draft.unique(
        Unique(columns=expectation.columns, outside=expectation.table_outside, because=expectation.because)
    )


READERS: Final[Mapping[str, Reader]] = {
    "expect_table_row_count_to_be_between": _row_count,
    "expect_table_row_count_to_equal": _row_count,
    "expect_column_to_exist": _exists,
    "expect_table_columns_to_match_set": _match_set,
    "expect_table_columns_to_match_ordered_list": _match_list,
    "expect_compound_columns_to_be_unique": _compound,
}
