"""Expectations about one column as its rules; a condition where it has such a rule already, or rows are picked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from trimtab.base.instants import format_instant, parse_instant
from trimtab.data.exchange import Draft, column_text, list_text, literal_text, share_beyond
from trimtab.data.kinds import ColumnType, Direction, Scalar, Severity
from trimtab.data.schema import Nulls, Order, Range, Unique, Values
from trimtab.drivers.great_expectations.column_types import is_moment, type_of_all
from trimtab.drivers.great_expectations.row_rules import Reader, add_condition
from trimtab.drivers.great_expectations.suite import Expectation
from trimtab.drivers.great_expectations.table_rules import leave_severity

_NUMBERS: Final = (ColumnType.INTEGER, ColumnType.FLOAT)


# ── between ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _between(expectation: Expectation, draft: Draft) -> None:
    _limit(expectation, draft, expectation.kwargs.get("min_value"), expectation.kwargs.get("max_value"))


def _least(expectation: Expectation, draft: Draft) -> None:
    if "max_value" in expectation.kwargs:
        why = "a contract has no rule that some value must be so low"
        draft.leave(f"max_value of {expectation.type}", expectation.column, why)
    if "min_value" in expectation.kwargs:
        _limit(expectation, draft, expectation.kwargs["min_value"], None)


def _greatest(expectation: Expectation, draft: Draft) -> None:
    if "min_value" in expectation.kwargs:
        why = "a contract has no rule that some value must be so high"
        draft.leave(f"min_value of {expectation.type}", expectation.column, why)
    if "max_value" in expectation.kwargs:
        _limit(expectation, draft, None, expectation.kwargs["max_value"])


def _limit(expectation: Expectation, draft: Draft, low: object, high: object) -> None:
    name, kind, kwargs = expectation.column, draft.kinds[expectation.column], expectation.kwargs
    if not all(end is None or _comparable(end, kind) for end in (low, high)) or (low is None and high is None):
        return draft.leave(expectation.type, name, f"its ends are no values of a column of type {kind}")
    column = draft.column(name)
    strict = kwargs.get("strict_min") or kwargs.get("strict_max")
    if kind is not ColumnType.TEXT and not strict and not expectation.when:
        ours = Range(minimum=_end(low, kind, draft, math.ceil), maximum=_end(high, kind, draft, math.floor))
        limits = _together(column.range, replace(ours, **expectation.rule))
        if limits is not None and _holds_something(limits):
            return draft.set(name, range=limits)
    if kind is ColumnType.TIME:
        low, high = (
            end if end is None else format_instant(parse_instant(str(end), zone=draft.zone)) for end in (low, high)
        )
    text, parts = column_text(name), []
    if low is not None:
        parts.append(f"{text} {'>' if kwargs.get('strict_min') else '>='} {literal_text(low)}")  # type: ignore[arg-type]
    if high is not None:
        parts.append(f"{text} {'<' if kwargs.get('strict_max') else '<='} {literal_text(high)}")  # type: ignore[arg-type]
    return add_condition(expectation, draft, " and ".join(parts))


def _holds_something(limits: Range) -> bool:
    return limits.minimum is None or limits.maximum is None or limits.minimum <= limits.maximum


def _comparable(end: object, kind: ColumnType) -> bool:
    if kind in _NUMBERS:
        return isinstance(end, int | float) and not isinstance(end, bool) and math.isfinite(end)
    return is_moment(end) if kind is ColumnType.TIME else kind is ColumnType.TEXT and isinstance(end, str)


def _end(end: Any, kind: ColumnType, draft: Draft, whole: Any) -> int | float | None:
    if end is None:
        return None
    if kind is ColumnType.TIME:
        return parse_instant(end, zone=draft.zone)
    return int(whole(end)) if kind is ColumnType.INTEGER else float(end)


def _together(there: Range | None, ours: Range) -> Range | None:
    """One range for both, where the one has only the end that the other has not; None where they are two."""
    if there is None:
        return ours
    low = there.minimum if ours.minimum is None else ours.minimum if there.minimum is None else None
    high = there.maximum if ours.maximum is None else ours.maximum if there.maximum is None else None
    both = replace(ours, minimum=low, maximum=high)
    fits = low is not None and high is not None and replace(there, minimum=low, maximum=high) == both
    return both if fits and not ours.share else None


# ── sets ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_set(expectation: Expectation, draft: Draft) -> None:
    name, kind = expectation.column, draft.kinds[expectation.column]
    values = _listed(expectation.kwargs.get("value_set"), kind)
    if not values:
        return draft.leave(expectation.type, name, f"its list holds no values of a column of type {kind}")
    if expectation.type == "expect_column_distinct_values_to_equal_set":
        draft.leave(f"each value of {expectation.type}", name, "a contract says which values may occur, not which must")
    free = draft.column(name).values is None and not expectation.when
    if free and kind in (ColumnType.INTEGER, ColumnType.BOOLEAN, ColumnType.TEXT):
        return draft.set(name, values=Values(allowed=tuple(values), **expectation.rule))  # type: ignore[arg-type]
    return add_condition(expectation, draft, f"{column_text(name)} in {list_text(values)}")


def _not_in_set(expectation: Expectation, draft: Draft) -> None:
    name, kind = expectation.column, draft.kinds[expectation.column]
    values = _listed(expectation.kwargs.get("value_set"), kind)
    if not values:
        return draft.leave(expectation.type, name, f"its list holds no values of a column of type {kind}")
    return add_condition(expectation, draft, f"{column_text(name)} not in {list_text(values)}")


def _listed(values: object, kind: ColumnType) -> list[Scalar]:
    """The values of a list that a column of the type can hold, each once; pandas takes 1 and true for the same."""
    found: list[Scalar] = []
    for value in values if isinstance(values, list) else ():
        match kind, value:
            case ColumnType.BOOLEAN, bool() | 0 | 1:
                found.append(bool(value))
            case ColumnType.INTEGER, bool() | int() | float():
                found += [int(value)] if value == int(value) else []
            case ColumnType.FLOAT, bool() | int() | float():
                found.append(float(value))
            case ColumnType.TEXT, str():
                found.append(value)
            case ColumnType.TIME, str() if is_moment(value):
                found.append(value)
            case _:
                pass
    return list(dict.fromkeys(found))


# ── null, type ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _not_null(expectation: Expectation, draft: Draft) -> None:
    name = expectation.column
    column = draft.column(name)
    if expectation.when or (expectation.outside is Severity.QUARANTINE):
        return add_condition(expectation, draft, f"{column_text(name)} is not null")
    if not expectation.share and expectation.outside is Severity.REFUSE:
        return draft.set(name, nullable=False, nulls=None, because=column.because or expectation.because)
    if not column.nullable:
        return None  # no null at all is asked for already
    if column.nulls is not None:
        return add_condition(expectation, draft, f"{column_text(name)} is not null")
    rule = Nulls(share=expectation.share, outside=expectation.outside, because=expectation.because)
    return draft.set(name, nulls=rule)


def _null(expectation: Expectation, draft: Draft) -> None:
    add_condition(expectation, draft, f"{column_text(expectation.column)} is null")


def _proportion_present(expectation: Expectation, draft: Draft) -> None:
    kwargs, column = expectation.kwargs, expectation.column
    if "max_value" in kwargs and (kwargs["max_value"] < 1 or kwargs.get("strict_max")):
        draft.leave(f"max_value of {expectation.type}", column, "a contract has no rule that some values must be null")
    if kwargs.get("strict_min"):
        draft.leave(f"strict_min of {expectation.type}", column, "a share of nulls includes its end")
    if "min_value" in kwargs:
        tolerant = replace(expectation, share=share_beyond(kwargs["min_value"]), outside=expectation.table_outside)
        leave_severity(expectation, draft)
        _not_null(tolerant, draft)


def _type(expectation: Expectation, draft: Draft) -> None:
    name, kind, kwargs = expectation.column, draft.kinds[expectation.column], expectation.kwargs
    if expectation.ours.get("type") == kind:
        return None  # our own words: a list of all names that pandas has for the type
    names = kwargs.get("type_list") if "type_list" in kwargs else [kwargs.get("type_")]
    named = type_of_all(names) if isinstance(names, list) and names else None
    said = ", ".join(map(str, names or ()))
    if named is not kind:
        if kind is ColumnType.FLOAT and named is ColumnType.INTEGER:
            return draft.leave(expectation.type, name, f"{said} is stricter than the column's type, float")
        return draft.leave(expectation.type, name, f"{said} is not the column's type, {kind}, or of several types")
    if expectation.outside is not Severity.REFUSE or expectation.share or expectation.when:
        why = "a value of another type is refused always"
        draft.leave(f"severity, mostly or row condition of {expectation.type}", name, why)
    return draft.leave(f"width of {expectation.type}", name, f"a contract knows no widths: {said} becomes {kind}")


# ── rows together ────────────────────────────────────────────────────────────────────────────────────────────────────


def _picked(expectation: Expectation, draft: Draft) -> bool:
    """Whether only some rows are asked, which a rule of rows together cannot do; it is named then."""
    if expectation.when or expectation.share:
        why = "it is asked of all rows, without a row condition or `mostly`"
        draft.leave(expectation.type, expectation.column, why)
        return True
    leave_severity(expectation, draft)
    return False


def _unique(expectation: Expectation, draft: Draft) -> None:
    if not _picked(expectation, draft):
        names = (expectation.column,)
        draft.unique(Unique(columns=names, outside=expectation.table_outside, because=expectation.because))


def _proportion_unique(expectation: Expectation, draft: Draft) -> None:
    if expectation.kwargs.get("min_value") == 1 and not expectation.kwargs.get("strict_min"):
        _unique(expectation, draft)
    else:
        why = "a contract has no rule for how many different values there are"
        draft.leave(expectation.type, expectation.column, why)


def _order(expectation: Expectation, draft: Draft) -> None:
    name = expectation.column
    rising = expectation.type == "expect_column_values_to_be_increasing"
    order = Order(
        direction=Direction.INCREASING if rising else Direction.DECREASING,
        strictly=bool(expectation.kwargs.get("strictly")),
        outside=expectation.table_outside,
        because=expectation.because,
    )
    if draft.column(name).order not in (None, order) or draft.kinds[name] is ColumnType.BOOLEAN:
        return draft.leave(expectation.type, name, "the column has another order already, or values without one")
    return None if _picked(expectation, draft) else draft.set(name, order=order)


def of_column(reader: Reader, names: Sequence[str]) -> Iterable[tuple[str, Reader]]:
    return ((f"expect_column_{name}", reader) for name in names)


READERS: Final[Mapping[str, Reader]] = {
    **dict(of_column(_between, ["values_to_be_between"])),
    **dict(of_column(_least, ["min_to_be_between"])),
    **dict(of_column(_greatest, ["max_to_be_between"])),
    **dict(
        of_column(_in_set, ["values_to_be_in_set", "distinct_values_to_be_in_set", "distinct_values_to_equal_set"]),
    ),
    **dict(of_column(_not_in_set, ["values_to_not_be_in_set"])),
    **dict(of_column(_not_null, ["values_to_not_be_null"])),
    **dict(of_column(_null, ["values_to_be_null"])),
    **dict(of_column(_proportion_present, ["proportion_of_non_null_values_to_be_between"])),
    **dict(of_column(_type, ["values_to_be_of_type", "values_to_be_in_type_list", "type_to_be"])),
    **dict(of_column(_unique, ["values_to_be_unique"])),
    **dict(of_column(_proportion_unique, ["proportion_of_unique_values_to_be_between"])),
    **dict(of_column(_order, ["values_to_be_increasing", "values_to_be_decreasing"])),
}
