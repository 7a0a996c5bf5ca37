"""One value of each kind, made anew and equal in every process."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sparse
from sklearn.ensemble import GradientBoostingRegressor, IsolationForest, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def samples() -> dict[str, Any]:
    """Name → value, the same whatever the hash seed and the memory that it is made in."""
    chance = np.random.default_rng(5)
    rows = chance.random((200, 4))
    label = (rows[:, 0] + chance.random(200) > 1).astype(int)
    texts = ["a", "b", "c", None] * 50
    frame = pl.DataFrame({"number": rows[:, 0], "text": texts, "list": [[1, 2], None] * 100})
    frame = frame.with_columns(
        category=pl.col("text").cast(pl.Categorical),
        enum=pl.col("text").cast(pl.Enum(["c", "b", "a"])),
        named=pl.col("text").cast(pl.Categorical(pl.Categories("mine"))),
        price=pl.col("number").cast(pl.Decimal(10, 4)),
    )
    return {
        "plain": {"set": {"x", "y", "z", None, 3}, "nested": (1, [2.5, {"k": frozenset("abc")}])},
        "moment": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        "words": {f"word {place}" for place in range(50)},
        "others": [Path("a/b"), Decimal("1.10"), b"\0", 2**80, float("nan")],
        "array": np.asfortranarray(rows),
        "records": np.array([(1, 2.5)] * 9, np.dtype([("a", "i1"), ("b", "f8")], align=True)),
        "objects": np.array(texts, object),
        "polars": frame,
        "pandas": pd.DataFrame({"number": rows[:, 0], "category": pd.Categorical(texts)}, index=texts),
        "multi": pd.Series([1, 2], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
        "sparse": sparse.csr_array(np.eye(5)),
        "line": LogisticRegression().fit(rows, label),
        "forest": RandomForestClassifier(10, random_state=0).fit(rows, label),
        "boosted": GradientBoostingRegressor(n_estimators=10, random_state=0).fit(rows, rows[:, 1]),
        "isolated": IsolationForest(n_estimators=10, random_state=0).fit(rows),
        "pipeline": make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(rows, label),
    }  # fmt: skip
