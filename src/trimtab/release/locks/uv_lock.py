"""``uv.lock``: a graph for every platform at once, of which the part for one interpreter is walked.

The project's own extras and groups are all walked: the lock does not say which of them were installed, and a package
more in a rebuilt environment changes no result, while one too few ends it.
"""

from __future__ import annotations

from trimtab.release.locks.pylock import name_in
from trimtab.release.locks.tables import Table, parse_toml, strong_hashes, subtable, tables, text, texts
from trimtab.release.locks.value import UV, Edge, Locked, LockedFile, LockedPackage, LockFileError
from trimtab.release.requirements import normalised


def read_uv_lock(content: bytes, *, at: str = "") -> Locked:
    """The lock in the bytes of a ``uv.lock``; raises `LockFileError` for what is none of version 1."""
    document = parse_toml(content, at=at)
    if document.get("version") != 1:
        raise LockFileError(
            f"the lock is of version {document.get('version')}; known is 1",
            fix="Write a pylock.toml with `uv export --format pylock.toml`, or with `trimtab env freeze`.",
            at=at,
        )
    return Locked(
        kind=UV,
        requires_python=text(document, "requires-python", at=at),
        environments=texts(document, "supported-markers", at=at),
        packages=tuple(_package(entry, at=at) for entry in tables(document, "package", at=at)),
    )


def _package(entry: Table, *, at: str) -> LockedPackage:
    name = normalised(text(entry, "name", at=at, needed=True))
    here = f"{at}: {name}" if at else name
    source = subtable(entry, "source", at=here)
    needs = [*_edges(entry, "dependencies", at=here)]
    root = "virtual" in source or "editable" in source
    groups = subtable(entry, "dev-dependencies", at=here)
    if root:
        for group in groups:
            needs += _edges(groups, group, at=here)
    optional = subtable(entry, "optional-dependencies", at=here)
    extras = {normalised(extra): tuple(_edges(optional, extra, at=here)) for extra in optional}
    files = [_file(wheel, at=here) for wheel in tables(entry, "wheels", at=here)]
    if "sdist" in entry:
        files.append(_file(subtable(entry, "sdist", at=here), at=here))
    return LockedPackage(
        name=name,
        version=text(entry, "version", at=here),
        forks=texts(entry, "resolution-markers", at=here),
        files=tuple(files),
        unhashed=_unhashed(source),
        direct=text(source, "url", at=here),
        needs=tuple(needs),
        extras=extras,
        root=root,
        at=here,
    )


def _unhashed(source: Table) -> str:
    for key in ("virtual", "editable", "directory"):
        if key in source:
            return f"the folder {source[key]}"
    return "a repository" if "git" in source else ""


def _edges(table: Table, key: str, *, at: str) -> list[Edge]:
    found = []
    for entry in tables(table, key, at=at):
        asked = entry.get("extra", [])
        extras = (asked,) if isinstance(asked, str) else tuple(map(str, asked))
        found.append(
            Edge(
                name=normalised(text(entry, "name", at=at, needed=True)),
                extras=tuple(normalised(extra) for extra in extras),
                marker=text(entry, "marker", at=at),
                version=text(entry, "version", at=at),
            )
        )
    return found


def _file(table: Table, *, at: str) -> LockedFile:
    algorithm, _, value = text(table, "hash", at=at).partition(":")
    url, path = text(table, "url", at=at), text(table, "path", at=at)
    name = text(table, "filename", at=at) or name_in(path or url)
    size = table.get("size", 0)
    return LockedFile(
        name=name, hashes=strong_hashes({algorithm: value}), url=url, path=path,
        size=size if isinstance(size, int) else 0,
    )  # fmt: skip
