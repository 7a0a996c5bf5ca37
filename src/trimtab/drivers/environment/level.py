"""Whether a lock holds what is installed: the lock is found, read and compared, and a difference refuses.

A lock that is there and does not agree is never passed over: it would look as if nothing had been locked. What agreed
once is remembered by the digest of everything that was compared, since reading a large lock takes longer than a run
that has nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Final

from trimtab.base.digest import Digest, digest_bytes, digest_json
from trimtab.base.errors import EnvironmentMismatchError, InputError
from trimtab.drivers.environment.libraries import Libraries
from trimtab.drivers.environment.machine import marker_variables
from trimtab.records.environment import Level, Lock, Package

if TYPE_CHECKING:
    from trimtab.release.wheel_name import Interpreter


_NAMES: Final = ("pylock.toml", "uv.lock")


@dataclass(frozen=True, slots=True, kw_only=True)
class LockFile:
    """A lock that was found: its path in the project, its kind and its bytes."""

    path: str
    kind: str
    content: bytes

    @property
    def record(self) -> Lock:
        """What a run's record keeps of it."""
        return Lock(kind=self.kind, path=self.path, content=digest_bytes(self.content))


def find_locks(root: Path, *, named: PurePath | None = None) -> tuple[LockFile, ...]:
    """The locks of a project, the one that counts first.

    Args:
        named: what ``[pipeline] lock`` names: then it alone. Without it ``pylock.toml``, ``uv.lock``,
            ``requirements.txt`` and other ``requirements*.txt`` are looked for, in this order; requirements without
            hashes are no locks.

    Raises:
        InputError: the named one cannot be read; or there are several requirements files with hashes, none of them
            ``requirements.txt``.
    """
    if named is None and not any(root.glob("requirements*.txt")) and not any((root / n).is_file() for n in _NAMES):
        return ()
    from trimtab.release.locks.reading import kind_of

    if named is not None:
        return (LockFile(path=str(named), kind=kind_of(named.name), content=_read(root / named)),)
    found = [
        LockFile(path=name, kind=kind_of(name), content=_read(root / name))
        for name in _NAMES
        if (root / name).is_file()
    ]
    hashed = list(_hashed(root))
    first = not found and hashed
    if first and len(hashed) > 1 and hashed[0].path != "requirements.txt":
        names = ", ".join(lock.path for lock in hashed)
        raise InputError(
            f"there are several locks: {names}", fix="Name the one that counts in [pipeline] lock.", at=str(root)
        )
    return (*found, *hashed)


def environment_level(
    root: Path, used: Mapping[str, Package], *, libraries: Libraries, named: PurePosixPath | None = None
) -> tuple[Level, Lock | None]:
    """How well the environment is known, and the lock that it agrees with.

    Args:
        root: the project's folder.
        used: the closure of what the code imports: `Libraries.behind`.
        named: ``[pipeline] lock``; see `find_locks`.

    Raises:
        EnvironmentMismatchError: a lock is there, and does not hold all of ``used``; the text has every difference.
        InputError: a lock cannot be read as one.
    """
    locks = find_locks(root, named=named)
    if not locks:
        return Level.OBSERVED, None
    lock = locks[0]
    question = _question(lock, used, libraries)
    if libraries.agreed(question):
        return Level.LOCKED, lock.record
    from trimtab.release.locks.agreement import lock_differences, repair_of
    from trimtab.release.locks.choosing import choose
    from trimtab.release.locks.reading import read_lock

    locked = read_lock(lock.content, lock.kind, at=lock.path)
    if locked is None:
        _check_pins(lock, used, libraries)
        return Level.OBSERVED, None
    variables = marker_variables()
    differences = lock_differences(
        choose(locked, variables), used, interpreter_of(variables), editable=libraries.editable(used)
    )
    if differences:
        raise EnvironmentMismatchError(
            f"the environment differs from {lock.path}: {'; '.join(differences)}",
            fix=repair_of(lock.kind, lock.path),
            at=str(root / lock.path),
        )
    libraries.remember(question)
    return Level.LOCKED, lock.record


def interpreter_of(variables: Mapping[str, str]) -> Interpreter:
    """What a wheel has to fit, for an interpreter in the words of PEP 508 (`marker_variables`)."""
    from trimtab.release.wheel_name import Interpreter

    major, minor = variables["python_version"].split(".")
    return Interpreter(
        implementation=variables["implementation_name"],
        major=int(major),
        minor=int(minor),
        system=variables["sys_platform"],
        machine=variables["platform_machine"],
    )


def _check_pins(lock: LockFile, used: Mapping[str, Package], libraries: Libraries) -> None:
    from trimtab.release.requirements import lock_difference

    versions = {name: package.version for name, package in used.items() if package.version}
    text = lock.content.decode("utf-8", "replace")
    differences = lock_difference(text, libraries.installed(), marker_variables(), used=versions, at=lock.path)
    if differences:
        raise EnvironmentMismatchError(
            f"the environment differs from {lock.path}: {'; '.join(differences)}",
            fix=f"Install the lock (pip install -r {lock.path}), or lock again if the difference is meant.",
            at=lock.path,
        )


def _hashed(root: Path) -> Iterator[LockFile]:
    from trimtab.release.locks.value import HASHED

    names = sorted(path.name for path in root.glob("requirements*.txt") if path.is_file())
    for name in sorted(names, key=lambda each: (each != "requirements.txt", each)):
        content = _read(root / name)
        if b"--hash" in content:
            yield LockFile(path=name, kind=HASHED, content=content)


def _question(lock: LockFile, used: Mapping[str, Package], libraries: Libraries) -> Digest:
    packages = {name: [package.version, package.record] for name, package in used.items()}
    editable = sorted(libraries.editable(used))
    return digest_json([lock.kind, digest_bytes(lock.content), packages, editable, marker_variables()])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the lock cannot be read: {error.strerror}", fix="Correct [pipeline] lock in trimtab.toml.", at=str(path)
        ) from error
