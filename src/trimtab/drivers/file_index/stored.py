"""The stored form of what is known about files: path → what the system said of it, and the digest of its content.

MessagePack behind a checksum. Ten thousand entries are some 1.5 MB and load in some milliseconds, which a database
took ten times as long for; and what has the right checksum was written by us, so nothing in it need be looked at twice.
Paths are absolute. Times have the system's full resolution.

Copies in a store are known by what they hold, since that is their path, too: half the bytes, and quicker to find.
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


class Entries(NamedTuple):
    """What is known: path → entry of a file; the bytes of a digest → identity of the copy in a store."""

    files: dict[str, bytes]
    copies: dict[bytes, bytes]


class _Body(msgspec.Struct, frozen=True, array_like=True):
    """Entries by path; those whose path is no text (bytes that are not UTF-8) have the bytes of it."""

    named: dict[str, bytes]
    copies: dict[bytes, bytes]
    unnamed: dict[bytes, bytes] = {}


def identity_of(found: os.stat_result) -> bytes:
    """What a file is known by: size, both times, inode, device. Times before 1970 and after 2554 wrap around."""
    return _PACK(
        found.st_size, found.st_mtime_ns & _WORD, found.st_ctime_ns & _WORD, found.st_ino & _WORD, found.st_dev & _WORD
    )


def entry_of(identity: bytes, digest: Digest) -> bytes:
    """What is stored for a file of that identity and content."""
    return identity + bytes.fromhex(digest[7:])


def content_in(entry: bytes) -> bytes:
    """The bytes of the digest in an entry."""
    return entry[SIZE_OF_IDENTITY:]


def known_in(entry: bytes) -> Known:
    """What an entry says of its file, as long as the file has its identity."""
    return Known(Digest("sha256:" + entry[SIZE_OF_IDENTITY:].hex()), int.from_bytes(entry[:8], "little"))


def encode_entries(entries: Entries) -> bytes:
    """The bytes of the index file."""
    files, copies = entries
    try:
        body = msgspec.msgpack.encode(_Body(files, copies))
    except UnicodeEncodeError:
        named = {path: entry for path, entry in files.items() if _is_text(path)}
        unnamed = {os.fsencode(path): entry for path, entry in files.items() if not _is_text(path)}
        body = msgspec.msgpack.encode(_Body(named, copies, unnamed))
    return _HEAD + hashlib.sha256(body).digest() + body


def decode_entries(content: bytes) -> Entries:
    """The entries of an index file; none if it was damaged, or is of another version."""
    body = memoryview(content)[len(_HEAD) + _CHECK :]
    check = content[len(_HEAD) : len(_HEAD) + _CHECK]
    if not content.startswith(_HEAD) or hashlib.sha256(body).digest() != check:
        return Entries({}, {})
    try:
        read = msgspec.msgpack.decode(body, type=_Body)
    except msgspec.DecodeError:
        return Entries({}, {})
    read.named.update((os.fsdecode(path), entry) for path, entry in read.unnamed.items())
    return Entries(read.named, read.copies)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
