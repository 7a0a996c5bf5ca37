"""What is carried over from another tool's rules into a contract, and what is not.

Tools differ, so an exchange has two halves: the contract, and the list of what it cannot say. Nothing is dropped in
silence: a rule that has no equivalent, or one whose meaning shifts a little, is named with the reason, and a person
decides. The list is as much a result as the contract is.

`Draft` gathers rules one by one. The types of the columns are known before it begins, since the form of a rule depends
on them: a list of numbers is a column's ``values`` where they are integers, and a condition where they are floats.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from trimtab.data.condition import columns_of
from trimtab.data.condition_reader import LENGTH_MAX, parse_condition
from trimtab.data.kinds import ColumnType, Scalar, Severity
from trimtab.data.problems import ContractError
from trimtab.data.schema import Column, Condition, Contract, RowCount, Unique

_WORDS: Final = frozenset({"true", "false", "null", *keyword.kwlist})


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something that the other side cannot say, or says a little differently.

    Attributes:
        what: its name in the tool that it comes from: ``expect_column_mean_to_be_between``, ``drift``.
        column: the column that it is about; empty where it is about the table or several columns.
        why: what is lost, as a sentence's end: "a contract has no rule for a column's mean".
    """

    what: str
    column: str
    why: str

    def __str__(self) -> str:
        return (f"{self.column}: " if self.column else "") + f"{self.what} is not carried over: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A contract made of another tool's rules, with what it leaves out, in the order of the original."""

    contract: Contract
    left: tuple[LeftOut, ...]


class Draft:
    """Gathers a contract rule by rule.

    Args:
        kinds: the columns and their types, in the contract's order.
        zone: the zone of naive times.
    """

    def __init__(self, kinds: Mapping[str, ColumnType], *, zone: str | None = None) -> None:
        self.kinds = kinds
        self.zone = zone
        self.unexpected = Severity.NOTE
        self.rows: RowCount | None = None
        self._columns = {name: Column(name=name, type=kind, nullable=True) for name, kind in kinds.items()}
        self._conditions: list[Condition] = []
        self._unique: list[Unique] = []
        self._left: list[LeftOut] = []

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def column(self, name: str) -> Column:
        """The column as it is so far."""
        return self._columns[name]

    def set(self, name: str, **rules: Any) -> None:
        """Give a column rules in the place of those that it has."""
        self._columns[name] = replace(self._columns[name], **rules)

    def leave(self, what: str, column: str, why: str) -> None:
        """Name what is left out."""
        left = LeftOut(what=what, column=column, why=why)
        if left not in self._left:
            self._left.append(left)

    def unique(self, rule: Unique) -> None:
        """Add a rule of uniqueness, once."""
        if rule not in self._unique:
            self._unique.append(rule)

    def condition(self, rule: Condition) -> str:
        """Add a condition; or say why no contract can have it."""
        for text in (rule.then, rule.when):
            if not text:
                continue
            if len(text) > LENGTH_MAX:
                return f"as a condition it would have {len(text):,} characters, over the limit of {LENGTH_MAX:,}"
            try:
                parse_condition(text, self.kinds, zone=self.zone)
            except ContractError as error:
                return error.problem
        if rule not in self._conditions:
            self._conditions.append(rule)
        return ""

    def columns_of(self, rule: Condition) -> tuple[str, ...]:
        """The columns that a condition names; it must be one that `condition` took."""
        texts = [text for text in (rule.when, rule.then) if text]
        named = [columns_of(parse_condition(text, self.kinds, zone=self.zone)) for text in texts]
        return tuple(dict.fromkeys(name for names in named for name in names))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions so far."""
        return tuple(self._conditions)

    def carried(self, **more: Any) -> Carried:
        """The contract and what was left out; ``more`` are further fields of the contract."""
        contract = Contract(
            columns=tuple(self._columns.values()),
            zone=self.zone,
            unexpected=self.unexpected,
            rows=self.rows,
            unique=tuple(self._unique),
            conditions=tuple(self._conditions),
        )
        return Carried(contract=replace(contract, **more), left=tuple(self._left))


def column_text(name: str) -> str:
    """A column as conditions name it: a bare word where it is one, else ``col("its name")``."""
    bare = name.isascii() and name.isidentifier() and name not in _WORDS
    return name if bare else f"col({name!r})"


def literal_text(value: Scalar) -> str:
    """A value as conditions write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def list_text(values: Iterable[Scalar]) -> str:
    """A list of values as conditions write it."""
    return f"[{', '.join(map(literal_text, values))}]"


def share_beyond(mostly: float) -> float:
    """The share that may break a rule, where ``mostly`` says how many must keep it; and the other way round.

    It is the difference of the decimals that are written, so that a share comes back as it was: 0.99 gives 0.01, and
    not 0.010000000000000009.
    """
    return float(1 - Decimal(repr(float(mostly))))
