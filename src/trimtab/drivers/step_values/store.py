"""Values on the disk, named by their content, and opened again as fresh objects.

A file's name is the digest of its bytes, so that equal parts of values are kept once and a damaged one is found. Files
are never changed, only replaced by themselves; nothing is brought to the disk with fsync, since a file that a power cut
tore has another digest than its name. `StepValues.intact` goes by a file's size and times where they are as they were
written, which a power cut or a failing disk may leave so; opening goes by the digest, and removes a file that has
another one, so that the next plan finds it missing and the step is computed again. Deleting the folder loses time and
nothing else.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from trimtab.base.digest import Digest, digest_bytes, parse_digest
from trimtab.base.errors import DriverError, IntegrityError, NotFoundError
from trimtab.disk.atomic import publish, workspace, write_bytes
from trimtab.disk.faults import explained
from trimtab.disk.tree import digest_file
from trimtab.drivers.step_values.parts import IN_MEMORY, Held, Part, Parts
from trimtab.drivers.step_values.problems import DamagedValueError, RefusedError, unkeepable
from trimtab.drivers.step_values.registered import Serialiser
from trimtab.drivers.step_values.tree import decode, encode, kind_of, known_of
from trimtab.records.kept import Kept, KeptFile

VALUES = "values"
USED = ".used"
"""How the name of an empty file ends whose time says when the content beside it was kept again."""

_AGAIN = "Run again: the step is computed anew."
_MODE = 0o400  # only ever replaced, and as private as the project's other content
_T = TypeVar("_T")


class StepValues:
    """What steps returned, kept below ``folder``; for several threads and processes at once.

    Args:
        folder: the cache, ``.trimtab/cache``; made when the first value is kept, and safe to delete at any time.
        serialisers: what the project registered, the first that takes a value first.
        project: where the project's own modules are: their dataclasses, named tuples and Enum members are kept too.
    """

    def __init__(self, folder: Path, serialisers: Sequence[Serialiser] = (), *, project: Path | None = None) -> None:
        self.folder = folder
        self._values = folder / VALUES
        self._known = known_of(serialisers, project)

    def keep(self, value: Any, *, step: str) -> Kept:
        """Write a value and say what it was kept as; keeping an equal one again writes nothing.

        Raises:
            UnkeepableValueError: it holds something that cannot be kept; the sentence says where and what.
            UnstableSerialiserError: a registered serialiser wrote it in two ways.
            DriverError: the disk refused; nothing is left of it.
        """
        with ExitStack() as stack:
            parts = Parts(_Scratch(self._values, stack), digest_file)
            stack.callback(parts.close)
            try:
                encoded = encode(value, parts, self._known)
            except RefusedError as refused:
                raise unkeepable(step, refused) from refused.__cause__
            files = tuple(self._placed(part) for part in encoded.files)
        return Kept(
            format=kind_of(value),
            digest=encoded.digest,
            files=files,
            classes=encoded.classes,
            libraries=encoded.libraries,
        )

    def open(self, kept: Kept) -> Any:
        """The value, as an object of its own: changing it changes no other and nothing that is kept.

        Raises:
            NotFoundError: a file of it is gone.
            DamagedValueError: a file is not what it was; it was removed.
            InputError: its serialiser is not registered any more, or its class is not the project's any more.
        """
        with ExitStack() as stack:
            return decode(_Files(self._values, kept, stack), self._known)

    def intact(self, kept: Kept) -> bool:
        """Whether every file is what it was: by size, times and inode as they were written, else by its digest."""
        return all(self._is_intact(file) for file in kept.files)

    def _is_intact(self, file: KeptFile) -> bool:
        path = path_of(self._values, file.content)
        try:
            found = path.lstat()
            if (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino) == (
                file.size, file.modified, file.changed, file.inode,
            ):  # fmt: skip
                return True
            return found.st_size == file.size and digest_file(path) == file.content
        except (OSError, IntegrityError, DriverError):
            return False

    def _placed(self, part: Part) -> KeptFile:
        path = path_of(self._values, part.content)
        if not _renewed(path, part):
            if isinstance(part.held, bytes):
                with_folder(path.parent, partial(write_bytes, path, part.held, mode=_MODE, sync=False))
            else:
                with explained(f"write {part.name}", part.held):
                    part.held.chmod(_MODE)
                with_folder(path.parent, partial(publish, part.held, path, sync=False))
        with explained(f"look at {part.name}", path):
            found = path.stat()
        return KeptFile(
            name=part.name,
            content=part.content,
            size=found.st_size,
            modified=found.st_mtime_ns,
            changed=found.st_ctime_ns,
            inode=found.st_ino,
        )


def path_of(folder: Path, digest: Digest) -> Path:
    """Where the content of a digest is, or would be: ``ab/cdef…``."""
    digits = parse_digest(digest).removeprefix("sha256:")
    return folder / digits[:2] / digits[2:]


def with_folder(folder: Path, write: Callable[[], _T]) -> _T:
    """What ``write`` returns, with ``folder`` made if it is not there, also if somebody deletes it in the meantime."""
    for _ in range(3):
        try:
            return write()
        except DriverError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            with explained(f"make the folder {folder.name}", folder):
                folder.mkdir(parents=True, exist_ok=True)
    return write()


def _renewed(path: Path, part: Part) -> bool:
    """Whether the very content is there already; that it was used now is noted, so that nobody trims it away."""
    try:
        if isinstance(part.held, bytes):
            same = path.stat().st_size == len(part.held) and path.read_bytes() == part.held
        else:
            same = path.stat().st_size == part.held.stat().st_size and digest_file(path) == part.content
        if same:  # beside it: a file that is touched is no longer, by its times, what it was when it was kept
            path.with_name(path.name + USED).touch()
        return same and path.exists()
    except (OSError, IntegrityError, DriverError):
        return False


class _Scratch:
    """A scratch folder beside the values, made when it is first asked for and removed with ``stack``."""

    def __init__(self, values: Path, stack: ExitStack) -> None:
        self._values = values
        self._stack = stack
        self._folder: Path | None = None

    def __call__(self) -> Path:
        if self._folder is None:
            place = self._values / "making"
            self._folder = with_folder(self._values, lambda: self._stack.enter_context(workspace(place)))
        return self._folder


class _Files:
    """The files of a kept value, checked before they are given out."""

    def __init__(self, values: Path, kept: Kept, stack: ExitStack) -> None:
        self._values = values
        self._kept = {file.name: file for file in kept.files}
        self._scratch = _Scratch(values, stack)
        self._folders = 0

    def content(self, name: str) -> bytes:
        file, path = self._find(name)
        with self._reading(name):
            content = path.read_bytes()
        if digest_bytes(content) != file.content:
            raise self.damaged(name)
        return content

    def held(self, name: str) -> Held:
        file, path = self._find(name)
        if file.size <= IN_MEMORY:
            return self.content(name)
        with self._reading(name):
            found = digest_file(path)
        if found != file.content:
            raise self.damaged(name)
        return path

    def stream(self, name: str) -> BinaryIO:
        file, path = self._find(name)
        with self._reading(name):
            return BytesIO(path.read_bytes()) if file.size <= IN_MEMORY else path.open("rb")

    def folder(self) -> Path:
        self._folders += 1
        made = self._scratch() / f"folder-{self._folders}"
        with explained("make a folder", made):
            made.mkdir()
        return made

    def expected(self, name: str) -> Digest:
        return self._find(name)[0].content

    def damaged(self, name: str) -> DamagedValueError:
        """The error for a file that is not what it was, which is removed: `StepValues.intact` may not see the damage,
        and the next run would meet it again."""
        path = self._find(name)[1]
        with suppress(OSError):
            path.unlink()
        removed = not path.exists()
        return DamagedValueError(
            f"a kept value is damaged: its part {name} is not what it was"
            + (", and was removed" if removed else "; it cannot be removed"),
            fix=_AGAIN if removed else f"Remove that file. {_AGAIN}",
            at=str(path),
        )

    def _find(self, name: str) -> tuple[KeptFile, Path]:
        file = self._kept[name]
        return file, path_of(self._values, file.content)

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        path = self._find(name)[1]
        with explained("read a kept value", path):
            try:
                yield
            except FileNotFoundError:
                raise NotFoundError(
                    f"a kept value is gone: there is no file for its part {name}", fix=_AGAIN, at=str(path)
                ) from None
            except (OSError, DriverError) as error:
                cause = error.__cause__ if isinstance(error, DriverError) else error
                if not isinstance(cause, OSError) or cause.errno != errno.EIO:
                    raise
                raise self.damaged(name) from error  # what the disk cannot read is lost, whatever its times say
