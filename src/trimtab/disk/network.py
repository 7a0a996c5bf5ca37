"""Finds out whether a folder lies on a network file system, where SQLite's write-ahead log loses data.

WAL needs memory that all processes share and locks that work; NFS, SMB and the folders that a virtual machine shares
with its host promise neither. It works there until it does not, so it is refused before the first write.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from trimtab.base.errors import InputError

STATE_VARIABLE: Final = "TRIMTAB_STATE"
"""The environment variable that moves a project's state to another folder."""

_REMOTE: Final = frozenset({
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.ceph", "fuse.davfs2", "fuse.glusterfs",
    "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "fuse.vmhgfs-fuse", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs",
    "nfs", "nfs3", "nfs4", "ocfs2", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "vmhgfs", "webdav",
})  # fmt: skip
_MACOS_LINE: Final = re.compile(r"^.+ on (?P<place>/.*) \((?P<kind>[^,)]+)[,)]")
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """A file system of one kind (``ext4``, ``nfs4``) mounted at one place."""

    place: PurePosixPath
    kind: str


def refuse_network(folder: Path) -> None:
    """Raises `InputError`, with the setting that moves the state, if ``folder`` is on a network file system."""
    kind = kind_of(PurePosixPath(folder.resolve()), mounts())
    if kind in _REMOTE:
        raise InputError(
            f"the state would lie on a network file system ({kind}), where SQLite loses data",
            fix=f"Set {STATE_VARIABLE} to a folder on a local disk, such as $HOME/.local/state/trimtab.",
            at=str(folder),
        )


def kind_of(path: PurePosixPath, mounted: tuple[Mount, ...]) -> str:
    """The kind of file system that ``path`` (absolute, resolved) lies on; empty if no mount covers it.

    Of two mounts at one place the later covers the earlier.
    """
    best = Mount(PurePosixPath("/"), "")
    for mount in mounted:
        if path.is_relative_to(mount.place) and len(mount.place.parts) >= len(best.place.parts):
            best = mount
    return best.kind


def mounts() -> tuple[Mount, ...]:
    """The mounted file systems; none where the system does not tell."""
    if sys.platform == "darwin":
        listing = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False)
        return parse_macos(listing.stdout)
    try:
        return parse_linux(Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError:
        return ()


def parse_linux(text: str) -> tuple[Mount, ...]:
    """The mounts of ``/proc/self/mounts``: ``device place kind options …``; spaces in a place are octal escapes."""
    rows = (line.split(" ") for line in text.splitlines())
    return tuple(Mount(PurePosixPath(_OCTAL.sub(_character, row[1])), row[2]) for row in rows if len(row) >= 3)


def parse_macos(text: str) -> tuple[Mount, ...]:
    """The mounts of macOS's ``mount``: ``device on place (kind, options)``."""
    found = (_MACOS_LINE.match(line) for line in text.splitlines())
    return tuple(Mount(PurePosixPath(match["place"]), match["kind"]) for match in found if match)


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 8))
