"""DuckDB: SUMMARIZE, straight from the file."""

from __future__ import annotations

import sys

import duckdb


def main() -> None:
    found = duckdb.execute("SUMMARIZE FROM read_parquet(?)", [sys.argv[1]]).fetchall()
    print(f"{duckdb.__version__}: {len(found)} columns")


if __name__ == "__main__":
    main()
