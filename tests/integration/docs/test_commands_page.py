"""The page on commands names every command and option with an example, and nothing that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.integration.docs.pages import blocks
from tests.integration.house.tree import modules, source
from trimtab.cli.main import cli

COMMANDS = Path("docs/commands.md")
EVERYWHERE = {"--project", "--json", "--help", "--version", "--debug"}
RUNS_UNTIL_STOPPED = {"trimtab journal", "trimtab env", "trimtab controller"}  # no output of their own: groups, a child


def commands(group: click.Group = cli, name: str = "trimtab") -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name, groups included."""
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        yield f"{name} {word}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")


ALL = dict(commands())


def section(name: str) -> str:
    """The part of the page that is about a command."""
    page = source(COMMANDS)
    assert len(re.findall(rf"^##+ {name}$", page, re.MULTILINE)) == 1
    return re.split(rf"^##+ {name}$", page, flags=re.MULTILINE)[1].split("\n##", 1)[0]


def names(parameter: click.Parameter) -> set[str]:
    """What a user writes: the long option, or the argument's name."""
    if isinstance(parameter, click.Option):
        return {name for name in parameter.opts if name.startswith("--")}
    return {str(parameter.name).upper()}


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_command_has_its_section_with_every_option_and_no_other(name: str) -> None:
    listed = set(re.findall(r"^\| `(--[\w-]+|[A-Z]+)", section(name), re.MULTILINE))
    there = set().union(*(names(parameter) for parameter in ALL[name].params)) - EVERYWHERE
    assert listed == there
    assert f"\n$ {name}" in section(name) or "$(trimtab token)" in section(name) or name in RUNS_UNTIL_STOPPED


def test_what_holds_for_all_commands_is_said_once() -> None:
    head = source(COMMANDS).split("## trimtab new")[0]
    assert {word for word in EVERYWHERE if word not in head} == set()
    variables = {word for path in modules("src") for word in re.findall(r"\bTRIMTAB_[A-Z]+\b", source(path))}
    assert set(re.findall(r"^\| `(TRIMTAB_\w+)` \|", head, re.MULTILINE)) == variables


def test_the_page_has_no_command_that_is_not_there() -> None:
    named = set(re.findall(r"^##+ (trimtab [\w ]+)$", source(COMMANDS), re.MULTILINE))
    assert named == set(ALL)


def test_every_json_document_of_a_command_is_on_the_page() -> None:
    printed = {
        schema
        for path in modules("src")
        if path.parts[2] == "cli"
        for schema in re.findall(r"\"(trimtab\.[\w-]+/\d+)\"", source(path))
    }
    assert printed == set(re.findall(r"`(trimtab\.[\w-]+/\d+)`", source(COMMANDS)))


def test_every_command_has_help_whose_first_line_is_shown_whole_in_the_list() -> None:
    for group, name in ((cli, "trimtab"), (ALL["trimtab journal"], "trimtab journal")):
        shown = CliRunner().invoke(group, ["--help"], prog_name=name, terminal_width=80).output
        assert "..." not in shown.split("Commands:")[1], shown


def test_what_the_page_prints_of_explain_is_what_explain_prints() -> None:
    shown = next(block for block in blocks(COMMANDS) if block.startswith("$ trimtab explain"))
    command, _, output = shown.partition("\n")
    assert CliRunner().invoke(cli, command.split()[2:]).output == output
