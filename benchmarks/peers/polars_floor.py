"""Polars: bare aggregates, streaming; what no profile can be cheaper than by much."""

from __future__ import annotations

import sys

import polars as pl
import polars.selectors as cs


def main() -> None:
    numbers = cs.numeric() | cs.boolean()
    found = (
        pl.scan_parquet(sys.argv[1])
        .select(
            pl.all().null_count().name.suffix("|nulls"),
            pl.all().min().name.suffix("|min"),
            pl.all().max().name.suffix("|max"),
            numbers.mean().name.suffix("|mean"),
            cs.numeric().std().name.suffix("|std"),
        )
        .collect(engine="streaming")
    )
    print(f"{pl.__version__}: {found.width} aggregates")


if __name__ == "__main__":
    main()
