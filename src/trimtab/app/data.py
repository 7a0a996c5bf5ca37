"""What one does with a table of one's own, in a project or without: profile it, and compare it with another.

A table is whatever can be read: a file or a glob, a query, a stored profile where that is enough, an object in memory.
Each use case, here and in `trimtab.app.data_check`, reads it once, batch by batch, and gives a value;
`trimtab.app.data_report` puts values together for people, and the command line only says which.
"""

from __future__ import annotations

from typing import Any

import msgspec

from trimtab.app.data_opening import (
    NotATableError,
    Opened,
    Reading,
    Stored,
    columns_of,
    hidden_together,
    must_have,
    must_hold_times,
    notes_of,
    opened,
    with_keys,
    with_time,
)
from trimtab.base.errors import InputError
from trimtab.data.differences import Differences
from trimtab.data.drift import Judging, compare
from trimtab.data.hidden import hidden_profile
from trimtab.data.profile import Profile, Repeats
from trimtab.data.profiler import Depth, Profiler
from trimtab.data.scan import ColumnBeside, Scan, pieces_of
from trimtab.data.seasons import Season, SeasonFold, Seasons, compare_seasons, hidden_seasons
from trimtab.data.wording import counted


class Profiled(msgspec.Struct, frozen=True, kw_only=True):
    """A table's profile, and what its reader noticed."""

    name: str
    profile: Profile
    notes: tuple[str, ...] = ()


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Two tables and what differs."""

    reference: Profiled
    current: Profiled
    differences: Differences


def profile(what: Any, reading: Reading | None = None) -> Profiled:
    """The profile of a table, in one pass; of a stored profile, that, without values of sensitive columns.

    Raises:
        InputError: there is no such table or column, it cannot be read, or a stored profile does not say what is asked.
    """
    reading = reading or Reading()
    found = with_keys(opened(what), reading.key)
    if isinstance(found, Stored):
        return _of_stored(found, reading)
    must_have(found.name, found.schema, (*reading.key, *reading.sensitive))
    found = with_time(found, reading.time)
    if reading.time is not None:
        must_hold_times(found, reading.time)
    for name in reading.key:
        if found.schema[name].is_nested():
            problem = f"column {name!r} is stored as {found.schema[name]}, which names no row"
            raise InputError(problem, fix="Name a key of numbers, texts or times.")
    full = not reading.lean
    depth = Depth(joint=reading.joint, pairs=full, distinct=full, time=reading.time, sensitive=reading.unseen)
    profiler = Profiler(found.schema, depth)
    for pieces in pieces_of(found):
        profiler.add_pieces(pieces)
        if reading.progress is not None:
            reading.progress(profiler.rows, found.rows)
    made = profiler.profile()
    if reading.key:
        made = with_repeats(made, found, reading.key)
    return Profiled(name=found.name, profile=made, notes=notes_of(found))


def _of_stored(stored: Stored, reading: Reading) -> Profiled:
    """A profile that was made before: it knows of a key and of the rows' order what was asked for then."""
    found = stored.content
    if isinstance(found, Seasons):
        raise NotATableError(f"{stored.name} is a profile by season", fix="Use it as a reference of `drift --season`.")
    times = [reading.time] if reading.time is not None else []
    must_have(stored.name, found.columns, (*reading.key, *times, *reading.sensitive))
    if reading.key and (found.repeats is None or found.repeats.columns != reading.key):
        problem = f"{stored.name} is a stored profile, which does not say whether {', '.join(reading.key)} repeats"
        raise NotATableError(problem, fix="Profile the table itself with --key.")
    if times and (found.order is None or found.order.column != reading.time):
        problem = f"{stored.name} is a stored profile, which does not say whether rows follow {reading.time!r}"
        raise NotATableError(problem, fix="Profile the table itself with --time.")
    return Profiled(name=stored.name, profile=hidden_profile(found, reading.unseen))


def profile_by_season(what: Any, season: Season, reading: Reading) -> tuple[str, Seasons]:
    """A table's profiles by season, and its name; of a stored one, that; without values of sensitive columns."""
    found = opened(what)
    must_have(found.name, columns_of(found), reading.sensitive)
    if isinstance(found, Stored):
        if not isinstance(found.content, Seasons):
            fix = "Make one: `profile --season … --output …`."
            raise NotATableError(f"{found.name} is not a profile by season", fix=fix)
        return found.name, hidden_seasons(found.content, reading.unseen)
    if reading.time is None:
        raise InputError("rows have no season without a time", fix="Name the time column: --time COLUMN.")
    found = with_time(found, reading.time)
    fold = SeasonFold(found.schema, reading.time, season, zone=reading.zone, sensitive=reading.unseen)
    times = ColumnBeside(found, reading.time)
    for pieces in pieces_of(found):
        fold.add_pieces(pieces, times)
        if reading.progress is not None:
            reading.progress(fold.rows, found.rows)
    return found.name, fold.seasons()


def drift(reference: Any, current: Any, judging: Judging | None = None, reading: Reading | None = None) -> Compared:
    """What differs between two tables, or stored profiles of them; what one of them hides is hidden in both."""
    sides = opened(reference), opened(current)
    reading = hidden_together(reading or Reading(lean=True), *sides)
    then, now = (profile(side, reading) for side in sides)
    return Compared(reference=then, current=now, differences=compare(then.profile, now.profile, judging))


def drift_by_season(reference: Any, current: Any, season: Season, judging: Judging, reading: Reading) -> Compared:
    """What differs between two tables when each season is compared with its like."""
    from trimtab.data.profile import merge_all

    sides = opened(reference), opened(current)
    reading = hidden_together(reading, *sides)
    (then_name, then), (now_name, now) = (profile_by_season(side, season, reading) for side in sides)
    named = zip((then_name, now_name), (then, now), sides, strict=True)
    before, today = (
        Profiled(name=name, profile=merge_all(seasons.parts.values()), notes=_of_seasons(name, seasons, side))
        for name, seasons, side in named
    )
    found = compare_seasons(then, now, judging, together=(before.profile, today.profile))
    return Compared(reference=before, current=today, differences=found)


def _of_seasons(name: str, found: Seasons, side: Opened) -> tuple[str, ...]:
    """What a table's reader noticed, and that some of its rows are in no season."""
    notes = () if isinstance(side, Stored) else notes_of(side)
    if not found.timeless:
        return notes
    rows = counted(found.timeless, "row")
    return (*notes, f"{name}: {rows} without a time in {found.time}, of which nothing but that is compared")


def with_repeats(found: Profile, scan: Scan, key: tuple[str, ...]) -> Profile:
    """The profile with the number of rows that repeat a key: exact, by a pass over the key's columns alone."""
    from trimtab.data.repeats import Repeats as RepeatsFold  # keys are seldom asked for

    keys = RepeatsFold()
    for batch in scan.batches(key):
        keys.add(batch)
    repeated = keys.repeated(lambda: scan.batches(key)).count if found.rows else 0
    return msgspec.structs.replace(found, repeats=Repeats(columns=key, rows=repeated))
