"""What a project says of its own table, so that inside one no file has to be named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trimtab.base.errors import InputError
from trimtab.data.infer import Roles
from trimtab.drivers.project_file import read_project


class NoTableError(InputError):
    """No table was named, and there is no project here whose table could be meant."""

    code = "TT1372"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTable:
    """A project's table, its contract's file, and what its columns are for."""

    table: Any
    contract: Path
    roles: Roles


def project_table(folder: Path) -> ProjectTable | None:
    """The table of the project in ``folder``; None where there is no project.

    Raises:
        ProblemsError: the project's file has mistakes.
    """
    from trimtab.drivers.sources import open_source

    if not (folder / "trimtab.toml").is_file():
        return None
    project = read_project(folder)
    source = project.source
    roles = Roles(time=source.time, label=source.label, key=source.key, zone=source.zone, task=project.task)
    return ProjectTable(table=open_source(folder.resolve(), source), contract=folder / source.contract, roles=roles)


def must_be_named(what: str) -> NoTableError:
    """The error for a table or a contract that nobody named."""
    return NoTableError(
        f"no {what} is named, and this folder has no trimtab.toml that names one",
        fix=f"Name the {what}, or go to a project's folder.",
    )
