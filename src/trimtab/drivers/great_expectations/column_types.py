"""The types of a suite's columns: a contract needs one for each, and many suites never say it.

What is given with the suite (the table's own types) goes first, then what expectations of type say, then what the
columns are compared with: a column with a pattern is text, one between 0 and 1 a number. A column of which nothing is
known is none of the contract's, and what is expected of it is left out by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from trimtab.base.errors import InputError
from trimtab.base.instants import parse_instant
from trimtab.data.kinds import ColumnType
from trimtab.drivers.great_expectations.row_reader import columns_in
from trimtab.drivers.great_expectations.suite import Expectation

_NAMES: Final[Mapping[ColumnType, str]] = {
    ColumnType.INTEGER: "int integer bigint smallint tinyint long short byte int8 int16 int32 int64 "
    "uint8 uint16 uint32 uint64",
    ColumnType.FLOAT: "float double real numeric decimal number float16 float32 float64 double_precision",
    ColumnType.BOOLEAN: "bool boolean bool_",
    ColumnType.TEXT: "str string text char varchar nvarchar nchar clob str_ stringdtype",
    ColumnType.TIME: "datetime datetime64 datetime2 datetimetz date timestamp timestamptz timestamp_ntz timestamp_ltz "
    "timestamp_tz",
}
_TYPES: Final = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_LIMITING: Final = tuple(
    f"expect_column_{what}_to_be_between" for what in ("values", "min", "max", "mean", "median", "sum")
)
_TEXTUAL: Final = ("_regex", "_like_pattern", "_value_lengths_")


def type_named(name: object) -> ColumnType | None:
    """What pandas, SQL or Spark call so: ``int64``, ``VARCHAR(20)``, ``TimestampType``."""
    bare = re.sub(r"[(\[].*", "", str(name)).strip().lower().removesuffix("type")
    return _TYPES.get(bare)


def type_of_all(names: Iterable[object]) -> ColumnType | None:
    """The type that all names are of; integers and floats together are floats."""
    kinds = {type_named(name) for name in names}
    if kinds == {ColumnType.INTEGER, ColumnType.FLOAT}:
        return ColumnType.FLOAT
    return kinds.pop() if len(kinds) == 1 else None


def kinds_of(suite: Iterable[Expectation], given: Mapping[str, ColumnType]) -> dict[str, ColumnType]:
    """The types of the columns that a suite names, in its order; a column without a known type is not among them."""
    seen: dict[str, list[Any]] = {}
    declared: dict[str, ColumnType] = {}
    for expectation in suite:
        for name in expectation.columns:
            seen.setdefault(name, [])
        for name, kind in _declared(expectation):
            declared.setdefault(name, kind)
        for name, values in _compared(expectation):
            seen.setdefault(name, []).extend(values)
    kinds = {name: given.get(name) or declared.get(name) or _guessed(values) for name, values in seen.items()}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def is_moment(value: object) -> bool:
    """Whether a text is a time as Great Expectations writes one."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return False
    try:
        parse_instant(value, zone="UTC")
    except (InputError, OverflowError):
        return False
    return True


def _declared(expectation: Expectation) -> Iterator[tuple[str, ColumnType]]:
    ours = expectation.ours.get("type")
    kwargs = expectation.kwargs
    if ours in tuple(ColumnType):
        yield expectation.column, ColumnType(ours)
        return
    names = [kwargs["type_"]] if "type_" in kwargs else kwargs.get("type_list")
    kind = type_of_all(names) if isinstance(names, list) and names else None
    if kind is not None:
        yield expectation.column, kind


class _Limit(float):
    """A number that a column is limited by, as opposed to one that it holds: the column may well have fractions."""

    __slots__ = ()


def _compared(expectation: Expectation) -> Iterator[tuple[str, list[Any]]]:
    kwargs, column = expectation.kwargs, expectation.column
    yield from columns_in(kwargs.get("row_condition"), kwargs.get("condition_parser")).items()
    if expectation.type == "expect_multicolumn_sum_to_equal":
        yield from ((name, [_Limit(0)]) for name in expectation.columns)
    pairs = kwargs.get("value_pairs_set")
    if isinstance(pairs, list) and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        yield str(kwargs.get("column_A")), [pair[0] for pair in pairs]
        yield str(kwargs.get("column_B")), [pair[1] for pair in pairs]
    if not column:
        return
    if any(word in expectation.type for word in _TEXTUAL):
        yield column, [""]
    elif isinstance(kwargs.get("value_set"), list):
        yield column, kwargs["value_set"]
    elif expectation.type in _LIMITING:
        ends = [kwargs[key] for key in ("min_value", "max_value") if key in kwargs]
        yield column, [_Limit(end) if isinstance(end, int | float) else _Moment(end) for end in ends]


class _Moment(str):
    """A text that a column is limited by, which may be a time."""

    __slots__ = ()


def _guessed(values: list[Any]) -> ColumnType | None:
    present = [value for value in values if value is not None]
    if not present:
        return None
    if all(isinstance(value, bool) for value in present):
        return ColumnType.BOOLEAN
    if all(isinstance(value, str) for value in present):
        moments = any(isinstance(value, _Moment) for value in present) and all(map(is_moment, present))
        return ColumnType.TIME if moments else ColumnType.TEXT
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
        whole = [value for value in present if not isinstance(value, _Limit)]
        integers = bool(whole) and all(isinstance(value, int) for value in whole)
        return ColumnType.INTEGER if integers else ColumnType.FLOAT
    return None
