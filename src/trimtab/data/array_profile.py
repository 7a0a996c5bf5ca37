"""The profile of the arrays that a model is given (`trimtab.data.table`), at training and at serving.

Lean: columns only, no sample and no pairs, since a window is profiled every few minutes. A column's numbers are put in
order first, so that the same rows in any order have the same profile to the last bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from trimtab.data.column_profile import CategoryColumn, ColumnProfile, NumberColumn, TimeColumn, category
from trimtab.data.distinct import Distinct, DistinctFold
from trimtab.data.hashes import hash_floats, hash_integers
from trimtab.data.hidden import hidden_numbers, hidden_times
from trimtab.data.kinds import ColumnType
from trimtab.data.moments import moments_of
from trimtab.data.profile import Profile
from trimtab.data.schema import Column, Contract
from trimtab.data.sketch import SketchFold, sketch_of
from trimtab.data.texts import hidden_text, short_text

if TYPE_CHECKING:
    import polars as pl

Array = np.ndarray[Any, np.dtype[Any]]
Hashes = np.ndarray[Any, np.dtype[np.uint64]]


def profile_columns(columns: Mapping[str, Array], contract: Contract) -> Profile:
    """The profile of some rows' feature arrays, as `to_columns` or `columns_from_rows` makes them.

    A project's key is left out unless it is a time: names tell nothing.
    """
    profiles: dict[str, ColumnProfile] = {}
    rows = 0
    for column in contract.features:
        rows = len(columns[column.name])
        if column.name != contract.key or column.type is ColumnType.TIME:
            found = _profile(columns[column.name], column)
            profiles[column.name] = msgspec.structs.replace(found, hidden=True) if column.sensitive else found
    return Profile(rows=rows, columns=profiles)


def profile_table(table: pl.DataFrame, contract: Contract) -> Profile:
    """The profile of a checked table's features."""
    from trimtab.data.table import to_columns

    return profile_columns(to_columns(table, contract), contract)


def profile_scores(scores: Array) -> Profile:
    """The profile of a model's answers: a column ``score``, or ``score_0``, ``score_1`` … for an array (n, k)."""
    if scores.ndim == 1:
        return Profile(rows=len(scores), columns={"score": _numbers(scores, ColumnType.FLOAT, nullable=False)})
    columns = {
        f"score_{place}": _numbers(column, ColumnType.FLOAT, nullable=False) for place, column in enumerate(scores.T)
    }
    return Profile(rows=len(scores), columns={**columns})


def _profile(array: Array, column: Column) -> ColumnProfile:
    match column.type:
        case ColumnType.INTEGER | ColumnType.FLOAT:
            numbers = _numbers(array, column.type, nullable=column.nullable)
            return hidden_numbers(numbers) if column.sensitive else numbers
        case ColumnType.BOOLEAN:
            return _truths(array)
        case ColumnType.TEXT:
            return _texts(array, hidden_text if column.sensitive else short_text)
        case ColumnType.TIME:
            times = _times(array)
            return hidden_times(times) if column.sensitive else times


def _numbers(array: Array, kind: ColumnType, *, nullable: bool) -> NumberColumn:
    numbers = array.astype(np.float64, copy=False)
    finite = np.sort(numbers[np.isfinite(numbers)])
    nans = int(np.isnan(numbers).sum())
    sketch = sketch_of(finite)
    ends = (float(finite[0]) + 0.0, float(finite[-1]) + 0.0) if len(finite) else (None, None)
    return NumberColumn(
        type=kind,
        nulls=nans if nullable else 0,
        nans=0 if nullable else nans,
        infinite=len(numbers) - len(finite) - nans,
        minimum=ends[0],
        maximum=ends[1],
        moments=moments_of(finite),
        sketch=sketch,
        distinct=None if sketch.exact else _distinct(hash_floats(finite)),
    )


def _truths(array: Array) -> CategoryColumn:
    numbers = array.astype(np.float64)
    yes, no = int((numbers == 1.0).sum()), int((numbers == 0.0).sum())
    return category({"false": no, "true": yes}, ColumnType.BOOLEAN, nulls=len(numbers) - yes - no)


def _texts(array: Array, name_of: Callable[[str], str]) -> CategoryColumn:
    counted = Counter(array.tolist())
    nulls = counted.pop(None, 0)
    shortened: Counter[str] = Counter()
    for text, count in counted.items():
        shortened[name_of(text)] += count
    return category(shortened, ColumnType.TEXT, nulls=nulls)


def _times(array: Array) -> TimeColumn:
    moments = array[~np.isnat(array)].astype("datetime64[us]").astype(np.int64)
    fold = SketchFold(linear=True)
    fold.add(moments)
    sketch = fold.sketch()
    return TimeColumn(
        nulls=len(array) - len(moments),
        count=len(moments),
        minimum=int(moments.min()) if len(moments) else None,
        maximum=int(moments.max()) if len(moments) else None,
        sketch=sketch,
        distinct=None if sketch.exact else _distinct(hash_integers(moments)),
    )


def _distinct(hashes: Hashes) -> Distinct:
    fold = DistinctFold()
    fold.add(hashes)
    return fold.distinct()
