"""A folder's files and digests, and nothing that only looks like a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trimtab.base.digest import digest_bytes
from trimtab.base.errors import DriverError, IntegrityError
from trimtab.disk.tree import digest_file, digest_tree


def test_every_file_at_every_depth_is_found_in_order(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    large = bytes(range(256)) * 10_000
    for name, content in {"z": b"", "b/c/large": large, "b/.hidden": b"x"}.items():
        (tmp_path / name).write_bytes(content)
    found = digest_tree(tmp_path)
    assert list(found) == ["b/.hidden", "b/c/large", "z"]
    assert found["b/c/large"] == digest_bytes(large)


def test_links_devices_and_pipes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(IntegrityError, match="link is a link"):
        digest_tree(tmp_path)
    (tmp_path / "link").unlink()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(IntegrityError, match="pipe is neither a file nor a folder"):
        digest_tree(tmp_path)
    with pytest.raises(IntegrityError, match="pipe is neither"):
        digest_file(tmp_path / "pipe")


def test_a_missing_folder_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match="cannot read missing"):
        digest_tree(tmp_path / "missing")
