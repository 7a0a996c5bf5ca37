"""Hashes of values and rows that stay the same: between machines, and between versions of every library.

Profiles of January and of June are merged, so nothing in them may rest on a hash that a library is free to change.
The mixing is SplitMix64's finaliser (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014),
applied to the bits of numbers and to texts eight bytes at a time, for whole columns at once.

A row's hash is the sum of a word for each of its values, mixed once. A word is a product with an odd number of the
column's own, as in multilinear hashing (Lemire and Kaser, "Strongly universal string hashing is fast", Computer
Journal 57, 2014), with its halves laid over each other. Mixing each value would cost twice as much.
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
_BLOCK: Final = 1 << 14
"""Texts that are hashed at once: their states and words stay in a processor's cache."""
_PADDING: Final = "\0" * 8
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


def words_of(bits: Hashes, odd: np.uint64) -> Hashes:
    """What values of these bits are in the sum of a row, for a column with this odd number.

    Different for different bits. Small numbers have all of theirs in the upper half and a product has no more below
    than its factors, so bytes are turned round before, and the upper half is laid over the lower one after: of words
    that end in zeros as the numbers do, a sum would tell no more than their upper halves.
    """
    words = bits.byteswap()
    words *= odd
    words ^= words >> np.uint64(32)
    return words


def bits_of_floats(values: Floats) -> Hashes:
    """The bits of finite floats; 0.0 and -0.0 have the same, and so have 3 and 3.0."""
    bits: Hashes = (values + 0.0).view(np.uint64)
    return bits


def hash_floats(values: Floats) -> Hashes:
    """Hashes of finite floats, one for each of `bits_of_floats`."""
    return mixed(bits_of_floats(values))


def hash_integers(values: Integers) -> Hashes:
    """Hashes of integers of 64 bits, one for each of `bits_of_integers`."""
    return mixed(bits_of_integers(values))


def bits_of_integers(values: Integers) -> Hashes:
    """Bits of integers of 64 bits: those of their floats, where each integer is a float of its own."""
    bits: Hashes = (values.astype(np.float64) + 0.0).view(np.uint64)
    large = (values > _EXACT) | (values < -_EXACT)
    if large.any():
        bits[large] = values[large].view(np.uint64) ^ _GOLDEN
    return bits


def hash_texts(texts: pl.Series) -> Hashes:
    """Hashes of a series of texts; null is hashed as the empty text."""
    import polars as pl

    filled = texts.fill_null("")
    lengths = filled.str.len_bytes().to_numpy().astype(np.int64)
    # Eight bytes more, since the last text is read eight at a time, too.
    joined = pl.concat([filled.rename("text"), pl.Series("text", [_PADDING])]).str.join("")
    content: bytes = joined.cast(pl.Binary).item()
    starts = np.cumsum(lengths) - lengths
    hashes = lengths.astype(np.uint64) * _GOLDEN
    for first in range(0, len(lengths), _BLOCK):
        block = slice(first, first + _BLOCK)
        own, its_starts, its_lengths = hashes[block], starts[block], lengths[block]
        if its_lengths[0] <= _LONG and (its_lengths == its_lengths[0]).all():
            _absorb_even(own, content, int(its_starts[0]), int(its_lengths[0]))
        else:
            _absorb_uneven(own, content, its_starts, its_lengths)
        mixed(own)
    return hashes


def _absorb_even(states: Hashes, content: bytes, start: int, length: int) -> None:
    """Take each text into its state where all are of one length, one after the other."""
    rows, apart = states.shape, (length,)
    for at in range(0, length, 8):
        words: Hashes = np.ndarray(shape=rows, dtype="<u8", buffer=content, offset=start + at, strides=apart)
        _absorb(states, words if at + 8 <= length else words & _FIRST[length - at])


def _absorb_uneven(states: Hashes, content: bytes, starts: Integers, lengths: Integers) -> None:
    """Take each text into its state: eight bytes of all at a time, shorter texts first, so that those that are not at
    their end yet are beside each other."""
    words: Hashes = np.ndarray(shape=(len(content) - 7,), dtype="<u8", buffer=content, strides=(1,))
    order = np.argsort(np.minimum(lengths, _LONG + 1).astype(np.uint16), kind="stable")
    own, starts, lengths = states[order], starts[order], lengths[order]
    shorter = np.searchsorted(lengths, np.arange(_LONG + 8)).tolist()  # how many are shorter than so many bytes
    usual = shorter[_LONG + 1]
    for at in range(0, min(int(lengths[-1]), _LONG), 8):
        first, whole = shorter[at + 1], min(shorter[at + 8], usual)
        found = words[starts[first:usual] + at]
        found[: whole - first] &= _FIRST[lengths[first:whole] - at]
        _absorb(own[first:usual], found)
    for place in range(usual, len(lengths)):
        own[place] ^= np.uint64(_digest(content[starts[place] : starts[place] + lengths[place]]))
    states[order] = own


def hash_names(names: list[str]) -> Hashes:
    """Hashes of a few texts, the same as `hash_texts` gives them."""
    import polars as pl

    return hash_texts(pl.Series(names, dtype=pl.String))


def different(hashes: Hashes) -> Hashes:
    """The different ones, ascending; by sorting, in a third of the time of NumPy's sets."""
    ordered = np.sort(hashes)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def odd_number(name: str) -> np.uint64:
    """An odd number of a column's own, to tell equal values of different columns apart in a row's hash."""
    return np.uint64(_digest(name.encode()) | 1)


def _digest(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def _absorb(states: Hashes, words: Hashes) -> None:
    """Take eight more bytes of each text into its state."""
    states ^= words
    states *= _ONE
    states ^= states >> np.uint64(29)
    states *= _GOLDEN
