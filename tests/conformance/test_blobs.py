"""One suite, two stores."""

from __future__ import annotations

from pathlib import Path

from trimtab.base.digest import Digest
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.records.ports import Blobs
from trimtab.testing import FakeBlobs
from trimtab.testing.conformance import BlobsConformance


class TestLocalBlobs(BlobsConformance):
    def make(self, folder: Path) -> Blobs:
        return LocalBlobs(folder / "blobs")

    def damage(self, blobs: Blobs, digest: Digest) -> None:
        assert isinstance(blobs, LocalBlobs)
        path = blobs.path(digest)
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[::-1])


class TestFakeBlobs(BlobsConformance):
    def make(self, folder: Path) -> Blobs:
        return FakeBlobs()

    def damage(self, blobs: Blobs, digest: Digest) -> None:
        assert isinstance(blobs, FakeBlobs)
        blobs.damage(digest)
