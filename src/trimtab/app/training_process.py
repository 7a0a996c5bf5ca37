"""The process of a training that the loop has begun: its command, and what can be got ready of it."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from trimtab.app.home import Home
from trimtab.app.run_settings import child_environment
from trimtab.base.errors import TrimtabError
from trimtab.base.instants import format_instant
from trimtab.records.action import Action
from trimtab.records.process import Command, Preparation
from trimtab.serve.spare import modules_for

_PROGRAM: Final = (sys.executable, "-P", "-m", "trimtab")
"""``-P``: a module of the project's folder must not stand in for one of ours."""

_OURS: Final = ("trimtab.app.run", "trimtab.app.doors", "trimtab.drivers.model_files", "polars.io.parquet")
"""Imported ahead besides the libraries of the champion's kind, since every training imports them."""


def training_command(home: Home, action: Action, logs: Path) -> Command:
    """The command that trains for an action; its output goes to a file of its own in ``logs``."""
    asked = ("--project", str(home.root), "--key", action.key, "--as-of", format_instant(action.decided_at))
    log = logs / f"{action.key.replace(':', '-')}.log"
    return Command(argv=(*_PROGRAM, "retrain", *asked), folder=home.root, log=log, environment=child_environment())


def training_preparation(home: Home) -> Preparation:
    """What the next training will import, as far as it can be told from the champion."""
    libraries: tuple[str, ...] = ()
    with suppress(TrimtabError):  # a damaged champion is for the training to report
        libraries = modules_for(home.bundles.manifest(home.champion().champion))
    return Preparation(program=_PROGRAM, imports=(*_OURS, *libraries), environment=child_environment())
