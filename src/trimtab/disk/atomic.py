"""Files and folders that are there whole or not at all, whatever kills the process or the machine.

Content is built beside its place under a partial name, brought to the disk, and renamed: a rename within one file
system is the only step that readers can see. A partial file is held by a lock for as long as its writer lives, so that
`clean_partial` can tell a leftover from work in progress without guessing by age or by process id (both are reused).
"""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from trimtab.base.errors import InputError
from trimtab.disk.faults import explain, explained

PARTIAL: Final = ".partial"
"""How the name of something half-made ends; it begins with a dot."""

_CHUNK: Final = 1 << 30


def write_bytes(path: Path, content: bytes, *, mode: int | None = None, sync: bool = True) -> None:
    """Put ``content`` at ``path``, replacing what is there: readers see the old bytes or the new ones.

    Args:
        mode: the file's permissions; by default those of the file that is replaced, else the user's usual ones.
        sync: also survive a power cut (one fsync of the file and one of its folder).

    Raises:
        DriverError: the disk refused; the file is as it was.
    """
    if mode is None:
        mode = _mode_of(path)
    with explained(f"write {path.name}", path):
        temporary, descriptor = _create_partial(path)
        try:
            if mode is not None:
                os.fchmod(descriptor, mode)
            write_all(descriptor, content)
            if sync:
                sync_descriptor(descriptor)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        if sync:
            sync_folder(path.parent)


@contextmanager
def write_dir(final: Path, *, keep_existing: bool = False, sync: bool = True) -> Iterator[Path]:
    """A new folder to fill; it appears as ``final``, complete, when the block ends without an error.

    Args:
        keep_existing: for content-addressed folders: if ``final`` exists by then, it stays and the new one is thrown
            away. By default that is refused.
        sync: bring every file in it to the disk before it appears.

    Raises:
        InputError: ``final`` exists.
        DriverError: the disk refused; nothing is left behind.
    """
    with explained(f"make the folder {final.name}", final):
        temporary, descriptor = _create_partial_dir(final)
    try:
        yield temporary
        with explained(f"make the folder {final.name}", final):
            if sync:
                _sync_tree(temporary)
            placed = _place_dir(temporary, final)
            if sync and placed:
                sync_folder(final.parent)
        if not placed and not keep_existing:
            raise InputError(
                f"{final.name} is there already", fix="Choose another name, or move it away.", at=str(final)
            )
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(descriptor)


@contextmanager
def workspace(final: Path) -> Iterator[Path]:
    """An empty folder beside ``final`` to make it in; the folder goes when the block ends, and after a kill with
    `clean_partial`. What is finished in it is put in its place with `publish`."""
    clean_partial(final.parent, of=final.name)
    with explained(f"write beside {final.name}", final):
        temporary, descriptor = _create_partial_dir(final)
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(descriptor)


def publish(made: Path, final: Path, *, sync: bool = True) -> None:
    """Put a finished file of a `workspace` at ``final``, replacing what is there; it is on the disk before it shows.

    Args:
        sync: also survive a power cut. Without it a file may show up torn after one.
    """
    with explained(f"write {final.name}", final):
        if sync:
            descriptor = os.open(made, os.O_RDONLY | os.O_CLOEXEC)
            try:
                sync_descriptor(descriptor)
            finally:
                os.close(descriptor)
        made.replace(final)
        if sync:
            sync_folder(final.parent)


def clean_partial(folder: Path, *, of: str | None = None) -> tuple[Path, ...]:
    """Removes what dead writers left half-made in ``folder`` (not below it); returns what was removed.

    What a live process is still writing stays. A missing folder has no leftovers. In a folder that is not ours alone,
    ``of`` names the one file or folder whose leftovers are meant.
    """
    if not folder.is_dir():
        return ()
    pattern = f".*{PARTIAL}" if of is None else f".{glob.escape(of[:100])}.{'[0-9a-f]' * 12}{PARTIAL}"
    removed: list[Path] = []
    with explained(f"clean up {folder.name}", folder):
        removed.extend(path for path in sorted(folder.glob(pattern)) if _remove_if_orphaned(path))
    return tuple(removed)


def write_all(descriptor: int, content: bytes) -> None:
    """Writes every byte; a system call may take fewer than it is given."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest[:_CHUNK]) :]


def sync_descriptor(descriptor: int) -> None:
    """Brings a file to the disk itself: macOS has a call of its own for that, its fsync stops at the drive's cache."""
    full: int | None = getattr(fcntl, "F_FULLFSYNC", None)
    if full is not None:
        try:
            fcntl.fcntl(descriptor, full)
            return
        except OSError:  # a file system without it: plain fsync is the best that there is
            pass
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Brings a folder's entries to the disk, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems have no fsync of a folder
            raise
    finally:
        os.close(descriptor)


def _mode_of(path: Path) -> int | None:
    try:
        return path.stat().st_mode & 0o7777
    except OSError:
        return None


def _create_partial(final: Path) -> tuple[Path, int]:
    """A new, empty, locked file beside ``final``. Created by hand: mkstemp's mode 0600 would ignore the umask."""
    while True:
        temporary = _partial_name(final)
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        if _hold(temporary, descriptor):
            return temporary, descriptor


def _create_partial_dir(final: Path) -> tuple[Path, int]:
    while True:
        temporary = _partial_name(final)
        temporary.mkdir()
        try:
            descriptor = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:  # cleaned before it could be locked
            continue
        if _hold(temporary, descriptor):
            return temporary, descriptor


def _partial_name(final: Path) -> Path:
    return final.parent / f".{final.name[:100]}.{os.urandom(6).hex()}{PARTIAL}"


def _hold(path: Path, descriptor: int) -> bool:
    """Lock what was just made; False if a cleaner came between the making and the locking."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    if _names(path, descriptor):
        return True
    os.close(descriptor)
    return False


def _names(path: Path, descriptor: int) -> bool:
    """Whether ``path`` still names the open file: it may have been renamed or removed since it was opened."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _remove_if_orphaned(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _names(path, descriptor):
            return False
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)


def _place_dir(temporary: Path, final: Path) -> bool:
    """Rename to ``final``; False if something is there. An empty folder counts as something: rename would take it."""
    if final.exists():
        return False
    try:
        temporary.rename(final)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            return False
        raise explain(error, doing=f"make the folder {final.name}", path=final) from error
    return True


def _sync_tree(root: Path) -> None:
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if path.is_symlink():
                continue
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                sync_descriptor(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(Path(folder))
