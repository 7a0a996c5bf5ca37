"""Blobs as files."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import DriverError, InputError, IntegrityError, NotFoundError
from trimtab.drivers.file_index import FileIndex
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


def test_a_file_is_kept_and_laid_out_without_being_held_in_memory(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    content = bytes(range(256)) * 20_000
    (tmp_path / "rows.csv").write_bytes(content)
    digest = blobs.put_file(tmp_path / "rows.csv")
    assert digest == digest_bytes(content)
    assert blobs.get(digest) == content
    assert stat.S_IMODE(blobs.path(digest).stat().st_mode) == 0o400
    blobs.copy_to(digest, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == content
    assert files(tmp_path) == sorted(["again.csv", "rows.csv", blobs.path(digest).relative_to(tmp_path).as_posix()])


def test_what_is_damaged_or_gone_is_not_laid_out(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    digest = blobs.put(b"precious")
    blobs.path(digest).chmod(0o600)
    blobs.path(digest).write_bytes(b"changed!")
    (tmp_path / "there.csv").write_bytes(b"as it was")
    with pytest.raises(IntegrityError, match="is not what it was"):
        blobs.copy_to(digest, tmp_path / "there.csv")
    with pytest.raises(NotFoundError, match="nothing is kept under"):
        blobs.copy_to(digest_bytes(b"never put"), tmp_path / "there.csv")
    assert (tmp_path / "there.csv").read_bytes() == b"as it was"
    with pytest.raises(NotFoundError, match=r"none\.csv is gone"):
        blobs.put_file(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is a folder"):
        blobs.put_file(tmp_path)


def test_a_blob_that_is_known_to_be_as_it_was_is_not_read_again_and_a_damaged_one_is_put_right(tmp_path: Path) -> None:
    asked: list[Path] = []

    class Watched(FileIndex):
        def digest(self, path: Path) -> Digest:
            asked.append(path)
            return super().digest(path)

    blobs = LocalBlobs(tmp_path / "blobs", intact=Watched(tmp_path / "index"))
    digest = blobs.put(b"code")
    assert blobs.put(b"code") == digest
    assert asked == [blobs.path(digest)] * 2
    blobs.path(digest).chmod(0o600)
    blobs.path(digest).write_bytes(b"edoc")
    assert blobs.put(b"code") == digest
    assert blobs.get(digest) == b"code"
