"""Sums of floats without rounding, so that a sum does not depend on the order of the rows or on how they were split.

A float64 is a whole number of at most 53 bits times a power of two. The whole numbers of one exponent are cut into
limbs of 18 bits; products of two limbs have 36, so a float64 adds 2¹⁶ of them without rounding, and one small matrix
product gives all the sums that are needed. The exponents are put together in Python's integers, which have no size.
Rejected: compensated summation, whose result still depends on the order; Welford's moments, which merge to the same
value only up to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, Self

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]

_FRACTION: Final = 52
_LIMB: Final = 18
_UNIT: Final = 1075
"""A float64 with biased exponent e ≥ 1 is its whole number times 2^(e − 1075)."""
_EXACT: Final = 2**16
"""So many products of two limbs add up to less than 2⁵³."""


@dataclass(frozen=True, slots=True)
class Dyadic:
    """``mantissa`` · 2^``exponent``, with an odd mantissa (or 0 · 2⁰), so that equal numbers are equal values."""

    mantissa: int = 0
    exponent: int = 0

    @classmethod
    def of(cls, mantissa: int, exponent: int) -> Self:
        """The number in its one form."""
        if not mantissa:
            return cls()
        zeros = (mantissa & -mantissa).bit_length() - 1
        return cls(mantissa >> zeros, exponent + zeros)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The number from its text; raises `ValueError` for anything that `__str__` does not write."""
        mantissa, _, exponent = text.partition("p")
        return cls.of(int(mantissa, 16), int(exponent))

    def __str__(self) -> str:
        return f"{self.mantissa:x}p{self.exponent}"

    def __add__(self, other: Dyadic) -> Dyadic:
        exponent = min(self.exponent, other.exponent)
        mine, theirs = self.mantissa << self.exponent - exponent, other.mantissa << other.exponent - exponent
        return Dyadic.of(mine + theirs, exponent)

    @property
    def fraction(self) -> Fraction:
        """The number, exactly."""
        scale = 2 ** abs(self.exponent)
        return Fraction(self.mantissa * scale) if self.exponent >= 0 else Fraction(self.mantissa, scale)


def exact_sums(values: Floats) -> tuple[Dyadic, Dyadic]:
    """The sum of finite float64 values in ascending order, and the sum of their squares; both exact."""
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.int64)
    biased = (bits >> _FRACTION) & 2047
    whole = (bits & ((1 << _FRACTION) - 1)) | ((biased > 0).astype(np.int64) << _FRACTION)
    limbs = np.ones((4, len(values)))
    for row in range(3):
        limbs[row] = (whole >> (2 - row) * _LIMB) & ((1 << _LIMB) - 1)
    sign_and_exponent = bits >> _FRACTION
    turns = np.flatnonzero(sign_and_exponent[1:] != sign_and_exponent[:-1]) + 1
    ends = [*turns.tolist(), len(values)] if len(values) else []
    total, squares = Dyadic(), Dyadic()
    for start, end in pairwise([0, *ends]):
        exponent = max(int(biased[start]), 1) - _UNIT
        whole_sum, square_sum = _segment(limbs[:, start:end])
        total += Dyadic.of(-whole_sum if bits[start] < 0 else whole_sum, exponent)
        squares += Dyadic.of(square_sum, 2 * exponent)
    return total, squares


def _segment(limbs: Floats) -> tuple[int, int]:
    """The sum of some whole numbers, and of their squares, from their limbs (the highest first) and a row of ones."""
    total = squares = 0
    for start in range(0, limbs.shape[1], _EXACT):
        part = limbs[:, start : start + _EXACT]
        products = [[int(cell) for cell in row] for row in (part @ part.T).tolist()]
        (aa, ab, ac, a), (_, bb, bc, b), (_, _, cc, c), _ = products
        total += (a << 2 * _LIMB) + (b << _LIMB) + c
        squares += (aa << 4 * _LIMB) + (ab << 3 * _LIMB + 1) + ((2 * ac + bb) << 2 * _LIMB) + (bc << _LIMB + 1) + cc
    return total, squares
