"""What several `trimtab data` commands ask for, and how their results leave."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trimtab.cli.output import document

if TYPE_CHECKING:
    from trimtab.app.data_defaults import ProjectTable
    from trimtab.generate.data_report import DataReport

FILE = click.Path(path_type=Path, dir_okay=False)

with_query = click.option(
    "--query", metavar="SQL", help="FILE is a database (postgresql://…, sqlite:///…, a .db file): read this query."
)
with_time = click.option("--time", metavar="COLUMN", help="The column of the rows' own time.")
with_sensitive = click.option(
    "--sensitive", multiple=True, metavar="COLUMN", help="Show no value of this column anywhere; may be repeated."
)
with_page = click.option("--html", type=FILE, help="Also write a page to look at.")
with_markdown = click.option("--markdown", type=FILE, help="Also write Markdown, for a comment on a change.")
with_junit = click.option("--junit", type=FILE, help="Also write JUnit XML, for CI.")
with_columns = click.option("--all-columns", is_flag=True, help="List every column and all that is undecided, too.")


def opened(
    file: str | None,
    query: str | None,
    default: ProjectTable | None = None,
    *,
    outputs: tuple[Path | None, ...] = (),
) -> Any:
    """The table that a command line names, open: a file, a glob, a query, a stored profile, else the project's.

    The files that the command is to write are looked at first, since some tables cost a pass to be opened.
    """
    from trimtab.app.data_outputs import ready_to_write

    ready_to_write(outputs, file)
    found = _found(file, query, default)
    ready_to_write(outputs, found)
    return found


def _found(file: str | None, query: str | None, default: ProjectTable | None) -> Any:
    if query is not None:
        from trimtab.drivers.sources import open_query

        if file is None:
            raise click.UsageError("--query needs the database as FILE")
        return open_query(query, file)
    if file is not None:
        from trimtab.app.data_opening import opened as open_named

        return open_named(file)
    if default is not None:
        return default.table
    from trimtab.app.data_defaults import must_be_named

    raise must_be_named("table")


def shown(
    report: DataReport,
    *,
    json_: bool,
    files: tuple[tuple[Path | None, Callable[[DataReport], str]], ...] = (),
    all_columns: bool = False,
) -> None:
    """Print the report as a document or for a person, and write the files that were asked for."""
    from trimtab.disk.named import write_named

    for path, render in files:
        if path is not None:
            write_named(path, render(report).encode())
    if json_:
        from trimtab.generate.data_document import to_document

        document("trimtab.data-report/1", to_document(report))
        return
    from trimtab.generate.data_terminal import Look, terminal

    look = Look(width=_width(), colour=_colour(), all_columns=all_columns)
    click.echo(terminal(report, look), nl=False)


def page(report: DataReport) -> str:
    """The report as a page."""
    from trimtab.generate.data_page import page as render

    text: str = render(report)
    return text


def markdown(report: DataReport) -> str:
    """The report as Markdown."""
    from trimtab.generate.data_markdown import markdown as render

    return render(report)


def junit(report: DataReport) -> str:
    """The report as JUnit XML."""
    from trimtab.generate.data_junit import junit as render

    return render(report)


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


def _colour() -> bool:
    import sys

    return sys.stdout.isatty()
