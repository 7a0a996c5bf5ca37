"""One condition, one answer: for a batch and for each of its rows alone, whatever it says and whatever they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from trimtab.data.columns import storage_type
from trimtab.data.condition import columns_of
from trimtab.data.condition_reader import parse_condition
from trimtab.data.condition_row import row_test
from trimtab.data.condition_table import table_test
from trimtab.data.kinds import ColumnType
from trimtab.data.problems import ContractError

KINDS = {
    "i": ColumnType.INTEGER,
    "j": ColumnType.INTEGER,
    "x": ColumnType.FLOAT,
    "y": ColumnType.FLOAT,
    "s": ColumnType.TEXT,
    "t": ColumnType.TEXT,
    "b": ColumnType.BOOLEAN,
    "^w$": ColumnType.TIME,
}
INTEGERS = st.sampled_from([0, 1, -1, 2, 3, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)]) | st.integers(-(2**63), 2**63 - 1)
FLOATS = st.sampled_from([0.0, -0.0, 0.1, 0.3, 1.0, 3.0, -2.0, 2.0**53, 1e308, 5e-324, 49.0]) | st.floats(
    allow_nan=False, allow_infinity=False
)
TEXTS = st.text(st.sampled_from("aAb é日𝄞\"'\\"), max_size=4)
TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001
CELLS: dict[ColumnType, st.SearchStrategy[Any]] = {
    ColumnType.INTEGER: INTEGERS,
    ColumnType.FLOAT: FLOATS,
    ColumnType.TEXT: TEXTS,
    ColumnType.BOOLEAN: st.booleans(),
    ColumnType.TIME: TIMES,
}
COMPARATORS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def numbers() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["i", "j", "x", "y", "len(s)"]) | INTEGERS.map(str) | FLOATS.map(repr)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({' '.join(parts)})"),
            inner.map(lambda text: f"-({text})"),
            inner.map(lambda text: f"abs({text})"),
        ),
        max_leaves=5,
    )


def texts() -> st.SearchStrategy[str]:
    return st.sampled_from(["s", "t"]) | TEXTS.map(repr)


def moments() -> st.SearchStrategy[str]:
    return TIMES.map(lambda moment: repr(moment.isoformat()))


def listed(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")


def questions() -> st.SearchStrategy[str]:
    asked = st.sampled_from(["in", "not in"])
    return st.one_of(
        st.tuples(numbers(), COMPARATORS, numbers()).map(" ".join),
        st.tuples(numbers(), COMPARATORS, numbers(), COMPARATORS, numbers()).map(" ".join),
        st.tuples(texts(), COMPARATORS, texts()).map(" ".join),
        st.tuples(st.just('col("^w$")'), COMPARATORS, moments()).map(" ".join),
        st.tuples(st.sampled_from(["b"]), st.sampled_from(["==", "!="]), st.sampled_from(["true", "b"])).map(" ".join),
        st.just("b"),
        st.tuples(st.sampled_from(["i", "x"]), asked, listed(INTEGERS.map(str) | FLOATS.map(repr))).map(" ".join),
        st.tuples(st.just("s"), asked, listed(TEXTS.map(repr))).map(" ".join),
        st.tuples(st.just('col("^w$")'), asked, listed(moments())).map(" ".join),
        st.tuples(numbers() | texts(), st.sampled_from(["is null", "is not null"])).map(" ".join),
    )


def conditions() -> st.SearchStrategy[str]:
    return st.recursive(
        questions(),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
            inner.map(lambda text: f"not ({text})"),
        ),
        max_leaves=4,
    ).map(lambda text: f"({text}) or b")


@st.composite
def batches(draw: st.DrawFn) -> pl.DataFrame:
    height = draw(st.integers(1, 6))
    return pl.DataFrame(
        {
            name: pl.Series(
                draw(st.lists(st.none() | CELLS[kind], min_size=height, max_size=height)), dtype=storage_type(kind)
            )
            for name, kind in KINDS.items()
        }
    )


@given(conditions(), batches())
def test_a_batch_and_its_rows_get_the_same_answer(text: str, batch: pl.DataFrame) -> None:
    node = parse_condition(text, KINDS)
    names = {name: f"c{place}" for place, name in enumerate(KINDS)}
    renamed = batch.rename(names)
    whole = renamed.select(table_test(node, names).alias("said"))["said"].to_list()
    asked = row_test(node, {name: place for place, name in enumerate(KINDS)})
    rows = batch.with_columns(pl.selectors.datetime().to_physical()).rows()
    assert whole == [asked(row) for row in rows]
    assert set(columns_of(node)) <= set(KINDS)


@given(st.text(max_size=30) | conditions().map(lambda text: text[:-7]))
def test_any_text_is_a_condition_or_a_named_mistake(text: str) -> None:
    try:
        columns = columns_of(parse_condition(text, KINDS))
    except ContractError as error:
        said = error.problem
    else:
        said = "" if set(columns) <= set(KINDS) else f"unknown columns were let in: {columns}"
        said = said or "a condition"
    assert said
    assert not said.startswith("unknown columns")


def test_times_are_read_in_the_zone_of_the_contract() -> None:
    node = parse_condition("w < '2026-03-01T01:00:00'", {"w": ColumnType.TIME}, zone="Europe/Berlin")
    asked = row_test(node, {"w": 0})
    assert [asked((moment,)) for moment in (1_772_323_199_999_999, 1_772_323_200_000_000, None)] == [True, False, None]
