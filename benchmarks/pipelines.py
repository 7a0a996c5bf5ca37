"""What a pipeline of trivial steps costs, beside Kedro, Hamilton and DVC: ``python benchmarks/pipelines.py``.

Each figure is of a whole process: real time, and the CPU time of it and its children, the least of five turns; the
tools take turns within the same minute. One run in another folder comes first, so that every tool has its byte code;
the project's own module has none. All projects are repositories of Git with one commit. The steps are the same
functions for all, a chain of ints and dicts; DVC runs them as five Python scripts, as its stages are commands.

A goal that is missed ends the run with 1. Peers come from ``python benchmarks/peers/install.py kedro hamilton dvc``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))

from install import VENVS, is_installed, python_of  # noqa: E402

SETTINGS: Final = '[project]\nname = "five"\n\n[pipeline]\n'
PLAIN: Final = (
    "import steps\nvalue = steps.s0()\nfor n in range(1, {steps}): value = getattr(steps, f's{{n}}')(value)\n"
)
STAGE: Final = """
import json, sys
from pathlib import Path
{function}
given = [json.loads(Path(name).read_text()) for name in sys.argv[1:]]
Path("s{number}.json").write_text(json.dumps(s{number}(*given)))
"""
FACTS: Final = ("commit", "uncommitted changes", "data", "packages", "Python", "CPU", "seeds", "outputs")
PROJECT_OF_FACTS: Final = """
import msgspec


def read() -> str:
    return open("data.txt").read()


def size(read: str) -> int:
    return len(msgspec.json.encode(read))
"""


@dataclass(slots=True)
class Costs:
    """Seconds of real time and of CPU, of each turn; a goal of 0 is none."""

    goal: float = 0.0
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, wall_and_cpu: tuple[float, float]) -> None:
        self.wall.append(wall_and_cpu[0])
        self.cpu.append(wall_and_cpu[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool: how it lays steps out in a folder, and the commands that run them; without `again` it has no cache."""

    name: str
    lay_out: Callable[[Path, int], None]
    run: list[str]
    again: bool = True
    fresh: list[str] | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--trimtab", default=f"{sys.executable} -m trimtab", help="the command to measure")
    parser.add_argument("--venvs", type=Path, default=VENVS, help="where install.py made the peers' environments")
    parser.add_argument("--folder", type=Path, help="on the disk to measure; by default the system's temporary one")
    parser.add_argument("--markdown", type=Path, help="also write the tables to this file")
    asked = parser.parse_args()
    ours = shlex.split(asked.trimtab)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        costs = measure(Path(folder), tools(ours, asked.venvs), asked.turns)
        facts = facts_of_a_record(Path(folder) / "facts", ours)
    told = "\n".join([*head(load), *rows(costs), "", *fact_rows(facts)])
    print(told)
    if asked.markdown:
        asked.markdown.write_text(told + "\n")
    sys.exit(any(missed(cost) for cost in costs.values()) or not all(facts.values()))


# ── tools ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def tools(ours: list[str], venvs: Path) -> list[Tool]:
    """Those that are installed; the others are named as skipped."""
    found = [
        Tool(name="plain Python", lay_out=lay_out_plain, run=[sys.executable, "run.py"], again=False),
        Tool(name="Trimtab", lay_out=lay_out_ours, run=[*ours, "run"], fresh=[*ours, "run", "--fresh"]),
    ]
    peers = {name: str(python_of(name, venvs)) for name in ("kedro", "hamilton", "dvc") if is_installed(name, venvs)}
    for name in ("kedro", "hamilton", "dvc"):
        if name not in peers:
            print(f"SKIPPED: {name} is not installed (python benchmarks/peers/install.py {name})", file=sys.stderr)
    if "kedro" in peers:
        script = [peers["kedro"], str(HERE / "peers" / "kedro_steps.py")]
        found.append(Tool(name="Kedro", lay_out=lay_out_steps, run=script, again=False, fresh=script))
    if "hamilton" in peers:
        script = [peers["hamilton"], str(HERE / "peers" / "hamilton_steps.py")]
        found.append(Tool(name="Hamilton, cached", lay_out=lay_out_steps, run=script, fresh=[*script, "fresh"]))
    if "dvc" in peers:
        dvc = [peers["dvc"], "-m", "dvc"]
        found.append(Tool(name="DVC", lay_out=lambda *to: lay_out_dvc(*to, dvc), run=[*dvc, "repro"]))
    return found


def functions(steps: int) -> list[str]:
    """A chain: every other one returns a dict, the rest an int."""
    made = ["def s0() -> int:\n    return 1\n"]
    for n in range(1, steps):
        if n % 2:
            made.append(f'def s{n}(s{n - 1}: int) -> dict:\n    return {{"value": s{n - 1} + 1}}\n')
        else:
            made.append(f'def s{n}(s{n - 1}: dict) -> int:\n    return s{n - 1}["value"] + 1\n')
    return made


def lay_out_steps(folder: Path, steps: int) -> None:
    write(folder, {"steps.py": "\n\n".join(functions(steps))})


def lay_out_plain(folder: Path, steps: int) -> None:
    write(folder, {"steps.py": "\n\n".join(functions(steps)), "run.py": PLAIN.format(steps=steps)})


def lay_out_ours(folder: Path, steps: int) -> None:
    files = {"pipeline.py": "\n\n".join(functions(steps)), "trimtab.toml": SETTINGS, ".gitignore": ".trimtab/\n"}
    write(folder, files)


def lay_out_dvc(folder: Path, steps: int, dvc: list[str]) -> None:
    files, stages = {}, ["stages:"]
    for n, function in enumerate(functions(steps)):
        files[f"s{n}.py"] = STAGE.format(function=function, number=n)
        given = f"s{n - 1}.json" if n else ""
        stages += [
            f"  s{n}:",
            f"    cmd: {dvc[0]} s{n}.py {given}".rstrip(),
            f"    deps: [{f's{n}.py, {given}'.rstrip(', ')}]",
        ]
        stages += [f"    outs: [s{n}.json]"]
    write(folder, files | {"dvc.yaml": "\n".join(stages) + "\n"}, dvc)


def write(folder: Path, files: dict[str, str], dvc: list[str] | None = None) -> None:
    """The files in a new repository with one commit."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    quiet(["git", "init", "--quiet"], folder)
    if dvc:
        quiet([*dvc, "init", "--quiet"], folder)
    quiet(["git", "add", "--all"], folder)
    quiet(["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "-m", "x"], folder)


# ── measuring ────────────────────────────────────────────────────────────────────────────────────────────────────────

FIRST: Final = "five steps, first run in a new folder"
AGAIN: Final = "the same again, nothing changed"
STEP: Final = "one executed step: (55 − 5) / 50"


def measure(root: Path, measured: list[Tool], turns: int) -> dict[tuple[str, str], Costs]:
    """By what was done and who did it; turn 0 makes the byte code and does not count."""
    costs: dict[tuple[str, str], Costs] = {}
    for turn in range(turns + 1):
        for tool in measured:
            folder = root / f"{tool.name.split(',')[0]}-{turn}"
            tool.lay_out(folder, 5)
            keep(costs, FIRST, tool, process(tool.run, folder), turn)
            if tool.again:
                keep(costs, AGAIN, tool, process(tool.run, folder), turn)
    for tool in measured:
        for steps in (5, 55):
            if tool.fresh:
                tool.lay_out(root / f"{tool.name.split(',')[0]}-of-{steps}", steps)
    of: dict[tuple[str, int], Costs] = {}
    for turn in range(turns + 1):
        for tool in measured:
            for steps in (5, 55):
                if tool.fresh:
                    spent = process(tool.fresh, root / f"{tool.name.split(',')[0]}-of-{steps}")
                    if turn:
                        of.setdefault((tool.name, steps), Costs()).add(spent)
    for tool in measured:
        if tool.fresh:
            few, many = of[tool.name, 5], of[tool.name, 55]
            spent = (min(many.wall) - min(few.wall)) / 50, (min(many.cpu) - min(few.cpu)) / 50
            keep(costs, STEP, tool, spent, 1)
    return costs


GOALS: Final = {FIRST: 0.5, AGAIN: 0.2, STEP: 0.005}
"""Seconds of real time, of Trimtab."""


def keep(costs: dict[tuple[str, str], Costs], what: str, tool: Tool, spent: tuple[float, float], turn: int) -> None:
    if turn:
        goal = GOALS[what] if tool.name == "Trimtab" else 0.0
        costs.setdefault((what, tool.name), Costs(goal)).add(spent)


def process(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds of real time and of CPU of a whole process, its children included."""
    began = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=folder, env=surroundings(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    if status:
        sys.exit(f"{shlex.join(command)} failed in {folder}")
    return wall, usage.ru_utime + usage.ru_stime


def surroundings(folder: Path) -> dict[str, str]:
    """No tool tells its maker, and DVC has no state but this folder's."""
    return os.environ | {
        "DO_NOT_TRACK": "1",
        "HAMILTON_TELEMETRY_ENABLED": "false",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder.parent / f"{folder.name}-dvc-site"),
        "DVC_GLOBAL_CONFIG_DIR": str(folder.parent / f"{folder.name}-dvc-config"),
    }


def quiet(command: list[str], folder: Path) -> None:
    subprocess.run(
        command, cwd=folder, env=surroundings(folder), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


# ── the record ───────────────────────────────────────────────────────────────────────────────────────────────────────


def facts_of_a_record(folder: Path, ours: list[str]) -> dict[str, str]:
    """What a record says of each fact, of a run whose code names Trimtab nowhere; "" where it says nothing."""
    files = {"pipeline.py": PROJECT_OF_FACTS, "trimtab.toml": SETTINGS, "data.txt": "1 2 3\n"}
    write(folder, files | {".gitignore": ".trimtab/\n"})
    (folder / "pipeline.py").write_text(f"{PROJECT_OF_FACTS}\n\nlimit = 3\n")
    process([*ours, "run"], folder)
    shown = subprocess.run(
        [*ours, "runs", "show", "latest", "--json"], cwd=folder, check=True, capture_output=True, text=True
    )
    record = json.loads(shown.stdout)["record"]
    code, environment = record["code"], record["environment"]
    seeds = {"seed": record["seed"], "hash_seed": environment["hash_seed"]}
    cpu = (environment["processor"], environment["machine"], f"{len(environment['instructions'])} instruction sets")
    said = (
        code["commit"], code["uncommitted"],
        data_of(record, folder / "data.txt"),
        ", ".join(f"{name} {version}" for name, version in environment["packages"].items()),
        environment["python"], ", ".join(cpu) if all(cpu[:2]) and environment["instructions"] else "",
        ", ".join(f"{name} {value}" for name, value in seeds.items()) if None not in seeds.values() else "",
        ", ".join(f"{name} {digest}" for name, digest in record["outputs"].items()),
    )  # fmt: skip
    return {fact: value or "" for fact, value in zip(FACTS, said, strict=True)}


def data_of(record: dict[str, Any], file: Path) -> str:
    """Under which heading the record has the digest of the file's bytes; a step's name if as what that step read."""
    digest = f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    if digest == record["files"].get(file.name, {}).get("content"):
        return f"files: {file.name} {digest}"
    readers = [step["step"] for step in record["steps"] if step["reads"].get(file.name) == digest]
    return f"read by {readers[0]}: {file.name} {digest}" if readers else ""


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def missed(cost: Costs) -> bool:
    return bool(cost.goal) and min(cost.wall) > cost.goal


def head(load: float) -> list[str]:
    machine = (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    )
    return [f"{machine}; load {load:.1f} before, {os.getloadavg()[0]:.1f} after", ""]


def rows(costs: dict[tuple[str, str], Costs]) -> list[str]:
    """Milliseconds, since a step takes few."""
    told = ["| | ms | CPU ms | goal |", "| --- | ---: | ---: | ---: |"]
    for what in GOALS:
        for (done, who), cost in costs.items():
            if done == what:
                goal = f"{1e3 * cost.goal:g}" + (" **missed**" if missed(cost) else "") if cost.goal else ""
                told.append(f"| {who}: {what} | {1e3 * min(cost.wall):.1f} | {1e3 * min(cost.cpu):.1f} | {goal} |")
    return told


def fact_rows(facts: dict[str, str]) -> list[str]:
    told = ["| recorded by default | as |", "| --- | --- |"]
    told += [f"| {fact} | {said[:100] or '**no**'} |" for fact, said in facts.items()]
    return [*told, "", f"{sum(map(bool, facts.values()))} of {len(facts)} facts; goal: {len(facts)}"]


if __name__ == "__main__":
    main()
