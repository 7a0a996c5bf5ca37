"""Hyper-parameters from elsewhere than ``trimtab.toml``: the command line, and the record of a run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from math import isfinite
from pathlib import Path

from msgspec.structs import replace

from trimtab.app.project_code import read_code, read_contents
from trimtab.app.run_settings import hidden
from trimtab.base.digest import Digest
from trimtab.base.errors import InputError
from trimtab.pipeline.draft import SEED
from trimtab.pipeline.graph import parameters
from trimtab.records.run import Run, Scalar
from trimtab.spec.problems import did_you_mean
from trimtab.spec.project import Project

_DIGEST = "sha256:"


class SecretParameterError(InputError):
    """A run was given a secret, of which its record has the digest alone, and nobody gives it again."""

    code = "TT1398"


class SettingProblemError(InputError):
    """A hyper-parameter on the command line that no step has, that has no value, or one of another kind."""

    code = "TT1013"


def read_settings(settings: tuple[str, ...]) -> dict[str, str]:
    """Hyper-parameters as they are given on the command line, by name; raises `SettingProblemError` for one without
    ``=``."""
    values = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name:
            fix = "Write --set NAME=VALUE, for example --set max_depth=6."
            raise SettingProblemError(f"--set {setting} has no {'value' if name else 'name'}", fix=fix)
        values[name] = text
    return values


def with_settings(folder: Path, project: Project, files: Mapping[str, Digest], given: Mapping[str, str]) -> Project:
    """The project in ``folder`` with hyper-parameters that were ``given`` as text over those of its file, each read as
    a value of its default's type.

    Args:
        files: those of its snapshot.

    Raises:
        SettingProblemError: no step has such a one, or the text is no value of that type.
    """
    if not given:
        return project
    own = parameters(read_code(folder, project, frozenset(files), read_contents(folder, files)).graph)
    if unknown := [name for name in given if name not in own or name == SEED]:
        fix = "Set [pipeline] seed in trimtab.toml instead." if unknown[0] == SEED else did_you_mean(unknown[0], own)
        raise SettingProblemError(f"--set: no step has a hyper-parameter {unknown[0]}", fix=fix)
    return _with(project, {name: _value(name, text, own[name]) for name, text in given.items()})


def _with(project: Project, values: Mapping[str, str | int | float | bool]) -> Project:
    return replace(project, pipeline=replace(project.pipeline, params={**project.pipeline.params, **values}))


def with_recorded(folder: Path, project: Project, run: Run, given: Mapping[str, str]) -> Project:
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
        elif name in given and hidden(project, name, again := _value(name, given[name], own[name])) == recorded:
            values[name] = again
        else:
            missing.append(name)
    if missing:
        raise SecretParameterError(
            f"{run.run_id} was given {', '.join(missing)}, of which its record has the digest alone",
            fix="Give the same again: " + " ".join(f"--set {name}=VALUE" for name in missing),
        )
    return _with(project, values)


def _value(name: str, text: str, like: Scalar) -> str | int | float | bool:
    """The text as a value of the same type; where that is not known, as the number or the truth that it looks like."""
    if isinstance(like, str):
        return text
    truth = {"true": True, "false": False}.get(text.lower())
    if isinstance(like, bool) or (like is None and truth is not None):
        if truth is None:
            raise _not_like(name, "true or false")
        return truth
    for kind in (int, float) if not isinstance(like, float) else (float,):
        with suppress(ValueError):
            value = kind(text)
            if isfinite(value) and (like is None or isinstance(value, type(like))):
                return value
    if like is None:
        return text
    raise _not_like(name, "a whole number" if isinstance(like, int) else "a finite number")


def _not_like(name: str, kind: str) -> SettingProblemError:
    """The text itself is not told: it may be a secret."""
    return SettingProblemError(f"--set {name} is to be {kind}", fix=f"Its default is one: write --set {name}=VALUE.")
