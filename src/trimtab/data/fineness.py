"""How fine the buckets of a sketch can be: how many low bits of its numbers they leave out, not to be too many."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from trimtab.data.counting import closed

Integers = np.ndarray[Any, np.dtype[np.int64]]
Names = np.ndarray[Any, np.dtype[np.signedinteger[Any]]]
Map = np.ndarray[Any, np.dtype[np.uint8]]

_BITS: Final = 17
"""Names of so many bits have a byte each in a map of those that there are: it fits a processor's cache."""
_CELLS: Final = (np.uint8, np.uint16, np.uint32, np.uint64)
"""One byte of the map, and the 2, 4 and 8 whose names become one as bits are left out."""


def least_left_out(bits: Integers, most: int) -> int:
    """How many of their low bits the buckets of some numbers must leave out at least, so that at most so many are left.

    Args:
        bits: of the numbers, one at least, as floats or integers are stored.
        most: the buckets, at most.

    Returns:
        No more than there need be; 0 where numbers lie too far apart to be told apart by few bits.
    """
    lower, there = _map(bits)
    for steps, cells in enumerate(_CELLS):
        if np.count_nonzero(there.view(cells)) <= most:
            return lower + steps if steps else 0
    return lower + len(_CELLS)


def steps_to(names: Names, most: int) -> int:
    """By how many bits ascending names must be shortened so that at most so many (two or more) are left."""
    if len(names) <= most or _are_few(names, 0, most):
        return 0
    low, high = 0, 1
    while not _are_few(names, high, most):
        low, high = high, min(2 * high, 8 * names.itemsize - 1)  # of which a sign is left
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _are_few(names, middle, most) else (middle, high)
    return high


def _are_few(names: Names, steps: int, most: int) -> bool:
    shortened = names >> steps if steps else names
    return int(np.count_nonzero(shortened[1:] != shortened[:-1])) < most


def _map(bits: Integers) -> tuple[int, Map]:
    """How many bits names leave out, so as to be of 17, and a byte for each: 1 where a number has that name.

    Eight bytes beside each other are names that differ in their last three bits.
    """
    low, high = int(bits.min()), int(bits.max())
    nearest = furthest = 0
    if low < 0 <= high:  # of floats: between the two signs lie all exponents that no number has
        unsigned = bits.view(np.uint64)
        nearest, furthest = int(unsigned.min()), int(unsigned.max()) - (1 << 64)
    lower = max(0, (high - low - max(0, nearest - furthest)).bit_length() - _BITS)
    gap = max(0, (nearest >> lower) - (furthest >> lower) - 1) & -8
    first = ((low >> lower) & -8) + gap
    there = np.zeros(((high >> lower) - first + 8) & -8, dtype=np.uint8)
    there[closed(bits >> lower, gap, 0) - first] = 1
    return lower, there
