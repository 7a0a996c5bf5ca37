"""Ends a process group to its last process; run as a program, once the process that began the group has ended.

A run that is killed cannot end what it began, so each group has a guard: a process of its own that looks whether the
run is still its parent. It is run by its path and imports nothing but Python's own, so that it begins in 10 ms.
Rejected: the kernel's signal at a parent's death, which reaches one process and none of its children, on Linux alone;
and a thread of the step's process, which waits as long as native code holds the interpreter.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

GRACE = 2.0
"""Seconds from the request to end until what is left is killed: enough to write down where one is."""

_LAST_WORD = 1.0
"""Seconds to wait for the kernel to take away what was killed."""

_LOOK = 0.25
_PAUSE = 0.01


def end_group(group: int) -> None:
    """End every process of a group: asked first, killed after a short grace; returns at once if there is none."""
    for number, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, _LAST_WORD)):
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not has_live(group):
                return
            time.sleep(_PAUSE)


def has_live(group: int) -> bool:
    """Whether a process of a group lives; one that has ended and is waited for by nobody does not."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    states = Path("/proc").glob("[0-9]*/stat") if sys.platform == "linux" else ()
    known = False
    for place in states:
        with suppress(OSError):
            state, _parent, its_group = place.read_bytes().rpartition(b")")[2].split()[:3]
            known = True
            if int(its_group) == group and state not in (b"Z", b"X"):
                return True
    return not known


def guard(group: int, parent: int) -> None:
    """Wait until ``parent`` is this process's parent no more, which it may not be from the beginning; end the group."""
    while os.getppid() == parent:
        time.sleep(_LOOK)
    end_group(group)


if __name__ == "__main__":
    guard(int(sys.argv[1]), int(sys.argv[2]))
