"""Commands on a project: new, check, run, retrain, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trimtab.cli.output import EXIT_OF_VERDICT, as_json, document, in_project, note, nothing_printed, table
from trimtab.cli.threads import one_thread

if TYPE_CHECKING:
    from trimtab.pipeline.plan import Planned
    from trimtab.records.run import Run


@click.command()
@click.argument("name")
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Where to make the folder."
)
def new(name: str, into: Path) -> None:
    """Write a small, complete project with sample data and a test."""
    from trimtab.app.new import create_project

    folder = create_project(name, into)
    click.echo(f"wrote {folder}")
    click.echo(f"next: cd {folder} && trimtab check && trimtab run")


@click.command()
@in_project
@as_json
def check(folder: Path, json_: bool) -> int:
    """Name every mistake in the project, with file and line.

    Configuration, pipeline, contract and data are looked at; nothing is written.
    """
    from trimtab.app.check import check_project

    with nothing_printed(json_):
        problems = check_project(folder)
    if json_:
        found = [{"code": p.code, "at": p.at, "problem": p.problem, "fix": p.fix} for p in problems]
        document("trimtab.check/1", {"problems": found})
    elif problems:
        click.echo("\n".join(str(problem) for problem in problems))
    else:
        click.echo("no mistake found")
    return 2 if problems else 0


@click.command()
@in_project
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A hyper-parameter, over trimtab.toml.")
@click.option("--explain", is_flag=True, help="Say which steps would run, and why; run nothing.")
@click.option("--fresh", is_flag=True, help="Run every step, whatever is kept.")
@click.option("--twice", is_flag=True, help="Run all again in another world: clock, hash order, order of files.")
@click.option("--debug", is_flag=True, help="Run every step in this process; show the traceback of an error.")
@as_json
def run(folder: Path, settings: tuple[str, ...], json_: bool, **how: bool) -> int:
    """Run the pipeline; a model that passes its gates is released.

    A step whose code, inputs, parameters, libraries and files are what they were is not run again: --explain says why
    for each. What was used and what came out is recorded either way.
    """
    one_thread()
    from trimtab.app.doors import local_person, open_home
    from trimtab.app.run import explain_working_tree, run_working_tree

    home = open_home(folder)
    person, fresh = local_person(), how["fresh"] or how["twice"]
    if how["explain"]:
        with nothing_printed(json_):
            planned = explain_working_tree(home, person, settings=settings, say=note, fresh=fresh)
        return _explained(planned, json_=json_)
    with nothing_printed(json_):
        result = run_working_tree(home, person, settings=settings, say=note, fresh=fresh, here=how["debug"])
    if how["twice"]:
        from trimtab.app.twice import run_twice
        from trimtab.cli.reproduce_command import told

        return told(run_twice(home, result, settings=settings, say=note), json_=json_)
    return _told(result, json_=json_)


@click.command(hidden=True)
@in_project
@click.option("--key", required=True, help="The action's key; the same key is the same training.")
@click.option("--as-of", "as_of", required=True, help="Use nothing that arrived at or after this time (ISO 8601).")
@as_json
def retrain(folder: Path, key: str, as_of: str, json_: bool) -> int:
    """Train a challenger from the champion's own source on what had arrived; `trimtab up` starts this as its child."""
    one_thread()
    from trimtab.app.doors import controller, open_home
    from trimtab.app.run import run_retraining
    from trimtab.base.instants import parse_instant

    with nothing_printed(json_):
        result = run_retraining(open_home(folder), controller(), key=key, as_of=parse_instant(as_of), say=note)
    return _told(result, json_=json_)


@click.command()
@in_project
@click.option(
    "--blocks",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Into how many equal blocks the answered rows are cut.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a self-contained page.")
@as_json
def report(folder: Path, blocks: int, html: Path | None, json_: bool) -> None:
    """Compare the loop with its first release kept for ever.

    Both are scored on the rows that were answered and have a label by now.
    """
    from trimtab.app.data_outputs import ready_to_write
    from trimtab.app.doors import open_home
    from trimtab.app.report import make_report, write_page

    ready_to_write((html,))
    made = make_report(open_home(folder), blocks=blocks)
    if html is not None:
        write_page(made, html)
        note(f"wrote {html}")
    if json_:
        document("trimtab.report/1", made)
        return
    rows = [
        (
            b.number,
            b.first[:10],
            b.last[:10],
            f"{b.rows:,}",
            f"{b.first_release:.3f}",
            f"{b.loop:.3f}",
            f"{b.loop - b.first_release:+.3f}",
        )
        for b in made.blocks
    ]
    click.echo(table(("block", "from", "to", "rows", "never retrained", "the loop", "gain"), rows))
    click.echo()
    for name, value in made.summary:
        click.echo(f"{name:<34}{value}")


def _explained(planned: tuple[Planned, ...], *, json_: bool) -> int:
    """Show a plan; a step that runs is no failure."""
    if json_:
        steps = [{"step": p.step, "fate": p.fate, "because": p.because, "notes": p.notes} for p in planned]
        document("trimtab.plan/1", {"steps": steps})
        return 0
    for each in planned:
        click.echo(f"{each.fate.value:<6}{each.step}: {each.because}")
        for said in each.notes:
            click.echo(f"      {said}")
    return 0


def _told(run: Run, *, json_: bool) -> int:
    """Show what a run came to; returns the exit code of its verdict."""

    release = run.outputs.get("release")
    if json_:
        document("trimtab.run-result/1", {"run": run.run_id, "release": release, "record": run})
    else:
        for evidence in run.evidence:
            click.echo(f"{evidence.verdict.value:<7}{evidence.check}: {evidence.reason}")
        click.echo(_came_to(run, release))
    return EXIT_OF_VERDICT[run.verdict] if run.verdict else 0


def _came_to(run: Run, release: str | None) -> str:
    from trimtab.base.digest import short
    from trimtab.records.run import StepState

    ran = sum(step.state is StepState.RAN for step in run.steps)
    steps = f"{ran} of {len(run.steps)} steps ran"
    if release:
        return f"release {short(release)} from run {run.run_id}, {steps}"
    if run.verdict is None:
        return f"run {run.run_id}: {steps}"
    return f"run {run.run_id} made no release ({steps}): a candidate must PASS every gate"


COMMANDS = (new, check, run, retrain, report)
