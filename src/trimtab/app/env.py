"""``trimtab env``: what a project runs in, whether a lock holds it, and a lock made of what is installed.

Freezing starts at what is installed and not at what is wanted: no version is chosen. Of each package the very wheel is
kept that is installed, file by file the same; where the index has another under that version, or cannot be asked, the
wheel is made again from the installed files.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from trimtab.base.errors import EnvironmentMismatchError, InputError
from trimtab.disk.named import write_named
from trimtab.disk.temporary import temporary_folder
from trimtab.drivers.environment import (
    Libraries,
    environment_level,
    find_locks,
    imported_modules,
    observe_packages,
)
from trimtab.drivers.environment.verify import refuse_edited, verify_installed
from trimtab.drivers.source_snapshot import look_at_source
from trimtab.drivers.wheel_store import (
    NotLockableError,
    StoredWheel,
    Wanted,
    WheelStore,
    build_wheel,
    download,
    read_wheel,
    repack,
)
from trimtab.records.environment import Environment, Package
from trimtab.release.locks.pylock import FILE_NAME, write_pylock
from trimtab.release.locks.value import LockedFile, LockedPackage
from trimtab.spec.project import Project

Say = Callable[[str], None]

OWN = "trimtab"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A project's environment as it is now.

    Attributes:
        differences: why the lock does not hold it; empty if one does, or there is none.
        lock: the path of the lock that counts; empty if there is none.
        others: locks that are there too and are not looked at.
        absent: modules that the project imports and that are not installed.
    """

    environment: Environment
    lock: str
    differences: str
    fix: str
    others: tuple[str, ...]
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenPackage:
    """A package of a new lock: its wheel in the store, and where that is from.

    ``origin`` is ``store`` (kept before), ``index``, ``installed files`` (made again) or ``source`` (built of an
    editable install's folder).
    """

    name: str
    version: str
    origin: str
    wheel: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A lock that was written, and its packages by name.

    Attributes:
        counts: the project's lock that counts: this one, unless its name or ``[pipeline] lock`` say another.
        others: locks that are there too and are not looked at.
        index: why no index was asked, where none was.
        absent: modules that the project imports and that are not installed.
    """

    lock: Path
    wheels: Path
    packages: tuple[FrozenPackage, ...]
    counts: str
    others: tuple[str, ...]
    index: str
    absent: tuple[str, ...]


def look(root: Path, project: Project, *, index_file: Path | None) -> Seen:
    """What the project in ``root`` runs in here; a lock that differs is told and not raised.

    Raises:
        InputError: a lock cannot be read as one.
    """
    libraries = Libraries(index_file)
    imports = project_imports(root, project)
    used = libraries.behind(imports)
    locks = find_locks(root, named=project.pipeline.lock)
    differences, fix = "", ""
    try:
        level, lock = environment_level(root, used, libraries=libraries, named=project.pipeline.lock)
        environment = observe_packages(used, level=level, lock=lock)
    except EnvironmentMismatchError as error:
        environment, differences, fix = observe_packages(used), error.problem, error.fix
    return Seen(
        environment=environment,
        lock=locks[0].path if locks else "",
        differences=differences,
        fix=fix,
        others=tuple(lock.path for lock in locks[1:]),
        absent=libraries.absent(imports),
    )


def project_imports(root: Path, project: Project) -> frozenset[str]:
    """The modules that any Python file of the project imports, its own left out."""
    files, _ = look_at_source(root, data=project.data.path if project.data is not None else "")
    sources = {}
    for name in sorted(files):
        if name.endswith(".py"):
            try:
                sources[name] = (root / name).read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                raise InputError(
                    f"this is not text in UTF-8: {error.reason}", fix="Save it as UTF-8.", at=name
                ) from error
    return imported_modules(sources)


def freeze(root: Path, project: Project, *, lock: Path, wheels: Path, offline: bool, say: Say) -> Frozen:
    """Lock what the project's imports and Trimtab itself run on here, and fill the wheel store with it.

    Args:
        lock: the ``pylock.toml`` to write.
        wheels: the folder of the wheel store.
        offline: ask no index: every wheel is made from what is installed.
        say: told what is being done.

    Raises:
        EditedPackageError: installed files were changed in place.
        NotLockableError: there is no wheel of a package and none can be made; each is named. Nothing is written.
    """
    if not FILE_NAME.fullmatch(lock.name):
        raise InputError(
            f"{lock.name} is no name for this kind of lock", fix="Call it pylock.toml, or pylock.NAME.toml."
        )
    libraries = Libraries(None)
    imports = project_imports(root, project)
    used = libraries.behind(imports)
    used |= libraries.required(_own_requirements(libraries, used))
    _refuse_folders(used)
    say(f"comparing {len(used)} packages with what was installed")
    refuse_edited(verify_installed(used, libraries))
    work = _Freezing(libraries=libraries, used=used, store=WheelStore(wheels), say=say)
    index = work.gather(offline=offline)
    entries = [_entry(each, used[each.name], work.kept[each.name], work.addresses, lock) for each in work.packages()]
    wheels.mkdir(parents=True, exist_ok=True)
    write_named(lock, write_pylock(entries, python=f"{sys.version_info.major}.{sys.version_info.minor}"))
    named = project.pipeline.lock
    locks = find_locks(root, named=named if named is not None and (root / named).is_file() else None)
    return Frozen(
        lock=lock,
        wheels=wheels,
        packages=work.packages(),
        counts=str(named) if named is not None else locks[0].path if locks else "",
        others=tuple(each.path for each in locks[1:]),
        index=index,
        absent=libraries.absent(imports),
    )


def wheels_of(
    names: Iterable[str], libraries: Libraries, store: WheelStore, *, offline: bool
) -> Mapping[str, StoredWheel]:
    """The wheels of installed packages, put into the store; raises as `freeze` does."""
    used = libraries.required(names)
    wanted = {name: used[name] for name in names if name in used}
    refuse_edited(verify_installed(wanted, libraries))
    work = _Freezing(libraries=libraries, used=wanted, store=store, say=lambda _: None)
    work.gather(offline=offline)
    return work.kept


class _Freezing:
    """The gathering of the wheels of what is installed: from the store, from the index, from what is there."""

    def __init__(self, *, libraries: Libraries, used: Mapping[str, Package], store: WheelStore, say: Say) -> None:
        self._libraries = libraries
        self._used = used
        self._store = store
        self._say = say
        self.kept: dict[str, StoredWheel] = {}
        self.addresses: dict[str, str] = {}
        self._origins: dict[str, str] = {}

    def packages(self) -> tuple[FrozenPackage, ...]:
        """What was gathered, by name."""
        return tuple(
            FrozenPackage(
                name=name,
                version=self._used[name].version,
                origin=self._origins[name],
                wheel=wheel.path,
                sha256=wheel.sha256,
                size=wheel.size,
            )
            for name, wheel in sorted(self.kept.items())
        )

    def gather(self, *, offline: bool) -> str:
        """Get the wheel of every package; returns why the index was not asked, where it was not."""
        editable = self._libraries.editable(self._used)
        for name in sorted(set(self._used) - editable):
            stored = self._store.holding(name, self._used[name].record)
            if stored is not None:
                self._take(name, stored, "store")
        missing = sorted(set(self._used) - editable - set(self.kept))
        problem = "--offline" if offline else ""
        with temporary_folder("wheels") as folder:
            if missing and not offline:
                self._say(f"asking the index for {len(missing)} wheels")
                problem = self._from_index(missing, folder)
            self._from_here([*sorted(set(missing) - set(self.kept)), *sorted(editable)], folder)
        return problem

    def _from_index(self, names: list[str], folder: Path) -> str:
        """Take what the index has, where it is file by file what is installed."""
        came = folder / "index"
        came.mkdir()
        wanted = [Wanted(name=name, version=self._used[name].version) for name in names]
        told = download(wanted, came, python=Path(sys.executable))
        for path in sorted(came.glob("*.whl")):
            wheel = read_wheel(path)
            name = wheel.name.name
            if name in self._used and wheel.record == self._used[name].record:
                self._take(name, self._store.put(path), "index")
                self.addresses[name] = told.addresses.get(name, "")
        return told.problem

    def _from_here(self, names: list[str], folder: Path) -> None:
        """Make the wheels of the rest, all of them or none: every package that cannot be locked is named at once."""
        made: dict[str, Path] = {}
        problems: list[NotLockableError] = []
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # compressing is most of it, and holds no lock
            for name, result in zip(names, pool.map(partial(self._made, folder=folder), names), strict=True):
                if isinstance(result, NotLockableError):
                    problems.append(result)
                else:
                    made[name] = result
        if problems:
            raise NotLockableError(
                "; ".join(problem.problem for problem in problems),
                fix=" ".join(dict.fromkeys(problem.fix for problem in problems)),
            )
        for name, path in made.items():
            editable = bool(self._libraries.editable([name]))
            self._take(name, self._store.put(path), "source" if editable else "installed files")

    def _made(self, name: str, *, folder: Path) -> Path | NotLockableError:
        """A new wheel of one package; the error where there can be none."""
        found = self._libraries.distribution(name)
        assert found is not None
        self._say(f"making the wheel of {name} {found.version} from what is installed")
        into = folder / "made" / name
        into.mkdir(parents=True)
        try:
            if found.project:
                return build_wheel(Path(found.project), name, into, python=Path(sys.executable))
            return repack(Path(found.folder), name, found.version, into)
        except NotLockableError as error:
            return error

    def _take(self, name: str, wheel: StoredWheel, origin: str) -> None:
        self.kept[name] = wheel
        self._origins[name] = origin


def _own_requirements(libraries: Libraries, used: Mapping[str, Package]) -> list[str]:
    """Trimtab, with its extra of each library that the project uses: models of scikit-learn are kept with skops."""
    own = libraries.distribution(OWN)
    found = [libraries.distribution(name) for name in used]
    modules = {module for each in found if each is not None for module in each.modules}
    extras = own.needs if own is not None else {}
    return [OWN, *(f"{OWN}[{extra}]" for extra in extras if extra.replace("-", "_") in modules)]


def _refuse_folders(used: Mapping[str, Package]) -> None:
    folders = sorted(name for name, package in used.items() if not package.version)
    if folders:
        raise NotLockableError(
            f"these are folders on the import path and no packages: {', '.join(folders)}",
            fix="Move their files into the project, or make a package of each and install its wheel.",
        )


def _entry(
    package: FrozenPackage, installed: Package, wheel: StoredWheel, addresses: Mapping[str, str], lock: Path
) -> LockedPackage:
    """A package as the lock has it: by the index's address, which holds everywhere, else by its place in the store."""
    url = addresses.get(package.name, "")
    path = "" if url else Path(os.path.relpath(wheel.path.absolute(), lock.absolute().parent)).as_posix()
    records = {record for record in (installed.record, wheel.record) if record is not None}
    return LockedPackage(
        name=package.name,
        version=package.version,
        files=(
            LockedFile(name=wheel.path.name, hashes=(f"sha256:{wheel.sha256}",), url=url, path=path, size=wheel.size),
        ),
        records=tuple(sorted(records)),
    )
