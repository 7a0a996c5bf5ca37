"""The end of a run in a project with a model: its verdict and its release, or those that there are already."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trimtab.app.home import Home
from trimtab.app.judging import Judging
from trimtab.app.project_code import ChangedMeanwhileError
from trimtab.app.run_values import Carried, Plan, Prepared
from trimtab.base.digest import Digest
from trimtab.pipeline.parts import key_of
from trimtab.pipeline.plan import with_inputs
from trimtab.records.kept import Kept
from trimtab.records.source import SourceFile, SourceTree
from trimtab.records.versioned import decode
from trimtab.spec.parse import PROJECT_FILE

if TYPE_CHECKING:
    from trimtab.app.candidate import Champion
    from trimtab.app.model_run import Judged


def champion_first(home: Home, plan: Plan, prepared: Prepared) -> Champion | None:
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


def _champion_of(home: Home, plan: Plan) -> Digest | None:
    if plan.kind == "reproduce":
        return plan.parent.champion if plan.parent is not None else None
    desired = home.desired() if plan.project.data is not None else None
    return Digest(desired.champion) if desired is not None else None


def _judged_before(
    home: Home, plan: Plan, prepared: Prepared, release: Digest | None, kept: Mapping[str, Kept]
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
    home: Home, plan: Plan, prepared: Prepared, release: Digest, kept: Mapping[str, Kept]
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
    keys = {name: key_of(with_inputs(each, digests)) for name, each in prepared.steps.facts.items()}
    same_steps = {step.step: step.key for step in run.steps} == keys
    if not same_steps or run.data.table != prepared.rows.gathered.data.table:
        return None
    if _settings(home, plan, run.code.source) != _settings(home, plan, plan.snapshot.digest):
        return None
    return Judged(
        metrics=run.metrics, verdict=run.verdict, evidence=run.evidence, model=run.outputs["model"], release=release
    )


def _settings(home: Home, plan: Plan, source: Digest) -> list[SourceFile | None]:
    """The project's file and its contract, as a snapshot has them."""
    files = decode(SourceTree, home.blobs.get(source), at=source).files
    return [files.get(name) for name in (PROJECT_FILE, str(plan.project.source.contract))]


def _judging_key(plan: Plan, prepared: Prepared, release: Digest | None, kept: Mapping[str, Kept]) -> Digest:
    from trimtab.app.model_run import judging_key

    assert prepared.rows is not None
    return judging_key(_judging(plan, release), prepared.steps.facts, kept, prepared.rows)


def _judging(plan: Plan, release: Digest | None) -> Judging:
    return Judging(
        project=plan.project, folder=plan.folder, snapshot=plan.snapshot, champion=release,
        timed=not plan.replayed and plan.kind != "reproduce",
    )  # fmt: skip


def judge_run(
    home: Home, plan: Plan, prepared: Prepared, carried: Carried, champion: Champion | None, folder: Path
) -> None:
    """Judge what the steps made, release it if it passes, and note both in the record.

    Raises:
        ChangedMeanwhileError: the champion was not asked, since the verdict seemed to be known, and it is not.
    """
    from trimtab.app.model_run import RanIn, judge_model, keep_judged

    assert prepared.rows is not None
    release = _champion_of(home, plan)
    kept = prepared.steps.kept
    judged = _judged_before(home, plan, prepared, release, kept)
    if judged is None:
        if release is not None and champion is None:
            raise ChangedMeanwhileError(
                "what the model is made of or judged by changed while the run was going on, so that it would be judged "
                "without the champion beside it",
                fix="Run it again.",
            )
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
