"""Metrics that are functions of sums over rows: their value under any weights of blocks is one matrix product.

Sums are taken by ``einsum`` and not by BLAS, whose order of summation depends on its threads: a bound must not differ
in its last bit between two machines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from trimtab.stats.arrays import Array, Floats, Numbers, Under

_EPSILON: Final = float(np.finfo(np.float64).eps)


def additive(name: str, truth: Array, outputs: Array) -> Under:
    """The additive metric of that name on these rows."""
    to_terms, combine = _ADDITIVE[name]
    terms = to_terms(truth, outputs)

    def under(blocks: Numbers, weights: Floats) -> Floats:
        count = weights.shape[1]
        columns = [np.bincount(blocks, weights=column, minlength=count) for column in terms.T]
        with np.errstate(divide="ignore", invalid="ignore"):
            return combine(np.einsum("ij,jk->ik", weights, np.stack(columns, axis=1)))

    return under


def _mean(sums: Floats) -> Floats:
    result: Floats = sums[:, 0] / sums[:, 1]
    return result


def _root(sums: Floats) -> Floats:
    return np.sqrt(_mean(sums))


def _explained(sums: Floats) -> Floats:
    squares, rows, total, total_squares = sums.T
    spread = total_squares - total**2 / rows
    spread = np.where(spread > _EPSILON * np.abs(total_squares), spread, np.nan)
    result: Floats = 1.0 - squares / spread
    return result


def _with_count(terms: Floats) -> Floats:
    return np.stack([terms, np.ones(len(terms))], axis=1)


def _brier_terms(truth: Array, outputs: Array) -> Floats:
    return _with_count((outputs.astype(np.float64) - truth.astype(np.float64)) ** 2)


def _log_loss_terms(truth: Array, outputs: Array) -> Floats:
    chances = np.clip(outputs.astype(np.float64), _EPSILON, 1.0 - _EPSILON)
    if chances.ndim == 1:
        chances = np.stack([1.0 - chances, chances], axis=1)
    codes = truth.astype(np.intp)
    of_truth = chances[np.arange(len(codes)), np.maximum(codes, 0)] if len(codes) else np.empty(0)
    return _with_count(-np.log(np.where(codes < 0, _EPSILON, of_truth)))


def _accuracy_terms(truth: Array, outputs: Array) -> Floats:
    values = outputs.astype(np.float64)
    if values.ndim == 1:
        answered = (values > 0.5).astype(np.intp)
    else:
        answered = values.argmax(axis=1) if len(values) else np.empty(0, dtype=np.intp)
    return _with_count((answered == truth.astype(np.intp)).astype(np.float64))


def _absolute_terms(truth: Array, outputs: Array) -> Floats:
    return _with_count(np.abs(outputs.astype(np.float64) - truth.astype(np.float64)))


def _square_terms(truth: Array, outputs: Array) -> Floats:
    return _with_count((outputs.astype(np.float64) - truth.astype(np.float64)) ** 2)


def _explained_terms(truth: Array, outputs: Array) -> Floats:
    values = truth.astype(np.float64)
    centred = values - (values.mean() if len(values) else 0.0)  # any origin gives the same spread; this keeps digits
    return np.column_stack([_square_terms(truth, outputs), centred, centred**2])


_ADDITIVE: Final[Mapping[str, tuple[Callable[[Array, Array], Floats], Callable[[Floats], Floats]]]] = MappingProxyType(
    {
        "brier": (_brier_terms, _mean),
        "log_loss": (_log_loss_terms, _mean),
        "accuracy": (_accuracy_terms, _mean),
        "mae": (_absolute_terms, _mean),
        "rmse": (_square_terms, _root),
        "r2": (_explained_terms, _explained),
    }
)
