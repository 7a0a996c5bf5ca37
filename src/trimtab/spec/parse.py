"""``trimtab.toml`` → `Project`: all mistakes at once, each with file and line.

Nothing is read here but the text: the environment and the files that references may lead to come in as values, so
that the same text gives the same answer in a test, in ``trimtab check`` and in a run.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from trimtab.base.errors import ProblemsError, TrimtabError
from trimtab.spec.agree import check_agreement
from trimtab.spec.locate import KeyPath, locate
from trimtab.spec.problems import (
    ReferenceProblemError,
    TomlSyntaxError,
    UnknownSettingError,
    WrittenSecretError,
    did_you_mean,
)
from trimtab.spec.project import Project
from trimtab.spec.secret import has_reference, holds_password, names_secret, resolve
from trimtab.spec.sections import (
    SECTIONS,
    read_data,
    read_gates,
    read_head,
    read_pipeline,
    read_reproduce,
    read_retrain,
    read_serve,
    read_steps,
    read_watch,
)
from trimtab.spec.table import Findings, Table

PROJECT_FILE: Final = "trimtab.toml"
_OF_A_MODEL: Final = ("data", "gates", "serve", "watch", "retrain")
"""A project that has none of these tables, and a pipeline, is a pipeline alone."""

_REFERENCES_ALLOWED: Final[frozenset[KeyPath]] = frozenset({("data", "source")})
_PLACE_IN_TOMLLIB: Final = re.compile(r" \(at (?:line (?P<line>\d+), column \d+|end of document)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a text says, as far as it can be understood, and what is wrong with it.

    ``project`` has defaults (or empty texts) where ``problems`` says so, and is None where the text is not TOML: it
    is good for looking further, not for a run. ``lines`` are the places of its keys.
    """

    project: Project | None
    problems: tuple[TrimtabError, ...]
    lines: Mapping[KeyPath, int]
    file: str

    def place(self, *path: str | int) -> str:
        """``file:line`` of a key, or of the nearest table around it."""
        return f"{self.file}:{Findings(self.file, self.lines).line(path)}"


def parse_project(text: str, *, at: str = PROJECT_FILE, env: Mapping[str, str], files: Callable[[str], str]) -> Project:
    """The project that a TOML text says.

    Args:
        at: how the file is named in errors.
        env: the environment variables that ``${env:NAME}`` may name.
        files: gives the text of a file that ``${file:PATH}`` names, relative to the project; raises `OSError`.

    Raises:
        ProblemsError: every mistake of the file, in the order of their lines.

    Example:
        >>> text = '[project]\\nname = "demo"\\n[data]\\nsource = "rows.parquet"\\ntime = "ts"\\nlabel = "fraud"'
        >>> parse_project(text, env={}, files=str).gates.level
        0.9
    """
    examined = examine(text, at=at, env=env, files=files)
    if examined.problems or examined.project is None:
        raise ProblemsError(examined.problems, at=at, fix="Correct them, and see docs/project.md for every setting.")
    return examined.project


def examine(text: str, *, at: str = PROJECT_FILE, env: Mapping[str, str], files: Callable[[str], str]) -> Examined:
    """What a TOML text says and all that is wrong with it; raises nothing."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Examined(project=None, problems=(_not_toml(error, text, at),), lines={}, file=at)
    lines = locate(text)
    findings = Findings(at, lines)
    _check_texts(content, findings, env, files)
    _refuse_unknown_sections(content, findings)
    project = _read(content, findings)
    check_agreement(project, findings)
    return Examined(project=project, problems=findings.all(), lines=lines, file=at)


def _read(content: Mapping[str, object], findings: Findings) -> Project:
    root = Table(findings, (), content)
    tables = {section: root.inner(section) for section in SECTIONS}
    name, task = read_head(tables["project"])
    steps_alone = ("pipeline" in content or "steps" in content) and not any(each in content for each in _OF_A_MODEL)
    return Project(
        name=name,
        task=task,
        data=None if steps_alone else read_data(tables["data"]),
        pipeline=read_pipeline(tables["pipeline"]),
        steps=read_steps(tables["steps"]),
        reproduce=read_reproduce(tables["reproduce"]),
        gates=read_gates(tables["gates"]),
        serve=read_serve(tables["serve"]),
        watch=read_watch(tables["watch"]),
        retrain=read_retrain(tables["retrain"]),
    )


def _refuse_unknown_sections(content: Mapping[str, object], findings: Findings) -> None:
    for key, value in content.items():
        if key in SECTIONS:
            continue
        if isinstance(value, dict):
            findings.add(UnknownSettingError, (key,), f"there is no table [{key}]", fix=did_you_mean(key, SECTIONS))
        else:
            fix = f"Move it below one of {', '.join(f'[{section}]' for section in SECTIONS)}."
            findings.add(UnknownSettingError, (key,), f'the setting "{key}" is in no table', fix=fix)


def _check_texts(
    content: Mapping[str, object], findings: Findings, env: Mapping[str, str], files: Callable[[str], str]
) -> None:
    """Keeps written secrets, and references that lead nowhere or stand where their value would be recorded."""
    for path, text in _texts(content, ()):
        name = ".".join(str(part) for part in path)
        key = next((part for part in reversed(path) if isinstance(part, str)), "")
        if path[:2] == ("pipeline", "secret"):
            continue  # the names of secrets
        if holds_password(text) or (names_secret(key) and text.strip() and not has_reference(text)):
            findings.add(
                WrittenSecretError, path, f"{name} has a secret written out, and this file goes into Git and records",
                fix="Write ${env:NAME} or ${file:PATH} instead, and change the secret: it may have been seen already.",
            )  # fmt: skip
        elif has_reference(text) and path not in _REFERENCES_ALLOWED:
            findings.add(
                ReferenceProblemError, path, f"{name} is recorded and shown, so it cannot be a reference",
                fix="References are for secrets, and may stand in data.source; read any other in your own code.",
            )  # fmt: skip
        elif has_reference(text):
            try:
                resolve(text, env=env, files=files)
            except ReferenceProblemError as error:
                findings.add(ReferenceProblemError, path, f"{name}: {error.problem}", fix=error.fix)


def _texts(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _texts(inner, (*path, position))


def _not_toml(error: tomllib.TOMLDecodeError, text: str, at: str) -> TomlSyntaxError:
    said = str(error)
    place = _PLACE_IN_TOMLLIB.search(said)
    line = int(place["line"]) if place and place["line"] else text.count("\n") + 1
    reason = _PLACE_IN_TOMLLIB.sub("", said)
    return TomlSyntaxError(
        f"this is not valid TOML: {reason[:1].lower()}{reason[1:]}",
        fix='Texts stand in quotes, tables in [brackets], and each key is set once: name = "card-fraud".',
        at=f"{at}:{line}",
    )
