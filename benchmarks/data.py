"""What checking a request and profiling a table cost: ``python benchmarks/data.py``. CPU time, best of five."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np
import polars as pl

from trimtab.data.array_profile import profile_columns
from trimtab.data.check import check_table
from trimtab.data.drift import compare
from trimtab.data.kinds import ColumnType
from trimtab.data.profile import merge_all
from trimtab.data.request import RowChecker
from trimtab.data.schema import Column, Condition, Contract, Length, Pattern, Range, Values
from trimtab.data.table import Array, columns_from_rows, digest_table, to_columns

ROWS = 200_000
KINDS = [ColumnType.FLOAT] * 22 + [ColumnType.INTEGER] * 5 + [ColumnType.BOOLEAN, ColumnType.TEXT]


def contract() -> Contract:
    """A time and 29 features, with a limit on each where one is possible."""
    features = tuple(
        Column(
            name=f"{kind}_{place}",
            type=kind,
            range=Range(minimum=-4, maximum=1_000) if kind in (ColumnType.FLOAT, ColumnType.INTEGER) else None,
            values=Values(allowed=("DE", "FR", "IT")) if kind is ColumnType.TEXT else None,
            pattern=Pattern(matches="^[A-Z]{2}$") if kind is ColumnType.TEXT else None,
            length=Length(minimum=2, maximum=2) if kind is ColumnType.TEXT else None,
        )
        for place, kind in enumerate(KINDS)
    )
    time_column, label = Column(name="ts", type=ColumnType.TIME), Column(name="y", type=ColumnType.BOOLEAN)
    rule = Condition(when="text_28 == 'DE'", then="integer_22 <= 1000 and float_0 < 100")
    return Contract(time="ts", label="y", columns=(time_column, *features, label), conditions=(rule,))


def table() -> pl.DataFrame:
    """Rows that keep the contract."""
    chance = np.random.default_rng(0)
    columns: dict[str, pl.Series] = {
        "ts": pl.Series(np.arange(ROWS) * 1_000_000 + 1_700_000_000_000_000).cast(pl.Datetime("us", "UTC")),
        "y": pl.Series(chance.random(ROWS) < 0.5),
    }
    for column in contract().features[1:]:
        match column.type:
            case ColumnType.FLOAT:
                columns[column.name] = pl.Series(chance.normal(size=ROWS))
            case ColumnType.INTEGER:
                columns[column.name] = pl.Series(chance.integers(0, 1_000, ROWS))
            case ColumnType.BOOLEAN:
                columns[column.name] = pl.Series(chance.random(ROWS) < 0.1)
            case _:
                columns[column.name] = pl.Series(chance.choice(["DE", "FR", "IT"], ROWS))
    return pl.DataFrame(columns)


def seconds(work: Callable[[], object], *, repeats: int = 5) -> float:
    """The least CPU time of some repetitions."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    rules, rows = contract(), table()
    checker = RowChecker(rules)
    sent = rows[:5_000].drop("y").with_columns(pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_dicts()
    good = [json.dumps(row).encode() for row in sent]
    bad = [json.dumps(row | {"float_3": "1.5", "unknown": 1}).encode() for row in sent]
    arrays: dict[str, Array] = to_columns(rows, rules)
    values = [row.values for row in map(checker.row, good)]  # type: ignore[union-attr]
    profile = profile_columns(arrays, rules)
    days = [
        profile_columns({name: array[start : start + 1_000] for name, array in arrays.items()}, rules)
        for start in range(0, 30_000, 1_000)
    ]
    for what, cost, unit in (
        ("check a request of 30 fields", seconds(lambda: [checker.row(raw) for raw in good]) / len(good) * 1e6, "µs"),
        ("refuse one, naming all problems", seconds(lambda: [checker.row(raw) for raw in bad]) / len(bad) * 1e6, "µs"),
        ("arrays of 5,000 checked rows", seconds(lambda: columns_from_rows(rules.features, values)) * 1e3, "ms"),
        (f"check a table of {ROWS:,} × 31", seconds(lambda: check_table(rows, rules)) * 1e3, "ms"),
        (f"arrays of {ROWS:,} × 30", seconds(lambda: to_columns(rows, rules)) * 1e3, "ms"),
        (f"digest of {ROWS:,} × 31", seconds(lambda: digest_table(rows)) * 1e3, "ms"),
        (f"profile of {ROWS:,} × 30", seconds(lambda: profile_columns(arrays, rules)) * 1e3, "ms"),
        ("merge 30 profiles of 1,000 rows", seconds(lambda: merge_all(days)) * 1e3, "ms"),
        ("compare two profiles", seconds(lambda: compare(profile, days[0])) * 1e3, "ms"),
    ):
        sys.stdout.write(f"{what:<36}{cost:>10,.1f} {unit}\n")


if __name__ == "__main__":
    main()
