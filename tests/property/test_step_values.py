"""Any value that can be kept is opened as what it was, has one digest, and is nobody else's."""

from __future__ import annotations

import copy
import datetime as dt
import math
from collections import Counter, OrderedDict, defaultdict
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes

from trimtab.base.digest import Digest
from trimtab.drivers.step_values.parts import Part, Parts
from trimtab.drivers.step_values.polars_content import digest_of
from trimtab.drivers.step_values.problems import RefusedError
from trimtab.drivers.step_values.tree import decode, encode, known_of

KNOWN = known_of()


class InMemory:
    """The files of a value as a store gives them out, from memory."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._parts = {part.name: part for part in parts}

    def content(self, name: str) -> bytes:
        held = self._parts[name].held
        assert isinstance(held, bytes)
        return held

    def held(self, name: str) -> bytes:
        return self.content(name)

    def stream(self, name: str) -> BinaryIO:
        return BytesIO(self.content(name))

    def expected(self, name: str) -> Digest:
        return self._parts[name].content

    def folder(self) -> Path:
        raise NotImplementedError

    def damaged(self, name: str) -> Exception:
        return AssertionError(f"{name} is damaged")


def kept(value: Any) -> tuple[InMemory, Digest]:
    encoded = encode(value, Parts(), KNOWN)
    return InMemory(encoded.files), encoded.digest


def digest(value: Any) -> Digest:
    return kept(value)[1]


def opened(value: Any) -> Any:
    return decode(kept(value)[0], KNOWN)


def same(one: Any, other: Any) -> bool:
    """Equal, of the same types all through, with NaN equal to NaN and -0.0 not to 0.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        alike = one.dtype == other.dtype and one.shape == other.shape
        return alike and (same(one.tolist(), other.tolist()) if one.dtype == object else bool(_same_array(one, other)))
    if isinstance(one, np.generic):
        return one.dtype == other.dtype and _same_array(np.array(one), np.array(other))
    if isinstance(one, float):
        return (one == other and math.copysign(1, one) == math.copysign(1, other)) or (one != one and other != other)
    if isinstance(one, complex):
        return same([one.real, one.imag], [other.real, other.imag])
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, set | frozenset):
        return len(one) == len(other) and sorted(map(repr, one)) == sorted(map(repr, other))
    if isinstance(one, dt.datetime | dt.time):
        return one == other and one.fold == other.fold and repr(one) == repr(other)
    return bool(repr(one) == repr(other))


def _same_array(one: Any, other: Any) -> bool:
    if one.dtype.names:
        return all(_same_array(one[name], other[name]) for name in one.dtype.names)
    if one.dtype.kind in "fc":
        both = np.isnan(one) & np.isnan(other) if one.dtype.kind == "f" else np.isnan(one) == np.isnan(other)
        signs = (np.signbit(one.real) == np.signbit(other.real)) & (np.signbit(one.imag) == np.signbit(other.imag))
        return bool(np.all(both & np.isnan(one) | (one == other) & (signs | np.isnan(one))))
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "mM"))


ZONES = st.none() | st.sampled_from([
    dt.UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("America/Sao_Paulo"), dt.timezone(dt.timedelta(hours=2)),
    dt.timezone(dt.timedelta(hours=1), "home"), dt.timezone(dt.timedelta(0), "null"),
])  # fmt: skip
TEXTS = st.text(max_size=8) | st.text(st.characters(categories=["Cs", "L"]), max_size=4)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.integers(-(2**70), 2**70) | st.floats() | TEXTS
    | st.binary(max_size=8) | st.complex_numbers() | st.dates() | st.timedeltas() | st.datetimes() | st.times()
    | st.builds(lambda at, zone, fold: at.replace(tzinfo=zone, fold=fold), st.datetimes(), ZONES, st.integers(0, 1))
    | st.decimals(allow_nan=False) | st.sampled_from([Decimal("NaN"), Decimal("sNaN7"), Decimal("-0E-3")])
    | st.fractions() | st.uuids() | st.builds(PurePosixPath, st.just("a/b")) | st.just(Path("models/x"))
    | st.builds(range, st.integers(-9, 9), st.integers(-(2**70), 2**70), st.integers(1, 9))
    | ZONES
)  # fmt: skip
KEYS = SCALARS.filter(lambda value: not isinstance(value, Decimal) and value == value)


def holding(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=3).map(OrderedDict)
        | st.dictionaries(TEXTS, inner, max_size=3).map(lambda entries: defaultdict(list, entries))
        | st.sets(KEYS, max_size=4)
        | st.frozensets(st.tuples(KEYS), max_size=3)
        | st.lists(TEXTS, max_size=5).map(Counter)
        | st.binary(max_size=5).map(bytearray)
    )


PLAIN = st.recursive(SCALARS, holding, max_leaves=12)
LONG = st.lists(st.none() | st.integers() | st.floats() | TEXTS | st.binary(max_size=3), min_size=17, max_size=40)

SIMPLE = (
    hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.unsigned_integer_dtypes() | hnp.floating_dtypes()
    | hnp.complex_number_dtypes() | hnp.datetime64_dtypes() | hnp.timedelta64_dtypes()
    | hnp.byte_string_dtypes(max_len=4) | hnp.unicode_string_dtypes(max_len=4)
)  # fmt: skip
DTYPES = (
    SIMPLE
    | hnp.array_dtypes(SIMPLE, max_size=3)
    | st.sampled_from([
        np.dtype([("a", "i1"), ("b", "f8")], align=True), np.dtype(np.longdouble), np.dtype(np.clongdouble),
        np.dtype({"names": ["x", "y"], "formats": ["i2", "f4"], "offsets": [4, 12], "itemsize": 20}),
    ])
)  # fmt: skip


def arrays() -> st.SearchStrategy[Any]:
    raw = st.integers(1, 5).map(lambda count: np.frombuffer(bytearray(range(3 * count)), "V3").copy())
    return raw | hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))


def object_array(items: list[Any]) -> Any:
    array = np.empty(len(items), object)
    array[:] = items
    return array


OBJECTS = st.lists(SCALARS, max_size=6).map(object_array)


@given(PLAIN | LONG)
def test_a_plain_value_is_opened_as_what_it_was(value: Any) -> None:
    assert same(opened(value), value)


@given(PLAIN | LONG)
def test_a_copy_has_the_same_digest_and_so_has_what_was_opened(value: Any) -> None:
    assert digest(copy.deepcopy(value)) == digest(value) == digest(opened(value))


@given(PLAIN, PLAIN)
def test_two_plain_values_have_one_digest_only_if_they_are_the_same(one: Any, other: Any) -> None:
    assert (digest(one) == digest(other)) == same(one, other)


@given(st.lists(KEYS, unique=True, min_size=2, max_size=5))
def test_the_order_of_a_set_is_none_and_that_of_a_list_or_a_dict_is_content(members: list[Any]) -> None:
    backwards = members[::-1]
    assert digest(set(members)) == digest(set(backwards))
    assert digest(members) != digest(backwards)
    assert digest(dict.fromkeys(members)) != digest(dict.fromkeys(backwards))


@given(arrays() | OBJECTS)
def test_an_array_is_opened_as_what_it_was_and_owns_its_memory(array: Any) -> None:
    again = opened(array)
    assert same(again, array)
    assert again.flags.writeable
    assert digest(again) == digest(array) == digest(array.copy(order="K"))


@given(arrays(), st.data())
def test_one_changed_element_is_another_digest(array: Any, data: st.DataObject) -> None:
    if not array.size or not array.dtype.itemsize:
        return
    place = data.draw(st.integers(0, array.size - 1))
    value = data.draw(st.just(None) if array.dtype.kind == "V" else hnp.from_dtype(array.dtype))
    other = array.copy()
    if value is None:
        other.reshape(-1)[place] = np.zeros((), array.dtype)
    else:
        other.reshape(-1)[place] = value
    assert (digest(other) == digest(array)) == _same_array(other, array)


@given(st.integers(2, 4), st.integers(2, 4))
def test_the_order_in_memory_is_kept_and_is_content(rows: int, columns: int) -> None:
    array = np.arange(rows * columns, dtype=float).reshape(rows, columns)
    fortran = np.asfortranarray(array)
    assert opened(fortran).flags.f_contiguous
    assert opened(array).flags.c_contiguous
    assert digest(fortran) != digest(array)
    assert digest(fortran[:, ::1]) == digest(fortran)
    assert digest(np.repeat(array, 2, axis=1)[:, ::2]) == digest(array)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
def test_all_nan_are_one_and_zeros_are_two(kind: Any) -> None:
    array = np.array([1, np.nan, 0], dtype=kind)
    other = array.copy()
    raw = other.view(np.uint8)
    raw[other.itemsize] ^= 1  # a bit of the NaN's payload
    assert np.isnan(other[1])
    assert digest(other) == digest(array)
    other[2] = -other[2] if other.dtype.kind == "f" else complex(-0.0, 0.0)
    assert digest(other) != digest(array)


def test_padding_between_fields_is_not_content() -> None:
    dtype = np.dtype([("a", "i1"), ("b", "f8")], align=True)
    clean, dirty = np.zeros(5, dtype), np.frombuffer(bytearray(b"\xff" * 5 * dtype.itemsize), dtype)
    for name in ("a", "b"):
        dirty[name] = 0
    assert dirty.tobytes() != clean.tobytes()
    assert digest(dirty) == digest(clean)


@given(hnp.arrays(SIMPLE, 1))
def test_a_numpy_scalar_stays_one(array: Any) -> None:
    scalar = array[0]
    again = opened(scalar)
    assert same(again, scalar)
    assert digest(scalar) != digest(array)
    assert digest([scalar, {scalar: 1} if scalar == scalar else 0]) == digest(
        [again, {again: 1} if again == again else 0]
    )


NO_DTYPES = [getattr(pl, name) for name in ("Object", "Unknown", "Extension", "BaseExtension") if hasattr(pl, name)]
FRAMES = dataframes(excluded_dtypes=NO_DTYPES, max_size=8, allow_masked_out=True)


@settings(max_examples=200)
@given(FRAMES)
def test_a_polars_table_is_opened_as_what_it_was(frame: pl.DataFrame) -> None:
    again = opened(frame)
    assert again.schema == frame.schema
    assert_frame_equal(again, frame, check_exact=True)
    assert digest(again) == digest(frame)
    series = opened(frame.to_series())
    assert (series.name, series.dtype) == (frame.columns[0], frame.dtypes[0])


@given(FRAMES, st.integers(0, 8))
def test_chunks_and_slices_are_not_content(frame: pl.DataFrame, place: int) -> None:
    parted = pl.concat([frame.head(place), frame.slice(place)], rechunk=False)
    assert digest_of(parted) == digest_of(frame)
    longer = pl.concat([frame, frame], rechunk=False)
    assert digest_of(longer.head(frame.height)) == digest_of(frame)
    if frame.height > 1 and not frame.equals(frame.reverse()) and not frame.is_duplicated().all():
        assert digest_of(frame.reverse()) != digest_of(frame)


@given(FRAMES, st.data())
def test_another_cell_name_order_or_type_is_another_digest(frame: pl.DataFrame, data: st.DataObject) -> None:
    said = digest_of(frame)
    first = frame.columns[0]
    assert digest_of(frame.rename({first: first + "'"})) != said
    assert digest_of(frame.with_columns(pl.lit(1).alias(first + "'"))) != said
    if frame.width > 1:
        assert digest_of(frame.select(frame.columns[::-1])) != said
    if not frame.height:
        return
    assert digest_of(frame.head(frame.height - 1)) != said
    place = data.draw(st.integers(0, frame.height - 1))
    row = pl.int_range(frame.height, eager=True)
    emptied = frame.with_columns(pl.when(row != place).then(pl.col(first)).alias(first))
    assert (digest_of(emptied) == said) == (frame[first].is_null()[place])


def test_types_that_only_look_alike_have_their_own_digests() -> None:
    values = [1, None, 3]
    dtypes = [pl.Int8, pl.Int64, pl.UInt64, pl.Float32, pl.Float64, pl.Decimal(5, 0), pl.Int128, pl.Duration("us")]
    frames = [pl.DataFrame({"a": pl.Series(values).cast(dtype)}) for dtype in dtypes]  # type: ignore[arg-type]
    texts = pl.Series(["a", None, "b"])
    others = [pl.String, pl.Categorical, pl.Enum(["a", "b"]), pl.Enum(["b", "a"])]
    frames += [pl.DataFrame({"a": texts.cast(dtype)}) for dtype in others]  # type: ignore[arg-type]
    frames += [pl.DataFrame({"a": [None] * 3}), pl.DataFrame({"a": [0.0, None, float("nan")]})]
    frames += [pl.DataFrame({"a": [0.0, float("nan"), None]}), pl.DataFrame({"a": [-0.0, float("nan"), None]})]
    frames += [
        pl.DataFrame({"a": [[1], None, []]}),
        pl.DataFrame({"a": [[1], [], None]}),
        pl.DataFrame({"a": [[1], [None], []]}),
    ]
    assert len({digest_of(frame) for frame in frames}) == len(frames)
    assert len({digest(frame) for frame in frames}) == len(frames)


def test_a_column_of_texts_has_one_digest_however_long_the_way_there() -> None:
    texts = [None if place % 7 == 0 else "é" * (place % 5) for place in range(1_000)]
    frame = pl.DataFrame({"a": texts, "b": [None if text is None else text.encode() for text in texts]})
    few, many = frame.head(200), frame
    assert digest_of(pl.concat([few, few])[:200]) == digest_of(few)
    assert digest_of(many.with_columns(pl.col("a").cast(pl.Categorical).cast(pl.String))) == digest_of(many)


@pytest.mark.parametrize("height", [0, 3])
def test_a_table_without_columns_keeps_its_height(height: int) -> None:
    frame = opened(pl.DataFrame(height=height))
    assert frame.shape == (height, 0)


def test_a_struct_without_fields_is_kept_in_arrows_format() -> None:
    frame = pl.DataFrame({"a": pl.Series([{}, None, {}], dtype=pl.Struct([])), "b": [1, 2, 3]})
    again = opened(frame)
    assert again.schema == frame.schema
    assert again["a"].is_null().to_list() == [False, True, False]


def test_a_lazy_frame_is_computed_and_handed_on_as_one() -> None:
    lazy = pl.LazyFrame({"a": [1, 2]}).with_columns(b=pl.col("a") * 2)
    again = opened(lazy)
    assert isinstance(again, pl.LazyFrame)
    assert_frame_equal(again.collect(), lazy.collect())
    with pytest.raises(RefusedError, match="a LazyFrame that cannot be computed"):
        kept(lazy.select("c"))


PANDAS_COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "int8": st.integers(-128, 127),
    "float32": st.floats(width=32),
    "float64": st.floats(),
    "bool": st.booleans(),
    "object": st.none() | st.text(max_size=3) | st.integers() | st.floats() | st.just(pd.NA) | st.just(pd.NaT),
    "Int64": st.none() | st.integers(-(2**63), 2**63 - 1),
    "UInt8": st.none() | st.integers(0, 255),
    "Float64": st.none() | st.floats(allow_nan=False),
    "boolean": st.none() | st.booleans(),
    "str": st.none() | st.text(max_size=3),
    "string[python]": st.none() | st.text(max_size=3),
    "category": st.none() | st.sampled_from("abc"),
    "datetime64[ns]": st.none() | st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)),  # noqa: DTZ001
    "datetime64[s]": st.none() | st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 1, 1)),  # noqa: DTZ001
    "timedelta64[us]": st.none() | st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999)),
    "period[M]": st.none() | st.sampled_from(["2020-01", "2021-07"]),
}


@st.composite
def tables(draw: st.DrawFn) -> Any:
    """pandas tables of all kinds of columns, indexes and names, names that occur twice included."""
    rows = draw(st.integers(0, 5))
    kinds = draw(st.lists(st.sampled_from(sorted(PANDAS_COLUMNS)), max_size=4))
    index = draw(indexes(rows))
    columns = [
        _column(kind, draw(st.lists(PANDAS_COLUMNS[kind], min_size=rows, max_size=rows)), index) for kind in kinds
    ]
    frame = pd.DataFrame(dict(enumerate(columns)), index=index)
    names = draw(st.lists(st.text(max_size=2) | st.integers(-3, 3), min_size=len(kinds), max_size=len(kinds)))
    frame.columns = pd.Index(names, dtype=object, name=draw(st.none() | st.text(max_size=2)))
    if draw(st.booleans()):
        frame.attrs["source"] = draw(st.text(max_size=3))
    return frame


def _column(kind: str, values: list[Any], index: Any) -> Any:
    if kind.startswith(("datetime64", "timedelta64")):
        moments = [value.replace(microsecond=0) if isinstance(value, dt.datetime) else value for value in values]
        return pd.Series(np.array(moments, dtype="M8[us]" if kind[0] == "d" else "m8[us]").astype(kind), index=index)
    return pd.Series(values, dtype=kind, index=index)


@st.composite
def indexes(draw: st.DrawFn, rows: int) -> Any:
    """Indexes of each kind."""
    name = draw(st.none() | st.text(max_size=2))
    whole = st.lists(st.integers(-9, 9), min_size=rows, max_size=rows)
    match draw(st.sampled_from(["range", "int", "text", "time", "zone", "multi", "category", "interval", "period"])):
        case "range":
            return pd.RangeIndex(3, 3 + 2 * rows, 2, name=name)
        case "int":
            return pd.Index(np.array(draw(whole), dtype=draw(st.sampled_from(["int8", "int64", "float64"]))), name=name)
        case "text":
            return pd.Index(draw(st.lists(st.text(max_size=2), min_size=rows, max_size=rows)), dtype=object, name=name)
        case "time":
            return pd.date_range(
                "2020-01-01", periods=rows, freq=draw(st.sampled_from(["D", "h", "2W-SUN"])), name=name
            )
        case "zone":
            zone = draw(st.sampled_from(["UTC", "Europe/Berlin", dt.timezone(dt.timedelta(hours=3))]))
            return pd.DatetimeIndex(np.array(draw(whole), dtype="datetime64[ms]"), tz=zone, name=name)
        case "multi":
            return pd.MultiIndex.from_arrays([draw(whole), list("abcde"[:rows])], names=[name, None])
        case "category":
            return pd.CategoricalIndex(
                draw(st.lists(st.sampled_from("ab"), min_size=rows, max_size=rows)), ["b", "a"], name=name
            )
        case "interval":
            return pd.interval_range(0, rows, name=name, closed="left") if rows else pd.RangeIndex(0)
        case _:
            return pd.period_range("2020-01", periods=rows, freq="M", name=name)


@settings(max_examples=150)
@given(tables())
def test_a_pandas_table_is_opened_as_what_it_was(frame: Any) -> None:
    again = opened(frame)
    pd.testing.assert_frame_equal(
        again, frame, check_exact=True, check_freq=True, check_index_type=True, check_column_type=True, check_flags=True
    )
    assert [type(each.array) for _, each in again.items()] == [type(each.array) for _, each in frame.items()]
    assert (again.attrs, type(again.index)) == (frame.attrs, type(frame.index))
    assert digest(again) == digest(frame) == digest(frame.copy())


@given(tables())
def test_another_label_index_or_order_of_pandas_is_another_digest(frame: Any) -> None:
    said = digest(frame)
    other = frame.copy()
    other.index = other.index.set_names([f"{name} changed" for name in other.index.names])
    assert digest(other) != said
    assert digest(frame.assign(**{"one more than before": 1})) != said
    if frame.shape[1]:
        renamed = frame.copy()
        renamed.columns = pd.Index(["renamed", *frame.columns[1:]], dtype=object, name=frame.columns.name)
        assert digest(renamed) != said
        assert digest(frame.iloc[:, 0]) != digest(frame.iloc[:, [0]])
    if len(frame):
        assert digest(frame.iloc[1:]) != said


PANDAS_SCALARS: list[Any] = [
    pd.NA,
    pd.NaT,
    pd.Timestamp("2026-01-01 12:00", tz="Europe/Berlin"),
    pd.Timestamp("2026-10-25 02:30").tz_localize("Europe/Berlin", ambiguous=False),
    pd.Timestamp(2026, 1, 1).as_unit("s"),
    pd.Timedelta("1s").as_unit("ms"),
    pd.Period("2026-01", freq="M"),
    pd.Interval(1, 2.5, closed="both"),
]


@pytest.mark.parametrize("value", PANDAS_SCALARS, ids=repr)
def test_a_single_value_of_pandas_stays_one(value: Any) -> None:
    again = opened({"at": [value], value: 1} if value is not pd.NA else {"at": [value]})["at"][0]
    assert (type(again), repr(again)) == (type(value), repr(value))
    assert getattr(again, "unit", None) == getattr(value, "unit", None)
    assert getattr(again, "tzinfo", None) == getattr(value, "tzinfo", None)
    assert digest(again) == digest(value)


def test_single_values_of_pandas_are_told_apart() -> None:
    assert len({digest(value) for value in [*PANDAS_SCALARS, None, float("nan")]}) == len(PANDAS_SCALARS) + 2


def test_missing_is_told_from_nan_in_pandas_own_floats() -> None:
    values, mask = np.array([1.0, np.nan, 0.0]), np.array([False, False, True])
    array = pd.arrays.FloatingArray(values, mask)
    other = pd.arrays.FloatingArray(values, np.array([False, True, True]))
    under = pd.arrays.FloatingArray(np.array([1.0, np.nan, 7.0]), mask)
    assert digest(array) != digest(other)
    assert digest(array) == digest(under)
    again = opened(pd.Series(array))
    assert again.isna().tolist() == pd.Series(array).isna().tolist()
    assert np.isnan(again.array.to_numpy(dtype=float, na_value=0)[1])


@given(PLAIN | arrays() | FRAMES | tables())
def test_a_value_opened_twice_is_two(value: Any) -> None:
    files, said = kept([value, {"inner": [1]}])
    first = decode(files, KNOWN)
    first[1]["inner"].append("changed")
    if isinstance(first[0], np.ndarray) and first[0].size and first[0].dtype.itemsize:
        first[0].reshape(-1).view(np.uint8)[:] ^= 255
    elif isinstance(first[0], list | set | dict | bytearray):
        first[0].clear()
    elif isinstance(first[0], pd.DataFrame) and len(first[0]):
        first[0]["new"] = 1
        first[0].index = [7] * len(first[0])
    elif isinstance(first[0], pl.DataFrame):
        first[0].insert_column(0, pl.Series("new", [1] * first[0].height))
    assert digest(decode(files, KNOWN)) == said


NOT_KEPT = {
    "a generator": (place for place in [1]),
    "a function": len,
    "a class": int,
    "an object": object(),
    "a subclass of dict": type("Mine", (dict,), {})(),
    "a defaultdict of a lambda": defaultdict(lambda: 1),
    "a masked array": np.ma.MaskedArray([1], [True]),
    "a record array": np.rec.array([(1,)], dtype=[("a", "i4")]),
    "objects in fields": np.zeros(1, [("a", object)]),
    "a random generator": np.random.default_rng(0),
    "Python objects in Polars": pl.DataFrame({"a": pl.Series([object()], dtype=pl.Object)}),
    "a plan of Polars": pl.col("a"),
    "objects in pandas": pd.DataFrame({"a": [object()]}),
    "a sparse column": pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}),
    "a subclass of a table": type("Geo", (pd.DataFrame,), {})({"a": [1]}),
    "a table in a key": {(1, object()): 1},
    "a set of too much": {"x" * (2 << 20)},
}


@pytest.mark.parametrize("name", NOT_KEPT)
def test_what_cannot_be_kept_is_refused_with_its_place_and_a_way_out(name: str) -> None:
    with pytest.raises(RefusedError, match=r"^(a|an) ") as caught:
        kept({"a": [NOT_KEPT[name]]})
    assert "".join(caught.value.place).startswith("['a'][0]")
    assert caught.value.fix.endswith(".")


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(RefusedError, match="more than 100 containers deep"):
        kept(endless)


@pytest.mark.parametrize("value", ["x" * (2 << 20), "é" * (2 << 20), b"y" * (2 << 20), bytearray(b"z" * (2 << 20))])
def test_long_texts_and_bytes_lie_beside_the_tree(value: Any) -> None:
    files, _ = kept([value, 1, value])
    assert len(files.content("value")) < 1_000
    assert same(decode(files, KNOWN), [value, 1, value])


def test_plain_examples_that_a_search_may_miss() -> None:
    examples: list[Any] = [
        -0.0,
        float("nan"),
        2**64,
        -(2**63) - 1,
        UUID(int=5),
        Fraction(1, 3),
        slice(1, None),
        b"",
        [],
    ]
    for value in examples:
        assert same(opened(value), value)
    assert len({digest(value) for value in (1, 1.0, True, "1", b"1", 1 + 0j, Decimal(1), [1], (1,), {1}, {1: 1})}) == 11
