"""Commands on tables of one's own: data profile, infer, check, diff, drift, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trimtab.cli import data_exchange_commands
from trimtab.cli.data_inputs import (
    FILE,
    junit,
    markdown,
    opened,
    page,
    shown,
    with_columns,
    with_junit,
    with_markdown,
    with_page,
    with_query,
    with_sensitive,
    with_time,
)
from trimtab.cli.memory import keep_freed_memory
from trimtab.cli.output import EXIT_OF_VERDICT, as_json, document, in_project, note
from trimtab.cli.progress import Progress
from trimtab.cli.threads import one_thread

if TYPE_CHECKING:
    from trimtab.app.data_defaults import ProjectTable

_SEASONS = ("hour", "weekday", "hour-of-week")


@click.group()
def data() -> None:
    """Profile, check and compare tables of your own.

    A table is a file (Parquet, CSV, Arrow), a glob of files or a query. No project is needed; inside one, what is not
    named is the project's own table and contract.
    """
    one_thread()
    keep_freed_memory()


@data.command()
@click.argument("file", required=False)
@with_query
@click.option("--key", multiple=True, metavar="COLUMN", help="A column of the key: rows that repeat it are counted.")
@with_time
@with_sensitive
@click.option("--season", type=click.Choice(_SEASONS), help="Store a profile for each season, as a reference of drift.")
@click.option("--zone", metavar="ZONE", help="The time zone of hours and days, for --season; by default UTC.")
@click.option("--output", "-o", type=FILE, help="Store the profile here, to compare with later.")
@click.option("--engine", type=click.Choice(("trimtab", "ray")), default="trimtab", show_default=True,
              help="Who reads; ray shares the files of a glob among the nodes of a cluster.")  # fmt: skip
@click.option("--address", metavar="HOST:PORT",
              help="The cluster for --engine ray; else RAY_ADDRESS, else a passing one on this machine.")  # fmt: skip
@with_page
@in_project
@as_json
def profile(file: str | None, query: str | None, output: Path | None, folder: Path, json_: bool, **said: Any) -> None:
    """Say what is in a table: one pass, whatever its size.

    FILE is a table, or a stored profile to be shown again.
    """
    from trimtab.app import data as tables
    from trimtab.app.data_drift import hidden_by
    from trimtab.app.data_opening import Reading, time_in
    from trimtab.app.data_report import of_profile
    from trimtab.drivers.profile_files import write_profile

    _refuse_unless_asked(said)
    if said["engine"] == "ray":
        _refuse_for_ray(file, query, said)
    default = _default(file, folder)
    roles = default.roles if default is not None else None
    given = opened(file, query, default, outputs=(output, said["html"]))
    with Progress("profiling") as progress:
        reading = Reading(
            key=said["key"] or ((roles.key,) if roles is not None and roles.key else ()),
            time=said["time"] or (time_in(default.table, roles.time) if default is not None and roles else None),
            sensitive=said["sensitive"],
            hidden=hidden_by(default.contract if default is not None and default.contract.is_file() else None),
            zone=said["zone"] or "UTC",
            progress=progress,
        )
        if said["season"] is not None:
            _profile_by_season(given, said["season"], output, reading)
            return
        if said["engine"] == "ray":
            found = _profile_on_ray(str(file), reading, said["address"])
        else:
            found = tables.profile(given, reading)
    if output is not None:
        write_profile(output, found.profile)
        note(f"stored the profile in {output}")
    shown(of_profile(found, tuple(sorted(reading.unseen))), json_=json_, files=((said["html"], page),))


@data.command()
@click.argument("file", required=False)
@with_query
@click.option("--output", "-o", type=FILE, help="Write the contract here, and its reference profile beside it.")
@with_time
@click.option("--label", metavar="COLUMN", help="The column that is predicted: in training tables only.")
@click.option("--key", metavar="COLUMN", help="The column that names a row.")
@click.option("--zone", metavar="ZONE", help="The zone of times without one, such as Europe/Berlin.")
@with_sensitive
@click.option("--force", is_flag=True, help="Replace a contract that is there.")
@in_project
@as_json
def infer(file: str | None, query: str | None, output: Path | None, folder: Path, json_: bool, **said: Any) -> None:
    """Propose a contract, with a reason for each rule.

    Structure (columns, types, gaps) refuses, what was merely seen is noted; only a person makes it stricter. FILE may
    be a stored profile. Without --output the contract is printed.
    """
    from trimtab.app.data_contract_files import keep_contract, kept_hidden, ready_to_keep
    from trimtab.app.data_contracts import propose

    default = _default(file, folder)
    if output is not None:
        ready_to_keep(output, file, replace=said["force"])
    given = opened(file, query, default)
    if output is not None:
        ready_to_keep(output, given, replace=said["force"])
        said["sensitive"] = (*said["sensitive"], *kept_hidden(output))  # what a person hid stays hidden
    with Progress("reading") as progress:
        proposal = propose(given, _roles(default, said), progress=progress)
    for told in proposal.notes:
        note(told)
    if output is not None:
        kept = keep_contract(proposal, output, replace=said["force"])
        note(f"wrote {output}: {kept.sentence}")
        if json_:
            document("trimtab.data-infer/1", kept)
        return
    if json_:
        document("trimtab.contract-proposal/1", proposal.contract)
        return
    click.echo(proposal.text, nl=False)


@data.command()
@click.argument("file", required=False)
@with_query
@click.option("--contract", type=FILE, help="What the rows must be.")
@click.option("--reference", type=str, help="Compare with this profile or table instead of the contract's reference.")
@click.option("--no-reference", is_flag=True, help="Compare with nothing.")
@click.option("--strict", is_flag=True, help="Refuse for what the contract only notes, too: learned ranges and drift.")
@click.option("--aside", type=FILE, help="Write the rows that are set aside here (.parquet, .csv), with the reasons.")
@click.option("--kept", type=FILE, help="Write the rows that go on here, unless the table is refused.")
@click.option("--engine", type=click.Choice(("trimtab", "great-expectations")), default="trimtab", show_default=True,
              help="Who checks; great-expectations runs a suite of yours with the library itself.")  # fmt: skip
@click.option("--suite", type=FILE, help="The suite for --engine great-expectations.")
@with_sensitive
@with_junit
@with_markdown
@with_page
@with_columns
@in_project
@as_json
def check(file: str | None, query: str | None, folder: Path, json_: bool, **said: Any) -> int:
    """Check a table: all violations, and what drifted.

    Ends with 0 if the table may be used, 1 if the contract refuses it, 3 if it cannot be told.
    """
    from trimtab.app.data_check import Setting
    from trimtab.app.data_contracts import check_with_contract, check_with_suite

    foreign = said["engine"] == "great-expectations"
    if said["no_reference"] and said["reference"] is not None:
        raise click.UsageError("--no-reference compares with nothing, and --reference names what to compare with")
    _refuse_of_the_other_engine(said, foreign=foreign)
    default = _default(file, folder)
    outputs = (said["junit"], said["markdown"], said["html"])
    given = opened(file, query, default, outputs=(*outputs, said["aside"], said["kept"]))
    contract = said["contract"] or (default.contract if default is not None else None)
    with Progress("checking") as progress:
        if foreign:
            there = contract if contract is not None and (said["contract"] or contract.is_file()) else None
            report = check_with_suite(
                given, said["suite"], sensitive=said["sensitive"], contract=there, outputs=outputs
            )
        else:
            setting = Setting(
                reference=said["reference"],
                aside=said["aside"],
                kept=said["kept"],
                sensitive=said["sensitive"],
                strict=said["strict"],
                progress=progress,
            )
            report = check_with_contract(
                given, contract, setting, own_reference=not said["no_reference"], outputs=outputs
            )
    files = ((said["junit"], junit), (said["markdown"], markdown), (said["html"], page))
    shown(report, json_=json_, files=files, all_columns=said["all_columns"])
    return EXIT_OF_VERDICT[report.verdict]


@data.command()
@click.argument("old", type=FILE)
@click.argument("new")
@as_json
def diff(old: Path, new: str, json_: bool) -> int:
    """Show how a newer contract differs from a kept one.

    NEW is a contract, or a table or a stored profile that one is proposed from. Ends with 1 if anything differs.
    """
    from trimtab.app.data_contracts import difference

    found = difference(old, new)
    if json_:
        document("trimtab.contract-diff/1", found)
    else:
        click.echo("\n".join(found.lines()))
    return 1 if found.changes else 0


@data.command()
@click.argument("reference")
@click.argument("current")
@click.option("--tolerance", multiple=True, metavar="WHAT=SIZE",
              help="How much may change: location (in standard deviations), scale (a share of one), shape, share, "
              "joint; 'off' leaves it out.")  # fmt: skip
@click.option("--level", type=click.FloatRange(0.5, 0.9999), default=0.95, show_default=True,
              help="The confidence of all verdicts together.")  # fmt: skip
@click.option("--without", multiple=True, metavar="COLUMN", help="Leave this column out; may be repeated.")
@click.option("--only", multiple=True, metavar="COLUMN", help="Compare this column; may be repeated.")
@click.option("--contract", type=FILE, help="Take the tolerances from this contract.")
@click.option("--season", type=click.Choice(_SEASONS), help="Compare each season with its like, by --time.")
@with_time
@click.option("--zone", metavar="ZONE", help="The time zone of hours and days, for --season; by default UTC.")
@with_sensitive
@with_junit
@with_markdown
@with_page
@with_columns
@as_json
def drift(reference: str, current: str, json_: bool, **said: Any) -> int:
    """Say what differs between two tables, and if it matters.

    REFERENCE and CURRENT are tables or stored profiles. Ends with 0 if every change is within its tolerance, 1 if one
    is not, 3 if there are too few rows to tell.
    """
    from trimtab.app.data_drift import compared, hidden_by, judging_for
    from trimtab.app.data_opening import Reading
    from trimtab.app.data_outputs import ready_to_write
    from trimtab.app.data_report import of_drift

    _refuse_unless_asked(said)
    if said["season"] is None and said["time"] is not None:
        raise click.UsageError("--time tells the seasons apart, for --season")
    outputs = (said["junit"], said["markdown"], said["html"])
    sides = opened(reference, None, outputs=outputs), opened(current, None, outputs=outputs)
    ready_to_write(outputs, said["contract"])
    judging = judging_for(
        said["tolerance"],
        level=said["level"],
        only=said["only"],
        without=said["without"],
        contract=said["contract"],
    )
    with Progress("reading") as progress:
        reading = Reading(
            lean=said["html"] is None,
            time=said["time"],
            sensitive=said["sensitive"],
            hidden=hidden_by(said["contract"]),
            zone=said["zone"] or "UTC",
            progress=progress,
        )
        found = compared(
            sides,
            judging,
            reading,
            season=said["season"],
            named=(*said["only"], *said["without"]),
            contract=said["contract"],
        )
    report = of_drift(found, tuple(sorted(reading.unseen)))
    files = ((said["junit"], junit), (said["markdown"], markdown), (said["html"], page))
    shown(report, json_=json_, files=files, all_columns=said["all_columns"])
    return EXIT_OF_VERDICT[report.verdict]


@data.command()
@click.argument("file", required=False)
@with_query
@click.option("--output", "-o", type=FILE, required=True, help="The page: one HTML file that needs nothing else.")
@click.option("--contract", type=FILE, help="What the rows must be.")
@click.option("--reference", help="A profile or a table to compare with; by default the contract's reference.")
@with_time
@with_sensitive
@with_markdown
@with_junit
@in_project
@as_json
def report(file: str | None, query: str | None, output: Path, folder: Path, json_: bool, **said: Any) -> int:
    """Write a page about a table, to look at.

    Violations first, then what changed most, then every column beside the reference.

    It ends like `check` and `drift` do.
    """
    from trimtab.app.data_contracts import report_on
    from trimtab.app.data_opening import Reading, time_in

    default = _default(file, folder)
    time = said["time"] or (time_in(default.table, default.roles.time) if default is not None else None)
    contract = said["contract"] or (default.contract if default is not None and default.contract.is_file() else None)
    outputs = (output, said["markdown"], said["junit"])
    given = opened(file, query, default, outputs=outputs)
    with Progress("reading") as progress:
        reading = Reading(time=time, sensitive=said["sensitive"], progress=progress)
        found = report_on(given, contract, said["reference"], reading, outputs=outputs)
    files = ((output, page), (said["markdown"], markdown), (said["junit"], junit))
    shown(found, json_=json_, files=files)
    note(f"wrote {output}")
    return EXIT_OF_VERDICT[found.verdict]


def _default(file: str | None, folder: Path) -> ProjectTable | None:
    from trimtab.app.data_defaults import project_table

    return None if file is not None else project_table(folder)


def _roles(default: ProjectTable | None, said: dict[str, Any]) -> Any:
    from dataclasses import replace

    from trimtab.data.infer import Roles

    given = {name: said[name] for name in ("time", "label", "key", "zone", "sensitive") if said[name]}
    return replace(default.roles if default is not None else Roles(), **given)


def _profile_by_season(table: Any, season: str, output: Path | None, reading: Any) -> None:
    from trimtab.app.data import profile_by_season
    from trimtab.data.seasons import Season
    from trimtab.drivers.profile_files import write_profile

    if output is None:
        raise click.UsageError("--season stores a profile: name its file with --output")
    _, seasons = profile_by_season(table, Season(season), reading)
    write_profile(output, seasons)
    note(f"stored {len(seasons.parts)} profiles by {season} in {output}")


def _refuse_unless_asked(said: dict[str, Any]) -> None:
    """Options that say something about what was not asked for are no options without effect, but mistakes."""
    if said["season"] is None and said["zone"] is not None:
        raise click.UsageError("--zone is that of hours and days, for --season")
    if said.get("address") is not None and said["engine"] != "ray":
        raise click.UsageError("--address is the cluster's, for --engine ray")


def _refuse_of_the_other_engine(said: dict[str, Any], *, foreign: bool) -> None:
    if not foreign and said["suite"] is not None:
        raise click.UsageError("--suite is for --engine great-expectations; `data import` makes a contract of one")
    if foreign:
        for name in ("reference", "no_reference", "strict", "aside", "kept"):
            if said[name]:
                option = name.replace("_", "-")
                raise click.UsageError(f"--{option} is for our own check: Great Expectations runs a suite and no more")


def _refuse_for_ray(file: str | None, query: str | None, said: dict[str, Any]) -> None:
    if file is None or query is not None:
        raise click.UsageError("--engine ray profiles files: name them as FILE, by a path or a glob")
    if said["season"] is not None:
        raise click.UsageError("--engine ray makes no profiles by season: leave out --season or --engine")


def _profile_on_ray(files: str, reading: Any, address: str | None) -> Any:
    import sys

    from trimtab.app.data_lake import profile_on_ray

    hidden = not sys.stderr.isatty()
    with click.progressbar(length=1, label="profiling files", file=sys.stderr, show_pos=True, hidden=hidden) as bar:

        def done(files: int, of: int) -> None:
            bar.length = of
            bar.update(files - bar.pos)

        return profile_on_ray(files, reading, address=address, done=done)


for command in data_exchange_commands.COMMANDS:
    data.add_command(command)

COMMANDS = (data,)
