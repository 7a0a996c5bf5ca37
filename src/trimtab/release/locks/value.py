"""A lock as a value, whichever tool wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from trimtab.base.digest import Digest
from trimtab.base.errors import InputError

PYLOCK: Final = "pylock.toml"
UV: Final = "uv.lock"
HASHED: Final = "requirements"

STRONG: Final = ("sha256", "sha384", "sha512")
"""What counts as a hash; a lock that has MD5 alone pins nothing."""


class LockFileError(InputError):
    """A lock that cannot be read as what its name says it is."""

    code = "TT1363"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedFile:
    """One file of a package: its name (empty where the lock has hashes alone), ``sha256:…`` hashes, and where it is."""

    name: str
    hashes: tuple[str, ...]
    url: str = ""
    path: str = ""
    size: int = 0

    @property
    def is_wheel(self) -> bool:
        """Whether it is known to be a wheel."""
        return self.name.endswith(".whl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A requirement within a lock: a package, extras of it, under which marker, and which of several versions."""

    name: str
    extras: tuple[str, ...] = ()
    marker: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """One entry.

    Attributes:
        name, version: normalised name; the version is empty where the lock does not say it.
        marker: when the entry applies; ``forks`` are markers of which one has to hold.
        requires_python: specifiers for the interpreter.
        files: its wheels and source archives.
        unhashed: what it is, where it can have no hash: ``the folder ./mine``, ``a repository``.
        records: digests of what it consists of once installed; only locks of `trimtab env freeze` have them.
        needs: its requirements; ``extras`` those of each extra. Only where the lock is a graph (``uv.lock``).
        root: the lock is this package's: it is the project itself.
        direct: the address that it comes from, where that is no index's.
        any_local: a version without a local part (``+cpu``) takes any.
        at: where it stands.
    """

    name: str
    version: str = ""
    marker: str = ""
    forks: tuple[str, ...] = ()
    requires_python: str = ""
    files: tuple[LockedFile, ...] = ()
    unhashed: str = ""
    records: tuple[Digest, ...] = ()
    needs: tuple[Edge, ...] = ()
    extras: Mapping[str, tuple[Edge, ...]] = field(default_factory=dict)
    root: bool = False
    any_local: bool = False
    direct: str = ""
    at: str = ""

    @property
    def hashes(self) -> frozenset[str]:
        """The hashes of all its files."""
        return frozenset(hash_ for file in self.files for hash_ in file.hashes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A whole lock.

    Attributes:
        kind: ``pylock.toml``, ``uv.lock`` or ``requirements``.
        requires_python: specifiers for the interpreter.
        environments: markers of which one has to hold; none means that all do.
        groups: the dependency groups that are installed unless others are asked for.
    """

    kind: str
    packages: tuple[LockedPackage, ...]
    requires_python: str = ""
    environments: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
