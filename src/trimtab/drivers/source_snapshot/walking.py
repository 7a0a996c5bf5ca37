"""The files of a project where Git does not list them, and those that ``.trimtabignore`` takes away everywhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from trimtab.disk.faults import explained
from trimtab.drivers.source_snapshot.ignored import Ignored

OWN_IGNORE_FILE: Final = ".trimtabignore"
"""Same form as ``.gitignore``; it takes files away from the source, and Git does not know it."""

ENVIRONMENT_MARK: Final = "pyvenv.cfg"
"""The file in a folder that makes a Python environment of it."""

NEVER: Final = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".trimtab",
        ".venv",
        "venv",
        "__pycache__",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        "node_modules",
    }
)
"""Names of folders that no source is made of."""


def ignored_by(root: Path, name: str) -> Ignored:
    """What the files called ``name``, in any folder below ``root``, take away."""
    base = str(root)

    def read(folder: str) -> bytes:
        path = f"{base}/{folder}/{name}" if folder else f"{base}/{name}"
        with explained(f"read {name}", Path(path)):
            try:
                found = os.lstat(path)
            except (FileNotFoundError, NotADirectoryError):
                return b""
            # Git does not follow a link either: what a file of the tree says is in the tree
            return Path(path).read_bytes() if stat.S_ISREG(found.st_mode) else b""

    return Ignored(read)


def walk(root: Path) -> list[str]:
    """Paths of all files and links below ``root``, sorted, but for what ``.gitignore`` files take away, and `NEVER`.

    Raises:
        DriverError: a folder cannot be read.
    """
    ignored = ignored_by(root, ".gitignore")
    found: list[str] = []
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        with explained(f"read {inside or root.name}", root / inside), os.scandir(root / inside) as listing:
            entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in listing]
        if (ENVIRONMENT_MARK, False) in entries:
            continue
        for name, folder in entries:
            path = f"{inside}/{name}" if inside else name
            if name in NEVER or ignored(path, folder=folder):
                continue
            (waiting if folder else found).append(path)
    return sorted(found)
