"""Hyper-parameters from elsewhere than ``trimtab.toml``: the command line, and the record of a run."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import Path

from msgspec.structs import replace

from trimtab.app.project_code import read_code
from trimtab.app.run_settings import hidden
from trimtab.base.errors import InputError
from trimtab.pipeline.graph import parameters
from trimtab.records.run import Run
from trimtab.spec.project import Project

_DIGEST = "sha256:"


class SecretParameterError(InputError):
    """A run was given a secret, of which its record has the digest alone, and nobody gives it again."""

    code = "TT1398"


def read_settings(settings: tuple[str, ...]) -> dict[str, str | int | float | bool]:
    """Hyper-parameters as they are given on the command line; raises `InputError` for one without ``=``."""
    values = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise InputError(
                f"--set {setting} has no value", fix="Write --set NAME=VALUE, for example --set max_depth=6."
            )
        values[name] = _value(text)
    return values


def with_settings(project: Project, values: Mapping[str, str | int | float | bool]) -> Project:
    """The project with these hyper-parameters over those of its file."""
    return replace(project, pipeline=replace(project.pipeline, params={**project.pipeline.params, **values}))


def with_recorded(folder: Path, project: Project, run: Run, given: Mapping[str, str | int | float | bool]) -> Project:
    """The project in ``folder``, laid out from a run's source, with the hyper-parameters that the run had.

    Some may have been given on the command line. Of a secret the record has the digest: it is the source's own value,
    or it must be ``given`` again.

    Raises:
        SecretParameterError: a secret is neither; all such are named.
    """
    contents = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py") if path.is_file()
    }
    own = parameters(read_code(folder, project, frozenset(contents), contents).graph)
    values: dict[str, str | int | float | bool] = {}
    missing = []
    for name, recorded in run.parameters.items():
        if name not in own or name == "seed" or recorded == hidden(project, name, own[name]) or recorded is None:
            continue
        if not str(recorded).startswith(_DIGEST):
            values[name] = recorded
        elif name in given and hidden(project, name, given[name]) == recorded:
            values[name] = given[name]
        else:
            missing.append(name)
    if missing:
        raise SecretParameterError(
            f"{run.run_id} was given {', '.join(missing)}, of which its record has the digest alone",
            fix="Give the same again: " + " ".join(f"--set {name}=VALUE" for name in missing),
        )
    return with_settings(project, values)


def _value(text: str) -> str | int | float | bool:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        return value if isfinite(value) else text
    return text
