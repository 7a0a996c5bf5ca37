"""The command that executes a recorded run again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trimtab.cli.output import as_json, document, note

if TYPE_CHECKING:
    from trimtab.records.reproduction import Reproduction


@click.command()
@click.argument("run")
@click.option(
    "--project", "-p", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path(),
    help="The project's folder, or one that holds its .trimtab alone (default: this one).",
)  # fmt: skip
@click.option("--offline", is_flag=True, help="Build the environment from the wheel store alone.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A secret that the run was given.")
@as_json
def reproduce(run: str, folder: Path, offline: bool, settings: tuple[str, ...], json_: bool) -> int:
    """Execute a recorded run again, elsewhere, and compare.

    RUN is a run's id, the beginning of one, or `latest`. Source, data and environment come from what was kept: the
    working tree and the cache are not looked at. Exit code 0: identical, or equal within the project's tolerance;
    1: different.
    """
    from trimtab.app.doors import open_state
    from trimtab.app.reproduce import Way
    from trimtab.app.reproduce import reproduce as execute_again

    found = execute_again(open_state(folder), run, say=note, way=Way(offline=offline, settings=settings))
    return told(found, json_=json_)


def told(found: Reproduction, *, json_: bool) -> int:
    """Show a comparison; returns its exit code."""
    from trimtab.records.reproduction import Sameness

    if json_:
        document("trimtab.reproduction/1", found)
    else:
        click.echo("\n".join(lines(found)))
    return 1 if found.sameness is Sameness.DIFFERENT else 0


def lines(found: Reproduction) -> list[str]:
    """A comparison for a person."""
    from trimtab.records.reproduction import Sameness

    head = {
        Sameness.IDENTICAL: f"identical: {found.outputs} outputs have the digests that they had",
        Sameness.EQUAL: "equal: digests differ, and every figure is within the project's tolerance",
        Sameness.DIFFERENT: f"different: {len(found.differences)} of its outputs and figures are not what they were",
    }
    said = [f"{found.run} is {head[found.sameness]} (on {found.processor})"]
    if found.first:
        said.append(f"the first step that differs is {found.first}:")
        said += [f"  {each}" for each in found.because]
    said += [f"  {each.what}: {each.then} then, {each.now} now" for each in found.differences]
    words = {
        "identical": "the environment is identical: built again from the lock",
        "same": "the environment looks the same (observed, not locked: `trimtab env freeze` makes a lock)",
        "other": "the environment is another one:",
    }
    said.append(words[found.environment])
    if found.environment == "other" or found.surroundings:
        said += [f"  {each.what}: {each.then} then, {each.now} now" for each in found.surroundings]
    return said


COMMANDS = (reproduce,)
