"""Which paths can be an input of a step at all.

Python, its packages and the machine's own tables are no data: libraries are part of a step's key by version. What a
library reads of a user's hidden folders and of ``/etc`` is configuration, credentials and caches: it does not count
unless the project's own code opens it, for what counts may be kept with the run.
Rejected: counting what lies below the project alone, since training data is often on another disk.
"""

from __future__ import annotations

import importlib.util
import os
import site
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Final


class Rule(Enum):
    """Whether reading a path counts: always, only by the project's own code, or never."""

    COUNTS = "counts"
    IF_OWN = "if own"
    NEVER = "never"


_NEVER_NAMES: Final = frozenset({"__pycache__", "site-packages", "dist-packages"})
_NEVER_PARTS: Final = tuple(f"/{name}/" for name in _NEVER_NAMES)
_NEVER_ROOTS: Final = (
    "/proc/", "/sys/", "/dev/",
    "/bin/", "/lib/", "/lib64/", "/usr/bin/", "/usr/lib/", "/usr/lib64/", "/usr/local/bin/", "/usr/local/lib/",
    "/usr/share/fonts/", "/usr/local/share/fonts/", "/usr/share/i18n/", "/usr/share/locale/", "/usr/share/zoneinfo/",
    "/etc/fonts/", "/etc/localtime/", "/etc/zoneinfo/", "/var/db/timezone/",
    "/System/", "/Library/Fonts/", "/Library/Frameworks/", "/opt/homebrew/lib/", "/opt/homebrew/Cellar/",
)  # fmt: skip
"""Also with ``/private`` in front, as macOS resolves some of them; each ends in a slash."""

_MACHINE: Final = ("/etc/", "/private/etc/", "/run/", "/var/run/", "/var/lib/", "/var/cache/", "/usr/share/")
_VERSION_CONTROL: Final = ("/.git/", "/.hg/", "/.svn/", "/.jj/")


class PathRules:
    """The rule for every path, remembered.

    Args:
        project: the project's folder, resolved.
        ignore: folders and files that never count: Trimtab's own state and temporary files.
    """

    def __init__(self, project: Path, ignore: Iterable[Path]) -> None:
        self.project: Final = str(project)
        self._inside: Final = self.project.rstrip("/") + "/"
        ignored = {form for path in ignore for form in (_lexical(path), os.path.realpath(path))}
        roots = {sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(os.__file__).parent), str(_trimtab())}
        roots |= {*site.getsitepackages(), site.getusersitepackages()}
        roots |= {os.path.realpath(root) for root in roots}
        self._ignored: Final = tuple(path.rstrip("/") + "/" for path in ignored)
        self._roots: Final = _below_no_root(roots, self._inside)
        home = str(Path("~").expanduser())
        hidden = {f"{form.rstrip('/')}/." for form in (home, os.path.realpath(home)) if form != "/"}
        self._if_own: Final = (*sorted(hidden), *_MACHINE)
        named = (*self._ignored, *self._roots, *_NEVER_ROOTS, *self._if_own)
        named += tuple(self.project + name for name in _VERSION_CONTROL)
        self._parents: Final = frozenset(root.rstrip("/").rpartition("/")[0] for root in named)
        self._folders: Final[dict[str, tuple[Rule | None, str]]] = {}
        self._installed: tuple[str, ...] | None = None

    def rule(self, path: str, *, is_link: bool = False) -> Rule:
        """The rule for an absolute path; where it is a link, or below one, the stricter of both ends' rules."""
        folder, _, name = path.rpartition("/")
        found, real = self._folder(folder)
        if name in _NEVER_NAMES:
            return Rule.NEVER
        if found is None:
            found = self._stricter(path, f"{real}/{name}")
        if is_link and found is not Rule.NEVER:
            found = self._stricter(path, os.path.realpath(path))
        return found

    def real(self, path: str) -> str:
        """The path with the links in its folders followed; each folder is looked at once."""
        folder, _, name = path.rpartition("/")
        return f"{self._folder(folder)[1]}/{name}"

    def _folder(self, folder: str) -> tuple[Rule | None, str]:
        """The rule for what is in a folder, None where it depends on the name, and the folder with links followed."""
        known = self._folders.get(folder)
        if known is None:
            real = os.path.realpath(folder or "/").rstrip("/")
            depends = folder in self._parents or real in self._parents
            known = self._folders[folder] = (None if depends else self._stricter(f"{folder}/x", f"{real}/x"), real)
        return known

    def _stricter(self, path: str, real: str) -> Rule:
        found = self._by_place(path)
        return Rule.NEVER if real != path and self._by_place(real) is Rule.NEVER else found

    def inside(self, path: str) -> bool:
        """Whether an absolute path lies below the project."""
        return path.startswith(self._inside)

    def is_code(self, path: str) -> bool:
        """Whether a source file is the project's own: below it, and not in an environment that lies there too."""
        return self.inside(path) and self._by_place(path) is not Rule.NEVER

    def is_code_elsewhere(self, path: str) -> bool:
        """Whether a source file is neither the project's nor Python's nor a package's: nobody else counts it.

        What a link in the project leads out to is such a file: the project's source is kept without it.
        """
        if self._by_place(path) is Rule.NEVER:
            return False
        real = os.path.realpath(path)
        if (self.inside(path) and self.inside(real)) or self._by_place(real) is Rule.NEVER:
            return False
        if self._installed is None:
            self._installed = tuple(sorted({*_working_folders(), *_package_folders()}))
        return not (path.startswith(self._installed) or real.startswith(self._installed))

    def _by_place(self, path: str) -> Rule:
        as_folder = path + "/"
        if as_folder.startswith(self._ignored):
            return Rule.NEVER
        inside = as_folder.startswith(self._inside)
        relative = as_folder[len(self._inside) - 1 :] if inside else as_folder
        if any(part in relative for part in _NEVER_PARTS) or as_folder.startswith(self._roots):
            return Rule.NEVER
        if inside:
            return Rule.IF_OWN if relative.startswith(_VERSION_CONTROL) else Rule.COUNTS
        if as_folder.removeprefix("/private").startswith(_NEVER_ROOTS):
            return Rule.NEVER
        if as_folder.startswith(self._if_own):
            return Rule.IF_OWN
        return Rule.COUNTS


def absolute(path: str) -> str:
    """The path from the root, as it is now; links are followed only where ``..`` would otherwise lead astray."""
    if path[:1] != "/":
        path = f"{os.getcwd()}/{path}"  # noqa: PTH109 - as text: a Path costs as much as the rest of the hook
    if "/.." in path and ".." in path.split("/"):
        folder, name = os.path.split(path.rstrip("/"))
        return os.path.realpath(path) if name == ".." else os.path.join(os.path.realpath(folder), name)  # noqa: PTH118
    if "//" in path or "/." in path or path[-1] == "/":
        return _lexical(path)
    return path


def as_text(given: object) -> str | None:
    """A path as text; None if it is a number of an open file, or no path."""
    if isinstance(given, str | bytes | os.PathLike):
        text = os.fsdecode(given)
        return text if text and "\0" not in text else None
    return None


def mode_of(path: str) -> int | None:
    """The type and permissions of what is there, links followed; None if there is nothing."""
    try:
        return _stat(path).st_mode
    except (OSError, ValueError):
        return None


def look(path: str) -> os.stat_result | None:
    """What is there, a link as itself; None if there is nothing."""
    try:
        return _lstat(path)
    except (OSError, ValueError):
        return None


# Bound before any watch puts its own in their place.
_stat: Final = os.stat
_lstat: Final = os.lstat


def _lexical(path: str | Path) -> str:
    normal = os.path.normpath(path if os.path.isabs(path) else os.path.abspath(path))  # noqa: PTH100, PTH117
    return normal[1:] if normal.startswith("//") else normal


def source_of(path: str) -> str:
    """The source of a file of byte code; any other path as it is."""
    if not path.endswith(".pyc"):
        return path
    with suppress(ValueError, NotImplementedError):
        source = importlib.util.source_from_cache(path)
        return source if look(source) is not None else path
    return path


def _working_folders() -> Iterator[str]:
    """Folders that packages are installed from in place: what is in them counts as the packages that they are."""
    for folder in {*site.getsitepackages(), site.getusersitepackages()}:
        for file in Path(folder).glob("*.pth"):
            with suppress(OSError):
                lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
                yield from (f"{_lexical(line.strip())}/" for line in lines if line.startswith("/"))
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__"):
            mapping = vars(module).get("MAPPING")
            yield from (_lexical(str(place)) for place in (mapping.values() if isinstance(mapping, dict) else ()))


def _package_folders() -> Iterator[str]:
    """Folders on the import path that packages were installed into, by ``pip install --target`` for example."""
    for entry in sys.path:
        with suppress(OSError):
            if any(name.endswith((".dist-info", ".egg-info")) for name in os.listdir(entry or ".")):  # noqa: PTH208
                yield f"{_lexical(entry or '.')}/"


def _trimtab() -> Path:
    return Path(__file__).resolve().parents[2]


def _below_no_root(roots: set[str], inside: str) -> tuple[str, ...]:
    """The folders of Python, less those that the project lies in, and less the whole of ``/usr``."""
    slashed = {root.rstrip("/") + "/" for root in roots if root}
    return tuple(sorted(root for root in slashed if not inside.startswith(root) and root not in ("/", "/usr/")))
