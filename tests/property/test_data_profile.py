"""Profiles depend on the rows and on nothing else: not on their order, and not on the parts that they came in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trimtab.data import column_profile, distinct, sample, sketch, text_counts, text_fold
from trimtab.data.array_profile import profile_scores
from trimtab.data.column_profile import NumberColumn, different_values
from trimtab.data.distinct import ERROR, DistinctFold
from trimtab.data.hashes import hash_floats, hash_names, hash_texts
from trimtab.data.moments import Moments, merge_moments, moments_of
from trimtab.data.pairs import Pairs
from trimtab.data.profile import Profile, merge, merge_all
from trimtab.data.profiler import Depth, Profiler, profile_frame
from trimtab.data.sketch import aligned, codes_of, lower_end, merge_sketches, quantile, sketch_of, upper_end
from trimtab.data.soundness import fault_of
from trimtab.data.texts import hidden_text
from trimtab.records.versioned import decode, encode

FINITE = st.floats(allow_nan=False, allow_infinity=False)
EDGES = st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 2.2e-308, 1.7e308, -1.7e308, math.inf, -math.inf, math.nan])
TEXTS = st.sampled_from(["", "a", "b", "ä" * 80, "ä" * 81, "x" * 300, "x" * 301, "\0", "a\0"]) | st.text(max_size=12)
WIDE = st.integers(-(2**63), 2**63 - 1)
COLUMNS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "i8": (pl.Int8, st.integers(-128, 127)),
    "u32": (pl.UInt32, st.integers(0, 2**32 - 1)),
    "i64": (pl.Int64, WIDE | st.sampled_from([2**53, 2**53 + 1, -(2**53) - 1])),
    "u64": (pl.UInt64, st.integers(0, 2**64 - 1) | st.sampled_from([2**63, 2**64 - 1])),
    "i128": (pl.Int128, st.integers(-(2**100), 2**100) | st.integers(-3, 3)),
    "f32": (pl.Float32, st.floats(width=32)),
    "f64": (pl.Float64, st.floats() | EDGES | st.sampled_from([0.1, 0.5, 4.0, -4.0])),
    "dec": (pl.Decimal(20, 2), st.decimals(-(10**6), 10**6, places=2)),
    "yes": (pl.Boolean, st.booleans()),
    "txt": (pl.String, TEXTS),
    "cat": (pl.Categorical, st.sampled_from("abc")),
    "enu": (pl.Enum(["x", "y"]), st.sampled_from("xy")),
    "day": (pl.Date, st.integers(-10_000, 10_000)),
    "t_ms": (pl.Datetime("ms"), st.integers(-(2**42), 2**42)),
    "t_us": (pl.Datetime("us", "Europe/Berlin"), st.integers(-(2**52), 2**52)),
    "t_ns": (pl.Datetime("ns", "UTC"), st.integers(-(2**62), 2**62)),
    "lst": (pl.List(pl.Int64), st.lists(st.integers(0, 3), max_size=2)),
    "str": (pl.Struct({"a": pl.Int64}), st.fixed_dictionaries({"a": st.integers(0, 3)})),
    "non": (pl.Null, st.none()),
    "secret_text": (pl.String, TEXTS),
    "secret_int": (pl.Int64, WIDE | st.integers(0, 100)),
    "secret_float": (pl.Float64, st.floats() | EDGES),
    "secret_time": (pl.Datetime("us"), st.integers(-(2**52), 2**52)),
}
DEPTHS = [
    Depth(time="t_us", sensitive=frozenset(name for name in COLUMNS if name.startswith("secret"))),
    Depth(joint=False, distinct=False),
]


def frame(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    """The rows as a table, each column with its own type."""
    series = []
    for place, (name, (dtype, _)) in enumerate(COLUMNS.items()):
        values = [row[place] for row in rows]
        first = pl.Int64 if dtype in (pl.Date, pl.Datetime) else dtype
        series.append(pl.Series(name, values, dtype=first).cast(dtype))
    return pl.DataFrame(series)


ROWS = st.lists(st.tuples(*(st.none() | values for _, values in COLUMNS.values())), max_size=6)


@contextmanager
def small(limit: int) -> Iterator[None]:
    """All limits of a profile so low that a dozen rows go beyond them."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (column_profile, "VALUES_MAX"),
            (text_fold, "VALUES_MAX"),
            (text_counts, "_ENTRIES_MAX"),
            (sketch, "BUCKETS_MAX"),
            (sketch, "_FIRST"),
            (distinct, "SMALLEST"),
            (sample, "ROWS_MAX"),
        ):
            patch.setattr(module, name, limit)
        patch.setattr(sketch, "_WAITING", 4 * limit)
        yield


def exact_parts(found: Profile) -> bytes:
    """All that must be the same to the last bit: no moments, no co-moments, no order of the rows."""
    columns = {
        name: msgspec.structs.replace(column, moments=Moments(count=column.count))
        if isinstance(column, NumberColumn)
        else column
        for name, column in found.columns.items()
    }
    return encode(msgspec.structs.replace(found, columns=columns, pairs=None, order=None))


def in_any_tree(data: st.DataObject, parts: list[Profile]) -> Profile:
    parts = list(parts)
    while len(parts) > 1:
        place = data.draw(st.integers(0, len(parts) - 2))
        parts[place : place + 2] = [merge(parts[place], parts[place + 1])]
    return parts[0]


def cut(data: st.DataObject, rows: list[Any]) -> list[list[Any]]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    return [rows[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("limit", [3, 4_096])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_order_and_any_parts_give_the_same_profile(data: st.DataObject, limit: int, depth: Depth) -> None:
    rows = data.draw(ROWS)
    with small(limit):
        whole = exact_parts(profile_frame(frame(rows), depth))
        parts = cut(data, data.draw(st.permutations(rows)))
        profiles = [profile_frame(frame(part), depth) for part in parts]
        assert exact_parts(in_any_tree(data, profiles)) == whole
        assert exact_parts(merge_all(data.draw(st.permutations(profiles)))) == whole
        profiler = Profiler(frame([]).schema, depth)
        for part in parts:
            profiler.add(frame(part))
        assert exact_parts(profiler.profile()) == whole


@pytest.mark.parametrize("depth", DEPTHS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_rows_that_come_a_few_columns_at_a_time_give_the_same_profile(data: st.DataObject, depth: Depth) -> None:
    rows = data.draw(ROWS)
    whole, pieces = (Profiler(frame([]).schema, depth) for _ in range(2))
    for part in cut(data, rows):
        batch = frame(part)
        whole.add(batch)
        pieces.add_pieces(batch.select(names) for names in cut(data, batch.columns))
    assert encode(pieces.profile()) == encode(whole.profile())
    assert pieces.rows == len(rows)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_order_of_rows_is_that_of_the_parts_one_after_the_other(data: st.DataObject) -> None:
    moments = data.draw(st.lists(st.none() | st.integers(0, 20), max_size=20))

    def of(part: list[int | None]) -> Profile:
        return profile_frame(
            pl.DataFrame({"t": pl.Series(part, dtype=pl.Int64).cast(pl.Datetime("us"))}), Depth(time="t")
        )

    assert in_any_tree(data, [of(part) for part in cut(data, moments)]).order == of(moments).order


@pytest.mark.parametrize("limit", [3, 4_096])
@settings(max_examples=30, deadline=None)
@given(rows=ROWS)
def test_a_profile_survives_its_stored_form(rows: list[tuple[Any, ...]], limit: int) -> None:
    with small(limit):
        found = profile_frame(frame(rows), DEPTHS[0])
        assert decode(Profile, encode(found)) == found
        assert fault_of(found) is None


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_value_of_a_sensitive_column_is_in_the_profile(data: st.DataObject) -> None:
    numbers = st.integers(10**6, 10**15).map(lambda number: number | 1)  # none is the end of a bucket, which is shown
    rows = data.draw(st.lists(st.tuples(st.text("0123456789", min_size=9, max_size=200), numbers), min_size=2))
    assume(len({row[0] for row in rows}) > 1 and len({row[1] for row in rows}) > 1)
    table = pl.DataFrame(
        {
            "shown": [1.5 * place for place in range(len(rows))],
            "text": pl.Series([text for text, _ in rows], dtype=pl.String),
            "whole": pl.Series([number for _, number in rows], dtype=pl.Int64),
            "real": pl.Series([number + 0.125 for _, number in rows], dtype=pl.Float64),
            "time": pl.Series([number for _, number in rows], dtype=pl.Int64).cast(pl.Datetime("us")),
        }
    )
    hidden = frozenset({"text", "whole", "real", "time"})
    with small(data.draw(st.sampled_from([3, 4_096]))):
        found = profile_frame(table, Depth(time="time", sensitive=hidden))
        assert found.sample == profile_frame(table.select("shown")).sample  # not even by a row's hash
    without = msgspec.structs.replace(found, pairs=None, sample=None)
    for name, column in without.columns.items():
        stored = encode(msgspec.structs.replace(without, columns={name: column}))
        if isinstance(column, NumberColumn):  # a mean is no value, whose digits it may have
            stored = stored.replace(msgspec.json.encode(column.mean), b"")
        for text, number in rows:
            assert name != "text" or text.encode() not in stored
            assert name not in ("whole", "real", "time") or str(number).encode() not in stored
    for name in ("whole", "real"):
        number_column = found.columns[name]
        assert isinstance(number_column, NumberColumn)
        assert number_column.distinct is None
        assert number_column.sketch.dropped >= 48
    assert found.order is None


def spread_of(values: list[float]) -> tuple[Fraction, list[Fraction]]:
    exact = [Fraction(value) for value in values]
    mean = sum(exact, Fraction(0)) / len(values)
    return mean, [sum(((value - mean) ** power for value in exact), Fraction(0)) for power in (2, 3, 4)]


MAGNITUDES = st.sampled_from([1e-60, 1e-9, 1.0, 1e6, 1e60])


@settings(max_examples=150, deadline=None)
@given(data=st.data(), magnitude=MAGNITUDES, offset=st.sampled_from([0.0, 1.0, -300.0]))
def test_moments_are_those_of_the_rows_whatever_the_parts(data: st.DataObject, magnitude: float, offset: float) -> None:
    units = data.draw(st.lists(st.floats(-1, 1).map(lambda unit: round(unit, 6)), min_size=1, max_size=40))
    values = [(unit + offset) * magnitude for unit in units]
    mean, exact = spread_of(values)
    found = Moments()
    for part in cut(data, values):
        found = merge_moments(found, moments_of(np.array(part, dtype=np.float64)))
    assert found.count == len(values)
    assert found.mean is not None
    size = max(map(abs, values))
    assert abs(Fraction(found.mean) - mean) <= Fraction(size) * Fraction(1, 10**13)
    deviation: Fraction = max(abs(Fraction(value) - mean) for value in values)
    for power, (ours, theirs) in enumerate(zip((found.m2, found.m3, found.m4), exact, strict=True), start=2):
        assert ours is not None
        # What the rounding of the mean can do, where the numbers are near to each other; 1e-12 where they are not.
        rounding = Fraction(1, 10**12) + Fraction(size) * Fraction(1, 10**14) / (deviation or 1)
        assert abs(Fraction(ours) - theirs) <= rounding * len(values) * deviation**power


@settings(max_examples=60, deadline=None)
@given(data=st.data(), value=FINITE)
def test_a_constant_has_no_spread_whatever_the_parts(data: st.DataObject, value: float) -> None:
    values = [value] * data.draw(st.integers(1, 300))
    found = Moments()
    for part in cut(data, values):
        found = merge_moments(found, moments_of(np.array(part, dtype=np.float64)))
    assert found == Moments(count=len(values), mean=value + 0.0)


@given(st.lists(st.sampled_from([1.7e308, -1.7e308, 1e308, -1e308, 3.0]), min_size=1, max_size=8), st.data())
def test_a_mean_is_known_although_squares_are_beyond_all_numbers(values: list[float], data: st.DataObject) -> None:
    found = Moments()
    for part in cut(data, values):
        found = merge_moments(found, moments_of(np.array(part, dtype=np.float64)))
    exact = sum((Fraction(value) for value in values), Fraction(0)) / len(values)
    assert found.mean is not None
    assert abs(Fraction(found.mean) - exact) <= Fraction(1, 10**13) * Fraction(max(map(abs, values)))
    whole = profile_scores(np.array(values))
    assert decode(Profile, encode(whole)) == whole


@settings(max_examples=60, deadline=None)
@given(data=st.data(), magnitude=MAGNITUDES)
def test_co_moments_are_those_of_the_rows_whatever_the_parts(data: st.DataObject, magnitude: float) -> None:
    units = st.none() | st.floats(-1, 1).map(lambda unit: round(unit, 6))
    rows = data.draw(st.lists(st.tuples(units, units, st.just(0.1)), min_size=1, max_size=30))
    scaled = [tuple(None if unit is None else (unit + 2.0) * magnitude for unit in row) for row in rows]

    def of(part: list[Any]) -> Profile:
        return profile_frame(pl.DataFrame(part, schema=dict.fromkeys("abc", pl.Float64), orient="row"))

    found = in_any_tree(data, [of(part) for part in cut(data, scaled)]).pairs
    assert isinstance(found, Pairs)
    counts, means, products = found.matrices
    for i in range(3):
        for j in range(3):
            both = [(x, y) for x, y in ((row[i], row[j]) for row in scaled) if x is not None and y is not None]
            assert counts[i, j] == len(both)
            if not both:
                assert (means[i, j], products[i, j]) == (0.0, 0.0)
                continue
            one, two = (sum((Fraction(pair[k]) for pair in both), Fraction(0)) / len(both) for k in (0, 1))
            exact = sum(((Fraction(x) - one) * (Fraction(y) - two) for x, y in both), Fraction(0))
            assert means[i, j] == pytest.approx(float(one), rel=1e-13)
            assert abs(products[i, j] - float(exact)) <= 1e-12 * len(both) * magnitude**2


@given(st.lists(FINITE, max_size=40), st.lists(FINITE, max_size=40), st.integers(3, 8))
def test_a_coarse_sketch_does_not_depend_on_the_parts_either(left: list[float], right: list[float], most: int) -> None:
    with small(most):
        whole = sketch_of(np.array(left + right, dtype=np.float64))
        parts = sketch_of(np.array(left, dtype=np.float64)), sketch_of(np.array(right, dtype=np.float64))
        assert merge_sketches(*parts) == whole
        assert merge_sketches(*parts[::-1]) == whole
        assert len(whole.unpacked[0]) <= most
        fold = sketch.SketchFold()
        fold.add_floats(np.array(left, dtype=np.float64))
        fold.add_floats(np.array(right, dtype=np.float64))
        assert fold.sketch() == whole


@given(st.lists(FINITE | EDGES.filter(math.isfinite), min_size=1, max_size=40), st.integers(0, 40))
def test_each_number_lies_in_its_bucket(values: list[float], coarser: int) -> None:
    ordered = np.sort(np.array(values))
    found = sketch_of(ordered)
    dropped = found.dropped + coarser
    keys, counts = aligned(found, dropped)
    own = (codes_of(ordered) >> dropped).tolist()
    assert {key: own.count(key) for key in own} == dict(zip(keys.tolist(), counts.tolist(), strict=True))
    for value, key in zip(ordered.tolist(), own, strict=True):
        assert lower_end(key, dropped) <= value <= upper_end(key, dropped)
    for share in (0.0, 0.3, 1.0):
        rank = max(0, math.ceil(share * len(values)) - 1)
        assert quantile(found, share) == ordered[rank]


@given(st.lists(TEXTS | st.text(max_size=400)))
def test_different_texts_have_different_hashes_that_do_not_depend_on_their_neighbours(texts: list[str]) -> None:
    hashes = hash_names(texts).tolist()
    assert len(set(hashes)) == len(set(texts))
    assert hashes == [hash_names([text])[0] for text in texts]
    assert hash_texts(pl.Series([*texts, None], dtype=pl.String)).tolist() == [*hashes, hash_names([""])[0]]


@given(st.integers(3, 3_000), st.integers(0, 2**40))
def test_different_values_are_counted_within_four_standard_errors(count: int, start: int) -> None:
    fold = DistinctFold()
    hashes = hash_floats(np.arange(start, start + count, dtype=np.float64))
    fold.add(np.concatenate([np.repeat(hashes[:1], 20_000), hashes]))  # although one value is nearly all of them
    fold.add(hashes[::-1].copy())
    found = fold.distinct()
    assert found.exact == (count < distinct.SMALLEST)
    assert abs(found.count - count) <= (0 if found.exact else 4 * ERROR * count)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text("ab", min_size=6, max_size=6), max_size=30), st.data())
def test_hidden_texts_are_counted_as_shown_ones_are(texts: list[str], data: st.DataObject) -> None:
    with small(3):
        parts = [pl.DataFrame({"x": pl.Series(part, dtype=pl.String)}) for part in cut(data, texts)]
        hidden = merge_all([profile_frame(part, Depth(sensitive=frozenset("x"))) for part in parts]).columns["x"]
        names = pl.DataFrame({"x": pl.Series([hidden_text(text) for text in texts], dtype=pl.String)})
        shown = profile_frame(names).columns["x"]
        assert isinstance(hidden, column_profile.CategoryColumn)
        assert isinstance(shown, column_profile.CategoryColumn)
        assert (hidden.values, hidden.counts, hidden.groups) == (shown.values, shown.counts, shown.groups)
        assert different_values(hidden) == different_values(shown)
