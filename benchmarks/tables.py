"""Tables to measure and to judge with: ``python benchmarks/tables.py bank --rows 2000000 --output bank.parquet``.

Three families, so that nothing is tuned to one table. `BANK` has 30 columns as card payments have them; `SHOP` has 30
of other names, other shapes (beta, gamma, two peaks, Poisson, ordered categories, decimals) and other storage types;
`wide` has as many columns as one asks for. A table is made part by part, each from its own seed, and written one row
group at a time: 20 million rows need no more memory than one part, and the same seed gives the same rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow.parquet as pq

Array = np.ndarray[Any, np.dtype[Any]]
Chance = np.random.Generator
Draw = Callable[[Chance, Array], pl.Series]
"""A column: from a generator and the numbers of the rows, which count through all parts."""

PART: Final = 250_000
"""Rows of one part, and so of one row group."""
BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
CHANNELS: Final = ("app", "branch", "phone", "web")
CHANNEL_SHARES: Final = (0.5, 0.3, 0.15, 0.05)
COUNTRIES: Final = tuple(f"{one}{two}" for one in "ABCDE" for two in "KLMNOPQRST")
MERCHANTS: Final = tuple(f"merchant {place:04d}" for place in range(2_000))
CORRELATION: Final = 0.6
_WORDS: Final = (
    "rent",
    "salary",
    "refund",
    "fee",
    "invoice",
    "order",
    "gift",
    "card",
    "top-up",
    "transfer",
    "tax",
    "loan",
)
_GRADES: Final = ("very low", "low", "medium", "high", "very high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of table: its columns, what is made of several, which one names a row, and which is its time."""

    columns: dict[str, Draw]
    together: tuple[pl.Expr, ...] = ()
    key: str | None = None
    time: str | None = None


def numbers(draw: Callable[[Chance, int], Array], dtype: type[pl.DataType] | None = None) -> Draw:
    """A column of what NumPy draws."""
    return lambda chance, rows: pl.Series(draw(chance, len(rows)), dtype=dtype)


def with_gaps(column: Draw, share: float = 0.02) -> Draw:
    """The same column with nulls."""

    def drawn(chance: Chance, rows: Array) -> pl.Series:
        series = column(chance, rows)
        return series.set(pl.Series(chance.random(len(rows)) < share), None)

    return drawn


def chosen(values: tuple[str, ...], shares: Array | tuple[float, ...], dtype: pl.DataType | None = None) -> Draw:
    """A column of categories."""
    reached = np.cumsum(shares) / np.sum(shares)

    def drawn(chance: Chance, rows: Array) -> pl.Series:
        places = np.searchsorted(reached, chance.random(len(rows)), side="right")
        series = pl.Series(values).gather(places)
        return series.cast(dtype) if dtype is not None else series

    return drawn


def zipf(count: int, power: float = 1.1) -> Array:
    """Shares that fall as ranks do, to that power."""
    shares: Array = 1.0 / np.arange(1, count + 1) ** power
    return shares


def named(prefix: str) -> Draw:
    """An identity in text, another one in every row."""
    return lambda _, rows: pl.Series(rows).cast(pl.String).str.zfill(12).str.replace("^", prefix)


def every(microseconds: int, *, zone: str | None = "UTC") -> Draw:
    """A time that goes on by so much from row to row, and some chance."""

    def drawn(chance: Chance, rows: Array) -> pl.Series:
        moments = int(BEGIN.timestamp()) * 1_000_000 + rows * microseconds + chance.integers(0, microseconds, len(rows))
        return pl.Series(moments).cast(pl.Datetime("us", zone))

    return drawn


def days(count: int) -> Draw:
    """A date, one of so many."""
    first = BEGIN.date().toordinal() - datetime(1970, 1, 1, tzinfo=UTC).date().toordinal()
    return lambda chance, rows: pl.Series(chance.integers(first, first + count, len(rows)).astype(np.int32)).cast(
        pl.Date
    )


def words(chance: Chance, rows: Array) -> pl.Series:
    """Free text: three words and a number."""
    vocabulary = pl.Series(_WORDS)
    parts = {str(place): vocabulary.gather(chance.integers(0, len(_WORDS), len(rows))) for place in range(3)}
    parts["3"] = pl.Series(chance.integers(0, 100_000, len(rows))).cast(pl.String)
    return pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator=" ")).to_series()


def cents(values: Array) -> Array:
    """Amounts as one pays them."""
    rounded: Array = np.round(values, 2)
    return rounded


def money(chance: Chance, rows: Array) -> pl.Series:
    """Exact decimals, two places behind the point."""
    units = pl.Series(chance.gamma(3.0, 9.0, len(rows))).round(2)
    return units.cast(pl.Decimal(12, 2))


def zero_or(share: float, draw: Callable[[Chance, int], Array]) -> Callable[[Chance, int], Array]:
    """Mostly zero, else what is drawn."""
    return lambda chance, count: draw(chance, count) * (chance.random(count) >= share)


_INFLOW: Final = (pl.col("inflow") - 20.0) / 5.0
_OUTFLOW: Final = (pl.col("outflow") - 40.0) / 8.0
_CORRELATED: Final = (40.0 + 8.0 * (CORRELATION * _INFLOW + (1 - CORRELATION**2) ** 0.5 * _OUTFLOW)).alias("outflow")
_LOAD: Final = (pl.col("warehouse_load") - 100.0) / 20.0
_DELIVERY: Final = (pl.col("delivery_time") - 48.0) / 12.0
_LATE: Final = (48.0 + 12.0 * (CORRELATION * _LOAD + (1 - CORRELATION**2) ** 0.5 * _DELIVERY)).alias("delivery_time")

BANK: Final = Family(
    key="tx_id",
    time="booked_at",
    together=(_CORRELATED,),
    columns={
        "tx_id": named("TX"),
        "booked_at": every(1_000_000),
        "value_date": days(365),
        "amount": numbers(lambda chance, n: cents(chance.lognormal(3.5, 1.0, n))),
        "fee": numbers(zero_or(0.8, lambda chance, n: cents(chance.gamma(2.0, 1.5, n)))),
        "balance": numbers(lambda chance, n: chance.normal(2_500.0, 1_200.0, n)),
        "credit_limit": numbers(lambda chance, n: chance.normal(1e6, 5e4, n)),
        "score": numbers(lambda chance, n: chance.normal(600.0, 80.0, n)),
        "fx_change": numbers(lambda chance, n: chance.normal(0.0, 1e-4, n)),
        "surplus": numbers(lambda chance, n: chance.normal(-3.0, 0.5, n)),
        "signal": numbers(lambda chance, n: chance.normal(size=n)),
        "risk": numbers(lambda chance, n: chance.random(n)),
        "rate": numbers(lambda chance, n: chance.uniform(1.0, 5.0, n)),
        "since_last": numbers(lambda chance, n: chance.exponential(3_600.0, n)),
        "yield": numbers(lambda chance, n: chance.standard_t(3, n)),
        "distance_km": numbers(lambda chance, n: chance.lognormal(1.0, 0.8, n)),
        "inflow": numbers(lambda chance, n: chance.normal(20.0, 5.0, n)),
        "outflow": numbers(lambda chance, n: chance.normal(40.0, 8.0, n)),
        "items": numbers(lambda chance, n: chance.integers(0, 10, n)),
        "points": numbers(lambda chance, n: chance.integers(0, 1_001, n)),
        "terminal": numbers(lambda chance, n: chance.integers(1_000_000_000, 2_000_000_000_000, n)),
        "dependents": with_gaps(numbers(lambda chance, n: chance.binomial(6, 0.25, n))),
        "income": with_gaps(numbers(lambda chance, n: cents(chance.lognormal(8.0, 0.5, n)))),
        "rating": with_gaps(numbers(lambda chance, n: chance.normal(5.0, 1.5, n))),
        "online": numbers(lambda chance, n: chance.random(n) < 0.6),
        "foreign": numbers(lambda chance, n: chance.random(n) < 0.05),
        "channel": chosen(CHANNELS, CHANNEL_SHARES),
        "country": chosen(COUNTRIES, zipf(len(COUNTRIES), 0.8)),
        "merchant": chosen(MERCHANTS, zipf(len(MERCHANTS))),
        "memo": words,
    },
)

SHOP: Final = Family(
    key="order_no",
    time="ordered",
    together=(_LATE,),
    columns={
        "order_no": lambda _, rows: pl.Series(rows * 7 + 100_000),
        "ordered": every(30_000_000),
        "conversion": numbers(lambda chance, n: chance.beta(2.0, 5.0, n)),
        "saturation": numbers(lambda chance, n: chance.beta(0.5, 0.5, n)),
        "weight_kg": numbers(lambda chance, n: chance.gamma(2.0, 1.5, n).astype(np.float32)),
        "queue_time": numbers(lambda chance, n: chance.gamma(0.7, 40.0, n)),
        "temperature": numbers(
            lambda chance, n: np.where(chance.random(n) < 0.4, chance.normal(4.0, 1.0, n), chance.normal(20.0, 2.0, n))
        ),
        "clicks": numbers(lambda chance, n: chance.poisson(3.0, n).astype(np.int16)),
        "returns": numbers(lambda chance, n: chance.poisson(0.1, n).astype(np.int8)),
        "visits": numbers(lambda chance, n: chance.poisson(250.0, n)),
        "retries": numbers(lambda chance, n: chance.geometric(0.4, n) - 1),
        "satisfaction": chosen(_GRADES, (0.05, 0.15, 0.4, 0.3, 0.1), pl.Enum(_GRADES)),
        "grade": numbers(lambda chance, n: chance.choice([1, 2, 3, 4, 5], n, p=[0.3, 0.25, 0.2, 0.15, 0.1])),
        "price": money,
        "discount": numbers(zero_or(0.6, lambda chance, n: chance.choice([0.05, 0.1, 0.2, 0.5], n))),
        "angle": numbers(lambda chance, n: chance.vonmises(0.0, 1.0, n)),
        "lifetime": numbers(lambda chance, n: chance.weibull(1.5, n) * 1_000.0),
        "income_tail": numbers(lambda chance, n: chance.pareto(2.5, n) + 1.0),
        "error": numbers(lambda chance, n: chance.laplace(0.0, 0.01, n)),
        "margin": with_gaps(numbers(lambda chance, n: chance.triangular(-0.2, 0.1, 0.6, n)), 0.3),
        "age": with_gaps(numbers(lambda chance, n: chance.integers(18, 95, n).astype(np.uint8))),
        "member": with_gaps(numbers(lambda chance, n: chance.random(n) < 0.3)),
        "version": numbers(lambda _, n: np.full(n, 3)),
        "device": chosen(("desktop", "phone", "tablet"), (0.35, 0.6, 0.05), pl.Categorical()),
        "postcode": chosen(tuple(f"{place:05d}" for place in range(400)), zipf(400, 0.5)),
        "campaign": with_gaps(chosen(("spring", "summer", "autumn", "winter", "none"), (1, 1, 1, 1, 6)), 0.1),
        "warehouse_load": numbers(lambda chance, n: chance.normal(100.0, 20.0, n)),
        "delivery_time": numbers(lambda chance, n: chance.normal(48.0, 12.0, n)),
        "article": chosen(tuple(f"article-{place}" for place in range(2_000)), zipf(2_000, 1.3)),
        "express": numbers(lambda chance, n: chance.random(n) < 0.45),
    },
)

_WIDE: Final[tuple[Draw, ...]] = (
    numbers(lambda chance, n: chance.normal(100.0, 15.0, n)),
    numbers(lambda chance, n: cents(chance.lognormal(3.0, 1.0, n))),
    numbers(lambda chance, n: chance.integers(0, 1_000, n)),
    numbers(lambda chance, n: chance.exponential(10.0, n)),
    numbers(lambda chance, n: chance.poisson(4.0, n)),
    numbers(lambda chance, n: np.round(chance.normal(size=n), 3)),
    numbers(lambda chance, n: chance.random(n) < 0.2),
    with_gaps(numbers(lambda chance, n: chance.random(n))),
    chosen(COUNTRIES, zipf(len(COUNTRIES))),
    numbers(zero_or(0.7, lambda chance, n: cents(chance.gamma(2.0, 20.0, n)))),
)


def wide(columns: int) -> Family:
    """Ten kinds of columns, in turns."""
    drawn = {f"{place:04d}": _WIDE[place % len(_WIDE)] for place in range(columns)}
    return Family(columns={f"c{name}": draw for name, draw in drawn.items()})


def comparable(columns: int) -> Family:
    """The columns of `BANK` that every tool compares (no identity, time or free text), filled up with wide ones."""
    kept = {name: draw for name, draw in BANK.columns.items() if name not in _NOT_COMPARED}
    more = wide(columns).columns
    return Family(columns=dict([*kept.items(), *more.items()][:columns]), together=(_CORRELATED,))


_NOT_COMPARED: Final = ("tx_id", "booked_at", "value_date", "memo")


def family_of(name: str, columns: int) -> Family:
    """A family by its name; ``columns`` counts for ``wide`` and ``comparable``."""
    match name:
        case "bank":
            return BANK
        case "shop":
            return SHOP
        case "comparable":
            return comparable(columns)
        case _:
            return wide(columns)


def part(family: Family, rows: Array, seed: int) -> pl.DataFrame:
    """Some rows, by their numbers; another first row or seed draws others."""
    drawn = {
        name: draw(np.random.default_rng([seed, int(rows[0]), place]), rows)
        for place, (name, draw) in enumerate(family.columns.items())
    }
    return pl.DataFrame(drawn).with_columns(family.together)


def parts(family: Family, rows: int, seed: int, *, size: int = PART, first: int = 0) -> Iterator[pl.DataFrame]:
    """A table, part by part; ``first`` is the number of its first row, so that a later table has later keys."""
    for start in range(first, first + rows, size):
        yield part(family, np.arange(start, min(start + size, first + rows)), seed)


def frame(family: Family, rows: int, seed: int, *, first: int = 0) -> pl.DataFrame:
    """A table in memory: the rows that `write` writes."""
    return pl.concat(list(parts(family, rows, seed, first=first)), rechunk=True)


def write(family: Family, rows: int, seed: int, path: Path, *, size: int = PART, first: int = 0) -> None:
    """A table as a Parquet file of plain types that old readers know, too; there is none until it is whole."""
    unfinished = path.with_suffix(".tmp")
    writer: Any = None
    for table in parts(family, rows, seed, size=size, first=first):
        arrow = table.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(unfinished, arrow.schema, store_schema=False, compression="zstd")
        writer.write_table(arrow)
    if writer is None:
        sys.exit("a table needs rows")
    writer.close()
    unfinished.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("family", choices=("bank", "shop", "comparable", "wide"))
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--columns", type=int, default=28, help="of wide and comparable tables")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", type=int, default=PART, help="rows of one row group")
    parser.add_argument("--output", type=Path, required=True)
    asked = parser.parse_args()
    write(family_of(asked.family, asked.columns), asked.rows, asked.seed, asked.output, size=asked.part)


if __name__ == "__main__":
    main()
