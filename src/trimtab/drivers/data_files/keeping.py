"""Taking files into a record: what each holds, and a copy of it where copies are wanted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from trimtab.base.digest import Digest
from trimtab.base.errors import ProblemsError, TrimtabError
from trimtab.disk.content import incoming, keep, place_of
from trimtab.disk.reading import (
    Content,
    FileChangedError,
    FileGoneError,
    NotAFileError,
    look,
    read_content,
    settled,
    stamp_clock,
)
from trimtab.disk.side_by_side import side_by_side
from trimtab.drivers.data_files.names import is_text, named
from trimtab.records.run import FileRead


class Believed(Protocol):
    """What an index believes of a file that has not changed."""

    @property
    def digest(self) -> Digest: ...

    @property
    def size(self) -> int: ...


class Index(Protocol):
    """What remembers the digests of files: `trimtab.drivers.file_index.FileIndex`. Its paths are absolute."""

    def look_up(self, paths: Sequence[str], *, kept_in: str | None) -> Sequence[Believed | TrimtabError | None]:
        """What each file is known to hold, and to have a copy of in that store; None if it must be read."""
        ...

    def known(self, path: str) -> Believed | None:
        """What the file is known to hold; None if it must be read. Raises what `look` does."""
        ...

    def learn(self, path: str, content: Content, moment: int) -> None:
        """Take note of what was read from a file, by someone who asked for the time before."""
        ...

    def knows_copy(self, digest: Digest, store: str) -> bool:
        """Whether a store has that content, in a file that is as it was; it is not read."""
        ...

    def remember_copy(self, digest: Digest, found: os.stat_result) -> None:
        """Take note of what was put into a store, or read there."""
        ...


def snapshot_files(
    paths: Iterable[str | os.PathLike[str]], root: Path, index: Index, store: Path | None
) -> dict[str, FileRead]:
    """Name → content of each file: relative to ``root`` with ``/`` if it is inside, absolute otherwise; sorted.

    Links are followed. Save the index afterwards, so that the next snapshot need not read what this one read.

    Args:
        store: the folder of blobs to keep copies in; None: their digests alone.

    Raises:
        FileGoneError, NotAFileError, FileChangedError: for one file; a `ProblemsError` names several.
        DriverError: the disk refused. What was kept so far is whole.
    """
    files = named(paths, str(root.absolute()))
    kept_in = None if store is None else str(store.absolute())
    answers = dict(zip(files, index.look_up(list(files.values()), kept_in=kept_in), strict=True))
    waiting = [name for name, answer in answers.items() if answer is None]
    read = _read_all([files[name] for name in waiting], index, kept_in)
    answers |= dict(zip(waiting, read, strict=True))
    kept = kept_in is not None
    taken: dict[str, FileRead] = {}
    problems: list[TrimtabError] = []
    for name in sorted(answers):
        answer = answers[name]
        if answer is None or isinstance(answer, TrimtabError) or not is_text(name):
            problems.append(_problem(answer, name, files[name]))
        else:
            taken[name] = FileRead(content=answer.digest, size=answer.size, kept=kept)
    refuse(problems, "Every file that a run reads is recorded with it.")
    return taken


def digest_now(path: str, index: Index) -> Digest:
    """The digest of what a file holds, read only if the index does not know it.

    Raises:
        FileGoneError, NotAFileError, FileChangedError, DriverError: as `read_content`.
    """
    known = index.known(path)
    return (known or _refer(path, index)).digest


def is_kept(digest: Digest, store: str, index: Index) -> bool:
    """Whether a store has the content of ``digest``, undamaged; it is read if the index does not know it."""
    if index.knows_copy(digest, store):
        return True
    place, moment = place_of(store, digest), stamp_clock()
    try:
        look(place)
        content = read_content(place)
    except (FileGoneError, NotAFileError, FileChangedError):
        return False
    if content.digest == digest and settled(content.found, moment):
        index.remember_copy(digest, content.found)
    return content.digest == digest


def refuse(problems: Sequence[TrimtabError], fix: str) -> None:
    """Raises one problem as it is, and several together."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ProblemsError(tuple(problems), fix=fix)


def _read_all(paths: list[str], index: Index, store: str | None) -> Sequence[Believed | TrimtabError]:
    if store is None:
        return side_by_side(_or_problem(lambda path: _refer(path, index)), paths)
    if not paths:
        return []
    with incoming(Path(store)) as building:
        return side_by_side(_or_problem(lambda path: _keep(path, index, store, str(building))), paths)


def _or_problem(read: Callable[[str], Believed]) -> Callable[[str], Believed | TrimtabError]:
    """The same, with a problem of the file itself as an answer; a problem of the disk still ends all."""

    def answer(path: str) -> Believed | TrimtabError:
        try:
            return read(path)
        except (FileGoneError, NotAFileError, FileChangedError) as problem:
            return problem

    return answer


def _refer(path: str, index: Index) -> Content:
    moment = stamp_clock()
    content = read_content(path)
    index.learn(path, content, moment)
    return content


def _keep(path: str, index: Index, store: str, building: str) -> Believed:
    known = index.known(path)
    if known is not None and is_kept(known.digest, store, index):
        return known
    moment = stamp_clock()
    made = keep(path, store, building)
    index.learn(path, made.content, moment)
    index.remember_copy(made.content.digest, made.found)
    return made.content


def _problem(answer: object, name: str, path: str) -> TrimtabError:
    """The error of a file by the name that the record has for it."""
    if isinstance(answer, FileGoneError | NotAFileError | FileChangedError):
        return type(answer)(answer.problem.replace(path, name, 1), fix=answer.fix, at=path)
    if isinstance(answer, TrimtabError):
        return answer
    return NotAFileError(f"the name {name!a} is not UTF-8, and cannot be recorded", fix="Rename it.", at=ascii(path))
