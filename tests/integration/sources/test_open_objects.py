"""Objects in memory as tables: Polars, pandas, Arrow."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from trimtab.data.scan import Scan
from trimtab.drivers.sources import SourceError, open_table
from trimtab.drivers.sources.batching import MOST_ROWS

TABLE = pl.DataFrame({"n": [1, 2, None], "t": ["x", None, "z"]})


def rows(scan: Scan) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=scan.schema), *scan.batches()])


@pytest.mark.parametrize(
    "what",
    [
        TABLE,
        TABLE.lazy(),
        TABLE.to_arrow(),
        TABLE.to_arrow().to_reader(),
        TABLE.to_arrow().to_batches()[0],
        pd.DataFrame({"n": pd.array([1, 2, None], dtype="Int64"), "t": ["x", None, "z"]}),
        pd.DataFrame({"n": pd.array([1, 2, None], dtype="int64[pyarrow]"), "t": pd.array(["x", None, "z"], "string")}),
    ],
    ids=["polars", "lazy", "arrow", "one-shot reader", "batch", "pandas", "pandas of arrow"],
)
def test_a_table_in_memory_is_read_as_often_as_needed(what: Any) -> None:
    scan = open_table(what)
    assert scan.schema == TABLE.schema
    assert rows(scan).equals(TABLE)
    assert rows(scan).equals(TABLE)
    assert [batch.columns for batch in scan.batches(["t"])] == [["t"]]


@pytest.mark.parametrize("lazy", [False, True])
def test_batches_are_bounded(lazy: bool) -> None:
    table = pl.DataFrame({"n": range(300_000)})
    batches = list(open_table(table.lazy() if lazy else table).batches())
    assert max(batch.height for batch in batches) <= 1.5 * MOST_ROWS
    assert pl.concat(batches).equals(table)


PANDAS: dict[str, tuple[Any, pl.DataType, list[Any]]] = {
    "float": ([1.5, np.nan], pl.Float64(), [1.5, None]),
    "Int64": (pd.array([1, None], dtype="Int64"), pl.Int64(), [1, None]),
    "UInt8": (pd.array([1, None], dtype="UInt8"), pl.UInt8(), [1, None]),
    "Float32": (pd.array([1.5, None], dtype="Float32"), pl.Float32(), [1.5, None]),
    "boolean": (pd.array([True, None], dtype="boolean"), pl.Boolean(), [True, None]),
    "category": (pd.Categorical(["x", None]), pl.Categorical(), ["x", None]),
    "category of integers": (pd.Categorical([5, None]), pl.Int64(), [5, None]),
    "span": (pd.to_timedelta(["1D", None]).as_unit("us"), pl.Duration("us"), [timedelta(days=1), None]),
    "period": (pd.period_range("2026-01", periods=2, freq="M"), pl.String(), ["2026-01", "2026-02"]),
    "objects that are truths": (pd.Series([True, None], dtype=object), pl.Boolean(), [True, None]),
    "objects that are integers": (pd.Series([1, None], dtype=object), pl.Int64(), [1, None]),
    "objects that are numbers": (pd.Series([1, 2.5], dtype=object), pl.Float64(), [1.0, 2.5]),
    "objects that are decimals": (pd.Series([Decimal("1.5")] * 2), pl.Decimal(38, 1), [Decimal("1.5")] * 2),
    "objects that are dates": (pd.Series([date(2026, 1, 1), None], dtype=object), pl.Date(), [date(2026, 1, 1), None]),
    "objects that are texts": (pd.Series(["a", np.nan], dtype=object), pl.String(), ["a", None]),
    "objects that are lists": (pd.Series([[1], None], dtype=object), pl.List(pl.Int64()), [[1], None]),
    "nothing": (pd.Series([None, None], dtype=object), pl.Null(), [None, None]),
    "sparse": (pd.arrays.SparseArray([0, 1]), pl.Int64(), [0, 1]),
}  # fmt: skip


@pytest.mark.parametrize("kind", PANDAS)
def test_a_column_of_pandas_keeps_its_type_and_its_gaps(kind: str) -> None:
    values, dtype, expected = PANDAS[kind]
    scan = open_table(pd.DataFrame({"c": values}))
    assert scan.schema["c"] == dtype
    assert rows(scan)["c"].to_list() == expected


@pytest.mark.parametrize(("zone", "expected"), [("Europe/Zurich", "Europe/Zurich"), ("UTC", "UTC"), ("+02:00", "UTC")])
def test_times_of_pandas_keep_their_zone_and_those_of_a_bare_offset_become_utc(zone: str, expected: str) -> None:
    times = pd.to_datetime(["2026-01-01", None]).tz_localize(zone)
    found = rows(open_table(pd.DataFrame({"c": times})))["c"]
    assert found.dtype.time_zone == expected  # type: ignore[attr-defined]
    assert found[0] == times[0].to_pydatetime()
    assert found[1] is None


def test_pandas_is_read_without_pyarrow() -> None:
    code = """
import sys
sys.modules["pyarrow"] = None
import pandas as pd
from trimtab.drivers.sources import open_table
frame = pd.DataFrame({"t": pd.Series(["x", None], dtype=object), "n": pd.array([1, None], dtype="Int64"),
                      "c": pd.Categorical(["a", "b"]), "z": pd.to_datetime(["2026-01-01", None], utc=True)})
print([str(dtype) for dtype in open_table(frame).schema.dtypes()])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "['String', 'Int64', 'Categorical', \"Datetime(time_unit='" in done.stdout


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (pd.DataFrame({"m": pd.Series([1, 2, "a", None], dtype=object)}),
         "the column 'm' holds values of several types: 2 int, 1 str; the first str is in row 3: 'a'"),
        (pd.DataFrame({"m": pd.Series([1, True], dtype=object)}), "'m' holds values of several types: 1 int, 1 bool"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "columns 1 and 2 of the pandas DataFrame are both called 'a'"),
        (pd.DataFrame({"c": np.array([1j])}), r"the column 'c' holds objects of Python \(complex"),
        (pl.DataFrame({"c": [object()]}), r"the column 'c' holds objects of Python \(object\), which no table has"),
        (pa.table([[1], [2]], names=["a", "a"]), "columns 1 and 2 of an object of pyarrow's Table are both called 'a'"),
        (pa.chunked_array([[1, 2]]), "an object of pyarrow's ChunkedArray cannot be read"),
        (TABLE.lazy().select("gone"), "the table cannot be read: unable to find column"),
        (None, "an object of builtins's NoneType is no table"),
        ([1], "an object of builtins's list is no table"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_table_is_refused(what: Any, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        open_table(what)


def test_a_query_that_fails_while_it_runs_is_told() -> None:
    scan = open_table(TABLE.lazy().with_columns(pl.col("t").cast(pl.Int64)))
    with pytest.raises(SourceError, match="the table cannot be read: conversion from `str` to `i64` failed"):
        list(scan.batches())


def test_an_index_with_a_name_is_told_since_it_is_not_read() -> None:
    scan = open_table(pd.DataFrame({"a": [1]}, index=pd.Index(["k"], name="key")))
    assert scan.schema.names() == ["a"]
    assert getattr(scan, "notes", ()) == ("the index key is not read; .reset_index() makes a column of it",)
