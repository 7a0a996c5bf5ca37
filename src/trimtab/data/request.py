"""Requests: a row of JSON becomes the values that a model is given, or a refusal that names everything wrong with it.

Nearly every row is right, so the contract is compiled into one typed decoder that accepts a right row in a few
microseconds; whatever it does not accept is read again, slowly, to name all problems at once, and what the slow way
finds nothing wrong with (3.0 in an integer column) is accepted by it. The fast way accepts nothing that the slow way
would not. This module is in the router, so it needs msgspec and the standard library only.

Rejected: reading leniently (``"1.5"`` as a number, absent as null, last of two equal keys): each of them turns a
client's mistake into a wrong prediction.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from trimtab.base.instants import Instant
from trimtab.data.kinds import (
    INTEGER_MAX,
    INTEGER_MIN,
    TEXT_MAX,
    TIME_MAX,
    TIME_MIN,
    ColumnType,
    Rule,
    Scalar,
    Severity,
)
from trimtab.data.row_rules import Found, Problem, RowRules
from trimtab.data.scalar import Fault, key_text, read_scalar
from trimtab.data.schema import Column, Contract
from trimtab.data.wording import closest, show

_PROBLEMS_MAX: Final = 100
_NAMED_MAX: Final = 20
_LIKELY_MAX: Final = 300
"""Columns that an unknown one is likened to: whoever sends thousands of wrong names must not keep a router busy."""
_FAST: Final[dict[ColumnType, Any]] = {
    ColumnType.INTEGER: Annotated[int, msgspec.Meta(ge=INTEGER_MIN, le=INTEGER_MAX)],
    ColumnType.FLOAT: float,
    ColumnType.BOOLEAN: bool,
    ColumnType.TEXT: Annotated[str, msgspec.Meta(max_length=TEXT_MAX)],
    ColumnType.TIME: Annotated[str, msgspec.Meta(max_length=64)]
    | Annotated[int, msgspec.Meta(ge=TIME_MIN, le=TIME_MAX)],
}
_UNFIELDED: Final = frozenset('"\\') | frozenset(map(chr, range(32)))
"""Characters that msgspec has not in the name of a field; a column with one of them is read the slow way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRow:
    """A row that may be answered.

    Attributes:
        inputs: the row as JSON has it, in the contract's order; times as they were sent, numbers as the column's type.
        values: the same values in the same order, times as UTC microseconds, None for null.
        event_time: the row's own time.
        key: the project's key as text, as labels name it; None without a key column, or if it is null.
        notes: what the contract notes of it, ``column: reason``, or ``condition: reason``.
    """

    inputs: dict[str, Scalar | None]
    values: tuple[Scalar | None, ...]
    event_time: Instant
    key: str | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row that gets no answer, and everything that is wrong with it."""

    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "; ".join(str(problem) for problem in self.problems)


class RowChecker:
    """Checks rows against one contract. Holds no state but the compiled contract; may be shared by threads."""

    def __init__(self, contract: Contract) -> None:
        columns = contract.features
        self._contract = contract
        self._columns = columns
        self._names = tuple(column.name for column in columns)
        self._expected = frozenset(self._names)
        self._decoder = _row_decoder(columns)
        self._bodies = msgspec.json.Decoder(list[msgspec.Raw])
        self._times = tuple(place for place, column in enumerate(columns) if column.type is ColumnType.TIME)
        self._texts = tuple(
            place for place, column in enumerate(columns) if column.type in (ColumnType.TEXT, ColumnType.TIME)
        )
        self._rules = RowRules(contract, columns)
        self._time = self._names.index(contract.time_column)
        self._key = None if contract.key is None else self._names.index(contract.key)

    def row(self, raw: bytes | bytearray | memoryview | msgspec.Raw) -> CheckedRow | Refusal:
        """One row from the JSON text of an object."""
        content = bytes(raw)
        if self._decoder is None:
            return self._explain(content)
        try:
            received: tuple[Scalar | None, ...] = msgspec.structs.astuple(self._decoder.decode(content))
        except (ValueError, RecursionError):  # msgspec's errors and broken UTF-8 are ValueErrors
            return self._explain(content)
        texts = 0
        for place in self._texts:
            if isinstance(received[place], str):
                texts += 1
        if content.count(b'"') != 2 * (len(self._names) + texts):
            return self._explain(content)  # a key was written twice, or a text holds an escaped quote
        values = self._with_times(received)
        return self._explain(content) if values is None else self._judged(received, values)

    def rows(self, raw: bytes | bytearray | memoryview) -> tuple[CheckedRow | Refusal, ...] | Refusal:
        """Each row of a JSON array of objects; one refusal if it is not an array."""
        try:
            bodies = self._bodies.decode(raw)
        except (ValueError, RecursionError):
            problem = f"the body is not a JSON array of rows: {_json_problem(bytes(raw))}"
            return Refusal(problems=(Problem(column="", rule=Rule.UNREADABLE, problem=problem),))
        return tuple(self.row(body) for body in bodies)

    def mapping(self, row: Mapping[str, object]) -> CheckedRow | Refusal:
        """One row from values that were decoded already (another protocol's tensors), by the same rules."""
        return self._read(row, [])

    def _with_times(self, received: tuple[Scalar | None, ...]) -> tuple[Scalar | None, ...] | None:
        """The values with times as microseconds; None if one of them is no time."""
        if not self._times:
            return received
        values = list(received)
        for place in self._times:
            if values[place] is not None:
                moment = read_scalar(ColumnType.TIME, values[place], self._contract.zone)
                if isinstance(moment, Fault):
                    return None
                values[place] = moment
        return tuple(values)

    def _explain(self, content: bytes) -> CheckedRow | Refusal:
        try:
            row = json.loads(content.decode(), object_pairs_hook=_Object)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, _Object):
            problem = f"the row is not a JSON object: {_json_problem(content)}"
            return Refusal(problems=(Problem(column="", rule=Rule.UNREADABLE, problem=problem),))
        return self._read(row, row.repeated)

    def _read(self, row: Mapping[str, object], repeated: Sequence[str]) -> CheckedRow | Refusal:
        problems = [
            Problem(column=_name(name), rule=Rule.DUPLICATE, problem="it is given more than once") for name in repeated
        ]
        received: list[Scalar | None] = []
        values: list[Scalar | None] = []
        for column in self._columns:
            read = self._value(column, row)
            if isinstance(read, Fault):
                hidden = column.sensitive and read.rule in (Rule.TYPE, Rule.IMPOSSIBLE)
                problem = f"it is no {column.type}; it is not shown" if hidden else read.problem
                problems.append(Problem(column=column.name, rule=read.rule, problem=problem))
                continue
            sent = row[column.name]
            values.append(read)
            received.append(sent if column.type is ColumnType.TIME and isinstance(sent, str) else read)
        strangers = self._strangers(row)
        problems += [problem for severity, problem in strangers if severity is not Severity.NOTE]
        if problems:
            return _refusal(problems)
        return self._judged(tuple(received), tuple(values), strangers)

    def _value(self, column: Column, row: Mapping[str, object]) -> Scalar | Fault | None:
        if column.name not in row:
            hint = "; send null if it is not known" if column.nullable else ""
            return Fault(Rule.MISSING, f"it is missing{hint}")
        value = row[column.name]
        if value is None:
            return None if column.nullable else Fault(Rule.NULL, "it is null, and the contract does not allow that")
        return read_scalar(column.type, value, self._contract.zone)

    def _strangers(self, row: Mapping[str, object]) -> list[Found]:
        found: list[Found] = []
        likely = sorted(self._names, key=row.__contains__)[:_LIKELY_MAX]  # what is missing was meant before others
        for name in row:
            if name == self._contract.label:
                said = "it is the label, which is what the model predicts; leave it out"
                found.append((Severity.REFUSE, Problem(column=name, rule=Rule.LABEL, problem=said)))
            elif name not in self._expected and name not in self._contract.ignored:
                hint = closest(name[:200], likely) if len(found) < _NAMED_MAX else ""
                said = "the contract knows no such column" + (f"; {hint}" if hint else "")
                problem = Problem(column=_name(name), rule=Rule.UNEXPECTED, problem=said)
                found.append((self._contract.unexpected, problem))
        return found

    def _judged(
        self, received: tuple[Scalar | None, ...], values: tuple[Scalar | None, ...], noted: Sequence[Found] = ()
    ) -> CheckedRow | Refusal:
        found = [*noted, *self._rules.found(values)]
        refused = [problem for severity, problem in found if severity is not Severity.NOTE]
        if refused:
            return _refusal(refused)
        key = None if self._key is None else values[self._key]
        return CheckedRow(
            inputs=dict(zip(self._names, received, strict=True)),
            values=values,
            event_time=Instant(values[self._time]),  # type: ignore[arg-type]  # the time column is never null
            key=None if key is None or self._key is None else key_text(self._columns[self._key].type, key),
            notes=tuple(problem.note for _, problem in found),
        )


class _Object(dict[str, object]):
    """A JSON object that remembers which of its keys were written more than once."""

    def __init__(self, pairs: Sequence[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.repeated: tuple[str, ...] = ()
        if len(self) != len(pairs):
            counts = Counter(name for name, _ in pairs)
            self.repeated = tuple(name for name, count in counts.items() if count > 1)


def _row_decoder(columns: Sequence[Column]) -> msgspec.json.Decoder[msgspec.Struct] | None:
    """A decoder with a field for each column; fields have names of their own, since a column may be called anything."""
    if any(_UNFIELDED.intersection(column.name) for column in columns):
        return None
    fields = []
    for place, column in enumerate(columns):
        kind = _FAST[column.type]
        fields.append((f"column_{place}", kind | None if column.nullable else kind))
    names = {f"column_{place}": column.name for place, column in enumerate(columns)}
    row = msgspec.defstruct("Row", fields, rename=names, forbid_unknown_fields=True, frozen=True, gc=False)
    return msgspec.json.Decoder(row)


def _refusal(problems: Sequence[Problem]) -> Refusal:
    if len(problems) <= _PROBLEMS_MAX:
        return Refusal(problems=tuple(problems))
    more = f"and {len(problems) - _PROBLEMS_MAX:,} more problems"
    rest = Problem(column="", rule=problems[_PROBLEMS_MAX].rule, problem=more)
    return Refusal(problems=(*problems[:_PROBLEMS_MAX], rest))


def _name(name: str) -> str:
    return name if name.isprintable() and len(name) <= 100 else show(name)


def _json_problem(content: bytes) -> str:
    try:
        value = json.loads(content.decode())
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} is not UTF-8"
    except json.JSONDecodeError as error:
        return f"{error.msg} (character {error.pos + 1})"
    except RecursionError:
        return "it is nested too deeply"
    except ValueError:
        return "a number has too many digits"
    return f"it is {show(value)}"
