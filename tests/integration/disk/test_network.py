"""Network file systems are told from local ones by the system's own listing."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from trimtab.base.errors import InputError
from trimtab.disk import network

LINUX = """\
/dev/vda / ext4 rw,relatime 0 0
filer:/export /home/team\\040a nfs4 rw,vers=4.2 0 0
/dev/vdb /home/team\\040a/local xfs rw 0 0
//pc/share /mnt/share cifs rw 0 0
C:\\134 /mnt/c 9p rw 0 0
tmpfs /mnt/share tmpfs rw 0 0
"""
MACOS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
filer:/export on /Volumes/on (my) team (nfs, nodev, nosuid)
//user@pc/share on /Volumes/share (smbfs)
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/home/team", "ext4"),
        ("/home/team a/project/.trimtab", "nfs4"),
        ("/home/team a/local/project", "xfs"),
        ("/home/team a/local-not", "nfs4"),
        ("/mnt/c/Users", "9p"),
        ("/mnt/share/x", "tmpfs"),
    ],
)
def test_the_innermost_and_latest_mount_decides(path: str, kind: str) -> None:
    assert network.kind_of(PurePosixPath(path), network.parse_linux(LINUX)) == kind


@pytest.mark.parametrize(
    ("path", "kind"), [("/Users/me", "apfs"), ("/Volumes/on (my) team/x", "nfs"), ("/Volumes/share", "smbfs")]
)
def test_the_listing_of_macos_is_read_too(path: str, kind: str) -> None:
    assert network.kind_of(PurePosixPath(path), network.parse_macos(MACOS)) == kind


def test_this_machines_own_mounts_are_found_and_its_local_disk_is_accepted(tmp_path: Path) -> None:
    assert network.kind_of(PurePosixPath(tmp_path), network.mounts()) != ""
    network.refuse_network(tmp_path)


def test_a_network_file_system_is_refused_with_the_setting_that_moves_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = network.parse_linux(f"filer:/export {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr(network, "mounts", lambda: listed)
    with pytest.raises(InputError, match=r"network file system \(nfs4\)") as caught:
        network.refuse_network(tmp_path / "project")
    assert "TRIMTAB_STATE" in caught.value.fix
