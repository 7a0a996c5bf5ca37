"""The parent of one child process: it lives as long as the child does and writes down how it ended.

Started by `trimtab.drivers.processes` as a program of its own, so that the exit code is known even if whoever asked for
the work is dead by then. It holds the work's lock, and so does the child, who inherits it: the lock is free only when
both are gone, whatever killed them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from trimtab.disk.atomic import write_bytes
from trimtab.disk.lock import Holder, sign
from trimtab.records.process import Exit
from trimtab.records.versioned import encode

COULD_NOT_START = 127
"""The exit code of a program that was not found; a shell says the same."""


def main() -> int:
    """``process_wrapper LOCK_FD KEY EXIT_FILE PROGRAM ARGUMENT…``"""
    lock, key, exit_file, *argv = sys.argv[1:]
    write_bytes(Path(exit_file), encode(Exit(code=_run(argv, int(lock), key))), mode=0o600)
    return 0


def _run(argv: list[str], lock: int, key: str) -> int:
    try:
        # A group of its own: whoever stops the work signals that group, and this process stays to see it end.
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, pass_fds=(lock,), process_group=0)
    except OSError as error:
        print(f"{argv[0]} could not be started: {error.strerror}", file=sys.stderr, flush=True)  # noqa: T201 - the log
        return COULD_NOT_START
    sign(lock, Holder(pid=child.pid, owner=key))
    code = child.wait()
    with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
        os.killpg(child.pid, signal.SIGKILL)  # work ends with everything that it started
    return code


if __name__ == "__main__":
    sys.exit(main())
