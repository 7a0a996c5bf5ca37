"""A folder of wheels: put one in, find one by its hash."""

from __future__ import annotations

import base64
import hashlib
import shutil
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trimtab.base.digest import Digest
from trimtab.base.errors import IntegrityError
from trimtab.disk.atomic import clean_partial, publish, workspace
from trimtab.disk.faults import explained
from trimtab.release.installed_files import record_digest, record_rows
from trimtab.release.versions import is_version
from trimtab.release.wheel_name import Interpreter, WheelName, fits, parse_wheel_name

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWheel:
    """A wheel: where it is, what its name says, its SHA-256 and size, and the digest of what it consists of."""

    path: Path
    name: WheelName
    sha256: str
    size: int
    record: Digest


class WheelStore:
    """The wheels below a folder.

    A wheel lies in it under its own name; where another of that name is there already, in a folder named by its hash.

    Args:
        folder: made when the first wheel is put in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, wheel: Path) -> StoredWheel:
        """Copy a wheel into the store, whole or not at all; nothing happens if it is there.

        Raises:
            IntegrityError: its files are not those that its RECORD lists.
            DriverError: the disk refused.
        """
        read = read_wheel(wheel)
        self.folder.mkdir(parents=True, exist_ok=True)
        clean_partial(self.folder)
        place = self.folder / wheel.name
        if place.exists() and _digest(place, "sha256") != read.sha256:
            place = self.folder / read.sha256[:12] / wheel.name
            place.parent.mkdir(exist_ok=True)
        if not place.exists() or _digest(place, "sha256") != read.sha256:
            with workspace(place) as folder, explained(f"keep {wheel.name}", place):
                shutil.copyfile(wheel, folder / wheel.name)
                publish(folder / wheel.name, place)
        return StoredWheel(path=place, name=read.name, sha256=read.sha256, size=read.size, record=read.record)

    def find(self, name: str, hashes: Collection[str], *, interpreter: Interpreter) -> Path | None:
        """A wheel of a package that has one of these hashes (``sha256:…``) and fits; None if there is none, whole."""
        for path, parsed in self._wheels(name):
            if not fits(parsed, interpreter):
                continue
            for algorithm in sorted({each.partition(":")[0] for each in hashes}):
                if f"{algorithm}:{_digest(path, algorithm)}" in hashes:
                    return path
        return None

    def named(self, name: str, version: str, interpreter: Interpreter) -> list[Path]:
        """The wheels of a version of a package that fit, sound or not."""
        wheels = self._wheels(name)
        return [path for path, parsed in wheels if is_version(parsed.version, version) and fits(parsed, interpreter)]

    def holding(self, name: str, record: Digest | None) -> StoredWheel | None:
        """A wheel of a package that consists of exactly what a digest of `record_digest` says; None if there is none.

        Its files are read and compared with its list of them.
        """
        for path, _ in self._wheels(name):
            try:
                wheel = read_wheel(path)
            except IntegrityError:
                continue
            if wheel.record == record:
                return wheel
        return None

    def _wheels(self, name: str) -> Iterator[tuple[Path, WheelName]]:
        for path in sorted([*self.folder.glob("*.whl"), *self.folder.glob("*/*.whl")]):
            parsed = parse_wheel_name(path.name)
            if parsed is not None and parsed.name == name:
                yield path, parsed


def read_wheel(path: Path) -> StoredWheel:
    """What a wheel is; every file in it is read and compared with its RECORD.

    Raises:
        IntegrityError: it is no wheel, or a file in it is not what RECORD says, or not listed there.
    """
    name = parse_wheel_name(path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            if name is None:
                raise _unsound(path, "its name is not a wheel's")
            record = next((each for each in archive.namelist() if each.endswith(".dist-info/RECORD")), None)
            if record is None:
                raise _unsound(path, "it has no RECORD")
            rows = record_rows(archive.read(record).decode("utf-8"))
            listed = {row.path: row.hash for row in rows}
            for member in archive.infolist():
                if not member.is_dir() and not _is_listed(archive, member, listed, record):
                    raise _unsound(path, f"{member.filename} is not what its RECORD says")
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError, EOFError) as error:
        raise _unsound(path, str(error)) from error
    return StoredWheel(
        path=path,
        name=name,
        sha256=_digest(path, "sha256"),
        size=path.stat().st_size,
        record=record_digest(rows, name.name),
    )


def urlsafe(digest: bytes) -> str:
    """A digest as RECORD writes it."""
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _is_listed(archive: zipfile.ZipFile, member: zipfile.ZipInfo, listed: dict[str, str], record: str) -> bool:
    if member.filename in (record, f"{record}.jws", f"{record}.p7s"):
        return True
    algorithm, _, wanted = listed.get(member.filename, "").partition("=")
    if algorithm not in hashlib.algorithms_guaranteed:
        return False
    state = hashlib.new(algorithm)
    with archive.open(member) as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return urlsafe(state.digest()) == wanted.rstrip("=")


def _digest(path: Path, algorithm: str) -> str:
    state = hashlib.new(algorithm)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return state.hexdigest()


def _unsound(path: Path, why: str) -> IntegrityError:
    return IntegrityError(f"{path.name} is not a sound wheel: {why}", fix="Remove it.", at=str(path))
