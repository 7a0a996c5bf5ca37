"""One rule of uniqueness against a table, batch by batch."""

from __future__ import annotations

import polars as pl

from trimtab.data.kinds import Rule
from trimtab.data.repeats import Again, Repeats
from trimtab.data.schema import Unique
from trimtab.data.tally import HIDDEN, Asked, Tally, shown_value
from trimtab.data.violation import Violation
from trimtab.data.wording import show


class UniqueCheck:
    """Counts the rows that repeat the key of an earlier one; ``hidden`` are the columns whose values are not shown."""

    def __init__(self, unique: Unique, hidden: frozenset[str]) -> None:
        self.columns = unique.columns
        self._hidden = hidden
        self._repeats = Repeats()
        alone = len(unique.columns) == 1
        self._asked = Asked(
            column=unique.columns[0] if alone else "",
            rule=Rule.UNIQUE,
            said="the same as in an earlier row" + ("" if alone else f" in {', '.join(map(repr, unique.columns))}"),
            outside=unique.outside,
            because=unique.because,
            noun="value" if alone else "row",
            columns=() if alone else unique.columns,
            hidden=alone and unique.columns[0] in hidden,
        )

    def add(self, keys: pl.DataFrame) -> None:
        """Take in a batch of the key's columns, as their types."""
        self._repeats.add(keys)

    @property
    def needs_again(self) -> bool:
        """Whether the key's columns must be read again."""
        return self._repeats.needs_again

    def violation(self, rows: int, again: Again | None) -> Violation | None:
        """The rule's violation, after all batches; ``again`` reads the key's columns from the start."""
        found = self._repeats.repeated(again)
        tally = Tally(self._asked)
        tally.count = found.count
        for row, key in found.examples:
            tally.example(row, key[0] if len(key) == 1 else self._said(key))
        return tally.violation(rows)

    def _said(self, key: tuple[object, ...]) -> str:
        return ", ".join(
            f"{name} = {HIDDEN if name in self._hidden else show(shown_value(value))}"
            for name, value in zip(self.columns, key, strict=True)
        )
