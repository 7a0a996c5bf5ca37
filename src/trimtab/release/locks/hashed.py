"""Requirements files with hashes, as pip-compile, ``uv export`` and ``uv pip compile --generate-hashes`` write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from trimtab.base.errors import InputError
from trimtab.release.locks.pylock import name_in
from trimtab.release.locks.value import HASHED, STRONG, Locked, LockedFile, LockedPackage, LockFileError
from trimtab.release.requirements import normalised, parse_requirement
from trimtab.release.wheel_name import parse_wheel_name

_HASH: Final = re.compile(r"\s--hash[=\s]\s*(\w+):([0-9a-fA-F]+)")
_DIRECT: Final = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*@\s*(?P<url>\S+)(?:\s+;\s*(?P<marker>.+))?"
)
_ELSEWHERE: Final = ("-r", "--requirement", "-c", "--constraint")
_FOLDER: Final = ("-e", "--editable", ".", "/", "file:")


def read_hashed(content: bytes, *, at: str = "") -> Locked | None:
    """The lock in the bytes of a requirements file; None if no line of it has a hash: then it is none.

    Raises:
        LockFileError: some lines have hashes and others have not, or one pins no version: every such line is named.
    """
    try:
        lines = list(_lines(content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise LockFileError("the lock is not text in UTF-8", fix="Lock again.", at=at) from error
    if not any(_HASH.search(line) for _, line in lines):
        return None
    packages, problems = [], []
    for place, line in lines:
        try:
            packages.append(_package(line, at=f"{at}:{place}" if at else f"line {place}"))
        except InputError as error:
            problems.append(f"line {place}: {error.problem}")
    if problems:
        raise LockFileError(
            f"the lock has hashes, but not for everything: {'; '.join(problems)}",
            fix="Lock again with a tool that hashes every line, for example `uv pip compile --generate-hashes`.",
            at=at,
        )
    return Locked(kind=HASHED, packages=tuple(packages))


def _package(line: str, *, at: str) -> LockedPackage:
    if line.startswith(_ELSEWHERE):
        raise LockFileError(f"{line!r} refers to another file, and a lock is one flat file", at=at)
    if line.startswith(_FOLDER):
        raise LockFileError(f"{line.partition(' --hash')[0]!r} is a folder, which has no hash", at=at)
    hashes = tuple(sorted(f"{name}:{value.lower()}" for name, value in _HASH.findall(line) if name in STRONG))
    bare = re.split(r"\s--(?:hash|config-settings|global-option)\b", line)[0].strip()
    direct = _DIRECT.fullmatch(bare)
    if direct is not None:
        return _direct(direct, hashes, at=at)
    requirement = parse_requirement(bare, at=at)
    if not requirement.pin:
        raise LockFileError(f"{requirement.name} is not pinned to one version", at=at)
    if not hashes:
        raise LockFileError(f"{requirement.name} has no hash", at=at)
    return LockedPackage(
        name=requirement.name,
        version=requirement.pin,
        marker=requirement.marker,
        files=(LockedFile(name="", hashes=hashes),),
        any_local=True,
        at=at,
    )


def _direct(found: re.Match[str], hashes: tuple[str, ...], *, at: str) -> LockedPackage:
    """An archive by its address, with the hash behind it or in the address."""
    url, _, fragment = found["url"].partition("#")
    within = re.search(r"(?:^|&)(sha256|sha384|sha512)=([0-9a-fA-F]+)", fragment)
    hashes = hashes or ((f"{within[1]}:{within[2].lower()}",) if within else ())
    name = normalised(found["name"])
    if not hashes:
        raise LockFileError(f"{name} comes from an address and has no hash", at=at)
    wheel = parse_wheel_name(name_in(url))
    return LockedPackage(
        name=name,
        version=wheel.version if wheel else "",
        marker=(found["marker"] or "").strip(),
        files=(LockedFile(name=name_in(url), hashes=hashes, url=url),),
        any_local=True,
        direct=url,
        at=at,
    )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Number and text of each requirement, continued lines joined, comments and options for the installer left out."""
    whole, start = "", 0
    for place, line in enumerate([*text.splitlines(), ""], start=1):
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        start = start if whole else place
        whole += " " + bare.removesuffix("\\")
        if bare.endswith("\\"):
            continue
        requirement, whole = whole.strip(), ""
        if requirement and (not requirement.startswith("-") or requirement.startswith((*_FOLDER, *_ELSEWHERE))):
            yield start, requirement
