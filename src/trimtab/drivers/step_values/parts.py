"""Where the parts of a value go on their way into files, and come from on their way back.

A value is one tree (`trimtab.drivers.step_values.tree`) and, beside it, what is too large for it: all arrays in one
file, one behind the other, and each table and model in a file of its own, so that a Parquet file is one. Small parts
stay in memory until they are written; large ones go to a scratch file at once, so that a table of 1 GB is not in
memory twice. Every byte is hashed once, when it passes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, Protocol, TypeAlias

import msgspec

from trimtab.base.digest import Digest, digest_bytes, digest_parts
from trimtab.disk.faults import explained

TREE: Final = "value"
ARRAYS: Final = "arrays"
IN_MEMORY: Final = 4 << 20
"""Bytes of a part up to which it is built in memory."""

Held: TypeAlias = bytes | Path
Buffer: TypeAlias = bytes | bytearray | memoryview


class Part(msgspec.Struct, frozen=True, kw_only=True):  # made in a tenth of a dataclass's time: every run imports this
    """One file to be: its name within the value, its bytes (or the scratch file that has them) and their digest."""

    name: str
    held: Held
    content: Digest


class Scratch(Protocol):
    """A folder for large parts, made when the first one is needed."""

    def __call__(self) -> Path: ...


class Parts:
    """What an encoder writes beside the tree.

    Args:
        scratch: gives a folder for what is large; None keeps everything in memory.
        digest_file: the digest of a file's bytes.
    """

    def __init__(self, scratch: Scratch | None = None, digest_file: Callable[[Path], Digest] | None = None) -> None:
        self._scratch = scratch
        self._digest_file = digest_file
        self._parts: list[Part] = []
        self._folders = 0
        self._contents: list[bytes] = []
        self._arrays: BinaryIO = BytesIO()
        self._arrays_size = 0
        self._arrays_path: Path | None = None
        self._arrays_state = hashlib.sha256()

    def put_array(self, raw: Buffer) -> None:
        """Append bytes to the arrays; they are read back in this order."""
        if self._scratch and not self._arrays_path and self._arrays_size + len(raw) > IN_MEMORY:
            begun, self._arrays_path = self._arrays, self._scratch() / ARRAYS
            with explained("write arrays", self._arrays_path):
                self._arrays = self._arrays_path.open("wb", buffering=0)
            self._write(begun.getvalue() if isinstance(begun, BytesIO) else b"")
        self._arrays_state.update(raw)
        self._arrays_size += len(raw)
        self._write(raw)

    def path_for(self, size: int, suffix: str) -> Path | None:
        """A scratch file to write a part of about ``size`` bytes into; None if it is to be built in memory."""
        if self._scratch is None or size <= IN_MEMORY:
            return None
        return self._scratch() / f"{len(self._parts) + 1}.{suffix}"

    def folder(self) -> Path:
        """A new scratch folder, for what can only be written to files."""
        if self._scratch is None:
            raise RuntimeError("this value is encoded in memory; a serialiser needs a folder")
        self._folders += 1
        made = self._scratch() / f"folder-{self._folders}"
        with explained("make a folder", made):
            made.mkdir()
        return made

    @property
    def count(self) -> int:
        """Grows with everything that is put beside the tree."""
        return self._arrays_size + len(self._parts)

    def add(self, held: Held, suffix: str, *, content: Digest | None = None) -> int:
        """Add a file and get its number.

        Args:
            content: the digest of what it says, where its bytes may differ for the same content.
        """
        number = len(self._parts) + 1
        found = self._digest(held)
        self._parts.append(Part(name=f"{number}.{suffix}", held=held, content=found))
        self._contents.append((content or found).encode())
        return number

    def finish(self, tree: bytes) -> tuple[tuple[Part, ...], Digest]:
        """All files, the tree first, and the digest of the whole value."""
        parts = [Part(name=TREE, held=tree, content=digest_bytes(tree))]
        arrays = Digest("sha256:" + self._arrays_state.hexdigest()) if self._arrays_size else Digest("")
        if self._arrays_size:
            begun = self._arrays
            held = self._arrays_path or (begun.getvalue() if isinstance(begun, BytesIO) else b"")
            parts.append(Part(name=ARRAYS, held=held, content=arrays))
        self.close()
        return (*parts, *self._parts), digest_parts([tree, arrays.encode(), *self._contents])

    def close(self) -> None:
        """Close the scratch file of the arrays."""
        self._arrays.close()

    def _write(self, raw: Buffer) -> None:
        rest = memoryview(raw)
        with explained("write arrays", self._arrays_path or Path(ARRAYS)):
            while rest:  # an unbuffered file may take less than it is given
                rest = rest[self._arrays.write(rest) :]

    def _digest(self, held: Held) -> Digest:
        if isinstance(held, bytes):
            return digest_bytes(held)
        if self._digest_file is None:
            raise RuntimeError("this value is encoded in memory and has no files")
        return self._digest_file(held)


class Opened(Protocol):
    """The files of a kept value, each checked against its digest before it is given out."""

    def content(self, name: str) -> bytes: ...

    def held(self, name: str) -> Held:
        """The bytes, or the file itself where it is large."""
        ...

    def stream(self, name: str) -> BinaryIO:
        """The file from its beginning, unchecked: whoever reads it hashes what is read."""
        ...

    def folder(self) -> Path:
        """A new scratch folder, which whoever asked for it removes."""
        ...

    def expected(self, name: str) -> Digest: ...

    def damaged(self, name: str) -> Exception: ...


class Arrays:
    """The arrays of a value, read one behind the other and hashed on the way: one pass, no copy."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._state = hashlib.sha256()
        self._file: BinaryIO | None = None

    def fill(self, raw: memoryview) -> None:
        """Read the next ``len(raw)`` bytes into ``raw``."""
        if self._file is None:
            self._file = self._opened.stream(ARRAYS)
        rest = raw
        while rest:
            try:
                count = self._file.readinto(rest)  # type: ignore[attr-defined]
            except OSError as error:  # it was opened, so what the disk cannot read is lost
                raise self._opened.damaged(ARRAYS) from error
            if not count:
                raise self._opened.damaged(ARRAYS)
            rest = rest[count:]
        self._state.update(raw)

    def read(self, size: int) -> bytearray:
        """The next bytes themselves."""
        raw = bytearray(size)
        self.fill(memoryview(raw))
        return raw

    def finish(self) -> None:
        """Raise if what was read is not what was kept; a value may be handed on only after this."""
        if self._file is None:
            return
        more = self._file.read(1)
        self._file.close()
        if more or not self._as_kept():
            raise self._opened.damaged(ARRAYS)

    def blame(self) -> None:
        """Raise if the arrays are not what was kept: what is made of damaged bytes may fail in any way before its end.

        To be called where something failed; what was not read yet is read now.
        """
        if self._file is None or self._file.closed:
            return
        try:
            while more := self._file.read(IN_MEMORY):
                self._state.update(more)
        except OSError as error:
            raise self._opened.damaged(ARRAYS) from error
        if not self._as_kept():
            raise self._opened.damaged(ARRAYS)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _as_kept(self) -> bool:
        return "sha256:" + self._state.hexdigest() == self._opened.expected(ARRAYS)
