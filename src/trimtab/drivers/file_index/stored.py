"""The stored form of what is known about files: path → what the system said of it, and the digest of its content.

One MessagePack map behind a checksum. Ten thousand entries are 1.5 MB and load in some milliseconds, which a database
took ten times as long for; and a map whose checksum holds was written by us, so nothing in it need be looked at twice.
Paths are absolute. Times have the system's full resolution.
"""

from __future__ import annotations

import hashlib
import os
import struct
from typing import Final, NamedTuple

import msgspec

from trimtab.base.digest import Digest

_HEAD: Final = b"trimtab.files/1\n"
_CHECK: Final = 32
_IDENTITY: Final = struct.Struct("<QQQQQ")
SIZE_OF_IDENTITY: Final = _IDENTITY.size
_PACK: Final = _IDENTITY.pack
_WORD: Final = (1 << 64) - 1


class Known(NamedTuple):
    """What is believed of a file that has not changed."""

    digest: Digest
    size: int


class _Body(msgspec.Struct, frozen=True, array_like=True):
    """Entries by path; those whose path is no text (bytes that are not UTF-8) have the bytes of it."""

    named: dict[str, bytes]
    unnamed: dict[bytes, bytes] = {}


def identity_of(found: os.stat_result) -> bytes:
    """What a file is known by: size, both times, inode, device. Times before 1970 and after 2554 wrap around."""
    return _PACK(
        found.st_size, found.st_mtime_ns & _WORD, found.st_ctime_ns & _WORD, found.st_ino & _WORD, found.st_dev & _WORD
    )


def entry_of(identity: bytes, digest: Digest) -> bytes:
    """What is stored for a file of that identity and content."""
    return identity + bytes.fromhex(digest[7:])


def known_in(entry: bytes) -> Known:
    """What an entry says of its file, as long as the file has its identity."""
    return Known(Digest("sha256:" + entry[SIZE_OF_IDENTITY:].hex()), int.from_bytes(entry[:8], "little"))


def encode_entries(entries: dict[str, bytes]) -> bytes:
    """The bytes of the index file."""
    try:
        body = msgspec.msgpack.encode(_Body(entries))
    except UnicodeEncodeError:
        named = {path: entry for path, entry in entries.items() if _is_text(path)}
        unnamed = {os.fsencode(path): entry for path, entry in entries.items() if not _is_text(path)}
        body = msgspec.msgpack.encode(_Body(named, unnamed))
    return _HEAD + hashlib.sha256(body).digest() + body


def decode_entries(content: bytes) -> dict[str, bytes]:
    """The entries of an index file; none if it was damaged, or is of another version."""
    body = memoryview(content)[len(_HEAD) + _CHECK :]
    check = content[len(_HEAD) : len(_HEAD) + _CHECK]
    if not content.startswith(_HEAD) or hashlib.sha256(body).digest() != check:
        return {}
    try:
        read = msgspec.msgpack.decode(body, type=_Body)
    except msgspec.DecodeError:
        return {}
    return (
        read.named | {os.fsdecode(path): entry for path, entry in read.unnamed.items()} if read.unnamed else read.named
    )


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
