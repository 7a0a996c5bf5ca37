"""From columns to what the project's functions receive, and from what they return to features.

One path serves training, golden rows and every request: the same arrays become the same kind of table, pass through
the same functions, and are held to the same shape. A difference between a notebook and production then has nowhere
to enter but the functions themselves, and `trimtab.release.golden` proves those.

What the first function receives, by type of column:

| column | polars | pandas | numpy (structured array) |
| --- | --- | --- | --- |
| number | float or integer; missing is null | float or integer; missing is NaN | float or integer; missing is NaN |
| truth value | Boolean; Float64 if it may be missing | bool; float64 | bool; float64 |
| text | String; missing is null | object; missing is None | object; missing is None |
| time | Datetime in UTC | datetime64 in UTC | datetime64[us], UTC |

An integer that may be missing arrives as a float in all three: a type that changed with the rows of the moment would
be a difference between a batch and a single request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trimtab.base.errors import InputError
from trimtab.release.manifest import ROWS, ServingStep

Columns: TypeAlias = Mapping[str, NDArray[Any]]
"""Column name → values, all of one length: int64, float64, bool, object (text or None) or datetime64[us]."""

Features: TypeAlias = Any
"""A Polars or pandas DataFrame, a 2-D numeric array, or a structured array."""

KINDS = ("polars", "pandas", "numpy")


class FeaturesError(InputError):
    """What a function of the pipeline returned cannot be given to a model."""

    code = "TT1601"


def count_of(columns: Columns) -> int:
    """The number of rows; raises `FeaturesError` for columns of different lengths or none at all."""
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        raise FeaturesError("rows need at least one column, and columns of one length", fix="Pass whole rows.")
    return lengths.pop()


def rows_as(kind: str, columns: Columns) -> Any:
    """The table that the first function receives; ``rows["x"]`` works in all of them.

    Args:
        kind: ``polars``, ``pandas`` or ``numpy``.
        columns: as `trimtab.data.table` makes them.
    """
    count = count_of(columns)
    if kind == "polars":
        import polars as pl

        return pl.DataFrame([_polars_series(name, values) for name, values in columns.items()])
    if kind == "pandas":
        import pandas as pd

        return pd.DataFrame({name: _pandas_values(values) for name, values in columns.items()}, copy=False)
    if kind == "numpy":
        table = np.empty(count, dtype=[(name, values.dtype) for name, values in columns.items()])
        for name, values in columns.items():
            table[name] = values
        return table
    raise FeaturesError(f"rows cannot be handed over as {kind!r}", fix=f"The kinds are {', '.join(KINDS)}.")


def run_steps(functions: Mapping[str, Callable[..., Any]], steps: Sequence[ServingStep], rows: Any) -> Features:
    """What the last step returns for ``rows``; each step gets the results that it names.

    Raises:
        FeaturesError: a step returned another number of rows than it was given, or the last one something that no
            model takes. What a function itself raises passes through untouched.
    """
    made: dict[str, Any] = {ROWS: rows}
    count = len(rows)
    for step in steps:
        result = functions[step.function](*(made[name] for name in step.inputs), **step.params)
        check_count(step.function, result, count)
        made[step.function] = result
    last = steps[-1].function if steps else ROWS
    check_features(last, made[last])
    return made[last]


def feature_names(features: Features) -> tuple[str, ...]:
    """The columns' names; ``f0`` … ``fk`` for a plain array. Raises `FeaturesError` for names that are not text."""
    if isinstance(features, np.ndarray):
        return features.dtype.names or tuple(f"f{place}" for place in range(features.shape[1]))
    names = tuple(features.columns)
    for name in names:
        if not isinstance(name, str):
            raise FeaturesError(f"the feature name {name!r} is not text", fix="Name every column with a text.")
    return names


def feature_columns(features: Features) -> dict[str, NDArray[Any]]:
    """Each feature's values by name: float64 for numbers and truth values (missing is NaN), else object."""
    if isinstance(features, np.ndarray):
        if features.dtype.names:
            return {name: _plain(features[name]) for name in features.dtype.names}
        return {name: _plain(features[:, place]) for place, name in enumerate(feature_names(features))}
    return {name: _plain(_series_values(features[name])) for name in feature_names(features)}


def matrix(features: Features) -> NDArray[np.float64]:
    """The features as float64, shape (rows, features), missing as NaN; raises `FeaturesError` for a text column."""
    if not isinstance(features, np.ndarray) or not features.dtype.names:
        # at once where it can be, which for one row is ten times quicker than column by column
        whole = features if isinstance(features, np.ndarray) else features.to_numpy()
        if whole.dtype.kind in "biuf":
            return np.asarray(whole, dtype=np.float64)
    columns = feature_columns(features)
    for name, values in columns.items():
        if values.dtype == object:
            raise FeaturesError(
                f"the feature {name!r} is not numeric, and this model takes numbers only",
                fix="Encode it in the feature function, or train a scikit-learn pipeline that encodes it.",
            )
    made = np.empty((len(features), len(columns)), dtype=np.float64)
    for place, values in enumerate(columns.values()):
        made[:, place] = values
    return made


def take(table: Any, places: Sequence[int] | NDArray[np.int64]) -> Any:
    """The rows of a table (of any kind above) at ``places``, in that order."""
    if hasattr(table, "iloc"):
        return table.iloc[list(places)]
    return table[np.asarray(places, dtype=np.int64)]


def take_columns(columns: Columns, places: Sequence[int] | NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """The rows of columns at ``places``, in that order."""
    where = np.asarray(places, dtype=np.int64)
    return {name: values[where] for name, values in columns.items()}


def _polars_series(name: str, values: NDArray[Any]) -> Any:
    import polars as pl

    if values.dtype == object:
        return pl.Series(name, values.tolist(), dtype=pl.String)
    if values.dtype.kind == "M":
        moments = pl.Series(name, values.astype("datetime64[us]", copy=False))
        return moments.cast(pl.Datetime("us", "UTC"))
    return pl.Series(name, values, nan_to_null=values.dtype.kind == "f")


def _pandas_values(values: NDArray[Any]) -> Any:
    import pandas as pd

    if values.dtype == object:
        # pandas 3 would guess a string dtype when all are text and another when one is missing
        return pd.Series(values, dtype=object)
    if values.dtype.kind == "M":
        return pd.Series(values.astype("datetime64[us]", copy=False)).dt.tz_localize("UTC")
    return values


def _series_values(series: Any) -> NDArray[Any]:
    """A Polars or pandas column as an array: numbers with NaN for missing, anything else as objects."""
    if hasattr(series, "iloc"):
        if series.dtype.kind in "biuf":
            return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
        return np.asarray(series.astype(object).to_numpy())
    import polars as pl

    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        return np.asarray(series.cast(pl.Float64).to_numpy())
    return np.array(series.to_list() or [], dtype=object)


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.float64, copy=False) if values.dtype.kind in "biuf" else values.astype(object, copy=False)


def check_count(function: str, result: Any, count: int) -> None:
    """Nothing, if a step on the way to features answers every row; else `FeaturesError`."""
    if not hasattr(result, "shape"):
        return  # a step between may return anything; the last one's type is checked by name below
    found = len(result) if result.shape else 0
    if found != count:
        raise FeaturesError(
            f"{function}() returned {found} rows for the {count} it was given",
            fix="Answer every row with one row, in the same order; filter rows in the source table, before training.",
        )


def check_features(function: str, features: Any) -> None:
    """Nothing, if a model can be given what ``features`` returned; else `FeaturesError`."""
    problem, fix = _array_problem(features) if isinstance(features, np.ndarray) else _table_problem(features)
    if problem:
        raise FeaturesError(f"{function}() returned {problem}", fix=fix)


def _array_problem(features: NDArray[Any]) -> tuple[str, str]:
    """What is wrong with an array as features, and what to do about it; empty texts if it can be used."""
    if features.dtype.names:
        return ("", "") if features.ndim == 1 else ("a structured array with several dimensions", "Return it flat.")
    if features.ndim != 2:
        return f"an array of shape {features.shape}", "Return an array of shape (rows, features)."
    if features.dtype.kind not in "biuf":
        return (
            f"an array of {features.dtype}, which is not numeric",
            "Return numbers, or a DataFrame with named columns.",
        )
    return "", ""


def _table_problem(features: Any) -> tuple[str, str]:
    kind = type(features)
    home = kind.__module__.partition(".")[0]
    if (home, kind.__name__) in {("polars", "DataFrame"), ("pandas", "DataFrame")}:
        return "", ""
    if (home, kind.__name__) == ("polars", "LazyFrame"):
        return "a Polars LazyFrame", "Call .collect() on it."
    if kind.__name__ == "Series":
        return f"a {home} Series", "Return a DataFrame; Series.to_frame() makes one."
    what = "nothing" if features is None else f"a {kind.__name__}"
    return what, "Return a DataFrame or a two-dimensional array."
