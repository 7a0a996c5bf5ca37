"""Taking a snapshot: which files, what stops it, what is kept; and laying one out again."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import (
    InputError,
    IntegrityError,
    NotFoundError,
    ProblemsError,
    TrimtabError,
    UnknownVersionError,
)
from trimtab.disk.faults import explained
from trimtab.drivers.source_snapshot.problems import CredentialInSourceError, SourceTooLargeError
from trimtab.drivers.source_snapshot.repository import NO_HEAD, Difference, Repository, open_repository
from trimtab.drivers.source_snapshot.walking import ENVIRONMENT_MARK, NEVER, OWN_IGNORE_FILE, ignored_by, walk
from trimtab.records.ports import Blobs
from trimtab.records.source import SourceFile, SourceTree
from trimtab.records.versioned import decode, encode
from trimtab.spec.parse import PROJECT_FILE

DIFFERENCE: Final = "git diff"
"""How the patch of uncommitted changes is called in a snapshot's ``left_out``, where it could not be kept."""

OF_COMMANDS: Final = "what a command of the project writes"

PROJECT_DATA: Final = "the project's data, which has a digest of its own"
"""Why what ``[data] source`` matches is left out."""

LARGEST_FILE: Final = 1 << 20
"""Bytes; a larger file is data or a product, and is left out."""

LARGEST_TREE: Final = 64 << 20
"""Bytes of all files together; more is refused, since every run would keep them."""


def _nothing(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A kept source tree.

    Attributes:
        digest: names the tree; equal files give an equal digest, on any machine.
        files: path relative to the project → digest of its content, in order.
        commit: the commit that was checked out; None outside Git and before the first commit.
        branch: the branch that was checked out; None outside Git and where a commit is checked out without one.
        uncommitted: the digest of the patch from the commit to the files below the project; None if there is no
            difference. The patch itself is kept under it, unless `DIFFERENCE` is in ``left_out``.
        left_out: path → why it is not part of the source: its size, or a link that leads out; `told_left_out` says it.
    """

    digest: Digest
    files: dict[str, Digest]
    commit: str | None = None
    branch: str | None = None
    uncommitted: Digest | None = None
    left_out: dict[str, str]


def take_snapshot(
    folder: Path, blobs: Blobs, *, data: str = "", made: Callable[[str], bool] = _nothing, before: Digest | None = None
) -> Snapshot:
    """The project's source as it is now, kept in ``blobs``.

    Args:
        data: the project's ``[data] source``; what it matches is not source, whatever its size.
        made: whether a path is what a command of the project writes, and makes again from the source.
        before: a snapshot that was kept earlier, such as the last run's. Files that are as it has them were looked
            through for credentials then, and are not again: for some hundred files, that halves the time.

    Raises:
        CredentialInSourceError: a file looks like a credential; a `ProblemsError` names them all if there are several.
        SourceTooLargeError: more than 64 MiB of files that are not left out.
        InputError: ``trimtab.toml`` itself is not among the files.
        DriverError: Git has a repository here and refuses to read it.
    """
    with _source(folder.resolve(), data, made, difference=True) as source:
        _refuse(_problems(source.contents, _contents_of(before, blobs)))
        difference = source.repository.difference() if source.repository else None
        if difference is not None:
            _keep_difference(difference, source, blobs)
        files = {
            name: SourceFile(content=blobs.put(found.content), executable=found.executable)
            for name, found in sorted(source.contents.items())
        }
        head = source.repository.head if source.repository else NO_HEAD
        return Snapshot(
            digest=blobs.put(encode(SourceTree(files=files))),
            files={name: file.content for name, file in files.items()},
            commit=head.commit,
            branch=head.branch,
            uncommitted=difference.digest if difference else None,
            left_out=source.left_out,
        )


def look_at_source(
    folder: Path, *, data: str = "", made: Callable[[str], bool] = _nothing
) -> tuple[frozenset[str], tuple[TrimtabError, ...]]:
    """The files that a snapshot would keep, and what would stop it; nothing is kept.

    Raises:
        DriverError: Git has a repository here and refuses to read it.
    """
    with _source(folder.resolve(), data, made, difference=False) as source:
        return frozenset(source.contents), tuple(_problems(source.contents, {}))


def extract(digest: Digest, folder: Path, blobs: Blobs) -> Snapshot:
    """Lays a kept tree out in ``folder``, which must be empty or not there yet.

    Raises:
        NotFoundError, IntegrityError: the tree or a file of it is not kept here, or damaged, or leads outside.
        InputError: the folder holds something already.
    """
    tree = decode(SourceTree, blobs.get(digest), at=digest)
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty", fix="Lay the source out in a new folder.")
    for name, file in tree.files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise IntegrityError(f"the source tree names a file outside itself: {name}", at=digest)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(blobs.get(file.content))
        if file.executable:
            target.chmod(target.stat().st_mode | stat.S_IXUSR)
    files = {name: file.content for name, file in tree.files.items()}
    return Snapshot(digest=digest, files=files, left_out={})


# ── which files ──────────────────────────────────────────────────────────────────────────────────────────────────────


class _Found(NamedTuple):
    """A file of the source: its bytes, and whether it may be executed."""

    content: bytes
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What is source in a project, what is not and why, and the repository that is still being read.

    ``withheld`` says of any path, whether it is there or not, that it is not to be kept.
    """

    contents: dict[str, _Found]
    left_out: dict[str, str]
    withheld: Callable[[str], bool]
    repository: Repository | None


@contextmanager
def _source(root: Path, data: str, made: Callable[[str], bool], *, difference: bool) -> Iterator[_Source]:
    ignored = ignored_by(root, OWN_IGNORE_FILE)
    with ExitStack() as stack:
        repository = open_repository(root, difference=difference)
        listed = stack.enter_context(repository).files() if repository else []
        if not listed:  # a folder that a surrounding repository ignores is nobody's source but the project's own
            repository, listed = None, walk(root)
        environments = {PurePosixPath(name).parent for name in listed if name.endswith(f"/{ENVIRONMENT_MARK}")}

        def withheld(name: str) -> bool:
            path = PurePosixPath(name)
            in_environment = bool(environments) and not environments.isdisjoint(path.parents)
            never = not NEVER.isdisjoint(path.parts) or name.endswith(".pyc")
            return never or in_environment or ignored(name, folder=False)

        contents, left_out = _read(str(root), [name for name in listed if not withheld(name)], data, made)
        yield _Source(contents=contents, left_out=left_out, withheld=withheld, repository=repository)


def _read(
    root: str, listed: Iterable[str], data: str, made: Callable[[str], bool]
) -> tuple[dict[str, _Found], dict[str, str]]:
    """The content of each file, and why the others have none."""
    contents: dict[str, _Found] = {}
    left_out: dict[str, str] = {}
    for name in listed:
        if data and fnmatch(name, data):
            left_out[name] = PROJECT_DATA
            continue
        if not _is_text(name):
            left_out[ascii(name)] = "its name is not UTF-8"
            continue
        if made(name):
            left_out[name] = OF_COMMANDS
            continue
        with explained(f"read {name}", Path(root)):
            try:
                found = _read_file(root, f"{root}/{name}")
            except (FileNotFoundError, NotADirectoryError):
                continue  # a file that Git knows may have been removed
        if isinstance(found, str):
            left_out[name] = found
        else:
            contents[name] = found
    return contents, left_out


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_file(root: str, path: str) -> _Found | str:
    """What a file holds, or why it is not part of the source. Raises `OSError`."""
    found = os.lstat(path)
    if stat.S_ISLNK(found.st_mode):
        real = os.path.realpath(path)
        if not real.startswith(f"{root}/"):
            return "a link that leads out of the project"
        try:
            found = os.lstat(real)
        except FileNotFoundError:
            return "a link that leads nowhere"
        if stat.S_ISLNK(found.st_mode):  # what is left of links that lead to each other
            return "a link that leads nowhere"
    if stat.S_ISDIR(found.st_mode):
        return "a repository of its own, or a link to a folder"
    if not stat.S_ISREG(found.st_mode):
        return "neither a file nor a folder"
    if found.st_size > LARGEST_FILE:
        return f"{found.st_size / (1 << 20):.1f} MiB; over 1 MiB counts as data"
    return _Found(Path(path).read_bytes(), bool(found.st_mode & stat.S_IXUSR))


def _keep_difference(difference: Difference, source: _Source, blobs: Blobs) -> None:
    """Keeps the patch, but for what the source itself would not keep; its digest is recorded in any case."""
    why = ""
    if difference.patch is None:
        why = f"{difference.size / (1 << 20):.1f} MiB"
    elif withheld := [name for name in difference.names if name in source.left_out or source.withheld(name)]:
        why = f"it has changes of {withheld[0]}, which is not part of the source"
    elif any(_credentials([(DIFFERENCE, difference.patch)])):
        why = "it has something that looks like a credential"
    if why:
        source.left_out[DIFFERENCE] = f"{why}; its digest alone is recorded"
    elif difference.patch is not None:
        blobs.put(difference.patch)


# ── what stops a snapshot ────────────────────────────────────────────────────────────────────────────────────────────


def _refuse(problems: list[TrimtabError]) -> None:
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ProblemsError(tuple(problems), fix="Every run keeps the source.")


def _contents_of(before: Digest | None, blobs: Blobs) -> dict[str, Digest]:
    """The files of an earlier snapshot; none if it is not there any more, or damaged."""
    if before is None:
        return {}
    try:
        tree = decode(SourceTree, blobs.get(before), at=before)
    except (NotFoundError, IntegrityError, UnknownVersionError):
        return {}
    return {name: file.content for name, file in tree.files.items()}


def _problems(contents: dict[str, _Found], before: dict[str, Digest]) -> list[TrimtabError]:
    known = {name for name, file in contents.items() if name in before and digest_bytes(file.content) == before[name]}
    found = [*_credentials((name, file.content) for name, file in contents.items() if name not in known)]
    if PROJECT_FILE not in contents:
        fix = "Without it the source cannot be run again: make sure that it is there and no ignore file names it."
        found.append(InputError(f"{PROJECT_FILE} is not part of the project's source", fix=fix))
    return [*found, *_bulk(contents)]


def _credentials(files: Iterable[tuple[str, bytes]]) -> Iterator[TrimtabError]:
    """What looks like a credential. Its patterns are imported where there is something to look at."""
    unknown = list(files)
    if not unknown:
        return
    from trimtab.drivers.source_snapshot.credentials import ALLOWED, credentials_in

    fix = (
        f"Take it out of the project, or name the file in .gitignore or {OWN_IGNORE_FILE}; if it was ever shared, "
        f"replace the credential. If it is none, say so on its line: {ALLOWED.decode()}."
    )
    for name, content in unknown:
        for what, place in credentials_in(name, content):
            yield CredentialInSourceError(f"this looks like {what}", fix=fix, at=place)


def _bulk(contents: dict[str, _Found]) -> Iterator[TrimtabError]:
    total = sum(len(file.content) for file in contents.values())
    if total <= LARGEST_TREE:
        return
    weights: dict[str, int] = {}
    for name, file in contents.items():
        top = PurePosixPath(name).parts[0]
        weights[top] = weights.get(top, 0) + len(file.content)
    heaviest = max(weights, key=lambda top: weights[top])
    yield SourceTooLargeError(
        f"the project's source is {total >> 20} MiB, most of it in {heaviest}, and every run would keep it",
        fix=f"Name what is not source in .gitignore or {OWN_IGNORE_FILE}, for example {heaviest}/.",
    )
