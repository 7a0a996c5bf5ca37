"""Names for content: ``sha256:`` over one canonical form.

A digest is only worth something when equal content always has equal bytes. JSON is therefore written in one way
(sorted keys, no spaces, UTF-8, no NaN); tables and models have canonical forms of their own where they live.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any, Final, NewType

from trimtab.base.errors import IntegrityError

Digest = NewType("Digest", str)
"""``sha256:`` and 64 hexadecimal digits."""

_FORM: Final = re.compile(r"sha256:[0-9a-f]{64}")


def digest_bytes(content: bytes) -> Digest:
    """The digest of some bytes."""
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def digest_parts(parts: Iterable[bytes]) -> Digest:
    """The digest of a sequence of parts; each is framed by its length, so that no two sequences collide by joining."""
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return Digest("sha256:" + state.hexdigest())


def canonical_json(value: Any) -> bytes:
    """The one JSON text of a value of plain Python types; raises `ValueError` for NaN and infinities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest_json(value: Any) -> Digest:
    """The digest of a value's canonical JSON."""
    return digest_bytes(canonical_json(value))


def parse_digest(text: str) -> Digest:
    """A digest from text; raises `IntegrityError` if it has not the form ``sha256:<64 hex>``."""
    if not _FORM.fullmatch(text):
        raise IntegrityError(f"{text!r} is not a digest", fix="A digest is 'sha256:' and 64 hexadecimal digits.")
    return Digest(text)


def short(digest: str, *, length: int = 12) -> str:
    """The first digits of a digest, for people."""
    return digest.removeprefix("sha256:")[:length]
