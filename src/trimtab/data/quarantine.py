"""Rows that are set aside: they go no further, each with the reasons, and the others go on.

The reasons name rules and never values, so that a sensitive column stays out of them; the rows themselves are the
user's own data, written by `trimtab.app` where the user's data are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import polars as pl

ROW: Final = "_row"
REASONS: Final = "_reasons"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A batch after its check.

    Attributes:
        rows: the rows that go on, in their order.
        aside: the others, with their place in the table (``_row``, from 0) and the broken rules (``_reasons``,
            joined by ``; ``); an underscore more where the table has such a column of its own.
    """

    rows: pl.DataFrame
    aside: pl.DataFrame


def set_aside(batch: pl.DataFrame, broken: Sequence[tuple[pl.Series, str]], first_row: int) -> Kept:
    """The batch without the rows that break one of these rules, and those rows.

    Args:
        broken: for each rule the rows that break it, and its reason.
        first_row: the batch's first row in the table.
    """
    if not broken:
        return Kept(rows=batch, aside=with_reasons(batch.clear(), [], []))
    gone = gone_of(broken)
    places = gone.arg_true()
    reasons: dict[int, list[str]] = {place: [] for place in places.to_list()}
    for mask, reason in broken:
        for place in mask.arg_true().to_list():
            reasons[place].append(reason)
    aside = with_reasons(batch.filter(gone), [first_row + place for place in reasons], map("; ".join, reasons.values()))
    return Kept(rows=batch.filter(~gone), aside=aside)


def gone_of(broken: Sequence[tuple[pl.Series, str]]) -> pl.Series:
    """The rows that break one of these rules, one at least."""
    return reduce(lambda one, other: one | other, (mask for mask, _ in broken))


def with_reasons(rows: pl.DataFrame, places: Iterable[int], reasons: Iterable[str]) -> pl.DataFrame:
    """Rows with the columns that say where they stood and why they were set aside."""
    added = []
    for name, values in (
        (ROW, pl.Series(list(places), dtype=pl.Int64)),
        (REASONS, pl.Series(list(reasons), dtype=pl.String)),
    ):
        free = name
        while free in rows.columns:
            free = f"_{free}"
        added.append(values.alias(free))
    return rows.with_columns(added)
