"""Where a run ran, as a value: interpreter, machine, settings, and what was installed."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from trimtab.base.digest import Digest


class Level(StrEnum):
    """How well an environment is known.

    LOCKED: a lock names every package by version and hash, and what is installed agrees with it. OBSERVED: names,
    versions and the installers' own lists of files were read; nothing promises that they can be had again.
    """

    LOCKED = "locked"
    OBSERVED = "observed"


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """An installed distribution.

    ``record`` is the digest of the installer's list of its files (``RECORD``, each with its own hash); for an editable
    install, or a folder on the import path that is no distribution, the digest of its source files.
    """

    version: str
    record: Digest | None = None


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """The lock that the environment agreed with: its kind, its path in the project, and its content's digest."""

    kind: str
    path: str
    content: Digest


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Where it ran.

    Attributes:
        python, implementation: ``3.11.7``, ``CPython``.
        platform, libc: ``Linux 6.1.0``, ``glibc 2.36``; ``libc`` is empty where there is none to name.
        machine, processor, instructions: ``x86_64``, the processor's name, and its instruction sets, sorted
            (``avx2``, ``avx512f``, ``fma`` …): numeric libraries choose their code by them.
        threads: how many processors the process may use; ``thread_limits`` are the variables that limit libraries.
        hash_seed: what ``PYTHONHASHSEED`` was; empty where it was not set, and sets of text had any order.
        locale: the character type and the collation that texts were read and sorted by.
        packages: distribution → version, of the closure of what the project's code imports.
        installed: the same with each one's ``RECORD``.
        level, lock: see `Level`.
    """

    python: str
    implementation: str
    platform: str
    libc: str = ""
    machine: str
    processor: str
    instructions: tuple[str, ...] = ()
    threads: int
    thread_limits: dict[str, str] = {}
    hash_seed: str = ""
    locale: str = ""
    packages: dict[str, str]
    installed: dict[str, Package] = {}
    level: Level = Level.OBSERVED
    lock: Lock | None = None
