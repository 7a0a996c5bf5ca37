"""The parent of one child process: it lives as long as the child does and writes down how it ended.

Started by `trimtab.drivers.processes.local` as a program of its own, so that the exit code is known even if whoever
asked for the work is dead by then. It holds the work's lock, and so does the child, who inherits it: the lock is free
only when both are gone, whatever killed them.

As a spare it starts the child before there is any work, and gives it the work when some comes. Whoever prepared it
holds the other end of a socket: when that closes first, both end.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from trimtab.disk.atomic import write_bytes
from trimtab.disk.lock import Holder, sign
from trimtab.drivers.processes.handover import SPARE, Given, give, take
from trimtab.records.process import Exit
from trimtab.records.versioned import encode

COULD_NOT_START = 127
"""The exit code of a program that was not found; a shell says the same."""


_SPARE: Final = "trimtab.drivers.processes.spare"


def main() -> int:
    """``wrapper LOCK_FD KEY EXIT_FILE PROGRAM ARGUMENT…``, or ``wrapper --spare CHANNEL_FD WORDS PROGRAM… MODULE…``."""
    if sys.argv[1] == SPARE:
        channel, words, *rest = sys.argv[2:]
        _wait_for_work(int(channel), rest[: int(words)], rest[int(words) :])
    else:
        lock, key, exit_file, *argv = sys.argv[1:]
        _write_down(exit_file, _run(argv, int(lock), key))
    return 0


def _wait_for_work(descriptor: int, program: list[str], modules: list[str]) -> None:
    ours, theirs = socket.socketpair()
    with socket.socket(fileno=descriptor) as channel, ours:
        argv = [*program[:-1], _SPARE, str(theirs.fileno()), *modules]
        with theirs:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),), process_group=0)
        given = take(channel)
        handed_on = given is not None and _hand_on(ours, given)
    if not handed_on:  # there is no work, or somebody has killed the child
        child.kill()
        child.wait()
    if given is None:
        return
    given.enter()
    work = given.work
    if handed_on:
        _write_down(work.exit_file, _see_to_its_end(child, given.lock, work.key))
    else:
        _write_down(work.exit_file, _run(list(work.argv), given.lock, work.key))


def _hand_on(channel: socket.socket, given: Given) -> bool:
    try:
        give(channel, given.work, lock=given.lock, log=given.log)
    except OSError:
        return False
    return True


def _write_down(exit_file: str, code: int) -> None:
    write_bytes(Path(exit_file), encode(Exit(code=code)), mode=0o600)


def _run(argv: list[str], lock: int, key: str) -> int:
    try:
        # A group of its own: whoever stops the work signals that group, and this process stays to see it end.
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, pass_fds=(lock,), process_group=0)
    except OSError as error:
        print(f"{argv[0]} could not be started: {error.strerror}", file=sys.stderr, flush=True)  # noqa: T201 - the log
        return COULD_NOT_START
    return _see_to_its_end(child, lock, key)


def _see_to_its_end(child: subprocess.Popen[bytes], lock: int, key: str) -> int:
    sign(lock, Holder(pid=child.pid, owner=key))
    code = child.wait()
    with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
        os.killpg(child.pid, signal.SIGKILL)  # work ends with everything that it started
    return code


if __name__ == "__main__":
    sys.exit(main())
