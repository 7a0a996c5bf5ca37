"""How results leave: text for a person on a terminal, or one versioned JSON document for a machine.

With ``--json`` stdout carries exactly one document and everything else goes to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from trimtab.base.verdict import Verdict

EXIT_OF_VERDICT = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.UNSURE: 3}

as_json = click.option("--json", "json_", is_flag=True, help="Print one JSON document.")


def in_project(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--project``: the folder with ``trimtab.toml``."""
    return click.option(
        "--project", "-p", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path(),
        help="The project's folder (default: this one).",
    )(function)  # fmt: skip


def document(schema: str, value: Any) -> None:
    """Print ``value`` as the JSON document ``schema``; records and dataclasses are written with their fields."""
    import msgspec

    body = msgspec.to_builtins(value)
    click.echo(msgspec.json.format(msgspec.json.encode({**body, "schema": schema}, order="sorted"), indent=2).decode())


@contextmanager
def nothing_printed(json_: bool) -> Iterator[None]:
    """With ``--json``, what code prints inside the block goes to stderr: its own, a library's, a child process's."""
    if not json_:
        yield
        return
    sys.stdout.flush()
    out = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        sys.stdout.flush()
        os.dup2(out, 1)
        os.close(out)


def note(text: str) -> None:
    """Say something to the person at the terminal, on stderr, so that stdout stays the result."""
    click.echo(text, err=True)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A plain table with aligned columns; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [
        max(len(heading), *(len(row[i]) for row in cells)) if cells else len(heading)
        for i, heading in enumerate(headings)
    ]
    right = [all(_number(row[i]) for row in cells) and bool(cells) for i in range(len(headings))]

    def line(row: Sequence[str]) -> str:
        return "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)).rstrip()

    return "\n".join([line(headings), line(["-" * width for width in widths]), *(line(row) for row in cells)])


def _number(text: str) -> bool:
    return text.replace(",", "").replace(".", "", 1).lstrip("+-").isdigit()
