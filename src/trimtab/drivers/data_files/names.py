"""What a file is called in a record: its path in the project, or, for one elsewhere, its absolute path.

Links stay in a name as they are: the project's code opens the link, wherever that leads today.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def named(paths: Iterable[str | os.PathLike[str]], root: str) -> dict[str, str]:
    """Name → absolute path; each file once, however often and by however many spellings it was given.

    Args:
        root: the project's folder, absolute; a file below it is named relative to it, with ``/``.
    """
    return dict(_names(paths, root))


def is_inside(name: str) -> bool:
    """Whether a recorded name is that of a file in the project."""
    return not name.startswith("/")


def is_text(name: str) -> bool:
    """Whether a name can be written into a record; one of bytes that are not UTF-8 cannot."""
    if name.isascii():
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _names(paths: Iterable[str | os.PathLike[str]], root: str) -> Iterator[tuple[str, str]]:
    inside = root.rstrip("/") + "/"
    here = str(Path.cwd())
    real_root = ""
    for asked in paths:
        path = os.fspath(asked)
        if not path.startswith("/"):
            path = f"{here}/{path}"
        if path.startswith(inside) and _is_plain(path):
            yield path[len(inside) :], path
        else:
            real_root = real_root or os.path.realpath(root)
            yield _name_elsewhere(path, real_root), path


def _is_plain(path: str) -> bool:
    """Whether no part of a path is ``.``, ``..`` or empty."""
    return "//" not in path and "/./" not in path and "/../" not in path


def _name_elsewhere(path: str, root: str) -> str:
    """The name of a path that is not written as one inside the project, but may be one by a link or by ``..``."""
    folder, last = os.path.split(path)
    real = Path(os.path.realpath(folder), last)
    return real.relative_to(root).as_posix() if real.is_relative_to(root) else str(real)
