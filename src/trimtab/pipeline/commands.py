"""Commands as steps: a script that reads and writes files takes its place in the graph by their names."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import PurePosixPath

from trimtab.pipeline.signature import Function, Parameter
from trimtab.spec.project import CommandStep


def function_of(command: CommandStep, commands: Iterable[CommandStep]) -> Function:
    """The command in the form that the graph is built from: its inputs are the commands whose files it reads."""
    before = [other.name for other in commands if other.name != command.name and _reads_from(command, other)]
    kind = inspect.Parameter.POSITIONAL_ONLY
    parameters = tuple(Parameter(name=name, kind=kind) for name in before)
    return Function(name=command.name, parameters=parameters, file="trimtab.toml", line=1)


def _reads_from(command: CommandStep, other: CommandStep) -> bool:
    return any(_covers(pattern, written) for pattern in command.reads for written in other.writes)


def _covers(pattern: str, written: PurePosixPath) -> bool:
    """Whether what is read is what was written, a file below it, or the folder around it."""
    read = PurePosixPath(pattern)
    return written.match(pattern) or written in (read, *read.parents) or read in written.parents
