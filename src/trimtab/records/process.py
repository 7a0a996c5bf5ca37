"""A child process as values: what to start, and what became of it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A program to run.

    Attributes:
        argv: the program and its arguments; no shell reads them.
        folder: its working directory.
        log: the file that its standard output and error are appended to; made, with its folder, if it is not there.
        environment: variables added to those of the starting process; stored nowhere, so they may hold secrets.
    """

    argv: tuple[str, ...]
    folder: Path
    log: Path
    environment: dict[str, str] = {}


class Preparation(msgspec.Struct, frozen=True, kw_only=True):
    """What a process can have behind it before its command is known.

    Attributes:
        program: the words with which the command will begin: an interpreter, its options, ``-m`` and a module.
        imports: modules to import ahead; one that is not there is passed over.
        environment: as the command's. It is set before the imports, since numeric libraries read it then.
    """

    program: tuple[str, ...]
    imports: tuple[str, ...]
    environment: dict[str, str] = {}

    def fits(self, command: Command) -> bool:
        """Whether a process prepared like this can run the command."""
        begins = command.argv[: len(self.program)] == self.program
        return begins and command.environment == self.environment


class ProcessState(StrEnum):
    """UNKNOWN was never started under its key; LOST was, but ended without leaving a code (kill -9, a power cut)."""

    UNKNOWN = "unknown"
    RUNNING = "running"
    EXITED = "exited"
    LOST = "lost"


class ProcessStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a process. ``code`` is set once it has exited; negative: that signal ended it."""

    state: ProcessState
    code: int | None = None

    @property
    def startable(self) -> bool:
        """Whether `start` would start it: it never ran under its key, or nobody knows how it ended."""
        return self.state is ProcessState.UNKNOWN or self.state is ProcessState.LOST


class Exit(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.exit/1"):
    """How a process ended, as its wrapper wrote it down; ``code`` as in `ProcessStatus`."""

    code: int
