"""A pandas DataFrame as a Polars one, column by column, without pyarrow and without importing pandas.

Polars' own conversion needs pyarrow, which Trimtab does not install. What pandas holds as Python objects is looked at
value by value: a column of several types is refused rather than turned into text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import polars as pl

from trimtab.data.wording import show
from trimtab.drivers.sources.problems import SourceError

_GAPS: Final = frozenset({"NoneType", "NAType", "NaTType"})
_NUMBERS: Final = frozenset({"int", "float"})


def from_pandas(frame: Any) -> pl.DataFrame:
    """The table; missing values of every kind (NaN, NaT, NA, None) are nulls, and the index is left out.

    Raises:
        SourceError: a name is there twice, or a column of objects holds values of several types.
    """
    names = [".".join(map(str, label)) if isinstance(label, tuple) else str(label) for label in frame.columns]
    refuse_repeated(names, "the pandas DataFrame")
    columns = [_column(name, frame.iloc[:, position]) for position, name in enumerate(names)]
    return pl.DataFrame(columns)


def index_note(frame: Any) -> tuple[str, ...]:
    """What to say of an index that has a name, for it is no column."""
    named = [str(name) for name in frame.index.names if name is not None]
    if not named:
        return ()
    return (f"the index {', '.join(named)} is not read; .reset_index() makes a column of it",)


def refuse_repeated(names: Iterable[str], where: str) -> None:
    """Raises `SourceError` for the first name that is there twice, with both of its positions."""
    first: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if name in first:
            problem = f"columns {first[name]:,} and {position:,} of {where} are both called {show(name)}"
            raise SourceError(problem, fix="Rename or remove one of them.")
        first[name] = position


def _column(name: str, column: Any) -> pl.Series:
    dtype = column.dtype
    gaps = column.isna().to_numpy()
    match type(dtype).__name__:
        case "CategoricalDtype":
            return _categories(name, column, gaps)
        case "DatetimeTZDtype":
            naive = pl.Series(name, column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy())
            zone = str(dtype.tz)
            times = naive.dt.replace_time_zone("UTC")
            return times.dt.convert_time_zone(zone) if "/" in zone else times
        case "ArrowDtype":
            return pl.Series(name, column)
        case "StringDtype":
            return pl.Series(name, _listed(column, gaps), dtype=pl.String)
        case "PeriodDtype" | "IntervalDtype":
            return pl.Series(name, _listed(column.astype(str), gaps), dtype=pl.String)
        case _:
            pass
    if hasattr(dtype, "numpy_dtype"):  # nullable integers, floats and booleans: values and a mask
        values = pl.Series(name, column.to_numpy(dtype=dtype.numpy_dtype, na_value=0))
        return values.set(pl.Series(gaps), None) if gaps.any() else values
    if str(dtype) == "object":
        return _objects(name, column, gaps)
    return pl.Series(name, column.to_numpy(), nan_to_null=True)


def _listed(column: Any, gaps: Any) -> list[Any]:
    return [None if gap else value for value, gap in zip(column.tolist(), gaps.tolist(), strict=True)]


def _categories(name: str, column: Any, gaps: Any) -> pl.Series:
    categories = _column(name, column.cat.categories.to_series())
    codes = pl.Series(column.cat.codes.to_numpy()).cast(pl.Int64)
    values = categories.gather(codes.set(pl.Series(gaps), None) if gaps.any() else codes)
    return values.cast(pl.Categorical) if values.dtype == pl.String else values


def _objects(name: str, column: Any, gaps: Any) -> pl.Series:
    values = _listed(column, gaps)
    kinds = Counter(type(value).__name__ for value in values if type(value).__name__ not in _GAPS)
    if len(kinds) > 1 and not set(kinds) <= _NUMBERS:
        raise _mixed(name, values, kinds)
    if set(kinds) == _NUMBERS:
        return pl.Series(name, values, dtype=pl.Float64, strict=False)
    try:
        return pl.Series(name, values)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series(name, [None if value is None else str(value) for value in values], dtype=pl.String)


def _mixed(name: str, values: list[Any], kinds: Counter[str]) -> SourceError:
    *_, (rare, _) = kinds.most_common()
    row = next(row for row, value in enumerate(values, start=1) if type(value).__name__ == rare)
    told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    return SourceError(
        f"the column {show(name)} holds values of several types: {told}; the first {rare} is in "
        f"row {row:,}: {show(values[row - 1])}",
        fix=f"Give the column one type, for example frame[{name!r}].astype(str).",
    )
