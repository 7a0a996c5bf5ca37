"""``pylock.toml`` (PEP 751): read, and written for what is installed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, Final

from trimtab.base.digest import Digest
from trimtab.release.locks.tables import Table, parse_toml, strong_hashes, subtable, tables, text, texts, wrong
from trimtab.release.locks.value import PYLOCK, Locked, LockedFile, LockedPackage, LockFileError
from trimtab.release.requirements import normalised

FILE_NAME: Final = re.compile(r"pylock\.(?:[^.]+\.)?toml")
"""What a file of this kind may be called."""

_HEAD: Final = """\
# Written by `trimtab env freeze`: what was installed, by version and hash. Written anew by the same command.
lock-version = "1.0"
requires-python = {python}
created-by = "trimtab"
"""


def read_pylock(content: bytes, *, at: str = "") -> Locked:
    """The lock in the bytes of a ``pylock.toml``; raises `LockFileError` for what is none of version 1."""
    document = parse_toml(content, at=at)
    version = text(document, "lock-version", at=at, needed=True)
    if version.partition(".")[0] != "1":
        raise LockFileError(
            f"the lock is of version {version}; known are those that begin with 1",
            fix="Lock again with a tool that writes lock-version 1.0, or use a Trimtab that reads this one.",
            at=at,
        )
    if "packages" not in document:
        raise wrong("packages", "there", at)
    return Locked(
        kind=PYLOCK,
        requires_python=text(document, "requires-python", at=at),
        environments=texts(document, "environments", at=at),
        groups=texts(document, "default-groups", at=at),
        packages=tuple(_package(entry, at=at) for entry in tables(document, "packages", at=at)),
    )


def write_pylock(packages: Iterable[LockedPackage], *, python: str) -> bytes:
    """A ``pylock.toml`` of packages, in the order of their names; the same packages give the same bytes.

    Args:
        python: the minor version that it is for: ``3.11``.
    """
    parts = [_HEAD.format(python=_quoted(f"=={python}.*"))]
    for package in sorted(packages, key=lambda each: each.name):
        lines = ["[[packages]]", f"name = {_quoted(package.name)}", f"version = {_quoted(package.version)}"]
        lines += ["wheels = [", *(f"    {_wheel(file)}," for file in package.files), "]"]
        if package.records:
            kept = ", ".join(map(_quoted, package.records))
            lines += ["", "[packages.tool.trimtab]", f"records = [{kept}]"]
        parts.append("\n".join(lines) + "\n")
    if len(parts) == 1:
        parts.append("packages = []\n")
    return "\n".join(parts).encode()


def _package(entry: Table, *, at: str) -> LockedPackage:
    name = normalised(text(entry, "name", at=at, needed=True))
    here = f"{at}: {name}" if at else name
    sources = [key for key in ("vcs", "directory", "archive") if key in entry]
    files = _files(entry, at=here)
    if len(sources) + bool(files) != 1:
        raise LockFileError(
            f"{name} must come from one of vcs, directory, archive, or sdist and wheels",
            fix="Lock again.", at=here,
        )  # fmt: skip
    source = subtable(entry, sources[0], at=here) if sources else {}
    if sources == ["archive"]:
        files = (_file(source, at=here),)
    kept = subtable(subtable(entry, "tool", at=here), "trimtab", at=here)
    return LockedPackage(
        name=name,
        version=text(entry, "version", at=here),
        marker=text(entry, "marker", at=here),
        requires_python=text(entry, "requires-python", at=here),
        files=files,
        unhashed=_unhashed(sources, source),
        direct=files[0].url if sources == ["archive"] else "",
        records=tuple(Digest(digest) for digest in texts(kept, "records", at=here)),
        at=here,
    )


def _unhashed(sources: list[str], source: Table) -> str:
    if sources == ["directory"]:
        return f"the folder {source.get('path', '')}"
    return "a repository" if sources == ["vcs"] else ""


def _files(entry: Table, *, at: str) -> tuple[LockedFile, ...]:
    files = [_file(wheel, at=at) for wheel in tables(entry, "wheels", at=at)]
    if "sdist" in entry:
        files.append(_file(subtable(entry, "sdist", at=at), at=at))
    return tuple(files)


def _file(table: Table, *, at: str) -> LockedFile:
    url, path = text(table, "url", at=at), text(table, "path", at=at)
    if not url and not path:
        raise LockFileError("a file has neither url nor path", fix="Lock again.", at=at)
    size = table.get("size", 0)
    return LockedFile(
        name=text(table, "name", at=at) or name_in(path or url),
        hashes=strong_hashes(subtable(table, "hashes", at=at)),
        url=url,
        path=path,
        size=size if isinstance(size, int) else 0,
    )


def name_in(place: str) -> str:
    """The file name at the end of a path or a URL."""
    bare = re.split(r"[?#]", place, maxsplit=1)[0] if "://" in place else place
    bare = re.sub(r"%([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), bare) if "://" in place else bare
    return PurePosixPath(bare.replace("\\", "/")).name


def _wheel(file: LockedFile) -> str:
    told: dict[str, Any] = {"name": file.name}
    told |= {"path": file.path} if file.path else {"url": file.url}
    fields = [f"{key} = {_quoted(value)}" for key, value in told.items()]
    hashes = ", ".join(f"{name} = {_quoted(value)}" for name, _, value in (each.partition(":") for each in file.hashes))
    return "{ " + ", ".join([*fields, f"size = {file.size}", f"hashes = {{ {hashes} }}"]) + " }"


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # a JSON text is a TOML text but for DEL
