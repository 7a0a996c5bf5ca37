"""Which kind of lock a file is, by its name, and its reading."""

from __future__ import annotations

from trimtab.release.locks.hashed import read_hashed
from trimtab.release.locks.pylock import FILE_NAME, read_pylock
from trimtab.release.locks.uv_lock import read_uv_lock
from trimtab.release.locks.value import HASHED, PYLOCK, UV, Locked, LockFileError


def kind_of(name: str) -> str:
    """The kind of lock that a file's name stands for: all that is neither of the two others is requirements."""
    if FILE_NAME.fullmatch(name):
        return PYLOCK
    return UV if name == "uv.lock" else HASHED


def read_lock(content: bytes, kind: str, *, at: str = "") -> Locked | None:
    """The lock in some bytes; None for requirements without hashes, which are none.

    Raises:
        LockFileError: it is not of that kind, or broken.
    """
    if kind == PYLOCK:
        return read_pylock(content, at=at)
    if kind == UV:
        return read_uv_lock(content, at=at)
    if kind == HASHED:
        return read_hashed(content, at=at)
    raise LockFileError(f"{kind!r} is no kind of lock", fix=f"The kinds are {PYLOCK}, {UV} and {HASHED}.", at=at)
