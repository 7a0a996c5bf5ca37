"""What knowing a table costs, beside seven other tools: ``python benchmarks/know_the_data.py``.

Every tool is a whole process on the same Parquet file in the same minutes: CPU seconds of user and system together,
and the peak of resident memory, both from the kernel's own account of the process. The least of some repetitions is
shown. Wall time is not: on a shared machine it measures the neighbours. Each goal is printed beside what was measured;
a goal that is missed, or could not be measured, ends the run with 1. Peers live in environments of their own, made by
``python benchmarks/peers/install.py``; one that is not there, or fails, is named.

This process imports nothing large: a child's peak starts at its parent's.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))

from install import VENVS, is_installed, python_of  # noqa: E402
from sixty import contract  # noqa: E402

PARTS: Final = ("check", "profile", "drift", "long", "wide", "huge")
USUAL: Final = ("check", "profile", "drift")
VERDICTS: Final = (0, 1, 3)
"""What Trimtab ends with when it has judged: PASS, FAIL, UNSURE."""
BYTES_OF_A_CELL: Final = 7.0
"""What a cell takes in a file, a little more than measured; to see beforehand whether the disk has room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process took; ``failure`` says why there is no figure, else it is empty.

    ``code`` is what it ended with: of Trimtab's commands 1 is FAIL and 3 UNSURE.
    """

    cpu: float = float("nan")
    megabytes: float = float("nan")
    code: int = 0
    said: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table of costs; ``base`` marks the one that others are multiples of."""

    part: str
    who: str
    cost: Cost
    base: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A goal and what was measured."""

    what: str
    goal: str
    measured: str
    ok: bool


@dataclass(slots=True, kw_only=True)
class Bench:
    """A run: where its files and the peers are, how it measures, and what it found so far."""

    folder: Path
    trimtab: str
    venvs: Path
    repeats: int
    rows: int
    lines: list[Line] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)

    def table(self, family: str, rows: int, seed: int, *, columns: int = 28, one_group: bool = False) -> Path:
        """A table's file; made once. Its rows may be one row group, as most writers make them."""
        path = self.folder / f"{family}{'-one-group' if one_group else ''}-{columns}-{rows}-{seed}.parquet"
        if not path.is_file():
            cells = rows * (30 if family == "bank" else columns)
            self.must_have_room(cells * BYTES_OF_A_CELL)
            say(f"making {path.name}")
            made = ["--rows", f"{rows}", "--columns", f"{columns}", "--seed", f"{seed}", "--output", str(path)]
            part = ["--part", f"{rows if one_group else max(10_000, 7_500_000 // columns)}"]
            subprocess.run([sys.executable, str(HERE / "tables.py"), family, *made, *part], check=True)
        return path

    def must_have_room(self, size: float) -> None:
        """End with a sentence where the disk has no room for so many bytes and as many again."""
        free = shutil.disk_usage(self.folder).free
        if free < 2.0 * size:
            sys.exit(f"{self.folder} has {free / 1e9:.0f} GB free, and {2.0 * size / 1e9:.0f} GB are needed: --folder")

    def of_trimtab(self, part: str, who: str, *arguments: str | Path, base: bool = False, once: bool = False) -> Cost:
        """Measure one of Trimtab's commands."""
        cost = self._least(
            [self.trimtab, "data", *map(str, arguments), "--json"], VERDICTS, 1 if once else self.repeats
        )
        verdict = {0: "", 1: " (FAIL)", 3: " (UNSURE)"}[cost.code]
        self.lines.append(Line(part=part, who=f"Trimtab: {who}{verdict}", cost=cost, base=base))
        return cost

    def of_peer(self, part: str, peer: str, script: str, who: str, *files: Path) -> None:
        """Measure a peer, or say that it is skipped."""
        if not is_installed(peer, self.venvs):
            failure = f"SKIPPED: not installed (python benchmarks/peers/install.py {peer})"
            self.lines.append(Line(part=part, who=who, cost=Cost(failure=failure)))
            return
        argv = [str(python_of(peer, self.venvs)), str(HERE / "peers" / script), *map(str, files)]
        self.lines.append(Line(part=part, who=who, cost=self._least(argv, (0,), self.repeats)))

    def judge(self, what: str, goal: str, measured: str, *, ok: bool) -> None:
        """Note a goal; one of which nothing was measured is missed."""
        self.goals.append(Goal(what=what, goal=goal, measured=measured, ok=ok))

    def _least(self, argv: Sequence[str], codes: Sequence[int], repeats: int) -> Cost:
        least = Cost()
        for turn in range(repeats):
            cost = process_cost(argv, codes)
            if cost.failure:
                return cost
            least = cost if turn == 0 or cost.cpu < least.cpu else least
            if cost.cpu > 30.0:  # what takes this long is not worth another turn
                break
        return least


def process_cost(argv: Sequence[str], codes: Sequence[int]) -> Cost:
    """Run a process and ask the kernel what it took."""
    say(" ".join(Path(word).name if "/" in word else word for word in argv[:6]))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as problems:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONWARNINGS": "ignore", "DO_NOT_TRACK": "1"}  # no tool is to tell its makers of a run
        try:
            process = subprocess.Popen(argv, stdout=out, stderr=problems, env=environment, cwd=tempfile.gettempdir())
        except OSError as error:
            return Cost(failure=f"FAILED: {error.strerror}")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        problems.seek(0)
        said, complaint = out.read().decode(errors="replace"), problems.read().decode(errors="replace").strip()
    if process.returncode not in codes:
        last = (complaint or said).splitlines()[-2:]
        return Cost(failure=f"FAILED with {process.returncode}: {' '.join(last)[:200]}")
    return Cost(
        cpu=usage.ru_utime + usage.ru_stime,
        megabytes=usage.ru_maxrss / 1024,
        code=process.returncode,
        said=said.strip(),
    )


def check(bench: Bench) -> None:
    """Sixty rules and drift against a stored reference."""
    table, reference = bench.table("bank", bench.rows, 2), bench.table("bank", bench.rows, 1)
    stored, rules = bench.folder / "bank.profile.json", bench.folder / "sixty.toml"
    rules.write_text(contract())
    bench.of_trimtab("check", "stores the reference", "profile", reference, "-o", stored, once=True)
    both = bench.of_trimtab(
        "check", "60 rules + drift", "check", table, "--contract", rules, "--reference", stored, base=True
    )
    bench.of_trimtab("check", "60 rules", "check", table, "--contract", rules, "--no-reference")
    bench.of_peer("check", "pandera", "pandera_sixty.py", "Pandera on Polars: 60 checks", table)
    bench.of_peer("check", "gx", "gx_sixty.py", "Great Expectations: 60 expectations", table)
    within(bench, f"60 checks + drift, {size_of(bench.rows, 30)}", both, cpu=2.0, megabytes=400.0)


def profile(bench: Bench) -> None:
    """One full profile."""
    table = bench.table("bank", bench.rows, 1)
    stored = bench.folder / "full.profile.json"
    full = bench.of_trimtab("profile", "full profile, stored", "profile", table, "-o", stored, base=True)
    bench.of_peer("profile", "polars", "polars_floor.py", "Polars streaming: bare aggregates (the floor)", table)
    bench.of_peer("profile", "datasketches", "datasketches_columns.py", "DataSketches: KLL + HLL + frequent", table)
    bench.of_peer("profile", "duckdb", "duckdb_summarize.py", "DuckDB: SUMMARIZE", table)
    bench.of_peer("profile", "tfdv", "tfdv_statistics.py", "TFDV: statistics", table)
    bench.of_peer("profile", "whylogs", "whylogs_profile.py", "whylogs: one profile", table)
    within(bench, f"full profile, {size_of(bench.rows, 30)}", full, cpu=4.0, megabytes=400.0)


def drift(bench: Bench) -> None:
    """Two tables of 28 columns that every tool compares."""
    rows = min(200_000, bench.rows)
    then, now = bench.table("comparable", rows, 1), bench.table("comparable", rows, 2)
    size = f"{size_of(rows, 28)} twice"
    raw = bench.of_trimtab("drift", "from raw files", "drift", then, now, base=True)
    profiles = [bench.folder / f"{path.stem}.profile.json" for path in (then, now)]
    for path, stored in zip((then, now), profiles, strict=True):
        bench.of_trimtab("drift", f"stores {stored.name}", "profile", path, "-o", stored, once=True)
    bench.of_trimtab("drift", "from stored profiles, whole process", "drift", *profiles)
    bench.of_peer("drift", "nannyml", "nannyml_drift.py", "NannyML: univariate drift", then, now)
    bench.of_peer("drift", "evidently", "evidently_drift.py", "Evidently: drift preset", then, now)
    within(bench, f"drift from raw files, {size}", raw, cpu=0.5, megabytes=None)
    python = str(Path(bench.trimtab).with_name("python"))
    inner = process_cost([python, str(HERE / "peers" / "trimtab_compare.py"), *map(str, profiles)], (0,))
    seconds = float(json.loads(inner.said)["seconds"]) if not inner.failure else float("nan")
    bench.judge(
        f"comparing stored profiles, {size}",
        "<= 0.05 CPU-s in process",
        inner.failure or f"{seconds:.3f} CPU-s",
        ok=seconds <= 0.05,
    )


def long(bench: Bench) -> None:
    """Whether memory stays flat when the rows are ten times as many."""
    costs: list[Cost] = []
    for rows in (bench.rows, 10 * bench.rows):
        table = bench.table("bank", rows, 1)
        stored = bench.folder / "long.profile.json"
        who = f"full profile of {size_of(rows, 30)}"
        costs.append(bench.of_trimtab("long", who, "profile", table, "-o", stored, base=not costs, once=True))
    short_one, long_one = costs
    growth = long_one.megabytes / short_one.megabytes
    measured = failures(*costs) or f"{short_one.megabytes:.0f} → {long_one.megabytes:.0f} MB"
    goal = "<= 400 MB, and at most a tenth more"
    bench.judge(
        f"memory of a profile, {bench.rows:,} → {10 * bench.rows:,} rows",
        goal,
        measured,
        ok=growth <= 1.1 and long_one.megabytes <= 400.0,
    )


def wide(bench: Bench) -> None:
    """Drift of wide and of long tables against a stored reference, and the check of a wide one: linear in both."""
    shapes = ((30_000, 100), (300_000, 100), (300_000, 1_000), (3_000_000, 100))
    costs, checks, lone = {}, [], []
    for rows, columns in shapes:
        then, now = bench.table("wide", 30_000, 1, columns=columns), bench.table("wide", rows, 2, columns=columns)
        stored = bench.folder / f"wide-{columns}.profile.json"
        if not stored.is_file():
            bench.of_trimtab(
                "wide", f"stores a reference of {columns} columns", "profile", then, "-o", stored, once=True
            )
        cost = bench.of_trimtab("wide", f"drift of {size_of(rows, columns)}", "drift", stored, now, once=True)
        costs[rows, columns] = cost.cpu
        pace = cost.cpu / (rows * columns / 1e6)
        measured = cost.failure or f"{pace:.3f} CPU-s a million cells, {cost.megabytes:.0f} MB"
        bench.judge(f"drift of {size_of(rows, columns)}", "told", measured, ok=not cost.failure)
        if rows == 300_000:
            rules = bench.folder / f"wide-{columns}.toml"
            infers = f"infers a contract of {columns} columns"
            bench.of_trimtab("wide", infers, "infer", then, "-o", rules, "--force", once=True)
            who = f"check of {size_of(rows, columns)} against it, its reference too"
            checks.append(bench.of_trimtab("wide", who, "check", now, "--contract", rules, once=True))
            alone = bench.table("wide", rows, 2, columns=columns, one_group=True)
            who = f"drift of {size_of(rows, columns)} in one row group"
            lone.append(bench.of_trimtab("wide", who, "drift", stored, alone, once=True))
    small = costs[300_000, 100]
    for what, large in (("rows", costs[3_000_000, 100]), ("columns", costs[300_000, 1_000])):
        times = large / small
        bench.judge(f"linear in {what}: ten times as many", "<= 10 × the CPU", f"{times:.1f} ×", ok=times <= 10.0)
    for what, (narrow, broad) in (("a check", checks), ("drift in one row group", lone)):
        times = broad.cpu / narrow.cpu
        measured = failures(narrow, broad) or f"{times:.1f} ×"
        bench.judge(f"linear in columns: {what}, ten times as many", "<= 10 × the CPU", measured, ok=times <= 10.0)


def huge(bench: Bench) -> None:
    """Three million rows of a thousand columns, in ten files; once, by hand."""
    rows, columns, files = 3_000_000, 1_000, 10
    bench.must_have_room(rows * columns * BYTES_OF_A_CELL / 2.0)
    for seed in range(files):
        bench.table("wide", rows // files, 100 + seed, columns=columns)
    stored = bench.folder / f"wide-{columns}.profile.json"
    if not stored.is_file():
        then = bench.table("wide", 30_000, 1, columns=columns)
        bench.of_trimtab("huge", "stores the reference", "profile", then, "-o", stored, once=True)
    glob = bench.folder / f"wide-{columns}-{rows // files}-10?.parquet"
    began = time.monotonic()
    cost = bench.of_trimtab("huge", f"drift of {size_of(rows, columns)}", "drift", stored, glob, once=True)
    minutes = (time.monotonic() - began) / 60.0
    measured = cost.failure or f"{minutes:.1f} min, {cost.megabytes:.0f} MB"
    ok = not cost.failure and minutes < 15.0 and cost.megabytes < 4_096.0
    bench.judge(f"drift of {size_of(rows, columns)}", "< 15 min, < 4,096 MB", measured, ok=ok)


def within(bench: Bench, what: str, cost: Cost, *, cpu: float, megabytes: float | None) -> None:
    """Note the goals of one cost."""
    bench.judge(what, f"<= {cpu} CPU-s", cost.failure or f"{cost.cpu:.2f} CPU-s", ok=cost.cpu <= cpu)
    if megabytes is not None:
        measured = cost.failure or f"{cost.megabytes:.0f} MB"
        bench.judge(what, f"<= {megabytes:.0f} MB", measured, ok=cost.megabytes <= megabytes)


def failures(*costs: Cost) -> str:
    """Why something has no figure; else nothing."""
    return "; ".join(cost.failure for cost in costs if cost.failure)


def size_of(rows: int, columns: int) -> str:
    """A table's size for a person."""
    return f"{rows:,} × {columns:,}"


def tables_of(bench: Bench, load: float) -> str:
    """Everything that was measured, as Markdown."""
    about = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
    lines = [
        f"{time.strftime('%Y-%m-%d')}, {about}. Load {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end.",
        "",
    ]
    lines += [
        "| part | what | CPU-s | peak MB | × Trimtab's CPU | × its memory |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    bases = {line.part: line.cost for line in bench.lines if line.base}
    for line in bench.lines:
        base = bases.get(line.part, Cost())
        cells = [line.cost.failure, "", "", ""]
        if not line.cost.failure:
            figures = [(line.cost.cpu, base.cpu), (line.cost.megabytes, base.megabytes)]
            ratios = ["" if math.isnan(two) else f"{one / two:.1f}" for one, two in figures]
            cells = [f"{line.cost.cpu:.2f}", f"{line.cost.megabytes:,.0f}", *ratios]
        lines.append(f"| {' | '.join([line.part, line.who, *cells])} |")
    lines += ["", "| goal | wanted | measured | ok |", "| --- | --- | --- | --- |"]
    lines += [f"| {g.what} | {g.goal} | {g.measured} | {'yes' if g.ok else '**no**'} |" for g in bench.goals]
    return "\n".join(lines) + "\n"


def say(words: str) -> None:
    """Tell a person who waits."""
    sys.stderr.write(f"  {words}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; none: {', '.join(USUAL)}")
    parser.add_argument("--large", action="store_true", help="also the memory of ten times as many rows")
    parser.add_argument("--wide", action="store_true", help="also tables of 100 and 1,000 columns")
    parser.add_argument("--huge", action="store_true", help="also 3 million rows of 1,000 columns, once")
    parser.add_argument(
        "--rows", type=int, default=2_000_000, help="rows of the bank table; the goals are for 2 million"
    )
    parser.add_argument("--repeats", type=int, default=3, help="turns of each process, of which the least is shown")
    parser.add_argument("--folder", type=Path, help="keep tables here, for the next run (default: a temporary folder)")
    parser.add_argument("--venvs", type=Path, default=VENVS, help="the folder of the peers' environments")
    parser.add_argument("--trimtab", default=str(Path(sys.executable).with_name("trimtab")), help="the command")
    parser.add_argument("--markdown", type=Path, help="also write the tables to this file")
    asked = parser.parse_args()
    parts: dict[str, Callable[[Bench], None]] = dict(zip(PARTS, (check, profile, drift, long, wide, huge), strict=True))
    unknown = sorted({*asked.parts} - {*PARTS})
    if unknown:
        parser.error(f"no part is called {', '.join(unknown)}")
    load = os.getloadavg()[0]
    if load > (os.cpu_count() or 1) / 2:
        say(f"the machine is not quiet (load {load:.1f}): CPU seconds come out somewhat high")
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(
            folder=folder.resolve(),
            trimtab=asked.trimtab,
            venvs=asked.venvs.absolute(),
            repeats=asked.repeats,
            rows=asked.rows,
        )
        more = [part for part, wanted in (("long", asked.large), ("wide", asked.wide), ("huge", asked.huge)) if wanted]
        for name in dict.fromkeys([*(asked.parts or USUAL), *more]):
            parts[name](bench)
    told = tables_of(bench, load)
    sys.stdout.write(told)
    if asked.markdown:
        asked.markdown.write_text(told)
    sys.exit(0 if all(goal.ok for goal in bench.goals) else 1)


if __name__ == "__main__":
    main()
