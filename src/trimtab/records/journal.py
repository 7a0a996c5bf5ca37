"""Journal v1: the append-only, hash-chained record of every decision and change.

Each entry carries the digest of the one before, so a changed, removed or reordered entry breaks the chain at its
place. That proves order and completeness up to the head; it does not prove that somebody with write access did not
rewrite the whole chain: keep the head elsewhere for that (``trimtab journal head``).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from trimtab.base.digest import Digest, digest_bytes
from trimtab.base.errors import IntegrityError
from trimtab.base.instants import Instant, format_instant
from trimtab.base.verdict import Evidence
from trimtab.records.versioned import encode

GENESIS: Final = digest_bytes(b"trimtab.journal/1")
"""What the first entry follows."""


class Phase(StrEnum):
    """Where an action stands; a decision to do nothing and a plain fact are entries of one phase."""

    DECISION = "decision"
    INTENT = "intent"
    DONE = "done"
    FAILED = "failed"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who did it (``person``, ``controller``, ``agent``), by what name, and how that is known."""

    kind: str
    name: str
    authenticated: str


LOOP: Final = Actor(kind="controller", name="trimtab", authenticated="child process of the supervisor")
"""The loop itself."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written into the journal.

    Attributes:
        at: decision time: event time in the loop, the real clock for a person.
        action_key: the same for the intent and the end of one action; empty for a decision without action.
        kind: ``train``, ``promote``, ``rollback``, ``nothing`` …
        reason: one sentence: what and because of what; "nothing, because" included.
        evidence: the findings and gate results that it rests on.
        detail: names and digests that a reader needs: release, run, step.
        wall: real time of writing; not part of any decision.
    """

    at: Instant
    action_key: str
    kind: str
    phase: Phase
    actor: Actor
    reason: str
    evidence: tuple[Evidence, ...] = ()
    detail: dict[str, str | int | float] = {}
    wall: Instant = Instant(0)


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="trimtab.journal/1"):
    """A draft in its place in the chain; ``sequence`` counts from 1."""

    sequence: int
    previous: Digest
    draft: Draft


def follow(last: Entry | None, draft: Draft) -> Entry:
    """The entry that puts ``draft`` behind ``last``; behind nothing for the first."""
    if last is None:
        return Entry(sequence=1, previous=GENESIS, draft=draft)
    return Entry(sequence=last.sequence + 1, previous=digest_bytes(encode(last)), draft=draft)


def verify(entries: Iterable[bytes], decode_entry: msgspec.json.Decoder[Entry]) -> tuple[int, Digest]:
    """The number of entries and the head's digest of an unbroken chain of stored entries.

    Raises:
        IntegrityError: an entry was changed, removed, added or moved; says which.
    """
    count, head = 0, GENESIS
    for content in entries:
        count += 1
        try:
            entry = decode_entry.decode(content)
        except msgspec.DecodeError as error:
            raise _broken(count, f"cannot be read ({error})") from error
        if entry.sequence != count:
            raise _broken(count, f"is numbered {entry.sequence}")
        if entry.previous != head:
            raise _broken(count, f"of {format_instant(entry.draft.at)} does not follow the entry before it")
        if encode(entry) != content:
            raise _broken(count, "is not in canonical form")
        head = digest_bytes(content)
    return count, head


def _broken(sequence: int, what: str) -> IntegrityError:
    return IntegrityError(
        f"the journal is broken: entry {sequence} {what}",
        fix="Something else wrote to it, or the disk lost it; compare with a backup before you trust later entries.",
    )
