"""The very wheels of what is installed, kept as plain files, so that an environment can be built without a network.

The folder is one that any installer takes (``pip install --no-index --find-links .trimtab/wheels``). A wheel is found
by its hash: a file that was damaged or changed is not found, and so never installed.

Rejected: a copy of the environment's folder, which is tied to its path and its machine; asking the index when an
environment is built again, since years later a version may be gone from it.
"""

from __future__ import annotations

from trimtab.drivers.wheel_store.index import Downloaded, Wanted, build_wheel, download, pip_for
from trimtab.drivers.wheel_store.repack import NotLockableError, repack
from trimtab.drivers.wheel_store.store import StoredWheel, WheelStore, read_wheel

__all__ = [
    "Downloaded",
    "NotLockableError",
    "StoredWheel",
    "Wanted",
    "WheelStore",
    "build_wheel",
    "download",
    "pip_for",
    "read_wheel",
    "repack",
]
