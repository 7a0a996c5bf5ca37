"""Which files are the project's own code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

NOT_THE_USERS: Final = frozenset({"site-packages", "dist-packages", ".venv", "venv", ".trimtab"})


def is_users(file: Path, folder: Path) -> bool:
    """Whether a file is the project's own: in its folder, and not in an environment that lies there too. Resolved."""
    return file.is_relative_to(folder) and NOT_THE_USERS.isdisjoint(file.relative_to(folder).parts)


def relative(file: Path, folder: Path) -> str:
    """A file as a person knows it: relative to the project where it is inside."""
    resolved = file.resolve()
    return str(resolved.relative_to(folder)) if resolved.is_relative_to(folder) else str(file)


def module_file(folder: Path, name: str) -> Path | None:
    """The file of a module of the project, relative to its folder; None if it has none."""
    stem = Path(*name.split("."))
    for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
        if (folder / candidate).is_file():
            return candidate
    return None


def modules_in(folder: Path) -> list[str]:
    """The names of the project's modules, those in packages one level below included."""
    files = sorted(folder.glob("*.py")) + sorted(folder.glob("*/*.py"))
    inside = [file.relative_to(folder).with_suffix("") for file in files]
    return [".".join(path.parts) for path in inside if path.name != "__init__" and path.parts[0] not in NOT_THE_USERS]


def resolver() -> Callable[[str], Path]:
    """`Path.resolve` for many files, which looks at each folder once: thousands of modules lie in a few hundred."""
    folders: dict[str, Path] = {}

    def resolve(text: str) -> Path:
        path = Path(text)
        folder = str(path.parent)
        if folder not in folders:
            folders[folder] = path.parent.resolve()
        found = folders[folder] / path.name
        return found.resolve() if found.is_symlink() else found

    return resolve
