"""The stored form of the index says what was put into it, or nothing; an entry is believed of its own file alone."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as some

from trimtab.base.digest import Digest
from trimtab.drivers.file_index.stored import Entries, decode_entries, encode_entries, entry_of, identity_of, known_in

WORDS = some.integers(0, (1 << 64) - 1)
TIMES = some.integers(-(10**18), 17 * 10**18)
DIGESTS = some.binary(min_size=32, max_size=32).map(lambda content: Digest("sha256:" + content.hex()))
PATHS = some.binary(max_size=40).map(os.fsdecode) | some.text("abc/é", max_size=20)


@some.composite
def looks(draw: some.DrawFn) -> os.stat_result:
    """What a system says of a file."""
    size, mtime, ctime = draw(WORDS), draw(TIMES), draw(TIMES)
    inode, device = draw(WORDS), draw(WORDS)
    return os.stat_result((0o100644, inode, device, 1, 0, 0, size, 0, 0, 0, 0.0, 0.0, 0.0, 0, mtime, ctime))


FILES = some.dictionaries(PATHS, some.builds(entry_of, looks().map(identity_of), DIGESTS), max_size=20)
COPIES = some.dictionaries(some.binary(min_size=32, max_size=32), looks().map(identity_of), max_size=20)
ENTRIES = some.builds(Entries, FILES, COPIES)
NONE = Entries({}, {})


@given(ENTRIES)
def test_what_is_stored_is_read(entries: Entries) -> None:
    assert decode_entries(encode_entries(entries)) == entries


@given(ENTRIES, some.data())
def test_a_change_of_any_byte_leaves_no_entry(entries: Entries, data: some.DataObject) -> None:
    content = encode_entries(entries)
    place = data.draw(some.integers(0, len(content) - 1))
    flipped = content[place] ^ data.draw(some.integers(1, 255))
    assert decode_entries(content[:place] + bytes([flipped]) + content[place + 1 :]) == NONE
    assert decode_entries(content[:place]) == NONE
    assert decode_entries(content + b"\0") == NONE


@given(some.binary(max_size=200))
def test_what_is_no_index_has_no_entries(content: bytes) -> None:
    assert decode_entries(content) == NONE


@given(looks(), DIGESTS)
def test_an_entry_says_what_it_was_made_of(found: os.stat_result, digest: Digest) -> None:
    known = known_in(entry_of(identity_of(found), digest))
    assert (known.digest, known.size) == (digest, found.st_size)


@given(looks(), looks())
def test_two_files_have_one_identity_only_if_nothing_tells_them_apart(
    one: os.stat_result, other: os.stat_result
) -> None:
    def all_of(found: os.stat_result) -> tuple[int, ...]:
        return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev

    assert (identity_of(one) == identity_of(other)) == (all_of(one) == all_of(other))
