"""Files behind a checksum: what is remembered from run to run, and may be worked out again at any time.

A file that a power cut tore, or that anybody changed, counts as not there; so nothing is brought to the disk with
force.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from trimtab.disk.atomic import clean_partial, write_bytes
from trimtab.disk.faults import explained

_CHECK: Final = 32


def write_checked(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path``, whose folder is made if it is not there.

    Raises:
        DriverError: the disk refused; the file is as it was.
    """
    with explained(f"make the folder {path.parent.name}", path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    clean_partial(path.parent, of=path.name)
    write_bytes(path, hashlib.sha256(content).digest() + content, sync=False)


def read_checked(path: Path) -> bytes | None:
    """What `write_checked` put there; None if there is nothing, or something else."""
    try:
        found = path.read_bytes()
    except OSError:
        return None
    content = found[_CHECK:]
    return content if len(found) >= _CHECK and hashlib.sha256(content).digest() == found[:_CHECK] else None
