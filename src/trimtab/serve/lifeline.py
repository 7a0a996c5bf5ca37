"""A child of the supervisor learns from its standard input that the supervisor is gone.

The supervisor holds the writing end of a pipe and never writes. When it dies, kill -9 included, the kernel closes the
pipe and every child reads the end of the file: no polling, no process ids that may be reused, the same on Linux and
macOS. A child that has no pipe there (started by hand in a terminal) is left alone.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable

STDIN = 0


def has_lifeline() -> bool:
    """Whether standard input is a pipe, as the supervisor makes it."""
    try:
        return stat.S_ISFIFO(os.fstat(STDIN).st_mode)
    except OSError:
        return False


def watch(cut: Callable[[], None]) -> None:
    """Call ``cut`` from a thread of its own once the supervisor is gone; for children without an event loop."""
    if has_lifeline():
        threading.Thread(target=_wait, args=(cut,), name="lifeline", daemon=True).start()


def _wait(cut: Callable[[], None]) -> None:
    while os.read(STDIN, 1024):
        pass
    cut()
