"""Reading and writing records: every stored shape names its schema and version.

An unknown version is refused with a sentence instead of being read as well as it goes: a half-understood record
is how a decision comes to rest on something that was never said.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, TypeVar

import msgspec

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import IntegrityError, UnknownVersionError

R = TypeVar("R", bound=msgspec.Struct)
_INNER: Final = re.compile(r"Invalid value '(trimtab\.[a-z.-]+/[0-9]+)'")
"""How msgspec says that a record within another is of a version that there is not."""


def schema_of(kind: type[msgspec.Struct]) -> str:
    """The schema name and version that records of this kind carry, e.g. ``trimtab.run/2``."""
    return str(kind.__struct_config__.tag)


def encode(record: msgspec.Struct) -> bytes:
    """The record's canonical JSON: keys sorted, so that equal records have equal bytes."""
    return msgspec.json.encode(record, order="sorted")


def digest_of(record: msgspec.Struct) -> Digest:
    """The digest of the record's canonical JSON."""
    return digest_bytes(encode(record))


def decode(kind: type[R], content: bytes, *, at: str = "") -> R:
    """A record of ``kind`` from its JSON.

    Raises:
        UnknownVersionError: the content names another schema or version.
        IntegrityError: the content is not a record of this schema.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # a ValidationError is a DecodeError too
        raise _explain(kind, content, error, at) from error


def _explain(
    kind: type[msgspec.Struct], content: bytes, error: Exception, at: str
) -> IntegrityError | UnknownVersionError:
    wanted = schema_of(kind)
    try:
        found: Any = json.loads(content)
    except ValueError:
        found = None
    fix = "Read it with the Trimtab that wrote it; before version 0.1 records are not migrated."
    named = found.get("schema") if isinstance(found, dict) else None
    if named is not None and named != wanted:
        return UnknownVersionError(f"this record says {named!r}, and this Trimtab reads {wanted!r}", fix=fix, at=at)
    inner = _INNER.search(str(error))
    if inner is not None:  # a record within it, such as a window's profile
        problem = f"this {wanted} record holds {inner[1]!r}, which this Trimtab does not read"
        return UnknownVersionError(problem, fix=fix, at=at)
    return IntegrityError(
        f"this is not a {wanted} record: {error}",
        fix="The content was changed or cut short; restore it from a copy.",
        at=at,
    )
