"""Blobs as files."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import DriverError, IntegrityError
from trimtab.drivers.local_blobs import LocalBlobs

FileSizeLimit = Callable[[int], AbstractContextManager[None]]


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_blob_is_a_read_only_file_that_is_named_by_its_digest(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    digits = blobs.put(b"code").removeprefix("sha256:")
    assert files(tmp_path) == [f"sha256/{digits[:2]}/{digits[2:]}"]
    assert stat.S_IMODE((tmp_path / files(tmp_path)[0]).stat().st_mode) == 0o400


def test_a_blob_that_does_not_fit_leaves_nothing(tmp_path: Path, file_size_limit: FileSizeLimit) -> None:
    blobs = LocalBlobs(tmp_path)
    with file_size_limit(1_000), pytest.raises(DriverError, match="the file would pass the size limit"):
        blobs.put(bytes(2_000))
    assert files(tmp_path) == []
    assert not blobs.has(digest_bytes(bytes(2_000)))


def test_what_is_no_digest_reaches_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    for text in ("sha256:../../secret", "secret", "sha256:" + "A" * 64, ""):
        with pytest.raises(IntegrityError, match="is not a digest"):
            LocalBlobs(tmp_path).get(Digest(text))


def test_several_writers_of_one_blob_agree(tmp_path: Path) -> None:
    content = bytes(300_000)
    threads = [threading.Thread(target=LocalBlobs(tmp_path).put, args=(content,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(files(tmp_path)) == 1
    assert LocalBlobs(tmp_path).get(digest_bytes(content)) == content
