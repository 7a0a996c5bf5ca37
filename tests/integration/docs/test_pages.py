"""Pages hang together: links lead somewhere, commands are there, and a first project goes as the README says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.integration.docs.pages import blocks, exists, links, pages
from tests.integration.house.tree import ROOT, source
from trimtab.cli.main import cli

README = Path("README.md")
CHANGES = re.compile(r"\d+(?:us|ms|s)\b(?: \d+us)?|\b[0-9a-f]{12}\b|run-\d{8}-\d{6}-[0-9a-f]{4}|\d[\d.,]*\d|\d")


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert [link for link in links(page) if not exists(link, page)] == []


@pytest.mark.parametrize("folder", [Path("docs"), Path("docs/decisions")], ids=str)
def test_every_page_of_a_folder_is_in_its_list(folder: Path) -> None:
    listed = {(folder / link).as_posix() for link in links(folder / "README.md")}
    there = {page.as_posix() for page in pages() if page.parent == folder and page.name != "README.md"}
    assert there - listed == set()


@pytest.mark.parametrize("page", [page for page in pages() if page.parts[:2] == ("docs", "decisions")], ids=str)
def test_every_decision_says_context_choice_what_was_rejected_and_the_way_back(page: Path) -> None:
    if page.name != "README.md":
        assert re.findall(r"^\*\*(.+?)\.\*\*", source(page), re.MULTILINE) == [
            "Context", "Choice", "Rejected", "To undo it",
        ]  # fmt: skip


def typed(page: Path) -> Iterator[list[str]]:
    """The trimtab and make commands that a page tells to type."""
    for block in blocks(page) + blocks(page, "sh"):
        for line in block.splitlines():
            for command in line.removeprefix("$ ").partition("  #")[0].split(" && "):
                words = command.split()
                in_a_table = re.match(r"\w+ {2}", command) is not None
                named = bool(words) and words[0] in ("trimtab", "make") and not in_a_table
                if named and "…" not in command and "COMMAND" not in command:
                    yield shlex.split(command, comments=True)


@pytest.mark.parametrize("page", [page for page in pages() if list(typed(page))], ids=str)
def test_every_command_on_a_page_is_one_with_options_that_it_has(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", source(Path("Makefile")), re.MULTILINE))
    for words in typed(page):
        if words[0] == "make":
            assert words[1] in targets, words
        else:
            parse(words[1:])


def parse(words: list[str]) -> None:
    """Read a command line as click would; raises click's error for a command or an option that is not there."""
    command: click.Command = cli
    while isinstance(command, click.Group):
        with click.Context(command, info_name="trimtab", resilient_parsing=True) as context:
            if not words or words[0] in ("--help", "--version"):
                return
            if words[0] not in command.commands and words[0].startswith("-"):
                words = ["show", *words]
            _, found, words = command.resolve_command(context, words)
            assert found is not None
            command = found
            if isinstance(command, click.Group) and not words:
                return
    command.make_context("trimtab", list(words), resilient_parsing=True)


def shape(text: str) -> list[str]:
    """Output without what differs from machine to machine: digests, run ids, times, and figures."""
    return [CHANGES.sub("#", line).rstrip() for line in text.splitlines()]


def steps(page: Path) -> list[tuple[list[str], str]]:
    """The commands behind ``$`` on a page with the output that follows each."""
    found: list[tuple[list[str], str]] = []
    for block in blocks(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((shlex.split(command), output))
    return found


def test_a_first_project_goes_as_the_readme_says(tmp_path: Path) -> None:
    folder, done = tmp_path, []
    for words, output in steps(README):
        if words[0] == "cd":
            folder = folder / words[1]
        elif words[:2] in (["trimtab", "new"], ["trimtab", "run"]):
            ran = subprocess.run(
                [sys.executable, "-m", *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            assert ran.returncode == 0, ran.stdout
            assert sorted(shape(ran.stdout)) == sorted(shape(output))
            done.append(words[1])
    assert done == ["new", "run"]
    checked = subprocess.run([sys.executable, "-m", "trimtab", "check"], cwd=folder, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout) == (0, "no mistake found\n")


def test_the_readme_has_at_most_five_commands_of_a_first_project() -> None:
    words = [" ".join(command[:2]) for command, _ in steps(README) if command[0] != "cd"]
    assert words == ["pip install", "trimtab new", "trimtab run", "trimtab up", "trimtab status"]


def test_every_extra_that_a_page_installs_is_one() -> None:
    extras = set(re.findall(r"^(\w+) = \[", source(Path("pyproject.toml")).split("optional-dependencies]")[1], re.M))
    for page in pages():
        named = re.findall(r"pip install '?(?:trimtab|\.)\[([\w,]+)\]", source(page))
        assert {extra for group in named for extra in group.split(",")} <= extras, page


def test_the_readme_is_the_packages_page() -> None:
    assert re.search(r'^readme = "README.md"$', source(Path("pyproject.toml")), re.MULTILINE)
    assert (ROOT / README).is_file()
