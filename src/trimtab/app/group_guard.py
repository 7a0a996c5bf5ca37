"""Begins a program in a process group of its own, and ends the group to its last process when the program has ended, or
the run that asked for it.

Run as ``python group_guard.py RUN PIPE WORD...``: the process id of the run, which may be killed at any moment, and a
pipe's number, to which it tells what became of the program: ``begun``, then ``ended CODE``, or ``refused ERRNO``. A run
that is killed cannot end what it began, so the guard is the program's parent: there is no moment in which the program
runs unguarded. It is run by its path and imports nothing but Python's own, so that it begins in 10 ms.

Rejected: the kernel's signal at a parent's death, which reaches one process and none of its children, on Linux alone; a
thread of the step's process, which waits as long as native code holds the interpreter; and a guard that is begun beside
the program, since a run may be killed between the two.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

GRACE = 2.0
"""Seconds from the request to end until what is left is killed: enough to write down where one is."""

_LAST_WORD = 1.0
"""Seconds to wait for the kernel to take away what was killed."""

_LOOK = 0.25
_PAUSE = 0.01


def end_group(group: int, *, but: int) -> None:
    """End every process of a group ``but`` its guard, which ends by itself: asked first, killed, the guard with them,
    after a short grace; returns at once if there is none."""
    for number, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, _LAST_WORD)):
        if not has_live(group, but=but):
            return
        try:
            os.killpg(group, number)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and has_live(group, but=but):
            time.sleep(_PAUSE)


def has_live(group: int, *, but: int) -> bool:
    """Whether a process of a group lives besides one; one that has ended and is waited for by nobody does not."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return any(process != but for process in _members(group))


def _members(group: int) -> list[int]:
    """The living processes of a group: where there is no ``/proc``, as ``ps`` has them."""
    proc, found = Path("/proc"), []
    if (proc / "self/stat").exists():
        for place in proc.glob("[0-9]*/stat"):
            with suppress(OSError):
                state, _parent, its_group = place.read_bytes().rpartition(b")")[2].split()[:3]
                if int(its_group) == group and state not in (b"Z", b"X"):
                    found.append(int(place.parent.name))
        return found
    listed = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        process, member_of, status = line.split()[:3]
        if int(member_of) == group and not status.startswith("Z"):
            found.append(int(process))
    return found


def guard(run: int, words: Sequence[str], tell: Callable[[str], None]) -> None:
    """Begin the program and wait for its end, or for that of ``run``, which is this process's parent as long as it
    lives; then end what is left of the group."""
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGCHLD):  # asked to end with its group, it waits for the others
        signal.signal(number, _nothing)
    if os.getppid() != run:
        return
    try:
        program = subprocess.Popen(words)
    except OSError as error:
        tell(f"refused {error.errno}")
        return
    tell("begun")
    while program.poll() is None and os.getppid() == run:
        select.select([woken], [], [], _LOOK)
        with suppress(BlockingIOError):
            os.read(woken, 1024)
    if program.returncode is not None:
        tell(f"ended {program.returncode}")
    end_group(os.getpgrp(), but=os.getpid())


def _nothing(_number: int, _frame: object) -> None:
    """A handler, which a program that is begun does not inherit, as it would inherit that a signal is ignored."""


def main(run: str, pipe: str, *words: str) -> None:
    """Guard a program; a run that has ended hears nothing."""

    def tell(what: str) -> None:
        with suppress(OSError):
            os.write(int(pipe), f"{what}\n".encode())

    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    guard(int(run), words, tell)


if __name__ == "__main__":
    main(*sys.argv[1:])
