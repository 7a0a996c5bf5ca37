"""Work given to a process that was started before it was known: a line of JSON, and two descriptors beside it.

The descriptors are the work's lock and its log. A descriptor under way counts as open: the lock is held from one end
to the other, also if the sender is killed as soon as it has sent.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Final

import msgspec

SPARE: Final = "--spare"
"""The wrapper's first argument if it is to wait for work."""

_READ: Final = 1 << 16


class Work(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.work/1"):
    """A command for a waiting process.

    Attributes:
        exit_file: where its end is written down.
        program: how many words of ``argv`` name the program; the last of them is a module.
    """

    key: str
    exit_file: str
    argv: tuple[str, ...]
    program: int
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What arrived: the work, and the descriptors of its lock and its log."""

    work: Work
    lock: int
    log: int

    def enter(self) -> None:
        """Make the log this process's output and the work's folder its own; raises `OSError`."""
        os.chdir(self.work.folder)
        for output in (1, 2):
            os.dup2(self.log, output)
        os.close(self.log)


def give(channel: socket.socket, work: Work, *, lock: int, log: int) -> None:
    """Send work to the process at the other end; raises `OSError` if it cannot have got it."""
    line = msgspec.json.encode(work) + b"\n"
    rest = line[socket.send_fds(channel, [line], [lock, log]) :]
    if rest:  # who has read the whole line may be gone: even sending nothing would be refused then
        channel.sendall(rest)


def take(channel: socket.socket) -> Given | None:
    """Wait for work; None once the other end is closed."""
    line, descriptors, _, _ = socket.recv_fds(channel, _READ, 2)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    while line and not line.endswith(b"\n"):
        more = channel.recv(_READ)
        if not more:
            return None
        line += more
    if not line:
        return None
    lock, log = descriptors
    return Given(work=msgspec.json.decode(line, type=Work), lock=lock, log=log)
