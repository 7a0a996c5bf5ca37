"""Immutable content in local files, named by its digest: ``sha256/ab/cdef…``.

The name says what must be inside, so that a blob can be checked, copied and shared without a register. Files are
read-only for their owner and closed to others: they hold snapshots of code and data.
"""

from __future__ import annotations

from pathlib import Path

from trimtab.base.digest import Digest, digest_bytes, parse_digest
from trimtab.base.errors import IntegrityError, NotFoundError
from trimtab.disk.atomic import write_bytes
from trimtab.disk.faults import explained


class LocalBlobs:
    """The port `Blobs` on a folder; for several threads and processes at once.

    Args:
        folder: made with the first blob.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> Digest:
        """Keep some bytes under their digest; a damaged blob of that digest is put right."""
        digest = digest_bytes(content)
        path = self.path(digest)
        if not self._holds(path, content):
            with explained(f"make {path.parent.name}", path.parent):
                path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, content, mode=0o400)
        return digest

    def get(self, digest: Digest) -> bytes:
        path = self.path(digest)
        with explained(f"read the blob {digest}", path):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                raise NotFoundError(
                    f"nothing is kept under {digest}",
                    fix="It was made on another machine, or removed; run again what made it.",
                    at=str(path),
                ) from None
        if digest_bytes(content) != digest:
            raise IntegrityError(
                f"the content kept under {digest} is not what it was",
                fix="Remove the file and run again what made it, or restore it from a copy.",
                at=str(path),
            )
        return content

    def has(self, digest: Digest) -> bool:
        with explained(f"look for the blob {digest}", self.folder):
            return self.path(digest).is_file()

    def path(self, digest: Digest) -> Path:
        """Where the blob of ``digest`` is, or would be; raises `IntegrityError` for what is no digest."""
        name, _, digits = parse_digest(digest).partition(":")
        return self.folder / name / digits[:2] / digits[2:]

    def _holds(self, path: Path, content: bytes) -> bool:
        with explained("read the blob", path):
            try:
                return path.stat().st_size == len(content) and path.read_bytes() == content
            except FileNotFoundError:
                return False
