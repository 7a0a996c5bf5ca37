"""Carry a pipeline out: decide each step when its inputs are there, run those that must, keep what they return.

Each consumer is given its input opened from what was kept, never the object that the step before returned: an input
that was computed a moment ago and one from last week are then the same bytes, and a step that changes its input in
place reaches nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from trimtab.app.places import LEFT, LISTED, WROTE, digest_now, is_file, is_unchanged, variable_digest
from trimtab.app.step_facts import Handed, Reader, file_digests, files_of, variables_of
from trimtab.base.digest import Digest
from trimtab.base.instants import SECOND, Span, parse_span
from trimtab.drivers.clocks import RealClock
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.step_values import Results, StepValues
from trimtab.pipeline.graph import Graph, Step
from trimtab.pipeline.parts import Part
from trimtab.pipeline.plan import NOT_KEPT, Fate, Planned, StepFacts, decide, wait
from trimtab.records.kept import Kept, Result
from trimtab.records.run import StepRun, StepState
from trimtab.spec.project import Project

if TYPE_CHECKING:
    from trimtab.app.step_job import Job
    from trimtab.app.step_outcome import Ran
    from trimtab.app.step_runner import StepRunner

SLOW: Final = Span(2 * SECOND)
"""Steps that took longer the last time run side by side, each in a process of its own: starting one takes a second."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An input that no step makes (the rows, the label): its digest, how to get it if it is needed, and the packages
    that it has objects of."""

    digest: Digest
    open: Callable[[], Any]
    libraries: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Where results are, and what files are: see the drivers."""

    values: StepValues
    results: Results
    index: FileIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A project's steps with what is known of each.

    ``before`` has, by step, the parts with which it last ran, ``took`` how many seconds, and ``unstable`` what was then
    seen of it that no key can hold.
    """

    folder: Path
    project: Project
    graph: Graph
    reader: Reader
    facts: Mapping[str, StepFacts]
    before: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)
    took: Mapping[str, float] = field(default_factory=dict)
    unstable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Steps:
    """One pass over a pipeline.

    Args:
        run_id: the run that results are made by.
        runner: makes what runs a step, in this process or in another, and gives the same each time.
        fresh: True runs every step, whatever is kept.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        stores: Stores,
        runner: Callable[[], StepRunner],
        *,
        run_id: str,
        say: Say,
        fresh: bool = False,
    ) -> None:
        self.pipeline = pipeline
        self.facts: dict[str, StepFacts] = dict(pipeline.facts)
        self.done: dict[str, StepRun] = {}
        self.kept: dict[str, Kept] = {}
        self.parts: dict[str, tuple[Part, ...]] = {}
        self.unstable: dict[str, tuple[str, ...]] = {}
        self._ran = False
        self._stores = stores
        self._runner = runner
        self._run_id = run_id
        self._say = say
        self._fresh = fresh

    def plan(self, given: Mapping[str, Given]) -> tuple[Planned, ...]:
        """What would run and why, in order; nothing is run."""
        inputs: dict[str, Given | Kept] = dict(given)
        running: set[str] = set()
        planned = []
        for step in self.pipeline.graph.steps:
            waiting = [name for name in step.inputs if name in running]
            found = wait(self.facts[step.function], waiting) if waiting else self._decide(step, inputs, look=True)
            planned.append(found)
            if found.fate is Fate.KEPT and found.result is not None:
                inputs[step.function] = found.result.kept
            else:
                running.add(step.function)
        return tuple(planned)

    def run(self, given: Mapping[str, Given]) -> None:
        """Run what must be run; ``done`` and ``kept`` then have every step.

        Raises:
            UserCodeError: a step raised; ``done`` has it as failed, and those before it.
        """
        waiting = list(self.pipeline.graph.steps)
        while waiting:
            ready = [step for step in waiting if all(name in given or name in self.kept for name in step.inputs)]
            together = self._together(ready)
            for step in ready:  # each is decided when those before it have run, since they may write what it reads
                if step not in together and (planned := self._settle(step, given)) is not None:
                    self._carry_out([(step, planned)], given)
            settled = [(step, self._settle(step, given)) for step in together]
            self._carry_out([(step, planned) for step, planned in settled if planned is not None], given, apart=True)
            waiting = [step for step in waiting if step.function not in self.done]

    def open(self, step: str) -> Any:
        """A step's result, opened from what was kept."""
        return self._stores.values.open(self.kept[step])

    # ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _settle(self, step: Step, given: Mapping[str, Given]) -> Planned | None:
        """The plan of a step that must run; None if its result is kept, which is then noted."""
        if step.function in self.done:
            return None
        planned = self._decide(step, {**given, **self.kept})
        self.parts[step.function] = planned.parts
        if planned.fate is not Fate.KEPT or planned.result is None:
            return planned
        result = planned.result
        self.kept[step.function] = result.kept
        if result.logged is not None:
            self._runner().put_log(step.function, self._stores.values.open(result.logged))
        self.done[step.function] = self._step_run(step, planned, result.reads, result.variables, made_by=result.made_by)
        return None

    def _step_run(
        self,
        step: Step,
        planned: Planned,
        reads: Mapping[str, Digest],
        variables: Mapping[str, Digest],
        *,
        made_by: str,
    ) -> StepRun:
        """The record of a step that is kept; ``reads`` and ``variables`` are what it was seen to read."""
        facts = self.facts[step.function]
        declared = file_digests(facts)
        inputs = {part.name: Digest(part.value) for part in planned.parts if part.kind.value == "input"}
        result = planned.result
        return StepRun(
            step=step.function,
            state=StepState.KEPT,
            because=planned.because,
            key=planned.key or Digest(""),
            inputs=inputs,
            output=result.kept.digest if result is not None else None,
            made_by=made_by,
            reads={**declared, **{name: digest for name, digest in reads.items() if is_file(name, digest)}},
            variables=variables_of(facts, variables, self.pipeline.project),
            notes=planned.notes,
        )

    def _decide(self, step: Step, known: Mapping[str, Given | Kept], *, look: bool = False) -> Planned:
        """The plan of a step; with ``look`` nothing is touched, and files of a command that are gone stay gone."""
        given = [known[name] for name in step.inputs]
        handed = Handed(
            frozenset(name for each in given for name in each.classes),
            frozenset(name for each in given for name in each.libraries),
        )
        reader, facts = self.pipeline.reader, self.pipeline.facts[step.function]
        if self._ran:  # and what ran may have written files that this step reads
            facts = reader.of(step, self.pipeline.graph)
        facts = reader.with_handed(step, facts, handed)
        self.facts[step.function] = facts
        inputs = {name: known[name].digest for name in step.inputs}
        before = self.pipeline.before.get(step.function)
        if self._fresh:
            return replace(decide(facts, inputs, (), before), because="nothing that was kept is used")
        key = decide(facts, inputs, (), before).key
        found = self._stores.results.find(key) if key is not None and not facts.unstable else ()
        planned = decide(facts, inputs, [(result, self._against(step, result, look=look)) for result in found], before)
        seen = self.pipeline.unstable.get(step.function)
        if seen and not found and planned.because == NOT_KEPT:
            return replace(planned, because=f"every time: {seen[0]}")
        return planned

    def _against(self, step: Step, result: Result, *, look: bool) -> str:
        """What speaks against a kept result; empty if nothing does."""
        for name, digest in result.reads.items():
            if not is_unchanged(name, digest, self._stores.index, self.pipeline.folder):
                return f"{_told(name)} changed"
        for name, value in result.variables.items():
            if variable_digest(name) != value:
                return f"variable {name}, which it was seen to read, changed"
        if not self._stores.values.intact(result.kept):
            return "its kept result was damaged or removed"
        if step.command is not None and not self._runner().written(step.command, result.kept, look=look):
            return "a file that it wrote was changed or removed"
        return ""

    # ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _together(self, ready: Sequence[Step]) -> Sequence[Step]:
        """The steps of those that are ready that are to run side by side: several that were slow the last time."""
        took = self.pipeline.took
        slow = [
            step for step in ready if step.function not in self.done and took.get(step.function, 0.0) * SECOND > SLOW
        ]
        return slow if len(slow) > 1 and self._runner().may_run_apart else ()

    def _carry_out(
        self, running: Sequence[tuple[Step, Planned]], given: Mapping[str, Given], *, apart: bool = False
    ) -> None:
        """Run steps and note what came of each: in this process, or with ``apart`` side by side, each in its own."""
        if not running:
            return
        jobs = [(self._job(step, given), apart or self._limit(step) is not None) for step, _ in running]
        for (step, planned), ran in zip(running, self._runner().run(jobs), strict=False):
            self._record(step, planned, ran)

    def _job(self, step: Step, given: Mapping[str, Given]) -> Job:
        from trimtab.app.step_job import Job

        inputs = {name: given[name] if name in given else self.kept[name] for name in step.inputs}
        return Job(
            step=step,
            opened={name: each.open for name, each in inputs.items() if isinstance(each, Given)},
            kept={name: each for name, each in inputs.items() if isinstance(each, Kept)},
            declared=self.facts[step.function].code.union(files_of(self.facts[step.function])),
            named=self.facts[step.function].named,
            reached=self.facts[step.function].reached,
            limit=self._limit(step),
        )

    def _limit(self, step: Step) -> Span | None:
        if step.command is not None:
            return step.command.time_limit
        return parse_span(step.mark.time_limit) if step.mark.time_limit else None

    def _record(self, step: Step, planned: Planned, ran: Ran) -> None:
        """Note what came of a step, and keep its result for the next run where a key can hold all it follows from."""
        name = step.function
        self._ran = True
        run = self._step_run(step, planned, ran.reads, ran.variables, made_by=self._run_id)
        meanwhile = [f"{each} was changed while it ran" for each in (*ran.meanwhile, *self._changed(name))]
        state = StepState.FAILED if ran.problem is not None else StepState.RAN
        self.done[name] = replace(
            run,
            state=state,
            output=ran.kept.digest if ran.kept is not None else None,
            notes=(*run.notes, *ran.unstable, *meanwhile, *_said(ran)),
            attempts=ran.attempts,
            seconds=ran.seconds,
            peak_bytes=ran.peak_bytes,
        )
        if ran.problem is not None or ran.kept is None:
            from trimtab.app.step_outcome import error_of

            assert ran.problem is not None
            raise error_of(ran.problem)
        self.kept[name] = ran.kept
        self.unstable[name] = ran.unstable
        self._say(f"{name} ran, {planned.because} ({ran.seconds:.2f} s)")
        for said in _said(ran):
            self._say(f"{name}: {said}")
        for sighting in (*ran.unstable, *meanwhile):
            self._say(f"{name}: {sighting}; its result is not kept for the next run")
        if planned.key is not None and not (ran.unstable or meanwhile or self.facts[name].unstable):
            self._keep(name, planned.key, ran, ran.kept)

    def _changed(self, name: str) -> list[str]:
        """The files that a step is known to read and that are not any more what its key has."""
        index, folder = self._stores.index, self.pipeline.folder
        known = file_digests(self.facts[name])
        return [
            file
            for file, digest in known.items()
            if is_file(file, digest) and digest_now(file, index, folder) != digest
        ]

    def _keep(self, name: str, key: Digest, ran: Ran, kept: Kept) -> None:
        logged = self._stores.values.keep(ran.log, step=name) if ran.log is not None else None
        self._stores.results.put(
            Result(
                key=key,
                step=name,
                kept=kept,
                made_by=self._run_id,
                made_at=RealClock().now(),
                seconds=ran.seconds,
                reads=ran.reads,
                variables=ran.variables,
                logged=logged,
            )
        )


_CODE: Final = (".py", ".so", ".pyd", ".zip", ".whl")


def _told(name: str) -> str:
    """A place that a step was seen to use, for a person."""
    if name.startswith(WROTE):
        return f"{name.removeprefix(WROTE)}, which it wrote,"
    if name.startswith(LEFT):
        return f"{name.removeprefix(LEFT)}, which it made,"
    if name.startswith(LISTED):
        return f"what lies in {name.removeprefix(LISTED)}, which it was seen to list,"
    return f"file {name}, which it was seen to read,"


def _said(ran: Ran) -> Iterator[str]:
    """What a person should know of a step that ran."""
    if ran.left:
        yield f"it changed {', '.join(ran.left)}, which no other step sees: hand on what it is to know as a result"
    if ran.replaced:
        first, *more = ran.replaced
        others = f" and {len(more)} more" if more else ""
        yield f"{first}{others} lay where it writes, and no run had made that: it is in {ran.replaced_in} now"
    for name in sorted(ran.reads):
        if name.startswith("/") and name.endswith(_CODE):
            yield f"it uses the code {name}, which is not part of the project and is not kept with the run"
