"""What the project's functions reach, remembered from run to run for as long as no Python file of it changed.

Following the code costs some milliseconds for a small project and a second for a large one, and most runs change none
of it. What is remembered is the answer to a question about texts, so it is right for as long as the texts, Python and
the reader of texts are the same; a remembered answer that is damaged counts as none.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from trimtab.disk.checked import read_checked, write_checked
from trimtab.pipeline import reach as reading
from trimtab.pipeline.reach.values import Reach

if TYPE_CHECKING:
    from trimtab.pipeline.reach.program import Program


class _Known(msgspec.Struct, frozen=True):
    """The stored form: what was read for these texts, by ``module:name`` or by a script's path."""

    texts: bytes
    answers: dict[str, Reach]


class KnownReach:
    """What the functions of a project's Python files reach: as `Program` tells, or told before of the same files.

    Args:
        texts: path (relative, with ``/``) → text.
        path: where answers are remembered. It is made when something is saved, and may be removed at any time.
    """

    def __init__(self, texts: Mapping[str, str], path: Path) -> None:
        self._texts = texts
        self._path = path
        self._digest = _digest_of(texts)
        self._answers = _read(path, self._digest)
        self._program: Program | None = None

    def reach(self, module: str, name: str) -> Reach:
        """What a function of a module depends on; see `Program.reach`."""
        return self._answer(f"{module}:{name}", lambda program: program.reach(module, name))

    def reach_file(self, path: str) -> Reach:
        """What a script depends on when it is run; see `Program.reach_file`."""
        return self._answer(path, lambda program: program.reach_file(path))

    def save(self) -> None:
        """Remember the answers for the next run.

        Raises:
            DriverError: the disk refused; what was remembered before is as it was.
        """
        if self._program is None:
            return
        with suppress(UnicodeEncodeError):  # a text of the code has half a character in it: it is read each time
            write_checked(self._path, msgspec.msgpack.encode(_Known(self._digest, self._answers)))

    def _answer(self, question: str, ask: Callable[[Program], Reach]) -> Reach:
        known = self._answers.get(question)
        if known is None:
            if self._program is None:
                from trimtab.pipeline.reach.program import Program

                self._program = Program(self._texts)
            known = self._answers[question] = ask(self._program)
        return known


def _read(path: Path, digest: bytes) -> dict[str, Reach]:
    """The answers in the file, if they are about these texts."""
    content = read_checked(path)
    if content is None:  # the texts are read, which is always right
        return {}
    try:
        known = msgspec.msgpack.decode(content, type=_Known)
    except msgspec.DecodeError:  # of another version
        return {}
    return known.answers if known.texts == digest else {}


def _digest_of(texts: Mapping[str, str]) -> bytes:
    """Of the texts, and of what reads them: Python, and the modules of `trimtab.pipeline.reach` as they are here."""
    state = hashlib.sha256(sys.version.encode())
    with os.scandir(reading.__path__[0]) as entries:
        code = (each for each in entries if each.name.endswith(".py"))
        readers = sorted((each.name, each.stat().st_size, each.stat().st_mtime_ns) for each in code)
    state.update(repr(readers).encode())
    for name, text in sorted(texts.items()):
        content = text.encode("utf-8", "surrogatepass")
        state.update(f"{len(name)} {len(content)} {name}".encode("utf-8", "surrogateescape") + content)
    return state.digest()
