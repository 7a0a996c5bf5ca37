"""A program in a session and process group of its own: its output is passed on, and it is ended to its last child.

What it says goes to standard error as it comes, so that nothing of it is held but its end, which an error can show. It
has no terminal: the terminal's interrupt reaches the run alone, which then ends the group.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from trimtab.app import group_guard
from trimtab.base.instants import SECOND, Span

_GUARD: Final = (sys.executable, "-I", "-S", str(Path(group_guard.__file__)))
_READ: Final = 1 << 16
_HELD: Final = 4096
"""Bytes of the end of what a program says."""

_LINES: Final = 12
_REST: Final = 1.0
"""Seconds in which what was said last is read; a process that left the group may hold the pipe open for longer."""


class ProcessGroup:
    """A program that was begun, with whatever it begins; to be waited for by one thread and ended by any.

    Its parent is a guard (`trimtab.app.group_guard`), which ends the group if this process is killed.

    Raises:
        OSError: the program cannot be started.
    """

    def __init__(self, words: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> None:
        told, telling = os.pipe()
        self._told = os.fdopen(told, "rb")
        try:
            self._guard = subprocess.Popen(
                [*_GUARD, str(os.getpid()), str(telling), *words], cwd=folder, env=environment, pass_fds=[telling],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(telling)
        assert self._guard.stdout is not None
        self._output = _Output(self._guard.stdout)
        self._lock = threading.Lock()
        self._code = -signal.SIGKILL
        begun = self._told.readline().split()
        if begun[:1] == [b"refused"]:
            self.end()
            raise OSError(int(begun[1]), os.strerror(int(begun[1])), words[0])

    @property
    def code(self) -> int:
        """How the program ended, once it has: its exit code, or the negative number of the signal that ended it."""
        return self._code

    @property
    def said(self) -> str:
        """The last lines of what it and its children said, standard output and standard error together."""
        return self._output.end()

    def finish(self, limit: Span | None) -> bool:
        """Wait for it, and end what is left of it; False if it did not end by itself within ``limit``."""
        try:
            self._guard.wait(timeout=None if limit is None else limit / SECOND)
        except subprocess.TimeoutExpired:
            return False
        finally:
            self.end()
        return True

    def end(self) -> None:
        """End the program and its children to the last one; nothing happens if they have ended."""
        with self._lock:
            if self._guard.returncode is None:
                group_guard.end_group(self._guard.pid, but=self._guard.pid)
                with suppress(subprocess.TimeoutExpired):  # it has nothing left to wait for
                    self._guard.wait(_REST)
                self._guard.kill()
                self._guard.wait()
            if not self._told.closed:
                ended = self._told.readline().split()
                self._told.close()
                self._code = int(ended[1]) if ended else self._guard.returncode
                if not ended:  # the guard was killed, and cannot have ended the others
                    group_guard.end_group(self._guard.pid, but=self._guard.pid)
            self._output.close()


class _Output:
    """What a program says: passed on to standard error by a thread, its end kept."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._held = bytearray()
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def end(self) -> str:
        text = bytes(self._held).decode(errors="replace").strip()
        return "\n".join(line.rsplit("\r", 1)[-1] for line in text.splitlines()[-_LINES:])

    def close(self) -> None:
        self._thread.join(_REST)
        if not self._thread.is_alive():
            self._pipe.close()

    def _pass_on(self) -> None:
        while said := os.read(self._pipe.fileno(), _READ):
            self._held = (self._held + said)[-_HELD:]
            _show(said)


def _show(said: bytes) -> None:
    """To standard error: standard output has the record that ``--json`` prints."""
    stream = sys.stderr
    with suppress(OSError, ValueError, AttributeError):  # closed, or none: the program goes on
        binary = getattr(stream, "buffer", None)
        if binary is None:
            stream.write(said.decode(errors="replace"))
        else:
            binary.write(said)
        stream.flush()
