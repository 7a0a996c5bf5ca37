"""Files that a person names to be written: what stands at the name decides where the bytes go, if anywhere.

A rename puts a file in the place of whatever is there, a device or a link alike. State of our own is in folders of our
own, where nothing else stands; a name that a person gives may be of anything. A regular file is replaced whole. A link
is followed, so that it goes on to lead where it led. A device, a pipe or a socket cannot be replaced by a file without
being destroyed, and is refused; to write through it was rejected, since half a report may then be all that arrives.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from trimtab.base.errors import InputError
from trimtab.disk.atomic import write_bytes

_KINDS: Final[tuple[tuple[Callable[[int], bool], str], ...]] = (
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def kind_of(path: Path) -> str:
    """What is at a path where that is neither a file nor a folder: a device, a pipe, a socket, a link that leads
    nowhere; empty otherwise."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return f"a link to {path.readlink()}, which leads to no file" if path.is_symlink() else ""
    return next((kind for is_one, kind in _KINDS if is_one(mode)), "")


def place_of(path: Path) -> Path:
    """Where a file of this name is to be put: behind its links, if it is one.

    Raises:
        InputError: a device, a pipe or a socket is there, or a link that leads back to itself.
    """
    place = Path(os.path.realpath(path))
    if place.is_symlink():
        raise InputError(f"{path} is a link that leads back to itself", fix="Remove it, or name another file.")
    kind = "" if path.is_symlink() and not path.exists() else kind_of(path)
    if kind:
        raise InputError(f"{path} is {kind}, and only a file can be written", fix="Name a file to write to.")
    return place


def write_named(path: Path, content: bytes) -> None:
    """Put ``content`` at the name that a person gave, whole or not at all.

    Raises:
        InputError: what is there is no file.
        DriverError: the disk refused; the file is as it was.
    """
    write_bytes(place_of(path), content)
