"""The end of a command that has said all it had to say."""

from __future__ import annotations

import atexit
import os
import sys
import threading


def end_at_once(code: int) -> None:
    """End the process without taking apart all that it imported, a fortieth of a comparison's time: its memory goes in
    any case.

    What asked to be called at the end is called before. Comes back where there is something left to do: another thread
    runs, or the output cannot be written, which Python tells at its own end.
    """
    if threading.active_count() > 1:
        return
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(code)
