"""Profiles depend on the rows and on nothing else; verdicts on drift are as rarely wrong as they say."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.base.verdict import Verdict
from trimtab.data import sketch as sketches
from trimtab.data.drift import ColumnDrift, compare
from trimtab.data.exact import Dyadic, exact_sums
from trimtab.data.profile import NumberColumn, Profile, merge, merge_all, profile_columns
from trimtab.data.schema import Column, ColumnType, Contract
from trimtab.data.sketch import aligned, lower_end, merge_sketches, quantile, sketch_sorted, upper_end
from trimtab.data.table import Array, array_of
from trimtab.records.versioned import decode, encode

FINITE = st.floats(allow_nan=False, allow_infinity=False)
KINDS: dict[str, tuple[ColumnType, st.SearchStrategy[Any]]] = {
    "number": (ColumnType.FLOAT, FINITE),
    "whole": (ColumnType.INTEGER, st.integers(-(2**63), 2**63 - 1)),
    "truth": (ColumnType.BOOLEAN, st.booleans()),
    "text": (ColumnType.TEXT, st.sampled_from(["", "a", "b", "ä" * 100, "ä" * 101]) | st.text(max_size=3)),
    "moment": (ColumnType.TIME, st.integers(-(2**60), 2**60)),
}
CONTRACT = Contract(
    time="ts",
    label="y",
    columns=(
        Column(name="ts", type=ColumnType.TIME),
        *(Column(name=name, type=kind, nullable=True) for name, (kind, _) in KINDS.items()),
        Column(name="y", type=ColumnType.FLOAT),
    ),
)
ROWS = st.lists(st.tuples(st.just(0), *(st.none() | values for _, values in KINDS.values())), max_size=30)


def profile(rows: list[tuple[Any, ...]]) -> Profile:
    columns: dict[str, Array] = {
        column.name: array_of(column.type, nullable=column.nullable, values=[row[place] for row in rows])
        for place, column in enumerate(CONTRACT.features)
    }
    return profile_columns(columns, CONTRACT)


@given(st.data())
def test_any_order_and_any_parts_give_the_same_bytes(data: st.DataObject) -> None:
    rows = data.draw(ROWS)
    whole = encode(profile(rows))
    shuffled = data.draw(st.permutations(rows))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    parts = [profile(shuffled[start:end]) for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    assert encode(merge_all(data.draw(st.permutations(parts)))) == whole
    while len(parts) > 1:  # and as a tree of any shape
        place = data.draw(st.integers(0, len(parts) - 2))
        parts[place : place + 2] = [merge(parts[place], parts[place + 1])]
    assert encode(parts[0]) == whole


@given(ROWS)
def test_a_profile_survives_its_stored_form(rows: list[tuple[Any, ...]]) -> None:
    assert decode(Profile, encode(profile(rows))) == profile(rows)


@given(st.lists(FINITE, max_size=50).map(sorted))
def test_sums_are_exact(values: list[float]) -> None:
    total, squares = exact_sums(np.array(values))
    assert total.fraction == sum(map(Fraction, values))
    assert squares.fraction == sum(Fraction(value) ** 2 for value in values)
    assert Dyadic.parse(str(total)) == total


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_moments_are_those_of_the_rows(values: list[float]) -> None:
    column = profile([(0, value, None, None, None, None) for value in values]).columns["number"]
    assert isinstance(column, NumberColumn)
    exact = sum(map(Fraction, values)) / len(values)
    spread = sum((Fraction(value) - exact) ** 2 for value in values) / len(values)
    assert column.mean == float(exact)
    assert column.deviation == pytest.approx(math.sqrt(spread), rel=1e-12)


@given(st.lists(FINITE, max_size=40), st.lists(FINITE, max_size=40), st.integers(3, 8))
def test_a_coarse_sketch_does_not_depend_on_the_parts_either(left: list[float], right: list[float], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sketches, "BUCKETS_MAX", most)
        whole = sketch_sorted(np.sort(np.array(left + right)))
        parts = sketch_sorted(np.sort(np.array(left))), sketch_sorted(np.sort(np.array(right)))
        assert merge_sketches(*parts) == whole
        assert merge_sketches(*parts[::-1]) == whole
        assert len(whole.keys) <= most


@given(st.lists(FINITE, min_size=1, max_size=40), st.integers(0, 25))
def test_each_number_lies_in_its_bucket(values: list[float], coarser: int) -> None:
    ordered = np.sort(np.array(values))
    sketch = sketch_sorted(ordered)
    dropped = sketch.dropped + coarser
    keys, counts = aligned(sketch, dropped)
    within = [
        sum(lower_end(key, dropped) <= value <= upper_end(key, dropped) for value in values) for key in keys.tolist()
    ]
    assert all(found >= count for found, count in zip(within, counts.tolist(), strict=True))
    assert int(counts.sum()) == len(values)
    for share in (0.0, 0.3, 1.0):
        rank = max(0, math.ceil(share * len(values)) - 1)
        assert quantile(sketch, share) == pytest.approx(ordered[rank], rel=2 * sketch.width, abs=1e-300)


def column_drift(then: Array, now: Array, kind: ColumnType, **limits: float) -> tuple[ColumnDrift, ...]:
    """The verdicts on columns ``(n, k)``."""
    columns = tuple(
        Column(name=f"c{i}", type=kind, nullable=kind is not ColumnType.FLOAT) for i in range(then.shape[1])
    )
    contract = Contract(
        time="ts",
        label="y",
        columns=(Column(name="ts", type=ColumnType.TIME), *columns, Column(name="y", type=ColumnType.FLOAT)),
    )
    profiles = [
        profile_columns(
            {"ts": np.zeros(len(rows), "datetime64[us]"), **{f"c{i}": rows[:, i] for i in range(rows.shape[1])}},
            contract,
        )
        for rows in (then, now)
    ]
    return compare(*profiles, tolerance=limits["tolerance"], level=limits["level"])


def normal_shift(distance: float) -> float:
    """The shift in standard deviations that makes a Kolmogorov–Smirnov distance between two normal distributions."""
    low, high = 0.0, 8.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if math.erf(middle / 2**1.5) < distance else (low, middle)
    return low


@pytest.mark.parametrize(("change", "forbidden"), [(0.0999, Verdict.FAIL), (0.1001, Verdict.PASS)])
@pytest.mark.parametrize("rows", [100, 2_000])
def test_at_the_tolerance_the_wrong_verdict_is_as_rare_as_the_level_says(
    change: float, forbidden: Verdict, rows: int
) -> None:
    chance, shift = np.random.default_rng(7), normal_shift(change)
    wrong = 0
    for _ in range(150):
        then, now = chance.normal(size=(2_000, 3)), chance.normal(shift, size=(rows, 3))
        found = column_drift(then, now, ColumnType.FLOAT, tolerance=0.1, level=0.8)
        wrong += any(column.verdict is forbidden for column in found)
    assert wrong <= 0.2 * 150


@pytest.mark.parametrize("weights", [[1.0] * 2, [1.0] * 100, [1.0] * 500, [1 / (i + 1) for i in range(900)]])
def test_many_categories_are_no_drift(weights: list[float]) -> None:
    chance = np.random.default_rng(11)
    shares = np.array(weights) / sum(weights)
    names = np.array([f"v{i}" for i in range(len(weights))], dtype=object)
    wrong = 0
    for _ in range(40):
        then, now = (names[chance.choice(len(names), size=(size, 1), p=shares)] for size in (5_000, 20_000))
        (found,) = column_drift(then, now, ColumnType.TEXT, tolerance=0.02, level=0.9)
        wrong += found.verdict is Verdict.FAIL
    assert wrong <= 0.1 * 40


@pytest.mark.parametrize("shift", [0.2, 0.3])
def test_a_shift_that_matters_is_found_every_time(shift: float) -> None:
    chance = np.random.default_rng(13)
    for _ in range(30):
        then, now = chance.normal(size=(20_000, 5)), chance.normal(shift, size=(20_000, 5))
        found = column_drift(then, now, ColumnType.FLOAT, tolerance=0.03, level=0.95)
        assert [column.verdict for column in found] == [Verdict.FAIL] * 5


def test_an_innocent_jitter_passes_however_many_rows_there_are() -> None:
    chance = np.random.default_rng(17)
    for rows in (20_000, 200_000):
        then, now = chance.normal(size=(rows, 5)), chance.normal(0.02, size=(rows, 5))
        found = column_drift(then, now, ColumnType.FLOAT, tolerance=0.1, level=0.95)
        assert [column.verdict for column in found] == [Verdict.PASS] * 5


def test_a_sample_does_not_pass_what_fails_as_a_whole() -> None:
    chance = np.random.default_rng(19)
    for shift in (0.0, 0.2, 0.25, 0.3, 0.6):
        then, now = chance.normal(size=(10_000, 2)), chance.normal(shift, size=(40_000, 2))
        whole = column_drift(then, now, ColumnType.FLOAT, tolerance=0.1, level=0.95)
        for rows in (50, 500, 5_000):
            sample = column_drift(then, now[chance.choice(len(now), rows)], ColumnType.FLOAT, tolerance=0.1, level=0.95)
            for few, all_rows in zip(sample, whole, strict=True):
                assert {few.verdict, all_rows.verdict} != {Verdict.PASS, Verdict.FAIL}
