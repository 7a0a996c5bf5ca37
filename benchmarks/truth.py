"""Whether what is told of a table is true: ``python benchmarks/truth.py``.

Tables come from seeds (`benchmarks/tables.py`), faults and changes of known size are put into them, and the answers are
compared with what was done. Rules are asked through the command line alone, as a black box. Drift needs thousands of
comparisons, so it is asked through the Python interface; ``--by-command`` asks it through the command line too, and
`InProcess` is the one place to change for another tool.

A change's size is told as a multiple of what is tolerated: of all statistics that a comparison reports, the one whose
true change, computed from the distributions and not from rows, is the largest multiple of its own tolerance. The
tolerances are read out of the answers. A goal that is missed ends the run with 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import polars as pl
import tables
from laws import MULTIPLES, Case, cases
from tables import BANK, SHOP, Family

Array = np.ndarray[Any, np.dtype[Any]]

PARTS: Final = ("faults", "clean", "power", "alarms", "jitter", "parts", "curve", "others")
USUAL_SIZES: Final = (20_000, 200_000)
LARGE: Final = 2_000_000
LATER: Final = 100_000_000
"""The number of the first row of a table that is checked: its keys and times are later than those that were seen."""
TURNS: Final = {20_000: 50, 200_000: 10, LARGE: 2}
"""How many seeds a power is told from, by size."""
RESAMPLES: Final = 20


class Found(NamedTuple):
    """One statistic's answer: of a column, or of two; ``column`` is ``one|two`` then."""

    column: str
    statistic: str
    verdict: str
    tolerance: float


class Drift(Protocol):
    """Who is asked about drift."""

    def summary(self, rows: pl.DataFrame) -> Any:
        """What is kept of a table."""

    def compared(self, reference: Any, current: Any) -> list[Found]:
        """Every statistic's answer about two of them."""


class InProcess:
    """Trimtab's Python interface."""

    def summary(self, rows: pl.DataFrame) -> Any:
        import trimtab

        return trimtab.profile(rows)

    def compared(self, reference: Any, current: Any) -> list[Found]:
        import trimtab

        told = trimtab.drift(reference, current)
        found = [
            Found(one.column, effect.statistic.value, effect.verdict.value, effect.tolerance)
            for one in told.columns
            for effect in one.effects
        ]
        pairs = [Found("|".join(sorted(pair.columns)), *_of(pair.effect)) for pair in told.pairs]
        return [*found, *pairs]


@dataclass(slots=True, kw_only=True)
class ByCommand:
    """Trimtab's command line, on files."""

    ask: Command
    made: int = 0

    def summary(self, rows: pl.DataFrame) -> Any:
        self.made += 1
        table, stored = (self.ask.folder / f"drift-{self.made}.{kind}" for kind in ("parquet", "json"))
        rows.write_parquet(table)
        self.ask.told("profile", table, "-o", stored)
        table.unlink()
        return stored

    def compared(self, reference: Any, current: Any) -> list[Found]:
        drift = self.ask.told("drift", reference, current)["drift"]
        found = [
            Found(name, statistic, effect["verdict"], effect["tolerance"])
            for name, column in drift["columns"].items()
            for statistic, effect in column["effects"].items()
        ]
        pairs = [
            Found("|".join(sorted(pair["columns"])), pair["statistic"], pair["verdict"], pair["tolerance"])
            for pair in drift["pairs"]
        ]
        return [*found, *pairs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Trimtab's command line."""

    trimtab: str
    folder: Path

    def run(self, *arguments: str | Path) -> tuple[int, dict[str, Any]]:
        """A command's exit code and document; ends the run where it is none of PASS, FAIL and UNSURE."""
        argv = [self.trimtab, "data", *map(str, arguments), "--json"]
        done = subprocess.run(argv, check=False, capture_output=True, text=True, cwd=self.folder)
        if done.returncode not in (0, 1, 3):
            sys.exit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stderr or done.stdout}")
        return done.returncode, json.loads(done.stdout)

    def told(self, *arguments: str | Path) -> dict[str, Any]:
        """A command's document."""
        return self.run(*arguments)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A goal and what was measured."""

    what: str
    goal: str
    measured: str
    ok: bool


@dataclass(slots=True, kw_only=True)
class Trial:
    """A run: whom it asks, at which sizes, and what it found so far."""

    ask: Command
    drift: Drift
    sizes: tuple[int, ...]
    seed: int
    turns: int | None
    goals: list[Goal] = field(default_factory=list)
    curve: list[str] = field(default_factory=list)

    def judge(self, what: str, goal: str, measured: str, *, ok: bool) -> None:
        """Note a goal, and tell a person who waits."""
        self.goals.append(Goal(what=what, goal=goal, measured=measured, ok=ok))
        sys.stderr.write(f"  {'ok  ' if ok else 'MISS'} {what}: {measured}\n")

    def turns_at(self, rows: int) -> int:
        """How many seeds are tried at a size."""
        return self.turns or next((turns for size, turns in TURNS.items() if rows <= size), 2)

    def seeds(self, stream: int) -> Iterator[int]:
        """Seeds without an end, others for each stream and each run's seed."""
        yield from range(self.seed * 1_000_000 + stream * 10_000, (self.seed + 1) * 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where faults are put into a family's tables."""

    name: str
    family: Family
    whole: str
    number: str
    category: str
    gapped: str
    typed: str


PLACES: Final = (
    Places(name="bank", family=BANK, whole="items", number="amount", category="channel", gapped="rating", typed="rate"),
    Places(
        name="shop", family=SHOP, whole="grade", number="lifetime", category="device", gapped="age", typed="queue_time"
    ),
)


class Fault(NamedTuple):
    """A table with a fault, and what is to be told: the column, the rule by any of its names, the count.

    ``keyed``: only a contract with a key can know.
    """

    name: str
    rows: pl.DataFrame
    column: str
    expected: int | None
    refused: bool
    rules: tuple[str, ...]
    keyed: bool = False


def spoilt(rows: pl.DataFrame, places: Places, limits: Mapping[str, Any], seed: int) -> list[Fault]:
    """Every fault, each in a table of its own."""
    chance = np.random.default_rng(seed)
    n, key = rows.height, str(places.family.key)

    def some(share: float) -> Array:
        return chance.choice(n, max(1, round(share * n)), replace=False)

    def put(column: str, where: Array, value: Any) -> pl.DataFrame:
        series = rows[column].cast(pl.String) if rows.schema[column].is_(pl.Categorical) else rows[column]
        return rows.with_columns(series.scatter(where, value))

    def outside(table: pl.DataFrame, column: str) -> int:
        kept = pl.col(column).is_between(limits[column]["range"]["min"], limits[column]["range"]["max"])
        return int(table.select((~kept).sum()).item())

    far, wild = some(1e-4), some(1e-4)
    whole, number = put(places.whole, far, 120), put(places.number, wild, 1e7)
    burst = np.arange(n // 3, n // 3 + round(0.05 * n))
    unseen, copies = some(5e-4), n // 2 + chance.choice(n // 2, round(1e-3 * n), replace=False)
    originals = rows[key].gather(copies - n // 2)
    doubled = rows.with_columns(rows[key].scatter(copies, originals))
    missing = rows.drop(places.number).with_columns(pl.lit(1.0).alias("bonus"))
    nulls = put(places.gapped, burst, None)
    retyped = rows.with_columns(pl.col(places.typed).cast(pl.String))
    seen = put(places.category, unseen, "fax")
    return [
        Fault("out of range in 0.01 %, whole numbers", whole, places.whole, len(far), False, ("range",)),
        Fault("out of range in 0.01 %", number, places.number, outside(number, places.number), False, ("range",)),
        Fault("null burst of 5 %", put(places.typed, burst, None), places.typed, len(burst), True, ("null",)),
        Fault("unseen category in 0.05 %", seen, places.category, len(unseen), False, ("values",)),
        Fault("type change", retyped, places.typed, n, True, ("type",)),
        Fault("missing column", missing, places.number, None, True, ("missing",)),
        Fault("extra column", missing, "bonus", None, True, ("unexpected",)),
        Fault("duplicate keys in 0.1 %", doubled, key, len(copies), True, ("unique", "duplicate"), keyed=True),
        Fault("null burst of 5 % where some are null", nulls, places.gapped, None, False, ("nulls",)),
    ]


def faults(trial: Trial) -> None:
    """Every fault is told, with its column and its count, and nothing else is refused; with a key named and without."""
    for places, rows in ((places, rows) for places in PLACES for rows in trial.sizes):
        seeds = trial.seeds(1)
        seed = next(seeds)
        contracts = [(keyed, inferred(trial.ask, places.family, rows, seed, keyed=keyed)) for keyed in (True, False)]
        limits = tomllib.loads(contracts[0][1].read_text())["columns"]
        current = tables.frame(places.family, rows, next(seeds), first=LATER)
        for fault in spoilt(current, places, limits, next(seeds)):
            path = trial.ask.folder / "fault.parquet"
            fault.rows.write_parquet(path)
            for keyed, contract in contracts:
                if fault.keyed and not keyed:
                    continue
                code, told = trial.ask.run("check", path, "--contract", contract)
                ok, measured = as_done(fault, code, told)
                count = "" if fault.expected is None else f" × {fault.expected:,}"
                what = f"{fault.name}, {places.name}, {rows:,} rows, {key_of(keyed)}"
                trial.judge(what, f"{fault.column}{count}", measured, ok=ok)


def key_of(keyed: bool) -> str:
    """Whether a key was named, for a person."""
    return "with --key" if keyed else "without --key"


def as_done(fault: Fault, code: int, told: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether a report says what was done, and what it says."""
    own = [found for found in told["findings"] if fault.column in (found.get("columns") or [found["column"]])]
    ruled = [found for found in own if found.get("rule") in fault.rules]
    counted = [found for found in ruled if fault.expected is None or found.get("count") == fault.expected]
    others = [
        found["column"]
        for found in told["findings"]
        if found.get("severity") == "refuse" and found not in own and fault.name not in _TWO_COLUMNS
    ]
    severe = not fault.refused or code == 1
    said = ", ".join(sorted({f"{f.get('rule', f.get('statistic'))} × {f.get('count')}" for f in own})) or "nothing"
    rest = f"; also refused: {others}" if others else ""
    return bool(counted) and not others and severe, f"{said}, exit {code}{rest}"


_TWO_COLUMNS: Final = ("missing column", "extra column")


def inferred(ask: Command, family: Family, rows: int, seed: int, *, keyed: bool) -> Path:
    """The contract that a clean table suggests."""
    table, contract = ask.folder / "clean.parquet", ask.folder / f"contract-{keyed}.toml"
    tables.write(family, rows, seed, table)
    ask.run("infer", table, "-o", contract, *(["--key", str(family.key)] if keyed else []), "--force")
    return contract


def clean(trial: Trial) -> None:
    """Fresh clean rows, ten times as many, break nothing that refuses."""
    for places, rows in ((places, rows) for places in PLACES for rows in trial.sizes if rows <= LARGE // 10):
        seeds = trial.seeds(2)
        seed, path = next(seeds), trial.ask.folder / "fresh.parquet"
        tables.write(places.family, 10 * rows, next(seeds), path, first=LATER)
        for keyed in (True, False):
            contract = inferred(trial.ask, places.family, rows, seed, keyed=keyed)
            code, told = trial.ask.run("check", path, "--contract", contract)
            refused = [f"{f['column']} {f.get('rule')}" for f in told["findings"] if f.get("severity") == "refuse"]
            what = f"contract of {rows:,} rows on {10 * rows:,} fresh ones, {places.name}, {key_of(keyed)}"
            trial.judge(what, "nothing refused", f"{refused or 'nothing'}, exit {code}", ok=not refused and code != 1)


CHANGED: Final = {
    "signal": "mean + 0.2 sd",
    "score": "sd × 1.2",
    "channel": "share .50 → .45",
    "inflow|outflow": "correlation .6 → −.6",
}


def changed(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The four changes, each in columns of its own."""
    chance = np.random.default_rng(seed)
    moved = pl.Series(chance.random(rows.height) < 0.1)
    others = tables.chosen(tables.CHANNELS[1:], tables.CHANNEL_SHARES[1:])(chance, np.arange(rows.height))
    return rows.with_columns(
        pl.col("signal") + 0.2,
        (pl.col("score") - 600.0) * 1.2 + 600.0,
        pl.when((pl.col("channel") == tables.CHANNELS[0]) & moved).then(others).otherwise("channel").alias("channel"),
        pl.col("outflow") * -1.0 + 80.0,
    )


def power(trial: Trial) -> None:
    """The four changes are found, and no others."""
    for rows in trial.sizes:
        turns, seeds = trial.turns_at(rows), trial.seeds(3)
        hits: Counter[str] = Counter()
        wrong: Counter[str] = Counter()
        for _ in range(turns):
            reference = tables.frame(BANK, rows, next(seeds))
            current = changed(tables.frame(BANK, rows, next(seeds)), next(seeds))
            failed = failing(trial.drift.compared(trial.drift.summary(reference), trial.drift.summary(current)))
            hits.update(failed & CHANGED.keys())
            wrong.update(failed - CHANGED.keys())
        for column, what in CHANGED.items():
            share = hits[column] / turns
            trial.judge(f"{what}, {rows:,} rows", ">= 98 %", f"{share:.0%} of {turns}", ok=share >= 0.98)
        measured = f"{sum(wrong.values())} {dict(wrong) or ''}"
        trial.judge(f"other columns alarm beside them, {rows:,} rows, {turns} turns", "none", measured, ok=not wrong)


def alarms(trial: Trial) -> None:
    """Resamples of one distribution raise no alarm."""
    for places in PLACES:
        wrong: Counter[str] = Counter()
        told = 0
        for rows in trial.sizes:
            seeds = trial.seeds(4)
            reference = trial.drift.summary(tables.frame(places.family, rows, next(seeds)))
            for _ in range(RESAMPLES):
                current = trial.drift.summary(tables.frame(places.family, rows, next(seeds)))
                wrong.update(f"{column} at {rows:,}" for column in failing(trial.drift.compared(reference, current)))
            told += RESAMPLES * len(places.family.columns)
        what = (
            f"alarms in {RESAMPLES} resamples, {places.name}, {' and '.join(f'{rows:,}' for rows in trial.sizes)} rows"
        )
        measured = f"{sum(wrong.values())} of {told:,} {dict(wrong) or ''}"
        trial.judge(what, "at most 1 column", measured, ok=sum(wrong.values()) <= 1)


def jittered(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Every number moves by 0.02 standard deviations and every share a little, as from one week to the next."""
    chance = np.random.default_rng(seed)
    moved = []
    for name, dtype in rows.schema.items():
        column = rows[name]
        if name == BANK.key or dtype.is_temporal():
            moved.append(column)
        elif dtype.is_float():
            by = 0.02 * float(column.std() or 0.0)  # type: ignore[arg-type]
            least, mean = float(column.min() or 0.0), float(column.mean() or 1.0)  # type: ignore[arg-type]
            moved.append(column * (1.0 + by / mean) if least >= 0.0 else column + by)
        elif dtype.is_integer():
            by = 0.02 * float(column.std() or 0.0)  # type: ignore[arg-type]
            steps = np.floor(by + chance.random(rows.height)).astype(np.int64)
            moved.append(column + pl.Series(steps))
        else:  # two rows of a hundred have the value of another row
            again = column.shuffle(seed=seed) if dtype != pl.Boolean else pl.Series(np.ones(rows.height, dtype=bool))
            kept = pl.Series(chance.random(rows.height) >= 0.01)
            moved.append(column.zip_with(kept, again))
    return pl.DataFrame([series.alias(name) for series, name in zip(moved, rows.columns, strict=True)])


def jitter(trial: Trial) -> None:
    """An innocent jitter of everything raises no alarm, however many rows there are."""
    rows, seeds = max(trial.sizes), trial.seeds(5)
    turns = trial.turns_at(rows)
    wrong: Counter[str] = Counter()
    for _ in range(turns):
        reference = trial.drift.summary(tables.frame(BANK, rows, next(seeds)))
        current = jittered(tables.frame(BANK, rows, next(seeds)), next(seeds))
        wrong.update(failing(trial.drift.compared(reference, trial.drift.summary(current))))
    what = f"jitter of 0.02 sd in every column, {rows:,} rows, {turns} turns"
    trial.judge(what, "no alarm", f"{sum(wrong.values())} {dict(wrong) or ''}", ok=not wrong)


GRADED: Final = dict(
    zip(
        ("balance", "credit_limit", "score", "fx_change", "surplus", "signal", "inflow", "outflow"),
        (0.5, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0),
        strict=True,
    )
)
"""Normal columns, and by which multiple of the tolerance their means move."""


def parts(trial: Trial) -> None:
    """A part of the rows is never told the opposite of what all are told, and mostly the same."""
    for rows in (rows for rows in trial.sizes if rows >= 200_000):
        seeds, few = trial.seeds(6), rows // 20
        against = same = told = 0
        for _ in range(trial.turns_at(rows)):
            reference, fresh = (tables.frame(BANK, rows, next(seeds)) for _ in range(2))
            tolerance = tolerances(trial)["location"]
            moves = [pl.col(name) + by * tolerance * pl.col(name).std() for name, by in GRADED.items()]
            for current, counts in (
                (fresh.with_columns(moves), False),
                (changed(fresh, next(seeds)), True),
                (fresh, True),
            ):
                whole, sampled = (
                    verdicts(
                        trial.drift.compared(*(trial.drift.summary(table[:size]) for table in (reference, current)))
                    )
                    for size in (rows, few)
                )
                both = [(whole[column], sampled[column]) for column in whole.keys() & sampled.keys()]
                against += sum({*pair} == {"PASS", "FAIL"} for pair in both)
                same += sum(one == two for one, two in both) * counts
                told += len(both) * counts
        trial.judge(
            f"5 % of {rows:,} rows against all, changes of 0.5–2 × tolerance",
            "never PASS and FAIL",
            f"{against}",
            ok=not against,
        )
        if few >= 100_000:
            share = same / told
            trial.judge(
                f"same verdict at {few:,} and {rows:,} rows", ">= 95 %", f"{share:.1%} of {told}", ok=share >= 0.95
            )


def tolerances(trial: Trial) -> dict[str, float]:
    """What a change may be, by statistic, as the answers say it."""
    rows = tables.frame(BANK, 5_000, trial.seed)
    summary = trial.drift.summary(rows)
    return {found.statistic: found.tolerance for found in trial.drift.compared(summary, summary) if found.tolerance > 0}


def failing(found: Sequence[Found]) -> set[str]:
    """The columns, and pairs of them, that drifted."""
    return {one.column for one in found if one.verdict == "FAIL"}


def verdicts(found: Sequence[Found]) -> dict[str, str]:
    """Each column's verdict: FAIL if any statistic fails, else UNSURE if any is undecided."""
    told: dict[str, str] = {}
    for one in found:
        before = told.get(one.column, "PASS")
        told[one.column] = next(v for v in ("FAIL", "UNSURE", "PASS") if v in (one.verdict, before))
    return told


# --- the curve: how often a change of known size is found -------------------------------------------------------------


def curve(trial: Trial) -> None:
    """Shares of PASS, UNSURE and FAIL by the true size of a change, by laws that were looked at from the first."""
    curve_of(trial, other=False)


def others(trial: Trial) -> None:
    """The same by laws that were not."""
    curve_of(trial, other=True)


def curve_of(trial: Trial, *, other: bool) -> None:
    tolerance = tolerances(trial)
    told: dict[tuple[Case, int], Counter[str]] = {}
    turns = {rows: trial.turns_at(rows) for rows in trial.sizes if rows < LARGE}
    for columns in cases(tolerance, other=other):
        for rows, count in turns.items():
            for seed, _ in zip(trial.seeds(7), range(count), strict=False):
                chance = np.random.default_rng(seed)
                then, now = (
                    pl.DataFrame({c.column: c.draw(chance, rows, side) for c in columns}) for side in (False, True)
                )
                found = verdicts(trial.drift.compared(trial.drift.summary(then), trial.drift.summary(now)))
                for case in columns:
                    told.setdefault((case, rows), Counter())[found[case.column]] += 1
    trial.curve += [
        "| change of | law | × tolerance | rows | PASS | UNSURE | FAIL |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (case, rows), counts in told.items():
        shares = " | ".join(f"{counts[verdict] / turns[rows]:.0%}" for verdict in ("PASS", "UNSURE", "FAIL"))
        trial.curve.append(f"| {case.statistic} | {case.law} | {case.multiple:g} | {rows:,} | {shares} |")
    judge_curve(trial, told, turns)


def judge_curve(trial: Trial, told: Mapping[tuple[Case, int], Counter[str]], turns: Mapping[int, int]) -> None:
    """The goals of the curve: quiet up to the tolerance, found at twice it."""
    for statistic in ("location", "scale", "shape", "share"):
        own = {key: counts for key, counts in told.items() if key[0].statistic == statistic}
        for wanted in MULTIPLES:
            shares = {
                f"{case.law} at {rows:,}": counts["FAIL"] / turns[rows]
                for (case, rows), counts in own.items()
                if case.multiple == wanted
            }
            mean = sum(shares.values()) / len(shares)
            off = {law: share for law, share in shares.items() if (share < 0.9 if wanted > 1 else share > 0.05)}
            measured = f"{mean:.1%} {_shares(off)}"
            goal = "each FAIL >= 90 %" if wanted > 1 else "each FAIL <= 5 %"
            trial.judge(f"{statistic} changes by {wanted:g} × tolerance", goal, measured, ok=not off)


def _shares(off: Mapping[str, float]) -> str:
    return f"({', '.join(f'{law}: {share:.0%}' for law, share in off.items())})" if off else ""


def _of(effect: Any) -> tuple[str, str, float]:
    return effect.statistic.value, effect.verdict.value, effect.tolerance


def written(trial: Trial) -> str:
    """Everything that was found, as Markdown."""
    lines = ["| what | goal | measured | ok |", "| --- | --- | --- | --- |"]
    for goal in trial.goals:
        cells = (goal.what, goal.goal, goal.measured.strip(), "yes" if goal.ok else "**no**")
        lines.append(f"| {' | '.join(cell.replace('|', ' and ') for cell in cells)} |")
    return "\n".join([*lines, "", *trial.curve]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; none: all")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(USUAL_SIZES), help="rows of the tables")
    parser.add_argument("--two-million", action="store_true", help="also at 2 million rows")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--turns", type=int, help="seeds for each power (default: fewer for larger tables)")
    parser.add_argument("--by-command", action="store_true", help="ask about drift through the command line, too")
    parser.add_argument("--trimtab", default=str(Path(sys.executable).with_name("trimtab")), help="the command")
    parser.add_argument("--markdown", type=Path, help="also write the tables to this file")
    asked = parser.parse_args()
    runs = dict(zip(PARTS, (faults, clean, power, alarms, jitter, parts, curve, others), strict=True))
    unknown = sorted({*asked.parts} - {*PARTS})
    if unknown:
        parser.error(f"no part is called {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as temporary:
        ask = Command(trimtab=asked.trimtab, folder=Path(temporary))
        drift: Drift = ByCommand(ask=ask) if asked.by_command else InProcess()
        sizes = tuple(sorted({*asked.sizes, *([LARGE] if asked.two_million else [])}))
        trial = Trial(ask=ask, drift=drift, sizes=sizes, seed=asked.seed, turns=asked.turns)
        for name in asked.parts or PARTS:
            runs[name](trial)
    told = written(trial)
    sys.stdout.write(told)
    if asked.markdown:
        asked.markdown.write_text(told)
    sys.exit(0 if all(goal.ok for goal in trial.goals) else 1)


if __name__ == "__main__":
    main()
