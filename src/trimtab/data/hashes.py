"""Hashes of values and rows that stay the same: between machines, and between versions of every library.

Profiles of January and of June are merged, so nothing in them may rest on a hash that a library is free to change.
The mixing is SplitMix64's finaliser (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014),
applied to the bits of numbers and to texts eight bytes at a time, for whole columns at once.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import polars as pl

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]

_ONE: Final = np.uint64(0xBF58_476D_1CE4_E5B9)
_TWO: Final = np.uint64(0x94D0_49BB_1331_11EB)
_GOLDEN: Final = np.uint64(0x9E37_79B9_7F4A_7C15)
_LONG: Final = 256
"""Bytes of a text from which on it is hashed by itself: one long text must not make a pass of every eight bytes."""
_EXACT: Final = 2**53
_FIRST: Final = np.array([(1 << 8 * count) - 1 for count in range(9)], dtype=np.uint64)
"""What keeps so many of a word's eight bytes."""


def mixed(bits: Hashes) -> Hashes:
    """The bits, each of the 64 depending on all; changes its argument and returns it."""
    bits ^= bits >> np.uint64(30)
    bits *= _ONE
    bits ^= bits >> np.uint64(27)
    bits *= _TWO
    bits ^= bits >> np.uint64(31)
    return bits


def hash_floats(values: Floats) -> Hashes:
    """Hashes of finite floats; 0.0 and -0.0 have one, and so have 3 and 3.0."""
    bits: Hashes = (values + 0.0).view(np.uint64)
    return mixed(bits)


def hash_integers(values: Integers) -> Hashes:
    """Hashes of integers of 64 bits: those of their floats, where each integer is a float of its own."""
    bits: Hashes = (values.astype(np.float64) + 0.0).view(np.uint64)
    large = (values > _EXACT) | (values < -_EXACT)
    if large.any():
        bits[large] = values[large].view(np.uint64) ^ _GOLDEN
    return mixed(bits)


def hash_texts(texts: pl.Series) -> Hashes:
    """Hashes of a series of texts; null is hashed as the empty text."""
    import polars as pl

    filled = texts.fill_null("")
    lengths = filled.str.len_bytes().to_numpy().astype(np.int64)
    content = (filled.str.join("").cast(pl.Binary).item() or b"") if len(texts) else b""
    starts = np.cumsum(lengths) - lengths
    data = np.frombuffer(content + bytes(8), dtype=np.uint8)
    words = np.ndarray(shape=(len(content) + 1,), dtype="<u8", buffer=data, strides=(1,))
    hashes = lengths.astype(np.uint64) * _GOLDEN
    shortest, longest = (int(lengths.min()), int(lengths.max())) if len(lengths) else (0, 0)
    at = 0
    while at + 8 <= shortest and longest <= _LONG:  # every text has these eight bytes
        hashes = _absorbed(hashes, words[starts + at])
        at += 8
    rows = np.flatnonzero((lengths > at) & (lengths <= _LONG))
    while len(rows):
        left = np.minimum(lengths[rows] - at, 8)
        hashes[rows] = _absorbed(hashes[rows], words[starts[rows] + at] & _FIRST[left])
        at += 8
        rows = rows[lengths[rows] > at]
    for row in np.flatnonzero(lengths > _LONG).tolist() if longest > _LONG else ():
        text = content[starts[row] : starts[row] + lengths[row]]
        hashes[row] ^= np.uint64(_digest(text))
    return mixed(hashes)


def hash_names(names: list[str]) -> Hashes:
    """Hashes of a few texts, the same as `hash_texts` gives them."""
    import polars as pl

    return hash_texts(pl.Series(names, dtype=pl.String))


def odd_number(name: str) -> np.uint64:
    """An odd number of a column's own, to tell equal values of different columns apart in a row's hash."""
    return np.uint64(_digest(name.encode()) | 1)


def _digest(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def _absorbed(state: Hashes, words: Hashes) -> Hashes:
    """The states with eight more bytes of each text taken in; changes its first argument and returns it."""
    state ^= words
    state *= _ONE
    state ^= state >> np.uint64(29)
    state *= _GOLDEN
    return state
