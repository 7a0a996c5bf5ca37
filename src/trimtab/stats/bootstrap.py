"""Intervals for figures on rows that are not independent: whole blocks of time are drawn, not rows.

Neighbouring rows are alike (the same hour, the same fraud wave), so a bootstrap over rows claims more than is known.
Blocks of time are exchangeable enough to draw from. When two models are compared they are compared on the same
drawn rows, so that what is hard for both cancels out.

Plain percentiles of the draws are corrected twice, and each correction is measured in docs/judgement.md:

- with few blocks they are too short, by about the factor that Student's t and the (n−1) variance make up for
  elsewhere; they are moved outwards as Hesterberg proposes ("What Teachers Should Know about the Bootstrap", The
  American Statistician 69(4), 2015): from z_p to √(n/(n−1)) · t_p,n−1 with n blocks;
- figures of ranks are biased in small samples (average precision upwards); the bias-corrected percentiles of Efron
  ("Nonparametric standard errors and confidence intervals", Canadian Journal of Statistics 9(2), 1981) move both
  bounds by what the draws lie beside the figure itself.

Rejected: BCa adds a jackknife over blocks for skewness, which is not what fails here; a studentised interval is
unstable on ranks with few blocks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trimtab.base.verdict import Interval
from trimtab.stats.arrays import Floats, Numbers
from trimtab.stats.metrics import Prepared
from trimtab.stats.special import normal_cdf, normal_quantile, t_quantile

RESAMPLES = 1_000
"""Draws: the 10 % bound is then itself known to about ± 1 percentage point of its level."""

MOST_BLOCKS = 400
"""More blocks make an interval no better, only slower: the cost is then bounded by rows × this."""
_MOST_BIASED = 0.95
"""The share of draws on one side of the figure above which the correction for bias grows no further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Rows sorted into blocks of time: the number of each row's block, shape (rows,), and how many blocks there are."""

    of_row: Numbers
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its bounds; ``undefined`` is the share (0–1) of resamples on which it does not exist."""

    interval: Interval
    undefined: float


def time_blocks(event_times: npt.NDArray[np.int64], length: int) -> Blocks:
    """The blocks of ``length`` microseconds, aligned to the epoch, that hold at least one row.

    Above `MOST_BLOCKS`, neighbours are merged evenly: a longer block is never less careful.
    """
    found, of_row = np.unique(event_times // length, return_inverse=True)
    merged = -(-len(found) // MOST_BLOCKS) if len(found) else 1
    return Blocks(of_row=(of_row // merged).astype(np.intp), count=-(-len(found) // merged))


def draw(blocks: int, seed: int, *, resamples: int = RESAMPLES) -> Floats:
    """How often each block is drawn in each resample, shape (resamples, blocks); each row adds up to ``blocks``."""
    chances = np.full(blocks, 1.0 / blocks)
    return np.random.default_rng(seed).multinomial(blocks, chances, size=resamples).astype(np.float64)


def estimate(prepared: Prepared, blocks: Blocks, weights: Floats, level: float) -> Estimate:
    """The metric with a lower and an upper bound, each of one-sided confidence ``level`` (0.5–1)."""
    return _around(_once(prepared), prepared.under(blocks.of_row, weights), blocks, (level, prepared.rows))


def paired_gain(challenger: Prepared, champion: Prepared, blocks: Blocks, weights: Floats, level: float) -> Estimate:
    """By how much the challenger is better than the champion on the same rows, with one-sided bounds of ``level``.

    Both must be prepared from the same metric and the same truth in the same order; positive is better,
    also for errors.
    """
    sign = 1.0 if challenger.metric.higher_is_better else -1.0
    drawn = sign * (challenger.under(blocks.of_row, weights) - champion.under(blocks.of_row, weights))
    return _around(sign * (_once(challenger) - _once(champion)), drawn, blocks, (level, challenger.rows))


def _once(prepared: Prepared) -> float:
    return float(prepared.under(np.zeros(prepared.rows, dtype=np.intp), np.ones((1, 1)))[0])


def _around(value: float, drawn: Floats, blocks: Blocks, basis: tuple[float, int]) -> Estimate:
    level, rows = basis
    defined = drawn[np.isfinite(drawn)]
    low, high = -math.inf, math.inf
    if len(defined) and math.isfinite(value):
        low, high = np.quantile(defined, shares_outside(value, defined, blocks.count, level)).tolist()
    interval = Interval(estimate=value, low=low, high=high, level=2.0 * level - 1.0, n=rows)
    return Estimate(interval=interval, undefined=1.0 - len(defined) / len(drawn))


def shares_outside(value: float, drawn: Floats, blocks: int, level: float) -> tuple[float, float]:
    """The shares of the draws below the lower and below the upper bound, for ``blocks`` ≥ 2 and one-sided ``level``."""
    below = (np.count_nonzero(drawn < value) + np.count_nonzero(drawn <= value)) / (2.0 * len(drawn))
    shift = 2.0 * normal_quantile(min(max(below, 1.0 - _MOST_BIASED), _MOST_BIASED))
    reach = math.sqrt(blocks / (blocks - 1)) * t_quantile(level, blocks - 1)
    return normal_cdf(shift - reach), normal_cdf(shift + reach)
