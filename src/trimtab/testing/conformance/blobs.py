"""What every store of blobs must do."""

from __future__ import annotations

from pathlib import Path

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import IntegrityError, NotFoundError
from trimtab.records.ports import Blobs
from trimtab.testing.refusals import Refused


class BlobsConformance:
    """Subclass it, and say how to make the store and how its content could come to harm."""

    def make(self, folder: Path) -> Blobs:
        """An empty store; ``folder`` is the test's own."""
        raise NotImplementedError

    def damage(self, blobs: Blobs, digest: Digest) -> None:
        """Change the kept bytes behind the store's back."""
        raise NotImplementedError

    def test_what_was_put_comes_back_under_its_digest(self, tmp_path: Path) -> None:
        blobs = self.make(tmp_path)
        for content in (b"", b"\0", b"some content", bytes(range(256)) * 5_000):
            digest = blobs.put(content)
            assert digest == digest_bytes(content)
            assert blobs.has(digest)
            assert blobs.get(digest) == content

    def test_putting_twice_is_putting_once(self, tmp_path: Path) -> None:
        blobs = self.make(tmp_path)
        assert blobs.put(b"same") == blobs.put(b"same")
        assert blobs.get(digest_bytes(b"same")) == b"same"

    def test_what_was_never_put_is_not_found(self, tmp_path: Path) -> None:
        blobs = self.make(tmp_path)
        missing = digest_bytes(b"never put")
        assert not blobs.has(missing)
        with Refused(NotFoundError, f"nothing is kept under {missing}"):
            blobs.get(missing)

    def test_damaged_content_is_refused_and_putting_it_again_repairs_it(self, tmp_path: Path) -> None:
        blobs = self.make(tmp_path)
        digest = blobs.put(b"precious")
        self.damage(blobs, digest)
        with Refused(IntegrityError, "is not what it was"):
            blobs.get(digest)
        assert blobs.put(b"precious") == digest
        assert blobs.get(digest) == b"precious"
