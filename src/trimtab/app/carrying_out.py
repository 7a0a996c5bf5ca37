"""The middle of a run: rows, steps, verdict, and what of them the record says."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache as once
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from trimtab.app.home import Home
from trimtab.app.judging_run import champion_first, judge_run
from trimtab.app.known_reach import KnownReach
from trimtab.app.places import is_file
from trimtab.app.project_code import SourceCode, changed_since, read_code, read_contents
from trimtab.app.project_files import ProjectFiles
from trimtab.app.run_settings import hidden
from trimtab.app.run_values import Carried, Plan, Prepared
from trimtab.app.step_facts import Reader
from trimtab.app.steps import Given, Pipeline, Say, Steps, Stores
from trimtab.base.digest import Digest, digest_json
from trimtab.base.errors import TrimtabError
from trimtab.drivers.data_files import snapshot_files
from trimtab.drivers.environment import Libraries, environment_level, observe_packages
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.step_values import Results, StepValues
from trimtab.pipeline.draft import LABEL, ROWS
from trimtab.pipeline.graph import parameters
from trimtab.pipeline.parts import Part
from trimtab.pipeline.plan import Planned
from trimtab.records.run import FileRead, Scalar, StepRun, StepState
from trimtab.spec.project import Keep, Project

if TYPE_CHECKING:
    from trimtab.app.step_runner import StepRunner
    from trimtab.app.training_rows import TrainingRows
    from trimtab.data.schema import Contract


class Parts(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.parts/1"):
    """By step: the parts with which it last ran, how many seconds it took, and why its result was not kept.

    A plan says by it what has changed.
    """

    parts: dict[str, tuple[Part, ...]] = {}
    seconds: dict[str, float] = {}
    unstable: dict[str, tuple[str, ...]] = {}


PARTS: Final = "parts"
_STARTS: Final = "starts a process"
"""In what is said of a step that was seen to do so."""

CACHE_LIMIT: Final = 10 << 30
"""Bytes; above it the results that were not used for longest are removed."""


def explain(home: Home, plan: Plan, folder: Path, say: Say) -> tuple[Planned, ...]:
    """What a run would do, step by step, and why; nothing is run and nothing recorded."""
    prepared = _prepare(home, plan, folder, say, load=False)
    return prepared.steps.plan(prepared.given)


def carry_out(home: Home, plan: Plan, carried: Carried, folder: Path, say: Say, *, load: bool) -> None:
    """Run a plan's steps, judge and release what they make, and note all of it in the record.

    Args:
        folder: a folder for what is half-made; it is made.
        load: take the pipeline's graph from the loaded module instead of its text.
    """
    prepared = _prepare(home, plan, folder, say, load=load)
    steps, rows = prepared.steps, prepared.rows
    recorded = {name: hidden(plan.project, name, value) for name, value in parameters(prepared.code.graph).items()}
    carried.note(environment=prepared.environment, parameters=recorded)
    if rows is not None:
        carried.note(data=rows.gathered.data)
        say(f"{rows.rows:,} rows to train on, {rows.gathered.data.judged_rows:,} newer ones to judge by{_origin(rows)}")
    try:
        champion = champion_first(home, plan, prepared)
        steps.run(prepared.given)
    except BaseException:
        with suppress(TrimtabError):  # the step's own error says more
            _note_steps(home, plan, prepared, carried, say)
            prepared.save()
        raise
    _note_steps(home, plan, prepared, carried, say)
    _tell_changed(plan, prepared, say)
    _remember(home, prepared, say)
    prepared.save()
    if rows is not None:
        judge_run(home, plan, prepared, carried, champion, folder)


# ── before ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _prepare(home: Home, plan: Plan, folder: Path, say: Say, *, load: bool) -> Prepared:
    folder.mkdir(parents=True, exist_ok=True)
    project, cache = plan.project, home.state / "cache"
    index = FileIndex(cache / "files.index")
    files = plan.snapshot.files
    code = read_code(plan.folder, project, frozenset(files), read_contents(plan.folder, files), load=load)
    libraries = Libraries(cache / "libraries.index")
    reach = KnownReach(code.texts, cache / "reach.index")
    there = ProjectFiles(plan.folder.resolve(), index)
    reader = Reader(project=project, code=reach, libraries=libraries, files=there)
    used = libraries.behind(sorted(reader.imports(code.graph)))
    level, lock = environment_level(plan.folder, used, libraries=libraries, named=project.pipeline.lock)
    if lock is not None:  # by itself: a lock may be too large to be a file of the source
        home.blobs.put((plan.folder / lock.path).read_bytes())
    rows = _rows(home, plan, say) if project.data is not None else None
    known = home.records.document(PARTS, Parts) or Parts()
    pipeline = Pipeline(
        folder=plan.folder.resolve(), project=project, graph=code.graph, reader=reader,
        facts=reader.facts(code.graph),
        before=known.parts, took=known.seconds, unstable=known.unstable,
    )  # fmt: skip
    values = StepValues(cache, project=plan.folder.resolve())  # a runner that runs something has the serialisers
    stores = Stores(values=values, results=Results(cache), index=index)

    @once
    def runner() -> StepRunner:
        return _runner(home, plan, folder, code=code, rows=rows, stores=stores)

    steps = Steps(pipeline, stores, runner, run_id=plan.run_id, say=say, fresh=plan.fresh)
    return Prepared(
        steps=steps, given=_given(code, rows), code=code, rows=rows, index=index, reach=reach,
        environment=observe_packages(used, level=level, lock=lock),
    )  # fmt: skip


def _runner(
    home: Home, plan: Plan, folder: Path, *, code: SourceCode, rows: TrainingRows | None, stores: Stores
) -> StepRunner:
    """Imported and made for a step that runs: where nothing has changed, none does."""
    from trimtab.app.hooks import hooks_for
    from trimtab.app.step_job import StepCode, Tools
    from trimtab.app.step_runner import StepRunner
    from trimtab.drivers.observation import Observer
    from trimtab.drivers.user_code import forget_byte_code

    cache = home.state / "cache"
    task, count = (rows.gathered.task, rows.rows) if rows is not None else ("", 0)
    tools = Tools(
        values=stores.values, index=stores.index, files=LocalBlobs(cache / "files"),
        observer=Observer(plan.folder, ignore=(home.state, folder)),
        hooks=hooks_for(plan.project, code.graph, task=task, rows=count), task=task, rows=count,
    )  # fmt: skip
    root = plan.folder.resolve()
    forget_byte_code(root, code.contents)
    return StepRunner(
        root,
        plan.project,
        StepCode(functions=code.functions, contents=code.contents),
        tools,
        logs=home.state / "logs" / plan.run_id,
        cache=None if plan.here else cache,
    )


def _rows(home: Home, plan: Plan, say: Say) -> TrainingRows:
    from trimtab.app.training_rows import Asked, kept_rows, training_rows

    contract = _contract(home, plan)
    if plan.kind == "reproduce" and plan.parent is not None and plan.parent.data is not None:
        return kept_rows(home, plan.parent.data, contract, task=_task_of(plan.project, contract))
    span = plan.project.retrain.span if plan.kind == "retrain" else None
    asked = Asked(run_id=plan.run_id, project=plan.project, as_of=plan.as_of, span=span)
    return training_rows(home, asked, contract, say)


def _contract(home: Home, plan: Plan) -> Contract:
    """The executed source's contract; for a retraining the one that the champion was made under."""
    from trimtab.data.contract import parse_contract
    from trimtab.release.manifest import CONTRACT_FILE

    retrained = plan.parent.champion if plan.kind == "reproduce" and plan.parent is not None else None
    if plan.kind == "retrain":
        retrained = Digest(home.champion().champion)
    elif plan.parent is None or plan.parent.kind != "retrain" or retrained is None:
        from trimtab.app.own_contract import own_contract

        return own_contract(plan.folder, plan.project)
    text = home.bundles.read(retrained, CONTRACT_FILE).decode()
    return parse_contract(text, at=CONTRACT_FILE)


def _task_of(project: Project, contract: Contract) -> str:
    """The task that the project or its contract says; empty where the rows are to tell."""
    task = project.task or contract.task
    return task.value if task is not None else ""


def _given(code: SourceCode, rows: TrainingRows | None) -> dict[str, Given]:
    if rows is None:
        return {}
    kind = code.graph.rows_as

    def open_rows() -> Any:
        from trimtab.data.table import to_columns
        from trimtab.release.rows import rows_as

        return rows_as(kind, to_columns(rows.train(), rows.contract))

    def open_label() -> Any:
        from trimtab.data.table import label_of

        return label_of(rows.train(), rows.contract)

    gathered = rows.gathered
    shape = [[column.name, column.type.value, column.nullable] for column in rows.contract.features]
    return {
        ROWS: Given(digest=digest_json([gathered.features, kind, shape]), open=open_rows, libraries=(kind,)),
        LABEL: Given(digest=gathered.label, open=open_label, libraries=("numpy",)),
    }


# ── after ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _note_steps(home: Home, plan: Plan, prepared: Prepared, carried: Carried, say: Say) -> None:
    steps = prepared.steps
    done = tuple(steps.done[step.function] for step in prepared.code.graph.steps if step.function in steps.done)
    outputs = {step.step: step.output for step in done if step.output is not None}
    logged, metrics, series = _logged(home, plan, done, say)
    carried.note(
        steps=done,
        outputs=outputs,
        files=_files(home, plan, prepared, done),
        parameters={**carried.run.parameters, **logged},
        metrics=metrics,
        series=series,
    )


def _logged(
    home: Home, plan: Plan, done: Sequence[StepRun], say: Say
) -> tuple[dict[str, Scalar], dict[str, float], Digest | None]:
    """What the steps logged: parameters, the last value of each metric, and the kept curves."""
    logs = [home.state / "logs" / plan.run_id / f"{step.step}.log" for step in done]
    if not any(map(Path.is_file, logs)):
        return {}, {}, None
    from trimtab.drivers.run_log.reading import read_log
    from trimtab.records.series import pack_series

    logged = read_log(*logs)
    for said in logged.notes:
        say(said)
    parameters = {name: hidden(plan.project, name, value) for name, value in logged.parameters.items()}
    return parameters, dict(logged.metrics), home.blobs.put(pack_series(logged.series)) if logged.series else None


def _files(home: Home, plan: Plan, prepared: Prepared, done: Sequence[StepRun]) -> dict[str, FileRead]:
    """The files that any step read, kept with their content where the project says so."""
    names = {
        name
        for step in done
        for name, digest in step.reads.items()
        if is_file(name, digest) and not plan.project.makes(name)
    }
    root = plan.folder.resolve()
    paths = [root / name for name in sorted(names) if name not in plan.snapshot.files and (root / name).is_file()]
    copied = [path for path in paths if plan.project.pipeline.keep is Keep.COPY and _may_be_copied(path, root)]
    referred = [path for path in paths if path not in set(copied)]
    taken = snapshot_files(copied, root, prepared.index, home.state / "blobs")
    return taken | snapshot_files(referred, root, prepared.index, None)


def _may_be_copied(path: Path, root: Path) -> bool:
    """Whether a file's bytes may be kept for good: one outside the project is not ours to copy, and one of passwords or
    keys by its name is nobody's."""
    from trimtab.drivers.source_snapshot.credentials import credentials_in

    return path.resolve().is_relative_to(root) and not any(credentials_in(path.name, b""))


def _tell_changed(plan: Plan, prepared: Prepared, say: Say) -> None:
    if any(run.state is StepState.RAN for run in prepared.steps.done.values()):
        for name in changed_since(plan.folder, prepared.code.contents):
            started = any(_STARTS in note for run in prepared.steps.done.values() for note in run.notes)
            others = ", but programs that its steps started may have used either" if started else ""
            say(f"{name} was changed while the run went on, which used it as it was in the beginning{others}")


def _remember(home: Home, prepared: Prepared, say: Say) -> None:
    """Note the parts with which steps ran, for the next plan."""
    steps = prepared.steps
    known = home.records.document(PARTS, Parts) or Parts()
    seconds = {name: run.seconds for name, run in steps.done.items() if run.seconds}
    told = Parts(
        parts={**known.parts, **steps.parts},
        seconds={**known.seconds, **seconds},
        unstable={**known.unstable, **steps.unstable},
    )
    if told != known:
        home.records.put_document(PARTS, told)
    if any(run.state is StepState.RAN for run in steps.done.values()):
        from trimtab.app.tidying import tidy

        tidy(home.state, CACHE_LIMIT, say)


def _origin(rows: TrainingRows) -> str:
    return f" ({rows.gathered.origin})" if rows.gathered.origin else ""
