"""What an installed package consists of, by the installer's list of its files (``RECORD``).

Two installs of one wheel should have one digest, whoever installed it and where. So what belongs to an install and not
to the wheel is left out: bytecode, the installer's own notes, and scripts, whose first line names an interpreter. And
paths are told as a wheel tells them: a file beside the import folder is ``data:share/man/…``.

Rejected: the digest of ``RECORD`` as it is. It differs between pip and uv, between two folders, and with the bytecode
that one of them compiled, so no rebuilt environment would ever be the same.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from trimtab.base.digest import Digest, digest_bytes
from trimtab.release.requirements import normalised

INSTALLERS_NOTES: Final = frozenset({
    "INSTALLER", "REQUESTED", "RECORD", "RECORD.jws", "RECORD.p7s", "direct_url.json", "uv_build.json", "uv_cache.json",
})  # fmt: skip
"""Files in ``….dist-info`` that an installer writes; no wheel has them, but for RECORD and its signatures."""

_DATA: Final = re.compile(r"[^/]+\.data/(purelib|platlib|data|headers|scripts)/(.+)")
_INCLUDE: Final = re.compile(r"include/(?:site/)?python[\d.]+/([^/]+)/(.+)")


class Row(NamedTuple):
    """A file of a package: its path as RECORD has it, ``sha256=…`` (URL-safe base64, or empty) and its size."""

    path: str
    hash: str
    size: str


class WheelPlace(NamedTuple):
    """Where a file belongs in a wheel: ``root`` (the import folder), ``data``, ``headers`` or ``scripts``."""

    scheme: str
    path: str


def record_rows(text: str) -> list[Row]:
    """The rows of a RECORD; those without a path are left out."""
    if '"' not in text:  # so nearly always, and four times as fast
        split = [line.rsplit(",", 2) for line in text.splitlines()]
    else:
        split = list(csv.reader(text.splitlines()))
    return [Row(parts[0], parts[1], parts[2]) for parts in split if len(parts) == 3 and parts[0]]


def wheel_place(path: str, name: str) -> WheelPlace | None:
    """Where an installed or a wheel's file belongs; None for what an installer made: bytecode, notes.

    Args:
        path: as RECORD has it: below the import folder, or out of it with ``..``; or in a wheel's ``.data`` folder.
        name: the package's.
    """
    if path.endswith(".pyc") or path.startswith("/"):
        return None
    if path.startswith("../"):
        below = path.replace("../", "")
        if below.startswith(("bin/", "Scripts/")):
            return WheelPlace("scripts", below.partition("/")[2])
        header = _INCLUDE.fullmatch(below)
        if header and normalised(header[1]) == name:
            return WheelPlace("headers", header[2])
        return WheelPlace("data", below)
    if ".data/" in path and (found := _DATA.fullmatch(path)):
        if found[1] in ("purelib", "platlib"):
            return WheelPlace("root", found[2])
        if found[1] == "data" and found[2].startswith("bin/"):
            return WheelPlace("scripts", found[2][4:])
        return WheelPlace(found[1], found[2])
    folder, _, file = path.partition("/")
    if folder.endswith(".dist-info") and file in INSTALLERS_NOTES:
        return None
    return WheelPlace("root", path)


def record_digest(rows: Iterable[Row], name: str) -> Digest:
    """The digest of what a package consists of, the same for a wheel's RECORD and for that of its install."""
    told = []
    for path, content, _ in rows:
        if path.endswith(".pyc"):
            continue
        if path[0] in "./" or ".data/" in path or ".dist-info/" in path:
            place = wheel_place(path, name)
            if place is None or place.scheme == "scripts":
                continue
            scheme, below = place
        else:  # nearly all: worked out here, since an environment has ten thousands of them
            scheme, below = "root", path
        told.append(f"{len(below)}:{scheme}:{below}:{content}")
    return digest_bytes("\n".join(sorted(told)).encode("utf-8", "surrogateescape"))
