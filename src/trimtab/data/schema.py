"""The contract as a value: which columns a row has, of which type (`trimtab.data.kinds`), and what their values may be.

Structure is hard and what was learned is soft: a wrong type is refused always, a value outside what was seen is
answered and noted until a person writes ``outside = "refuse"``.

Some rules speak of one row (a type, a range, a condition) and hold for requests and tables alike; others speak of
rows together (uniqueness, order, freshness, counts, shares, drift) and hold for tables only. A rule that tolerates a
``share`` of rows is of the second kind as far as refusing goes: one row has no share, so a request is noted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trimtab.data.kinds import ColumnType, Direction, DriftLimits, Of, Severity
from trimtab.data.problems import ContractError
from trimtab.spec.project import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The least and the greatest value, both included; None leaves a side open. For numbers, and for times as UTC
    microseconds. ``share`` (0-1) of the rows, or of the values that are there, may be outside before it is broken."""

    minimum: int | float | None
    maximum: int | float | None
    share: float = 0.0
    of: Of = Of.ROWS
    outside: Severity = Severity.NOTE
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The values that are known. Only for integers, booleans and text.

    ``share`` (0-1) of the rows, or of the values that are there, may be others before it is broken: 0 is a closed set.
    """

    allowed: tuple[bool | int | str, ...]
    share: float = 0.0
    of: Of = Of.ROWS
    outside: Severity = Severity.NOTE
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nulls:
    """The share of rows (0-1) that may be null in a nullable column. For tables only."""

    share: float
    outside: Severity = Severity.NOTE
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A regular expression (Python's ``re``) that is found in each text; write ``^`` and ``$`` for the whole of it."""

    matches: str
    share: float = 0.0
    of: Of = Of.ROWS
    outside: Severity = Severity.NOTE
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """The least and the greatest number of characters of a text, both included; None leaves a side open."""

    minimum: int | None
    maximum: int | None
    share: float = 0.0
    of: Of = Of.ROWS
    outside: Severity = Severity.NOTE
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """No two rows hold the same values in these columns; rows with a null among them are left out. For tables only."""

    columns: tuple[str, ...]
    outside: Severity = Severity.REFUSE
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A column's values run in one direction from row to row; nulls are passed over. For tables only."""

    direction: Direction = Direction.INCREASING
    strictly: bool = False
    outside: Severity = Severity.NOTE
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. Every row names it; ``nullable`` says whether it may say null. ``because`` is for people.

    ``outside`` is what happens to a row whose value is of another type, impossible, or null though that is not
    allowed: refuse or quarantine, never note, since no model is given such a value. The values of a ``sensitive``
    column are shown nowhere: not in examples, samples, lists of frequent values, or quarantine reasons.
    """

    name: str
    type: ColumnType
    nullable: bool = False
    nulls: Nulls | None = None
    range: Range | None = None
    values: Values | None = None
    pattern: Pattern | None = None
    length: Length | None = None
    order: Order | None = None
    drift: DriftLimits | None = None
    outside: Severity = Severity.REFUSE
    sensitive: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCount:
    """How many rows a table may have, both ends included; None leaves a side open."""

    minimum: int | None
    maximum: int | None
    outside: Severity = Severity.NOTE
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """The newest row's time is at most so long ago (a span in microseconds) when the table is checked."""

    within: int
    outside: Severity = Severity.NOTE
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A rule over the values of one row: where ``when`` holds (empty: everywhere), ``then`` must hold.

    Both are expressions as `trimtab.data.condition` reads them. A row for which one of them cannot be said because a
    value is null does not break the rule.
    """

    then: str
    when: str = ""
    name: str = ""
    share: float = 0.0
    of: Of = Of.ROWS
    outside: Severity = Severity.NOTE
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What rows must be.

    Attributes:
        columns: all columns, the label too, in the order of the table that the contract was inferred from.
        time: the column of the row's own time; None in a contract for a file that nobody serves from.
        label: the column that is predicted; checked on training tables, refused in requests; None like ``time``.
        key: the project's own name for a row (integer, text or time), or None.
        task: what is predicted; None where nobody has said so yet.
        zone: the zone of naive times; None refuses them where a row needs its time.
        unexpected: what a column means that the contract does not know.
        ignored: columns of which nothing is asked, not even that they are there.
        rows: how many rows a table may have.
        fresh: how old its newest row may be; needs ``time``.
        unique: columns whose values name a row.
        conditions: rules over the values of one row.
        quarantine: the share of a table's rows (0-1) that may be set aside before the table as a whole is refused.
        drift: what the distributions of all columns may differ by, where a column does not say otherwise.
        reference: the file of the reference's profile, relative to the contract's own; empty without one.
    """

    columns: tuple[Column, ...]
    time: str | None = None
    label: str | None = None
    key: str | None = None
    task: Task | None = None
    zone: str | None = None
    unexpected: Severity = Severity.REFUSE
    ignored: tuple[str, ...] = ()
    rows: RowCount | None = None
    fresh: Freshness | None = None
    unique: tuple[Unique, ...] = ()
    conditions: tuple[Condition, ...] = ()
    quarantine: float = 0.01
    drift: DriftLimits = field(default_factory=DriftLimits)
    reference: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether no other column may be there."""
        return self.unexpected is Severity.REFUSE and not self.ignored

    @property
    def features(self) -> tuple[Column, ...]:
        """The columns of a request: all but the label, in the contract's order."""
        return tuple(column for column in self.columns if column.name != self.label)

    @property
    def time_column(self) -> str:
        """The column of the row's own time, where nothing goes without one.

        Raises:
            ContractError: the contract does not name it.
        """
        return self._named("time", self.time)

    @property
    def label_column(self) -> str:
        """The column that is predicted, where nothing goes without one; raises like `time_column`."""
        return self._named("label", self.label)

    def column(self, name: str) -> Column:
        """The column of that name; raises `KeyError` if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def _named(self, role: str, name: str | None) -> str:
        if name is None:
            problem = f"the contract does not say which column is the {role}, and a model cannot be served without it"
            raise ContractError(problem, fix=f'Write {role} = "<column>" at the top of the contract.')
        return name
