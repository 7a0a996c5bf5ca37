"""A run: one recorded execution of a project's pipeline, from rows to a signed release or a refusal.

The record is written when the run starts and again when it ends, whatever ended it. Nothing half-made is left: the
candidate is built in a temporary folder, and a release appears whole. A run is known by its id; asking for one that
is finished gives its record and does nothing, so a retraining that was killed is simply asked for again.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from trimtab.app.carrying_out import carry_out, explain
from trimtab.app.doors import user_name
from trimtab.app.home import Home
from trimtab.app.project_code import GraphDiffersError
from trimtab.app.run_settings import peak_bytes, without_secrets
from trimtab.app.run_values import Carried, Plan
from trimtab.app.settings import read_settings, with_recorded, with_settings
from trimtab.base.digest import Digest
from trimtab.base.errors import TrimtabError
from trimtab.base.instants import Instant
from trimtab.disk.temporary import temporary_folder
from trimtab.drivers.clocks import RealClock, ReplayClock
from trimtab.drivers.project_file import read_project
from trimtab.drivers.source_snapshot import extract, take_snapshot, told_left_out
from trimtab.pipeline.plan import Planned
from trimtab.records.journal import Actor, Draft, Phase
from trimtab.records.run import Code, Place, Run, RunState, retraining_id
from trimtab.records.run_fields import Field
from trimtab.records.secret_words import hide_words
from trimtab.records.where import RunQuery

Say = Callable[[str], None]


def run_working_tree(
    home: Home, actor: Actor, *, settings: tuple[str, ...], say: Say, fresh: bool = False, here: bool = False
) -> Run:
    """Run the working tree's pipeline on everything that has arrived; where it has a model, a PASS makes a release.

    Args:
        settings: hyper-parameters as ``NAME=VALUE``, over those of ``trimtab.toml``.
        fresh: run every step, whatever is kept.
        here: run every step in this process.

    Raises:
        UserCodeError: the project's own code raised; the run is recorded as failed.
    """
    return execute(home, plan_working_tree(home, actor, settings=settings, say=say, fresh=fresh, here=here), say)


def explain_working_tree(
    home: Home, actor: Actor, *, settings: tuple[str, ...], say: Say, fresh: bool = False
) -> tuple[Planned, ...]:
    """What a run of the working tree would do, step by step, and why; nothing is run and nothing recorded."""
    if home.project.data is not None and not (home.root / home.project.data.contract).is_file():
        say(f"there is no {home.project.data.contract} yet: a run infers one from the table, and then runs every step")
        return ()
    plan = plan_working_tree(home, actor, settings=settings, say=say, fresh=fresh)
    with temporary_folder("plan") as folder:
        return explain(home, plan, folder / "read", say)


def plan_working_tree(
    home: Home, actor: Actor, *, settings: tuple[str, ...], say: Say, fresh: bool = False, here: bool = False
) -> Plan:
    """What a run of the working tree is to do; a first contract is inferred where there is none."""
    project, given = home.project, read_settings(settings)
    replayed, as_of = False, RealClock().now()
    if project.data is not None:
        desired = home.desired()
        replayed = desired is not None and desired.replayed
        clock = ReplayClock(home.files.clock)
        as_of = clock.now() if replayed and clock.started() else as_of
        if not (home.root / project.data.contract).is_file():
            from trimtab.app.gather import first_contract

            first_contract(home.root, project, as_of, say)
    stamp = datetime.now(UTC)
    snapshot = take_snapshot(
        home.root,
        home.blobs,
        data=project.data.path if project.data is not None else "",
        made=project.makes,
        before=_newest_source(home),
    )
    for left_out in told_left_out(snapshot):
        say(left_out)
    return Plan(
        run_id=f"run-{stamp:%Y%m%d-%H%M%S}-{os.urandom(2).hex()}",
        kind="run",
        actor=actor,
        as_of=as_of,
        folder=home.root,
        project=with_settings(home.root, project, snapshot.files, given),
        snapshot=snapshot,
        replayed=replayed,
        fresh=fresh,
        here=here,
    )


def _newest_source(home: Home) -> Digest | None:
    """The source of the newest run; None before the first one."""
    rows = home.records.find_runs(RunQuery(limit=1, columns=(Field("code.source"),)))
    source = rows[0].values[0] if rows else None
    return Digest(str(source)) if source else None


def run_retraining(home: Home, actor: Actor, *, key: str, as_of: Instant, say: Say) -> Run:
    """Train a challenger from the champion's own source and lock on what had arrived before ``as_of``.

    The working tree is not looked at: new code enters by `run_working_tree` alone. The same key is the same run.
    """
    from trimtab.app.pack import python_minor
    from trimtab.app.runs import run_of_release
    from trimtab.drivers.environment import installed_packages
    from trimtab.release.verify import check_environment

    desired = home.champion()
    manifest = home.bundles.manifest(desired.champion)
    parent = run_of_release(home.records, desired.champion)
    check_environment(manifest, installed_packages(), python_minor())
    with temporary_folder("source") as folder:
        snapshot = extract(manifest.source, folder, home.blobs)
        project = read_project(folder)
        plan = Plan(
            run_id=retraining_id(home.endpoint, key),
            kind="retrain",
            actor=actor,
            as_of=as_of,
            folder=folder,
            project=project if parent is None else with_recorded(folder, project, parent, {}),
            snapshot=snapshot,
            parent=parent,
            replayed=desired.replayed,
            fresh=True,
        )
        return execute(home, plan, say)


def execute(home: Home, plan: Plan, say: Say) -> Run:
    """Carry a plan out and record it; returns the record, which for a finished run is the one that is there."""
    with home.lease(f"run-{plan.run_id}", plan.run_id), ExitStack() as stack:
        known = home.records.run(plan.run_id)
        if known is not None and known.state is RunState.FINISHED:
            return known
        home.clean()
        began = time.perf_counter()
        run = _begin(home, plan)
        folder = stack.enter_context(temporary_folder("run"))
        carried = Carried(run=run)
        try:
            _carry_out(home, plan, carried, folder, say)
        except BaseException as error:
            if isinstance(error, TrimtabError):
                error.problem = without_secrets(plan.project, error.problem)
                error.fix = without_secrets(plan.project, error.fix)
            problem = str(error) if isinstance(error, TrimtabError) else f"{type(error).__name__}: {error}"
            failed = replace(carried.run, state=RunState.FAILED, problem=problem)
            _end(home, _timed(failed, began), Phase.FAILED, f"run {plan.run_id} failed: {problem.splitlines()[0]}")
            raise
        run = _timed(replace(carried.run, state=RunState.FINISHED), began)
        _end(home, run, Phase.DONE, f"run {plan.run_id}: {_came_to(run)}")
        return run


def _carry_out(home: Home, plan: Plan, carried: Carried, folder: Path, say: Say) -> None:
    """Once from the code's text, and once more from the loaded module where the two say different things."""
    try:
        carry_out(home, plan, carried, folder / "read", say, load=False)
    except GraphDiffersError:
        carry_out(home, plan, carried, folder / "loaded", say, load=True)


def _begin(home: Home, plan: Plan) -> Run:
    snapshot = plan.snapshot
    run = Run(
        run_id=plan.run_id,
        project=plan.project.name,
        kind=plan.kind,
        state=RunState.RUNNING,
        actor=plan.actor,
        started_at=RealClock().now(),
        as_of=plan.as_of,
        place=Place(
            host=platform.node(),
            user=user_name(),
            folder=str(home.root),
            command=hide_words(("trimtab", *sys.argv[1:]), plan.project.pipeline.secret),
        ),
        code=Code(
            source=snapshot.digest,
            commit=snapshot.commit,
            branch=snapshot.branch,
            uncommitted=snapshot.uncommitted,
        ),
        seed=plan.project.pipeline.seed,
        parent=plan.parent.run_id if plan.parent else None,
    )
    home.records.put_run(run)
    return run


def _timed(run: Run, began: float) -> Run:
    return replace(run, finished_at=RealClock().now(), seconds=time.perf_counter() - began, peak_bytes=peak_bytes())


def _came_to(run: Run) -> str:
    if run.verdict is None:
        return f"{len(run.steps)} steps"
    made = f"made release {run.outputs['release'][7:19]}" if "release" in run.outputs else "made no release"
    return f"{run.verdict}, {made}"


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
