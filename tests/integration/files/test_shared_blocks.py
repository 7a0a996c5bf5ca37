"""On a disk whose files can share blocks, a kept file takes no room, and is as safe from its original as elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from trimtab.base.digest import digest_bytes
from trimtab.drivers.data_files import lay_out, snapshot_files
from trimtab.drivers.file_index import FileIndex
from trimtab.drivers.local_blobs import LocalBlobs

SIZE = 60_000_000


@pytest.fixture
def sharing_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 MiB with Btrfs."""
    make = shutil.which("mkfs.btrfs")
    if make is None or os.geteuid() != 0:
        pytest.skip("there is no mkfs.btrfs, or no right to mount what it makes")
    image, place = tmp_path / "image", tmp_path / "disk"
    image.touch()
    os.truncate(image, 256 << 20)
    place.mkdir()
    subprocess.run([make, "--quiet", image], check=True, capture_output=True)
    if subprocess.run(["mount", "-o", "loop", image, place], capture_output=True).returncode:
        pytest.skip("this machine does not mount Btrfs")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def used(place: Path) -> int:
    os.sync()
    disk = os.statvfs(place)
    return (disk.f_blocks - disk.f_bfree) * disk.f_frsize


def test_a_large_file_takes_no_room_a_second_time(sharing_disk: Path) -> None:
    root, state = sharing_disk / "project", sharing_disk / "state"
    root.mkdir()
    content = os.urandom(SIZE)
    (root / "large.bin").write_bytes(content)
    before = used(sharing_disk)
    files = snapshot_files([root / "large.bin"], root, FileIndex(state / "files"), state / "blobs")
    lay_out(files, sharing_disk / "again", state / "blobs", root=None)
    assert files["large.bin"].content == digest_bytes(content)
    assert used(sharing_disk) - before < SIZE / 4
    with (root / "large.bin").open("r+b") as opened:
        opened.write(b"written after it was kept")
    assert LocalBlobs(state / "blobs").get(files["large.bin"].content) == content
    assert (sharing_disk / "again/large.bin").read_bytes() == content
    changed = snapshot_files([root / "large.bin"], root, FileIndex(state / "files"), state / "blobs")
    assert changed["large.bin"].content == digest_bytes((root / "large.bin").read_bytes())
