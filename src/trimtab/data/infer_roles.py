"""Whether a table's columns can be what somebody says they are for."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.base.instants import is_zone
from trimtab.data.column_profile import CategoryColumn, ColumnProfile, NumberColumn
from trimtab.data.infer_columns import gaps_of, type_of, why_left_out
from trimtab.data.infer_texts import known_texts
from trimtab.data.kinds import TIME_AMBIGUOUS, TIME_MAX, ColumnType, Rule
from trimtab.data.problems import TableError
from trimtab.data.profile import Profile
from trimtab.data.scalar import Fault, read_scalar
from trimtab.data.wording import closest, counted, show


def check_roles(profile: Profile, roles: Mapping[str, str | None], zone: str | None) -> tuple[TableError, ...]:
    """Every role whose column is missing or unfit for it, and a zone that there is not."""
    problems: list[TableError] = []
    for role, name in roles.items():
        if name is None:
            continue
        column = profile.columns.get(name)
        if column is None:
            problems.append(missing(name, f"is named as the {role}", list(profile.columns)))
            continue
        why = why_left_out(column)
        if why is None and role == "time":
            why = _why_no_time(name, column, profile, zone)
        fix = f"Name another {role}."
        if why is None and role == "key" and column.type in (ColumnType.FLOAT, ColumnType.BOOLEAN):
            why = f"it is of type {column.type}"
        elif why is None and role == "key" and type_of(column) is ColumnType.FLOAT:
            why = "it holds integers beyond 64 bits with a sign, which a contract has no exact type for"
            fix = "Store it as text, or name another key."
        if why is not None:
            problems.append(TableError(f"column {name!r} cannot be the {role}: {why}", fix=fix))
    if zone is not None and not is_zone(zone):
        fix = "Write a name such as Europe/Berlin or UTC."
        problems.append(TableError(f"{show(zone)} is not a time zone", fix=fix))
    return tuple(problems)


def missing(name: str, role: str, columns: list[str]) -> TableError:
    """The problem of a column that is not there."""
    return TableError(
        f"the table has no column {name!r}, which {role}",
        fix=closest(name, columns) or f"It has {', '.join(map(repr, columns[:20]))}.",
    )


def naive_text(profile: Profile, time: str) -> bool:
    """Whether the time column is of text without a zone."""
    column = profile.columns[time]
    if not isinstance(column, CategoryColumn):
        return False
    texts, _ = known_texts(time, column, profile.sample)
    read = (read_scalar(ColumnType.TIME, text) for text in texts)
    return any(isinstance(fault, Fault) and fault.rule is Rule.IMPOSSIBLE for fault in read)


def _why_no_time(name: str, column: ColumnProfile, profile: Profile, zone: str | None) -> str | None:
    """Why not every row has a time in this column."""
    gaps = gaps_of(column)
    if gaps:
        return f"it is null in {counted(gaps, 'row')}, and every row needs its time"
    if isinstance(column, NumberColumn):
        least, greatest = column.minimum, column.maximum
        if column.type is ColumnType.FLOAT or least is None or greatest is None:
            return "it holds numbers that are no whole microseconds"
        if least < TIME_AMBIGUOUS or greatest > TIME_MAX:
            return f"it holds numbers such as {show(least)}, which are no microseconds since 1970"
        return None
    if not isinstance(column, CategoryColumn):
        return None
    if column.type is ColumnType.BOOLEAN:
        return "it is of type boolean"
    texts, _ = known_texts(name, column, profile.sample)
    wrong = (text for text in texts if isinstance(read_scalar(ColumnType.TIME, text, zone or "UTC"), Fault))
    first = next(wrong, None)
    return None if first is None else f"it holds texts such as {show(first)}, which are no ISO 8601 times"
