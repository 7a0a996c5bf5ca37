"""Profiles on disk: one line that says what it is, then the record's canonical JSON, compressed.

The line is text, so that ``head -1`` tells what a file is; the rest is a tenth of its JSON. A profile of thirty columns
takes about a megabyte, whatever the rows.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

from trimtab.base.errors import IntegrityError, UnknownVersionError
from trimtab.data.profile import Profile
from trimtab.data.seasons import Seasons
from trimtab.disk.atomic import write_bytes
from trimtab.disk.faults import explained
from trimtab.records.versioned import decode, encode, schema_of

ENDING: Final = ".profile"
"""How the names of such files end, by custom; what they are is read from their first line."""
_FAMILIES: Final = (b"trimtab.profile/", b"trimtab.seasons/")
_LINE_MAX: Final = 64


def is_profile(path: Path) -> bool:
    """Whether a file is a stored profile, of whatever version."""
    try:
        with path.open("rb") as content:
            return content.read(len(_FAMILIES[0])).startswith(_FAMILIES)
    except OSError:
        return False


def write_profile(path: Path, profile: Profile | Seasons) -> None:
    """Store a profile, replacing what is there; equal profiles have equal bytes where zlib is the same."""
    header = schema_of(type(profile)).encode() + b"\n"
    write_bytes(path, header + zlib.compress(encode(profile), 6))


def read_profile(path: Path) -> Profile | Seasons:
    """The stored profile.

    Raises:
        UnknownVersionError: it is of a version that this Trimtab does not read.
        IntegrityError: the file was changed or cut short.
        DriverError: the disk refused.
    """
    with explained(f"read {path.name}", path):
        content = path.read_bytes()
    line, _, packed = content.partition(b"\n")
    kinds: dict[bytes, type[Profile | Seasons]] = {schema_of(kind).encode(): kind for kind in (Profile, Seasons)}
    kind = kinds.get(line)
    if kind is None:
        raise UnknownVersionError(
            f"this file says {line[:_LINE_MAX].decode(errors='replace')!r}, and this Trimtab reads "
            f"{' and '.join(sorted(name.decode() for name in kinds))}",
            fix="Profile the data again; before version 0.1 stored profiles are not migrated.",
            at=path.name,
        )
    try:
        text = zlib.decompress(packed)
    except zlib.error as error:
        raise IntegrityError(
            "the stored profile is damaged or cut short", fix="Profile the data again.", at=path.name
        ) from error
    return decode(kind, text, at=path.name)
