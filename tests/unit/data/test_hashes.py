"""Hashes that no library is free to change."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from trimtab.data.hashes import hash_floats, hash_integers, hash_names, hash_texts, odd_number


def test_hashes_do_not_change_unnoticed() -> None:
    assert hash_floats(np.array([0.0, 1.0, -2.5])).tolist() == FLOATS
    assert hash_integers(np.array([3, 2**53 + 1, -(2**63)])).tolist() == INTEGERS
    assert hash_names(["", "a", "12345678", "123456789", "ü" * 200]).tolist() == TEXTS
    assert int(odd_number("price")) == ODD


def test_equal_numbers_have_one_hash_whatever_they_are_stored_as() -> None:
    assert hash_floats(np.array([0.0]))[0] == hash_floats(np.array([-0.0]))[0] == hash_integers(np.array([0]))[0]
    whole = np.array([3, -7, 2**53, -(2**53)])
    assert hash_floats(whole.astype(np.float64)).tolist() == hash_integers(whole).tolist()


def test_integers_that_share_a_float_have_hashes_of_their_own() -> None:
    near = np.arange(2**60, 2**60 + 1_000)
    assert len(set(near.astype(np.float64).tolist())) < 20
    assert len(set(hash_integers(near).tolist())) == 1_000


def test_a_texts_hash_does_not_depend_on_its_neighbours() -> None:
    texts = ["", "a", "a\0", "\0a", "1234567", "12345678", "123456789", "x" * 255, "x" * 256, "x" * 257, "y" * 5_000]
    together = hash_texts(pl.Series([*texts, None, *reversed(texts)], dtype=pl.String)).tolist()
    alone = [int(hash_names([text])[0]) for text in texts]
    assert together == [*alone, alone[0], *reversed(alone)]
    assert len(set(alone)) == len(texts)
    assert hash_texts(pl.Series([], dtype=pl.String)).tolist() == []


def test_hashes_are_spread_evenly_over_all_bits() -> None:
    numbers = np.arange(1, 65_537)
    for hashes in (
        hash_integers(numbers),
        hash_floats(numbers / 7.0),
        hash_names([f"{number:07}" for number in range(65_536)]),
        hash_names([f"a longer text, number {number}" for number in range(65_536)]),
    ):
        for bit in range(64):
            ones = int(((hashes >> np.uint64(bit)) & np.uint64(1)).sum())
            assert abs(ones - 32_768) < 5 * math.sqrt(65_536) / 2
        cells = np.bincount((hashes >> np.uint64(56)).astype(np.int64), minlength=256)
        assert ((cells - 256.0) ** 2 / 256.0).sum() < 255 + 5 * math.sqrt(2 * 255)


def test_a_columns_number_is_odd_and_its_own() -> None:
    numbers = {int(odd_number(f"c{place}")) for place in range(1_000)}
    assert len(numbers) == 1_000
    assert all(number % 2 for number in numbers)


FLOATS = [0, 3035652100526550566, 4700886180178471262]
INTEGERS = [6732024472757944893, 8558978339402882744, 5196802822362493915]
TEXTS = [0, 14777786855375199245, 5104347557344139957, 16865094249917472852, 4197803071915242814]
ODD = 12780565091910791107
