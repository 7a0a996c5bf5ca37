"""All correlations between the variables of a sample of rows, and how far each may be off.

The variance of a correlation is measured from the rows, by what each of them adds to it (the influence function of
Devlin, Gnanadesikan and Kettenring, "Robust estimation and outlier detection with correlation coefficients",
Biometrika 62, 1975): for standardised variables x and y with the correlation r it is the mean square of
x y - r (x² + y²) / 2.
"""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec
import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

ROWS_MIN: Final = 100
"""Rows that a correlation needs."""
_BLOCK: Final = 1_024
"""Rows whose powers are multiplied at once: they stay in a processor's cache."""
_LEAST: Final = 1e-300


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """Variables of some rows, shape (variables, rows), and the rows' weights, whose sum is 1.

    ``values`` have mean 0 and variance 1 where they are known, all 0 where one does not vary, and are 0 elsewhere. Most
    variables are known in the same rows: ``patterns``, shape (patterns, rows), has 1 where they are, and ``own`` says
    which of the patterns each variable has.
    """

    values: Floats
    patterns: Floats
    own: list[int]
    weights: Floats


class Correlations(msgspec.Struct, frozen=True, kw_only=True):
    """What `correlations` finds.

    Attributes:
        r: of each two variables over the rows in which both are known, shape (variables, variables); NaN where one of
            the two does not vary in these rows, or fewer than `ROWS_MIN` are left.
        variances: of these as estimates, of the same shape.
        carried: on how many rows each variable rests: the known ones by its kurtosis, which of a flag are those that
            have it. A correlation of two flags that one row has is 1 whatever the others are, and its variance,
            measured from the same rows, is nothing.
    """

    r: Floats
    variances: Floats
    carried: Floats


def standardise(row: Floats, known: Floats, weights: Floats) -> None:
    """Give a variable mean 0 and variance 1 where it is known (1), and 0 elsewhere, in its own place."""
    held = max(float(known @ weights), _LEAST)
    row *= known
    row -= float(row @ weights) / held
    row *= known
    spread = math.sqrt(float((row * row) @ weights) / held)
    row /= spread if spread > 1e-9 else math.inf


def ranks(numbers: Floats, weights: Floats, known: Mask) -> Floats:
    """The share of rows below each number, half of its equals included; the middle for a gap (NaN, not ``known``)."""
    found = np.full(len(numbers), 0.5)
    there = np.flatnonzero(known)
    if not len(there):
        return found
    if len(there) == len(numbers):
        order = np.argsort(numbers)
    else:
        order = there[np.argsort(numbers[there])]  # NumPy takes twice the time where there is a NaN
    ordered, shares = numbers[order], weights[order]
    reached = np.cumsum(shares)
    starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    if len(starts) + 1 == len(ordered):
        found[order] = (reached - shares / 2) / reached[-1]
        return found
    ends = np.append(reached[starts - 1], reached[-1])
    middles = (ends - np.diff(ends, prepend=0.0) / 2) / ends[-1]
    found[order] = np.repeat(middles, np.diff(starts, prepend=0, append=len(ordered)))
    return found


class _Sums:
    """Sums over the rows of products of two variables, or of one where the other is known; shape (variables,
    variables). The first of the two is raised to the power that the name says, the second not; in ``squares`` both."""

    def __init__(self, rows: Rows) -> None:
        self.whole = bool(rows.patterns.all())
        roots = np.sqrt(rows.weights)  # a matrix times itself turned over costs half of two different ones
        self.products = self.squares = self.cubes = np.zeros(())
        self.held = self.firsts = self.seconds = self.fourths = np.zeros(())
        for start in range(0, len(roots), _BLOCK):
            block = slice(start, start + _BLOCK)
            values = rows.values[:, block]
            ones = values * roots[block]
            twos = ones * values
            self.products = self.products + ones @ ones.T
            self.squares = self.squares + twos @ twos.T
            self.cubes = self.cubes + (twos * values) @ ones.T
            if not self.whole:
                known = rows.patterns[:, block]
                there = (known * roots[block]).T
                self.held = self.held + there.T @ there
                self.firsts = self.firsts + ones @ there
                self.seconds = self.seconds + twos @ there
                self.fourths = self.fourths + (twos * twos) @ known.T


def correlations(rows: Rows, effective: float) -> Correlations:
    """All of them, for rows that count for ``effective`` independent ones."""
    sums = _Sums(rows)
    held = (rows.patterns @ rows.weights)[rows.own]
    carried = effective * held**2 / np.maximum(np.diag(sums.squares), _LEAST)
    r, variances = _whole(sums, effective) if sums.whole else _where_both_are_known(sums, rows.own, effective)
    return Correlations(r=r, variances=variances, carried=carried)


def _whole(sums: _Sums, effective: float) -> tuple[Floats, Floats]:
    """Where no value is missing, at less than half the cost."""
    r, both, cubes = sums.products, sums.squares, sums.cubes
    fourth = np.broadcast_to(np.diag(both)[:, None], r.shape)
    noise = both + r**2 / 4 * (fourth + fourth.T + 2 * both) - r * (cubes + cubes.T)
    constant = np.diag(r) < 0.5
    r[constant, :] = r[:, constant] = np.nan
    if effective < ROWS_MIN:
        r[:] = np.nan
    return r, np.maximum(noise, 0.0) / effective


def _where_both_are_known(sums: _Sums, own: list[int], effective: float) -> tuple[Floats, Floats]:
    held = np.maximum(sums.held[own][:, own], _LEAST)
    means = sums.firsts[:, own] / held  # [i, j]: of variable i where j is known
    variances = sums.seconds[:, own] / held - means**2
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.where(variances > 1e-9, variances, np.nan))
        scale = spread * spread.T
        r = (sums.products / held - means * means.T) / scale
        # The means within a pair's rows are all but 0: gaps of one column seldom follow the other.
        both = sums.squares / held / scale**2
        cubes = sums.cubes / held / (scale * spread**2)
        fourth = sums.fourths[:, own] / held / spread**4
        noise = both + r**2 / 4 * (fourth + fourth.T + 2 * both) - r * (cubes + cubes.T)
    r[held * effective < ROWS_MIN] = np.nan
    return r, np.maximum(noise, 0.0) / (effective * held)
