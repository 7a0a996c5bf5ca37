"""What of a lock is meant for one interpreter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from trimtab.release.locks.value import Locked, LockedPackage
from trimtab.release.requirements import holds
from trimtab.release.versions import is_version, satisfies

_MEMBER: Final = re.compile(r"""(['"])([^'"]*)\1\s+(not\s+)?in\s+(extras|dependency_groups)\b""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The entries that apply, by name, and why the lock as a whole, or a part of it, does not."""

    packages: Mapping[str, LockedPackage]
    problems: tuple[str, ...]


def choose(locked: Locked, variables: Mapping[str, str]) -> Choice:
    """The entries of a lock for the interpreter whose marker variables these are.

    Raises:
        InputError: a marker in it is none.
    """
    python = variables["python_full_version"]
    problems = []
    if not satisfies(python, locked.requires_python):
        problems.append(f"the lock is for Python {locked.requires_python}, and this is {python}")
    if locked.environments and not any(_true(marker, locked, variables) for marker in locked.environments):
        problems.append("the lock is for other machines: none of its environments is this one")
    found: dict[str, LockedPackage] = {}
    for package in _applying(locked, variables):
        other = found.setdefault(package.name, package)
        if other is not package and not is_version(other.version, package.version):
            problems.append(f"the lock has {package.name} in two versions here: {other.version} and {package.version}")
        elif other is not package:
            found[package.name] = replace(other, files=(*other.files, *package.files))
        if not satisfies(python, package.requires_python):
            problems.append(f"{package.name} in the lock is for Python {package.requires_python}")
    return Choice(packages=found, problems=tuple(problems))


def _applying(locked: Locked, variables: Mapping[str, str]) -> Iterable[LockedPackage]:
    roots = [package for package in locked.packages if package.root]
    if roots:
        return _reached(locked, roots, variables)
    return [package for package in locked.packages if _applies(package, locked, variables)]


def _reached(locked: Locked, roots: list[LockedPackage], variables: Mapping[str, str]) -> list[LockedPackage]:
    """What the roots need, with all their own extras, step by step; the roots themselves are the project."""
    by_name: dict[str, list[LockedPackage]] = {}
    for package in locked.packages:
        if _applies(package, locked, variables):
            by_name.setdefault(package.name, []).append(package)
    waiting = [(root, edge) for root in roots for edges in (root.needs, *root.extras.values()) for edge in edges]
    found: dict[int, LockedPackage] = {}
    seen = set()
    while waiting:
        origin, edge = waiting.pop()
        if not _true(edge.marker, locked, variables):
            continue
        for package in by_name.get(edge.name, ()):
            if (edge.version and package.version != edge.version) or (package.root and package is origin):
                continue
            found[id(package)] = package
            for extra in ("", *edge.extras):
                if (id(package), extra) not in seen:
                    seen.add((id(package), extra))
                    waiting += [(package, each) for each in (package.extras.get(extra, ()) if extra else package.needs)]
    return [package for package in found.values() if not (package.root and not package.files)]


def _applies(package: LockedPackage, locked: Locked, variables: Mapping[str, str]) -> bool:
    if not _true(package.marker, locked, variables):
        return False
    return not package.forks or any(_true(marker, locked, variables) for marker in package.forks)


def _true(marker: str, locked: Locked, variables: Mapping[str, str]) -> bool:
    """Whether a marker holds; PEP 751's sets are written into it first, so that PEP 508's reader understands it."""

    def member(found: re.Match[str]) -> str:
        within = found[4] == "dependency_groups" and found[2] in locked.groups
        return '"1" == "1"' if within != bool(found[3]) else '"1" == "0"'

    return holds(_MEMBER.sub(member, marker), variables)
