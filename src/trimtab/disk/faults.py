"""One sentence for each way in which a disk says no.

An errno is the system's word, not the user's. The causes that people really meet (a full disk, a quota, a folder that
may not be written to, a read-only mount) each get their own next step; whatever else there is keeps the system's text.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from trimtab.base.errors import DriverError

_CAUSES: Final[dict[int, tuple[str, str]]] = {
    errno.ENOSPC: ("the disk is full", "Free some space there and try again; nothing half-written was kept."),
    errno.EDQUOT: ("your disk quota is used up", "Free some space there and try again; nothing half-written was kept."),
    errno.EFBIG: ("the file would pass the size limit of this process", "Raise the limit (`ulimit -f`) and try again."),
    errno.EROFS: ("the file system is read-only", "Remount it for writing, or move the project to another disk."),
    errno.EACCES: ("this user may not do that there", "Change that folder's owner or mode, or run as its owner."),
    errno.EPERM: ("this user may not do that there", "Change that folder's owner or mode, or run as its owner."),
    errno.EMFILE: ("this process has too many files open", "Raise the limit (`ulimit -n`) and start it again."),
    errno.ENFILE: ("the system has too many files open", "Close what is not needed and try again."),
    errno.EEXIST: ("a file of that name is there already", "Move it away and try again."),
    errno.EIO: ("the disk reported an error", "Check the disk (`dmesg`) before you trust what is on it."),
    errno.ENOENT: ("the folder is not there", "It was moved or removed; make it again, or start from its new place."),
    errno.ENOTDIR: ("a file stands where a folder should be", "Move that file away and try again."),
    errno.EISDIR: ("a folder stands where a file should be", "Move that folder away and try again."),
    errno.ENAMETOOLONG: ("the path is too long for this file system", "Move the project to a shorter path."),
}  # fmt: skip


_SAID_BY_RUST: Final = re.compile(r"\(os error (\d+)\)")
"""How Rust ends the text of a system's error; libraries written in it keep no more than that."""


def system_error_in(error: Exception) -> OSError | None:
    """What the system said to a library written in Rust, by the text of the library's own error; None if nothing."""
    said = _SAID_BY_RUST.search(str(error))
    return OSError(int(said[1]), os.strerror(int(said[1]))) if said else None


def explain(error: OSError, *, doing: str, path: Path) -> DriverError:
    """The error that says why ``doing`` (a verb and its object: ``write route.json``) failed at ``path``."""
    if error.errno is None:
        error = system_error_in(error) or error
    cause, fix = _CAUSES.get(error.errno or 0, (error.strerror or str(error), "Put that right and try again."))
    return DriverError(f"cannot {doing}: {cause}", fix=fix, at=str(path))


@contextmanager
def explained(doing: str, path: Path) -> Iterator[None]:
    """Turns an `OSError` inside into a `DriverError` that names what was being done, and where."""
    try:
        yield
    except OSError as error:
        raise explain(error, doing=doing, path=path) from error
