"""Kill -9 at random moments: the journal is a chain, and no transaction is there by half."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from trimtab.base.digest import digest_bytes
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.sqlite_records import SqliteRecords
from trimtab.records.action import ActionState
from trimtab.records.journal import Entry, verify
from trimtab.testing.conformance.records import Note

HAMMER = """
import sys
from pathlib import Path
from trimtab.drivers.local_blobs import LocalBlobs
from trimtab.drivers.sqlite_records import SqliteRecords
from trimtab.records.action import ActionState
from trimtab.testing.conformance.records import Note, action, draft

folder = Path(sys.argv[1])
records, blobs = SqliteRecords(folder / "state.db"), LocalBlobs(folder / "blobs")


def carry_out(key):
    blobs.put(key.encode() * 1000)
    with records.transaction():
        assert records.end_action(key, ActionState.DONE, {})
        records.append(draft(f"{key} done"))


known = records.actions()
for left_open in known:
    if left_open.state is ActionState.INTENDED:
        carry_out(left_open.key)
for number in range(len(known), 1_000_000):
    key = f"k{number}"
    with records.transaction():
        records.put_action(action(key))
        records.append(draft(f"{key} intended"))
        records.put_document("cursor", Note(text=key))
    carry_out(key)
    print(number, flush=True)
"""


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_half_done_after_kill_minus_nine(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(5):
        told = hammer_and_kill(tmp_path, chance.uniform(0.0, 0.15))
        check(tmp_path, told)


def hammer_and_kill(folder: Path, delay: float) -> int:
    """Number of actions that the process said were done, after it was killed ``delay`` seconds into its work."""
    with subprocess.Popen([sys.executable, "-c", HAMMER, str(folder)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(delay)  # the moment to be killed at, not a wait for something
        child.kill()
        lines += child.stdout.readlines()
    return int([line for line in lines if line.endswith("\n")][-1]) + 1


def check(folder: Path, told: int) -> None:
    with SqliteRecords(folder / "state.db") as records:
        actions = records.actions()
        reasons = [msgspec.json.decode(entry, type=Entry).draft.reason for entry in records.journal()]
        entries, _ = verify(records.journal(), msgspec.json.Decoder(Entry))
        done = [action.key for action in actions if action.state is ActionState.DONE]
        assert [action.key for action in actions] == [f"k{number}" for number in range(len(actions))]
        assert len(done) >= told
        assert len(actions) - len(done) <= 1
        assert entries == len(actions) + len(done) == len(reasons)
        assert {reason for reason in reasons if reason.endswith(" done")} == {f"{key} done" for key in done}
        assert records.document("cursor", Note) == Note(text=actions[-1].key)
    blobs = LocalBlobs(folder / "blobs")
    for key in done:
        assert blobs.get(digest_bytes(key.encode() * 1000))
