"""Whether a project's table is sound in every column, with the values that are not."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from trimtab.data.columns import ReadColumn, natural_type, read_column
from trimtab.data.infer_roles import missing
from trimtab.data.kinds import ColumnType, Rule
from trimtab.data.problems import TableError
from trimtab.data.wording import counted, show


def missing_roles(table: pl.DataFrame, roles: Mapping[str, str | None]) -> list[TableError]:
    """Every column that the project names and the table does not have."""
    return [
        missing(name, f"[data] {role} names", table.columns)
        for role, name in roles.items()
        if name is not None and name not in table.columns
    ]


def sound_column(series: pl.Series, zone: str | None, *, is_time: bool) -> ReadColumn:
    """The column's values, of which each is one of its type.

    Raises:
        TableError: no contract can be made of it, or it has values that no row may have.
    """
    kind = ColumnType.TIME if is_time else natural_type(series.dtype)
    if kind is None:
        empty = series.dtype == pl.Null
        raise TableError(
            f"column {series.name!r} " + ("has no value at all" if empty else f"is stored as {series.dtype}"),
            fix="Leave it out of the source, or turn it into numbers, text, times or true and false.",
        )
    read = read_column(series, kind, zone)
    _refuse_faults(series, kind, read)
    if is_time and read.gaps.any():
        problem = f"the time column {series.name!r} is null in {counted(int(read.gaps.sum()), 'row')}"
        raise TableError(problem, fix="Every row needs its time; drop these rows or fill them.")
    return read


def _refuse_faults(series: pl.Series, kind: ColumnType, read: ReadColumn) -> None:
    for rule, mask in read.faults.items():
        example = show(series.filter(mask)[0])
        count = counted(int(mask.sum()), "value")
        if kind is ColumnType.TIME and natural_type(series.dtype) is ColumnType.TIME and rule is Rule.IMPOSSIBLE:
            problem = f"column {series.name!r} holds {count} without a time zone, for example {example}"
            raise TableError(problem, fix='Set [data] zone in trimtab.toml, for example zone = "UTC".')
        problem = f"column {series.name!r} holds {count} that no {kind} column can have, for example {example}"
        raise TableError(problem, fix="Correct the values in the source.")
