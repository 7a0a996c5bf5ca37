"""What a label column asks for, from its values or from its profile."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from trimtab.data.column_profile import CategoryColumn, ColumnProfile, NumberColumn, different_values
from trimtab.data.columns import natural_type
from trimtab.data.kinds import ColumnType, Severity
from trimtab.data.problems import TableError
from trimtab.data.schema import Column, Values
from trimtab.data.sketch import values_of
from trimtab.data.wording import counted
from trimtab.spec.project import Task

CLASSES_MAX: Final = 20
"""An integer label of up to so many values is a class; beyond, a number."""
_CUT: Final = 80
_EXACT: Final = 2**53


def infer_task(label: pl.Series) -> Task:
    """What a label column asks for: two values are binary, text or few integers are classes, other numbers regression.

    Raises:
        TableError: it has fewer than two values, or is of a type that is no label.
    """
    seen = label.fill_nan(None) if label.dtype.is_float() else label
    different = 2 if label.dtype == pl.Boolean else seen.drop_nulls().n_unique()
    return _task(label.name, natural_type(label.dtype), str(label.dtype), different)


def task_of(name: str, label: ColumnProfile) -> Task:
    """The same from the label's profile; raises like `infer_task`, and where a sensitive label's values are unknown."""
    known = different_values(label)
    if known is None and label.type is not None:
        raise TableError(
            f"the profile does not say how many values the label {name!r} has",
            fix='Write task = "binary", for example.',
        )
    return _task(name, label.type, label.stored or "lists or other things", 0 if known is None else known[0])


def with_classes(column: Column, label: ColumnProfile, task: Task | None) -> Column:
    """The label's column with its classes: a binary one has no third, and of more a new one is noted."""
    if task in (None, Task.REGRESSION):
        return column
    classes = _classes(column, label)
    if not classes or column.sensitive:
        return column
    outside = Severity.REFUSE if task is Task.BINARY else Severity.NOTE
    because = f"the classes of {counted(label.rows - label.nulls, 'row')}"
    values = Values(allowed=classes, outside=outside, because=because)
    return replace(column, values=values)


def _classes(column: Column, label: ColumnProfile) -> tuple[int | str, ...]:
    if isinstance(label, CategoryColumn) and column.type is ColumnType.TEXT:
        cut = label.lengths is None or label.lengths.maximum > _CUT
        return () if cut else label.values
    if isinstance(label, NumberColumn) and column.type is ColumnType.INTEGER and label.sketch.exact:
        numbers = tuple(int(number) for number in values_of(label.sketch.unpacked[0]))
        return numbers if all(abs(number) <= _EXACT for number in numbers) else ()
    return ()


def _task(name: str, kind: ColumnType | None, stored: str, different: int) -> Task:
    if kind is ColumnType.BOOLEAN:
        return Task.BINARY
    if kind in (None, ColumnType.TIME):
        fix = "A label is true or false, a class or a number."
        raise TableError(f"the label {name!r} is stored as {stored}", fix=fix)
    if different < 2:
        problem = f"the label {name!r} has {counted(different, 'value')}, so nothing can be learned"
        raise TableError(problem, fix="Give rows with different outcomes.")
    if different == 2:
        return Task.BINARY
    if kind is ColumnType.TEXT or (kind is ColumnType.INTEGER and different <= CLASSES_MAX):
        return Task.CLASSES
    return Task.REGRESSION
