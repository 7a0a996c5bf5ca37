"""Whether a lock holds what is installed: every package that the code loads, by version and hash."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from trimtab.records.environment import Package
from trimtab.release.locks.choosing import Choice
from trimtab.release.locks.value import HASHED, PYLOCK, UV, LockedPackage
from trimtab.release.versions import is_version
from trimtab.release.wheel_name import Interpreter, fits, parse_wheel_name

_REPAIR: Final = {
    PYLOCK: "uv pip sync {path}",
    UV: "uv sync --locked",
    HASHED: "pip install --require-hashes -r {path}",
}


def lock_differences(
    choice: Choice, used: Mapping[str, Package], interpreter: Interpreter, *, editable: Collection[str] = ()
) -> tuple[str, ...]:
    """How what is used differs from a lock, a sentence for each difference; empty if the lock holds all of it.

    Args:
        used: the closure of what the code imports, as it is installed.
        editable: the names of those whose files are a working folder's.
    """
    found = list(choice.problems)
    for name, package in sorted(used.items()):
        entry = choice.packages.get(name)
        if not package.version:
            found.append(f"{name} is a folder on the import path and no package, which no lock can hold")
        elif entry is None:
            found.append(f"{name} {package.version} is used and not in the lock")
        else:
            found += _differences(name, package, entry, interpreter, editable=name in editable)
    return tuple(found)


def repair_of(kind: str, path: str) -> str:
    """What to do about a difference: install the lock, or lock what is installed."""
    install = _REPAIR[kind].format(path=path)
    again = "`uv lock`" if kind == UV else "`trimtab env freeze`" if kind == PYLOCK else "your tool"
    return f"Install the lock (`{install}`), or lock again with {again} if the difference is meant."


def _differences(
    name: str, package: Package, entry: LockedPackage, interpreter: Interpreter, *, editable: bool
) -> list[str]:
    if entry.unhashed:
        return [f"{name} comes from {entry.unhashed} in the lock, which has no hash: build a wheel of it and lock that"]
    if not entry.hashes:
        return [f"{name} has no hash in the lock"]
    if not entry.version:
        return [f"the lock does not say the version of {name}"]
    if not is_version(package.version, entry.version, any_local=entry.any_local):
        return [f"{name} {package.version} is installed, {entry.version} in the lock"]
    if entry.records and package.record not in entry.records:
        edited = "its source is not what was locked" if editable else "its files are not those that were locked"
        return [f"{name} {package.version} is installed, but {edited}"]
    if editable and not entry.records:
        return [f"{name} is an editable install, whose files the lock does not hold"]
    wheels = [parse_wheel_name(file.name) for file in entry.files if file.is_wheel]
    if len(wheels) == len(entry.files) and not any(wheel is None or fits(wheel, interpreter) for wheel in wheels):
        return [f"the lock has no file of {name} for this machine and Python"]
    return []
