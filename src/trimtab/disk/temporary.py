"""Temporary folders that do not outlive a killed process for long: they hold rows, models and settings.

Python's own are removed when their block ends, and stay after ``kill -9``. Each of these has a lock that its maker
holds, and whoever makes the next one removes those that nobody holds any more.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from trimtab.disk.lock import Lease, holder

_PREFIX: Final = "trimtab-"
_ALIVE: Final = "alive.lock"
_YOUNG: Final = 60.0
"""Seconds in which a folder may be there whose maker does not hold its lock yet."""


@contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """An empty folder, resolved, that is removed behind the block, or after a kill by whoever makes the next one."""
    _remove_abandoned()
    with (
        tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{purpose}-", ignore_cleanup_errors=True) as made,
        Lease(Path(made) / _ALIVE, purpose),
    ):
        folder = Path(made).resolve() / "files"
        folder.mkdir()
        yield folder


def _remove_abandoned() -> None:
    before = time.time() - _YOUNG
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
                alive = Path(entry.path) / _ALIVE
                with suppress(OSError):
                    found = alive.stat()
                    if found.st_uid == os.getuid() and found.st_mtime < before and holder(alive) is None:
                        shutil.rmtree(entry.path, ignore_errors=True)
