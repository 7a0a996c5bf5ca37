"""A spare worker: a process that has imported what the next release will need, and waits to be told which one that is.

Importing scikit-learn takes two seconds of a processor; opening a release takes a tenth of one. A process that is kept
ready turns a swap, a rollback and the restart of a crashed worker from the first into the second. It knows no release,
no code of a project and no model until its assignment comes as one line on the pipe that is also its lifeline, and
then it runs the very program that would have been started instead, with every check in it.

Whether what it imported is still what a new process would import, it finds out itself: it remembers the folders that
modules come from and when each was changed, which installing a package does. If they differ, or the release needs
other libraries, it replaces itself by a new process image: the id and the pipe stay, and only the time is lost.

Rejected: forking workers from one warm process, since NumPy's and Polars' threads do not survive a fork.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from trimtab.base.errors import TrimtabError
from trimtab.release.manifest import MANIFEST_FILE, Manifest
from trimtab.release.verify import read_manifest
from trimtab.serve.lifeline import STDIN

OURS: Final = ("trimtab.serve.worker", "trimtab.serve.worker_bundle")
"""Modules of Trimtab that every worker loads."""

_FORMATS: Final = {"skops": "skops.io", "lightgbm": "lightgbm"}
"""Model format, as the manifest names it → the library that opens it."""

Program = Callable[[Sequence[str]], int]
"""The data plane's ``main``: arguments → exit code."""


class Assignment(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.assignment/1"):
    """What a spare becomes.

    Attributes:
        argv: the command line of the worker, from the interpreter on.
        program: how many of its words name the program; the arguments follow.
        release: the release's folder, verified by the supervisor.
        log: file for what it prints; empty: where the spare's own goes.
    """

    argv: tuple[str, ...]
    program: int
    release: str
    log: str = ""


def modules_for(manifest: Manifest) -> tuple[str, ...]:
    """The libraries that opening a release and scoring its rows imports, whatever the project's code does.

    skops imports all of scikit-learn, so the model's own class needs no naming.
    """
    format_library = _FORMATS.get(manifest.model.format)
    named = {"numpy", manifest.rows_as} | ({format_library} if format_library else set())
    return tuple(sorted(named))


def run(modules: tuple[str, ...], program: Program) -> int:
    """Import, wait for the assignment, become that worker; returns its exit code, or 0 if none ever came."""
    before = _origins()
    for name in (*OURS, *modules):
        with suppress(ImportError):  # a release that needs it will say so, in its own words
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    line = _line()
    if not line:
        return 0
    given = msgspec.json.decode(line, type=Assignment)
    _write_to(given.log)
    if _origins() != before or not _serves(given, modules):
        os.execv(given.argv[0], given.argv)
    return program(given.argv[given.program :])


def _serves(given: Assignment, modules: Iterable[str]) -> bool:
    """Whether the release imports all of these: a worker carries no library that it has no use for."""
    try:
        manifest = read_manifest((Path(given.release) / MANIFEST_FILE).read_bytes())
    except (OSError, TrimtabError):
        return False  # the worker's own checks say what is wrong with it
    return set(modules) <= set(modules_for(manifest))


def _origins() -> dict[str, int]:
    """The folders that modules are imported from, and when an entry of each was last added, replaced or removed."""
    found = {}
    for entry in sys.path:
        with suppress(OSError):
            found[entry] = Path(entry).stat().st_mtime_ns
    return found


def _line() -> bytes:
    """One line from standard input; nothing if the supervisor is gone. Nothing behind the line is taken."""
    read = bytearray()
    while not read.endswith(b"\n"):
        some = os.read(STDIN, 1)
        if not some:
            return b""
        read += some
    return bytes(read)


def _write_to(log: str) -> None:
    if log:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(descriptor, stream.fileno())
        os.close(descriptor)
