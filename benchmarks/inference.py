"""How often fresh rows break an inferred contract: ``python benchmarks/inference.py [ROWS] [TRIALS]``.

For each distribution: a contract from so many rows, then ten times as many fresh ones. ``alarms`` is the share of the
trials in which these break the column's rule, ``seen`` that in which they leave what was seen, which is what a range
of the least and the greatest number would alarm at. ``width`` is how far the range's upper end is from the median,
where what was seen is at 1. ``found`` is the share of trials in which values far outside (a thousand times the
greatest, in one row of 10,000) are reported with their exact number. The table in docs/inference.md is this output.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from trimtab.data.check import check_table
from trimtab.data.infer import infer_contract
from trimtab.data.kinds import ColumnType, Severity
from trimtab.data.profiler import Depth, profile_frame
from trimtab.data.schema import Contract

Chance = np.random.Generator
Draw = Callable[[Chance, int], Any]

NUMBERS: dict[str, Draw] = {
    "normal": lambda chance, rows: chance.normal(0, 2, rows),
    "normal, 5 σ above 0": lambda chance, rows: chance.normal(10, 2, rows),
    "uniform 0 to 1": lambda chance, rows: chance.random(rows),
    "percentages, capped": lambda chance, rows: np.clip(chance.normal(80, 20, rows), 0, 100),
    "beta(2, 5)": lambda chance, rows: chance.beta(2, 5, rows),
    "exponential": lambda chance, rows: chance.exponential(3, rows),
    "lognormal, σ = 1": lambda chance, rows: chance.lognormal(0, 1, rows),
    "lognormal, σ = 2": lambda chance, rows: chance.lognormal(0, 2, rows),
    "Student's t, 3": lambda chance, rows: chance.standard_t(3, rows),
    "Pareto, α = 2": lambda chance, rows: chance.pareto(2, rows) + 1,
    "Pareto, α = 1": lambda chance, rows: chance.pareto(1, rows) + 1,
    "Poisson, mean 0.3": lambda chance, rows: chance.poisson(0.3, rows),
    "Poisson, mean 20": lambda chance, rows: chance.poisson(20, rows),
    "geometric, mean 10": lambda chance, rows: chance.geometric(0.1, rows),
    "codes 0 to 5": lambda chance, rows: chance.integers(0, 6, rows),
    "codes 1, 2, 5, 9": lambda chance, rows: chance.choice([1, 2, 5, 9], rows),
    "ages 18 to 90": lambda chance, rows: chance.integers(18, 91, rows),
    "money, rounded": lambda chance, rows: chance.lognormal(3, 0.8, rows).round(2),
    "zeros and amounts": lambda chance, rows: np.where(chance.random(rows) < 0.8, 0.0, chance.exponential(50, rows)),
    "two clusters, 2 %": lambda chance, rows: np.where(
        chance.random(rows) < 0.02, chance.normal(10, 1, rows), chance.normal(0, 1, rows)
    ),
    "two clusters, 0.2 %": lambda chance, rows: np.where(
        chance.random(rows) < 0.002, chance.normal(10, 1, rows), chance.normal(0, 1, rows)
    ),
}
ZIPF = 1.0 / np.arange(1, 201) ** 1.5
OTHERS: dict[str, Draw] = {
    "four values": lambda chance, rows: chance.choice(["a", "b", "c", "d"], rows),
    "four and one of 0.02 %": lambda chance, rows: chance.choice(
        ["a", "b", "c", "d", "e"], rows, p=[0.25, 0.25, 0.25, 0.2498, 0.0002]
    ),
    "200 values, Zipf": lambda chance, rows: np.char.add(
        "v", chance.choice(200, rows, p=ZIPF / ZIPF.sum()).astype(str)
    ),
    "codes AA000000": lambda chance, rows: [
        f"{chr(65 + int(one))}{chr(65 + int(other))}{int(number):06d}"
        for one, other, number in zip(
            chance.integers(0, 26, rows), chance.integers(0, 26, rows), chance.integers(0, 10**6, rows), strict=True
        )
    ],
    "2 % nulls": lambda chance, rows: gappy(chance, rows, 0.02),
    "0.1 % nulls": lambda chance, rows: gappy(chance, rows, 0.001),
}


def gappy(chance: Chance, rows: int, share: float) -> pl.Series:
    """Numbers of which a share is null."""
    return pl.Series(chance.normal(size=rows)).set(pl.Series(chance.random(rows) < share), None)


@dataclass
class Tally:
    """What happened in the trials of one column."""

    alarms: int = 0
    hard: int = 0
    seen: int = 0
    found: int = 0
    widths: list[float] = field(default_factory=list)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    trials = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    tallies: dict[str, Tally] = {name: Tally() for name in (*NUMBERS, *OTHERS)}
    for trial in range(trials):
        chance = np.random.default_rng(trial)
        table, fresh = frame(chance, rows), frame(chance, 10 * rows)
        contract = infer_contract(profile_frame(table, Depth(joint=True))).contract
        broken = check_table(fresh, contract)
        for violation in broken:
            tallies[violation.column].alarms += 1
            tallies[violation.column].hard += violation.severity is not Severity.NOTE
        look(table, fresh, contract, tallies)
    sys.stdout.write(f"{rows:,} rows, then {10 * rows:,} fresh ones; {trials} trials\n")
    sys.stdout.write("| column | alarms | of what was seen | width | found |\n| --- | --- | --- | --- | --- |\n")
    for name, tally in tallies.items():
        width = f"{np.median(tally.widths):.3g}" if tally.widths else ""
        seen = f"{tally.seen / trials:.0%}" if name in NUMBERS else ""
        found = f"{tally.found / trials:.0%}" if name in NUMBERS or name == "four values" else ""
        refused = f" ({tally.hard} refused)" if tally.hard else ""
        sys.stdout.write(f"| {name} | {tally.alarms / trials:.0%}{refused} | {seen} | {width} | {found} |\n")


def frame(chance: Chance, rows: int) -> pl.DataFrame:
    """Rows of all distributions."""
    return pl.DataFrame({name: draw(chance, rows) for name, draw in (NUMBERS | OTHERS).items()})


def look(table: pl.DataFrame, fresh: pl.DataFrame, contract: Contract, tallies: dict[str, Tally]) -> None:
    """What a range of what was seen would say, how wide the inferred one is, and what it finds."""
    faulty = fresh.height // 10_000 or 1
    planted = fresh
    for name in NUMBERS:
        low, high, middle = (float(number) for number in (table[name].min(), table[name].max(), table[name].median()))  # type: ignore[arg-type]  # numbers
        tallies[name].seen += bool(fresh[name].min() < low or fresh[name].max() > high)  # type: ignore[operator]
        limits, far = contract.column(name).range, 1_000 * max(abs(high), abs(low))
        if limits is not None and limits.maximum is not None and high > middle:
            tallies[name].widths.append((limits.maximum - middle) / (high - middle))
        whole = contract.column(name).type is ColumnType.INTEGER
        planted = planted.with_columns(spoilt(planted[name], int(far) if whole else far, faulty))
    rare = max(fresh.height // 2_000, 1)
    planted = planted.with_columns(spoilt(planted["four values"], "x", rare))
    for violation in check_table(planted, contract):
        expected = rare if violation.column == "four values" else faulty
        tallies[violation.column].found += violation.count == expected


def spoilt(series: pl.Series, value: object, count: int) -> pl.Series:
    """The column with a value in its first rows."""
    return series.scatter(list(range(count)), value)  # type: ignore[arg-type]  # a value of its type


if __name__ == "__main__":
    main()
