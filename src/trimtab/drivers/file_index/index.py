"""A digest is worked out from a file's bytes once, and believed for as long as the file is what it was.

"What it was" is size, times of change, inode and device. The time of the inode (ctime) is the one that counts: a
program can set the other back, and copying with ``cp -p`` does. A file that changed in the tick of the clock in which
it was read is not remembered at all, since it could change once more and look the same; it is read again the next time.

Rejected: believing size and modification time alone, as many caches do; and asking the system for changes (inotify),
which sees nothing of what happened while no process was there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from trimtab.base.digest import Digest
from trimtab.base.errors import ProblemsError, TrimtabError
from trimtab.disk.atomic import clean_partial, write_bytes
from trimtab.disk.content import place_of
from trimtab.disk.faults import explained
from trimtab.disk.reading import Content, FileGoneError, NotAFileError, look, read_content, settled, stamp_clock
from trimtab.disk.side_by_side import side_by_side
from trimtab.drivers.file_index.stored import (
    Entries,
    Known,
    content_in,
    decode_entries,
    encode_entries,
    entry_of,
    identity_of,
    known_in,
)
from trimtab.drivers.file_index.unchanged import unchanged

_LOOKED_AFTER: Final = 1_000
"""Entries that nobody asked about whose files are looked for when the index is saved: some 2 ms."""


class FileIndex:
    """Digest of a file's content, hashed again only if its size, mtime, ctime, inode or device changed.

    Links are followed, as a reader does, and a link that leads to another file is a change. For several threads; for
    several processes each with an object of its own, of which the last to save wins: what it does not know is read
    again.

    Not seen, as by anything that does not read the bytes: what is written through shared memory (`mmap`) before the
    system sets the file's time, and, on a network file system whose clock is behind, a second change in one tick.

    Args:
        path: the index's own file. It is made when something is saved; one that is damaged counts as none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._loaded: Entries | None = None
        self._asked: set[str] = set()
        self._changed = False

    def digest(self, path: Path) -> Digest:
        """The digest of what a file holds.

        Raises:
            FileGoneError: it is not there.
            NotAFileError: it is a folder, a device or a pipe.
            FileChangedError: it changed while it was read.
            DriverError: it cannot be read.
        """
        place = _absolute(path)
        known = self.known(place)
        return (known or self._read(place)).digest

    def digests(self, paths: Iterable[Path]) -> dict[Path, Digest]:
        """The digest of what each file holds; those that must be read are read in several threads.

        Raises:
            ProblemsError: several cannot be; each with its error. One alone is raised as `digest` does.
        """
        places = {path: _absolute(path) for path in paths}
        found = dict(zip(places.values(), self.look_up(list(places.values())), strict=True))
        waiting = [place for place, answer in found.items() if answer is None]
        read = dict(zip(waiting, side_by_side(self._read_or_problem, waiting), strict=True))
        problems = tuple(answer for answer in (found | read).values() if isinstance(answer, TrimtabError))
        if len(problems) == 1:
            raise problems[0]
        if problems:
            raise ProblemsError(problems)
        answers = {place: answer.digest for place, answer in (found | read).items() if isinstance(answer, Known)}
        return {path: answers[place] for path, place in places.items()}

    def look_up(self, paths: Sequence[str], *, kept_in: str | None = None) -> list[Known | TrimtabError | None]:
        """What each absolute path's file is known to hold, without reading any; None for one that must be read.

        One that is gone, or no file, has its error instead.

        Args:
            kept_in: a store of kept files (`trimtab.disk.content`); a file whose content is not there, or not known
                to be as it was put there, counts as one that must be read.
        """
        known = unchanged(self._entries(), paths, kept_in)
        self._asked.update(paths)
        return [self._problem(path) if answer is None else answer for path, answer in zip(paths, known, strict=True)]

    def known(self, path: str) -> Known | None:
        """What an absolute path's file is known to hold, without reading it; None if it must be read.

        Raises:
            FileGoneError, NotAFileError, DriverError: as `digest`.
        """
        self._asked.add(path)
        try:
            identity = identity_of(look(path))
        except TrimtabError:
            self._forget(path)
            raise
        entry = self._entries().files.get(path)
        return known_in(entry) if entry is not None and entry.startswith(identity) else None

    def learn(self, path: str, content: Content, moment: int) -> None:
        """Remember what was read from an absolute path's file, if a later change of it would be seen.

        ``moment`` is `stamp_clock` before the file was opened.
        """
        # A file of the system's own (/proc) holds more than its size says, and changes without a trace.
        if settled(content.found, moment) and content.size == content.found.st_size:
            self._asked.add(path)
            self._entries().files[path] = entry_of(identity_of(content.found), content.digest)
            self._changed = True
        else:
            self._forget(path)

    def knows_copy(self, digest: Digest, store: str) -> bool:
        """Whether a store has the content of ``digest``, and its file is as it was put there. It is not read."""
        try:
            identity = identity_of(look(place_of(store, digest)))
        except (FileGoneError, NotAFileError):
            return False
        return self._entries().copies.get(bytes.fromhex(digest[7:])) == identity

    def remember_copy(self, digest: Digest, found: os.stat_result) -> None:
        """Believe from now on that a store's file for ``digest`` is right, for as long as it is as it was ``found``.

        The caller vouches that nothing changed it since it was written or read: nobody but us writes there.
        """
        self._entries().copies[bytes.fromhex(digest[7:])] = identity_of(found)
        self._changed = True

    def save(self) -> None:
        """Store what is known, for the next process; entries of files that are gone are dropped, a thousand at a time.

        Raises:
            DriverError: the disk refused; the stored index is as it was.
        """
        if not self._changed:
            return
        files, copies = self._entries()
        for path in list(islice((path for path in tuple(files) if path not in self._asked), _LOOKED_AFTER)):
            entry = files.pop(path)
            if os.path.lexists(path):
                files[path] = entry  # at the end: the others have their turn the next time
        held = set(map(content_in, files.values()))
        used = {content: copy for content, copy in copies.items() if content in held}
        with explained(f"make {self.path.parent.name}", self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        clean_partial(self.path.parent, of=self.path.name)
        # Not brought to the disk: after a power cut its checksum fails, and files are read again.
        write_bytes(self.path, encode_entries(Entries(files, used)), sync=False)
        self._changed = False

    def _entries(self) -> Entries:
        if self._loaded is None:
            try:
                self._loaded = decode_entries(self.path.read_bytes())
            except OSError:  # not there, or of no use: files are read again, which is always right
                self._loaded = Entries({}, {})
        return self._loaded

    def _problem(self, path: str) -> TrimtabError | None:
        """Why a file cannot be read at all; None if it only has to be read."""
        try:
            look(path)
        except TrimtabError as problem:
            self._forget(path)
            return problem
        return None

    def _read_or_problem(self, path: str) -> Known | TrimtabError:
        try:
            return self._read(path)
        except TrimtabError as problem:
            return problem

    def _read(self, path: str) -> Known:
        moment = stamp_clock()
        content = read_content(path)
        self.learn(path, content, moment)
        return Known(content.digest, content.size)

    def _forget(self, path: str) -> None:
        self._changed |= self._entries().files.pop(path, None) is not None


def _absolute(path: Path) -> str:
    """The path from the root on. Links and ``..`` in it stay: taking ``..`` away could lead elsewhere."""
    place = str(path)
    return place if place.startswith("/") else str(Path.cwd() / place)
