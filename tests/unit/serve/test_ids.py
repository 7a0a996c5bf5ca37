"""Ids sort by time and never repeat."""

from __future__ import annotations

import re
import uuid

import pytest

from trimtab.serve.ids import TimeOrderedIds


def test_ids_are_uuids_of_version_7_that_only_grow() -> None:
    ids = TimeOrderedIds()
    made = [ids.next() for _ in range(5_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made[0])
    assert uuid.UUID(made[0]).version == 7


def test_a_clock_that_is_set_back_does_not_set_ids_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = TimeOrderedIds()
    before = ids.next()
    monkeypatch.setattr("time.time_ns", lambda: 1_000_000_000_000_000_000)

    assert ids.next() > before


def test_an_id_carries_the_time_of_its_making(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_767_225_600_000_500_000)

    assert int(TimeOrderedIds().next().replace("-", "")[:12], 16) == 1_767_225_600_000
