"""The first contract, from the first table.

Structure is taken at its word: names, types, whether there were gaps. What was merely seen becomes a note: the range
of a number, the values of a column with few. Where seeing says nothing, nothing is inferred: a constant column may
start to move tomorrow, and names, counters and free text are new in every row.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from trimtab.base.errors import ProblemsError
from trimtab.data.columns import ReadColumn, natural_type, read_column
from trimtab.data.problems import TableError
from trimtab.data.schema import Column, ColumnType, Contract, Range, Rule, Severity, Values
from trimtab.data.wording import closest, counted, show
from trimtab.spec.project import Task

_LISTED_MAX: Final = 50
"""More different texts than this are not a list that a person reviews."""
_REPEATED: Final = 20
"""A text is a category when it is seen this often on average; names and free text are not."""
_NAMES_SHARE: Final = 0.9
"""Integers of which this share is different from all others are names of something, not measures."""
_COUNTER_MIN: Final = 50
"""Numbers that only rise (or only fall) over so many different values are counters, and will go on."""
_CLASSES_MAX: Final = 20
"""An integer label of up to so many values is a class; beyond, a number."""


def infer(
    table: pl.DataFrame,
    *,
    time: str,
    label: str,
    key: str | None = None,
    zone: str | None = None,
    task: Task | None = None,
) -> Contract:
    """The contract that a table suggests: structure refuses, what was seen is noted.

    Args:
        table: the rows to learn from, in the order of time.
        time: the column of the rows' own times.
        label: the column that is predicted; where it is null, the outcome had not arrived.
        key: the project's own name for a row.
        zone: the zone of naive times.
        task: what is predicted, where the project says so; else it is inferred from the label.

    Raises:
        TableError: the table is empty.
        ProblemsError: all columns that are missing, or of which no contract can be made.
    """
    if not table.height:
        raise TableError("the table has no rows, so no contract can be inferred", fix="Point [data] source at rows.")
    problems = _missing(table, {"time": time, "label": label} | ({"key": key} if key else {}))
    columns: list[Column] = []
    for series in table:
        try:
            role = "time" if series.name == time else "name" if series.name == key else "feature"
            columns.append(_column(series, "label" if series.name == label else role, zone))
        except TableError as error:
            problems.append(error)
    inferred = task
    if not problems:
        target = next(column for column in columns if column.name == label)
        try:
            inferred = task or infer_task(table[label])
            columns = [
                _with_classes(table[label], target, inferred) if column is target else column for column in columns
            ]
        except TableError as error:
            problems.append(error)
    if problems:
        raise ProblemsError(tuple(problems))
    return Contract(time=time, label=label, key=key, task=inferred, zone=zone, columns=tuple(columns))


def infer_task(label: pl.Series) -> Task:
    """What a label column asks for: two values are binary, text or few integers are classes, other numbers regression.

    Raises:
        TableError: it has fewer than two values, or is of a type that is no label.
    """
    kind = natural_type(label.dtype)
    seen = label.fill_nan(None) if label.dtype.is_float() else label
    different = seen.drop_nulls().n_unique()
    if kind is ColumnType.BOOLEAN:
        return Task.BINARY
    if kind in (None, ColumnType.TIME):
        fix = "A label is true or false, a class or a number."
        raise TableError(f"the label {label.name!r} is stored as {label.dtype}", fix=fix)
    if different < 2:
        problem = f"the label {label.name!r} has {counted(different, 'value')}, so nothing can be learned"
        raise TableError(problem, fix="Give rows with different outcomes.")
    if different == 2:
        return Task.BINARY
    if kind is ColumnType.TEXT or (kind is ColumnType.INTEGER and different <= _CLASSES_MAX):
        return Task.CLASSES
    return Task.REGRESSION


def _missing(table: pl.DataFrame, roles: dict[str, str]) -> list[TableError]:
    return [
        TableError(
            f"the table has no column {name!r}, which [data] {role} names",
            fix=closest(name, table.columns) or f"It has {', '.join(map(repr, table.columns[:20]))}.",
        )
        for role, name in roles.items()
        if name not in table.columns
    ]


def _column(series: pl.Series, role: str, zone: str | None) -> Column:
    kind = ColumnType.TIME if role == "time" else natural_type(series.dtype)
    if kind is None:
        empty = series.dtype == pl.Null
        raise TableError(
            f"column {series.name!r} " + ("has no value at all" if empty else f"is stored as {series.dtype}"),
            fix="Leave it out of the source, or turn it into numbers, text, times or true and false.",
        )
    read = read_column(series, kind, zone)
    _refuse_faults(series, kind, read, role)
    gaps = int(read.gaps.sum())
    column = Column(name=series.name, type=kind, nullable=gaps > 0)
    if role != "feature":
        return column
    return _with_rules(column, read.values.drop_nulls(), gaps)


def _refuse_faults(series: pl.Series, kind: ColumnType, read: ReadColumn, role: str) -> None:
    for rule, mask in read.faults.items():
        example = show(series.filter(mask)[0])
        count = counted(int(mask.sum()), "value")
        if kind is ColumnType.TIME and natural_type(series.dtype) is ColumnType.TIME and rule is Rule.IMPOSSIBLE:
            problem = f"column {series.name!r} holds {count} without a time zone, for example {example}"
            raise TableError(problem, fix='Set [data] zone in trimtab.toml, for example zone = "UTC".')
        problem = f"column {series.name!r} holds {count} that no {kind} column can have, for example {example}"
        raise TableError(problem, fix="Correct the values in the source.")
    if role == "time" and read.gaps.any():
        problem = f"the time column {series.name!r} is null in {counted(int(read.gaps.sum()), 'row')}"
        raise TableError(problem, fix="Every row needs its time; drop these rows or fill them.")


def _with_rules(column: Column, values: pl.Series, gaps: int) -> Column:
    because = f"null in {counted(gaps, 'row')} of {gaps + len(values):,}" if gaps else ""
    different = values.n_unique()
    limits = known = None
    if different == 0:
        because = f"null in all {counted(gaps, 'row')}"
    elif different == 1:
        constant = f"always {_shown(values[0])} in {counted(len(values), 'row')}, so no limits were inferred"
        because = f"{because}; {constant}" if because else constant
    elif column.type in (ColumnType.INTEGER, ColumnType.FLOAT) and not _is_name(values, column.type, different):
        low, high = values.min(), values.max()
        seen = f"seen {_shown(low)} to {_shown(high)} in {counted(len(values), 'row')}"
        limits = Range(minimum=low, maximum=high, because=seen)  # type: ignore[arg-type]  # numbers, as the type says
    elif column.type is ColumnType.TEXT and different <= min(_LISTED_MAX, len(values) / _REPEATED):
        seen = f"{counted(different, 'value')} seen in {counted(len(values), 'row')}"
        known = Values(allowed=tuple(values.unique().sort().to_list()), because=seen)
    return Column(
        name=column.name, type=column.type, nullable=column.nullable, range=limits, values=known, because=because
    )


def _is_name(values: pl.Series, kind: ColumnType, different: int) -> bool:
    if different >= _COUNTER_MIN and (values.is_sorted() or values.is_sorted(descending=True)):
        return True
    return kind is ColumnType.INTEGER and different >= max(_COUNTER_MIN, _NAMES_SHARE * len(values))


def _with_classes(label: pl.Series, column: Column, task: Task) -> Column:
    if task is Task.REGRESSION or column.type not in (ColumnType.INTEGER, ColumnType.TEXT):
        return column
    classes = label.drop_nulls().unique().sort()
    outside = Severity.REFUSE if task is Task.BINARY else Severity.NOTE
    seen = f"the classes of {counted(len(label) - label.null_count(), 'row')}"
    known = Values(allowed=tuple(classes.cast(pl.Int64 if column.type is ColumnType.INTEGER else pl.String).to_list()))
    known = Values(allowed=known.allowed, outside=outside, because=seen)
    return Column(name=column.name, type=column.type, nullable=column.nullable, values=known)


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else show(value)
