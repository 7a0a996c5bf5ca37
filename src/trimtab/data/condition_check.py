"""One condition against a table, batch by batch."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

import polars as pl

from trimtab.data.column_check import Broken
from trimtab.data.condition import columns_of
from trimtab.data.condition_reader import parse_condition
from trimtab.data.condition_table import table_test
from trimtab.data.kinds import Of, Rule
from trimtab.data.schema import Condition, Contract
from trimtab.data.tally import HIDDEN, Asked, Tally, shown_value
from trimtab.data.violation import EXAMPLES_MAX, Violation
from trimtab.data.wording import condition_said, show

_BROKEN: Final = "broken"
_ASKED: Final = "asked"


class ConditionCheck:
    """Asks one condition of a table's rows."""

    def __init__(self, condition: Condition, contract: Contract) -> None:
        kinds = {column.name: column.type for column in contract.columns}
        when = parse_condition(condition.when, kinds, zone=contract.zone) if condition.when else None
        then = parse_condition(condition.then, kinds, zone=contract.zone)
        self.columns = tuple(dict.fromkeys((*(columns_of(when) if when else ()), *columns_of(then))))
        self._names = {name: f"c{place}" for place, name in enumerate(self.columns)}
        self._hidden = frozenset(column.name for column in contract.columns if column.sensitive)
        broken = ~table_test(then, self._names)
        if when is not None:
            broken = table_test(when, self._names) & broken
        self._broken = broken.fill_null(value=False).alias(_BROKEN)
        # Where it is not asked, it is not broken either, and where it cannot be said it is null.
        said = table_test(then, self._names).is_not_null()
        asked = said if when is None else table_test(when, self._names).fill_null(value=False) & said
        self._asked = asked.sum().alias(_ASKED) if condition.share and condition.of is Of.VALUES else None
        self._askable = 0
        self._tally = Tally(
            Asked(
                column="",
                rule=Rule.CONDITION,
                said=f"against {condition_said(condition.name, condition.when, condition.then)}",
                outside=condition.outside,
                share=condition.share,
                of=condition.of,
                because=condition.because,
                noun="row",
                columns=self.columns,
            )
        )

    def can_ask(self, columns: Container[str]) -> bool:
        """Whether the table has all columns that the condition names."""
        return all(name in columns for name in self.columns)

    def add(self, values: pl.DataFrame, first_row: int) -> list[Broken]:
        """Take in a batch of the condition's columns, as their types; the rows that it has to lose."""
        named = values.rename(self._names)
        mask = named.select(self._broken)[_BROKEN]
        if self._asked is not None:
            self._askable += int(named.select(self._asked).item())
        if not mask.any():
            return []
        self._tally.add(mask, self._shown(values, mask), first_row)
        return [(mask, self._tally.asked.reason)] if self._tally.asked.aside else []

    def violation(self, rows: int) -> Violation | None:
        """The condition's violation, after all batches."""
        return self._tally.violation(rows, self._askable)

    def _shown(self, values: pl.DataFrame, mask: pl.Series) -> pl.Series:
        """What the first broken rows hold in the condition's columns."""
        places = mask.arg_true().head(EXAMPLES_MAX)
        shown = [
            ", ".join(
                f"{name} = {HIDDEN if name in self._hidden else show(shown_value(value))}"
                for name, value in row.items()
            )
            for row in values[places].to_dicts()
        ]
        return pl.repeat(None, len(values), dtype=pl.String, eager=True).scatter(places, shown)
