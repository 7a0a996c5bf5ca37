"""What code reaches is remembered as long as the code is the same, and a remembered answer is never of other code."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.app.known_reach import KnownReach
from trimtab.pipeline.reach.program import Program

BEFORE = {
    "pipeline.py": "import numpy\nfrom rates import LIMIT\n\ndef step(x):\n    return x + LIMIT\n",
    "rates.py": "LIMIT = 1\n",
}
AFTER = BEFORE | {"rates.py": "LIMIT = 2\n"}


@pytest.fixture
def remembered(tmp_path: Path) -> Path:
    known = KnownReach(BEFORE, tmp_path / "reach.index")
    known.reach("pipeline", "step")
    known.reach_file("rates.py")
    known.save()
    return tmp_path / "reach.index"


def test_the_same_code_is_not_read_again(remembered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Program(BEFORE).reach("pipeline", "step"), Program(BEFORE).reach_file("rates.py")
    monkeypatch.setattr("trimtab.pipeline.reach.program.Program", None)  # reading it would fail
    known = KnownReach(BEFORE, remembered)
    assert (known.reach("pipeline", "step"), known.reach_file("rates.py")) == wanted


def test_code_that_changed_is_read_again(remembered: Path) -> None:
    assert KnownReach(AFTER, remembered).reach("pipeline", "step") == Program(AFTER).reach("pipeline", "step")


def test_a_file_that_moved_is_another_file(remembered: Path) -> None:
    moved = {"pipeline.py": BEFORE["pipeline.py"], "other.py": BEFORE["rates.py"]}
    assert KnownReach(moved, remembered).reach("pipeline", "step") == Program(moved).reach("pipeline", "step")


def test_nothing_is_written_where_nothing_new_was_asked(remembered: Path) -> None:
    remembered.chmod(0o400)
    before = remembered.stat().st_mtime_ns
    known = KnownReach(BEFORE, remembered)
    known.reach("pipeline", "step")
    known.save()
    assert remembered.stat().st_mtime_ns == before


@given(place=st.integers(0, 10_000), change=st.integers(1, 255), length=st.integers(0, 10_000))
def test_a_damaged_memory_counts_as_none(
    tmp_path_factory: pytest.TempPathFactory, place: int, change: int, length: int
) -> None:
    path = tmp_path_factory.mktemp("reach") / "reach.index"
    known = KnownReach(BEFORE, path)
    wanted = known.reach("pipeline", "step")
    known.save()
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= change
    for damaged in (bytes(content), bytes(content)[: length % len(content)]):
        path.write_bytes(damaged)
        assert KnownReach(BEFORE, path).reach("pipeline", "step") == wanted
