"""A suite of Great Expectations as a contract.

Nulls are what the two differ in most. Great Expectations asks most of its expectations of the values that are there;
so do a contract's rules, and columns are nullable unless an expectation says otherwise. ``mostly`` is a share of the
values that are there, which a contract's ``share`` is with ``of = "values"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from trimtab.data.exchange import Carried, Draft
from trimtab.data.kinds import ColumnType
from trimtab.drivers.great_expectations import column_rules, row_rules, table_rules, text_rules
from trimtab.drivers.great_expectations.column_types import kinds_of
from trimtab.drivers.great_expectations.expectations import Support, known
from trimtab.drivers.great_expectations.row_reader import UnreadableError, when_of
from trimtab.drivers.great_expectations.suite import Expectation, at_run_time, parse_suite

READERS: Final = {**column_rules.READERS, **text_rules.READERS, **row_rules.READERS, **table_rules.READERS}


def read_suite(text: str, *, types: Mapping[str, ColumnType] | None = None, zone: str | None = None) -> Carried:
    """The contract that a suite of Great Expectations 1 says, and what of it no contract can say.

    Args:
        text: the suite's JSON.
        types: the columns' types where they are known, from the table say; they decide over what the suite suggests.
        zone: the zone of times without one. The suite knows none, so without it they are taken for UTC.

    Raises:
        SuiteError: it is not JSON, or not a suite of Great Expectations 1.
    """
    suite = parse_suite(text)
    kinds = kinds_of(suite, types or {}) or dict(types or {})  # a contract has a column at least
    zone = zone or ("UTC" if ColumnType.TIME in kinds.values() else None)
    draft = Draft(kinds, zone=zone)
    if not kinds:
        draft.leave("columns", "", "the suite names none of a known type, and a contract has one at least")
    for expectation in suite:
        _carry(expectation, draft)
    return draft.carried()


def _carry(expectation: Expectation, draft: Draft) -> None:
    what, column = expectation.type, expectation.column
    entry = known(what)
    if entry is None:
        return draft.leave(what, column, "it is none of Great Expectations' own, so nobody knows what it asks")
    if entry.support is Support.REFUSED:
        return draft.leave(what, column, entry.becomes)
    if argument := at_run_time(expectation):
        return draft.leave(what, column, f"its {argument} is given when it is run")
    unknown = [name for name in expectation.columns if name not in draft]
    if unknown and what not in table_rules.OF_COLUMN_NAMES:
        why = f"nothing says the type of {', '.join(map(repr, unknown))}; read the suite together with a table"
        return draft.leave(what, column, why)
    try:
        when = when_of(expectation.kwargs.get("row_condition"), expectation.kwargs.get("condition_parser"))
    except UnreadableError as error:
        return draft.leave(what, column, str(error))
    if when and what in table_rules.READERS:
        return draft.leave(what, column, "a contract counts all rows, not those of a row condition")
    return READERS[what](replace(expectation, when=when), draft)
