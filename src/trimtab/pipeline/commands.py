"""Commands as steps: a script that reads and writes files takes its place in the graph by their names."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from posixpath import normpath

from trimtab.pipeline.signature import Function, Parameter
from trimtab.spec.project import CommandStep


def function_of(command: CommandStep, commands: Iterable[CommandStep]) -> Function:
    """The command in the form that the graph is built from: its inputs are the commands whose files it reads."""
    before = [other.name for other in commands if other.name != command.name and _reads_from(command, other)]
    kind = inspect.Parameter.POSITIONAL_ONLY
    parameters = tuple(Parameter(name=name, kind=kind) for name in before)
    return Function(name=command.name, parameters=parameters, file="trimtab.toml", line=1)


def _reads_from(command: CommandStep, other: CommandStep) -> bool:
    return any(covers(pattern, written) for pattern in command.reads for written in other.writes)


def covers(pattern: str, written: PurePosixPath) -> bool:
    """Whether what is read may be what was written, a file below it, or a folder around it: the whole paths count."""
    return _meet(PurePosixPath(normpath(pattern)).parts, written.parts, is_folder=True)


def _meet(pattern: tuple[str, ...], path: tuple[str, ...], *, is_folder: bool) -> bool:
    """Whether a pattern takes in a path, or something below it if that path is a folder.

    Nobody knows of what is to be written whether it is a folder. One that the pattern names is; one that a sign of the
    pattern stands for is, unless it has a suffix: ``**/*.csv`` reads what lies in ``out``, and not in ``model.bin``.
    """
    if not pattern:
        return True
    if not path:
        return is_folder
    (first, *_), (name, *_), plain = pattern, path, "." not in path[0]
    if first == "**":
        return _meet(pattern[1:], path, is_folder=is_folder) or _meet(pattern, path[1:], is_folder=plain)
    return fnmatchcase(name, first) and _meet(pattern[1:], path[1:], is_folder=plain or name == first)
