"""Files that a command is to write, looked at before it reads a row: that they replace nothing it reads, and can be.

A pass over a large table takes minutes; a folder that is not there is told before it, and not after. What is written is
put in its place by a rename, which needs a folder that may be written to, whatever the file there allows.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from trimtab.base.errors import InputError
from trimtab.disk.named import place_of


def ready_to_write(outputs: Iterable[Path | None], *inputs: Any) -> None:
    """Raises where a file cannot be written, or would replace what is read or written beside it.

    Args:
        outputs: the files; None for one that is not asked for.
        inputs: what is read: paths, tables and profiles that are open, objects in memory.

    Raises:
        InputError: an output is one of the inputs or another output, a folder, a device or a pipe, or in a folder that
            is not there or may not be written to.
    """
    made = [path for path in outputs if path is not None]
    read = [file for what in inputs for file in _files(what)]
    for place, path in enumerate(made):
        if any(_is_same(path, other) for other in made[:place]):
            raise InputError(f"two things cannot both be written to {path}", fix="Name a file for each.")
        for file in read:
            if _is_same(path, file):
                problem = f"{path} is read by this command, and would be replaced"
                raise InputError(problem, fix="Name another file to write to.")
        _must_be_writable(path)


def _must_be_writable(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{path} is a folder", fix="Name a file in it.")
    place = place_of(path)
    folder = place.parent if path.is_symlink() else path.parent
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}", fix="Make it first, or name another place.")
    if not os.access(folder, os.W_OK | os.X_OK):
        problem = f"the folder {folder} may not be written to, and {path.name} was to be put there"
        raise InputError(problem, fix="Change its mode, or name another place.")


def _files(what: Any) -> Iterator[Path]:
    if isinstance(what, str | Path):
        yield Path(what)
    else:
        yield from getattr(what, "files", ())


def _is_same(one: Path, other: Path) -> bool:
    """Whether both names lead to one file, by whatever links; of files that are not there yet, to one place."""
    try:
        return one.samefile(other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)  # resolve() raises on a link in a circle
