"""The chain shows what was changed, removed or moved."""

import msgspec
import pytest

from trimtab.base.errors import IntegrityError
from trimtab.base.instants import Instant
from trimtab.records.journal import GENESIS, Actor, Draft, Entry, Phase, follow, verify
from trimtab.records.versioned import encode

DECODER = msgspec.json.Decoder(Entry)
SOMEONE = Actor(kind="person", name="ada", authenticated="operating system user")


def chain(count: int) -> list[bytes]:
    entries: list[Entry] = []
    for i in range(count):
        draft = Draft(
            at=Instant(i), action_key=f"k{i}", kind="note", phase=Phase.DECISION, actor=SOMEONE, reason=f"no. {i}"
        )
        entries.append(follow(entries[-1] if entries else None, draft))
    return [encode(entry) for entry in entries]


def test_an_untouched_chain_holds() -> None:
    count, head = verify(chain(5), DECODER)
    assert count == 5
    assert head != GENESIS


def test_an_empty_journal_holds_at_its_genesis() -> None:
    assert verify([], DECODER) == (0, GENESIS)


def test_a_changed_reason_breaks_the_chain_at_the_next_entry() -> None:
    entries = chain(5)
    entries[2] = entries[2].replace(b"no. 2", b"no. 9")
    with pytest.raises(IntegrityError, match="entry 4 of .* does not follow"):
        verify(entries, DECODER)


def test_a_removed_entry_is_missed() -> None:
    entries = chain(5)
    del entries[1]
    with pytest.raises(IntegrityError, match="entry 2 is numbered 3"):
        verify(entries, DECODER)


def test_swapped_entries_are_found() -> None:
    entries = chain(5)
    entries[1], entries[2] = entries[2], entries[1]
    with pytest.raises(IntegrityError, match="entry 2 is numbered 3"):
        verify(entries, DECODER)


def test_an_entry_that_is_no_json_is_named() -> None:
    with pytest.raises(IntegrityError, match="entry 1 cannot be read"):
        verify([b"{"], DECODER)


def test_an_entry_that_says_the_same_in_other_bytes_is_not_the_entry() -> None:
    entries = chain(1)
    entries[0] = entries[0].replace(b'":', b'": ', 1)
    with pytest.raises(IntegrityError, match="not in canonical form"):
        verify(entries, DECODER)
