# Paths are texts here: a run looks at a thousand of them, and a Path costs ten times as much.
# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH120, PTH208
"""What stands behind an import, by version: the closure of distributions, quickly.

The answer is part of every step's key and of every record, so it is asked at every run, and a fresh process has to
give it in a few milliseconds. So what metadata say is kept in a file, and believed for a distribution for as long as
the files that it was read from have the same size, times and inode; the import path's folders are listed each time.
A version that is edited by hand, an uninstall, an edited source of an editable install are all seen.

Rejected: `importlib.metadata.packages_distributions`, which reads every list of files of the environment (a fifth of
a second with 150 distributions); the folder's own time as the sign that nothing changed, which an edit of a file
below it leaves as it was.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from trimtab.base.digest import Digest
from trimtab.base.errors import DriverError
from trimtab.disk.atomic import write_bytes
from trimtab.drivers.environment.distributions import (
    INFOS,
    Found,
    is_standard,
    modules_of,
    read_distribution,
    requirement_lines,
    watched,
)
from trimtab.drivers.environment.machine import marker_variables
from trimtab.drivers.environment.source_files import SeenFile, SourceFiles, stamp_of
from trimtab.records.environment import Package

OWN: Final = "trimtab"
"""Never part of a closure unless it is asked for by name: updating Trimtab must make no release unservable."""

_REMEMBERED: Final = 200


class _Index(msgspec.Struct, kw_only=True, tag_field="schema", tag="trimtab.library-index/1"):
    """The file: for one interpreter (``variables``), distributions by their folder, source files by path, and which
    locks were found to agree (`Libraries.remember`)."""

    variables: dict[str, str]
    found: dict[str, Found]
    files: dict[str, SeenFile]
    agreed: list[str]


class Libraries:
    """The distributions of an import path, as they are when this is made.

    Args:
        index_file: where what was read is kept; None keeps nothing. It may be deleted at any time.
        path: the import path; by default this process's. Another environment's has its own interpreter: its markers
            are taken to be this one's.
    """

    def __init__(self, index_file: Path | None, *, path: Sequence[str] | None = None) -> None:
        self._file = index_file
        self._variables = marker_variables()
        self._index = self._load()
        self._files = SourceFiles(self._index.files)
        self._changed = False
        self._path = [os.path.abspath(entry) for entry in (sys.path if path is None else path)]
        self._names: dict[str, frozenset[str]] = {}
        self._compiled: dict[str, dict[str, str]] = {}
        self._found: dict[str, Found] = {}
        self._providers: dict[str, list[str]] = {}
        self._look()

    def behind(self, imports: Iterable[str]) -> dict[str, Package]:
        """Distribution → version and digest: those that provide the modules, and all that those require.

        A module that no distribution provides, or that a folder earlier on the path hides, is there under its own
        name, with an empty version and the digest of its files. Modules of the standard library and Trimtab's own are
        passed over, and so is what is not installed: see `absent`.

        Args:
            imports: names of modules; of ``a.b`` only ``a`` matters.
        """
        roots: list[tuple[str, str]] = []
        folders: dict[str, str] = {}
        for module in sorted({name.partition(".")[0] for name in imports}):
            if is_standard(module) or module == OWN:
                continue
            roots += [(name, "") for name in self._providers.get(module, ())]
            hidden = self._folder_of(module)
            if hidden is not None:
                folders[module] = hidden
        return self._packages(self._closure(roots, without={OWN}), folders)

    def required(self, names: Iterable[str]) -> dict[str, Package]:
        """The same by distribution: ``trimtab``, ``scikit-learn[tests]``; what is not installed is left out."""
        roots = []
        for name in names:
            bare, _, extras = name.rstrip("]").partition("[")
            roots += [(bare, extra.strip()) for extra in ("", *extras.split(","))]
        return self._packages(self._closure(roots, without=set()), {})

    def absent(self, imports: Iterable[str]) -> tuple[str, ...]:
        """Those modules that nothing here provides, sorted."""
        names = {name.partition(".")[0] for name in imports}
        return tuple(
            sorted(
                name
                for name in names
                if not is_standard(name) and name not in self._providers and self._folder_of(name) is None
            )
        )

    def installed(self) -> dict[str, str]:
        """Every distribution of the path: normalised name → version."""
        return {name: found.version for name, found in sorted(self._found.items())}

    def distribution(self, name: str) -> Found | None:
        """What is known of one distribution, by its normalised name."""
        return self._found.get(name)

    def requirement_lines(self, name: str) -> list[str]:
        """The requirements of a distribution, as its metadata write them; none if it is not installed."""
        found = self._found.get(name)
        return requirement_lines(found.folder) if found is not None else []

    def editable(self, names: Iterable[str]) -> frozenset[str]:
        """Those of the distributions that import from a working folder."""
        return frozenset(name for name in names if name in self._found and self._found[name].project)

    def agreed(self, question: Digest) -> bool:
        """Whether a question about these libraries was answered with yes before; see `remember`."""
        return question in self._index.agreed

    def remember(self, question: Digest) -> None:
        """Keep that the answer is yes. The digest has to name all that it depends on."""
        self._index.agreed = [*self._index.agreed, question][-_REMEMBERED:]
        self._changed = True
        self._save()

    # ── what is there ────────────────────────────────────────────────────────────────────────────────────────────────

    def _look(self) -> None:
        """List the path and take each distribution from the index, or read it."""
        now = time.time_ns()
        known, kept = self._index.found, {}
        for entry in dict.fromkeys(self._path):
            if _is_interpreters(entry):
                continue
            with suppress(OSError):
                self._names[entry] = frozenset(os.listdir(entry))
            for name in sorted(self._names.get(entry, ())):
                if not name.endswith(INFOS):
                    continue
                folder = f"{entry}/{name}"
                found = known.get(folder)
                if found is None or not _still(found):
                    found = read_distribution(folder, self._variables, now=now)
                    self._changed = True
                if found is not None:
                    kept[folder] = found
                    self._add(found)
        if len(kept) != len(known):
            self._changed = True
        self._index.found = kept
        self._save()

    def _add(self, found: Found) -> None:
        if self._found.setdefault(found.name, found) is found:  # the first on the path is the one that is imported
            for module in found.modules:
                self._providers.setdefault(module, []).append(found.name)

    def _folder_of(self, module: str) -> str | None:
        """The file or folder that provides a module where no distribution does, or before one does."""
        providers = self._providers.get(module)
        homes = {os.path.dirname(self._found[name].folder) for name in providers or ()}
        homes |= {os.path.dirname(source) for name in providers or () for source in self._found[name].sources}
        namespace = None
        for entry, names in self._names.items():
            if entry in homes:
                return None
            binary = self._binaries(entry).get(module)
            for name in [name for name in (module, f"{module}.py", binary) if name in names]:
                path = f"{entry}/{name}"
                if name != module or os.path.isfile(f"{path}/__init__.py"):
                    return path
                if not providers and os.path.isdir(path) and module in modules_of(entry):
                    namespace = namespace or path
        return namespace

    def _binaries(self, entry: str) -> dict[str, str]:
        """Module → file name of the compiled modules that lie in a folder of the path itself."""
        found = self._compiled.get(entry)
        if found is None:
            found = {name.partition(".")[0]: name for name in self._names[entry] if name.endswith((".so", ".pyd"))}
            self._compiled[entry] = found
        return found

    # ── what belongs together ────────────────────────────────────────────────────────────────────────────────────────

    def _closure(self, roots: list[tuple[str, str]], *, without: set[str]) -> list[Found]:
        seen: set[tuple[str, str]] = set()
        closure: dict[str, Found] = {}
        waiting = roots
        while waiting:
            pair = waiting.pop()
            name, extra = pair
            if pair in seen or name in without:
                continue
            seen.add(pair)
            found = self._found.get(name)
            if found is None:
                continue  # a requirement for another platform, or an optional one that is not there
            closure[name] = found
            waiting += found.needs.get(extra, ())
            waiting += [(other, "") for other in found.accelerators]
        return [closure[name] for name in sorted(closure)]

    def _packages(self, closure: list[Found], folders: dict[str, str]) -> dict[str, Package]:
        for found in closure:
            for module in found.modules:
                hidden = self._folder_of(module) if self._is_hidden(found, module) else None
                if hidden is not None:
                    folders[module] = hidden
        packages = {found.name: self._package(found) for found in closure}
        for module, folder in folders.items():
            packages[module] = Package(version="", record=self._files.digest([folder]))
        self._save()
        return dict(sorted(packages.items()))

    def _is_hidden(self, found: Found, module: str) -> bool:
        """Whether a folder before a distribution's own has something of a module's name: quick, and seldom so."""
        home = os.path.dirname(found.folder)
        for entry, names in self._names.items():
            if entry == home:
                return False
            if module in names or f"{module}.py" in names:
                return True
        return False

    def _package(self, found: Found) -> Package:
        if found.sources:
            return Package(version=found.version, record=self._files.digest(found.sources))
        if found.record is None:
            found = msgspec.structs.replace(found, record=_recorded(found))
            self._found[found.name] = self._index.found[found.folder] = found
            self._changed = True
        return Package(version=found.version, record=found.record)

    # ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _load(self) -> _Index:
        fresh = _Index(variables=self._variables, found={}, files={}, agreed=[])
        if self._file is None:
            return fresh
        try:
            index = msgspec.msgpack.decode(self._file.read_bytes(), type=_Index)
        except (OSError, msgspec.DecodeError):  # absent, damaged, of another version: all the same to a cache
            return fresh
        return index if index.variables == self._variables else fresh

    def _save(self) -> None:
        if self._file is None or not (self._changed or self._files.changed):
            return
        # what was read while it was still warm is read again next time
        settled = {folder: found for folder, found in self._index.found.items() if found.settled}
        kept = _Index(variables=self._variables, found=settled, files=self._files.seen, agreed=self._index.agreed)
        with suppress(DriverError, OSError):  # a cache that cannot be written costs time and nothing else
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self._file, msgspec.msgpack.encode(kept), sync=False)
        self._changed = self._files.changed = False


def _still(found: Found) -> bool:
    paths = (*watched(found.folder), *found.support)
    return all(stamp_of(path) == stamp for path, stamp in zip(paths, found.stamps, strict=True))


def _recorded(found: Found) -> Digest | None:
    from trimtab.release.installed_files import record_digest, record_rows

    try:
        text = Path(found.folder, "RECORD").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return record_digest(record_rows(text), found.name)


def _is_interpreters(entry: str) -> bool:
    """Whether a folder on the path holds the standard library: what is in it goes with the Python version."""
    return entry.endswith((".zip", "/lib-dynload")) or os.path.exists(f"{entry}/os.py")


def site_packages(python: Path) -> Iterator[Path]:
    """The folders of packages of a virtual environment, by its interpreter."""
    yield from sorted(python.parent.parent.glob("lib*/python3*/site-packages"))
