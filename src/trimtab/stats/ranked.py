"""Metrics of an order: rows are sorted by score once, tied rows make one step, and each weighting only counts.

For the area, weights and counts are small whole numbers (and halves): its sums are exact, in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from trimtab.stats.arrays import Array, Floats, Numbers, Under

_CELLS: Final = 100_000
"""Cells worked on at once while a ranked metric is resampled: under a megabyte, which stays in the cache."""
_MOST_CELLS: Final = 2_000_000
"""Cells held at once while pairs are counted, so that memory does not grow with rows × blocks."""


def _area(truth: Array, outputs: Array) -> Under:
    """The area under the ROC curve as the share of pairs in the right order (Mann–Whitney), a tie counting half.

    Pairs are counted per pair of blocks, once: under any weights the area is then a quadratic form of them.
    """
    step = _steps(outputs)
    positive = truth.astype(bool)

    def under(blocks: Numbers, weights: Floats) -> Floats:
        wins = _wins((step[positive], blocks[positive]), (step[~positive], blocks[~positive]), weights.shape[1])
        sides = [weights @ np.bincount(blocks[side], minlength=len(wins)) for side in (positive, ~positive)]
        pairs = sides[0] * sides[1]
        won = np.einsum("ij,ij->i", weights @ wins, weights)
        result: Floats = np.divide(won, pairs, out=np.full(len(weights), np.nan), where=pairs > 0.0)
        return result

    return under


def _wins(positive: tuple[Numbers, Numbers], negative: tuple[Numbers, Numbers], count: int) -> Floats:
    """Won pairs between the positive rows of each block and the negative rows of each, shape (blocks, blocks).

    Each side is the step and the block of its rows.
    """
    wins = np.zeros((count, count))
    by_block = np.argsort(positive[1], kind="stable")
    present, starts = np.unique(positive[1][by_block], return_index=True)
    step = positive[0][by_block]
    if not len(step) or not len(negative[0]):
        return wins
    height = 1 + int(max(step.max(), negative[0].max()))
    width = max(1, _MOST_CELLS // height)
    for low in range(0, count, width):
        high = min(count, low + width)
        inside = (negative[1] >= low) & (negative[1] < high)
        flat = negative[0][inside] * (high - low) + negative[1][inside] - low
        misses = np.bincount(flat, minlength=height * (high - low)).reshape(height, high - low).astype(np.float64)
        below = np.cumsum(misses, axis=0) - misses / 2.0
        wins[present, low:high] = np.add.reduceat(below[step], starts, axis=0)
    return wins


def _average_precision(truth: Array, outputs: Array) -> Under:
    """The sum over distinct thresholds of the recall gained there times the precision there (no interpolation).

    Recall is gained only where there is a positive row, so the other steps need no precision.
    """
    step = _steps(-outputs.astype(np.float64))
    order = np.argsort(step, kind="stable")
    positives = order[truth[order] == 1]
    gaining, first = np.unique(step[positives], return_index=True)
    rows_until = np.searchsorted(step[order], gaining, side="right") - 1
    hits_until = np.append(first[1:], len(positives))[: len(gaining)] - 1

    def under(blocks: Numbers, weights: Floats) -> Floats:
        if not 0 < len(positives) < len(order):
            return np.full(len(weights), np.nan)
        ranked, hit = blocks[order[: rows_until[-1] + 1]], blocks[positives]
        chunk = max(1, _CELLS // len(ranked))
        parts = [weights[start : start + chunk] for start in range(0, len(weights), chunk)]
        totals = [_precision_sums(part[:, ranked], part[:, hit], (rows_until, hits_until)) for part in parts]
        hits = weights @ np.bincount(hit, minlength=weights.shape[1])
        both_classes = (hits > 0.0) & (weights @ np.bincount(blocks, minlength=weights.shape[1]) > hits)
        result: Floats = np.divide(np.concatenate(totals), hits, out=np.full(len(weights), np.nan), where=both_classes)
        return result

    return under


def _precision_sums(rows: Floats, hits: Floats, until: tuple[Numbers, Numbers]) -> Floats:
    answered = np.cumsum(rows, axis=1)[:, until[0]]
    found = np.cumsum(hits, axis=1)[:, until[1]]
    precision = np.divide(found, answered, out=np.zeros_like(found), where=answered > 0.0)
    result: Floats = np.einsum("ij,ij->i", np.diff(found, axis=1, prepend=0.0), precision)
    return result


def _steps(scores: Array) -> Numbers:
    """The rank of each score among the distinct ones, from the lowest: shape (rows,)."""
    return np.unique(scores, return_inverse=True)[1].astype(np.intp)


_RANKED: Final[Mapping[str, Callable[[Array, Array], Under]]] = MappingProxyType(
    {"roc_auc": _area, "average_precision": _average_precision}
)


def ranked(name: str, truth: Array, outputs: Array) -> Under | None:
    """The ranked metric of that name on these rows; None where the metric is not one of order."""
    make = _RANKED.get(name)
    return make(truth, outputs) if make else None
