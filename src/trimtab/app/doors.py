"""What a door (terminal, page, agent) does first: open the project, and say who asks."""

from __future__ import annotations

import getpass
import os
import secrets
from pathlib import Path

from trimtab.app.home import Home
from trimtab.base.errors import InputError
from trimtab.disk.atomic import write_bytes
from trimtab.drivers.bundles import Bundles
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.signing_keys import config_folder
from trimtab.drivers.sqlite_records import SqliteRecords
from trimtab.records.journal import Actor
from trimtab.spec.parse import parse_project
from trimtab.spec.project import Project

PROJECT_FILE = "trimtab.toml"


def read_project(folder: Path) -> Project:
    """The project that ``folder``'s ``trimtab.toml`` says.

    Raises:
        InputError: there is no such file.
        ProblemsError: all its mistakes, each with its line.
    """
    path = folder / PROJECT_FILE
    if not path.is_file():
        raise InputError(
            f"there is no {PROJECT_FILE} in {folder.resolve()}",
            fix="Go to a project's folder, pass --project, or make one with `trimtab new NAME`.",
        )
    return parse_project(path.read_text(encoding="utf-8"), at=PROJECT_FILE)


def open_home(folder: Path) -> Home:
    """The project in ``folder`` with its embedded drivers; its state folder is made if it is not there."""
    project = read_project(folder)
    root = folder.resolve()
    state = Path(os.environ.get("TRIMTAB_STATE", root / ".trimtab"))
    state.mkdir(parents=True, exist_ok=True)
    return Home(
        root=root, state=state, project=project,
        records=SqliteRecords(state / "state.db"),
        blobs=LocalBlobs(state / "blobs"),
        bundles=Bundles(state / "releases"),
    )  # fmt: skip


def local_person() -> Actor:
    """The person at this terminal, as the operating system knows them."""
    return Actor(kind="person", name=getpass.getuser(), authenticated="operating system user")


def controller() -> Actor:
    """The loop itself."""
    return Actor(kind="controller", name="trimtab", authenticated="child process of the supervisor")


def local_token() -> str:
    """The local user's token, made and stored (readable by this user only) on first use."""
    path = config_folder() / "token"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_bytes(path, secrets.token_urlsafe(32).encode() + b"\n", mode=0o600)
    return path.read_text(encoding="ascii").strip()
