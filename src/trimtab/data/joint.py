"""How columns hang together differently although each alone is as it was, from a sample of whole rows.

Each column of numbers becomes two variables, its ranks and how far each rank lies from the middle; each frequent value
of a category becomes one, whether a row has it. All correlations between variables of different columns are compared.
Ranks make a correlation the same for any scale and safe from wild values; distances from the middle see what has no
direction (one column spreads where the other is high). Since each side is ranked by its own rows, a change of one
column alone changes nothing here.

The band is the asymptotic one of a correlation with its variance measured from the rows
(`trimtab.data.correlations`), at Bonferroni's share for every pair. Rejected: a classifier of the two samples, which
needs a library to train, says "something" where this names the two columns, and whose verdict depends on its settings.
What this cannot see is a change that needs three columns at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

import msgspec
import numpy as np

from trimtab.base.verdict import Interval, Verdict
from trimtab.data.correlations import ROWS_MIN, Rows, correlations, ranks, standardise
from trimtab.data.differences import Effect, PairDifference, Statistic
from trimtab.data.effects import Bar
from trimtab.data.kinds import ColumnType
from trimtab.data.sample import GAP, ROWS_MAX, Sample
from trimtab.data.wording import show
from trimtab.stats.special import normal_quantile

Floats = np.ndarray[Any, np.dtype[np.float64]]

_FREQUENT: Final = 0.05
_VALUES_MAX: Final = 3
_SHOWN: Final = 20
_CARRIED_MIN: Final = 30
"""The rows that a variable must rest on, on each side: of a flag about those that have it, the fewer ones."""
_LIKE: Final = 0.9
"""The share of a table's rows that its sample must speak for."""


class _Variable(msgspec.Struct, frozen=True, kw_only=True):
    """What a column is turned into: its column, and how a sentence names it."""

    column: str
    words: str
    kind: str
    value: str = ""


def judge_pairs(
    reference: Sample,
    current: Sample,
    columns: Sequence[str],
    bar: Bar,
    *,
    rows: tuple[tuple[int, float], tuple[int, float]] | None = None,
) -> tuple[tuple[PairDifference, ...], int]:
    """The pairs of columns whose correlation changed most, at most 20, and how many pairs were compared.

    All pairs that drifted are among them. ``rows`` has the rows of the reference and of today, and how many independent
    ones each counts for. Where either sample counts for fewer than 100, or is not like its table because some rows are
    there very often, nothing is compared.
    """
    names = [name for name in columns if name in reference.columns and name in current.columns]
    weights = [np.array(sample.counts, dtype=np.float64) for sample in (reference, current)]
    variables = [variable for name in names for variable in _variables(name, reference, current, weights[0])]
    sides = zip((reference, current), weights, rows or ((0, 1.0), (0, 1.0)), strict=True)
    counts = [_counts_for(sample, own, *side) for sample, own, side in sides]
    if min(counts) < ROWS_MIN or len(variables) < 2:
        return (), 0
    then, now = (
        correlations(_standardised(sample, own / own.sum(), variables), count)
        for sample, own, count in zip((reference, current), weights, counts, strict=True)
    )
    owners = np.array([names.index(variable.column) for variable in variables])
    rest = np.minimum(then.carried, now.carried) >= _CARRIED_MIN
    upper = np.triu(owners[:, None] != owners[None, :], k=1) & rest[:, None] & rest[None, :]
    upper &= np.isfinite(then.r) & np.isfinite(now.r)
    compared = int(upper.sum())
    if not compared:
        return (), 0
    change, deviations = now.r - then.r, np.sqrt(then.variances + now.variances)
    reach = normal_quantile(1.0 - bar.error / compared) * deviations
    # Where a band is that wide, a change within may seem to be beyond in either direction: both share the error.
    reach = np.where(reach > 2.0 * bar.tolerance, normal_quantile(1.0 - bar.error / compared / 2) * deviations, reach)
    verdicts = np.where(
        np.abs(change) - reach > bar.tolerance, 2, np.where(np.abs(change) + reach > bar.tolerance, 1, 0)
    )
    ones, twos = np.nonzero(upper)
    ranked = np.lexsort((-np.abs(change[ones, twos]), -verdicts[ones, twos]))
    order = list(zip(ones[ranked].tolist(), twos[ranked].tolist(), strict=True))
    best: dict[tuple[str, str], PairDifference] = {}
    for one, two in order:
        if verdicts[one, two] != 2 and len(best) >= _SHOWN:
            break  # neither is any of those that follow
        pair = (variables[one].column, variables[two].column)
        if pair not in best:
            figures = (float(then.r[one, two]), float(now.r[one, two]), float(reach[one, two]))
            best[pair] = _pair(variables[one], variables[two], figures, int(verdicts[one, two]), bar, int(counts[1]))
    return tuple(best.values()), compared


def _pair(
    one: _Variable, two: _Variable, figures: tuple[float, float, float], verdict: int, bar: Bar, rows: int
) -> PairDifference:
    then, now, reach = figures
    change = now - then
    judged = (Verdict.PASS, Verdict.UNSURE, Verdict.FAIL)[verdict]
    words = f"the correlation of {one.words} and {two.words} is {now:+.2f}, {then:+.2f} in the reference"
    statistic = Statistic.CORRELATION if one.kind == two.kind == "rank" else Statistic.DEPENDENCE
    effect = Effect(
        statistic=statistic,
        size=Interval(estimate=change, low=change - reach, high=change + reach, level=bar.level, n=rows),
        tolerance=bar.tolerance,
        verdict=judged,
        words=words,
        needs="larger samples of rows" if judged is Verdict.UNSURE else "",
    )
    return PairDifference(columns=(one.column, two.column), effect=effect)


def _variables(name: str, reference: Sample, current: Sample, weights: Floats) -> list[_Variable]:
    """What a column is turned into; ``weights`` are those of the reference's rows."""
    then, now = reference.columns[name], current.columns[name]
    if then.is_number != now.is_number or then.type is ColumnType.TIME:
        return []
    if then.is_number:
        numbers = np.concatenate([then.numbers, now.numbers])
        known = numbers[~np.isnan(numbers)]
        if not len(known) or known.min() == known.max():
            return []
        own = _Variable(column=name, words=name, kind="rank")
        if ((known == known.min()) | (known == known.max())).all():
            return [own]  # of two values each says all there is
        return [own, _Variable(column=name, words=f"how far {name} is from its middle", kind="apart")]
    places = then.places
    known_rows = places != GAP
    shares = np.bincount(places[known_rows], weights=weights[known_rows], minlength=len(then.values)) / weights.sum()
    frequent = [int(place) for place in np.argsort(-shares, kind="stable") if shares[place] >= _FREQUENT]
    if len(then.values) == 2:
        frequent = frequent[:1]  # the other one says the same
    return [
        _Variable(column=name, words=f"{name} being {show(then.values[place])}", kind="value", value=then.values[place])
        for place in frequent[:_VALUES_MAX]
    ]


def _standardised(sample: Sample, weights: Floats, variables: Sequence[_Variable]) -> Rows:
    rows = np.empty((len(variables), len(weights)))
    patterns: dict[bytes, Floats] = {}
    places: dict[bytes, int] = {}
    own: list[int] = []
    for column, its in groupby(zip(variables, rows, strict=True), key=lambda pair: pair[0].column):
        sampled = sample.columns[column]
        held: Any = sampled.numbers if sampled.is_number else sampled.places
        known = ~np.isnan(held) if sampled.is_number else held != GAP
        pattern = np.packbits(known).tobytes()
        there = patterns.setdefault(pattern, known.astype(np.float64))
        ranked = ranks(held, weights, known) if sampled.is_number else None
        for variable, row in its:
            own.append(places.setdefault(pattern, len(places)))
            if ranked is None:
                at = sampled.values.index(variable.value) if variable.value in sampled.values else -1
                row[:] = held == at
            elif variable.kind == "rank":
                row[:] = ranked
            else:
                np.abs(ranked - 0.5, out=row)
            standardise(row, there, weights)
    return Rows(values=rows, patterns=np.array([*patterns.values()]), own=own, weights=weights)


def _counts_for(sample: Sample, counts: Floats, rows: int, effective: float) -> float:
    """How many independent rows a sample counts for: all of the table's where each different row is in it, else as
    many as rows of equal weight would know as much (Kish's effective size). 0 where it is not like its table.

    ``counts`` are the sample's; ``rows`` the table's, 0 for not known; ``effective`` is how many independent ones each
    counts for.
    """
    held = float(counts.sum())
    if len(counts) < ROWS_MAX:
        return held * effective
    # Each different row is as likely to be in the sample, however often it is in the table: one that is half of all
    # rows is mostly missing, and what is left is another table. The hashes tell how many rows a sample speaks for.
    told = held / ((sample.hashes[-1] + 1) / 2.0**64)
    if rows and not _LIKE <= told / rows <= 1.0 / _LIKE:
        return 0.0
    return min(held**2 / float((counts**2).sum()), rows * effective if rows else math.inf)
