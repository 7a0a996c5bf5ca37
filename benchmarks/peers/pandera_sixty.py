"""Pandera on Polars: sixty checks, lazily, so that all that is broken is told."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

import pandera
import pandera.polars as pa
import polars as pl
from sixty import SIXTY, Rules

TYPES = {"float": pl.Float64, "integer": pl.Int64, "boolean": pl.Boolean, "text": pl.String}


def main() -> None:
    table = pl.read_parquet(sys.argv[1])
    columns: dict[str, Any] = {}
    for name, rules in SIXTY.items():
        dtype = table.schema[name] if rules.kind == "time" else TYPES[rules.kind]
        gaps = [pa.Check(present(rules.present), name="present")] if rules.present < 1.0 else []
        columns[name] = pa.Column(dtype, [*gaps, limit(rules, dtype)], nullable=rules.present < 1.0)
    try:
        pa.DataFrameSchema(columns).validate(table, lazy=True)
        broken = "0"
    except pandera.errors.SchemaErrors as errors:
        broken = str(errors)[:2_000]
    print(f"{pandera.__version__}: {2 * len(columns)} checks, broken: {broken}")


def present(share: float) -> Any:
    """At most so many nulls."""
    return lambda data: data.lazyframe.select(pl.col(data.key).null_count() <= (1.0 - share) * pl.len())


def limit(rules: Rules, dtype: Any) -> Any:
    """The second check of a column."""
    if rules.limits is None:
        return pa.Check.isin(list(rules.allowed))
    low, high = rules.limits
    if isinstance(low, str) and isinstance(high, str):
        ends = [datetime.fromisoformat(end) for end in (low, high)]
        return pa.Check.in_range(*(end.date() for end in ends) if dtype == pl.Date else ends)
    if rules.kind == "text":
        return pa.Check.str_length(int(low), int(high))
    return pa.Check.in_range(low, high)


if __name__ == "__main__":
    main()
