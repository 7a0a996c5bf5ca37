"""Tables and stored profiles, opened before anything is read: what there is, which columns, and which may not be shown.

Every use case of `trimtab.app.data` opens all that it is given first, so that a wrong name costs no pass over rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from trimtab.base.errors import InputError
from trimtab.data.columns import natural_type
from trimtab.data.kinds import ColumnType
from trimtab.data.profile import Profile, hidden_in
from trimtab.data.scan import Scan
from trimtab.data.seasons import Seasons, hidden_in_seasons
from trimtab.data.wording import closest
from trimtab.drivers.profile_files import is_profile, read_profile

if TYPE_CHECKING:
    from polars.datatypes import DataType

    from trimtab.data.schema import Contract
    from trimtab.data.spelled import Spelling

Progress = Callable[[int, int | None], None]
"""Told the rows that were read so far, and how many there are where that is known."""

_SAID_MAX = 20


class NotATableError(InputError):
    """A stored profile was given where rows are needed, or profiles that do not go together."""

    code = "TT1371"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a table is read.

    Attributes:
        key: columns that name a row; rows that repeat one are counted exactly.
        time: the column of the rows' own time.
        sensitive: columns whose values are shown nowhere; the table has them.
        hidden: the same where the table has them: those that a contract or a profile beside it names.
        joint: whether to keep what shows how columns hang together.
        lean: whether to leave out what a comparison does not look at: co-moments, and different values where many.
        zone: the time zone of hours and days.
        progress: told how far the reading is.
    """

    key: tuple[str, ...] = ()
    time: str | None = None
    sensitive: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    joint: bool = True
    lean: bool = False
    zone: str = "UTC"
    progress: Progress | None = None

    @property
    def unseen(self) -> frozenset[str]:
        """All columns whose values are shown nowhere."""
        return self.hidden | frozenset(self.sensitive)


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A profile that was made before, and the file that has it; None in memory."""

    name: str
    content: Profile | Seasons
    file: Path | None = None

    @property
    def hidden(self) -> frozenset[str]:
        """The columns that it hides."""
        return hidden_in(self.content) if isinstance(self.content, Profile) else hidden_in_seasons(self.content)

    @property
    def files(self) -> tuple[Path, ...]:
        """As of a table that is read from files."""
        return () if self.file is None else (self.file,)


Opened = Scan | Stored


def opened(what: Any) -> Opened:
    """A table, or a profile of one: a path, a glob, an object in memory, or what is open already.

    Raises:
        InputError: there is no such table or profile, or it is none.
    """
    if isinstance(what, Stored):
        return what
    if isinstance(what, Profile | Seasons):
        return Stored(name="a profile", content=what)
    if isinstance(what, Path | str) and is_profile(Path(what)):
        return Stored(name=str(what), content=read_profile(Path(what)), file=Path(what))
    if hasattr(what, "batches") and hasattr(what, "schema") and hasattr(what, "name"):
        return what  # type: ignore[no-any-return]  # a Scan by its members
    from trimtab.drivers.sources import open_table

    return open_table(what)


def open_rows(what: Any) -> Scan:
    """A table to read; raises as `opened` does, and `NotATableError` for a stored profile."""
    found = opened(what)
    if isinstance(found, Stored):
        raise NotATableError(
            f"{found.name} is a stored profile, and rows are needed here", fix="Name the table itself."
        )
    return found


def typed_rows(what: Any, contract: Contract) -> Scan:
    """A table to read with a contract's types where its files store none; raises as `open_rows` does."""
    told = as_told(open_rows(what), contract)
    assert not isinstance(told, Stored), "rows were asked for"
    return told


def as_told(found: Opened, contract: Contract | None) -> Opened:
    """A table with the types that a contract gives its columns, where it is of text files, which store none."""
    typed = getattr(found, "typed", None)
    if contract is None or typed is None:
        return found
    return typed({column.name: column.type for column in contract.columns})  # type: ignore[no-any-return]


def with_keys(found: Opened, key: Sequence[str]) -> Opened:
    """A table of text files whose keys are as they are written, where numbers would not tell them apart."""
    typed = getattr(found, "typed", None)
    if typed is None or isinstance(found, Stored):
        return found
    near = [name for name in key if name in found.schema and found.schema[name] in (pl.Float64, pl.Int128)]
    return typed(dict.fromkeys(near, ColumnType.TEXT)) if near else found


def with_time(found: Scan, name: str | None) -> Scan:
    """A table whose column of times, where text files or SQLite do not say that it is one, is read as such."""
    are_texts = getattr(found, "typed", None) is not None or getattr(found, "keeps_times_as_texts", False)
    if name is None or not are_texts or found.schema.get(name) != pl.String:
        return found
    from trimtab.data.time_texts import timed

    return timed(found, name)


def beside_each_other(one: Opened, two: Opened) -> tuple[Opened, Opened]:
    """Two tables to compare without a contract: one of text files, which store no types, with those of the other, where
    its columns can be read so: as texts, which may look like numbers, as times, and as gaps."""
    return _as_beside(one, two), _as_beside(two, one)


def _as_beside(found: Opened, other: Opened) -> Opened:
    read_as = getattr(found, "beside", None)
    if read_as is None or hasattr(other, "beside"):
        return found
    stored = _stored_types(other)
    beside: Scan = read_as(stored)
    for name, dtype in beside.schema.items():
        if stored.get(name) is ColumnType.TIME and dtype == pl.String:
            from trimtab.data.time_texts import begins_with_times, timed

            beside = timed(beside, name) if begins_with_times(beside, name) else beside
    return beside


def _stored_types(other: Opened) -> dict[str, ColumnType | None]:
    """What the columns of a table are, or were when its profile was stored."""
    if not isinstance(other, Stored):
        return {name: natural_type(dtype) for name, dtype in other.schema.items()}
    if isinstance(other.content, Profile):
        return {name: getattr(column, "type", None) for name, column in other.content.columns.items()}
    return {}


def spelling_of(found: Opened) -> Spelling:
    """What of a table is read as text for a contract's sake."""
    from trimtab.data.spelled import AS_STORED

    spelling: Spelling = getattr(found, "spelling", AS_STORED)
    return spelling


def to_profile(found: Opened, contract: Contract | None) -> Opened:
    """A table to be profiled as a contract types it."""
    told = as_told(found, contract)
    if contract is None or isinstance(told, Stored):
        return told
    from trimtab.data.spelled import AS_STORED, TypedScan

    if spelling_of(told) == AS_STORED:
        return told
    return TypedScan(scan=told, contract=contract, spelling=spelling_of(told))


def sensitive_in(contract: Contract) -> frozenset[str]:
    """The columns whose values a contract hides."""
    return frozenset(column.name for column in contract.columns if column.sensitive)


def hidden_together(reading: Reading, *sides: Opened) -> Reading:
    """How to read tables that are laid beside each other: what one of them hides is hidden in all.

    Raises:
        InputError: none of them has a column that is called sensitive.
    """
    one_must_have(sides, reading.sensitive)
    hidden = reading.unseen.union(*(side.hidden for side in sides if isinstance(side, Stored)))
    return replace(reading, sensitive=(), hidden=hidden)


def columns_of(what: Opened) -> Collection[str]:
    """The names of a table's columns."""
    if not isinstance(what, Stored):
        return what.schema
    if isinstance(what.content, Profile):
        return what.content.columns
    return {name: None for part in what.content.parts.values() for name in part.columns}


def must_have(table: str, columns: Collection[str], names: Sequence[str]) -> None:
    """Raises `InputError` for the first name that is no column, with what is near to it or there."""
    for name in names:
        if name not in columns:
            raise InputError(f"{table} has no column {name!r}", fix=_near(name, columns))


def one_must_have(sides: Sequence[Opened], names: Sequence[str]) -> None:
    """Raises `InputError` for the first name that is a column of neither."""
    columns = list(dict.fromkeys(name for side in sides for name in columns_of(side)))
    for name in names:
        if name not in columns:
            raise InputError(f"neither table has a column {name!r}", fix=_near(name, columns))


def must_hold_times(scan: Scan, name: str) -> None:
    """Raises `InputError` where a column is not there, or holds no times."""
    must_have(scan.name, scan.schema, [name])
    if not is_time(scan.schema[name]):
        times = [other for other, dtype in scan.schema.items() if is_time(dtype)]
        there = f"These do: {_listed(times)}." if times else "No column of the table does; store it as timestamps."
        raise InputError(f"the column {name!r} is stored as {scan.schema[name]}, which holds no times", fix=there)


def time_in(scan: Scan, name: str | None) -> str | None:
    """The column of times that a project names, where the table stores it as such: texts can be read as times too."""
    return name if name is not None and name in scan.schema and is_time(scan.schema[name]) else None


def is_time(dtype: DataType) -> bool:
    """Whether what is stored so are times or dates."""
    return dtype in (pl.Datetime, pl.Date)


def notes_of(scan: Scan) -> tuple[str, ...]:
    """What a table's reader noticed, such as a column of mixed types."""
    return tuple(getattr(scan, "notes", ()))


def _near(name: str, columns: Collection[str]) -> str:
    known = list(columns)
    return closest(name, known) or f"There are {_listed(known)}."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:_SAID_MAX])) + (", …" if len(names) > _SAID_MAX else "")
