"""A run: one recorded execution of a project's pipeline, from rows to a signed release or a refusal.

The record is written when the run starts and again when it ends, whatever ended it. Nothing half-made is left: the
candidate is built in a temporary folder, and a release appears whole. A run is known by its id; asking for one that
is finished gives its record and does nothing, so a retraining that was killed is simply asked for again.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from trimtab.app.gather import Gathered, first_contract, gather, own_contract, split, write_aside
from trimtab.app.home import Home
from trimtab.app.pack import Reference, pack_release, python_minor
from trimtab.app.scorers import open_scorer
from trimtab.app.train import Candidate, Champion, ProjectCode, fit, judge
from trimtab.base.errors import InputError, TrimtabError
from trimtab.base.instants import Instant
from trimtab.base.verdict import Verdict
from trimtab.data.contract import parse_contract
from trimtab.data.schema import Contract
from trimtab.data.table import digest_table, event_times, to_columns
from trimtab.drivers.clocks import RealClock, ReplayClock
from trimtab.drivers.environment import check_lock, imported_modules, installed_packages, observe, packages_behind
from trimtab.drivers.prediction_log import LogIndex
from trimtab.drivers.project_file import read_project
from trimtab.drivers.signing_keys import trusted_keys
from trimtab.drivers.source_snapshot import Snapshot, extract, take_snapshot
from trimtab.drivers.tables import keep_table
from trimtab.drivers.user_code import load_functions, loaded_files, user_errors
from trimtab.gates.evaluate import JudgedRows, evaluate, expectations
from trimtab.pipeline.graph import build_graph, parameters
from trimtab.records.journal import Actor, Draft, Phase
from trimtab.records.environment import Environment
from trimtab.records.run import Code, Data, Run, RunState, retraining_id
from trimtab.release.manifest import CONTRACT_FILE, Manifest
from trimtab.release.verify import check_environment
from trimtab.spec.project import Project

Say = Callable[[str], None]


class UnkeptCodeError(InputError):
    """The pipeline imports a file of the project that its source snapshot leaves out."""

    code = "TT1012"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is to do.

    ``folder`` holds the source that is executed: the working tree, or a past run's snapshot laid out. ``project``
    is what that source's ``trimtab.toml`` says.
    """

    run_id: str
    kind: str
    actor: Actor
    as_of: Instant
    folder: Path
    project: Project
    snapshot: Snapshot
    parent: Run | None
    replayed: bool


def run_working_tree(home: Home, actor: Actor, *, settings: tuple[str, ...], say: Say) -> Run:
    """Train on the project's working tree and everything that has arrived; a PASS makes a release.

    Args:
        settings: hyper-parameters as ``NAME=VALUE``, over those of ``trimtab.toml``.

    Raises:
        UserCodeError: the project's own code raised; the run is recorded as failed.
    """
    project = with_settings(home.project, settings)
    desired = home.desired()
    replayed = desired is not None and desired.replayed
    now = RealClock().now()
    clock = ReplayClock(home.files.clock)
    as_of = clock.now() if replayed and clock.started() else now
    stamp = datetime.now(UTC)
    run_id = f"run-{stamp:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    first_contract(home.root, project, as_of, say)
    snapshot = take_snapshot(home.root, home.blobs, data=project.source.path)
    plan = Plan(
        run_id=run_id,
        kind="run",
        actor=actor,
        as_of=as_of,
        folder=home.root,
        project=project,
        snapshot=snapshot,
        parent=None,
        replayed=replayed,
    )
    return execute(home, plan, say)


def run_retraining(home: Home, actor: Actor, *, key: str, as_of: Instant, say: Say) -> Run:
    """Train a challenger from the champion's own source and lock on what had arrived before ``as_of``.

    The working tree is not looked at: new code enters by `run_working_tree` alone. The same key is the same run.
    """
    desired = home.champion()
    manifest = home.bundles.manifest(desired.champion)
    parent = next((run for run in home.records.runs() if run.outputs.get("release") == desired.champion), None)
    check_environment(manifest, installed_packages(), python_minor())
    with tempfile.TemporaryDirectory(prefix="trimtab-") as temporary:
        folder = Path(temporary)
        snapshot = extract(manifest.source, folder, home.blobs)
        plan = Plan(
            run_id=retraining_id(home.endpoint, key),
            kind="retrain",
            actor=actor,
            as_of=as_of,
            folder=folder,
            project=read_project(folder),
            snapshot=snapshot,
            parent=parent,
            replayed=desired.replayed,
        )
        return execute(home, plan, say)


def execute(home: Home, plan: Plan, say: Say) -> Run:
    """Carry a plan out and record it; returns the record, which for a finished run is the one that is there."""
    with home.lease(f"run-{plan.run_id}", plan.run_id), ExitStack() as stack:
        known = home.records.run(plan.run_id)
        if known is not None and known.state is RunState.FINISHED:
            return known
        home.clean()
        run = _begin(home, plan)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trimtab-")))
        try:
            run = _carry_out(home, plan, run, folder, say)
        except BaseException as error:
            problem = str(error) if isinstance(error, TrimtabError) else f"{type(error).__name__}: {error}"
            failed = msgspec.structs.replace(run, state=RunState.FAILED, problem=problem, finished_at=RealClock().now())
            _end(home, failed, Phase.FAILED, f"run {plan.run_id} failed: {problem.splitlines()[0]}")
            raise
        made = f"made release {run.outputs['release'][7:19]}" if "release" in run.outputs else "made no release"
        _end(home, run, Phase.DONE, f"run {plan.run_id}: {run.verdict}, {made}")
        return run


def with_settings(project: Project, settings: tuple[str, ...]) -> Project:
    """The project with hyper-parameters from the command line; raises `InputError` for one without ``=``."""
    params = dict(project.pipeline.params)
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise InputError(
                f"--set {setting} has no value", fix="Write --set NAME=VALUE, for example --set max_depth=6."
            )
        params[name] = _value(text)
    return replace(project, pipeline=replace(project.pipeline, params=params))


def champion_on(home: Home, release: str, contract: Contract, judged: pl.DataFrame) -> Champion:
    """The champion's answers to the judged rows, by its own code and its own bytes, after its signature was verified.

    It is asked before the candidate's code is loaded: two projects' modules of one name do not live side by side.
    """
    manifest = home.bundles.verify(release, trusted_keys())
    scorer = open_scorer(home.bundles.path(release), manifest)
    with user_errors(home.bundles.path(release), doing="scoring by the champion"):
        scores = scorer.scores(to_columns(judged, contract))
    return Champion(model=manifest.files[manifest.model.file], scores=scores)


def _carry_out(home: Home, plan: Plan, run: Run, folder: Path, say: Say) -> Run:
    project = plan.project
    contract = _contract(home, plan)
    gathered = _gather(home, plan, contract)
    aside = write_aside(home.state, plan.run_id, gathered.aside)
    if aside is not None:
        say(f"set aside {gathered.aside.height:,} rows that break the contract, with their reasons: {aside}")
    train, judged = split(gathered.table, contract, project.gates.judging)
    data = _data(home, gathered, contract, len(judged))
    say(f"{train.height:,} rows to train on, {judged.height:,} newer ones to judge by ({_origin(gathered)})")
    desired = home.desired()
    champion = champion_on(home, desired.champion, contract, judged) if desired else None
    functions = load_functions(plan.folder, project.pipeline.module)
    _refuse_unkept(plan)
    _check_lock(plan)
    graph = build_graph(
        functions.described,
        params=project.pipeline.params,
        seed=project.pipeline.seed,
        module_at=f"{project.pipeline.module}.py",
    )
    code = ProjectCode(folder=plan.folder, functions=functions.callables, graph=graph)
    candidate = fit(project, code, contract, train, folder)
    rows, latency = judge(code, candidate, champion, contract, judged, timed=not plan.replayed)
    # now that all is loaded: optional packages count if they are
    environment = observe(_imports(plan) | {candidate.model.format})
    report = evaluate(project.gates, rows, latency_p99=latency, seed=project.pipeline.seed)
    outputs = {"model": candidate.digest}
    if report.verdict is Verdict.PASS:
        draft = _manifest(plan, code, candidate, environment, rows, data)
        reference = Reference(rows=gathered.table, scores=np.asarray(rows.challenger, dtype=np.float64))
        outputs["release"] = pack_release(
            home.bundles, draft, candidate, reference=reference, source=plan, folder=folder
        )
    return msgspec.structs.replace(
        run,
        state=RunState.FINISHED,
        environment=environment,
        data=data,
        parameters=parameters(graph),
        metrics=report.metrics,
        verdict=report.verdict,
        evidence=report.evidence,
        outputs=outputs,
        finished_at=RealClock().now(),
    )


def _refuse_unkept(plan: Plan) -> None:
    """Refuse code that runs and is not kept: the release would lack it, and nobody could run it again."""
    missing = sorted(set(loaded_files(plan.folder)) - set(plan.snapshot.files))
    if missing:
        raise UnkeptCodeError(
            f"the pipeline imports {', '.join(missing)}, which is not part of the project's source",
            fix="Take it out of .gitignore, or move what is needed into a module that is kept.",
        )


def _begin(home: Home, plan: Plan) -> Run:
    code = Code(source=plan.snapshot.digest, commit=plan.snapshot.commit, uncommitted=plan.snapshot.uncommitted)
    run = Run(
        run_id=plan.run_id,
        project=plan.project.name,
        kind=plan.kind,
        state=RunState.RUNNING,
        actor=plan.actor,
        started_at=RealClock().now(),
        as_of=plan.as_of,
        code=code,
        seed=plan.project.pipeline.seed,
        parent=plan.parent.run_id if plan.parent else None,
    )
    home.records.put_run(run)
    return run


def _end(home: Home, run: Run, phase: Phase, reason: str) -> None:
    draft = Draft(
        at=run.as_of,
        action_key=f"run:{run.run_id}",
        kind="run",
        phase=phase,
        actor=run.actor,
        reason=reason,
        evidence=run.evidence,
        detail={"run": run.run_id},
        wall=RealClock().now(),
    )
    with home.records.transaction():
        home.records.put_run(run)
        home.records.append(draft)


def _contract(home: Home, plan: Plan) -> Contract:
    """The working tree's contract for a person's run; for a retraining the one that the champion was made under."""
    if plan.parent is None:
        return own_contract(home.root, plan.project)
    text = home.bundles.read(home.champion().champion, CONTRACT_FILE).decode()
    return parse_contract(text, at=CONTRACT_FILE)


def _gather(home: Home, plan: Plan, contract: Contract) -> Gathered:
    log = None
    if home.files.log.is_dir():
        log = LogIndex(home.files.log)
        log.update()
    span = plan.project.retrain.span if plan.parent is not None else None
    return gather(home.root, plan.project.source, contract, log=log, as_of=plan.as_of, span=span)


def _data(home: Home, gathered: Gathered, contract: Contract, judged_rows: int) -> Data:
    digest = digest_table(gathered.table)
    keep_table(home.state / "tables", digest, gathered.table)
    times = event_times(gathered.table, contract)
    return Data(
        table=digest,
        rows=gathered.table.height,
        judged_rows=judged_rows,
        origin=gathered.origin,
        left_out=gathered.left_out,
        first_event=Instant(int(times[0])),
        last_event=Instant(int(times[-1])),
    )


def _imports(plan: Plan) -> frozenset[str]:
    """The modules that the pipeline's own files import: those that are loaded, not the project's tests and clients."""
    return imported_modules({name: (plan.folder / name).read_text("utf-8") for name in loaded_files(plan.folder)})


def _check_lock(plan: Plan) -> None:
    """Refuse to train where what is installed is not what the project's lock says."""
    if plan.project.pipeline.lock is not None:
        check_lock(plan.folder / plan.project.pipeline.lock, packages_behind(_imports(plan)))


def _manifest(
    plan: Plan, code: ProjectCode, candidate: Candidate, environment: Environment, rows: JudgedRows, data: Data
) -> Manifest:
    return Manifest(
        project=plan.project.name,
        source=plan.snapshot.digest,
        data=data.table,
        module=plan.project.pipeline.module,
        rows_as=code.graph.rows_as,
        steps=candidate.steps,
        python=python_minor(),
        packages=environment.packages,
        model=candidate.model,
        files={},
        expected=expectations(rows, plan.project.watch.window, plan.project.gates.level),
        trained_rows=data.rows - data.judged_rows,
    )


def _origin(gathered: Gathered) -> str:
    names = {"source": "the project's table", "log": "the endpoint's log"}
    said = [f"{count:,} from {names[origin]}" for origin, count in gathered.origin.items()]
    if gathered.left_out:
        said.append(f"{gathered.left_out:,} of the log left out, which do not fit the contract")
    return ", ".join(said)


def _value(text: str) -> str | int | float | bool:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
