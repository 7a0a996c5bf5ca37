"""Runs side by side: what differs between them, line by line, and how much is the same.

Pure: records and source trees in, one value out, which the terminal, the page and ``--json`` show alike. What is equal
in all of them is only counted: two runs have some hundred packages in common, and the one that differs is the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from trimtab.records.environment import Environment
from trimtab.records.run import Data, Run, Scalar, StepRun, StepState
from trimtab.records.source import SourceTree

Facts = dict[str, Scalar]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not the same in all of the runs: its value in each, None where a run has nothing there.

    ``kind`` is how a person reads the values: ``digest``, ``commit``, ``time``, ``seconds``, ``bytes``,
    ``number`` or ``text``.
    """

    name: str
    values: tuple[Scalar, ...]
    kind: str = "text"


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One side of the runs: what differs there, and how many things are the same in all of them."""

    name: str
    different: tuple[Line, ...]
    same: int
    notes: tuple[str, ...] = ()


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Runs side by side, in the order in which they were named."""

    runs: tuple[str, ...]
    sections: tuple[Section, ...]

    def section(self, name: str) -> Section:
        """The section of that name: ``code``, ``data``, ``environment``, ``parameters``, ``steps``, ``metrics``, …"""
        return next(section for section in self.sections if section.name == name)

    @property
    def differs(self) -> bool:
        """Whether anything but when and where they ran is not the same."""
        return any(section.different for section in self.sections if section.name != "circumstances")


def compare(runs: Sequence[Run], sources: Sequence[SourceTree | None]) -> Comparison:
    """What differs between the runs.

    Args:
        sources: each run's source tree; None where it is not kept here, and then its files cannot be told apart.
    """
    return Comparison(
        runs=tuple(run.run_id for run in runs),
        sections=(
            _code(runs, sources),
            _section("data", [_data(run) for run in runs]),
            _section("environment", [_environment(run.environment) for run in runs]),
            _section("parameters", [{"seed": run.seed, **run.parameters} for run in runs]),
            _section("steps", [_steps(run.steps) for run in runs]),
            _section("metrics", [dict[str, Scalar](run.metrics) for run in runs]),
            _section("results", [_results(run) for run in runs]),
            _section("circumstances", [_circumstances(run) for run in runs]),
        ),
    )


def changed_files(sources: Sequence[SourceTree | None]) -> tuple[str, ...]:
    """The paths of the files that are not the same in all trees, sorted; none if a tree is not known."""
    trees = [source.files for source in sources if source is not None]
    if len(trees) < len(sources) or not trees:
        return ()
    paths = sorted(set[str]().union(*trees))
    return tuple(path for path in paths if any(tree.get(path) != trees[0].get(path) for tree in trees))


def _code(runs: Sequence[Run], sources: Sequence[SourceTree | None]) -> Section:
    facts: list[Facts] = []
    for run, source in zip(runs, sources, strict=True):
        code = run.code
        own: Facts = {}
        if code is not None:
            own = {"commit": code.commit, "branch": code.branch, "uncommitted changes": code.uncommitted}
            own["source"] = code.source
        if source is not None and None not in sources:
            own |= {f"file {path}": file.content for path, file in source.files.items()}
            own |= {f"file {path}, executable": True for path, file in source.files.items() if file.executable}
        facts.append(own)
    missing = [run.run_id for run, source in zip(runs, sources, strict=True) if source is None and run.code is not None]
    notes = (f"the source of {', '.join(missing)} is not kept here, so files are not compared",) if missing else ()
    return _section("code", facts, notes)


def _data(run: Run) -> Facts:
    facts: Facts = {}
    if run.data is not None:
        facts = _of_data(run.data)
    for path, file in run.files.items():
        facts[f"file {path}"] = file.content
        facts[f"file {path}, kept"] = file.kept
    return facts


def _of_data(data: Data) -> Facts:
    origin: Facts = {f"rows from the {name}": rows for name, rows in data.origin.items()}
    return {
        "table": data.table, "rows": data.rows, "rows to judge by": data.judged_rows, **origin,
        "rows left out": data.left_out, "first event": data.first_event, "last event": data.last_event,
    }  # fmt: skip


def _environment(environment: Environment | None) -> Facts:
    if environment is None:
        return {}
    whole: Facts = {
        name: getattr(environment, name) or None
        for name in ("python", "implementation", "platform", "libc", "machine", "processor", "threads", "locale")
    }
    whole |= {"hash seed": environment.hash_seed or None, "level": environment.level.value}
    whole |= {"lock": environment.lock.content} if environment.lock else {}
    whole |= {f"instructions {name}": True for name in environment.instructions}
    whole |= {f"limit {name}": value for name, value in environment.thread_limits.items()}
    whole |= {f"package {name}": version for name, version in environment.packages.items()}
    whole |= {
        f"package {name}": package.version
        for name, package in environment.installed.items()
        if name not in environment.packages
    }
    files = {f"files of {name}": package.record for name, package in environment.installed.items() if package.record}
    return whole | files


def _steps(steps: Iterable[StepRun]) -> Facts:
    facts: Facts = {}
    for step in steps:
        ended = "failed" if step.state is StepState.FAILED else "done"
        facts |= {step.step: ended, f"{step.step}: key": step.key, f"{step.step}: output": step.output}
        facts |= {f"{step.step}: input {name}": digest for name, digest in step.inputs.items()}
        facts |= {f"{step.step}: read {path}": digest for path, digest in step.reads.items()}
        facts |= {f"{step.step}: variable {name}": value for name, value in step.variables.items()}
    return facts


def _results(run: Run) -> Facts:
    steps = {step.step for step in run.steps}
    outputs: Facts = {name: digest for name, digest in run.outputs.items() if name not in steps}
    verdict = run.verdict.value if run.verdict is not None else None
    return {"state": run.state.value, "verdict": verdict, **outputs, "problem": run.problem or None}


def _circumstances(run: Run) -> Facts:
    """What does not change a result: also whether a step ran or its earlier result was kept, and how often it tried."""
    facts: Facts = {
        "kind": run.kind, "started": run.started_at, "as of": run.as_of,
        "seconds": run.seconds if run.finished_at is not None else None, "peak memory": run.peak_bytes or None,
        "by": f"{run.actor.kind} {run.actor.name}", "parent": run.parent, "champion": run.champion,
    }  # fmt: skip
    for step in run.steps:
        tried = f", tried {step.attempts} times" if step.attempts > 1 else ""
        facts[f"step {step.step}"] = step.state.value + tried
    if run.place is not None:
        facts |= {"host": run.place.host, "folder": run.place.folder, "command": " ".join(run.place.command) or None}
    return facts


def _section(name: str, facts: Sequence[Facts], notes: tuple[str, ...] = ()) -> Section:
    """Lines in the order in which the runs have them, the first run's first."""
    keys = list(dict.fromkeys(key for each in facts for key in each))
    different, same = [], 0
    for key in keys:
        values = tuple(each.get(key) for each in facts)
        if all(_equal(value, values[0]) for value in values):
            same += values[0] is not None
        else:
            different.append(Line(name=key, values=values, kind=_kind(key, values)))
    return Section(name=name, different=tuple(different), same=same, notes=notes)


def _equal(one: Scalar, other: Scalar) -> bool:
    """Equal as values, and true is not 1: they are written differently, and code may look at the type."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _kind(name: str, values: Sequence[Scalar]) -> str:
    there = [value for value in values if value is not None]
    if all(isinstance(value, str) and value.startswith("sha256:") for value in there):
        return "digest"
    if name == "commit":
        return name
    if name in ("started", "as of", "first event", "last event"):
        return "time"
    if name in ("seconds", "peak memory"):
        return "seconds" if name == "seconds" else "bytes"
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in there)
    return "number" if numbers else "text"
