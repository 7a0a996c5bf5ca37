"""The first contract, from a profile: what rows seem to be, with the reason for each rule.

Structure is taken at its word: names, types, whether there were gaps. What was merely seen becomes a note, with room
for what ten times as many rows of the same kind would show. Where seeing says nothing, nothing is inferred: a constant
column may start to move tomorrow, and names, counters, times and free text are new in every row.

Everything comes from the profile, so that a table is read once, whatever its size, and a stored profile is as good as
the table. docs/inference.md says how each rule is chosen, and how often fresh rows break it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import polars as pl

from trimtab.base.errors import ProblemsError
from trimtab.data.column_profile import ColumnProfile, NumberColumn, different_values
from trimtab.data.infer_columns import Known, feature, is_naive, plain_column, time_column, type_of, why_left_out
from trimtab.data.infer_names import NAMED_MIN, counters_in, is_all_different, is_called_a_name, is_complete_sequence
from trimtab.data.infer_roles import check_roles, naive_text
from trimtab.data.infer_source import missing_roles, sound_column
from trimtab.data.infer_task import infer_task, task_of, with_classes
from trimtab.data.kinds import ColumnType
from trimtab.data.problems import TableError
from trimtab.data.profile import Profile, Repeats, hidden_in
from trimtab.data.profiler import Depth, profile_frame
from trimtab.data.schema import Column, Contract, Unique
from trimtab.data.wording import counted, show
from trimtab.spec.project import Task

__all__ = ["Proposal", "Roles", "infer", "infer_contract", "infer_task", "may_name_rows"]

_ASIDE: Final = 0.01
"""The share of rows that a contract agrees to set aside unless it says otherwise."""
_SAID_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """What columns are for, where somebody says so.

    Attributes:
        time: the column of the rows' own times.
        label: the column that is predicted; where it is null, the outcome had not arrived.
        key: the column that names a row.
        zone: the zone of times without one.
        task: what is predicted; None: the label says it.
        sensitive: columns whose values are shown nowhere, so that no value of theirs is in the contract either; those
            that the profile hides are sensitive too.
    """

    time: str | None = None
    label: str | None = None
    key: str | None = None
    zone: str | None = None
    task: Task | None = None
    sensitive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A contract to be read and edited by a person, and what the contract itself cannot say."""

    contract: Contract
    notes: tuple[str, ...] = ()


def infer_contract(profile: Profile, roles: Roles | None = None) -> Proposal:
    """The contract that a profile suggests: structure refuses, what was seen is noted.

    The table that was profiled keeps it: no row of it is refused. A column that no contract can speak of (lists, a
    column without any value) is ignored, with a note.

    Raises:
        TableError: there are no rows, or no column that a contract can speak of.
        ProblemsError: every role whose column is missing or unfit for it.

    Example:
        >>> from trimtab.data.profiler import profile_frame
        >>> table = pl.DataFrame({"grade": [place % 6 for place in range(120)]})
        >>> infer_contract(profile_frame(table)).contract.columns[0].range
        Range(minimum=0, maximum=5, share=0.0, outside=<Severity.NOTE: 'note'>, because='seen 0 to 5 in 120 rows')
    """
    roles = roles or Roles()
    if not profile.rows:
        raise TableError("the table has no rows, so no contract can be inferred", fix="Give a table with rows.")
    problems = check_roles(profile, {"time": roles.time, "label": roles.label, "key": roles.key}, roles.zone)
    if problems:
        raise ProblemsError(problems)
    notes: list[str] = []
    kept = _kept(profile, notes)
    if not kept:
        why = "; ".join(notes[:_SAID_MAX])
        fix = "Give a table with a named column of numbers, texts, truth values or times."
        raise TableError(f"the table has no column that a contract can speak of ({why})", fix=fix)
    zone = _zone(profile, kept, roles, notes)
    known = Known(
        profile=profile,
        zone=zone,
        running=counters_in(profile, roles.time),
        sensitive=hidden_in(profile).union(roles.sensitive),
    )
    task = _task(profile, roles, notes)
    contract = Contract(
        columns=tuple(_column(name, column, known, roles, task) for name, column in kept.items()),
        time=roles.time,
        label=roles.label,
        key=roles.key,
        task=task,
        zone=zone,
        ignored=tuple(name for name in profile.columns if name not in kept),
        unique=_unique(profile, kept, roles, notes),
        quarantine=_aside(kept),
    )
    return Proposal(contract=contract, notes=tuple(notes))


def infer(
    table: pl.DataFrame,
    *,
    time: str,
    label: str,
    key: str | None = None,
    zone: str | None = None,
    task: Task | None = None,
) -> Contract:
    """The contract that a project's table suggests, which is stricter in what it accepts than that of any file.

    Args:
        table: the rows to learn from, in the order of time.
        time: the column of the rows' own times.
        label: the column that is predicted; where it is null, the outcome had not arrived.
        key: the project's own name for a row.
        zone: the zone of naive times.
        task: what is predicted, where the project says so; else it is inferred from the label.

    Raises:
        TableError: the table is empty.
        ProblemsError: all columns that are missing, or of which no contract can be made.
    """
    if not table.height:
        raise TableError("the table has no rows, so no contract can be inferred", fix="Point [data] source at rows.")
    problems = missing_roles(table, {"time": time, "label": label, "key": key})
    times: pl.Series | None = None
    for series in table:
        try:
            read = sound_column(series, zone, is_time=series.name == time)
            times = read.values if series.name == time else times
        except TableError as error:
            problems.append(error)
    if not problems:
        try:
            task = task or infer_task(table[label])
        except TableError as error:
            problems.append(error)
    if problems or times is None:
        raise ProblemsError(tuple(problems))
    profile = profile_frame(table.with_columns(times), Depth(time=time))
    if key is not None:
        named = table[key].drop_nulls()
        repeats = Repeats(columns=(key,), rows=len(named) - named.n_unique())
        profile = msgspec.structs.replace(profile, repeats=repeats)
    return infer_contract(profile, Roles(time=time, label=label, key=key, zone=zone, task=task)).contract


# ── from a profile ───────────────────────────────────────────────────────────────────────────────────────────────────


def _kept(profile: Profile, notes: list[str]) -> dict[str, ColumnProfile]:
    """The columns that a contract can speak of."""
    kept = {}
    for name, column in profile.columns.items():
        why = why_left_out(column) if name else "it has no name"
        if why is None:
            kept[name] = column
        else:
            notes.append(f"column {name!r} is not in the contract, which lets it pass: {why}")
    return kept


def _zone(profile: Profile, kept: dict[str, ColumnProfile], roles: Roles, notes: list[str]) -> str | None:
    """The zone of times without one: UTC, with a note, where nobody says another."""
    naive = [name for name, column in kept.items() if is_naive(column)]
    if roles.time is not None and roles.time not in naive and naive_text(profile, roles.time):
        naive.append(roles.time)
    if roles.zone is not None or not naive:
        return roles.zone
    named = ", ".join(map(repr, naive[:_SAID_MAX])) + (", …" if len(naive) > _SAID_MAX else "")
    notes.append(f'times without a zone are read as UTC: {named}; write zone = "Europe/Berlin", say, if they are not')
    return "UTC"


def _task(profile: Profile, roles: Roles, notes: list[str]) -> Task | None:
    if roles.label is None or roles.task is not None:
        return roles.task
    try:
        return task_of(roles.label, profile.columns[roles.label])
    except TableError as error:
        notes.append(f"what is to be predicted is left open: {error.problem}")
        return None


def _column(name: str, column: ColumnProfile, known: Known, roles: Roles, task: Task | None) -> Column:
    if name == roles.time:
        return time_column(name, column, known)
    if name == roles.label:
        return with_classes(plain_column(name, column, known), column, task)
    if name == roles.key:
        return plain_column(name, column, known)
    return feature(name, column, known)


def _unique(profile: Profile, kept: dict[str, ColumnProfile], roles: Roles, notes: list[str]) -> tuple[Unique, ...]:
    """The key, if it never repeats, and columns that are seen to name rows and are called so, or count them."""
    found = []
    for name, column in kept.items():
        if name == roles.key:
            found += _unique_key(name, column, profile.repeats, notes)
        elif name in (roles.time, roles.label) or type_of(column) is ColumnType.FLOAT:
            continue
        elif is_complete_sequence(column):
            because = f"the whole numbers from {_end(column, 0)} to {_end(column, 1)}, each once"
            found.append(Unique(columns=(name,), because=because))
        elif is_called_a_name(name) and column.rows - column.nulls >= NAMED_MIN:
            if is_all_different(column) or _never_repeats(profile, name):
                because = f"different in all {counted(column.rows - column.nulls, 'row')}, and called as names are"
                found.append(Unique(columns=(name,), because=because))
            elif _seems_different(column) and (profile.repeats is None or profile.repeats.columns != (name,)):
                notes.append(f"{name!r} seems to name rows; name it as the key to have repetitions found")
    return tuple(found)


def may_name_rows(profile: Profile, roles: Roles) -> str | None:
    """The column that is called as names of rows are and may be different in all of them, which only counting can show;
    None where a key is named or no column is such."""
    if roles.key is not None:
        return None
    for name, column in profile.columns.items():
        typed = name not in (roles.time, roles.label) and why_left_out(column) is None
        if typed and type_of(column) is not ColumnType.FLOAT and is_called_a_name(name):
            long = column.rows - column.nulls >= NAMED_MIN
            if long and not is_complete_sequence(column) and not is_all_different(column) and _seems_different(column):
                return name
    return None


def _seems_different(column: ColumnProfile) -> bool:
    different = different_values(column)
    return different is not None and not different[1] and different[0] >= 0.9 * (column.rows - column.nulls)


def _never_repeats(profile: Profile, name: str) -> bool:
    return profile.repeats is not None and profile.repeats.columns == (name,) and not profile.repeats.rows


def _unique_key(name: str, column: ColumnProfile, repeats: Repeats | None, notes: list[str]) -> list[Unique]:
    again = repeats.rows if repeats is not None and repeats.columns == (name,) else None
    if again is None and not (is_all_different(column) or is_complete_sequence(column)):
        notes.append(f"whether the key {name!r} repeats is not in this profile, so that it is not asked to be unique")
        return []
    if again:
        notes.append(f"the key {name!r} is not asked to be unique: it repeats an earlier row's in {again:,} rows")
        return []
    return [Unique(columns=(name,), because=f"the key, different in all {counted(column.rows - column.nulls, 'row')}")]


def _end(column: ColumnProfile, place: int) -> str:
    assert isinstance(column, NumberColumn), "a sequence is of numbers"
    return show((column.minimum, column.maximum)[place])


def _aside(kept: dict[str, ColumnProfile]) -> float:
    """The share of rows that may be set aside: infinities are, and the table itself must pass."""
    shares = [column.infinite / column.rows for column in kept.values() if isinstance(column, NumberColumn)]
    return min(1.0, max(_ASIDE, round(2 * sum(shares), 2)))
