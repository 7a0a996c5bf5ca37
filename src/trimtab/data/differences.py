"""How two tables' distributions differ, as a value: every statistic of every column with its band, limit and verdict.

Judged once by `trimtab.data.drift`, shown many times. What changed most comes first.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from trimtab.base.verdict import Interval, Verdict, combine


class Statistic(StrEnum):
    """What was compared, each in a unit that a person understands.

    LOCATION: change of the mean in standard deviations of the reference. SCALE: change of the standard deviation, as
    a share of the reference's. SHAPE: Kolmogorov-Smirnov distance. SHARE: change of a value's share of the rows (new
    and rare values together count as one). NULLS: change of the share of nulls. DEPENDENCE: change of the share of
    rows in one cell of two columns' joint table. CORRELATION: change of the correlation. COLUMN: a column that is on
    one side only, or of another kind.
    """

    LOCATION = "location"
    SCALE = "scale"
    SHAPE = "shape"
    SHARE = "share"
    NULLS = "nulls"
    CORRELATION = "correlation"
    DEPENDENCE = "dependence"
    COLUMN = "column"


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One statistic's change.

    Attributes:
        statistic: which.
        size: the change with its band, of which each end is a one-sided bound; ``n`` is the effective number of today's
            rows.
        tolerance: the change that is still none; in the statistic's unit.
        verdict: FAIL where even the near end of the band is beyond the tolerance, PASS where even the far end is
            within, else UNSURE.
        words: what changed, for a person: ``47 % of rows are under 20, 31 % in the reference``.
        needs: for UNSURE, what would decide; else empty.
    """

    statistic: Statistic
    size: Interval
    tolerance: float
    verdict: Verdict
    words: str
    needs: str = ""

    @property
    def strength(self) -> float:
        """The change as a multiple of its tolerance: what changes are ranked by."""
        return abs(self.size.estimate) / self.tolerance if self.tolerance else float(self.verdict is Verdict.FAIL)


class ColumnDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One column's changes, the strongest first; at least one."""

    column: str
    effects: tuple[Effect, ...]

    @property
    def verdict(self) -> Verdict:
        """FAIL if any statistic drifted, else UNSURE if any is undecided, else PASS."""
        return combine(effect.verdict for effect in self.effects)

    @property
    def strongest(self) -> Effect:
        """The effect that decided: of the verdict's own, the strongest."""
        verdict = self.verdict
        return next(effect for effect in self.effects if effect.verdict is verdict)


class PairDifference(msgspec.Struct, frozen=True, kw_only=True):
    """How two columns hang together differently, whatever each does alone."""

    columns: tuple[str, str]
    effect: Effect


class Differences(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison of two tables.

    Attributes:
        reference_rows: rows of the reference.
        rows: rows of today.
        level: the confidence of all columns' verdicts together, 0-1.
        columns: every compared column, those that changed most first.
        pairs: pairs of columns whose joint distribution was compared, those that changed most first.
        pairs_compared: how many pairs were; ``pairs`` holds the strongest of them.
        seasons: for a seasonal comparison, by what and how many hours of the week; else empty.
    """

    reference_rows: int
    rows: int
    level: float
    columns: tuple[ColumnDifference, ...]
    pairs: tuple[PairDifference, ...] = ()
    pairs_compared: int = 0
    seasons: str = ""

    @property
    def verdict(self) -> Verdict:
        """FAIL if anything drifted, else UNSURE if anything is undecided, else PASS; UNSURE of nothing."""
        return combine([*(column.verdict for column in self.columns), *(pair.effect.verdict for pair in self.pairs)])
