"""Immutable content in local files, named by its digest: ``sha256/ab/cdef…``.

The name says what must be inside, so that a blob can be checked, copied and shared without a register. Files are
read-only for their owner and closed to others: they hold snapshots of code and data.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import DriverError, NotFoundError
from trimtab.disk.atomic import workspace, write_bytes
from trimtab.disk.content import MODE, checked_place, copy_kept, damaged, incoming, keep, nothing_kept
from trimtab.disk.faults import explained
from trimtab.disk.reading import look


class Intact(Protocol):
    """What knows which files are unchanged since they were read: `trimtab.drivers.file_index.FileIndex`."""

    def digest(self, path: Path) -> Digest:
        """The digest of a file's content, read only if the file is not what it was."""
        ...


class LocalBlobs:
    """The port `Blobs` on a folder; for several threads and processes at once.

    Args:
        folder: made with the first blob.
        intact: spares `put` the reading of blobs that are as they were; without it each is read and compared.
    """

    def __init__(self, folder: Path, *, intact: Intact | None = None) -> None:
        self.folder = folder
        self._intact = intact

    def put(self, content: bytes) -> Digest:
        """Keep some bytes under their digest; a damaged blob of that digest is put right."""
        digest = digest_bytes(content)
        path = self.path(digest)
        if not self._holds(path, content, digest):
            with explained(f"make {path.parent.name}", path.parent):
                path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, content, mode=MODE)
        return digest

    def put_file(self, path: Path) -> Digest:
        """Keep what a file holds, whatever its size, under the digest of the bytes that were kept.

        Raises:
            NotFoundError, InputError: it is not there, or no file.
            DriverError: it changed meanwhile, or the disk refused; nothing was kept.
        """
        look(str(path))
        with incoming(self.folder) as building:
            return keep(str(path), str(self.folder), str(building), sync=True).content.digest

    def get(self, digest: Digest) -> bytes:
        path = self.path(digest)
        with explained(f"read the blob {digest}", path):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                raise nothing_kept(digest, str(path)) from None
        if digest_bytes(content) != digest:
            raise damaged(digest, str(path))
        return content

    def copy_to(self, digest: Digest, path: Path) -> None:
        """A blob's content, checked, as a file of its own at ``path``, which is there whole or as it was.

        Raises:
            NotFoundError, IntegrityError: nothing is kept under the digest, or it is damaged.
            DriverError: the disk refused.
        """
        with workspace(path) as building:
            copy_kept(self.folder, digest, str(path), str(building))

    def has(self, digest: Digest) -> bool:
        with explained(f"look for the blob {digest}", self.folder):
            return self.path(digest).is_file()

    def path(self, digest: Digest) -> Path:
        """Where the blob of ``digest`` is, or would be; raises `IntegrityError` for what is no digest."""
        return checked_place(self.folder, digest)

    def _holds(self, path: Path, content: bytes, digest: Digest) -> bool:
        if self._intact is not None:
            try:
                return self._intact.digest(path) == digest
            except (NotFoundError, DriverError):
                return False
        with explained("read the blob", path):
            try:
                return path.stat().st_size == len(content) and path.read_bytes() == content
            except FileNotFoundError:
                return False
