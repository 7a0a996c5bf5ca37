"""The project's code is compiled from its source whenever it is imported, and never taken from stored byte code.

Python believes byte code if its source still has the size and the second of change that the byte code notes. An edit in
the same second as the import before it, or by a program that sets the time back, would run the old code, and its result
would be kept as the new code's. What a run imports is the source as the run recorded it, also if it is edited while the
run goes on.

The method of Python's loader is replaced, for the rest of the process. Rejected: an entry in ``sys.path_hooks``, which
``importlib.util.spec_from_file_location`` passes by.
"""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import ClassVar, Final

from trimtab.drivers.user_code.places import NOT_THE_USERS

_of_python: Final = SourceFileLoader.get_code


class _Sources:
    """What this process knows of the projects whose code it imports.

    ``recorded`` has, by project folder, path → content; ``installed`` are the folders of Python and of packages.
    """

    recorded: ClassVar[dict[str, Mapping[str, bytes]]] = {}
    installed: ClassVar[tuple[str, ...]] = ()
    judged: ClassVar[dict[str, bool]] = {}


def import_from_source(root: Path, contents: Mapping[str, bytes]) -> None:
    """From now on, what is imported from the project in ``root`` (resolved) is compiled anew, and so is other code that
    belongs to no package.

    Args:
        contents: path (relative, with ``/``) → the source to use; a file that is not named is read.
    """
    if not _Sources.installed:
        _Sources.installed = tuple(_folders_of_packages())
        SourceFileLoader.get_code = _get_code  # type: ignore[method-assign, assignment]
    if str(root) not in _Sources.recorded:
        _Sources.judged.clear()
    _Sources.recorded[str(root)] = {f"{root}/{name}": content for name, content in contents.items()}


def forget_byte_code(folder: Path, files: Iterable[str]) -> None:
    """Remove the stored byte code of the project's Python files: its commands are programs of their own, which would
    believe it. A folder that may not be written to keeps its own."""
    stems: dict[Path, set[str]] = {}
    for name in files:
        path = folder / name
        stems.setdefault(path.parent / "__pycache__", set()).add(path.stem)
    for cache, of in stems.items():
        with suppress(OSError):
            for stored in cache.glob("*.pyc"):
                if stored.name.split(".")[0] in of:
                    stored.unlink()


def _get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
    path = self.get_filename(fullname)
    folder = os.path.dirname(path)  # noqa: PTH120 - as text, for every import of the process
    known = _Sources.judged.get(folder)
    if known is None:
        known = _Sources.judged[folder] = _may_be_edited(folder)
    if not known:
        return _of_python(self, fullname)
    return self.source_to_code(_recorded(path, self.get_data(path)), path)


def _recorded(path: str, content: bytes) -> bytes:
    """The content that was recorded of a file; the given one where none was."""
    for form in (path, os.path.realpath(path)):
        for contents in _Sources.recorded.values():
            if form in contents:
                return contents[form]
    return content


def _may_be_edited(folder: str) -> bool:
    """Whether the code in a folder is a project's, or that of no package: what people edit between two runs."""
    for form in (folder, os.path.realpath(folder)):
        inside = [form[len(root) :] for root in _Sources.recorded if f"{form}/".startswith(f"{root}/")]
        if any(NOT_THE_USERS.isdisjoint(each.split("/")) for each in inside):
            return True
    real = f"{os.path.realpath(folder)}/"
    return "-packages/" not in real and not real.startswith(_Sources.installed)


def _folders_of_packages() -> Iterable[str]:
    """Python's own folders, those on the import path that hold packages or come with Python's start, and Trimtab's."""
    given = {os.path.realpath(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry}
    roots = {
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        str(Path(os.__file__).parent),
        str(Path(__file__).parents[2]),
    }
    roots |= {*site.getsitepackages(), site.getusersitepackages()}
    roots |= {entry for entry in sys.path if entry and (os.path.realpath(entry) not in given or _has_packages(entry))}
    return sorted({f"{os.path.realpath(root)}/" for root in roots} - {"//", "/usr/", f"{Path.cwd()}/"})


def _has_packages(entry: str) -> bool:
    """Whether packages were installed into a folder, by ``pip install --target`` for example."""
    with suppress(OSError):
        return any(each.name.endswith((".dist-info", ".egg-info")) for each in os.scandir(entry))
    return False
