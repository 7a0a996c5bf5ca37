"""Run one step: in this process, where a breakpoint works, or in one of its own, where it can be stopped.

A step runs apart when it has a time limit, and when several that are slow are ready at once. It is then a new
interpreter and never a fork: Polars' threads do not survive one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from trimtab.app.command_steps import CommandRunner, Replaced
from trimtab.app.places import Seen, Since, changed_meanwhile, place_digests, seen_by
from trimtab.app.recorded_code import RecordedCode
from trimtab.app.run_settings import peak_bytes, variables
from trimtab.app.seeding import seed_all
from trimtab.app.serialisers import load_serialisers
from trimtab.app.step_apart import StepProcesses
from trimtab.app.step_job import Job, StepCode, Tools
from trimtab.app.step_outcome import Ran, StepJob, problem_of
from trimtab.base.digest import Digest
from trimtab.base.errors import TrimtabError, UserCodeError
from trimtab.disk.faults import explained
from trimtab.drivers.module_state import ModuleState
from trimtab.drivers.observation import Watch
from trimtab.drivers.run_log import RUN_LOG, RUN_SECRETS
from trimtab.drivers.step_values import StepValues
from trimtab.drivers.user_code import loaded_files, own_modules, user_errors
from trimtab.pipeline.graph import Step
from trimtab.records.kept import Kept
from trimtab.spec.project import CommandStep, Project

_PAUSES: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before each further try of a step with retries: what fails for a moment is given one."""


class StepRunner:
    """Runs steps of one project for one run.

    Args:
        folder: where the source lies.
        logs: the folder for what steps log, one file for each.
        cache: the folder of kept results, for steps that run apart; None where none may (``--debug``).
    """

    def __init__(
        self,
        folder: Path,
        project: Project,
        code: StepCode,
        tools: Tools,
        *,
        logs: Path,
        cache: Path | None,
    ) -> None:
        self._folder = folder
        self._project = project
        self._functions = code.functions
        self._code = RecordedCode(folder, project, code.contents)
        self._tools = tools
        self._logs = logs
        self._cache = cache
        self._values = tools.values
        self._modules: ModuleState | None = None
        self._commands = CommandRunner(folder, tools.values, tools.index, tools.files)

    @property
    def may_run_apart(self) -> bool:
        """Whether steps may run in processes of their own."""
        return self._cache is not None

    def run(self, jobs: Sequence[tuple[Job, bool]]) -> Iterator[Ran]:
        """What came of each job, in order; those that are to run apart do so side by side."""
        apart = [job for job, own in jobs if own and job.step.command is None and self._cache is not None]
        if not apart:
            yield from (self.run_here(job) for job, _ in jobs)
            return
        processes = StepProcesses()
        with ThreadPoolExecutor(max_workers=len(apart)) as pool:
            try:
                begun = {
                    job.step.function: pool.submit(self._run_apart, processes, self._told(job), job) for job in apart
                }
                for job, _ in jobs:
                    own = begun.get(job.step.function)
                    yield own.result() if own is not None else self.run_here(job)
            finally:
                processes.stop()

    def run_here(self, job: Job) -> Ran:
        """Run a step in this process, as often as its retries allow."""
        return _until_done(job, lambda: self._try(job))

    def put_log(self, step: str, content: bytes) -> None:
        """Put what a kept step logged when it ran where this run's steps log."""
        self._log_of(step).write_bytes(content)

    def written(self, command: CommandStep, kept: Kept, *, look: bool) -> bool:
        """Whether a command's files are in the project as it wrote them; one that is gone is put back, or with ``look``
        could be."""
        return self._commands.restore(command, kept, look=look)

    def _try(self, job: Job) -> Ran:
        """One try. Behind it the modules are as before; what goes wrong in that hides nothing that went wrong first."""
        log, tried = self._log_of(job.step.function), _Tried()
        log.unlink(missing_ok=True)
        try:
            with tried.noting(), self._commands.cleared(job.step.command) as replaced:
                tried.replaced = replaced
                self._code.refuse_changed(job.step, job.declared)
                self._call(job, tried, log)
        finally:
            with tried.noting(), user_errors(self._folder, doing="putting back what the step changed in its modules"):
                tried.left = self._modules.put_back() if self._modules is not None else ()
        seen, reads, meanwhile, content = Seen(), dict[str, Digest](), tuple[str, ...](), None
        with tried.noting():
            if tried.watch is not None:
                observed, lists = tried.watch.observed, self._code.lists_its_folder(job.step, job.declared)
                self._code.refuse_changed(job.step, job.declared)
                self._code.refuse_rewritten(job.step, observed)
                seen = _own_left_out(seen_by(observed, self._folder, job.declared, job.named, lists=lists), job.step)
                seen = replace(seen, files=seen.files | tried.loaded)
            reads = place_digests(seen, self._tools.index, self._folder)
            if tried.watch is not None:
                since = Since(began=tried.began, writes=() if job.step.command is None else job.step.command.writes)
                meanwhile = changed_meanwhile(seen, reads, tried.watch.observed, self._folder, since)
        with tried.noting(), explained("read what a step logged", log):
            content = log.read_bytes() if log.is_file() else None
        failed = tried.error is not None
        return Ran(
            kept=None if failed else tried.kept,
            problem=problem_of(tried.error) if tried.error is not None else None,
            seconds=tried.seconds,
            attempts=1,
            peak_bytes=peak_bytes(),
            reads=reads,
            variables=dict(seen.variables),
            unstable=() if job.step.mark.cache is True or job.step.command is not None else seen.unstable,
            meanwhile=meanwhile,
            left=tried.left,
            replaced=tuple(tried.replaced.files),
            replaced_in=str(tried.replaced.now_in),
            log=content,
            again=isinstance(tried.error, UserCodeError) and tried.watch is not None and not tried.returned,
        )

    def _call(self, job: Job, tried: _Tried, log: Path) -> None:
        """Call the step's code under watch, and keep what it comes to."""
        name, command = job.step.function, job.step.command
        inputs: Mapping[str, Any] = {}
        if command is not None:
            self._commands.refuse_changed({name: self._values.open(kept) for name, kept in job.kept.items()})
            self._code.forget_byte_code()
            call: Callable[[], Any] = partial(self._commands.run, command)
        else:  # first the code, since inputs have objects of its classes
            function = self._function(name)
            inputs = self._inputs(job)
            call = partial(function, *(inputs[each] for each in job.step.inputs), **job.step.params)
        lists = self._code.lists_its_folder(job.step, job.declared)
        seed_all(self._project.pipeline.seed)
        tried.began = time.time_ns()  # the clock that stamps files may lag behind, so none is stamped later than now
        began = time.perf_counter()
        try:
            with (
                variables({RUN_LOG: str(log), RUN_SECRETS: ",".join(self._project.pipeline.secret)}),
                user_errors(self._folder, doing=f"running the step {name}"),
                self._tools.observer.watch(lists=lists) as tried.watch,
            ):
                value = call()
            tried.returned = True
        finally:
            tried.seconds = time.perf_counter() - began
            if job.reached is not None:
                tried.loaded = frozenset(loaded_files(self._folder)) - job.reached
        if command is not None:  # outside the watch, since looking at what it wrote is none of its reads
            value = self._commands.keep(command)
        with user_errors(self._folder, doing=f"keeping what the step {name} returned"):
            tried.kept = self._values.keep(self._tools.hooks.to_keep(name, value, inputs), step=name)

    def _log_of(self, step: str) -> Path:
        with explained("make the folder for what steps log", self._logs):
            self._logs.mkdir(parents=True, exist_ok=True)
        return self._logs / f"{step}.log"

    def _inputs(self, job: Job) -> dict[str, Any]:
        hand = self._tools.hooks.to_hand
        values = {name: self._values.open(kept) for name, kept in job.kept.items()}
        self._commands.refuse_changed(values)
        handed = {name: hand(name, self._commands.paths(value)) for name, value in values.items()}
        return handed | {name: opened() for name, opened in job.opened.items()}

    def _function(self, name: str) -> Callable[..., Any]:
        """The step's function. With the first one the project's serialisers are loaded, so that they take the classes
        that its functions use, and what is loaded until then is what each step finds."""
        function = self._functions()[name]
        if self._modules is None:
            serialisers = load_serialisers(self._folder, self._project)
            if serialisers:
                self._values = StepValues(self._values.folder, serialisers, project=self._folder)
            self._modules = ModuleState(partial(own_modules, self._folder))
        return function

    def _told(self, job: Job) -> StepJob:
        """The job for another process: inputs that no step made are kept first, so that it can open them too."""
        given = {name: self._values.keep(opened(), step=name) for name, opened in job.opened.items()}
        return StepJob(
            folder=str(self._folder),
            cache=str(self._cache),
            step=job.step.function,
            inputs={**given, **job.kept},
            declared=tuple(sorted(job.declared)),
            named=tuple(sorted(job.named)),
            reached=None if job.reached is None else tuple(sorted(job.reached)),
            params=self._project.pipeline.params,
            contents=dict(self._code.contents),
            logs=str(self._logs),
            task=self._tools.task,
            rows=self._tools.rows,
        )

    def _run_apart(self, processes: StepProcesses, told: StepJob, job: Job) -> Ran:
        return _until_done(job, lambda: processes.run(told, limit=job.limit), processes.pause)


@dataclass(slots=True, kw_only=True)
class _Tried:
    """What is known of a try so far; ``returned`` once the step's own code has come to its end."""

    watch: Watch | None = None
    began: int = 0
    loaded: frozenset[str] = frozenset()
    returned: bool = False
    seconds: float = 0.0
    kept: Kept | None = None
    left: tuple[str, ...] = ()
    replaced: Replaced = field(default_factory=Replaced)
    error: TrimtabError | None = None

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What goes wrong inside is the try's error, unless something has before."""
        try:
            yield
        except TrimtabError as error:
            self.error = self.error or error


def _own_left_out(seen: Seen, step: Step) -> Seen:
    """What a command was seen to do, without what it did in the folders that it writes."""
    command = step.command
    if command is None:
        return seen

    def others(names: frozenset[str]) -> frozenset[str]:
        return frozenset(name for name in names if not command.makes(name))

    return replace(
        seen, files=others(seen.files), listed=others(seen.listed), absent=others(seen.absent), left=others(seen.left),
        wrote=others(seen.wrote),
    )  # fmt: skip


def _pause(seconds: float) -> bool:
    time.sleep(seconds)
    return True


def _until_done(job: Job, attempt: Callable[[], Ran], pause: Callable[[float], bool] = _pause) -> Ran:
    """The first try that comes to a value, or that trying again would not help, or the last that is allowed."""
    allowed = job.step.mark.retries if job.step.command is None else job.step.command.retries
    turn = 0
    while (ran := attempt()).again and turn < allowed and pause(_PAUSES[min(turn, len(_PAUSES) - 1)]):
        turn += 1
    return msgspec.structs.replace(ran, attempts=turn + 1)
