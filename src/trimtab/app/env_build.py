"""Building a locked environment again, for a run that is to be executed again.

What is missing is said before anything is made: the lock is read and chosen from, each wheel is found in the store by
its hash (or fetched, by hash too), and only then is a folder begun.

Trimtab itself has to run in it. Where the lock does not hold it, the one that asks is put beside the locked packages,
with what it requires in the versions that it runs with here; what the lock has stays as the lock has it, and if that is
nothing this Trimtab can run with, nothing is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trimtab.app.env import OWN, wheels_of
from trimtab.base.digest import digest_bytes, digest_json
from trimtab.base.errors import DriverError, EnvironmentMismatchError
from trimtab.disk.temporary import temporary_folder
from trimtab.disk.tree import digest_file
from trimtab.drivers.built_environments import BuiltEnvironments, Install, Python, find_python
from trimtab.drivers.environment import Libraries, interpreter_of, marker_variables
from trimtab.drivers.wheel_store import Wanted, WheelStore, download
from trimtab.records.environment import Package
from trimtab.release.locks.choosing import Choice, choose
from trimtab.release.locks.reading import read_lock
from trimtab.release.locks.value import LockedPackage, LockFileError
from trimtab.release.requirements import holds, parse_requirement
from trimtab.release.versions import satisfies, specifiers_of
from trimtab.release.wheel_name import fits, parse_wheel_name


class MissingWheelsError(DriverError):
    """Wheels that a lock names are neither in the wheel store nor to be had from an index."""

    code = "TT1366"


class LockedOutError(EnvironmentMismatchError):
    """A lock has a package in a version that this Trimtab cannot run with, and a locked package is never changed."""

    code = "TT1368"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What a lock does not say: the Python that it was recorded with (``3.11.7``; empty for this process's), and the
    packages of this process's environment that are installed beside the locked ones."""

    python: str = ""
    packages: Mapping[str, Package] = field(default_factory=dict)


HERE = Host()


def build_environment(lock: bytes, kind: str, wheels: Path, target: Path, *, offline: bool, host: Host = HERE) -> Path:
    """The interpreter of an environment with exactly the locked packages, and what is put beside them.

    Args:
        lock, kind: the lock's bytes and kind, as a run's record has them.
        wheels: the folder of the wheel store. What is fetched is put there.
        target: the folder of built environments; one that was built of the same is taken as it is.
        offline: fetch nothing.
        host: from `with_trimtab`; the Python that is needed is one of the same minor version.

    Raises:
        LockFileError: the bytes are no lock of that kind, or have no hashes.
        EnvironmentMismatchError: the lock is not for that Python or this machine.
        MissingWheelsError: wheels are missing; each is named, and nothing was built.
        NoPythonError: there is no such Python here.
        EnvironmentBuildError: the interpreter or the installer failed.
    """
    found = find_python(host.python or marker_variables()["python_full_version"])
    choice = chosen(lock, kind, found.variables)
    added = {name: [package.version, package.record] for name, package in host.packages.items()}
    key = digest_json(["1", kind, digest_bytes(lock), found.version, found.executable, added])
    environments = BuiltEnvironments(target)
    built = environments.find(key)
    if built is not None:
        return built
    store = WheelStore(wheels)
    installs = [
        *_locked(choice.packages.values(), store, found, offline=offline),
        *_added(host, store, found, offline=offline),
    ]
    return environments.build(key, found, installs)


def with_trimtab(lock: bytes, kind: str, *, python: str = "") -> Host:
    """What has to be put beside a lock's packages so that this Trimtab runs there; nothing if the lock holds Trimtab.

    Those of its requirements that the lock has not, in the versions that are installed here.

    Args:
        python: the version that the lock's environment was recorded with; by default this process's.

    Raises:
        LockedOutError: the lock has a requirement in a version that this Trimtab, or what it requires, refuses.
    """
    variables = find_python(python).variables if python else marker_variables()
    locked = chosen(lock, kind, variables).packages
    if OWN in locked:
        return Host(python=python)
    libraries = Libraries(None)
    added = {name: package for name, package in libraries.required([OWN]).items() if name not in locked}
    problems = [problem for name in added for problem in _refused(name, libraries, locked, variables)]
    if problems:
        raise LockedOutError(
            f"Trimtab cannot run beside this lock: {'; '.join(problems)}",
            fix="Use the Trimtab that the run was made with, or one that accepts the locked versions.",
        )
    return Host(python=python, packages=added)


def chosen(lock: bytes, kind: str, variables: Mapping[str, str]) -> Choice:
    """What of a lock is for an interpreter.

    Raises:
        LockFileError: it cannot be read, or has no hashes.
        EnvironmentMismatchError: it is for another Python or another machine.
    """
    locked = read_lock(lock, kind, at=kind)
    if locked is None:
        raise LockFileError(
            "the lock has no hashes, so nothing can be built of it that is sure to be the same",
            fix="Lock with hashes: `trimtab env freeze`, or `uv pip compile --generate-hashes`.",
            at=kind,
        )
    choice = choose(locked, variables)
    if choice.problems:
        raise EnvironmentMismatchError(
            "; ".join(choice.problems), fix="Build it on a machine and with a Python that the lock is for.", at=kind
        )
    return choice


def _refused(
    name: str, libraries: Libraries, locked: Mapping[str, LockedPackage], variables: Mapping[str, str]
) -> Iterable[str]:
    """Why a package cannot run with what is locked."""
    for line in libraries.requirement_lines(name):
        needed = parse_requirement(line)
        entry = locked.get(needed.name)
        specifiers = specifiers_of(line)
        if entry is not None and holds(needed.marker, variables) and not satisfies(entry.version, specifiers):
            yield f"{name} needs {needed.name} {specifiers}, and {entry.version} is locked"


def _locked(
    packages: Iterable[LockedPackage], store: WheelStore, python: Python, *, offline: bool
) -> Sequence[Install]:
    wanted = sorted(packages, key=lambda each: each.name)
    problems = [
        f"{each.name} comes from {each.unhashed}" if each.unhashed else f"{each.name} has no hash"
        for each in wanted
        if not each.hashes
    ]
    if problems:
        raise MissingWheelsError(
            f"the lock has packages that it does not hold: {'; '.join(problems)}",
            fix="Build a wheel of each and lock that, or run `trimtab env freeze` where they are installed.",
        )
    paths = {each.name: _fitting(store, each.name, each.hashes, python) for each in wanted}
    missing = [each for each in wanted if paths[each.name] is None]
    why = "nothing is fetched with --offline"
    if missing and not offline:
        why = _fetch([_wanted(each) for each in missing], store, python)
        paths |= {each.name: _fitting(store, each.name, each.hashes, python) for each in missing}
    still = [f"{each.name} {each.version}".strip() for each in wanted if paths[each.name] is None]
    if still:
        raise _missing(still, store, why)
    return [_install(path, each.name) for each in wanted if (path := paths[each.name]) is not None]


def _added(host: Host, store: WheelStore, python: Python, *, offline: bool) -> Sequence[Install]:
    """The wheels of what is put beside; for another Python than this one, those of the index that fit it."""
    if not host.packages:
        return []
    libraries, here = Libraries(None), interpreter_of(python.variables)
    kept = wheels_of(host.packages, libraries, store, offline=offline)
    paths: dict[str, Path | None] = {}
    for name in host.packages:
        wheel = kept.get(name)
        paths[name] = wheel.path if wheel is not None and fits(wheel.name, here) else None
    missing = sorted(name for name, path in paths.items() if path is None)
    why = "nothing is fetched with --offline"
    if missing and not offline:
        wanted = [Wanted(name=name, version=host.packages[name].version) for name in missing]
        why = _fetch(wanted, store, python)
        for name in missing:
            paths[name] = next(iter(store.named(name, host.packages[name].version, here)), None)
    still = [f"{name} {host.packages[name].version}" for name in missing if paths[name] is None]
    if still:
        raise _missing(still, store, why)
    return [_install(path, name) for name, path in paths.items() if path is not None]


def _fetch(wanted: Sequence[Wanted], store: WheelStore, python: Python) -> str:
    """Put into the store what the index has; returns why something may still be missing."""
    with temporary_folder("wheels") as folder:
        told = download(wanted, folder, python=Path(python.executable))
        for path in sorted(folder.glob("*.whl")):
            store.put(path)
    return told.problem or "the index has no wheel for this machine with that hash"


def _wanted(package: LockedPackage) -> Wanted:
    """What to fetch: by version and hash, or, where the lock knows no index but an address, from there."""
    hashes = tuple(sorted(package.hashes))
    return Wanted(name=package.name, version=package.version, hashes=hashes, url=package.direct)


def _fitting(store: WheelStore, name: str, hashes: frozenset[str], python: Python) -> Path | None:
    return store.find(name, hashes, interpreter=interpreter_of(python.variables))


def _install(path: Path, name: str) -> Install:
    parsed = parse_wheel_name(path.name)
    assert parsed is not None
    sha256 = digest_file(path).removeprefix("sha256:")
    return Install(name=name, version=parsed.version, wheel=path, sha256=sha256)


def _missing(names: list[str], store: WheelStore, why: str) -> MissingWheelsError:
    return MissingWheelsError(
        f"{len(names)} wheels are missing: {', '.join(names)} ({why})",
        fix=f"Put them into {store.folder}: `trimtab env freeze` does where they are installed.",
        at=str(store.folder),
    )
