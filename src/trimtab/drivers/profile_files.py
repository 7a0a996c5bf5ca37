"""Profiles on disk: one line that says what it is, then the record's canonical JSON, compressed.

The line is text, so that ``head -1`` tells what a file is; after the schema it has the digest of what follows, so that
a file that was cut short, edited or hit by a bit flip is told from the one that was written. The rest is a tenth of its
JSON: a profile of thirty columns takes about a megabyte, whatever the rows.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

from trimtab.base.digest import digest_bytes
from trimtab.base.errors import IntegrityError, UnknownVersionError
from trimtab.data.profile import Profile
from trimtab.data.seasons import Seasons
from trimtab.data.soundness import fault_of
from trimtab.disk.faults import explained
from trimtab.disk.named import write_named
from trimtab.records.versioned import decode, encode, schema_of

ENDING: Final = ".profile"
"""How the names of such files end, by custom; what they are is read from their first line."""
_FAMILIES: Final = (b"trimtab.profile/", b"trimtab.seasons/")
_LINE_MAX: Final = 64
_AGAIN: Final = "Profile the data again, or restore the file from a copy."


def is_profile(path: Path) -> bool:
    """Whether a file is a stored profile, of whatever version."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return False
        with path.open("rb") as content:
            return content.read(len(_FAMILIES[0])).startswith(_FAMILIES)
    except OSError:
        return False


def write_profile(path: Path, profile: Profile | Seasons) -> None:
    """Store a profile, replacing what is there; equal profiles have equal bytes where zlib is the same."""
    write_named(path, packed(profile))


def read_profile(path: Path) -> Profile | Seasons:
    """The stored profile.

    Raises:
        UnknownVersionError: it is of a version that this Trimtab does not read.
        IntegrityError: the file was changed or cut short.
        DriverError: the disk refused.
    """
    with explained(f"read {path.name}", path):
        content = path.read_bytes()
    return unpacked(content, at=str(path))


def packed(profile: Profile | Seasons) -> bytes:
    """What a stored profile's file holds."""
    body = zlib.compress(encode(profile), 6)
    return f"{schema_of(type(profile))} {digest_bytes(body)}\n".encode() + body


def unpacked(content: bytes, *, at: str) -> Profile | Seasons:
    """The profile in a file's content; raises as `read_profile` does, with ``at`` as the file's name."""
    line, _, body = content.partition(b"\n")
    schema, _, digest = line.partition(b" ")
    kinds: dict[bytes, type[Profile | Seasons]] = {schema_of(kind).encode(): kind for kind in (Profile, Seasons)}
    kind = kinds.get(schema)
    if kind is None:
        raise UnknownVersionError(
            f"this file says {line[:_LINE_MAX].decode(errors='replace')!r}, and this Trimtab reads "
            f"{' and '.join(sorted(name.decode() for name in kinds))}",
            fix="Profile the data again; before version 0.1 stored profiles are not migrated.",
            at=at,
        )
    if digest != digest_bytes(body).encode():
        problem = "the stored profile is damaged, edited or cut short: its content is not what its first line says"
        raise IntegrityError(problem, fix=_AGAIN, at=at)
    try:
        text = zlib.decompress(body)
    except zlib.error as error:
        raise IntegrityError("the stored profile cannot be unpacked", fix=_AGAIN, at=at) from error
    found = decode(kind, text, at=at)
    fault = fault_of(found)
    if fault is not None:
        raise IntegrityError(f"the stored profile contradicts itself: {fault}", fix=_AGAIN, at=at)
    return found
