"""Commands on recorded runs: list, show, compare; and where anything came from."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from trimtab.cli.output import as_json, document, in_project, note

AT_A_TERMINAL = 50
"""Runs that a person is shown unless they ask for more; into a pipe or with --json all are written."""


@click.group(invoke_without_command=True)
@in_project
@click.option("--where", default="", metavar="CONDITION", help='Only these: "metrics.auc > .8 and params.depth = 6".')
@click.option(
    "--sort", default="", metavar="FIELDS", help='By these, separated by commas; "-metrics.auc" is downwards.'
)
@click.option("--columns", default="", metavar="FIELDS", help="Show these, separated by commas.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help=f"At most N; at a terminal {AT_A_TERMINAL}.")
@as_json
@click.pass_context
def runs(context: click.Context, /, folder: Path, json_: bool, **asked: Any) -> None:
    """List, filter and sort the recorded runs.

    The newest come first. With a command: one run, or several side by side.
    """
    if context.invoked_subcommand is not None:
        given = [name for name in context.params if context.get_parameter_source(name) is not ParameterSource.DEFAULT]
        if given:
            raise click.UsageError(f"Options stand behind the command: trimtab runs {context.invoked_subcommand} …")
        return
    from trimtab.app.doors import open_home
    from trimtab.app.runs import Asked, list_runs, read_rows
    from trimtab.generate.runs_text import listing

    gc.disable()  # a list is a million small values that live to the end: looking for rings among them takes its tenth
    home = open_home(folder)
    if not (asked["limit"] or json_) and sys.stdout is not None and sys.stdout.isatty():
        asked["limit"] = AT_A_TERMINAL
    found = list_runs(home, Asked(**asked))
    for each in found.notes:
        note(f"note: {each}")
    if json_:
        document("trimtab.runs/1", {"runs": list(read_rows(home, found.rows)), "total": found.total})
        return
    click.echo(listing(found.columns, found.rows))
    if len(found.rows) < found.total:
        note(f"{len(found.rows):,} of {found.total:,} runs; --limit N shows more")


@runs.command("show")
@click.argument("run")
@in_project
@as_json
def show(run: str, folder: Path, json_: bool) -> None:
    """Show all that is recorded of one run.

    RUN is its id or the beginning of it, `latest`, or `latest~1` for the one before.
    """
    from trimtab.app.compare_runs import curves_of
    from trimtab.app.doors import open_home
    from trimtab.app.runs import find_run
    from trimtab.generate.runs_report import curves_document
    from trimtab.generate.runs_text import facts

    home = open_home(folder)
    found, notes = find_run(home, run), list[str]()
    series = curves_of(home, found, notes)
    for each in notes:
        note(f"note: {each}")
    if json_:
        document("trimtab.run-show/1", {"run": found.run_id, "record": found, "curves": curves_document(series)})
    else:
        click.echo(facts(found, series))


@runs.command("compare")
@click.argument("run", nargs=-1, required=True, metavar="RUN RUN…")
@in_project
@click.option("--diff", is_flag=True, help="Also the changed lines of the source, of two runs.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a self-contained page.")
@as_json
def compare(run: tuple[str, ...], folder: Path, diff: bool, html: Path | None, json_: bool) -> None:
    """Show side by side what differs between runs.

    Code, data, environment, parameters, steps, metrics with their curves, and results; what is the same is counted.
    """
    from trimtab.app.compare_runs import compare_runs, write_page
    from trimtab.app.data_outputs import ready_to_write
    from trimtab.app.doors import open_home
    from trimtab.generate.runs_report import to_document
    from trimtab.generate.runs_text import side_by_side

    ready_to_write((html,))
    side = compare_runs(open_home(folder), run)
    if html is not None:
        write_page(side, html)
        note(f"wrote {html}")
    if json_:
        document("trimtab.runs-compare/1", to_document(side))
    else:
        click.echo(side_by_side(side, diff=diff))


@click.command()
@click.argument("what")
@in_project
@as_json
def lineage(what: str, folder: Path, json_: bool) -> None:
    """Say what something came from and what came of it.

    WHAT is a run, a digest (of a release, a table, a source, an output), an endpoint, a file that a run read, the id of
    a prediction, or the number of an entry of the journal. Of ids and digests the beginning is enough.
    """
    from trimtab.app.doors import open_home
    from trimtab.app.lineage import trace

    found = trace(open_home(folder), what)
    if json_:
        document("trimtab.lineage/1", found)
    else:
        from trimtab.generate.runs_lineage import lineage as written

        click.echo(written(found))


COMMANDS = (runs, lineage)
