"""What a door (terminal, page, agent) does first: open the project, and say who asks."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from trimtab.app.home import Home
from trimtab.base.errors import NotFoundError
from trimtab.disk.atomic import write_bytes
from trimtab.disk.faults import explained
from trimtab.drivers.bundles import Bundles
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.project_file import read_project
from trimtab.drivers.signing_keys import config_folder
from trimtab.drivers.sqlite_records import SqliteRecords
from trimtab.records.journal import LOOP, Actor
from trimtab.spec.project import Project


def open_home(folder: Path) -> Home:
    """The project in ``folder`` with its embedded drivers; its state folder is made if it is not there."""
    project = read_project(folder)
    root = folder.resolve()
    state = _state_of(root)
    if not state.is_dir():
        with explained("make the folder of the project's state", state):
            state.mkdir(parents=True, exist_ok=True)
            (state / ".gitignore").write_text("# Rows and records of this project; Git is not where they belong.\n*\n")
    return Home(
        root=root,
        state=state,
        project=project,
        records=SqliteRecords(state / "state.db"),
        blobs=LocalBlobs(state / "blobs"),
        bundles=Bundles(state / "releases"),
    )


def open_state(folder: Path) -> Home:
    """What was recorded of a project, also where its files are gone and ``.trimtab`` alone is left.

    Raises:
        NotFoundError: there is no state in ``folder`` either.
    """
    root = folder.resolve()
    state = _state_of(root)
    if not (state / "state.db").is_file():
        raise NotFoundError(
            f"nothing was recorded in {state}",
            fix="Name the project's folder with --project, or its state's folder in TRIMTAB_STATE.",
        )
    return Home(
        root=root,
        state=state,
        project=Project(name=root.name),
        records=SqliteRecords(state / "state.db"),
        blobs=LocalBlobs(state / "blobs"),
        bundles=Bundles(state / "releases"),
    )


def _state_of(root: Path) -> Path:
    """The folder of a project's state; an empty ``TRIMTAB_STATE`` says nothing."""
    return Path(os.environ.get("TRIMTAB_STATE") or root / ".trimtab").absolute()  # a step may change the folder


def local_person() -> Actor:
    """The person at this terminal, as the operating system knows them."""
    return Actor(kind="person", name=user_name(), authenticated="operating system user")


def user_name() -> str:
    """The name of the user at this terminal; the number where the system has no name for it, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def controller() -> Actor:
    """The loop itself."""
    return LOOP


def local_token() -> str:
    """The local user's token, made and stored (readable by this user only) on first use."""
    import secrets

    path = token_file()
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_bytes(path, secrets.token_urlsafe(32).encode() + b"\n", mode=0o600)
    return path.read_text(encoding="ascii").strip()


def token_file() -> Path:
    """Where the local user's token is kept."""
    return config_folder() / "token"
