"""What is really in a folder: every file with its digest, and nothing that only looks like one.

A link can lead anywhere and change what it leads to after it was looked at, and a device or a pipe can block its
reader for ever, so a folder that is to be trusted holds plain files and folders only.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from trimtab.base.digest import Digest
from trimtab.base.errors import IntegrityError
from trimtab.disk.faults import explained
from trimtab.disk.reading import pump


def digest_file(path: Path) -> Digest:
    """The digest of a plain file's content, read in pieces.

    Raises:
        IntegrityError: it is a link, a device or a pipe.
        DriverError: it cannot be read.
    """
    with explained(f"read {path.name}", path):
        # O_NONBLOCK: opening a pipe that nobody writes to would otherwise wait for ever
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _strange(path)
            return pump(descriptor)[0]
        finally:
            os.close(descriptor)


def digest_tree(root: Path) -> dict[str, Digest]:
    """Path below ``root`` (with ``/``) → digest, of every file at any depth, sorted by path.

    Raises:
        IntegrityError: something in it is neither a plain file nor a folder.
        DriverError: something cannot be read.
    """
    found: dict[str, Digest] = {}
    with explained(f"read {root.name}", root):
        for folder, folders, names in os.walk(root, onerror=_raise):
            for name in (*folders, *names):
                path = Path(folder, name)
                mode = path.lstat().st_mode
                if stat.S_ISREG(mode):
                    found[path.relative_to(root).as_posix()] = digest_file(path)
                elif not stat.S_ISDIR(mode):
                    raise _strange(path)
    return dict(sorted(found.items()))


def _raise(error: OSError) -> None:
    raise error  # os.walk would skip a folder that it cannot list


def _strange(path: Path) -> IntegrityError:
    what = "a link" if path.is_symlink() else "neither a file nor a folder"
    return IntegrityError(f"{path.name} is {what}", fix="Remove it; only plain files can be trusted.", at=str(path))
