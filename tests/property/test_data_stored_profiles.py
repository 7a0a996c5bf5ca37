"""A stored profile that was damaged, by whatever, is refused with a sentence; none is taken for another."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.base.digest import digest_bytes
from trimtab.base.errors import IntegrityError, TrimtabError, UnknownVersionError
from trimtab.data.drift import compare
from trimtab.data.infer import infer_contract
from trimtab.data.profile import Profile, Repeats, merge
from trimtab.data.profiler import Depth, Profiler
from trimtab.data.seasons import Season, SeasonFold, Seasons, compare_seasons
from trimtab.data.soundness import fault_of
from trimtab.drivers.profile_files import packed, unpacked
from trimtab.generate.data_document import to_document
from trimtab.generate.data_page import page
from trimtab.generate.data_report import DataReport
from trimtab.generate.data_terminal import Look, terminal

ROWS = 9_000


def table() -> pl.DataFrame:
    chance = np.random.default_rng(1)
    return pl.DataFrame(
        {
            "amount": chance.lognormal(3, 1, ROWS),
            "few": [float(place % 7) if place % 11 else None for place in range(ROWS)],
            "name": [f"person {place}" for place in range(ROWS)],
            "channel": ["atm" if place % 3 else "online" for place in range(ROWS)],
            "secret": [f"word {place % 5}" for place in range(ROWS)],
            "yes": [place % 2 == 0 for place in range(ROWS)],
            "at": pl.Series(1_700_000_000_000_000 + np.arange(ROWS) * 7_000_001).cast(pl.Datetime("us", "UTC")),
            "parts": [[place] for place in range(ROWS)],
        }
    )


def made() -> Profile:
    profiler = Profiler(table().schema, Depth(time="at", sensitive=frozenset({"secret"})))
    profiler.add(table())
    found = profiler.profile()
    return Profile(
        rows=found.rows,
        columns=found.columns,
        pairs=found.pairs,
        sample=found.sample,
        order=found.order,
        repeats=Repeats(columns=("name",), rows=0),
    )


def made_by_weekday() -> Seasons:
    fold = SeasonFold(table().schema, "at", Season.WEEKDAY)
    fold.add(table())
    return fold.seasons()


PROFILE = made()
STORED = (packed(PROFILE), packed(made_by_weekday()))


@st.composite
def damaged(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A stored profile, and the same with some bytes changed, cut off, left out or put in."""
    whole = draw(st.sampled_from(STORED))
    changed = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, 120) | st.integers(0, max(len(changed) - 1, 0)))
        match draw(st.sampled_from(["flip", "cut", "leave out", "put in"])):
            case "flip" if place < len(changed):
                changed[place] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del changed[place:]
            case "leave out":
                del changed[place : place + draw(st.integers(1, 300))]
            case _:
                changed[place:place] = draw(st.binary(min_size=1, max_size=9))
    return whole, bytes(changed)


@given(damaged())
def test_damaged_bytes_are_refused_with_the_files_name_and_what_to_do(of: tuple[bytes, bytes]) -> None:
    whole, changed = of
    if changed == whole:
        return
    with pytest.raises((IntegrityError, UnknownVersionError), match=r"damaged|this file says") as found:
        unpacked(changed, at="march.profile")
    assert found.value.at == "march.profile"
    assert "Profile the data again" in found.value.fix


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers(-(2**70), 2**70)
    | st.sampled_from([0.5, -1e308, 1e308, "", "x", "text", "AAAA", "hour", [], {}, [1], ["a"]])
    | st.floats(allow_nan=False, allow_infinity=False)
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything in a document; of long lists the first."""
    inner: list[tuple[Any, ...]] = [path] if path else []
    if isinstance(value, dict):
        for key, child in value.items():
            inner += places(child, (*path, key))
    elif isinstance(value, list):
        for place, child in enumerate(value[:4]):
            inner += places(child, (*path, place))
    return inner


DOCUMENTS = tuple(json.loads(zlib.decompress(stored.partition(b"\n")[2])) for stored in STORED)
PLACES = tuple(places(document) for document in DOCUMENTS)


class Edited(bytes):
    """A file's content, in a failing test shown by what was done to it."""

    told: str

    def __repr__(self) -> str:
        return self.told


@st.composite
def edited(draw: st.DrawFn) -> Edited:
    """A stored profile in which someone changed something and put the right digest."""
    which = draw(st.integers(0, 1))
    document: Any = json.loads(json.dumps(DOCUMENTS[which]))
    *way, last = draw(st.sampled_from(PLACES[which]))
    inner = document
    for step in way:
        inner = inner[step]
    old = inner[last]
    match draw(st.sampled_from(["replace", "remove", "alter"])):
        case "remove":
            del inner[last]
        case "alter" if isinstance(old, str) and len(old) > 4:
            place = draw(st.integers(0, len(old) - 1))
            inner[last] = old[:place] + draw(st.sampled_from(["", "A", "/w", "_"])) + old[place + 1 :]
        case "alter" if isinstance(old, int) and not isinstance(old, bool):
            inner[last] = old + draw(st.integers(-2, 2))
        case _:
            inner[last] = draw(LEAVES)
    body = zlib.compress(json.dumps(document).encode(), 1)
    line = STORED[which].partition(b" ")[0]
    content = Edited(line + f" {digest_bytes(body)}\n".encode() + body)
    now = inner.get(last) if isinstance(inner, dict) else inner
    content.told = f"{'.'.join(map(str, (*way, last)))}: {str(old)[:60]} became {str(now)[:60]}"
    return content


def all_that_is_done_with(found: Profile | Seasons) -> None:
    if isinstance(found, Seasons):
        compare_seasons(made_by_weekday(), found)
        return
    differences = compare(PROFILE, found)
    report = DataReport(source="x", profile=found, reference_profile=PROFILE, differences=differences)
    terminal(report, Look(all_columns=True))
    page(report)
    to_document(report)
    infer_contract(found)
    merge(found, PROFILE)


@given(edited())
def test_an_edited_profile_is_refused_or_can_be_worked_with(content: bytes) -> None:
    try:
        found = unpacked(content, at="edited.profile")
    except TrimtabError as error:
        told = error
    else:
        assert fault_of(found) is None
        with suppress(TrimtabError):  # such as other columns than those of the reference
            all_that_is_done_with(found)
        return
    assert (told.at, bool(told.fix)) == ("edited.profile", True)


def test_every_profile_that_is_made_is_sound() -> None:
    for stored in STORED:
        assert packed(unpacked(stored, at="whole.profile")) == stored
