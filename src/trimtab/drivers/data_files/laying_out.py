"""Putting a run's files in their places again, and saying beforehand which cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from trimtab.base.digest import Digest, parse_digest, short
from trimtab.base.errors import IntegrityError, NotFoundError
from trimtab.disk.atomic import workspace
from trimtab.disk.content import copy_checked, copy_kept
from trimtab.disk.faults import explained
from trimtab.disk.reading import FileChangedError, FileGoneError, NotAFileError, read_content
from trimtab.disk.side_by_side import side_by_side
from trimtab.drivers.data_files.keeping import Index, digest_now, is_kept, refuse
from trimtab.drivers.data_files.names import is_inside
from trimtab.records.run import FileRead


class DataChangedError(IntegrityError):
    """A file that a recorded run read is gone, or is not what it was, and no copy of it was kept."""

    code = "TT1344"


def missing(files: Mapping[str, FileRead], store: Path | None, root: Path | None, index: Index) -> tuple[str, ...]:
    """A sentence for each recorded file that cannot be had as it was; none if `lay_out` will find them all.

    Args:
        store: where copies were kept; None: nowhere.
        root: the project's folder, where referenced files are; None: it is not there any more.
    """

    def look(item: tuple[str, FileRead]) -> str:
        name, file = item
        parse_digest(file.content)
        place = str(store.absolute()) if store is not None and file.kept and is_inside(name) else None
        if place is not None and is_kept(file.content, place, index):
            return ""
        said = _differs(name, file, root, lambda path: digest_now(path, index))
        if said and file.kept:
            why = "its kept copy is gone or damaged" if is_inside(name) else "code reads it where it is"
            return f"{said} ({why})"
        return said

    return tuple(said for said in side_by_side(look, list(files.items())) if said)


def lay_out(files: Mapping[str, FileRead], folder: Path, store: Path, *, root: Path | None) -> None:
    """Puts each file that lay in the project below ``folder``, with the content that it had; each is checked.

    A kept one comes from ``store``, a referenced one (and a kept one that is damaged) from ``root``. One with an
    absolute path is only checked where it is. Existing files are replaced.

    Raises:
        DataChangedError: one cannot be had; a `ProblemsError` names several. The others are there.
        IntegrityError: a name leads out of ``folder``, or a digest is none.
        DriverError: the disk refused.
    """
    for name, file in files.items():
        parse_digest(file.content)
        if ".." in PurePosixPath(name).parts:
            raise IntegrityError(f"the record names a file outside the project: {name}", at=name)
    with explained(f"write to {folder.name}", folder):
        folder.mkdir(parents=True, exist_ok=True)
        for parent in {folder / PurePosixPath(name).parent for name in files if is_inside(name)}:
            parent.mkdir(parents=True, exist_ok=True)
    with workspace(folder / "data") as building:

        def put(item: tuple[str, FileRead]) -> DataChangedError | None:
            name, file = item
            said = _put(name, file, folder, str(building), store, root)
            fix = f"Bring it back as it was: {file.size:,} bytes with the digest {file.content}."
            return DataChangedError(said, fix=fix, at=name) if said else None

        problems = [problem for problem in side_by_side(put, list(files.items())) if problem]
    refuse(problems, "Bring these files back as they were; without them the run cannot be executed again.")


def _put(name: str, file: FileRead, folder: Path, building: str, store: Path, root: Path | None) -> str:
    """Puts a file in its place; a sentence if its content cannot be had."""
    target = str(folder / name)
    if is_inside(name) and file.kept and _copied(lambda: copy_kept(store, file.content, target, building)):
        return ""
    if is_inside(name) and root is not None:
        source = str(root / name)
        if _copied(lambda: copy_checked(source, file.content, target, building)):
            return ""
    said = _differs(name, file, root, lambda path: read_content(path).digest)
    if said or not is_inside(name):
        return said
    return f"{name} changed while it was copied"


def _copied(copy: Callable[[], None]) -> bool:
    """Whether the content was there to be copied."""
    try:
        copy()
    except (NotFoundError, IntegrityError, NotAFileError, FileChangedError):
        return False
    return True


def _differs(name: str, file: FileRead, root: Path | None, digest_of: Callable[[str], Digest]) -> str:
    """A sentence that says how a file differs from the one that was read; empty if it does not."""
    if is_inside(name) and root is None:
        return f"{name} is not here, and no copy of it"
    path = str(root.absolute() / name) if root is not None else name
    try:
        now = digest_of(path)
    except (FileGoneError, NotAFileError, FileChangedError) as problem:
        return problem.problem.replace(path, name, 1)
    if now == file.content:
        return ""
    return f"{name} has changed since: it was {short(file.content)}, and is {short(now)}"
