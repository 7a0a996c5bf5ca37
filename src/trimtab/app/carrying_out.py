"""The middle of a run: rows, steps, verdict, and what of them the record says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from trimtab.app.home import Home
from trimtab.app.hooks import hooks_for
from trimtab.app.judging import Judging
from trimtab.app.places import is_file
from trimtab.app.project_code import SourceCode, read_code
from trimtab.app.serialisers import load_serialisers
from trimtab.app.step_facts import Reader
from trimtab.app.step_runner import StepRunner, Tools
from trimtab.app.steps import Given, Pipeline, Say, Steps, Stores
from trimtab.app.training_rows import Asked, TrainingRows, kept_rows, training_rows
from trimtab.base.digest import Digest, digest_json
from trimtab.base.instants import Instant
from trimtab.disk.faults import explained
from trimtab.drivers.data_files import snapshot_files
from trimtab.drivers.environment import Libraries, environment_level, observe_packages
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.observation import Observer
from trimtab.drivers.run_log.reading import read_log
from trimtab.drivers.source_snapshot import Snapshot
from trimtab.drivers.step_values import Results, StepValues
from trimtab.pipeline.code import Program
from trimtab.pipeline.draft import LABEL, ROWS
from trimtab.pipeline.graph import parameters
from trimtab.pipeline.parts import Part, key_of
from trimtab.pipeline.plan import Planned, with_inputs
from trimtab.records.environment import Environment
from trimtab.records.kept import Kept
from trimtab.records.run import FileRead, Run, StepState
from trimtab.records.secret_words import hide
from trimtab.records.series import pack_series
from trimtab.records.source import SourceFile, SourceTree
from trimtab.records.versioned import decode
from trimtab.spec.parse import PROJECT_FILE
from trimtab.spec.project import Keep, Project

if TYPE_CHECKING:
    from trimtab.app.model_run import Judged
    from trimtab.data.schema import Contract


class Parts(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.parts/1"):
    """By step: the parts with which it last ran, how many seconds it took, and why its result was not kept.

    A plan says by it what has changed.
    """

    parts: dict[str, tuple[Part, ...]] = {}
    seconds: dict[str, float] = {}
    unstable: dict[str, tuple[str, ...]] = {}


PARTS: Final = "parts"
CACHE_LIMIT: Final = 10 << 30
"""Bytes; above it the results that were not used for longest are removed."""

_BETWEEN_TRIMS: Final = 3600.0


class ToDo(Protocol):
    """What a run is to do, as `trimtab.app.run.Plan` says it."""

    @property
    def run_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def as_of(self) -> Instant: ...
    @property
    def folder(self) -> Path: ...
    @property
    def project(self) -> Project: ...
    @property
    def snapshot(self) -> Snapshot: ...
    @property
    def parent(self) -> Run | None: ...
    @property
    def replayed(self) -> bool: ...
    @property
    def fresh(self) -> bool: ...
    @property
    def here(self) -> bool: ...


@dataclass(slots=True)
class Carried:
    """The record as far as it is known: what is there when a step fails is recorded too."""

    run: Run

    def note(self, **known: Any) -> None:
        """Add to the record."""
        self.run = msgspec.structs.replace(self.run, **known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A run's steps, ready to be planned or run."""

    steps: Steps
    given: Mapping[str, Given]
    code: SourceCode
    rows: TrainingRows | None
    environment: Environment
    index: FileIndex


def explain(home: Home, plan: ToDo, folder: Path, say: Say) -> tuple[Planned, ...]:
    """What a run would do, step by step, and why; nothing is run and nothing recorded."""
    prepared = _prepare(home, plan, folder, say, load=False)
    return prepared.steps.plan(prepared.given)


def carry_out(home: Home, plan: ToDo, carried: Carried, folder: Path, say: Say, *, load: bool) -> None:
    """Run a plan's steps, judge and release what they make, and note all of it in the record.

    Args:
        folder: a folder for what is half-made; it is made.
        load: take the pipeline's graph from the loaded module instead of its text.
    """
    prepared = _prepare(home, plan, folder, say, load=load)
    steps, rows = prepared.steps, prepared.rows
    carried.note(environment=prepared.environment, parameters=_parameters(prepared, plan.project))
    if rows is not None:
        carried.note(data=rows.gathered.data)
        say(f"{rows.rows:,} rows to train on, {rows.gathered.data.judged_rows:,} newer ones to judge by{_origin(rows)}")
    try:
        champion = _champion_first(home, plan, prepared)
        steps.run(prepared.given)
    finally:
        _note_steps(home, plan, prepared, carried, say)
    _remember(home, prepared)
    prepared.index.save()
    if rows is not None:
        _judge(home, plan, prepared, carried, champion, folder)


# ── before ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _prepare(home: Home, plan: ToDo, folder: Path, say: Say, *, load: bool) -> Prepared:
    folder.mkdir(parents=True, exist_ok=True)
    project, cache = plan.project, home.state / "cache"
    index = FileIndex(cache / "files.index")
    code = read_code(plan.folder, project, frozenset(plan.snapshot.files), load=load)
    libraries = Libraries(cache / "libraries.index")
    reader = Reader(
        root=plan.folder.resolve(), project=project, program=Program(code.texts), libraries=libraries, index=index
    )
    used = libraries.behind(sorted(reader.imports(code.graph)))
    level, lock = environment_level(plan.folder, used, libraries=libraries, named=project.pipeline.lock)
    if lock is not None:  # by itself: a lock may be too large to be a file of the source
        home.blobs.put((plan.folder / lock.path).read_bytes())
    rows = _rows(home, plan, say) if project.data is not None else None
    known = home.records.document(PARTS, Parts) or Parts()
    pipeline = Pipeline(
        folder=plan.folder.resolve(), project=project, graph=code.graph, facts=reader.facts(code.graph),
        before=known.parts, took=known.seconds, unstable=known.unstable,
    )  # fmt: skip
    values = StepValues(cache, load_serialisers(plan.folder, project), project=plan.folder.resolve())
    task, count = (rows.gathered.task, rows.rows) if rows is not None else ("", 0)
    tools = Tools(
        values=values, index=index, files=LocalBlobs(cache / "files"),
        observer=Observer(plan.folder, ignore=(home.state, folder)),
        hooks=hooks_for(project, code.graph, task=task, rows=count), task=task, rows=count,
    )  # fmt: skip
    runner = StepRunner(
        plan.folder.resolve(),
        project,
        code.functions,
        tools,
        logs=_logs(home, plan),
        cache=None if plan.here else cache,
    )
    stores = Stores(values=values, results=Results(cache), index=index)
    steps = Steps(pipeline, stores, runner, run_id=plan.run_id, say=say, fresh=plan.fresh)
    return Prepared(
        steps=steps, given=_given(code, rows), code=code, rows=rows, index=index,
        environment=observe_packages(used, level=level, lock=lock),
    )  # fmt: skip


def _rows(home: Home, plan: ToDo, say: Say) -> TrainingRows:
    contract = _contract(home, plan)
    if plan.kind == "reproduce" and plan.parent is not None and plan.parent.data is not None:
        return kept_rows(home, plan.parent.data, contract, task=_task_of(plan.project, contract))
    span = plan.project.retrain.span if plan.kind == "retrain" else None
    asked = Asked(run_id=plan.run_id, project=plan.project, as_of=plan.as_of, span=span)
    return training_rows(home, asked, contract, say)


def _contract(home: Home, plan: ToDo) -> Contract:
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
        ROWS: Given(digest=digest_json([gathered.features, kind, shape]), open=open_rows),
        LABEL: Given(digest=gathered.label, open=open_label),
    }


def _parameters(prepared: Prepared, project: Project) -> dict[str, Any]:
    secret = frozenset(project.pipeline.secret)
    return {
        name: hide("password" if name in secret else name, value)
        for name, value in parameters(prepared.code.graph).items()
    }


def _logs(home: Home, plan: ToDo) -> Path:
    folder = home.state / "logs" / plan.run_id
    with explained("make the folder for what steps log", folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


# ── after ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _note_steps(home: Home, plan: ToDo, prepared: Prepared, carried: Carried, say: Say) -> None:
    steps = prepared.steps
    done = tuple(steps.done[step.function] for step in prepared.code.graph.steps if step.function in steps.done)
    outputs = {step.step: step.output for step in done if step.output is not None}
    logged = read_log(*(home.state / "logs" / plan.run_id / f"{step.step}.log" for step in done))
    for said in logged.notes:
        say(said)
    carried.note(
        steps=done,
        outputs=outputs,
        files=_files(home, plan, prepared, done),
        parameters={**carried.run.parameters, **{name: hide(name, value) for name, value in logged.parameters.items()}},
        metrics=dict(logged.metrics),
        series=home.blobs.put(pack_series(logged.series)) if logged.series else None,
    )


def _files(home: Home, plan: ToDo, prepared: Prepared, done: Any) -> dict[str, FileRead]:
    """The files that any step read, kept with their content where the project says so."""
    names = {name for step in done for name, digest in step.reads.items() if is_file(name, digest)}
    root = plan.folder.resolve()
    paths = [root / name for name in sorted(names) if name not in plan.snapshot.files and (root / name).is_file()]
    store = home.state / "blobs" if plan.project.pipeline.keep is Keep.COPY else None
    return snapshot_files(paths, root, prepared.index, store)


def _remember(home: Home, prepared: Prepared) -> None:
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
        _trim(home.state / "cache")


def _trim(cache: Path) -> None:
    """Keep the cache below its limit; looked at once an hour, since looking takes a walk through it."""
    marker = cache / "trimmed"
    now = time.time()
    if marker.is_file() and now - marker.stat().st_mtime < _BETWEEN_TRIMS:
        return
    from trimtab.drivers.step_values.trim import trim

    trim(cache, CACHE_LIMIT)
    marker.touch()


def _origin(rows: TrainingRows) -> str:
    return f" ({rows.gathered.origin})" if rows.gathered.origin else ""


# ── the model ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _champion_first(home: Home, plan: ToDo, prepared: Prepared) -> Any:
    """The champion's answers, if the candidate may have to be compared: before the candidate's code is loaded."""
    release = _champion_of(home, plan)
    if prepared.rows is None or release is None:
        return None
    planned = prepared.steps.plan(prepared.given)
    if all(each.result is not None for each in planned):
        kept = {each.step: each.result.kept for each in planned if each.result is not None}
        if _judged_before(home, plan, prepared, release, kept) is not None:
            return None
    from trimtab.app.candidate import champion_on

    return champion_on(home, release, prepared.rows.contract, prepared.rows.judge())


def _champion_of(home: Home, plan: ToDo) -> Digest | None:
    if plan.kind == "reproduce":
        return plan.parent.champion if plan.parent is not None else None
    desired = home.desired() if plan.project.data is not None else None
    return Digest(desired.champion) if desired is not None else None


def _judged_before(
    home: Home, plan: ToDo, prepared: Prepared, release: Digest | None, kept: Mapping[str, Kept]
) -> Judged | None:
    """The verdict that there is already, or that of the champion where the candidate is the champion once more."""
    from trimtab.app.model_run import judged_before

    if plan.fresh:
        return None
    if release is not None and plan.kind == "run":
        own = _champions_own(home, plan, prepared, release, kept)
        if own is not None:
            return own
    return judged_before(home, _judging_key(plan, prepared, release, kept))


def _champions_own(
    home: Home, plan: ToDo, prepared: Prepared, release: Digest, kept: Mapping[str, Kept]
) -> Judged | None:
    """What was said of the champion when it was made, if rows, settings and every step's key are those of then."""
    from trimtab.app.model_run import Judged
    from trimtab.app.runs import run_of_release

    assert prepared.rows is not None
    run = run_of_release(home.records, release)
    if run is None or run.verdict is None or run.data is None or run.code is None:
        return None
    digests = {name: each.digest for name, each in prepared.given.items()}
    digests |= {name: each.digest for name, each in kept.items()}
    facts = prepared.steps.pipeline.facts
    keys = {name: key_of(with_inputs(each, digests)) for name, each in facts.items()}
    same_steps = {step.step: step.key for step in run.steps} == keys
    if not same_steps or run.data.table != prepared.rows.gathered.data.table:
        return None
    if _settings(home, plan, run.code.source) != _settings(home, plan, plan.snapshot.digest):
        return None
    return Judged(
        metrics=run.metrics, verdict=run.verdict, evidence=run.evidence, model=run.outputs["model"], release=release
    )


def _settings(home: Home, plan: ToDo, source: Digest) -> list[SourceFile | None]:
    """The project's file and its contract, as a snapshot has them."""
    files = decode(SourceTree, home.blobs.get(source), at=source).files
    return [files.get(name) for name in (PROJECT_FILE, str(plan.project.source.contract))]


def _judging_key(plan: ToDo, prepared: Prepared, release: Digest | None, kept: Mapping[str, Kept]) -> Digest:
    from trimtab.app.model_run import judging_key

    assert prepared.rows is not None
    return judging_key(_judging(plan, release), prepared.steps.pipeline.facts, kept, prepared.rows)


def _judging(plan: ToDo, release: Digest | None) -> Judging:
    return Judging(
        project=plan.project, folder=plan.folder, snapshot=plan.snapshot, champion=release,
        timed=not plan.replayed and plan.kind != "reproduce",
    )  # fmt: skip


def _judge(home: Home, plan: ToDo, prepared: Prepared, carried: Carried, champion: Any, folder: Path) -> None:
    from trimtab.app.model_run import RanIn, judge_model, keep_judged

    assert prepared.rows is not None
    release = _champion_of(home, plan)
    kept = prepared.steps.kept
    judged = _judged_before(home, plan, prepared, release, kept)
    if judged is None:
        ran_in = RanIn(
            functions=prepared.code.functions(),
            environment=lambda _format: prepared.environment,
            champion=champion,
        )
        built = folder / "release"
        built.mkdir()
        judged = judge_model(home, _judging(plan, release), prepared.steps, prepared.rows, ran_in, built)
        if plan.kind == "run":
            keep_judged(home, _judging_key(plan, prepared, release, kept), judged)
    outputs = {**carried.run.outputs, "model": judged.model}
    if judged.release is not None:
        outputs["release"] = judged.release
    carried.note(
        metrics={**carried.run.metrics, **judged.metrics}, verdict=judged.verdict, evidence=judged.evidence,
        outputs=outputs, champion=release,
    )  # fmt: skip


__all__ = ["Carried", "Parts", "Prepared", "carry_out", "explain"]
