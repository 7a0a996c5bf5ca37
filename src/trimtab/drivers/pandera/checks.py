"""Pandera's built-in checks as rules of a contract, by name and argument."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from trimtab.data.exchange import Draft, column_text, list_text, literal_text
from trimtab.data.kinds import ColumnType, Scalar, Severity
from trimtab.data.schema import Condition, Length, Pattern, Range, Values

_LISTED: Final = (ColumnType.INTEGER, ColumnType.BOOLEAN, ColumnType.TEXT)
_COMPARED: Final = {
    "equal_to": "==",
    "not_equal_to": "!=",
    "greater_than": ">",
    "greater_than_or_equal_to": ">=",
    "less_than": "<",
    "less_than_or_equal_to": "<=",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One built-in check of one column."""

    name: str
    column: str
    said: Mapping[str, Any]
    outside: Severity


def _is_value(value: object, kind: ColumnType) -> bool:
    if kind in (ColumnType.INTEGER, ColumnType.FLOAT):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, bool if kind is ColumnType.BOOLEAN else str)


def _moment(value: Any, kind: ColumnType) -> Any:
    """A time as a condition writes it; anything else as it is."""
    return value.isoformat() if kind is ColumnType.TIME and hasattr(value, "isoformat") else value


def _condition(check: Check, draft: Draft, then: str) -> bool:
    return not draft.condition(Condition(then=then, outside=check.outside))


def _compared(check: Check, draft: Draft, kind: ColumnType) -> bool:
    value = _moment(next(iter(check.said.values())), kind)
    if not _is_value(value, kind):
        return False
    if check.name in ("greater_than_or_equal_to", "less_than_or_equal_to") and kind is not ColumnType.TEXT:
        low = value if check.name == "greater_than_or_equal_to" else None
        if _range(check, draft, kind, (low, value if low is None else None)):
            return True
    return _condition(check, draft, f"{column_text(check.column)} {_COMPARED[check.name]} {literal_text(value)}")


def _range(check: Check, draft: Draft, kind: ColumnType, ends: tuple[Any, Any]) -> bool:
    """Make or complete the column's range; False where it has another, or its ends are of another kind."""
    if kind not in (ColumnType.INTEGER, ColumnType.FLOAT):
        return False
    if kind is ColumnType.INTEGER and any(end is not None and end != int(end) for end in ends):
        return False
    low, high = (None if end is None else int(end) if kind is ColumnType.INTEGER else float(end) for end in ends)
    there = draft.column(check.column).range
    if there is None:
        draft.set(check.column, range=Range(minimum=low, maximum=high, outside=check.outside))
        return True
    if there.outside is not check.outside or (low is not None) is (there.minimum is not None):
        return False
    if (high is not None) is (there.maximum is not None):
        return False
    both = replace(
        there, minimum=there.minimum if low is None else low, maximum=there.maximum if high is None else high
    )
    draft.set(check.column, range=both)
    return True


def _in_range(check: Check, draft: Draft, kind: ColumnType) -> bool:
    said = check.said
    low, high = (_moment(said[end], kind) for end in ("min_value", "max_value"))
    if not (_is_value(low, kind) and _is_value(high, kind)):
        return False
    closed = said.get("include_min", True) and said.get("include_max", True)
    if closed and _range(check, draft, kind, (low, high)):
        return True
    text = column_text(check.column)
    least = f"{text} {'>=' if said.get('include_min', True) else '>'} {literal_text(low)}"
    greatest = f"{text} {'<=' if said.get('include_max', True) else '<'} {literal_text(high)}"
    return _condition(check, draft, f"{least} and {greatest}")


def _listed(values: Any, kind: ColumnType) -> list[Scalar] | None:
    """The values of a list, each once; None if one is of another type."""
    found = [_moment(value, kind) for value in values if value is not None]
    return list(dict.fromkeys(found)) if found and all(_is_value(value, kind) for value in found) else None


def _isin(check: Check, draft: Draft, kind: ColumnType) -> bool:
    values = _listed(check.said["allowed_values"], kind)
    if values is None:
        return False
    if kind is ColumnType.INTEGER:
        values = [int(value) for value in values if value == int(value)]
    if kind in _LISTED and draft.column(check.column).values is None:
        draft.set(check.column, values=Values(allowed=tuple(values), outside=check.outside))  # type: ignore[arg-type]
        return True
    return _condition(check, draft, f"{column_text(check.column)} in {list_text(values)}")


def _notin(check: Check, draft: Draft, kind: ColumnType) -> bool:
    values = _listed(check.said["forbidden_values"], kind)
    return values is not None and _condition(check, draft, f"{column_text(check.column)} not in {list_text(values)}")


def _unique_values(check: Check, draft: Draft, kind: ColumnType) -> bool:
    draft.leave(
        "each value of unique_values_eq", check.column, "a contract says which values may occur, not which must"
    )
    said = {"allowed_values": sorted(check.said["values"], key=repr)}
    return _isin(replace(check, said=said), draft, kind)


def _pattern(make: Callable[[str], str]) -> Callable[[Check, Draft, ColumnType], bool]:
    def carry(check: Check, draft: Draft, kind: ColumnType) -> bool:
        written = next(iter(check.said.values()))
        flags = getattr(written, "flags", 0) & ~re.UNICODE
        pattern = make(getattr(written, "pattern", written))
        if kind is not ColumnType.TEXT or draft.column(check.column).pattern is not None or flags:
            return False
        try:
            re.compile(pattern)
        except re.error:
            return False
        draft.set(check.column, pattern=Pattern(matches=pattern, outside=check.outside))
        return True

    return carry


def _from_start(pattern: str) -> str:
    return pattern if pattern.startswith("^") else f"^(?:{pattern})"


def _length(check: Check, draft: Draft, kind: ColumnType) -> bool:
    low, high, exact = (check.said.get(key) for key in ("min_value", "max_value", "exact_value"))
    low, high = (low, high) if exact is None else (exact, exact)
    if kind is not ColumnType.TEXT or (low is None and high is None):
        return False
    if draft.column(check.column).length is None:
        draft.set(check.column, length=Length(minimum=low, maximum=high, outside=check.outside))
        return True
    text = f"len({column_text(check.column)})"
    return _condition(check, draft, " and ".join(_ends(text, low, high)))


def _ends(text: str, low: int | None, high: int | None) -> Iterator[str]:
    if low is not None:
        yield f"{text} >= {low}"
    if high is not None:
        yield f"{text} <= {high}"


_CARRIERS: Final[Mapping[str, Callable[[Check, Draft, ColumnType], bool]]] = {
    "in_range": _in_range,
    "isin": _isin,
    "notin": _notin,
    "unique_values_eq": _unique_values,
    "str_matches": _pattern(_from_start),
    "str_contains": _pattern(str),
    "str_startswith": _pattern(lambda text: f"^{re.escape(text)}"),
    "str_endswith": _pattern(lambda text: rf"{re.escape(text)}\Z"),
    "str_length": _length,
}


def known(name: object) -> bool:
    """Whether a check of that name is one of Pandera's own that a contract can say."""
    return name in _CARRIERS or name in _COMPARED


def carry(check: Check, draft: Draft) -> bool:
    """Put a check's rule into the draft; False where the column cannot have it."""
    kind = draft.kinds[check.column]
    return _compared(check, draft, kind) if check.name in _COMPARED else _CARRIERS[check.name](check, draft, kind)
