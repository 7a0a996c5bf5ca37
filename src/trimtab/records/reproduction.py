"""Reproduction v1: a recorded run that was executed again, and whether it came to the same.

Three answers and no fourth. Identical: every output has the digest that it had. Equal: some digests differ, and every
figure is within the tolerance that the project declares. Different: the first step whose output differs is named, with
what about its inputs, its environment or its machine is not the same. Floating-point results hold for a family of
processors, so identity is claimed for the one that it was seen on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

import msgspec

from trimtab.base.digest import Digest
from trimtab.records.environment import Environment, Level
from trimtab.records.run import Run, RunState, StepRun, StepState


class Sameness(StrEnum):
    """How a run that was executed again compares with the first time."""

    IDENTICAL = "identical"
    EQUAL = "equal"
    DIFFERENT = "different"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not the same: what (``output train``, ``metric auc``, ``package numpy``), then and now."""

    what: str
    then: str
    now: str


class Reproduction(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.reproduction/1"):
    """What came of executing a run again.

    Attributes:
        run, again: the run, and the record of its repetition.
        sameness: see `Sameness`.
        outputs: how many digests were compared; ``differences`` has those that differ, and the metrics.
        first: the first step that differs, in the pipeline's order; empty where none does.
        because: what may have made it differ, a sentence each.
        environment: ``identical`` (the lock's environment was built again), ``same`` (the same names and versions were
            observed) or ``other``; ``surroundings`` has what is not the same.
        processor: the processor's name that this holds for.
    """

    run: str
    again: Run
    sameness: Sameness
    outputs: int
    differences: tuple[Difference, ...]
    first: str
    because: tuple[str, ...]
    environment: str
    surroundings: tuple[Difference, ...]
    processor: str


def compare(run: Run, again: Run, *, tolerance: float = 0.0) -> Reproduction:
    """How a run compares with its repetition.

    Args:
        tolerance: by how much a figure may differ, relative to the larger of the two; 0 asks for the same bits.
    """
    outputs = tuple(_outputs(run.outputs, again.outputs))
    metrics = tuple(_metrics(run.metrics, again.metrics, 0.0))
    beyond = tuple(_metrics(run.metrics, again.metrics, tolerance))
    verdict = tuple(_verdict(run, again))
    surroundings = tuple(_surroundings(run, again))
    if not outputs and not metrics and not verdict:
        sameness = Sameness.IDENTICAL
    elif tolerance > 0 and not beyond and not verdict and set(run.outputs) <= set(again.outputs) and run.metrics:
        sameness = Sameness.EQUAL
    else:
        sameness = Sameness.DIFFERENT
    first = next((step for step in run.steps if _differs(step, again)), None)
    return Reproduction(
        run=run.run_id,
        again=again,
        sameness=sameness,
        outputs=len(run.outputs),
        differences=(*outputs, *metrics, *verdict),
        first=first.step if first is not None else "",
        because=tuple(_because(first, again, surroundings)) if first is not None else (),
        environment=_environment(run, again, surroundings),
        surroundings=surroundings,
        processor=again.environment.processor if again.environment is not None else "",
    )


def _outputs(then: Mapping[str, Digest], now: Mapping[str, Digest]) -> Iterator[Difference]:
    for name, digest in sorted(then.items()):
        if now.get(name) != digest:
            yield Difference(what=f"output {name}", then=digest, now=now.get(name, "not made"))


def _metrics(then: Mapping[str, float], now: Mapping[str, float], tolerance: float) -> Iterator[Difference]:
    for name, value in sorted(then.items()):
        other = now.get(name)
        if other is None or abs(other - value) > tolerance * max(abs(other), abs(value)):
            yield Difference(what=f"metric {name}", then=repr(value), now=repr(other) if other is not None else "none")


def _verdict(run: Run, again: Run) -> Iterator[Difference]:
    """The evidence's verdicts; how long something took is no result, and is judged the first time only."""
    then = {each.check: each.verdict for each in run.evidence if not each.check.startswith("latency")}
    now = {each.check: each.verdict for each in again.evidence}
    for check, verdict in then.items():
        if now.get(check) != verdict:
            yield Difference(what=f"verdict {check}", then=verdict.value, now=str(now.get(check, "none")))
    if again.state is RunState.FAILED and run.state is RunState.FINISHED:
        yield Difference(what="end", then="finished", now=again.problem.partition("\n")[0])


def _differs(step: StepRun, again: Run) -> bool:
    now = next((each for each in again.steps if each.step == step.step), None)
    return step.state is not StepState.FAILED and (now is None or now.output != step.output)


def _because(step: StepRun, again: Run, surroundings: tuple[Difference, ...]) -> Iterator[str]:
    now = next((each for each in again.steps if each.step == step.step), None)
    if now is None:
        yield f"{step.step} did not run again: {again.problem.partition(chr(10))[0] or 'a step before it failed'}"
        return
    if now.state is StepState.FAILED:
        yield f"{step.step} failed this time: {again.problem.partition(chr(10))[0]}"
    changed = sorted(name for name, digest in step.inputs.items() if now.inputs.get(name) != digest)
    yield f"its inputs {', '.join(changed)} are not the same" if changed else "its inputs are the same"
    files = sorted(name for name in {*step.reads, *now.reads} if step.reads.get(name) != now.reads.get(name))
    if files:
        yield f"it read other files, or others' content: {', '.join(files)}"
    yield from (f"{each.what} was {each.then} and is {each.now}" for each in surroundings)
    said = list(dict.fromkeys((*step.notes, *now.notes)))
    yield from said
    ran = now.state is not StepState.FAILED
    if ran and not changed and not files and not surroundings and not said:
        yield "nothing recorded differs: it may depend on time, chance or what another process does"


_COMPARED = (
    "python", "implementation", "platform", "libc", "machine", "processor", "instructions", "threads", "thread_limits",
    "hash_seed", "locale",
)  # fmt: skip


def _surroundings(run: Run, again: Run) -> Iterator[Difference]:
    for name, value in sorted(run.parameters.items()):
        if again.state is RunState.FINISHED and again.parameters.get(name) != value:
            yield Difference(what=f"parameter {name}", then=repr(value), now=repr(again.parameters.get(name)))
    then, now = run.environment, again.environment
    if then is None or now is None:
        return
    for name in _COMPARED:
        before, after = getattr(then, name), getattr(now, name)
        if before != after:
            yield Difference(what=name.replace("_", " "), then=_shown(before), now=_shown(after))
    yield from _packages(then, now)


def _packages(then: Environment, now: Environment) -> Iterator[Difference]:
    for name in sorted({*then.installed, *now.installed}):
        before, after = then.installed.get(name), now.installed.get(name)
        if before is None or after is None or before.version != after.version:
            yield Difference(
                what=f"package {name}",
                then=before.version if before is not None else "absent",
                now=after.version if after is not None else "absent",
            )
        elif before.record != after.record and then.level is not Level.LOCKED:  # a lock's hashes say more than the list
            yield Difference(what=f"files of package {name}", then=str(before.record), now=str(after.record))


def _environment(run: Run, again: Run, surroundings: tuple[Difference, ...]) -> str:
    """What may be claimed: an observed environment is never called identical, whatever it looks like."""
    packages = [each for each in surroundings if "package" in each.what or each.what in ("python", "implementation")]
    if packages or run.environment is None or again.environment is None:
        return "other"
    locked = run.environment.level is Level.LOCKED and again.environment.level is Level.LOCKED
    return "identical" if locked else "same"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name}={each}" for name, each in sorted(value.items())) or "none"
    return str(value) or "none"
