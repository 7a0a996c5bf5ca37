"""A Pandera schema as a contract: the built-in checks by name and argument, all others named as left out.

It reads what the object says of itself (``checks``, ``nullable``, ``unique``), so that a schema of pandas and one of
Polars are read alike, and the library is only needed by whoever made the object.
"""

from __future__ import annotations

import re
from typing import Any, Final

from trimtab.base.errors import InputError
from trimtab.data.columns import natural_type
from trimtab.data.exchange import Carried, Draft
from trimtab.data.kinds import ColumnType, Severity
from trimtab.data.schema import Unique
from trimtab.drivers.pandera.checks import Check, carry, known

_PANDAS: Final = (
    (re.compile(r"u?int\d*$", re.IGNORECASE), ColumnType.INTEGER),
    (re.compile(r"float\d*$", re.IGNORECASE), ColumnType.FLOAT),
    (re.compile(r"bool(ean)?$", re.IGNORECASE), ColumnType.BOOLEAN),
    (re.compile(r"str(ing)?(\[.*\])?$", re.IGNORECASE), ColumnType.TEXT),
    (re.compile(r"datetime64|timestamp|date$", re.IGNORECASE), ColumnType.TIME),
)
_WIDEST: Final = re.compile(
    r"(int64|float64|bool(ean)?|str(ing)?(\[.*\])?|datetime64\[us, UTC\]|Datetime\(time_unit='us', time_zone='UTC'\))$",
    re.IGNORECASE,
)
"""What a contract's own types are in pandas and Polars: of these nothing is lost."""


class PanderaSchemaError(InputError):
    """What was given as a Pandera schema is none, or none of pandas or Polars."""

    code = "TT1225"


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
            if read is not None and not carry(read, draft):
                draft.leave(f"check {check.name}", name, "the column has such a rule already, or values it cannot ask")

    def _builtin(self, check: Any, column: str) -> Check | None:
        """A check that we know; None, and named, if it is another."""
        if not known(check.name) or not check.statistics or getattr(check, "groupby", None):
            said = check.name or check.error or "a function"
            self._draft.leave(f"check {said}", column, "it is a function of one's own, or has no equivalent")
            return None
        if not check.ignore_na:
            self._draft.leave(f"ignore_na of {check.name}", column, "a rule is asked of the values that are there")
        outside = Severity.NOTE if check.raise_warning else Severity.REFUSE
        return Check(name=check.name, column=column, said=check.statistics, outside=outside)

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
        narrower = {
            f"{column.dtype} becomes {kind}": None
            for name, kind in draft.kinds.items()
            if not _WIDEST.match(str((column := self._columns[name]).dtype))
        }
        if narrower:
            draft.leave("width of types", "", f"a contract knows five types and no widths: {', '.join(narrower)}")


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
