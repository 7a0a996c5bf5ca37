"""How much of its freed memory a process keeps, said to the allocator that numpy's arrays come from."""

from __future__ import annotations

import os
import sys
from typing import Final

_SETTINGS: Final = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""From glibc's ``malloc.h``."""
_LARGEST: Final = 32 << 20
"""Bytes of a block from which on it is of its own memory: as many as glibc allows."""
_KEPT: Final = 64 << 20
"""Free bytes that are kept, at most: a batch's arrays, of which only some are there at a time."""


def keep_freed_memory() -> None:
    """Freed arrays' memory stays with the process, unless the environment says otherwise.

    The arrays of one batch are as large as those of the next. glibc gives each back to the kernel as it is freed, and
    the next one is made of fresh pages, which cost a fault for each 4 kB: a tenth of a check's time. Where the C
    library is another one, nothing changes.
    """
    if sys.platform != "linux" or any(name in os.environ for name in _SETTINGS):
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _KEPT)
