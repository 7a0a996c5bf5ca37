"""Read and verify the journal."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from trimtab.app.home import Home
from trimtab.base.digest import Digest
from trimtab.base.instants import format_instant
from trimtab.records.journal import Entry, Phase, verify
from trimtab.records.versioned import decode


def read_journal(home: Home) -> Iterator[Entry]:
    """The entries, the oldest first."""
    for content in home.records.journal():
        yield decode(Entry, content)


def verify_journal(home: Home) -> tuple[int, Digest]:
    """The number of entries and the head's digest; raises `IntegrityError` at the first broken place."""
    return verify(home.records.journal(), msgspec.json.Decoder(Entry))


def sentence(entry: Entry) -> str:
    """An entry in one line: when, what, who and why."""
    draft = entry.draft
    when = f"{format_instant(draft.at)[:19]}Z" if draft.at else "from the start"
    what = draft.kind if draft.phase is Phase.DECISION else f"{draft.kind} {draft.phase.value}"
    who = draft.actor.name if draft.actor.kind == "person" else draft.actor.kind
    reason = f"nothing done, because {draft.reason}" if draft.kind == "nothing" else draft.reason
    return f"{entry.sequence:>6}  {when:<20}  {what:<16} {who:<10}  {reason}"
