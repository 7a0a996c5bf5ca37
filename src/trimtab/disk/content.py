"""Files kept by their content: ``sha256/ab/cdef…`` below a store, streamed, so that size does not matter to memory.

A file is copied and hashed in one pass, so the digest is that of the very bytes that are kept. It is built in a folder
of its own (`incoming`) and renamed when it is whole: a name in the store is never half a file, whatever is killed when.
Two processes that keep the same content both rename the right bytes into its place.

Where the disk shares blocks between files (XFS, Btrfs), a large file takes no room a second time. Links to the original
were rejected: a program that writes into its data file would write into the store.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import get_ident
from typing import Final, NamedTuple

from trimtab.base.digest import Digest, parse_digest
from trimtab.base.errors import IntegrityError, NotFoundError
from trimtab.disk.atomic import sync_descriptor, sync_folder, workspace
from trimtab.disk.faults import explain, explained
from trimtab.disk.reading import Content, FileGoneError, look, read_content

MODE: Final = 0o400
"""Read-only for the owner and closed to others: kept files hold code and data."""

_NUMBERS: Final = count()
"""Names of what is being built, each given once in this process; the folder is the process's own."""


class Kept(NamedTuple):
    """A file that is in a store now.

    Attributes:
        content: what was read from the original.
        path: where its copy is.
        found: what the system says of the copy.
    """

    content: Content
    path: str
    found: os.stat_result


def place_of(store: str, digest: str) -> str:
    """Where the content of a well-formed ``digest`` is in ``store``, or would be."""
    return f"{store}/sha256/{digest[7:9]}/{digest[9:]}"


def checked_place(store: Path, digest: Digest) -> Path:
    """Where the content of ``digest`` is in ``store``, or would be; raises `IntegrityError` for what is no digest."""
    return Path(place_of(str(store), parse_digest(digest)))


@contextmanager
def incoming(store: Path) -> Iterator[Path]:
    """A folder to build files in that `keep` puts in their place; what killed writers left there before goes.

    Raises:
        DriverError: it cannot be made.
    """
    with explained(f"write to {store.name}", store):
        (store / "sha256").mkdir(parents=True, exist_ok=True)
    with workspace(store / "sha256" / "incoming") as folder:
        yield folder


def keep(path: str, store: str, building: str, *, sync: bool = False) -> Kept:
    """The file at ``path``, copied into ``store`` under the digest of what was copied; replaces what has its name.

    Have a `look` at the path first.

    Args:
        building: an `incoming` folder of the same store; several threads may share one.
        sync: bring it to the disk, so that it survives a power cut, too.

    Raises:
        FileGoneError, NotAFileError, FileChangedError: as `read_content`; nothing was kept.
        DriverError: it cannot be read or written; nothing was kept.
    """
    made, descriptor = _create(building, MODE)
    try:
        content = read_content(path, into=descriptor)
        final = place_of(store, content.digest)
        if sync:
            sync_descriptor(descriptor)
        _rename(made, final)
        if sync:
            sync_folder(Path(final).parent)
        return Kept(content, final, os.fstat(descriptor))
    except OSError as error:
        _remove(made)
        raise explain(error, doing=f"keep {path}", path=Path(store)) from error
    except BaseException:
        _remove(made)
        raise
    finally:
        os.close(descriptor)


def copy_checked(source: str, digest: Digest, target: str, building: str) -> None:
    """A copy of ``source`` at ``target``, with the usual permissions, if its content has that digest.

    Args:
        building: a folder on the same disk as ``target``, to build the copy in.

    Raises:
        NotFoundError: ``source`` is not there.
        IntegrityError: its content is another; nothing is at ``target`` that was not there before.
        DriverError: it cannot be read or written.
    """
    look(source)
    made, descriptor = _create(building, 0o666)
    try:
        content = read_content(source, into=descriptor)
        if content.digest != digest:
            raise IntegrityError(f"the content of {source} is not {digest}", at=source)
        _rename(made, target)
    except OSError as error:
        _remove(made)
        raise explain(error, doing=f"write {target}", path=Path(target)) from error
    except BaseException:
        _remove(made)
        raise
    finally:
        os.close(descriptor)


def copy_kept(store: Path, digest: Digest, target: str, building: str) -> None:
    """The content that ``store`` keeps under ``digest``, checked, at ``target``, as `copy_checked`."""
    place = str(checked_place(store, digest))
    try:
        copy_checked(place, digest, target, building)
    except FileGoneError:
        raise nothing_kept(digest, place) from None
    except IntegrityError:
        raise damaged(digest, place) from None


def nothing_kept(digest: Digest, place: str) -> NotFoundError:
    """The error that says that a store has nothing under a digest."""
    fix = "It was made on another machine, or removed; run again what made it."
    return NotFoundError(f"nothing is kept under {digest}", fix=fix, at=place)


def damaged(digest: Digest, place: str) -> IntegrityError:
    """The error that says that what a store has under a digest has another one."""
    fix = "Remove the file and run again what made it, or restore it from a copy."
    return IntegrityError(f"the content kept under {digest} is not what it was", fix=fix, at=place)


# One call of the system each, ten thousand times: a Path for every name took as long as all that the system does.


def _create(building: str, mode: int) -> tuple[str, int]:
    """A new file, open, in this thread's own part of ``building``: one at a time can make a file in a folder."""
    folder = f"{building}/{get_ident()}"
    made = f"{folder}/{next(_NUMBERS)}"
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        try:
            return made, os.open(made, flags, mode)
        except FileNotFoundError:
            Path(folder).mkdir()
            return made, os.open(made, flags, mode)
    except OSError as error:
        raise explain(error, doing="make a file to write to", path=Path(made)) from error


def _rename(made: str, final: str) -> None:
    try:
        os.replace(made, final)  # noqa: PTH105
    except FileNotFoundError:
        Path(final).parent.mkdir(parents=True, exist_ok=True)
        Path(made).replace(final)


def _remove(made: str) -> None:
    Path(made).unlink(missing_ok=True)
