"""How old a table's newest row may be, and that no row is of a time that has not been."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from trimtab.base.instants import Instant, format_instant, format_span
from trimtab.data.kinds import Rule, Severity
from trimtab.data.schema import Contract
from trimtab.data.tally import Asked, Tally
from trimtab.data.violation import Violation, of_whole

_SECOND: Final = 1_000_000


class Freshness:
    """Follows the rows' times, batch by batch; ``now`` is the moment by which they are judged, None for never."""

    def __init__(self, contract: Contract, now: Instant | None) -> None:
        self._contract = contract
        self._now = now
        self._newest: int | None = None
        self._later = Tally(_later_than(contract, now))

    def add(self, times: pl.Series, first_row: int) -> None:
        """Take in a batch's times."""
        moments = times.to_physical()
        newest = moments.max()
        if self._now is not None and isinstance(newest, int) and newest > self._now:
            later = (moments > self._now).fill_null(value=False)
            self._later.add(later, times, first_row)
            newest = moments.set(later, None).max()
        if isinstance(newest, int):
            self._newest = newest if self._newest is None else max(newest, self._newest)

    def violations(self, rows: int) -> Iterator[Violation]:
        """What the rows break, after all batches of so many."""
        fresh, now = self._contract.fresh, self._now
        if fresh is None or now is None or not rows:
            return
        if (later := self._later.violation(rows)) is not None:
            yield later
        if self._newest is None:
            which = "no row says its time" if not self._later.count else "no row says a time that has been"
            said = f"{which}, so nobody knows how old the newest is"
        elif now - self._newest > fresh.within:
            age = format_span((now - self._newest) // _SECOND * _SECOND)
            said = (
                f"the newest row is of {format_instant(self._newest)}, {age} ago; it may be {format_span(fresh.within)}"
            )
        else:
            return
        yield of_whole(self._contract.time or "", Rule.FRESH, fresh.outside, said, rows=rows, because=fresh.because)


def _later_than(contract: Contract, now: Instant | None) -> Asked:
    """What no row's time may be: by one such row, the oldest of tables would be fresh."""
    time = contract.time or ""
    return Asked(
        column=time,
        rule=Rule.FRESH,
        said="in the future" if now is None else f"in the future, after {format_instant(now // _SECOND * _SECOND)}",
        outside=Severity.NOTE,
        hidden=any(column.sensitive for column in contract.columns if column.name == time),
    )
