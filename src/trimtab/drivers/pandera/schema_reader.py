"""A Pandera schema as a contract: the built-in checks by name and argument, all others named as left out.

It reads what the object says of itself (``checks``, ``nullable``, ``unique``), so that a schema of pandas and one of
Polars are read alike, and the library is only needed by whoever made the object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from trimtab.base.errors import InputError
from trimtab.data.columns import natural_type
from trimtab.data.exchange import Carried, Draft, column_text, list_text, literal_text
from trimtab.data.schema import (
    ColumnType,
    Condition,
    Length,
    Pattern,
    Range,
    Scalar,
    Severity,
    Unique,
    Values,
)

_PANDAS: Final = (
    (re.compile(r"u?int\d*$", re.IGNORECASE), ColumnType.INTEGER),
    (re.compile(r"float\d*$", re.IGNORECASE), ColumnType.FLOAT),
    (re.compile(r"bool(ean)?$", re.IGNORECASE), ColumnType.BOOLEAN),
    (re.compile(r"str(ing)?(\[.*\])?$", re.IGNORECASE), ColumnType.TEXT),
    (re.compile(r"datetime64|timestamp|date$", re.IGNORECASE), ColumnType.TIME),
)
_LISTED: Final = (ColumnType.INTEGER, ColumnType.BOOLEAN, ColumnType.TEXT)
_COMPARED: Final = {
    "equal_to": "==",
    "not_equal_to": "!=",
    "greater_than": ">",
    "greater_than_or_equal_to": ">=",
    "less_than": "<",
    "less_than_or_equal_to": "<=",
}


class PanderaSchemaError(InputError):
    """What was given as a Pandera schema is none, or none of pandas or Polars."""

    code = "TT1225"


@dataclass(frozen=True, slots=True)
class _Check:
    """One built-in check of one column."""

    name: str
    column: str
    said: Mapping[str, Any]
    outside: Severity


def read_pandera(schema: Any, *, zone: str | None = None) -> Carried:
    """The contract that a Pandera schema says, and what of it no contract can say.

    Args:
        schema: a ``DataFrameSchema``, or a ``DataFrameModel``, of ``pandera.polars`` or ``pandera.pandas``.
        zone: the zone of times without one; UTC is assumed where the schema has times.

    Raises:
        PanderaSchemaError: it is something else.
    """
    if hasattr(schema, "to_schema"):
        schema = schema.to_schema()
    columns = getattr(schema, "columns", None)
    if not isinstance(columns, dict) or not all(hasattr(column, "checks") for column in columns.values()):
        fix = "Give a DataFrameSchema or a DataFrameModel, as module:Name."
        raise PanderaSchemaError(f"{type(schema).__name__} is no Pandera schema of a data frame", fix=fix)
    return _Reader(schema, zone).carried()


class _Reader:
    def __init__(self, schema: Any, zone: str | None) -> None:
        self._schema = schema
        self._columns: dict[str, Any] = {str(name): column for name, column in schema.columns.items()}
        self._why_not = {name: _unfit(column) for name, column in self._columns.items()}
        kinds = {
            name: kind
            for name, column in self._columns.items()
            if not self._why_not[name] and (kind := _kind(column.dtype)) is not None
        }
        if ColumnType.TIME in kinds.values():
            zone = zone or "UTC"
        self._draft = Draft(kinds, zone=zone)

    def carried(self) -> Carried:
        draft = self._draft
        for name, why in self._why_not.items():
            if why:
                draft.leave("column", name, why)
        for name in draft.kinds:
            self._column(name, self._columns[name])
        self._frame()
        return draft.carried()

    def _column(self, name: str, column: Any) -> None:
        draft = self._draft
        draft.set(name, nullable=bool(column.nullable), because=str(column.description or ""))
        if column.coerce or self._schema.coerce:
            draft.leave("coerce", name, "a contract takes values as they are, and makes no others of them")
        if column.unique:
            draft.unique(Unique(columns=(name,)))
            if column.nullable:
                draft.leave("nulls of unique", name, "rows with a null are never compared, and two nulls repeat there")
        if getattr(column, "parsers", None):
            draft.leave("parsers", name, "a contract changes no values")
        for check in column.checks:
            read = self._builtin(check, name)
            if read is not None and not self._carry(read):
                draft.leave(f"check {check.name}", name, "the column has such a rule already, or values it cannot ask")

    def _builtin(self, check: Any, column: str) -> _Check | None:
        """A check that we know; None, and named, if it is another."""
        known = check.name in _CARRIERS or check.name in _COMPARED
        if not known or not check.statistics or getattr(check, "groupby", None):
            said = check.name or check.error or "a function"
            self._draft.leave(f"check {said}", column, "it is a function of one's own, or has no equivalent")
            return None
        if not check.ignore_na:
            self._draft.leave(f"ignore_na of {check.name}", column, "a rule is asked of the values that are there")
        outside = Severity.NOTE if check.raise_warning else Severity.REFUSE
        return _Check(name=check.name, column=column, said=check.statistics, outside=outside)

    def _carry(self, check: _Check) -> bool:
        kind = self._draft.kinds[check.column]
        if check.name in _COMPARED:
            return _compared(check, self._draft, kind)
        return _CARRIERS[check.name](check, self._draft, kind)

    def _frame(self) -> None:
        draft, schema = self._draft, self._schema
        whole = len(draft.kinds) == len(self._columns)
        if schema.strict is True and whole:
            draft.unexpected = Severity.REFUSE
        elif schema.strict:
            draft.leave("strict", "", "columns are dropped by it, or the contract lacks some of the schema's own")
        if schema.ordered:
            draft.leave("ordered", "", "a contract asks for names, not for their order")
        names = schema.unique if isinstance(schema.unique, list) else [schema.unique] if schema.unique else []
        if names and all(name in draft for name in names):
            draft.unique(Unique(columns=tuple(names)))
            if any(draft.column(name).nullable for name in names):
                draft.leave("nulls of unique", "", "rows with a null are never compared, and nulls repeat there")
        elif names:
            draft.leave("unique", "", "it names a column that is left out")
        if getattr(schema, "index", None) is not None:
            draft.leave("index", "", "a contract's rows have no names of their own; make the index a column")
        for check in schema.checks or ():
            draft.leave(f"check {check.name or check.error or 'a function'}", "", "it is a function of one's own")
        if getattr(schema, "parsers", None):
            draft.leave("parsers", "", "a contract changes no values")
        if draft.kinds:
            draft.leave("width of types", "", "a contract knows five types and no widths: Int32 becomes integer")


def _unfit(column: Any) -> str:
    if getattr(column, "regex", False):
        return "its name is a pattern for several columns, and a contract names each"
    if not column.required:
        return "it may be missing, and a contract's columns are always there"
    if _kind(column.dtype) is None:
        return f"no contract has a type for {column.dtype}"
    return ""


def _kind(dtype: Any) -> ColumnType | None:
    stored = getattr(dtype, "type", None)
    if stored is not None and type(stored).__module__.startswith("polars"):
        return natural_type(stored)
    return next((kind for known, kind in _PANDAS if known.match(str(dtype))), None)


def _is_value(value: object, kind: ColumnType) -> bool:
    if kind in (ColumnType.INTEGER, ColumnType.FLOAT):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, bool if kind is ColumnType.BOOLEAN else str)


def _moment(value: Any, kind: ColumnType) -> Any:
    """A time as a condition writes it; anything else as it is."""
    return value.isoformat() if kind is ColumnType.TIME and hasattr(value, "isoformat") else value


def _condition(check: _Check, draft: Draft, then: str) -> bool:
    return not draft.condition(Condition(then=then, outside=check.outside))


def _compared(check: _Check, draft: Draft, kind: ColumnType) -> bool:
    value = _moment(next(iter(check.said.values())), kind)
    if not _is_value(value, kind):
        return False
    if check.name in ("greater_than_or_equal_to", "less_than_or_equal_to") and kind is not ColumnType.TEXT:
        low = value if check.name == "greater_than_or_equal_to" else None
        if _range(check, draft, kind, (low, value if low is None else None)):
            return True
    return _condition(check, draft, f"{column_text(check.column)} {_COMPARED[check.name]} {literal_text(value)}")


def _range(check: _Check, draft: Draft, kind: ColumnType, ends: tuple[Any, Any]) -> bool:
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


def _in_range(check: _Check, draft: Draft, kind: ColumnType) -> bool:
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


def _isin(check: _Check, draft: Draft, kind: ColumnType) -> bool:
    values = _listed(check.said["allowed_values"], kind)
    if values is None:
        return False
    if kind is ColumnType.INTEGER:
        values = [int(value) for value in values if value == int(value)]
    if kind in _LISTED and draft.column(check.column).values is None:
        draft.set(check.column, values=Values(allowed=tuple(values), outside=check.outside))  # type: ignore[arg-type]
        return True
    return _condition(check, draft, f"{column_text(check.column)} in {list_text(values)}")


def _notin(check: _Check, draft: Draft, kind: ColumnType) -> bool:
    values = _listed(check.said["forbidden_values"], kind)
    return values is not None and _condition(check, draft, f"{column_text(check.column)} not in {list_text(values)}")


def _unique_values(check: _Check, draft: Draft, kind: ColumnType) -> bool:
    draft.leave(
        "each value of unique_values_eq", check.column, "a contract says which values may occur, not which must"
    )
    said = {"allowed_values": sorted(check.said["values"], key=repr)}
    return _isin(replace(check, said=said), draft, kind)


def _pattern(make: Callable[[str], str]) -> Callable[[_Check, Draft, ColumnType], bool]:
    def carry(check: _Check, draft: Draft, kind: ColumnType) -> bool:
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


def _length(check: _Check, draft: Draft, kind: ColumnType) -> bool:
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


_CARRIERS: Final[Mapping[str, Callable[[_Check, Draft, ColumnType], bool]]] = {
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
