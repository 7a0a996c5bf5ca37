"""Reads a project's ``trimtab.toml`` with what surrounds it: the environment, private files, the zone database."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from dataclasses import replace
from pathlib import Path

from trimtab.base.errors import DriverError, InputError, ProblemsError
from trimtab.base.instants import is_zone
from trimtab.spec.parse import PROJECT_FILE, Examined, examine
from trimtab.spec.problems import WrongValueError
from trimtab.spec.project import Project


def examine_project(folder: Path) -> Examined:
    """What the project file in ``folder`` says, as far as it can be understood, and all that is wrong with it.

    Raises:
        InputError: there is no such file.
        DriverError: it cannot be read.
    """
    path = folder / PROJECT_FILE
    try:
        content = path.read_bytes().removeprefix(BOM_UTF8)
    except FileNotFoundError as error:
        raise InputError(
            f"there is no {PROJECT_FILE} in {folder.resolve()}",
            fix="Go to a project's folder, pass --project, or make one with `trimtab new NAME`.",
        ) from error
    except OSError as error:
        raise DriverError(
            f"{path} cannot be read ({error.strerror})", fix="Check that the file is yours to read."
        ) from error
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = InputError("the file is not UTF-8 text", fix="Save it as UTF-8.", at=f"{PROJECT_FILE}:{line}")
        return Examined(project=None, problems=(problem,), lines={}, file=PROJECT_FILE)
    examined = examine(text, env=os.environ, files=lambda name: _private_file(folder, name))
    return _with_zone_checked(examined)


def read_project(folder: Path) -> Project:
    """The project that the file in ``folder`` says.

    Raises:
        InputError: there is no such file.
        ProblemsError: every mistake in it, each with its line.
    """
    examined = examine_project(folder)
    if examined.problems or examined.project is None:
        fix = "Correct them, and see docs/project.md for every setting."
        raise ProblemsError(examined.problems, at=PROJECT_FILE, fix=fix)
    return examined.project


def _private_file(folder: Path, name: str) -> str:
    return (folder / Path(name).expanduser()).read_text(encoding="utf-8")


def _with_zone_checked(examined: Examined) -> Examined:
    """Whether the zone exists is a question to the machine's zone database, so the pure parser cannot answer it."""
    source = examined.project.data if examined.project else None
    zone = source.zone if source is not None else None
    if zone is not None and not is_zone(zone):
        problem = WrongValueError(
            f'[data] zone "{zone}" is not in the time zone database of this machine',
            fix='Names are like "Europe/Zurich" or "UTC"; `pip install tzdata` brings the database.',
            at=examined.place("data", "zone"),
        )
        return replace(examined, problems=(*examined.problems, problem))
    return examined
