"""The ``trimtab`` command.

A command's module is imported when the command is asked for, and its use case when it runs: a run in which nothing has
changed is done in a fifth of a second, and most of that is importing.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final, NoReturn

import click

from trimtab import __version__
from trimtab.base.errors import TrimtabError

_HOMES: Final = {
    **dict.fromkeys(("new", "check", "run", "retrain", "report"), "project_commands"),
    **dict.fromkeys(("runs", "lineage"), "run_commands"),
    "reproduce": "reproduce_command",
    "env": "env_commands",
    **dict.fromkeys(("serve", "up", "controller", "status", "promote", "rollback", "token"), "endpoint_commands"),
    "journal": "journal_commands",
    "data": "data_commands",
    "explain": "explain_command",
}
"""Command → its module."""

HELP = """Carry a model from a notebook to production and keep it right there.

\b
A first day:
  trimtab new card-fraud && cd card-fraud
  trimtab run       data, contract, train, gates, release
  trimtab up        serve it, watch it, retrain it
  trimtab status    where everything stands

\b
On any table, without a project:
  trimtab data profile payments.parquet

Exit codes: 0 done or PASS, 1 FAIL, 2 wrong input, 3 UNSURE, 4 a system failed, 5 your own code raised, 130 interrupted,
141 whoever read the output left before its end.
"""

_READER_LEFT: Final = 141
"""As a shell tells of a program that the closed pipe ended. It is no verdict: 0 and 1 would each be taken for one."""


class _ReaderLeftError(Exception):
    """A pipe that was written to is closed at its other end. Not an `OSError`: click ends on one with 1, which is a
    FAIL here."""


@contextmanager
def _pipe_watched() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderLeftError from error


class Commands(click.Group):
    """The commands, each imported when it is asked for; all of them for the list of ``--help``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's form
        return sorted(_HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's form
        if cmd_name not in _HOMES:
            return None
        if cmd_name not in self.commands:
            for command in import_module(f"trimtab.cli.{_HOMES[cmd_name]}").COMMANDS:
                self.add_command(command)
        return self.commands[cmd_name]

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """As click's own; the text of ``--help`` is printed here."""
        with _pipe_watched():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """As click's own."""
        with _pipe_watched():
            return super().invoke(ctx)


@click.group(
    cls=Commands, help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="trimtab")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(context: click.Context, debug: bool) -> None:
    context.obj = {"debug": debug}


def main(argv: list[str] | None = None) -> None:
    """Run the command line: an error becomes its sentence and its exit code, and a traceback only with --debug."""
    _open_what_is_closed()
    given = sys.argv[1:] if argv is None else argv
    debug = "--debug" in given
    try:
        code = cli.main(args=given, standalone_mode=False, prog_name="trimtab")
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(130)
    except _ReaderLeftError:
        _forget_unread()
        sys.exit(_READER_LEFT)
    except TrimtabError as error:
        if debug:
            raise
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if debug or error.filename is not None or error.errno not in (errno.ENOSPC, errno.EIO, errno.EBADF):
            _unforeseen(error, debug=debug)
        click.echo(f"standard output cannot be written: {error.strerror}", err=True)
        sys.exit(4)
    except Exception as error:  # noqa: BLE001 - the process's edge: an error unforeseen is still not a traceback
        _unforeseen(error, debug=debug)
    sys.exit(code if isinstance(code, int) else 0)


def _open_what_is_closed() -> None:
    """Standard output and error, where whoever started this closed them: what is said goes nowhere, and no file that is
    opened gets their numbers, which libraries write to."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def _forget_unread() -> None:
    """Let what is left in a closed pipe's stream go nowhere: Python writes it once more when the process ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _unforeseen(error: Exception, *, debug: bool) -> NoReturn:
    if debug:
        raise error
    click.echo(f"an error that Trimtab did not foresee: {type(error).__name__}: {error} [TT1000]", err=True)
    click.echo("  Run the same command with `trimtab --debug …` for the traceback, and report it.", err=True)
    sys.exit(4)
